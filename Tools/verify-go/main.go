// verify-go KEY[,KEY...] OLDER_CHECKPOINT|- DIRECTORY... checks every byte of exports of a Dosette journal (C2SP
// tlog-tiles) with Go's own packages, and shares no code with Dosette. Keys and older checkpoint come from elsewhere.
package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"golang.org/x/mod/sumdb/tlog"
	"strings"
)

const readMe = "03aadbc17316032c402583c2cd47bacc847cab8a997ccbb46297e019f58e4548" // SHA-256 of README.txt

func check(files map[string]string, vkeys []string, older string) {
	stored, latest := hashes{}, map[string]int64{}
	is := func(name, want string) { must(files[name] == want, name, " is missing or wrong"); delete(files, name) }
	msg, size, root := openAll(files, vkeys)
	delete(files, "checkpoint")
	delete(files, "keys")
	must(fmt.Sprintf("%x", sha256.Sum256([]byte(files["README.txt"]))) == readMe, "README.txt was changed")
	delete(files, "README.txt")
	for _, tile := range tlog.NewTiles(8, 0, size) {
		if end := tile.N<<8 + int64(tile.W); tile.W < 256 && end < size>>uint(8*tile.L) {
			continue // a partial tile of a smaller size
		} else if tile.L == 0 {
			name := strings.Replace(tile.Path(), "tile/8/0", "tile/entries", 1)
			rest := []byte(files[name])
			for n := tile.N << 8; n < end; n++ {
				must(len(rest) >= 2 && len(rest)-2 >= int(rest[0])<<8+int(rest[1]), "entry ", n, " is missing or cut")
				data := rest[2 : 2+int(rest[0])<<8+int(rest[1])]
				var entry struct{ Order string }
				if json.Unmarshal(data, &entry); entry.Order != "" {
					latest[entry.Order] = n
				}
				more, _ := tlog.StoredHashes(n, data, stored)
				stored, rest = append(stored, more...), rest[2+len(data):]
			}
			is(name, files[name][:len(files[name])-len(rest)])
		}
		data, _ := tlog.ReadTileData(tile, stored)
		is(strings.Replace(tile.Path(), "tile/8/", "tile/", 1), string(data))
	}
	must(rootOf(size, stored) == root, "the entries are not those whose root was signed")
	if older != "-" {
		_, size, root := open(readFile(older), vkeys)
		must(rootOf(size, stored) == root, "the entries do not begin with the older ones")
	}
	for order, n := range latest { // there is one right proof
		proof, err := tlog.ProveRecord(size, n, stored)
		must(err == nil && tlog.CheckRecord(proof, size, root, n, stored[tlog.StoredHashIndex(0, n)]) == nil, "proof: ", err)
		text := fmt.Sprintf("c2sp.org/tlog-proof@v1\nindex %d\n", n)
		for _, hash := range proof {
			text += hash.String() + "\n"
		}
		is("proofs/"+order+".tlog-proof", text+"\n"+msg)
	}
	for name := range files {
		must(false, name, " does not belong to the export")
	}
}
