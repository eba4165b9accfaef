package retime_test

import (
	"strings"
	"testing"

	"tpe/arch"
	"tpe/hw"
	"tpe/hw/retime"
)

// TestEngines says which engines run in local time, and why the others do not.
func TestEngines(t *testing.T) {
	for _, c := range []struct {
		engine, frame, why string
		set                []string
	}{
		{"systolic-os", "row + col", "", nil},
		{"systolic-os", "row + col", "", []string{"drain=up", "rows=5", "cols=7"}},
		{"systolic-os", "row + col", "", []string{"init_c=true", "overlap=none"}},
		{"systolic-os-opt1", "row + col", "", nil},
		// Weights enter all columns at once, so a column cannot run ahead of another.
		{"systolic-ws", "", "no gain in the frame", nil},
		{"systolic-is", "", "no gain in the frame", nil},
	} {
		cfg, err := arch.Load(c.engine, c.set)
		if err != nil {
			t.Fatal(err)
		}
		e, err := arch.Build(cfg)
		if err != nil {
			t.Fatal(err)
		}
		r, err := retime.LocalTime(e.Flat)
		if err != nil {
			t.Fatal(err)
		}
		if r.Frame != c.frame || (r.Nodes > 0) != (c.frame != "") || !strings.Contains(r.Why, c.why) {
			t.Errorf("%s %v: frame %q, %d nodes, because %q; expected frame %q, because %q", c.engine, c.set, r.Frame, r.Nodes, r.Why, c.frame, c.why)
		}
	}
}

// column is a chain of cells through which a sum passes: cell i adds x, which enters skewed.
func column(change func(b *hw.Builder, i int, x hw.ID) hw.ID) (*hw.Module, error) {
	b := hw.New("column", "")
	i := b.Axis("i", 6)
	x := change(b, i, b.In("x", 8, i))
	acc := b.Reg("acc", 8, 0, i)
	b.Next(acc, b.Add(acc, x))
	s := b.Wire("s", 8, i)
	b.Drive(s, b.Shift(i, 1, b.Pipe("p", b.Add(s, acc)), b.Const(8, 0)))
	b.Out("s_o", b.Index(i, 5, b.Pipe("q", s)))
	return b.Build()
}

// TestRefused gives arrays that look skewed but cannot run in one time.
func TestRefused(t *testing.T) {
	for _, c := range []struct {
		name, why string
		change    func(b *hw.Builder, i int, x hw.ID) hw.ID
	}{
		// The sum would pass all cells within one edge.
		{"one register a cell", "combinational cycle", func(b *hw.Builder, i int, x hw.ID) hw.ID { return b.Skew(x, 0, i, 1) }},
		// Its words are not there earlier in one lane than in another.
		{"no skew", "no skewed array", func(_ *hw.Builder, _ int, x hw.ID) hw.ID { return x }},
		// Not all that the cells add is skewed.
		{"half skewed", "in the frame i: ", func(b *hw.Builder, i int, x hw.ID) hw.ID { return b.Add(b.Skew(x, 0, i, 1), x) }},
		// After a reset the sums move although nothing comes in, so only the addition of 1 could run ahead.
		{"no rest", "no gain", func(b *hw.Builder, i int, x hw.ID) hw.ID { return b.Add(b.Skew(x, 0, i, 1), b.Const(8, 1)) }},
	} {
		m, err := column(c.change)
		if err != nil {
			t.Fatal(err)
		}
		flat, err := hw.Flatten(m)
		if err != nil {
			t.Fatal(err)
		}
		r, err := retime.LocalTime(flat)
		if err != nil || r.Nodes != 0 || r.Module != flat || !strings.Contains(r.Why, c.why) {
			t.Errorf("%s: %d nodes, %q, error %v; expected none, and %q", c.name, r.Nodes, r.Why, err, c.why)
		}
	}
}
