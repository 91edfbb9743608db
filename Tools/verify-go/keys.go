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

// vkeyOf is the key that made a signature.
func vkeyOf(vkeys []string, sig note.Signature) string {
	for _, vkey := range vkeys {
		if strings.HasPrefix(vkey, fmt.Sprintf("%s+%08x+", sig.Name, sig.Hash)) {
			return vkey
		}
	}
	return ""
}

// open opens a checkpoint, which the log itself must have signed with one of the keys.
func open(msg string, vkeys []string) (n *note.Note, size int64, root tlog.Hash) {
	var known []note.Verifier
	for _, vkey := range vkeys {
		known = append(known, verifier(vkey))
	}
	n, err := note.Open([]byte(msg), note.VerifierList(known...))
	must(err == nil, "checkpoint: ", err)
	text, isLog := strings.Split(n.Text, "\n"), false
	for _, sig := range n.Sigs {
		plain, err := note.NewVerifier(vkeyOf(vkeys, sig)) // a second party's key is of another kind
		isLog = isLog || err == nil && plain.Name() == text[0]
	}
	must(isLog && len(text) > 3, "checkpoint: no known key of the log itself has signed it")
	size, err = strconv.ParseInt(text[1], 10, 64)
	must(err == nil && size >= 0 && fmt.Sprint(size) == text[1], "checkpoint: the size is no number")
	root, err = tlog.ParseHash(text[2])
	must(err == nil, "checkpoint: ", err)
	return n, size, root
}
