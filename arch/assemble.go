package arch

import (
	"errors"

	"tpe/hw"
	"tpe/pe"
)

// parts puts modules together and remembers the first error, so that builders
// read like a block diagram.
type parts struct {
	b    *hw.Builder
	errs []error
}

// module passes a module through and records the error of making it.
func (p *parts) module(m *hw.Module, err error) *hw.Module {
	if err != nil {
		p.errs = append(p.errs, err)
	}
	return m
}

func (p *parts) inst(name string, m *hw.Module, in hw.Ports, axes ...int) hw.Ports {
	if m == nil {
		return hw.Ports{}
	}
	return p.b.Inst(name, m, in, axes...)
}

// lanes describes axes of the top module to a module below it.
func (p *parts) lanes(axes []int) []hw.Axis {
	var list []hw.Axis
	for _, a := range axes {
		list = append(list, p.b.AxisAt(a))
	}
	return list
}

func (p *parts) build() (*hw.Module, error) {
	if len(p.errs) > 0 {
		return nil, errors.Join(p.errs...)
	}
	return p.b.Build()
}

// over is a field of a stream with a word for each coordinate of the axes.
func (p *parts) over(name string, width int, axes ...int) field {
	return field{name, width, p.lanes(axes)}
}

// stream makes the ports of a consumed stream, with a buffer behind them, and
// returns valid and the fields by name. take is 1 when the beat is consumed, which it may
// be only while valid is.
func (p *parts) stream(name string, en, take hw.ID, fields ...field) map[string]hw.ID {
	in := hw.Ports{"s_valid_i": p.b.In(name+"_valid_i", 1), "en_i": en, "take_i": take}
	for _, f := range fields {
		var axes []int
		for _, l := range f.lanes {
			axes = append(axes, p.b.AxisNamed(l.Name))
		}
		in["s_"+f.name+"_i"] = p.b.In(name+"_"+f.name+"_i", f.width, axes...)
	}
	out := p.inst("skid_"+name, p.module(skid("skid_"+name, fields...)), in)
	p.b.Out(name+"_ready_o", out["s_ready_o"])
	got := map[string]hw.ID{"valid": out["valid_o"]}
	for _, f := range fields {
		got[f.name] = out[f.name+"_o"]
	}
	return got
}

// grid is an array of cells whose ports are linked to their neighbours.
type grid struct {
	p     *parts
	name  string
	cell  *hw.Module
	axes  []int
	in    hw.Ports
	links []link
}

type link struct {
	port      string
	axis, dir int
	wire      hw.ID
	edge      hw.ID
}

func (p *parts) grid(name string, cell *hw.Module, axes ...int) *grid {
	return &grid{p: p, name: name, cell: cell, axes: axes, in: hw.Ports{}}
}

// link connects port_o of each cell to port_i of the next along the axis; edge
// enters the first.
func (g *grid) link(port string, axis, dir int, edge hw.ID) {
	if g.cell == nil {
		return
	}
	port0, _ := g.cell.Input(port + "_i")
	if port0.Node == hw.None {
		g.p.errs = append(g.p.errs, errors.New("arch: cell "+g.cell.Name+" has no port "+port+"_i"))
		return
	}
	w := g.p.b.Wire(g.name+"_"+port+"_in", g.cell.Nodes[port0.Node].Width, g.axes...)
	g.in[port+"_i"] = w
	g.links = append(g.links, link{port, axis, dir, w, edge})
}

// broadcast gives every cell the same value on an input.
func (g *grid) broadcast(port string, x hw.ID) { g.in[port+"_i"] = x }

// place makes the instance and closes the links.
func (g *grid) place() hw.Ports {
	out := g.p.inst(g.name, g.cell, g.in, g.axes...)
	for _, l := range g.links {
		if x, ok := out[l.port+"_o"]; ok {
			g.p.b.Drive(l.wire, g.p.b.Shift(l.axis, l.dir, x, l.edge))
		}
	}
	return out
}

// tailIn is what the tail of an array takes.
type tailIn struct {
	valid, data hw.ID    // a result row, aligned; its axes are those of the stream y
	arith       pe.Arith // adds the initial C; nil if it enters elsewhere
	depth       int      // of the result store
	busy        hw.ID    // a job is on
	pop         hw.ID    // wire, driven here: a row is taken out of the store
}

// tail is the end of most arrays: a result store in front of the exit.
func (p *parts) tail(c *Config, t tailIn) {
	b := p.b
	var x exit
	if t.arith != nil {
		x = p.exit(c)
	} else {
		ready := b.In("y_ready_i", 1)
		x = exit{ready, ready}
	}
	store := p.inst("store", p.module(resultFIFO("result_store", b.Width(t.data), t.depth, p.lanes(b.ShapeOf(t.data).Axes())...)), hw.Ports{
		"in_valid_i": t.valid, "in_data_i": t.data, "out_ready_i": x.taken})
	b.Drive(t.pop, store["pop_o"])
	p.leave(c, x, store["out_valid_o"], store["out_data_o"], t.busy, t.arith)
}

// exit is the way out of every array: the addition of the initial C if the engine has one,
// and the stream y. taken says that a result is taken if there is one.
type exit struct{ ready, taken hw.ID }

func (p *parts) exit(c *Config) exit {
	ready := p.b.In("y_ready_i", 1)
	if c.InitC {
		return exit{ready, p.b.Wire("store_ready", 1)}
	}
	return exit{ready, ready}
}

// leave sends results through the exit. Their axes are those of the stream y; busy says that
// a job is on; arith adds the initial C, and is nil if that has entered before.
func (p *parts) leave(c *Config, x exit, valid, data, busy hw.ID, arith pe.Arith) {
	b := p.b
	if c.InitC && arith != nil {
		acc := b.Width(data)
		axes := b.ShapeOf(data).Axes()
		take := b.Wire("c_take", 1)
		in := p.stream("c", busy, take, p.over("data", acc, axes...))
		sum := p.inst("add_c", p.module(addC("add_c", acc, arith, p.lanes(axes)...)), hw.Ports{
			"in_valid_i": valid, "in_data_i": data, "c_valid_i": in["valid"], "c_data_i": in["data"], "out_ready_i": x.ready})
		b.Drive(take, sum["take_o"])
		b.Drive(x.taken, sum["in_ready_o"])
		valid, data = sum["out_valid_o"], sum["out_data_o"]
	}
	b.Out("y_valid_o", valid)
	b.Out("y_data_o", data)
}
