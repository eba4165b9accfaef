package hwtest

import (
	"fmt"
	"slices"

	"tpe/hw"
)

// signature is one width row of an operator.
type signature struct {
	args  []int // operand widths
	width int   // result width
	lo    int   // slice: lowest bit
}

func (s signature) String() string {
	name := ""
	for _, a := range s.args {
		name += fmt.Sprintf("_%d", a)
	}
	name += fmt.Sprintf("_to_%d", s.width)
	if s.lo != 0 {
		name += fmt.Sprintf("_lo_%d", s.lo)
	}
	return name
}

// widths are those at which a reader changes its type, its mask or its limbs.
var widths = []int{1, 2, 3, 7, 8, 9, 16, 17, 31, 32, 33, 63, 64}

// signatures lists the width rows of a lane operator over the given widths.
func signatures(op hw.Op, widths []int) []signature {
	var list []signature
	seen := map[string]bool{}
	row := func(s signature) {
		if key := s.String(); !seen[key] {
			seen[key] = true
			list = append(list, s)
		}
	}
	add := func(w int, args ...int) { row(signature{args: args, width: w}) }
	for _, w := range widths {
		switch op {
		case hw.OpNot, hw.OpNeg, hw.OpWire:
			add(w, w)
		case hw.OpAnd, hw.OpOr, hw.OpXor, hw.OpAdd, hw.OpSub, hw.OpUMin, hw.OpUMax, hw.OpSMin, hw.OpSMax:
			add(w, w, w)
		case hw.OpXor3, hw.OpMaj, hw.OpCsaC:
			add(w, w, w, w)
		case hw.OpMulU, hw.OpMulS, hw.OpMulSU:
			for _, n := range nearby(w) {
				for _, out := range upTo(w+n, 1, w, n, w+n-1, w+n, 64) {
					add(out, w, n)
				}
			}
		case hw.OpBooth4:
			for _, out := range upTo(hw.MaxWidth, w-1, w, w+1, w+2, 64) {
				add(out, w, 3)
			}
		case hw.OpEq, hw.OpNe, hw.OpULt, hw.OpULe, hw.OpSLt, hw.OpSLe:
			add(1, w, w)
		case hw.OpMux:
			add(w, 1, w, w)
		case hw.OpRom:
			add(w, 3)
			add(w, w)
		case hw.OpZext, hw.OpSext:
			for _, out := range upTo(hw.MaxWidth, w, w+1, 2*w, 64) {
				add(out, w)
			}
		case hw.OpSlice:
			for _, s := range [][2]int{{0, 1}, {w - 1, 1}, {0, w}, {1, w - 1}, {w / 2, w - w/2}, {w / 3, w / 3}} {
				if s[1] >= 1 {
					row(signature{args: []int{w}, width: s[1], lo: s[0]})
				}
			}
		case hw.OpCat:
			add(w, w)
			for _, hi := range upTo(hw.MaxWidth-w, 1, 3, 8, 31, w) {
				add(hi+w, hi, w)
			}
		case hw.OpShl, hw.OpLshr, hw.OpAshr, hw.OpRotl:
			for _, m := range upTo(hw.MaxWidth, 1, 3, hw.Bits(w), 64) {
				add(w, w, m)
			}
		case hw.OpRedAnd, hw.OpRedOr, hw.OpRedXor:
			add(1, w)
		case hw.OpPopcount, hw.OpFfs, hw.OpClz:
			add(hw.Bits(w), w)
		}
	}
	if op == hw.OpCat && len(widths) > 3 {
		add(30, 1, 2, 3, 7, 8, 9)
		add(64, 16, 16, 16, 16)
		add(63, 7, 1, 30, 25)
		ones := make([]int, 64)
		for i := range ones {
			ones[i] = 1
		}
		add(64, ones...)
	}
	return list
}

// nearby are second factor widths for a first one.
func nearby(w int) []int {
	switch {
	case w <= 3:
		return []int{1, 2, 3}
	case w <= 32:
		return []int{w, 9}
	}
	return []int{w, 1, 33}
}

// upTo returns the distinct values of list within 1 .. min(most, 64).
func upTo(most int, list ...int) []int {
	var out []int
	seen := map[int]bool{}
	for _, x := range list {
		if x >= 1 && x <= min(most, hw.MaxWidth) && !seen[x] {
			seen[x] = true
			out = append(out, x)
		}
	}
	return out
}

// operator makes one lane operator; a table gets the name of its output.
func operator(b *hw.Builder, op hw.Op, name string, s signature, args ...hw.ID) hw.ID {
	switch op {
	case hw.OpRom:
		return b.Rom("of_"+name, s.width, table(s.width, 1+s.args[0]*5%13), args[0])
	case hw.OpWire:
		w := b.Wire("", s.width, b.ShapeOf(args[0]).Axes()...)
		b.Drive(w, args[0])
		return w
	}
	return b.Raw(hw.Node{Op: op, Width: s.width, Imm: uint64(s.lo), Args: args})
}

// table is the content of a ROM.
func table(width, entries int) []uint64 {
	s, data := newStimulus(uint64(width*100+entries)), make([]uint64, entries)
	for i := range data {
		data[i] = s.word(width)
	}
	return data
}

// laneCases makes two cases for each lane operator: over widths and shapes with
// random words, and with all operands at small width.
func laneCases() []Case {
	var list []Case
	for op := hw.OpInvalid + 1; int(op) < hw.NumOps; op++ {
		if op.Kind() != hw.KindLane {
			continue
		}
		list = append(list, sweep(op), exhaustive(op))
	}
	return list
}

// grid holds the axes and the inputs of a one-operator module.
type grid struct {
	*hw.Builder
	axis map[string]int
	in   map[string]hw.ID
}

// axisSizes are the axes of a grid by name.
var axisSizes = []hw.Axis{{Name: "one", Size: 1}, {Name: "two", Size: 2}, {Name: "three", Size: 3}, {Name: "four", Size: 4}, {Name: "five", Size: 5}}

func newGrid(name, doc string, axes ...hw.Axis) *grid {
	g := &grid{hw.New(name, doc), map[string]int{}, map[string]hw.ID{}}
	for _, a := range axes {
		g.axis[a.Name] = g.Axis(a.Name, a.Size)
	}
	return g
}

// input returns the input port for operand k of the given width over the named
// axes, declaring it at first use.
func (g *grid) input(k, width int, axes ...string) hw.ID {
	name := fmt.Sprintf("x%d_%d", k, width)
	var list []int
	for _, a := range axes {
		name += "_" + a
		list = append(list, g.axis[a])
	}
	if id, ok := g.in[name]; ok {
		return id
	}
	id := g.In(name, width, list...)
	g.in[name] = id
	return id
}

// patterns are the shapes of operands: even and odd ones.
var patterns = [][2][]string{
	{{}, {}},
	{{"five"}, {"five"}},
	{{"five"}, {}},
	{{}, {"three"}},
	{{"three", "four"}, {"three", "four"}},
	{{"three", "four"}, {"four"}},
	{{"three"}, {"four"}},
	{{"one"}, {"one"}},
	{{"two"}, {"two"}},
	{{"two"}, {"one", "two"}},
}

// sweep is the case of one lane operator over widths and shapes.
func sweep(op hw.Op) Case {
	g := newGrid("op_"+op.String(), "Operator "+op.String()+" over widths and shapes.", axisSizes...)
	for i, s := range signatures(op, widths) {
		use := [][2][]string{patterns[0], patterns[1+i%(len(patterns)-1)]}
		if s.args[0] == 8 && i%2 == 0 {
			use = patterns
		}
		for _, p := range use {
			args := make([]hw.ID, len(s.args))
			name := "y" + s.String()
			if len(args) > 8 {
				name = fmt.Sprintf("y_many_to_%d", s.width)
			}
			for _, a := range append(append([]string{}, p[0]...), p[1]...) {
				name += "_" + a
			}
			for k, w := range s.args {
				args[k] = g.input(k, w, p[k%2]...)
			}
			g.Out(name, operator(g.Builder, op, name, s, args...))
		}
	}
	return stimulated("op/"+op.String(), must(g.Builder), 24)
}

// exhaustive is the case of one lane operator with all values of its operands at
// widths up to 3: operand k counts along its own axis.
func exhaustive(op hw.Op) Case {
	g := newGrid("all_"+op.String(), "Operator "+op.String()+" with all operands up to 3 bits.", hw.Axis{Name: "p", Size: 8}, hw.Axis{Name: "q", Size: 8}, hw.Axis{Name: "r", Size: 8})
	x := []hw.ID{g.In("x", 3, 0), g.In("y", 3, 1), g.In("z", 3, 2)}
	for _, s := range signatures(op, []int{1, 2, 3}) {
		if len(s.args) > 3 || slices.Max(s.args) > 3 {
			continue
		}
		args := make([]hw.ID, len(s.args))
		for k, w := range s.args {
			args[k] = g.Slice(x[k], 0, w)
		}
		g.Out("out"+s.String(), operator(g.Builder, op, "out"+s.String(), s, args...))
	}
	c := Case{Name: "all/" + op.String(), Top: must(g.Builder)}
	for t := range uint64(2) {
		lanes := make([]uint64, 8)
		for l := range lanes {
			lanes[l] = uint64(l) ^ t*7
		}
		c.Inputs = append(c.Inputs, [][]uint64{lanes, lanes, lanes})
		c.Reset = append(c.Reset, false)
	}
	return c
}
