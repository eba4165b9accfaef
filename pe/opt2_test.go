package pe_test

import (
	"fmt"
	"testing"

	"tpe/hw"
	"tpe/numeric"
	"tpe/pe"
)

// TestByWeightEveryPair runs a dot product of three equal lanes on all pairs of operands, partial
// products added weight by weight, in every mix of signs.
func TestByWeightEveryPair(t *testing.T) {
	const lanes = 3
	for _, f := range []struct{ a, b int }{{8, 8}, {3, 5}, {5, 4}} {
		for signs := range 4 {
			s := pe.Spec{A: numeric.Int{Bits: f.a, Signed: signs&1 == 1}, B: numeric.Int{Bits: f.b, Signed: signs&2 == 2}, Signed: signs != 0}
			for _, enc := range numeric.Encodings() {
				if f.a == 8 && (enc != numeric.ENT || signs&1 != signs>>1) {
					continue // the others on narrow operands
				}
				s.Hoisted = enc
				t.Run(fmt.Sprintf("%s/%sx%s", enc, s.A, s.B), func(t *testing.T) {
					tree := pe.Tree{Spec: s, Arith: pe.MAC{Spec: s}, Lanes: lanes, SumBits: f.a + f.b + 2, Every: 1, ByWeight: true}
					byWeight(t, tree)
				})
			}
		}
	}
}

func byWeight(t *testing.T, tree pe.Tree) {
	a, y := tree.A, tree.B
	cell, err := pe.DotCell("dot", "lane", tree)
	if err != nil {
		t.Fatal(err)
	}
	b := hw.New("pairs", "")
	pairs, lane := b.Axis("pair", 1<<(a.Bits+y.Bits)), b.Axis("lane", tree.Lanes)
	pair := b.Coord(pairs, a.Bits+y.Bits)
	e := pe.Encoder{Encoding: tree.Hoisted, Format: a}
	code := e.Word(b, e.Encode(b, b.Slice(pair, 0, a.Bits)))
	out := b.Inst("dot", cell, hw.Ports{"x_i": b.Bcast(code, lane), "y_i": b.Bcast(b.Slice(pair, a.Bits, y.Bits), lane)}, pairs)
	b.Out("sum_o", out["s_sum_o"])
	_, m := machineOf(t, b)
	for range tree.Stages() {
		m.Settle()
		m.Step(false)
	}
	m.Settle()
	got := make([]uint64, 1<<(a.Bits+y.Bits))
	m.Get(0, got)
	for l, w := range got {
		want := int64(tree.Lanes) * a.Wrap(int64(l)) * y.Wrap(int64(l)>>a.Bits)
		if w != uint64(want)&hw.Mask(tree.SumBits) {
			t.Fatalf("%d * %d * %d = %d, want %d (mod 2^%d)", tree.Lanes, a.Wrap(int64(l)), y.Wrap(int64(l)>>a.Bits), w, want, tree.SumBits)
		}
	}
}
