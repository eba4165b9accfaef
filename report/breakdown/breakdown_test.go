package breakdown_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"tpe/cost"
	"tpe/report/breakdown"
)

// TestDraw draws a report whose shares are known and reads them in the picture, which is
// well-formed and the same every time.
func TestDraw(t *testing.T) {
	r := &cost.Report{Engine: "toy", Technology: "paper", Recipe: "area",
		ByPart: []cost.Part{{Part: "pe", AreaUM2: 3e6}, {Part: "memory", AreaUM2: 1e6}}}
	picture := func() string {
		t.Helper()
		var b bytes.Buffer
		if err := breakdown.Draw(&b, r); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	area := picture()
	r.Workload = &cost.Workload{Name: "gemm", Rows: []cost.Share{{Name: "multiply", J: 1}, {Name: "DRAM", J: 7}}}
	both := picture()
	for text, want := range map[string][2]bool{
		"75.0 %": {true, true}, "25.0 %": {true, true}, "memory": {true, true}, "12.5 %": {false, true}, "87.5 %": {false, true}, "multiply": {false, true},
	} {
		if got := [2]bool{strings.Contains(area, text), strings.Contains(both, text)}; got != want {
			t.Errorf("%q in the two pictures: %v, want %v", text, got, want)
		}
	}
	if again := picture(); again != both {
		t.Error("drawn twice, the pictures differ")
	}
	for d := xml.NewDecoder(strings.NewReader(both)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if err := breakdown.Draw(io.Discard, &cost.Report{}); err == nil {
		t.Error("a report without area was drawn")
	}
}
