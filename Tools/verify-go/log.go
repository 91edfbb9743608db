package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

func must(ok bool, problem ...any) {
	if !ok {
		panic(fmt.Sprint(problem...))
	}
}

// hashes are all that tlog stores of a tree, in its order.
type hashes []tlog.Hash

func (h hashes) ReadHashes(indexes []int64) (found []tlog.Hash, err error) {
	for _, i := range indexes {
		found = append(found, h[i])
	}
	return found, nil
}

func rootOf(size int64, stored hashes) tlog.Hash {
	if size == 0 {
		return sha256.Sum256(nil)
	}
	must(tlog.StoredHashCount(size) <= int64(len(stored)), "there are fewer than ", size, " entries")
	root, err := tlog.TreeHash(size, stored)
	must(err == nil, err)
	return root
}

func readFile(name string) string {
	data, err := os.ReadFile(name)
	must(err == nil, err)
	return string(data)
}

// readAll reads all files of a directory; anything else in it is refused.
func readAll(dir string) map[string]string {
	files := map[string]string{}
	err := filepath.Walk(dir, func(path string, file os.FileInfo, err error) error {
		if must(err == nil, err); !file.IsDir() {
			must(file.Mode().IsRegular(), path, " is no file")
			files[path[len(filepath.Clean(dir))+1:]] = readFile(path)
		}
		return nil
	})
	must(err == nil, err)
	return files
}

func verdict(dir string, vkeys []string, older string) (problem any) {
	defer func() { problem = recover() }()
	files := readAll(dir)
	for name := range files {
		if strings.HasPrefix(name, "entries/") {
			checkFolder(files, vkeys, older)
			return
		}
	}
	check(files, vkeys, older)
	return
}

func main() {
	if len(os.Args) < 4 {
		fmt.Println("usage: verify-go KEY[,KEY...] OLDER_CHECKPOINT|- DIRECTORY...")
		os.Exit(2)
	}
	for _, dir := range os.Args[3:] {
		if problem := verdict(dir, strings.Split(os.Args[1], ","), os.Args[2]); problem != nil {
			fmt.Println("WRONG", dir, problem)
			defer os.Exit(1)
		} else {
			fmt.Println("ok", dir)
		}
	}
}
