package main

import (
	"strings"
	"testing"
)

func TestReport(t *testing.T) {
	const events = `{"Action":"run","Package":"a","Test":"TestA"}
{"Action":"output","Package":"a","Test":"TestA","Output":"noise\n"}
{"Action":"pass","Package":"a","Test":"TestA"}
{"Action":"output","Package":"a","Test":"TestD","Output":"    x_test.go:7: deep: 32x32, minutes\n"}
{"Action":"output","Package":"a","Test":"TestD","Output":"--- SKIP: TestD (0.00s)\n"}
{"Action":"skip","Package":"a","Test":"TestD"}
{"Action":"output","Package":"a","Test":"TestS","Output":"    x_test.go:9: later: maybe\n"}
{"Action":"skip","Package":"a","Test":"TestS"}
{"Action":"pass","Package":"a","Elapsed":1.25}
`
	const failing = `{"ImportPath":"b","Action":"build-output","Output":"b.go:1: syntax error\n"}
{"Action":"output","Package":"b","Test":"TestB","Output":"got 1, want 2\n"}
{"Action":"fail","Package":"b","Test":"TestB"}
{"Action":"fail","Package":"b","Elapsed":0.5}
`
	const passed = `ok    a                                            1.2 s

1 tests passed, 0 failed, 2 skipped
left to make deep: 1
  a TestD: 32x32, minutes
not run: 1
  a TestS: later: maybe
`
	tests := []struct {
		name, in string
		strict   bool
		want     string
		ok       bool
	}{
		{"skips", events, false, passed, true},
		{"strict", events, true, passed + "FAIL: 1 skipped tests that no other target runs\n", false},
		{"failure", failing, false, `b.go:1: syntax error
got 1, want 2
FAIL  b                                            0.5 s

0 tests passed, 1 failed, 0 skipped
FAIL: b
`, false},
		{"nothing", "", false, "\n0 tests passed, 0 failed, 0 skipped\nFAIL: no test ran\n", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out strings.Builder
			r := newReport(&out)
			err := r.read(strings.NewReader(tt.in))
			ok := r.summary(tt.strict)
			if err != nil || ok != tt.ok || out.String() != tt.want {
				t.Errorf("ok = %v, %v, want %v; output:\n%s\nwant:\n%s", ok, err, tt.ok, out.String(), tt.want)
			}
		})
	}
}
