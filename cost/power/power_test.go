package power_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tpe/arch"
	"tpe/cost/liberty"
	"tpe/cost/netlist"
	"tpe/cost/power"
	"tpe/cost/synth"
	"tpe/cost/timing"
	"tpe/hw"
	"tpe/hw/eval"
	"tpe/internal/tool"
	"tpe/internal/tool/tooltest"
)

// builder makes small netlists by hand.
type builder struct {
	n   *netlist.Netlist
	lib *liberty.Library
}

func newBuilder(lib *liberty.Library, inputs ...string) *builder {
	b := &builder{lib: lib, n: &netlist.Netlist{Name: "top", Library: lib, Nets: []string{"0", "1"}, Clock: netlist.Open}}
	for _, name := range inputs {
		net := b.net()
		b.n.Inputs = append(b.n.Inputs, netlist.Port{Name: name, Nets: []int{net}})
		if name == "clk_i" {
			b.n.Clock = net
		}
	}
	return b
}

func (b *builder) in(i int) int { return b.n.Inputs[i].Nets[0] }

func (b *builder) net() int {
	b.n.Nets = append(b.n.Nets, fmt.Sprintf("n%d", len(b.n.Nets)))
	return len(b.n.Nets) - 1
}

// cell places a cell with its inputs in the order of its pins and returns the new net at
// its output.
func (b *builder) cell(name string, inputs ...int) int {
	kind := b.lib.Cell(name)
	out := b.net()
	c := netlist.Cell{Kind: kind}
	for _, p := range kind.Pins {
		if p.Dir == liberty.Out {
			c.Pins = append(c.Pins, out)
		} else {
			c.Pins = append(c.Pins, inputs[0])
			inputs = inputs[1:]
		}
	}
	b.n.Cells = append(b.n.Cells, c)
	return out
}

func (b *builder) out(net int) {
	b.n.Outputs = append(b.n.Outputs, netlist.Port{Name: fmt.Sprintf("o%d", len(b.n.Outputs)), Nets: []int{net}})
}

func osu018(t testing.TB) *liberty.Library {
	t.Helper()
	lib, err := liberty.Load(tooltest.Need(t, tool.OSU018)[0].Path)
	if err != nil {
		t.Fatal(err)
	}
	return lib
}

// chains are netlists through which every edge passes, so that the activity of all nets is
// that of the inputs.
func chains(lib *liberty.Library) map[string]*netlist.Netlist {
	list := map[string]*netlist.Netlist{}
	b := newBuilder(lib, "a")
	x := b.in(0)
	for range 9 {
		x = b.cell("INVX1", x)
	}
	b.out(x)
	list["inverters"] = b.n

	b = newBuilder(lib, "a")
	x = b.in(0)
	for i := range 9 {
		x = b.cell([]string{"BUFX2", "BUFX4"}[i%2], x)
	}
	b.out(x)
	list["buffers"] = b.n

	b = newBuilder(lib, "a")
	x = b.cell("BUFX2", b.cell("BUFX2", b.in(0)))
	for range 6 {
		b.out(b.cell("BUFX2", b.cell("BUFX4", x)))
		b.out(b.cell("BUFX4", x))
	}
	list["tree"] = b.n

	b = newBuilder(lib, "clk_i", "d")
	x = b.in(1)
	for range 5 {
		x = b.cell("DFFPOSX1", b.in(0), x)
	}
	b.out(x)
	list["shift register"] = b.n

	b = newBuilder(lib, "clk_i", "d")
	x = b.cell("DFFPOSX1", b.in(0), b.in(1))
	for range 12 {
		b.out(b.cell("DFFPOSX1", b.in(0), b.cell("BUFX2", x)))
	}
	list["fan-out of a flip-flop"] = b.n

	b = newBuilder(lib, "clk_i", "d", "e")
	x = b.cell("BUFX2", b.cell("BUFX2", b.in(1)))
	y := b.cell("BUFX4", b.cell("DFFPOSX1", b.in(0), b.in(2)))
	for range 3 {
		b.out(b.cell("BUFX4", b.cell("BUFX2", x)))
		b.out(b.cell("DFFPOSX1", b.in(0), y))
		y = b.cell("BUFX2", y)
	}
	b.out(y)
	list["both"] = b.n
	return list
}

// TestAgainstOpenSTA compares the energy of a clock cycle with the power that OpenSTA
// reports for the same activity. Its version 2.0.17 charges every edge of an output and
// of the clock with the internal energy of a rise and of a fall, twice what Liberty
// means, and every edge at a data pin with their mean, which is right; so its
// internal power is compared with that of the same count. It also reads the table of an
// inverter's rise at the transition of the input's rise; so there only the switching
// power is compared ([TestGatesByHand] has the inverting gates).
func TestAgainstOpenSTA(t *testing.T) {
	sta := tooltest.Need(t, tool.STA, tool.OSU018)
	lib := osu018(t)
	const load, period, cycles, edges = 20.0, 10.0, 4, 1 // fF, ns; one rise and one fall in four cycles: 0.5 edges a cycle
	for name, n := range chains(lib) {
		if err := n.Check(); err != nil {
			t.Fatal(err)
		}
		tr, err := timing.Analyze(n, timing.Options{OutputLoad: load})
		if err != nil {
			t.Fatal(err)
		}
		m := power.NewModel(n, tr, power.Load{Assumed: load, Charged: load})
		act := &power.Activity{Cycles: cycles, Rises: make([]uint64, len(n.Nets)), Falls: make([]uint64, len(n.Nets))}
		for net := 2; net < len(n.Nets); net++ {
			act.Rises[net], act.Falls[net] = edges, edges
		}
		got := m.Of(act)
		for _, p := range n.Inputs { // OpenSTA counts the load of an input net for whoever drives it
			e := m.Rise[p.Nets[0]]
			got.Switching -= edges * (e.Switching + m.Fall[p.Nets[0]].Switching)
		}
		clockLoad, dataPins := 0.0, 0.0
		at := func(table *liberty.Table, slew float64) float64 {
			return table.Lookup(liberty.At{liberty.VarSlew: slew})
		}
		for i := range n.Cells {
			for k, p := range n.Cells[i].Kind.Pins {
				net := n.Cells[i].Pins[k]
				switch {
				case net == n.Clock: // its load is that of whoever drives it, too
					clockLoad += lib.Voltage * lib.Voltage / 2 * (p.RiseCap + p.FallCap)
				case p.Name == "D":
					rise, fall := tr.Slew(net)
					dataPins += edges * (at(p.Powers[0].Rise, rise) + at(p.Powers[0].Fall, fall))
				}
			}
		}
		internal, switching := staPower(t, sta[0], sta[1].Path, n, load, period)
		check := func(what string, gotFJ, wantW float64) {
			t.Helper()
			want := wantW * period * 1e-9 * 1e15
			if e := math.Abs(gotFJ/want - 1); !(e < 0.01) {
				t.Errorf("%s: %s %.3f fJ a cycle, OpenSTA has %.3f", name, what, gotFJ, want)
			} else {
				t.Logf("%s: %s %.3f fJ a cycle, OpenSTA %.3f", name, what, gotFJ, want)
			}
		}
		if name != "inverters" {
			check("internal", (2*(got.Internal+got.Clock-cycles*clockLoad)-dataPins)/cycles, internal)
		}
		check("switching", got.Switching/cycles, switching)
	}
}

var totalRE = regexp.MustCompile(`(?m)^Total\s+(\S+)\s+(\S+)`)

// staPower returns internal and switching power in W at half an edge a cycle.
func staPower(t *testing.T, sta tool.Tool, lib string, n *netlist.Netlist, load, period float64) (internal, switching float64) {
	t.Helper()
	dir := t.TempDir()
	clock := ""
	if n.Clock != netlist.Open {
		clock = "[get_ports {clk_i*}]"
	}
	script := fmt.Sprintf(`read_liberty %s
read_verilog n.v
link_design top
create_clock -name clk -period %g %s
set_input_delay 0 -clock clk [all_inputs]
set_load %g [all_outputs]
set_power_activity -input -activity 0.5 -duty 0.5
report_power -digits 9
`, lib, period, clock, load/1000)
	for name, text := range map[string][]byte{"n.v": n.Verilog(), "s.tcl": []byte(script)} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := sta.Run(t.Context(), dir, "-exit", "s.tcl")
	if err != nil {
		t.Fatal(err)
	}
	f := totalRE.FindSubmatch(text)
	if f == nil {
		t.Fatalf("OpenSTA printed no total:\n%s", text)
	}
	internal, err1 := strconv.ParseFloat(string(f[1]), 64)
	switching, err2 := strconv.ParseFloat(string(f[2]), 64)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	return internal, switching
}

// TestGatesByHand sums the energy of every gate of the library by itself, edge by
// edge, for random inputs.
func TestGatesByHand(t *testing.T) {
	lib := osu018(t)
	const load, slew = 15.0, 100.0
	rng := rand.New(rand.NewPCG(1, 1))
	count := 0
	for _, kind := range lib.Cells {
		if !kind.Usable() || kind.FF != nil {
			continue
		}
		count++
		var names []string
		for i := range kind.Inputs() {
			names = append(names, fmt.Sprintf("i%d", i))
		}
		b := newBuilder(lib, names...)
		var nets []int
		for i := range names {
			nets = append(nets, b.in(i))
		}
		b.out(b.cell(kind.Name, nets...))
		tr, err := timing.Analyze(b.n, timing.Options{OutputLoad: load, InputSlew: slew})
		if err != nil {
			t.Fatal(err)
		}
		z, err := power.NewZero(b.n, 1)
		if err != nil {
			t.Fatal(err)
		}
		// By hand: values of the pins now and before.
		y := kind.Outputs()[0]
		want, before := 0.0, []uint64(nil)
		table := func(t *liberty.Table, load float64) float64 {
			return t.Lookup(liberty.At{liberty.VarSlew: slew, liberty.VarLoad: load})
		}
		for range 200 {
			var now []uint64
			for i := range names {
				v := rng.Uint64() & 1
				now = append(now, v)
				z.Set(nets[i], power.Block{v})
			}
			z.Settle()
			z.Count()
			vars := make([]uint64, len(y.Function.Vars))
			for k, v := range y.Function.Vars {
				vars[k] = now[slices.IndexFunc(kind.Inputs(), func(p *liberty.Pin) bool { return p.Name == v })]
			}
			now = append(now, y.Function.Eval(vars)&1)
			if before != nil {
				for i, p := range kind.Inputs() {
					if now[i] == before[i] {
						continue
					}
					c := p.FallCap
					if now[i] == 1 {
						c = p.RiseCap
					}
					want += c * lib.Voltage * lib.Voltage / 2
					if len(p.Powers) > 0 {
						t.Errorf("%s: input %s has an energy of its own", kind.Name, p.Name)
					}
				}
				if k := len(names); now[k] != before[k] {
					sum := 0.0
					for _, p := range y.Powers {
						if now[k] == 1 {
							sum += table(p.Rise, load)
						} else {
							sum += table(p.Fall, load)
						}
					}
					want += sum/float64(len(y.Powers)) + load*lib.Voltage*lib.Voltage/2
				}
			}
			before = now
		}
		got := power.NewModel(b.n, tr, power.Load{Assumed: load, Charged: load}).Of(z.Activity()).Total()
		if !(math.Abs(got/want-1) < 1e-9) {
			t.Errorf("%s: %.4f fJ, by hand %.4f", kind.Name, got, want)
		}
	}
	if count < 15 {
		t.Errorf("%d gates", count)
	}
}

// TestModes simulates the PEs of the presets in both modes and on the graph: all nets
// agree after every cycle, and the outputs are those of the graph.
func TestModes(t *testing.T) {
	tooltest.Need(t, tool.Yosys)
	lib := osu018(t)
	s, err := synth.New(lib)
	if err != nil {
		t.Fatal(err)
	}
	load := 4 * lib.InverterLoad()
	for _, name := range []string{"systolic-os", "systolic-ws-opt1"} {
		m := peOf(t, name)
		n, err := s.Module(t.Context(), m, synth.Balanced, 0)
		if err != nil {
			t.Fatal(err)
		}
		tr, err := timing.Analyze(n, timing.Options{OutputLoad: load, InputSlew: 50})
		if err != nil {
			t.Fatal(err)
		}
		compareModes(t, m, n, tr, load)
	}
}

func compareModes(t *testing.T, m *hw.Module, n *netlist.Netlist, tr *timing.Result, load float64) {
	const cycles, streams = 100, 130
	z, err1 := power.NewZero(n, streams)
	ev, err2 := power.NewEvent(n, tr, load)
	machine, err3 := eval.New(m)
	if err1 != nil || err2 != nil || err3 != nil {
		t.Fatal(err1, err2, err3)
	}
	rng := rand.New(rand.NewPCG(3, 4))
	words := make([]uint64, 1)
	for cycle := range cycles {
		var values []bool
		inputs := map[string]uint64{"rst_ni": uint64(b2i(cycle > 0))}
		for i, p := range m.Inputs {
			v := rng.Uint64() & hw.Mask(m.Nodes[p.Node].Width)
			inputs[p.Name] = v
			machine.Set(i, []uint64{v})
		}
		machine.Settle()
		for _, p := range n.Inputs {
			for i, net := range p.Nets {
				if net == n.Clock {
					continue
				}
				bit := inputs[p.Name] >> i & 1
				b := power.Block{rng.Uint64(), rng.Uint64(), rng.Uint64()}
				if p.Name == "rst_ni" {
					b = power.Block{-bit, -bit, -bit}
				}
				b[0] = b[0]&^1 | bit // stream 0 is the one that the others run
				z.Set(net, b)
				values = append(values, bit == 1)
			}
		}
		z.Settle()
		z.Count()
		if err := ev.Cycle(values); err != nil {
			t.Fatal(err)
		}
		for net := range n.Nets {
			if net != n.Clock && ev.Get(net) != (z.Get(net)[0]&1 == 1) {
				t.Fatalf("%s, cycle %d, net %s: event-driven %v, zero-delay the other", m.Name, cycle, n.Nets[net], ev.Get(net))
			}
		}
		for i, p := range m.Outputs {
			machine.Get(i, words)
			port, _ := n.Output(p.Name)
			for k, net := range port.Nets {
				if cycle > 0 && ev.Get(net) != (words[0]>>k&1 == 1) {
					t.Fatalf("%s, cycle %d, output %s[%d]: gates %v, graph %b", m.Name, cycle, p.Name, k, ev.Get(net), words[0])
				}
			}
		}
		z.Step()
		machine.Step(cycle == 0)
	}
	mod := power.NewModel(n, tr, power.Load{Assumed: load, Charged: load})
	az, ae := z.Activity(), ev.Activity()
	if az.Cycles != (cycles-1)*streams || ae.Cycles != cycles-1 {
		t.Errorf("%d and %d cycles, want %d and %d", az.Cycles, ae.Cycles, (cycles-1)*streams, cycles-1)
	}
	zero, event := mod.Of(az), mod.Of(ae)
	glitch := (event.Internal + event.Switching) / float64(ae.Cycles) / ((zero.Internal + zero.Switching) / float64(az.Cycles))
	t.Logf("%s: %.1f fJ a cycle without glitches, data energy with glitches %.2f times", m.Name, zero.Total()/float64(az.Cycles), glitch)
	if glitch < 1.1 || glitch > 3 {
		t.Errorf("%s: glitch factor %.2f, want 1.1 to 3", m.Name, glitch)
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// peOf returns the PE of a preset.
func peOf(t testing.TB, name string) *hw.Module {
	t.Helper()
	c, err := arch.Load(name, nil)
	if err != nil {
		t.Fatal(err)
	}
	e, err := arch.Build(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range e.Top.Modules() {
		if strings.HasPrefix(m.Name, "pe_") {
			return m
		}
	}
	t.Fatalf("%s has no PE", name)
	return nil
}
