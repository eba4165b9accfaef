package golden

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "a.v")
	run(t, []string{"no such file or directory (go test -update writes it)"}, func(t testing.TB) { check(t, path, []byte("x\n"), false) })
	run(t, nil, func(t testing.TB) { check(t, path, []byte("x\ny\n"), true) })
	run(t, nil, func(t testing.TB) { Check(t, path, []byte("x\ny\n")) })
	run(t, []string{"a.v differs"}, func(t testing.TB) { check(t, path, []byte("x\r\ny\n"), false) })
	run(t, []string{"... and "}, func(t testing.TB) { check(t, path, []byte(strings.Repeat("long\n", 1000)), false) })
}

func TestCheckDir(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	files := map[string][]byte{"a.v": []byte("a"), "sub/b.v": []byte("b")}
	run(t, []string{"a.v", "b.v"}, func(t testing.TB) { CheckDir(t, dir, files) })
	run(t, nil, func(t testing.TB) { checkDir(t, dir, files, true) })
	run(t, nil, func(t testing.TB) { CheckDir(t, dir, files) })

	delete(files, "sub/b.v")
	run(t, []string{"b.v is one too many"}, func(t testing.TB) { CheckDir(t, dir, files) })
	run(t, nil, func(t testing.TB) { checkDir(t, dir, files, true) })
	run(t, nil, func(t testing.TB) { CheckDir(t, dir, files) })

	run(t, []string{"no files given"}, func(t testing.TB) { CheckDir(t, dir, nil) })
	run(t, []string{"not below it"}, func(t testing.TB) { CheckDir(t, dir, map[string][]byte{"../a": nil}) })
	source := filepath.Join(dir, "x.go")
	if err := os.WriteFile(source, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	run(t, []string{"is not a folder of golden files"}, func(t testing.TB) { checkDir(t, dir, files, true) })
	if _, err := os.Stat(source); err != nil {
		t.Error(err)
	}
}

func TestBlocks(t *testing.T) {
	page := filepath.Join(t.TempDir(), "page.md")
	put := func(text string) {
		if err := os.WriteFile(page, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const head = "<!-- made by the test: a -->\n"
	blocks := map[string]string{"a": "| 1 |\n"}
	put("x\n" + head + "\n| 1 |\n\n<!-- end -->\ny\n")
	run(t, nil, func(t testing.TB) { Blocks(t, page, blocks) })
	put("x\n" + head + "\n| 2 |\n\n<!-- end -->\ny\n")
	run(t, []string{"page.md differs"}, func(t testing.TB) { Blocks(t, page, blocks) })
	for _, text := range []string{"x\n", head, head + "<!-- end -->\n" + head + "<!-- end -->\n"} {
		put(text)
		run(t, []string{`block "a" is not there once`}, func(t testing.TB) { Blocks(t, page, blocks) })
	}
}

// run calls f with a test that records its errors, and fails unless each holds the text at its place in want.
func run(t *testing.T, want []string, f func(testing.TB)) {
	t.Helper()
	r := &recorder{TB: t}
	done := make(chan bool)
	go func() {
		defer close(done)
		f(r)
	}()
	<-done
	if !slices.EqualFunc(r.errors, want, strings.Contains) {
		t.Errorf("errors = %q, want %q", r.errors, want)
	}
}

type recorder struct {
	testing.TB
	errors []string
}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}
