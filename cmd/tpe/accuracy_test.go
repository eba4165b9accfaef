package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"tpe/internal/tool"
	"tpe/internal/tool/tooltest"
)

// TestTrainAccuracy trains a network, runs it on two engines and checks what the report says.
func TestTrainAccuracy(t *testing.T) {
	dir := filepath.Dir(tooltest.Need(t, tool.Fashion)[0].Path)
	weights := filepath.Join(t.TempDir(), "mlp.safetensors")
	code, out, errs := tpe(t, "train", "--out", weights, "--dataset", dir, "--images", "2000", "--tests", "500", "--epochs", "1", "--json")
	var trained trainReport
	if code != exitOK || json.Unmarshal([]byte(out), &trained) != nil || trained.Accuracy < 0.6 || len(trained.Losses) != 1 {
		t.Fatalf("train: status %d, %s%s", code, out, errs)
	}
	code, out, errs = tpe(t, "run", "--accuracy", "--workload", "fashion:"+weights+",images=100,dataset="+dir, "--executor", "lanes",
		"--engine", "systolic-ws:rows=8:cols=8,systolic-os:rows=8:cols=8:b=int2@prune:0.999", "--json")
	var r accuracyReport
	if err := json.Unmarshal([]byte(out), &r); code != exitOK || err != nil {
		t.Fatalf("run --accuracy: status %d, %v, %s%s", code, err, out, errs)
	}
	if r.Metric != "accuracy" || len(r.Rows) != 2 || r.Reference < 0.6 {
		t.Fatalf("report: %+v", r)
	}
	for _, x := range r.Rows {
		if x.Checked == 0 || x.Differ != 0 || x.Cycles == 0 || x.Delta != x.Value-r.Reference {
			t.Errorf("row: %+v", x)
		}
	}
	if r.Rows[0].Value < r.Reference-0.05 || r.Rows[1].Value > 0.4 {
		t.Errorf("int8 %v, int2 with a thousandth of the weights %v, float32 %v", r.Rows[0].Value, r.Rows[1].Value, r.Reference)
	}
}

func TestAccuracyErrors(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"--engine systolic-ws --workload llama:x --data min", `--data: means nothing with --accuracy: "min" (expected full)`},
		{"--engine systolic-ws --workload llama:x --check all", `--check: unknown value: "all" (expected sample or none)`},
		{"--engine systolic-ws@grop:3 --workload llama:x", `bad quantisation: "grop:3"`},
		{"--engine systolic-ws@group:0 --workload llama:x", "group:N with N of 1..65536"},
		{"--engine nothing --workload llama:x", `unknown engine: "nothing"`},
		{"--engine systolic-ws --workload resnet50", `not a task: "resnet50"`},
		{"--engine systolic-ws --workload llama:go.mod,tokens=x", "no such file"},
		{"--engine systolic-ws --workload llama:x,token=3", `bad option of a task: "token=3"`},
	} {
		code, out, errs := tpe(t, append([]string{"run", "--accuracy"}, strings.Fields(c.args)...)...)
		if code != exitBadInput || !strings.Contains(errs, c.want) {
			t.Errorf("%s: status %d, %s%s (expected %q)", c.args, code, out, errs, c.want)
		}
	}
}
