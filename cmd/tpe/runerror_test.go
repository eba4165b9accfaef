package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestErrorReport wants the error of approximate engines, of integers and floats, for a range of K, and none of an
// exact one.
func TestErrorReport(t *testing.T) {
	for _, tt := range []struct {
		args   string
		layers int
		errors bool
	}{
		{"--engine lut-w2a16 --set rows=2 --set cols=2 --set results=2 --workload gemm:5x6x16..64 --data normal:100", 3, true},
		{"--engine tc-h100-e4m3-f32 --set rows=2 --set cols=2 --workload gemm:5x6x16..64 --data normal:1", 3, true},
		{"--engine systolic-ws --set rows=2 --set cols=2 --workload gemm:5x6x16..64", 3, false},
	} {
		args := append([]string{"run", "--executor", "lanes"}, strings.Fields(tt.args)...)
		code, out, errs := tpe(t, append(args, "--json")...)
		if code != exitOK {
			t.Fatalf("%s: exit %d: %s", tt.args, code, errs)
		}
		layers := object(t, out)["layers"].([]any)
		if len(layers) != tt.layers {
			t.Errorf("%s: %d layers, want %d", tt.args, len(layers), tt.layers)
		}
		for _, l := range layers {
			e, ok := l.(map[string]any)["error"]
			if ok != tt.errors {
				t.Fatalf("%s: error of %v", tt.args, l)
			}
			if !ok {
				continue
			}
			keys(t, "error", e, "words not_finite mean mean_absolute max_absolute relative_rms sqnr_db mean_ulps max_ulps cosine")
			if n := number(t, e, "words"); n != 30 {
				t.Errorf("%s: %d words, want 30", tt.args, n)
			}
			cosine, err := e.(map[string]any)["cosine"].(json.Number).Float64()
			if err != nil || !(cosine > 0.9 && cosine <= 1.0000001) {
				t.Errorf("%s: cosine %v", tt.args, cosine)
			}
		}
		code, out, errs = tpe(t, args...)
		if code != exitOK || strings.Contains(out, "the engine is approximate") != tt.errors || strings.Contains(out, "SQNR dB") != tt.errors {
			t.Errorf("%s: exit %d: %s%s", tt.args, code, errs, out)
		}
	}
}
