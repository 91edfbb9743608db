package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// witness is the key of a second party, which signs with a time: cosignature/v1. Newer versions of note know it.
type witness struct {
	note.Verifier
	hash uint32
}

func (w witness) KeyHash() uint32 { return w.hash }

func (w witness) Verify(text, sig []byte) bool {
	if len(sig) != 8+64 {
		return false
	}
	seen := fmt.Sprintf("cosignature/v1\ntime %d\n%s", binary.BigEndian.Uint64(sig), text)
	return w.Verifier.Verify([]byte(seen), sig[8:])
}

// verifier reads a key of either kind: name+hash+base64.
func verifier(vkey string) note.Verifier {
	if f := strings.SplitN(vkey, "+", 3); len(f) == 3 {
		key, _ := base64.StdEncoding.Strict().DecodeString(f[2])
		sum := sha256.Sum256([]byte(f[0] + "\n" + string(key)))
		if len(key) == 33 && key[0] == 4 && f[1] == fmt.Sprintf("%x", sum[:4]) {
			plain, err := note.NewEd25519VerifierKey(f[0], key[1:])
			must(err == nil, "key: ", err)
			return witness{verifier(plain), binary.BigEndian.Uint32(sum[:])}
		}
	}
	v, err := note.NewVerifier(vkey)
	must(err == nil, "key: ", err)
	return v
}

// open opens a checkpoint, which the log itself must have signed with one of the keys: an Ed25519 key of its very name.
func open(msg string, vkeys []string) (n *note.Note, size int64, root tlog.Hash) {
	var known []note.Verifier
	isWitness := map[string]bool{}
	for _, vkey := range vkeys {
		v := verifier(vkey)
		_, isWitness[fmt.Sprintf("%s+%08x", v.Name(), v.KeyHash())] = v.(witness)
		known = append(known, v)
	}
	n, err := note.Open([]byte(msg), note.VerifierList(known...))
	must(err == nil, "checkpoint: ", err)
	text, isLog := strings.Split(n.Text, "\n"), false
	for _, sig := range n.Sigs {
		isLog = isLog || sig.Name == text[0] && !isWitness[fmt.Sprintf("%s+%08x", sig.Name, sig.Hash)]
	}
	must(isLog && len(text) > 3, "checkpoint: no known key of the log itself has signed it")
	size, err = strconv.ParseInt(text[1], 10, 64)
	must(err == nil && size >= 0 && strconv.FormatInt(size, 10) == text[1], "checkpoint: its size is no plain number")
	root, err = tlog.ParseHash(text[2])
	must(err == nil, "checkpoint: ", err)
	return n, size, root
}

// openAll opens the checkpoint in a directory; each key that is there is of one signature, and each signature is good.
func openAll(files map[string]string, vkeys []string) (msg string, size int64, root tlog.Hash) {
	keys := strings.Split(files["keys"], "\n")
	must(len(keys) > 1 && keys[len(keys)-1] == "", "keys is missing or cut")
	keys, msg = keys[:len(keys)-1], files["checkpoint"]
	_, size, root = open(msg, vkeys)
	all, _, _ := open(msg, keys)
	must(len(all.UnverifiedSigs) == 0 && len(all.Sigs) == len(keys), "keys: not those of the signatures")
	for i, sig := range all.Sigs {
		_, err := base64.StdEncoding.Strict().DecodeString(sig.Base64)
		must(err == nil, "checkpoint: ", err)
		must(strings.HasPrefix(keys[i], fmt.Sprintf("%s+%08x+", sig.Name, sig.Hash)), "keys: not those of the signatures")
	}
	again, err := note.Sign(all)
	must(err == nil && string(again) == msg, "checkpoint: malformed")
	return msg, size, root
}
