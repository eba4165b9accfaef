package testbench

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"tpe/hw/drive"
)

// example is a design of one stream of 3-bit words and results of two bytes.
func example() *design {
	return &design{
		in:  []stream{{name: "s", fields: []field{{"s_x_i", 3, 2, 1}}, beatBytes: 2}},
		out: stream{name: "y", fields: []field{{"y_z_o", 12, 1, 2}}, beatBytes: 2},
	}
}

func words(list ...uint64) []byte {
	b := []byte(traceMagic)
	for _, v := range list {
		for k := range 8 {
			b = append(b, byte(v>>(8*k)))
		}
	}
	return b
}

func TestDecodeTraces(t *testing.T) {
	d, plays := example(), []drive.Play{{Results: 1}, {Results: 2, Limit: 9}}
	done := []uint64{markDone, 5, 0, 2, 3, 0} // cycles, failures, first, taken, results
	hang := []uint64{markHang, 9, 0, ^uint64(0), 0, 0}
	traces, sum, err := d.decodeTraces(words(append(append(append([]uint64{}, done...), hang...), markEnd, 14, 77)...), plays)
	want := []drive.Trace{{Cycles: 5, First: []int64{2}, Taken: []int64{3}}, {Cycles: 9, First: []int64{-1}, Taken: []int64{0}}}
	if diff := cmp.Diff(traces, want); diff != "" || sum != (totals{14, 77}) {
		t.Errorf("totals %v, got - want +\n%s", sum, diff)
	}
	if diff := cmp.Diff(err, error(&drive.HangError{Play: 1, Limit: 9, Wanted: 2})); diff != "" {
		t.Errorf("error, got - want +\n%s", diff)
	}

	whole := words(append(append([]uint64{}, done...), markEnd, 5, 7)...)
	for n := range whole { // every truncation is an error
		if _, _, err := d.decodeTraces(whole[:n], plays[:1]); err == nil {
			t.Errorf("the first %d bytes of %d are accepted", n, len(whole))
		}
	}
	for _, tt := range []struct {
		text []byte
		want string
	}{
		{[]byte("TPETRAC\x02"), `testbench: traces begin with "TPETRAC\x02" (expected "TPETRAC\x01")`},
		{words(7), "testbench: traces hold mark 7 at byte 8 after 0 of 2 plays"},
		{words(markEnd, 0, 0), "testbench: 0 traces (expected 2)"},
		{words(markDone, 1, 0, 0, 0, 1<<60), "testbench: 1152921504606846976 items of 10 bytes at byte 56 of 56"},
	} {
		if _, _, err := d.decodeTraces(tt.text, plays); err == nil || err.Error() != tt.want {
			t.Errorf("decodeTraces(%q) = %v, want %s", tt.text, err, tt.want)
		}
	}
}

func TestHexBeat(t *testing.T) {
	fields := []field{{"a", 3, 2, 1}, {"b", 12, 1, 2}}
	// Lanes 5 and 2 (bits above the width are dropped), then 0xabc.
	text := hexBeat(fields, []byte{0xf5, 0x02, 0xbc, 0xfa})
	if text != "2af15" {
		t.Errorf("hexBeat = %s, want 2af15", text)
	}
	beat, err := parseBeat(nil, fields, text)
	if diff := cmp.Diff(beat, []byte{5, 2, 0xbc, 0x0a}); diff != "" || err != nil {
		t.Errorf("parseBeat: %v, got - want +\n%s", err, diff)
	}
	for _, bad := range []string{"x0000", "2af", "zzzzz"} {
		if _, err := parseBeat(nil, fields, bad); err == nil {
			t.Errorf("parseBeat accepts %q", bad)
		}
	}
}

func TestCPPName(t *testing.T) {
	for port, want := range map[string]string{"a_i": "a_i", "a__b_i": "a___05Fb_i"} {
		if got := cppName(port); got != want {
			t.Errorf("cppName(%s) = %s, want %s", port, got, want)
		}
	}
}
