package testbench_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tpe/arch"
	"tpe/hw"
	"tpe/internal/tool"
	"tpe/internal/tool/tooltest"
	"tpe/numeric"
	"tpe/pe"
	"tpe/rtlgen"
	"tpe/testbench"
	"tpe/testbench/aig"
)

// cellNames begin the names of the modules that are processing elements.
func cellNames() []string {
	return []string{"pe_", "lut_unit", "lut_table", "maddness_encoder", "maddness_decoder"}
}

func isCell(m *hw.Module) bool {
	return slices.ContainsFunc(cellNames(), func(prefix string) bool { return strings.HasPrefix(m.Name, prefix) })
}

// variants are settings under which the processing elements of the presets are
// proved, the preset as it stands first. An engine that refuses one is left out of it.
// Those after the second are for deep runs.
func variants() [][]string {
	list := [][]string{nil, {"multiplier=booth4"}}
	if tooltest.IsDeep() {
		list = append(list, []string{"a=uint8", "b=uint8"}, []string{"multiplier=booth4", "a=uint8", "b=uint8"}, []string{"overflow=saturate"}, []string{"drain=up"})
	}
	return list
}

// element is a processing element of a preset.
type element struct {
	label string
	cell  *hw.Module
	cfg   arch.Config
}

// maxFlops bounds the registers, in bits, of a cell that is proved at its preset's own
// size. A cell that holds many lanes is proved in the smallest array of its kind.
const maxFlops = 256

// elements lists the processing elements of the representative presets and variants, each
// Verilog once; but for deep runs only those of systolic arrays. Every preset must have some.
func elements(t *testing.T, set ...string) []element {
	t.Helper()
	var list []element
	seen := map[string]bool{}
	left := []string{}
	for _, preset := range arch.Representatives() {
		found := 0
		if preset.Config.Kind != "systolic" && !tooltest.IsDeep() {
			left = append(left, preset.Name)
			continue
		}
		for _, v := range variants() {
			v = slices.Concat(v, set)
			cfg, err := arch.Load(preset.Name, v)
			if err != nil {
				continue
			}
			cells := cellsOf(t, cfg)
			if flops(cells) > maxFlops {
				if cfg, err = arch.Load(preset.Name, slices.Concat(cfg.SmallSizes()[0], v)); err != nil {
					t.Fatal(err)
				}
				cells = cellsOf(t, cfg)
			}
			for _, m := range cells {
				found++
				out, err := rtlgen.Emit(m, rtlgen.Options{})
				if err != nil {
					t.Fatal(err)
				}
				text := fmt.Sprintf("%s", out.Files)
				if !seen[text] {
					seen[text] = true
					list = append(list, element{strings.Join(append([]string{preset.Name, m.Name}, v...), ","), m, cfg})
				}
			}
		}
		if found == 0 {
			t.Errorf("preset %s has no module whose name begins with one of %q", preset.Name, cellNames())
		}
	}
	if len(left) > 0 {
		t.Run("other kinds", func(t *testing.T) { tooltest.Deep(t, "the elements of "+strings.Join(left, ", ")) })
	}
	return list
}

// cellsOf are the processing elements of an engine.
func cellsOf(t *testing.T, cfg arch.Config) []*hw.Module {
	t.Helper()
	e, err := arch.Build(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(e.Top.Modules(), func(m *hw.Module) bool { return !isCell(m) })
}

func flops(list []*hw.Module) int {
	n := 0
	for _, m := range list {
		for _, r := range m.Regs {
			n += m.Nodes[r.Node].Width * m.Lanes(m.Nodes[r.Node].Shape)
		}
	}
	return n
}

// TestProveElements proves the Yosys netlist of every processing element of every
// preset, at its own widths, equal to its Verilog.
func TestProveElements(t *testing.T) {
	tooltest.Need(t, tool.Yosys, tool.OSU018)
	for _, el := range elements(t) {
		t.Run(el.label, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
			defer cancel()
			p, err := testbench.ProveNetlist(ctx, el.cell, "")
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%s, %d bits of input and state, %d flip-flops, %v %s", p.Method, p.Inputs, p.Flops, p.CPU, p.Detail)
			if !p.Proved {
				t.Errorf("not proved: %s", p.Detail)
			}
		})
	}
}

// claim says where the cell of a dataflow has a product and a running sum: out, after
// an edge, is in + x * y, where in and out are one word, or two whose sum counts.
type claim struct {
	x, y    string
	in, out []string
	held    map[string]uint64
}

// claims are those of the cells, by the start of their names, before mac or opt1.
var claims = map[string]claim{
	"pe_os_":     {"x_i", "y_i", []string{"acc_sum_q", "acc_carry_q"}, []string{"acc_sum_q", "acc_carry_q"}, map[string]uint64{"rst_ni": 1, "first_i": 0}},
	"pe_matrix_": {"x_i", "y_i", []string{"acc_sum_q", "acc_carry_q"}, []string{"acc_sum_q", "acc_carry_q"}, map[string]uint64{"rst_ni": 1, "first_i": 0}},
	"pe_ws_":     {"x_i", "w0_q", []string{"s_sum_i", "s_carry_i"}, []string{"s_sum_q", "s_carry_q"}, map[string]uint64{"rst_ni": 1, "wsel_i": 0}},
}

// claimOf finds the claim of a cell, if there is one for it.
func claimOf(m *hw.Module) (claim, bool) {
	for prefix, c := range claims {
		if m.Name == prefix+"mac" || m.Name == prefix+"opt1" {
			words := 0
			for _, r := range m.Regs {
				if slices.Contains(c.out, m.Nodes[r.Node].Name) {
					words++
				}
			}
			c.in, c.out = c.in[:words], c.out[:words]
			return c, true
		}
	}
	return claim{}, false
}

// graph is the cell's out, resolved, as a function of x, y and in.
func (c claim) graph(t *testing.T, m *hw.Module) *aig.Graph {
	t.Helper()
	g, err := testbench.StepGraph(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	if g, err = g.Restrict(c.out, c.held); err != nil {
		t.Fatal(err)
	}
	out := "z_o"
	if len(c.out) == 2 {
		g, err = g.Resolve(out, c.out[0], c.out[1])
	} else {
		for i, o := range g.Outputs {
			g.Outputs[i].Name = strings.Replace(o.Name, c.out[0], out, 1)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// accBits is the width of the running sums: with 8 x 8 bits, 32 in all.
const accBits = 16

// want is a module of the same inputs that multiplies in the given way.
func (c claim) want(t *testing.T, s pe.Spec, mul string) *aig.Graph {
	t.Helper()
	b := hw.New("want_"+mul, "")
	x, y := b.In(c.x, s.A.Bits), b.In(c.y, s.B.Bits)
	sum := b.In(c.in[0], accBits)
	if len(c.in) == 2 {
		sum = b.Add(sum, b.In(c.in[1], accBits))
	}
	b.Out("z_o", (pe.MAC{Spec: s, Mul: mul}).MAC(b, []hw.ID{sum}, x, y)[0])
	g, err := testbench.CombinationalGraph(t.Context(), must(t, b))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// TestElementsExhaustive proves that one step of each processing element of 8 x 8
// bits, as its Verilog has it, adds x * y to the running sum modulo 2^16, for every x,
// y and sum, a pair resolved. Three links make the chain:
//
//   - a Go function and the Verilog "*": every x and y (all 2^32 patterns in a deep run);
//   - "*" and the Booth cell: all 2^32 patterns, which solvers do not manage;
//   - the Booth rows and each cell, or "*" and a cell with "*": a SAT solver, over all
//     patterns, 2^48 of them for a pair.
func TestElementsExhaustive(t *testing.T) {
	tooltest.Need(t, tool.Yosys)
	swept, proved := map[string]bool{}, map[string]bool{}
	for _, el := range elements(t, fmt.Sprintf("acc_bits=%d", accBits)) {
		if el.cfg.Overflow != arch.Wrap {
			continue // the sum of a and b is another one: pe.TestEveryOperandPair has it
		}
		t.Run(el.label, func(t *testing.T) {
			c, ok := claimOf(el.cell)
			if !ok {
				t.Log("no claim of one product and one sum; its arithmetic is tested in pe and its engine in verify")
				return
			}
			proved[el.cell.Name+" "+el.cfg.Multiplier] = true
			s := pe.Spec{A: el.cfg.A, B: el.cfg.B, Signed: el.cfg.A.Signed || el.cfg.B.Signed}
			got := c.graph(t, el.cell)
			mul := el.cfg.Multiplier
			equivalent(t, got, c.want(t, s, mul))
			for _, m := range []string{mul, pe.MulStar} {
				if key := fmt.Sprint(s, m); len(c.in) == 1 && !swept[key] {
					swept[key] = true
					sweep(t, c, s, m, got)
				}
			}
		})
	}
	s8 := numeric.Int{Bits: 8, Signed: true}
	for _, name := range []string{"pe_os_mac star", "pe_os_mac booth4", "pe_os_opt1 booth4", "pe_ws_mac star", "pe_ws_mac booth4", "pe_ws_opt1 booth4"} {
		if !proved[name] {
			t.Errorf("%s was not among the presets' cells", name)
		}
	}
	if !swept[fmt.Sprint(pe.Spec{A: s8, B: s8, Signed: true}, pe.MulBooth4)] {
		t.Error("no Booth cell of int8 was swept")
	}
}

func equivalent(t *testing.T, got, want *aig.Graph) {
	t.Helper()
	v, err := testbench.Equivalent(t.Context(), got, want)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("equal for all 2^%d inputs by SAT, %v", len(got.Inputs), v.CPU)
	if !v.Equal {
		t.Error(v.Detail)
	}
}

// sweep closes the chain for one multiplier: the cell with Booth rows against "*", or
// "*" against Go. It is complete for int8 with Booth rows; the rest takes every x and y
// with random sums, and is complete in a deep run.
func sweep(t *testing.T, c claim, s pe.Spec, mul string, cell *aig.Graph) {
	t.Helper()
	star := c.want(t, s, pe.MulStar)
	opt, patterns := aig.Options{}, uint64(1)<<32
	if !tooltest.IsDeep() && (mul == pe.MulStar || !s.A.Signed) {
		opt, patterns = aig.Options{Sweep: []string{c.x, c.y}}, 1<<16
	}
	var r *aig.Result
	var err error
	if mul == pe.MulBooth4 {
		r, err = aig.Equal(t.Context(), cell, star, opt)
	} else {
		r, err = aig.Check(t.Context(), star, c.product(t, s, star), opt)
	}
	if err != nil || r.Mismatch != nil || r.Patterns != patterns {
		t.Fatalf("%s: %+v, %v", mul, r, err)
	}
	t.Logf("%s: equal for %d of 2^32 inputs by simulation, %v, %.0f Mpatterns/s", mul, r.Patterns, r.Elapsed, r.Rate()/1e6)
}

// product is the claim in Go.
func (c claim) product(t *testing.T, s pe.Spec, g *aig.Graph) aig.Reference {
	t.Helper()
	ports, err := g.InputPorts()
	if err != nil {
		t.Fatal(err)
	}
	at := func(name string) int { return slices.IndexFunc(ports, func(p aig.Port) bool { return p.Name == name }) }
	x, y, sum := at(c.x), at(c.y), at(c.in[0])
	return func(in, out []uint64) {
		out[0] = in[sum] + uint64(s.A.Wrap(int64(in[x]))*s.B.Wrap(int64(in[y])))
	}
}
