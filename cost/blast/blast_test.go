package blast

import (
	"testing"

	"tpe/hw"
	"tpe/hw/hwtest"
)

// machine runs a module as bits.
type machine struct {
	m     *hw.Module
	d     *Design
	value []bool // by node of the graph
	state []bool // by flip-flop
	fails []uint64
}

func newMachine(m *hw.Module) (hw.Machine, error) { return machineWith(m, BrentKung) }

func newRipple(m *hw.Module) (hw.Machine, error) { return machineWith(m, Ripple) }

func machineWith(m *hw.Module, adder Adder) (hw.Machine, error) {
	// Assertions become outputs, so that the suite can see them.
	c := *m
	for _, a := range m.Asserts {
		c.Outputs = append(c.Outputs[:len(c.Outputs):len(c.Outputs)], hw.Port{Name: "assert_" + a.Name, Node: a.Cond})
	}
	d, err := Module(&c, adder)
	if err != nil {
		return nil, err
	}
	x := &machine{m: m, d: d, value: make([]bool, len(d.Nodes)), state: make([]bool, len(d.Flops)), fails: make([]uint64, len(m.Asserts))}
	for i, f := range d.Flops {
		x.state[i] = f.Init
	}
	return x, nil
}

func (x *machine) lit(l Lit) bool { return x.value[l.Node()] != l.Inverted() }

func (x *machine) Set(p int, lanes []uint64) {
	w := x.m.Nodes[x.m.Inputs[p].Node].Width
	for i, l := range x.d.Inputs[p] {
		x.value[l.Node()] = lanes[i/w]>>(i%w)&1 == 1
	}
}

func (x *machine) Settle() {
	for i, f := range x.d.Flops {
		x.value[f.Q.Node()] = x.state[i]
	}
	for i, n := range x.d.Nodes {
		switch n.Kind {
		case And:
			x.value[i] = x.lit(n.A) && x.lit(n.B)
		case Xor:
			x.value[i] = x.lit(n.A) != x.lit(n.B)
		}
	}
}

func (x *machine) Get(p int, dst []uint64) {
	w := x.m.Nodes[x.m.Outputs[p].Node].Width
	clear(dst)
	for i, l := range x.d.Outputs[p] {
		if x.lit(l) {
			dst[i/w] |= 1 << (i % w)
		}
	}
}

func (x *machine) Step(reset bool) {
	if !reset {
		for i := range x.fails {
			for _, l := range x.d.Outputs[len(x.m.Outputs)+i] {
				if !x.lit(l) {
					x.fails[i]++
				}
			}
		}
	}
	for i, f := range x.d.Flops {
		x.state[i] = x.lit(f.D)
		if reset {
			x.state[i] = f.Init
		}
	}
}

func (x *machine) Failures() []uint64 { return x.fails }

// TestConformance runs the suite of the hardware graph on the bits, but for the cases with
// memories and delays, which pieces do not have.
func TestConformance(t *testing.T) {
	ran, seen := 0, map[hw.Op]bool{}
	for _, c := range hwtest.Cases() {
		flat, err := hw.Flatten(c.Top)
		if err != nil {
			t.Fatal(err)
		}
		if !blasts(flat) {
			continue
		}
		ran++
		for i := range flat.Nodes {
			seen[flat.Nodes[i].Op] = true
		}
		if err := hwtest.CheckCase(newMachine, c); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
		if err := hwtest.CheckCase(newRipple, c); err != nil {
			t.Errorf("%s, ripple: %v", c.Name, err)
		}
	}
	t.Logf("%d cases", ran)
	for op := hw.Op(1); int(op) < hw.NumOps; op++ {
		if !seen[op] && op != hw.OpMemQ && op != hw.OpDelay && op != hw.OpInstOut && op != hw.OpWire {
			t.Errorf("operator %s in no case", op)
		}
	}
}

func blasts(m *hw.Module) bool {
	for i := range m.Nodes {
		if m.Nodes[i].Op == hw.OpDelay {
			return false
		}
	}
	return len(m.Mems) == 0
}

// FuzzRandom runs random programs as bits.
func FuzzRandom(f *testing.F) {
	hwtest.FuzzSeeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		c, ok := hwtest.Random(data)
		if !ok {
			return
		}
		flat, err := hw.Flatten(c.Top)
		if err != nil || !blasts(flat) {
			return
		}
		if err := hwtest.CheckCase(newMachine, c); err != nil {
			t.Fatalf("%v\n%s", err, hwtest.FormatCase(c))
		}
	})
}

// TestFolding holds that constants, equal nodes and small redundancies leave nothing.
func TestFolding(t *testing.T) {
	g := NewGraph()
	x, y, z := g.Input(), g.Input(), g.Input()
	xy := g.And(x, y)
	tests := []struct {
		name      string
		got, want Lit
	}{
		{"x & x", g.And(x, x), x}, {"x & x'", g.And(x, x.Not()), False}, {"x & 1", g.And(x, True), x},
		{"xy & x", g.And(xy, x), xy}, {"xy & x'", g.And(xy, x.Not()), False}, {"(xy)' & x'", g.And(xy.Not(), x.Not()), x.Not()},
		{"(xy)' & x", g.And(xy.Not(), x), g.And(x, y.Not())}, {"xy & (xz)'", g.And(xy, g.And(x, z).Not()), g.And(xy, z.Not())},
		{"(xy)'(xy')'", g.And(xy.Not(), g.And(x, y.Not()).Not()), x.Not()},
		{"(xy)'(x'y')'", g.And(xy.Not(), g.And(x.Not(), y.Not()).Not()), g.Xor(x, y)},
		{"x ^ x'", g.Xor(x, x.Not()), True}, {"(x ^ y) ^ y", g.Xor(g.Xor(x, y), y), x}, {"xy ^ x", g.Xor(xy, x), g.And(x, y.Not())},
		{"(x ^ y) x", g.And(g.Xor(x, y), x), g.And(x, y.Not())}, {"(x ^ y)' x", g.And(g.Xor(x, y).Not(), x), xy},
		{"(x ^ y) x'", g.And(g.Xor(x, y), x.Not()), g.And(x.Not(), y)}, {"x'y ^ x", g.Xor(g.And(x.Not(), y), x), g.Or(x, y)},
		{"s ? y : y", g.Mux(x, y, y), y}, {"s ? y : y'", g.Mux(x, y, y.Not()), g.Xor(x, y.Not())},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("%s = %d, want %d", tt.name, tt.got, tt.want)
		}
	}
}
