package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const recorded = "# tensorcore-vectors 1\n# a_format bf16\n# b_format bf16\n# c_format f32\n# d_format f32\n# k 1\n3f80 4000 3f800000 40400000\n"

// TestNumeric runs both commands on vectors that agree, that differ and that are not vectors.
func TestNumeric(t *testing.T) {
	dir := t.TempDir()
	put := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	check := []string{"numeric", "check", "f16_add", "--vectors"}
	dot := []string{"numeric", "dot", "--engine", "tc-a100-bf16-f32", "--vectors"}
	for _, tt := range []struct {
		name string
		args []string
		code int
		want string // in what was printed
	}{
		{"add", append(check, put("add", "3C00 3C00 4000 00\n")), exitOK, "f16_add near_even: 1 vectors, 0 mismatches\n"},
		{"min", append(check, put("min", "3C00 BC00 8000 00\n"), "--rounding", "min"), exitOK, "f16_add min: 1 vectors, 0 mismatches\n"},
		{"differs", append(check, put("differs", "3C00 3C00 4001 00\n")), exitCheckFailed, "1     3c00 3c00  4001      4000      00              00"},
		{"dot", append(dot, put("dot", recorded)), exitOK, "tc-a100-bf16-f32: 1 vectors, 0 mismatches\n"},
		{"dot differs", append(dot, put("dot2", strings.Replace(recorded, "40400000", "40400001", 1))), exitCheckFailed, "1 mismatches\n"},
		{"rounding", append(check, "x", "--rounding", "up"), exitBadInput, `--rounding: unknown rounding: "up"`},
		{"stochastic", append(check, "x", "--rounding", "stochastic"), exitBadInput, `--rounding: not a mode of TestFloat: "stochastic"`},
		{"no file", append(check, filepath.Join(dir, "none")), exitBadInput, "--vectors: open "},
		{"empty", append(check, put("empty", "\n")), exitBadInput, "no vectors: 0"},
		{"bad line", append(check, put("bad", "3C00\n")), exitBadInput, "bad:1:1: f16_add: 1 fields"},
		{"engine", []string{"numeric", "dot", "--engine", "tc-a100", "--vectors", "x"}, exitBadInput, `--engine: unknown tensor core: "tc-a100"`},
		{"function", []string{"numeric", "check", "f16_sin"}, exitBadInput, `unknown function: "f16_sin"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code, out, errs := tpe(t, tt.args...)
			if code != tt.code || !strings.Contains(out+errs, tt.want) {
				t.Errorf("exit %d, printed %q and %q; want exit %d and %q", code, out, errs, tt.code, tt.want)
			}
		})
	}
	code, out, _ := tpe(t, append(dot, filepath.Join(dir, "dot2"), "--json")...)
	var got struct {
		Engine              string
		Vectors, Mismatches int
		First               []struct{ Operands []string }
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil || code != exitCheckFailed || got.Vectors != 1 || got.Mismatches != 1 || len(got.First) != 1 {
		t.Errorf("exit %d, %v, %+v from %s", code, err, got, out)
	}
}

// TestNumericStdin reads standard input, as in a pipe.
func TestNumericStdin(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stdin := os.Stdin
	os.Stdin = r
	defer func() { os.Stdin = stdin }()
	if _, err := w.WriteString("7bff 7BFF 7C00 05\n"); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	if code, out, errs := tpe(t, "numeric", "check", "f16_mul"); code != exitOK {
		t.Errorf("exit %d, printed %q and %q", code, out, errs)
	}
}
