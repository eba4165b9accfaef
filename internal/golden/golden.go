// Package golden compares what a test made with files that are checked in, byte for byte. Nothing is normalised: no
// line ends, no white space.
//
//	golden.Check(t, "testdata/mac.v", got)
//
// It adds the flag -update to the test binaries that import it, which rewrites the files instead. Give that flag to the
// packages that have it, not to ./...:
//
//	go test ./rtlgen -update
//
// Only tests import this package (package depcheck sees to it).
package golden

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files instead of comparing with them")

// maxDiff is how many lines of a difference are shown.
const maxDiff = 100

// Check fails the test if the file at path does not hold exactly got. With -update it writes the file.
func Check(t testing.TB, path string, got []byte) {
	t.Helper()
	check(t, path, got, *update)
}

// CheckDir fails the test if the folder dir does not hold exactly the files given, by their slash-separated names
// relative to dir: a file that differs, is missing, or is there in excess. With -update it writes and removes files so
// that it does; it refuses to do so in a folder that holds Go source, go.mod or .git, and with no files at all.
func CheckDir(t testing.TB, dir string, files map[string][]byte) {
	t.Helper()
	checkDir(t, dir, files, *update)
}

// Blocks fails the test if a page does not hold, between the line "<!-- made by the test: NAME -->" and the next
// "<!-- end -->", exactly the text given for each NAME, with empty lines around. With -update it writes the page.
func Blocks(t testing.TB, page string, blocks map[string]string) {
	t.Helper()
	src, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	text := string(src)
	for name, made := range blocks {
		head := "<!-- made by the test: " + name + " -->\n"
		before, rest, found := strings.Cut(text, head)
		_, after, ended := strings.Cut(rest, "<!-- end -->")
		if !found || !ended || strings.Contains(rest, head) {
			t.Fatalf("%s: block %q is not there once", page, name)
		}
		text = before + head + "\n" + made + "\n<!-- end -->" + after
	}
	Check(t, page, []byte(text))
}

func check(t testing.TB, path string, got []byte, update bool) {
	t.Helper()
	want, err := os.ReadFile(path)
	switch {
	case err == nil && bytes.Equal(want, got):
	case update:
		if err := write(path, got); err != nil {
			t.Errorf("golden file: %v", err)
		}
	case err != nil:
		t.Errorf("golden file: %v (go test -update writes it)", err)
	default:
		t.Errorf("%s differs (-file +got; go test -update rewrites it):\n%s", path, diff(want, got))
	}
}

func checkDir(t testing.TB, dir string, files map[string][]byte, update bool) {
	t.Helper()
	if len(files) == 0 {
		t.Fatalf("golden folder %s: no files given", dir)
	}
	for name := range files {
		if !filepath.IsLocal(filepath.FromSlash(name)) {
			t.Fatalf("golden folder %s: name %q is not below it", dir, name)
		}
	}
	extra, err := extraFiles(dir, files)
	if err != nil {
		t.Fatalf("golden folder: %v", err)
	}
	if update {
		if err := removable(dir, extra); err != nil {
			t.Fatalf("golden folder: %v", err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		check(t, filepath.Join(dir, filepath.FromSlash(name)), files[name], update)
	}
	for _, path := range extra {
		if !update {
			t.Errorf("golden file: %s is one too many (go test -update removes it)", path)
		} else if err := os.Remove(path); err != nil {
			t.Errorf("golden file: %v", err)
		}
	}
}

// extraFiles lists the files below dir that are not in files, in lexical order.
func extraFiles(dir string, files map[string][]byte) ([]string, error) {
	var extra []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			if path == dir && errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			return err
		}
		if d.IsDir() {
			return nil
		}
		rel, err := filepath.Rel(dir, path)
		if _, ok := files[filepath.ToSlash(rel)]; err == nil && !ok {
			extra = append(extra, path)
		}
		return err
	})
	return extra, err
}

// removable is the guard of -update: a wrong folder name must not empty a source tree.
func removable(dir string, extra []string) error {
	for _, path := range extra {
		rel, _ := filepath.Rel(dir, path)
		if strings.HasSuffix(rel, ".go") || filepath.Base(rel) == "go.mod" || strings.HasPrefix(rel, ".git"+string(filepath.Separator)) {
			return fmt.Errorf("%s is not a folder of golden files: it holds %s", dir, path)
		}
	}
	return nil
}

// write replaces the file at path as a whole.
func write(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	tmp := path + ".tmp"
	if err := os.WriteFile(tmp, text, 0o644); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}

// diff compares by lines.
func diff(want, got []byte) string {
	d := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n"))
	lines := strings.Split(d, "\n")
	if n := len(lines) - maxDiff; n > 0 {
		lines = append(lines[:maxDiff], fmt.Sprintf("... and %d lines more", n))
	}
	return strings.Join(lines, "\n")
}
