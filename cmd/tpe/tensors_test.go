package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestTensors lists a GGUF file with blocks of all kinds and counts the bits of its codes.
func TestTensors(t *testing.T) {
	file := "../../workloads/tensorfile/testdata/blocks.gguf"
	code, out, errs := tpe(t, "tensors", file)
	if code != exitOK || !strings.Contains(out, "gguf, 9 tensors") || !strings.Contains(out, "q5_k") {
		t.Fatalf("status %d, %s%s", code, out, errs)
	}
	code, out, errs = tpe(t, "tensors", file, "--match", "*_0", "--stats", "--json")
	var r tensorsReport
	if err := json.Unmarshal([]byte(out), &r); code != exitOK || err != nil {
		t.Fatalf("status %d, %v, %s%s", code, err, out, errs)
	}
	if len(r.Tensors) != 2 || r.Total == nil || r.Total.Stats.Words != 512 {
		t.Fatalf("%+v", r)
	}
	for _, x := range r.Tensors {
		// Normal numbers with a scale for each row of 128: the greatest is 127, and the digits are those of 16 levels or more.
		if x.Stats.Max != 127 && x.Stats.Min != -127 || x.Digits["booth"] < 2.2 || x.Digits["booth"] > 2.9 {
			t.Errorf("%+v", x)
		}
	}
	code, out, errs = tpe(t, "tensors", "../../workloads/tensorfile/testdata/dense.tflite", "--stats", "--json")
	if err := json.Unmarshal([]byte(out), &r); code != exitOK || err != nil {
		t.Fatalf("status %d, %v, %s%s", code, err, out, errs)
	}
	// The weights 1, -2, 3, 4, 5, -6 have 1, 1, 2, 1, 2 and 2 digits in canonical signed form.
	if len(r.Tensors) != 1 || r.Tensors[0].Digits["csd"] != 1.5 || len(r.Left) != 3 {
		t.Errorf("%s", out)
	}
	for _, c := range []struct{ args, want string }{
		{"nothing.gguf", "no such file"},
		{file + " --match x*", "no tensor of"},
		{file + " --stats --quant tokens", `--quant: bad quantiser: "tokens"`},
		{file + " --stats --format float9", `--format: unknown format: "float9"`},
		{"tensors_test.go", "unknown file"},
	} {
		code, out, errs := tpe(t, append([]string{"tensors"}, strings.Fields(c.args)...)...)
		if code != exitBadInput || !strings.Contains(errs, c.want) {
			t.Errorf("%s: status %d, %s%s (expected %q)", c.args, code, out, errs, c.want)
		}
	}
}

// TestVerifyData cross-checks an engine on given data.
func TestVerifyData(t *testing.T) {
	args := []string{"verify", "--engine", "systolic-ws", "--set", "rows=3", "--set", "cols=2", "--cases", "6", "--legs", "eval,lanes"}
	code, out, errs := tpe(t, append(args, "--data", "a=student:3@token,b=normal:1@group:4")...)
	if code != exitOK || !strings.Contains(out, "0 words and 0 cycle counts differ") {
		t.Errorf("status %d, %s%s", code, out, errs)
	}
	if code, _, errs := tpe(t, append(args, "--data", "norml:3")...); code != exitBadInput || !strings.Contains(errs, "--data: unknown data") {
		t.Errorf("status %d, %s", code, errs)
	}
	if code, _, errs := tpe(t, append(args, "--data", "mixed:0.5")...); code != exitBadInput || !strings.Contains(errs, "data for float operands") {
		t.Errorf("floats on an engine of integers: status %d, %s", code, errs)
	}
}
