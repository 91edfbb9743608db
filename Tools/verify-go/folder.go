package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// checkFolder checks entries that have a proof each: what "audit prove" and "audit package" write.
func checkFolder(files map[string]string, vkeys []string, older string) {
	msg, size, root := openAll(files, vkeys)
	if older != "-" {
		_, olderSize, olderRoot := open(readFile(older), vkeys)
		must(olderSize == size, "the older checkpoint is of ", olderSize, " entries: only an export shows that it is a beginning")
		must(olderRoot == root, "the older checkpoint has another root for as many entries")
	}
	definitions := map[string]bool{}
	for name, entry := range files {
		if !strings.HasPrefix(name, "entries/") {
			continue
		}
		var n int64
		_, err := fmt.Sscanf(name, "entries/%d.json", &n)
		must(err == nil && name == fmt.Sprintf("entries/%d.json", n), name, " does not belong to the folder")
		proofName := fmt.Sprintf("proofs/%d.tlog-proof", n)
		head := fmt.Sprintf("c2sp.org/tlog-proof@v1\nindex %d\n", n)
		text := strings.TrimSuffix(strings.TrimPrefix(files[proofName], head), "\n"+msg)
		var proof tlog.RecordProof
		for _, line := range strings.Fields(text) {
			hash, err := tlog.ParseHash(line)
			must(err == nil, proofName, ": ", err)
			proof, head = append(proof, hash), head+hash.String()+"\n"
		}
		must(files[proofName] == head+"\n"+msg, proofName, " is missing or malformed")
		err = tlog.CheckRecord(proof, size, root, n, tlog.RecordHash([]byte(entry)))
		must(err == nil, name, ": ", err)
		var event struct {
			Kind string
			Data struct{ Text string }
		}
		if json.Unmarshal([]byte(entry), &event); event.Kind == "workflow.defined/1" {
			definitions[event.Data.Text] = true
		}
		delete(files, proofName)
	}
	for name, data := range files {
		known := name == "checkpoint" || name == "keys" || name == "report.html" || strings.HasPrefix(name, "entries/")
		must(known || strings.HasPrefix(name, "definitions/") && definitions[data], name, " does not belong to the folder")
	}
}
