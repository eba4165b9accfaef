package cost

import (
	"context"
	"fmt"
	"strings"

	"tpe/cost/memory"
	"tpe/cost/split"
	"tpe/hw"
)

// Kinds of parts.
const (
	PartPE      = "pe"      // the processing elements
	PartEdge    = "edge"    // what stands once a row or column: buffers, skew, accumulators
	PartControl = "control" // what stands once
	PartDelay   = "delay"   // delay lines
	PartMemory  = "memory"
)

// Row is the area of one piece of an engine.
type Row struct {
	Part   string  `json:"part"`
	Module string  `json:"module"` // of the graph
	Piece  string  `json:"piece"`  // of the module: over which axes it stands, or a delay or memory by name
	Count  int     `json:"count"`  // in the engine
	Gates  float64 `json:"gates_um2"`
	Flops  float64 `json:"flip_flops_um2"`
	Macro  float64 `json:"macro_um2"`
	Area   float64 `json:"area_um2"` // of all: Count * (Gates + Flops + Macro)
	FFs    int     `json:"flip_flops"`
	Leak   float64 `json:"leakage_nw"`  // of all
	Spread float64 `json:"area_spread"` // over the orders of statements, relative
	Method string  `json:"method"`
	Error  string  `json:"error"` // what is known of the area's
}

// Methods.
const (
	MethodSynthesis = "synthesis"
	MethodTable     = "table"
	MethodModel     = "fast model"
)

// Design is an engine made of gates.
type Design struct {
	Rows []Row

	flow    *Flow
	top     *hw.Module
	parts   []split.Part
	blocks  map[*hw.Module]*block // by the module of a piece
	mems    []placedMemory
	delays  []placedDelay
	index   map[*hw.Module]int // of parts; equal modules share one
	partRow []int              // the first row of each part; its pieces come first
}

// placedMemory is a memory of the design.
type placedMemory struct {
	part   int
	mem    split.Memory
	macro  memory.Cost // of one, if it is a macro
	bits   *block      // else
	decode *block
	hit    *block // of a forwarding one
	pass   *block
	row    int
}

type placedDelay struct {
	part  int
	delay split.Delay
	row   int
}

// Area is the sum over the rows, um^2.
func (d *Design) Area() float64 {
	sum := 0.0
	for _, r := range d.Rows {
		sum += r.Area
	}
	return sum
}

// Leakage is the sum over the rows, nW.
func (d *Design) Leakage() float64 {
	sum := 0.0
	for _, r := range d.Rows {
		sum += r.Leak
	}
	return sum
}

// Engine makes gates of a hierarchy.
func (f *Flow) Engine(ctx context.Context, top *hw.Module) (*Design, error) {
	parts, err := split.Engine(top)
	if err != nil {
		return nil, err
	}
	d := &Design{flow: f, top: top, parts: parts, blocks: map[*hw.Module]*block{}}
	need := []*hw.Module{}
	for _, p := range parts {
		for _, x := range p.Pieces {
			need = append(need, x.Module)
		}
	}
	extra, err := d.memories()
	if err != nil {
		return nil, err
	}
	need = append(need, extra...)
	blocks, err := f.blocks(ctx, need)
	if err != nil {
		return nil, err
	}
	for i, m := range need {
		d.blocks[m] = blocks[i]
	}
	d.index = indexOf(top, parts)
	pes := peParts(parts)
	for i := range parts {
		d.partRow = append(d.partRow, len(d.Rows))
		d.rowsOf(i, pes[i])
	}
	return d, nil
}

// memories decides what each memory is, and lists the modules to synthesise for them.
func (d *Design) memories() ([]*hw.Module, error) {
	var need []*hw.Module
	for i, p := range d.parts {
		for _, m := range p.Mems {
			x := placedMemory{part: i, mem: m}
			bits := m.Depth * m.Width * m.Wide
			if bits < smallBits && m.Depth <= maxDepth {
				decode, bit, err := registers(m.Depth)
				if err != nil {
					return nil, err
				}
				x.decode, x.bits = &block{module: decode}, &block{module: bit}
				need = append(need, decode, bit)
			} else {
				c, err := memory.SRAM{Bytes: (bits + 7) / 8, Width: m.Width * m.Wide, Node: d.flow.Node, Device: d.flow.Device}.Cost()
				if err != nil {
					return nil, fmt.Errorf("memory %s of %s: %w", m.Name, p.Module.Name, err)
				}
				x.macro = c
			}
			if p.Module.Mems[p.Module.Nodes[m.Node].Imm].Forward {
				hit, pass, err := forward(hw.Bits(m.Depth - 1))
				if err != nil {
					return nil, err
				}
				x.hit, x.pass = &block{module: hit}, &block{module: pass}
				need = append(need, hit, pass)
			}
			d.mems = append(d.mems, x)
		}
	}
	return need, nil
}

// indexOf finds the part of every module of the hierarchy.
func indexOf(top *hw.Module, parts []split.Part) map[*hw.Module]int {
	byText := map[string]int{}
	text := func(m *hw.Module) string {
		var b strings.Builder
		_ = hw.WriteText(&b, m) // into memory
		return b.String()
	}
	for i, p := range parts {
		byText[text(p.Module)] = i
	}
	out := map[*hw.Module]int{}
	for _, m := range top.Modules() {
		out[m] = byText[text(m)]
	}
	return out
}

// peParts tells which parts are processing elements: modules whose name begins with pe_
// and those below them or, without one, those that stand most often.
func peParts(parts []split.Part) []bool {
	out := make([]bool, len(parts))
	named, most := false, 0
	for _, p := range parts {
		named = named || strings.HasPrefix(p.Module.Name, "pe_")
		most = max(most, p.Count)
	}
	below := map[string]bool{}
	for i, p := range parts {
		if named {
			out[i] = strings.HasPrefix(p.Module.Name, "pe_") || below[p.Module.Name]
		} else {
			out[i] = p.Count == most && len(parts) > 1
		}
		if out[i] {
			for _, m := range p.Module.Modules() {
				below[m.Name] = true
			}
		}
	}
	return out
}

func (d *Design) rowsOf(i int, pe bool) {
	p := &d.parts[i]
	kind := func(s hw.Shape) string {
		switch {
		case pe:
			return PartPE
		case s == 0:
			return PartControl
		}
		return PartEdge
	}
	for _, x := range p.Pieces {
		b := d.blocks[x.Module]
		d.Rows = append(d.Rows, d.flow.row(Row{Part: kind(x.Shape), Module: p.Module.Name, Piece: axes(p.Module, x.Shape), Count: p.Count * x.Lanes}, b))
	}
	for _, x := range p.Delays {
		part := PartDelay
		if pe {
			part = PartPE
		}
		name := p.Module.Nodes[x.Node].Name
		if name == "" {
			name = fmt.Sprintf("n%d", x.Node)
		}
		if x.Bits == 0 {
			continue
		}
		d.delays = append(d.delays, placedDelay{i, x, len(d.Rows)})
		d.Rows = append(d.Rows, d.flow.row(Row{Part: part, Module: p.Module.Name, Piece: "delay " + name, Count: p.Count * x.Bits}, d.flow.cell))
	}
	for k := range d.mems {
		m := &d.mems[k]
		if m.part != i {
			continue
		}
		m.row = len(d.Rows)
		count := p.Count * m.mem.Count
		row := Row{Part: PartMemory, Module: p.Module.Name, Piece: fmt.Sprintf("%s %dx%d", m.mem.Name, m.mem.Depth, m.mem.Width*m.mem.Wide), Count: count}
		if m.bits != nil {
			m.decode, m.bits = d.blocks[m.decode.module], d.blocks[m.bits.module]
			bits := row
			bits.Piece, bits.Count = row.Piece+" bit", count*m.mem.Width*m.mem.Wide
			row.Piece += " decoder"
			d.Rows = append(d.Rows, d.flow.row(row, m.decode), d.flow.row(bits, m.bits))
		} else {
			row.Macro, row.Method, row.Error = m.macro.Area*1e6, MethodTable, memory.AreaError
			row.Area = row.Macro * float64(count)
			row.Leak = m.macro.Leakage * 1e6 * float64(count)
			d.Rows = append(d.Rows, row)
		}
		if m.hit != nil {
			m.hit, m.pass = d.blocks[m.hit.module], d.blocks[m.pass.module]
			hit := Row{Part: PartMemory, Module: p.Module.Name, Piece: m.mem.Name + " forward", Count: count}
			pass := hit
			pass.Piece, pass.Count = m.mem.Name+" forward bit", count*m.mem.Width*m.mem.Wide
			d.Rows = append(d.Rows, d.flow.row(hit, m.hit), d.flow.row(pass, m.pass))
		}
	}
}

// row fills a row from a block.
func (f *Flow) row(r Row, b *block) Row {
	r.Gates, r.Flops, r.Spread, r.Method = b.gates, b.flops, b.areaSpread, f.method()
	r.Area = (r.Gates + r.Flops) * float64(r.Count)
	r.FFs, r.Leak = b.net.FlipFlops(), b.net.Leakage()*float64(r.Count)
	r.Error = f.spreadText(b.areaSpread)
	if f.tech != nil {
		r.Error = f.tech.Recipes[string(f.Recipe)].AreaError.Short()
	}
	return r
}

// axes names a shape: "once", "row col".
func axes(m *hw.Module, s hw.Shape) string {
	if s == 0 {
		return "once"
	}
	return strings.Trim(m.ShapeString(s), "[]")
}

// GateEquivalents is an area in two-input NANDs of the library; NaN without one.
func (d *Design) GateEquivalents(area float64) float64 {
	return area / d.flow.gateArea()
}
