package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const examples = "../../workloads/importer/testdata"

// TestImport writes a table, runs it, and runs the file itself: the cycles agree.
func TestImport(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out.csv")
	model := filepath.Join(examples, "model.onnx")
	code, stdout, stderr := tpe(t, "import", model, "--dim", "batch=2", "-o", out, "--json")
	if code != exitOK {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	var account struct {
		Format               string
		Read, Taken, Records int
		Skipped              []struct{ Count int }
	}
	if err := json.Unmarshal([]byte(stdout), &account); err != nil {
		t.Fatal(err)
	}
	if account.Format != "onnx" || account.Read != 5 || account.Taken != 2 || account.Records != 2 || len(account.Skipped) != 1 || account.Skipped[0].Count != 3 {
		t.Errorf("account %+v", account)
	}
	run := []string{"run", "--engine", "systolic-ws", "--set", "rows=4", "--set", "cols=4", "--fidelity", "formula", "--csv", "--workload"}
	_, table, _ := tpe(t, append(run, out)...)
	code, direct, stderr := tpe(t, append(run, model, "--dim", "batch=2")...)
	if code != exitOK || direct == "" || direct != table {
		t.Errorf("exit %d, %s; the file itself gives\n%s\nand its table\n%s", code, stderr, direct, table)
	}
}

// TestImportFails leaves no output behind.
func TestImportFails(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "out.csv")
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"import", filepath.Join(examples, "model.onnx"), "-o", out}, `"batch" (expected --dim batch=N)`},
		{[]string{"import", filepath.Join(examples, "model.onnx"), "--format", "csv", "-o", out}, "expected "},
		{[]string{"import", filepath.Join(examples, "gemm.csv"), "--phase", "x"}, `unknown phase: "x" (expected prefill or decode)`},
		{[]string{"import", filepath.Join(dir, "none.json")}, "no such file"},
		{[]string{"import", dir}, "is a folder (expected a file)"},
		{[]string{"import"}, "expected"},
	} {
		code, stdout, stderr := tpe(t, tt.args...)
		if code != exitBadInput || stdout != "" || !strings.Contains(stderr, tt.want) {
			t.Errorf("%v: exit %d, stdout %q, stderr %q; want exit 2 and %q", tt.args, code, stdout, stderr, tt.want)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
