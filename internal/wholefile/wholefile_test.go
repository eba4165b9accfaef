package wholefile_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tpe/internal/wholefile"
)

// A write that fails in the middle leaves the old file and nothing else.
func TestFailureLeavesTheOld(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x")
	if err := wholefile.Bytes(path, []byte("old")); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	err := wholefile.Write(path, 0o755, func(w io.Writer) error { io.WriteString(w, "half"); return broken })
	if !errors.Is(err, broken) || !strings.HasPrefix(err.Error(), "writing "+path+": ") {
		t.Error(err)
	}
	b, _ := os.ReadFile(path)
	list, _ := os.ReadDir(dir)
	if string(b) != "old" || len(list) != 1 {
		t.Errorf("%q, %d files; want the old one alone", b, len(list))
	}
	if err := wholefile.Write(path, 0o755, func(w io.Writer) error { _, err := io.WriteString(w, "new"); return err }); err != nil {
		t.Fatal(err)
	}
	st, err := os.Stat(path)
	if b, _ := os.ReadFile(path); err != nil || string(b) != "new" || st.Mode().Perm() != 0o755 {
		t.Errorf("%q, %v, %v", b, st.Mode(), err)
	}
	if err := wholefile.Bytes(filepath.Join(dir, "none", "x"), nil); err == nil {
		t.Error("a folder that is not there was written to")
	}
}
