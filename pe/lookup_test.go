package pe_test

import (
	"fmt"
	"testing"

	"tpe/hw"
	"tpe/hw/eval"
	"tpe/numeric"
	"tpe/pe"
)

// lookupBench is one table and a unit in each lane of axis w, all with the same activations.
type lookupBench struct {
	t     pe.Table
	a     numeric.Int
	spec  pe.UnitSpec
	lanes int
	m     *hw.Module
	e     *eval.Machine
}

func newLookupBench(t *testing.T, table pe.Table, a numeric.Int, planes, lanes int, minus bool) *lookupBench {
	t.Helper()
	s := pe.TableSpec{A: a}
	spec := pe.UnitSpec{EntryBits: s.EntryBits(table), AccBits: 32, Planes: planes, Minus: minus, Regs: 1}
	direct := table.Style == pe.StyleAdder || table.Style == pe.StyleTernary
	if direct {
		spec.EntryBits = a.Bits
	}
	unit, err := pe.LookupUnit("unit", table, spec)
	if err != nil {
		t.Fatal(err)
	}
	b := hw.New("bench", "")
	k, w := b.Axis("k", table.Inputs), b.Axis("w", lanes)
	in := hw.Ports{"w_i": b.In("w_i", table.WordBits(), w)}
	for _, p := range []string{"first_i", "valid_i", "capture_i"} {
		in[p] = b.In(p, 1)
	}
	acts, load := b.In("a_i", a.Bits, k), b.In("load_i", 1)
	if planes > 1 {
		in["plane_i"] = b.In("plane_i", hw.Bits(planes-1))
	}
	if minus {
		in["minus_i"] = b.In("minus_i", 1)
	}
	switch {
	case table.Style == pe.StyleTernary:
		in["a_i"] = b.Index(k, 0, acts)
	case direct:
		in["a_i"] = acts
	default:
		b.Axis("e", len(table.Entries))
		builder, err := pe.TableBuilder("table", table, s)
		if err != nil {
			t.Fatal(err)
		}
		in["table_i"] = b.Inst("table", builder, hw.Ports{"a_i": acts, "load_i": load})["table_o"]
	}
	b.Out("sum_o", b.Inst("unit", unit, in, w)["sum_o"])
	flat, e := machineOf(t, b)
	return &lookupBench{table, a, spec, lanes, flat, e}
}

func (b *lookupBench) set(port string, words ...uint64) {
	for i, p := range b.m.Inputs {
		if p.Name == port {
			b.e.Set(i, words)
		}
	}
}

// run makes the table of the activations and accumulates all planes of the weights, a
// tuple of one digit list a plane in each lane.
func (b *lookupBench) run(t *testing.T, acts []int64, digit func(lane, plane, k int) int) []int64 {
	var words []uint64
	for _, a := range acts {
		words = append(words, uint64(a)&hw.Mask(b.a.Bits))
	}
	b.set("a_i", words...)
	b.set("valid_i", 0)
	b.set("capture_i", 0)
	b.set("load_i", 1)
	for range 2 { // sums of the halves, then the table
		b.e.Settle()
		b.e.Step(false)
	}
	b.set("valid_i", 1)
	word := make([]uint64, b.lanes)
	digits := make([]int, b.t.Inputs)
	for p := range b.spec.Planes {
		for lane := range word {
			for k := range digits {
				digits[k] = digit(lane, p, k)
			}
			var err error
			if word[lane], err = b.t.Word(digits); err != nil {
				t.Fatal(err)
			}
		}
		b.set("w_i", word...)
		b.set("plane_i", uint64(p))
		b.set("minus_i", flagOf(p == b.spec.Planes-1))
		b.set("first_i", flagOf(p == 0))
		b.e.Settle()
		b.e.Step(false)
	}
	b.set("valid_i", 0)
	b.set("capture_i", 1)
	b.e.Settle()
	b.e.Step(false)
	b.e.Settle()
	got, out := make([]uint64, b.lanes), make([]int64, b.lanes)
	b.e.Get(0, got)
	for i, w := range got {
		out[i] = hw.SignExtend(w, 32)
	}
	return out
}

func flagOf(on bool) uint64 {
	if on {
		return 1
	}
	return 0
}

// activations are extreme and ordinary groups of int8 activations.
func activations(n int) [][]int64 {
	list := [][]int64{{-128, -128, -128, -128}, {127, 127, 127, 127}, {127, -128, -128, -128}, {-128, 127, 127, 127}, {0, 0, 0, 0}, {1, -2, 3, 77}, {-91, 45, -3, 120}}
	for i := range list {
		list[i] = list[i][:n]
	}
	return list
}

// TestTableRemaps proves the lookup of every tuple of weights of 1, 2, 3, 4 and 8 bits: each
// table style gives the sum of products with the odd integers, or with the plain ones.
func TestTableRemaps(t *testing.T) {
	a := numeric.Int{Bits: 8, Signed: true}
	for _, size := range []struct{ bits, inputs int }{{1, 4}, {2, 4}, {3, 4}, {4, 4}, {8, 2}} {
		for _, tt := range []struct {
			name        string
			table       pe.Table
			odd, signed bool
		}{
			{"half offline", pe.NewTable(pe.StyleHalf, size.inputs, false), true, false},
			{"half hardware", pe.NewTable(pe.StyleHalf, size.inputs, true), true, false},
			{"full", pe.NewTable(pe.StyleFull, size.inputs, false), true, false},
			{"bits unsigned", pe.NewTable(pe.StyleBits, size.inputs, false), false, false},
			{"bits signed", pe.NewTable(pe.StyleBits, size.inputs, false), false, true},
			{"adder unsigned", pe.NewTable(pe.StyleAdder, size.inputs, false), false, false},
			{"adder signed", pe.NewTable(pe.StyleAdder, size.inputs, false), false, true},
		} {
			t.Run(fmt.Sprintf("%d bits/%s", size.bits, tt.name), func(t *testing.T) {
				b := newLookupBench(t, tt.table, a, size.bits, 1<<(size.bits*size.inputs), tt.signed)
				code := func(lane, k int) int { return lane >> (k * size.bits) & (1<<size.bits - 1) }
				groups := activations(size.inputs)
				if b.lanes > 1<<12 { // each activation enters alone: extremes and one ordinary group are enough
					groups = append(groups[:2], groups[len(groups)-1])
				}
				for _, acts := range groups {
					got := b.run(t, acts, func(lane, plane, k int) int {
						bit := code(lane, k) >> plane & 1
						if tt.odd {
							return 2*bit - 1
						}
						return bit
					})
					for lane, g := range got {
						var want int64
						for k, x := range acts {
							w := code(lane, k)
							switch {
							case tt.odd:
								w = 2*w - (1<<size.bits - 1)
							case tt.signed && w>>(size.bits-1) == 1:
								w -= 1 << size.bits
							}
							want += x * int64(w)
						}
						if g != want {
							t.Fatalf("activations %v, weights %#x: got %d, want %d", acts, lane, g, want)
						}
					}
				}
			})
		}
	}
}

// TestTernaryTables does the same for all tuples of ternary weights, and for every int8
// activation where there is one.
func TestTernaryTables(t *testing.T) {
	a := numeric.Int{Bits: 8, Signed: true}
	for style, inputs := range map[string]int{pe.StyleTernary: 1, pe.StyleTL1: 2, pe.StyleTL2: 3} {
		table := pe.NewTable(style, inputs, false)
		lanes := []int{3, 9, 27}[inputs-1]
		b := newLookupBench(t, table, a, 1, lanes, false)
		groups := activations(inputs)
		if inputs == 1 {
			for x := range int64(256) {
				groups = append(groups, []int64{x - 128})
			}
		}
		digit := func(lane, _, k int) int {
			for range k {
				lane /= 3
			}
			return lane%3 - 1
		}
		for _, acts := range groups {
			for lane, g := range b.run(t, acts, digit) {
				var want int64
				for k, x := range acts {
					want += x * int64(digit(lane, 0, k))
				}
				if g != want {
					t.Fatalf("%s, activations %v, weights %d: got %d, want %d", style, acts, lane, g, want)
				}
			}
		}
	}
}

// TestTableWidths pins the widths that the formats give, and the indices of bitnet.cpp.
func TestTableWidths(t *testing.T) {
	i8 := numeric.Int{Bits: 8, Signed: true}
	for _, tt := range []struct {
		style               string
		inputs              int
		entries, bits, word int
	}{
		{pe.StyleHalf, 4, 8, 10, 4}, {pe.StyleFull, 4, 16, 11, 4}, {pe.StyleBits, 4, 16, 10, 4}, {pe.StyleBits, 3, 8, 10, 3},
		{pe.StyleHalf, 1, 1, 8, 1}, {pe.StyleTL1, 2, 9, 10, 4}, {pe.StyleTL2, 3, 14, 10, 5},
	} {
		table := pe.NewTable(tt.style, tt.inputs, false)
		if got := [3]int{len(table.Entries), table.EntryBits(i8), table.WordBits()}; got != [3]int{tt.entries, tt.bits, tt.word} {
			t.Errorf("%s of %d: %d entries of %d bits, words of %d (expected %d, %d, %d)", tt.style, tt.inputs, got[0], got[1], got[2], tt.entries, tt.bits, tt.word)
		}
	}
	for _, tt := range []struct {
		style  string
		digits []int
		want   uint64
	}{{pe.StyleTL1, []int{-1, -1}, 0}, {pe.StyleTL1, []int{1, -1}, 6}, {pe.StyleTL1, []int{0, 0}, 4},
		{pe.StyleTL2, []int{1, 1, 1}, 13}, {pe.StyleTL2, []int{0, 0, 0}, 0}, {pe.StyleTL2, []int{-1, 0, 1}, 16 + 8}} {
		got, err := pe.NewTable(tt.style, 0, false).Word(tt.digits)
		if err != nil || got != tt.want {
			t.Errorf("%s %v: word %d, %v (expected %d)", tt.style, tt.digits, got, err, tt.want)
		}
	}
}

// TestFloatLookupUnit adds all pairs of e5m2 entries, each on two planes and with either sign, as the
// published hardware does and as it should.
func TestFloatLookupUnit(t *testing.T) {
	const cases = 1 << 16
	for _, published := range []bool{false, true} {
		table := pe.NewTable(pe.StyleHalf, 1, false)
		spec := pe.FloatUnitSpec{A: numeric.E5M2, Acc: numeric.E5M2, Planes: 2, Regs: 1, Published: published}
		unit, err := pe.FloatLookupUnit("unit", table, spec)
		if err != nil {
			t.Fatal(err)
		}
		b := hw.New("bench", "")
		ax, e := b.Axis("case", cases), b.Axis("e", 1)
		in := hw.Ports{"table_i": b.In("table_i", 8, ax, e), "w_i": b.In("w_i", 1, ax)}
		for _, n := range []string{"plane_i", "first_i", "valid_i", "capture_i"} {
			in[n] = b.In(n, 1)
		}
		b.Out("sum_o", b.Inst("unit", unit, in, ax)["sum_o"])
		top, err := b.Build()
		if err != nil {
			t.Fatal(err)
		}
		flat, err := hw.Flatten(top)
		if err != nil {
			t.Fatal(err)
		}
		m, err := eval.New(flat)
		if err != nil {
			t.Fatal(err)
		}
		// Weights of step s: bit 2s + p of the case's low bits, scrambled.
		word := func(i, step, plane int) uint64 { return uint64(i*0x9e37>>(7+2*step+plane)) & 1 }
		arith := numeric.FloatTable{A: numeric.E5M2, Acc: numeric.E5M2, Inputs: 1, WeightBits: 2, Published: published}
		entry := func(i, step int) uint64 { // NaNs have one code
			return arith.Entry([]uint64{uint64(i>>(8*step)) & 255}, func(int) bool { return false })
		}
		for step := range 3 { // the last only captures
			for plane := range 2 {
				words := map[string][]uint64{"table_i": make([]uint64, cases), "w_i": make([]uint64, cases), "plane_i": {uint64(plane)},
					"first_i": {0}, "valid_i": {1}, "capture_i": {0}}
				if step == 2 {
					words["valid_i"], words["capture_i"] = []uint64{0}, []uint64{1}
				} else if step+plane == 0 {
					words["first_i"] = []uint64{1}
				}
				for i := range cases {
					words["table_i"][i], words["w_i"][i] = entry(i, step), 1-word(i, step, plane)
				}
				for k, p := range flat.Inputs {
					m.Set(k, words[p.Name])
				}
				m.Settle()
				m.Step(false)
			}
		}
		m.Settle()
		got := make([]uint64, cases)
		m.Get(0, got)
		w := numeric.NewDense(2, 1)
		a := numeric.NewDense(1, 2)
		for i := range got {
			for step := range 2 {
				a.Data[step], w.Data[step] = int32(entry(i, step)), int32(word(i, step, 0)|word(i, step, 1)<<1)
			}
			want, err := arith.GEMM(a, w, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got[i] != uint64(want[0]) {
				t.Fatalf("published %t: %v times %v is %x, want %x", published, a.Data, w.Data, got[i], want[0])
			}
		}
	}
}
