package hw_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tpe/hw"
	"tpe/hw/eval"
	"tpe/hw/hwtest"
)

const hierarchy = `
module leaf {
  axis k 2
  table t 8 (1 2 3)
  input x: 8
  input s: 8
  r = reg(reset 1, next n): 8
  n = add(r, x): 8
  _4 = rom(s, t): 8
  q = memq(depth 2, wen e, waddr e, wdata x, raddr e): 8 [k]
  e = const(1): 1
  both = add(_4, q): 8 [k]
  ok = redor(r): 1
  same = delay(s, base 1): 8
  dead = delay(x, base 9): 8
  output y = r
  output z = _9
  _9 = reduce(both, k add): 8
  output same = same
  assert ok = ok
}

module top {
  axis row 3
  axis u_k 2
  input x: 8 [row]
  input s: 8
  input idle: 4
  inst u = leaf over [row] (x = x, s = s)
  u_y = instout(u.y): 8 [row]
  u_z = instout(u.z): 8 [row]
  u_same = instout(u.same): 8 [row]
  inst v = leaf (x = s, s = s)
  v_y = instout(v.y): 8
  v_z = instout(v.z): 8
  v_same = instout(v.same): 8
  u_r = not(s): 8
  output y = u_y
  output z = u_z
  output same = u_same
  output v = v_y
  output inverted = u_r
  assert u_ok = _2
  _2 = const(1): 1
}
`

// TestFlattenText pins what flattening does to names and shapes, and what it drops.
func TestFlattenText(t *testing.T) {
	flat, err := hw.Flatten(reread(t, hierarchy))
	if err != nil {
		t.Fatal(err)
	}
	want := strings.TrimPrefix(`
module top {
  axis row 3
  axis u_k 2
  axis u_k_2 2
  axis v_k 2
  table u_t 8 (1 2 3)
  input x: 8 [row]
  input s: 8
  input idle: 4
  u_r = reg(reset 1, next u_n): 8 [row]
  _4 = rom(s, u_t): 8
  u_q = memq(depth 2, wen u_e, waddr u_e, wdata x, raddr u_e): 8 [row u_k_2]
  u_both = add(_4, u_q): 8 [row u_k_2]
  u_z = reduce(u_both, u_k_2 add): 8 [row]
  u_same = delay(s, base 1): 8
  u_same_2 = bcast(u_same): 8 [row]
  v_r = reg(reset 1, next v_n): 8
  u_r_2 = not(s): 8
  _12 = const(1): 1
  u_n = add(u_r, x): 8 [row]
  u_e = const(1): 1
  u_ok = redor(u_r): 1 [row]
  v_n = add(v_r, s): 8
  v_ok = redor(v_r): 1
  output y = u_r
  output z = u_z
  output same = u_same_2
  output v = v_r
  output inverted = u_r_2
  assert u_ok = u_ok
  assert v_ok = v_ok
  assert u_ok_2 = _12
}
`, "\n")
	if diff := cmp.Diff(want, flat.String()); diff != "" {
		t.Errorf("flattened text (-want +got):\n%s", diff)
	}
}

// TestFlattenSuite checks what holds for every flattened module: the same ports,
// no instances, verified, in evaluation order, and flattening again changes nothing.
func TestFlattenSuite(t *testing.T) {
	for _, c := range hwtest.Cases() {
		before := c.Top.String()
		flat, err := hw.Flatten(c.Top)
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		if c.Top.String() != before {
			t.Errorf("%s: flattening changes its argument", c.Name)
		}
		if err := hw.Verify(flat); err != nil || len(flat.Insts) > 0 {
			t.Errorf("%s: flattened module has %d instances and is verified as %v", c.Name, len(flat.Insts), err)
		}
		if _, err := eval.New(flat); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
		if got, want := header(flat), header(c.Top); got != want {
			t.Errorf("%s: ports are %s, want %s", c.Name, got, want)
		}
		again, err := hw.Flatten(flat)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(flat.String(), again.String()); diff != "" {
			t.Errorf("%s: flattening again changes it:\n%s", c.Name, diff)
		}
	}
}

// header lists the ports of a module with their types.
func header(m *hw.Module) string {
	var b strings.Builder
	for _, list := range [][]hw.Port{m.Inputs, m.Outputs} {
		for _, p := range list {
			n := &m.Nodes[p.Node]
			b.WriteString(p.Name + m.ShapeString(n.Shape) + string(rune('0'+n.Width)) + " ")
		}
		b.WriteString("-> ")
	}
	return b.String()
}

// TestFlattenLimits shows that a few lines cannot ask for endless growth.
func TestFlattenLimits(t *testing.T) {
	var b strings.Builder
	b.WriteString("module m0 {\n  input x: 8\n  y = not(x): 8\n  output y = y\n}\n")
	for i := 1; i < 40; i++ {
		name, below := "m"+strings.Repeat("i", i), "m"+strings.Repeat("i", i-1)
		if i == 1 {
			below = "m0"
		}
		b.WriteString("module " + name + " {\n  input x: 8\n  inst u = " + below + " (x = x)\n  p = instout(u.y): 8\n  inst v = " + below + " (x = p)\n  q = instout(v.y): 8\n  output y = q\n}\n")
	}
	m := reread(t, b.String())
	if _, err := hw.Flatten(m); err == nil || !strings.Contains(err.Error(), "more than 262144 nodes") {
		t.Errorf("Flatten returned %v, want an error on the number of nodes", err)
	}
}

// TestAxes31 uses all 32 axes, of which the last is bit 31 of a shape.
func TestAxes31(t *testing.T) {
	b := hw.New("m", "")
	for i := range 32 {
		b.Axis("a"+strings.Repeat("x", i), 1+i/30)
	}
	x := b.In("x", 8, 30, 31)
	b.Out("sum", b.Reduce(31, hw.OpAdd, x))
	b.Out("up", b.Shift(31, 1, x, b.Const(8, 9)))
	b.Out("first", b.Index(30, 1, b.Skew(x, 0, 31, 1)))
	m := build(t, b)
	if got, want := m.Stride(m.Nodes[x].Shape, 31), 1; got != want {
		t.Errorf("Stride of axis 31 = %d, want %d", got, want)
	}
	if got, want := m.Stride(m.Nodes[x].Shape, 30), 2; got != want {
		t.Errorf("Stride of axis 30 = %d, want %d", got, want)
	}
	outs, _, err := hwtest.Expect(hwtest.Case{Name: "m", Top: m, Inputs: [][][]uint64{{{1, 2, 3, 4}}, {{5, 6, 7, 8}}}, Reset: make([]bool, 2)})
	if err != nil {
		t.Fatal(err)
	}
	want := [][][]uint64{{{3, 7}, {9, 1, 9, 3}, {3, 0}}, {{11, 15}, {9, 5, 9, 7}, {7, 4}}}
	if diff := cmp.Diff(want, outs); diff != "" {
		t.Errorf("outputs (-want +got):\n%s", diff)
	}
}
