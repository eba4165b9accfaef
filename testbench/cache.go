package testbench

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"tpe/internal/tool"
	"tpe/rtlgen"
)

// entry is a finished build in the cache.
type entry struct {
	dir  string
	hit  bool
	took time.Duration // wall time, when it was built
}

// timeName is the file of an entry that holds the nanoseconds it took.
const timeName = "build_ns"

// build takes an entry from the cache, or makes it and notes the time.
func build(kind string, key []byte, make func(dir string) error) (entry, error) {
	dir, hit, err := tool.Cache(kind, key, func(dir string) error {
		start := time.Now()
		if err := make(dir); err != nil {
			return err
		}
		ns := strconv.FormatInt(time.Since(start).Nanoseconds(), 10)
		return os.WriteFile(filepath.Join(dir, timeName), []byte(ns), 0o644)
	})
	if err != nil {
		return entry{}, err
	}
	text, err := os.ReadFile(filepath.Join(dir, timeName))
	if err != nil {
		return entry{}, err
	}
	ns, err := strconv.ParseInt(string(text), 10, 64)
	return entry{dir, hit, time.Duration(ns)}, err
}

// cacheKey joins all that a build depends on, each part with its length.
func cacheKey(files []rtlgen.File, parts ...[]byte) []byte {
	var b bytes.Buffer
	for _, f := range files {
		parts = append(parts, []byte(f.Name), f.Text)
	}
	for _, p := range parts {
		fmt.Fprintf(&b, "%d\n", len(p))
		b.Write(p)
	}
	return b.Bytes()
}

// writeFiles makes a folder with the given files.
func writeFiles(dir string, files []rtlgen.File) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
