package liberty

import (
	"cmp"
	"math"
	"regexp"
	"slices"
)

// Library is a cell library at one corner.
type Library struct {
	Name        string
	Voltage     float64 // nominal supply, V
	Temperature float64 // nominal, degrees C
	Cells       []*Cell // in the order of the file

	byName map[string]*Cell
	tree   *Group
}

// New makes a library of cells at a supply voltage (V).
func New(name string, voltage float64, cells []*Cell) *Library {
	l := &Library{Name: name, Voltage: voltage, Cells: cells, byName: map[string]*Cell{}}
	for _, c := range cells {
		l.byName[c.Name] = c
	}
	return l
}

// Cell returns a cell by name, or nil.
func (l *Library) Cell(name string) *Cell { return l.byName[name] }

// Cell is one cell.
type Cell struct {
	Name    string
	Area    float64 // as in the file, by custom um^2
	Leakage float64 // nW, the cell's figure, or the mean of its states if it has none
	States  []State
	Pins    []*Pin // inputs, outputs and others in the order of the file; no power pins
	FF      *FF    // nil unless it holds one flip-flop
	Reason  string // why a synchronous design of simple gates must not use it, "" if it may

	group *Group
}

// State is the leakage in a state of the pins.
type State struct {
	When  *Function // nil: otherwise
	Power float64   // nW
}

// FF is a flip-flop (group ff).
type FF struct {
	State, Inverse string    // the names of the state variables
	Next           *Function // next_state
	Clock          *Function // clocked_on
	Clear, Preset  *Function // asynchronous, nil if it has none
}

// Dir is the direction of a pin.
type Dir uint8

// Directions.
const (
	In Dir = iota + 1
	Out
	Other // inout, internal
)

// Pin is a pin of a cell.
type Pin struct {
	Name     string
	Dir      Dir
	Cap      float64 // fF
	RiseCap  float64 // fF, when the net rises
	FallCap  float64
	MaxLoad  float64   // fF, 0 if the file gives none
	Clock    bool      // stated by the file, or by an ff group
	Function *Function // of an output; over pins and state variables
	Arcs     []Arc
	Powers   []Power
}

// ArcKind says what an arc is.
type ArcKind uint8

// Kinds of arcs.
const (
	Combinational ArcKind = iota + 1 // input to output
	ClockEdge                        // clock to output
	Setup
	Hold
	OtherArc // recovery, removal, pulse width, three-state, preset and clear
)

// Sense says which edge of the output an edge of the input causes.
type Sense uint8

// Senses.
const (
	NonUnate Sense = iota
	PositiveUnate
	NegativeUnate
)

// Arc is the timing from one related pin to the pin that owns it. Tables are nil
// where the file has none.
type Arc struct {
	Related                        string
	Kind                           ArcKind
	Falling                        bool // of ClockEdge, Setup and Hold: the clock's falling edge
	Sense                          Sense
	When                           *Function
	CellRise, CellFall             *Table // ps, by the output's edge
	TransitionRise, TransitionFall *Table // ps
	ConstraintRise, ConstraintFall *Table // ps, by the constrained pin's edge
}

// Power is an internal energy of the pin that owns it, spent at its edges. That of
// an output is caused by an edge of Related, that of an input has Related "".
type Power struct {
	Related    string
	When       *Function
	Rise, Fall *Table // fJ; negative values are legal; nil where the file has none
}

// Pin returns a pin by name, or nil.
func (c *Cell) Pin(name string) *Pin {
	for _, p := range c.Pins {
		if p.Name == name {
			return p
		}
	}
	return nil
}

// Inputs lists the input pins in the order of the file.
func (c *Cell) Inputs() []*Pin { return c.byDir(In) }

// Outputs lists the output pins in the order of the file.
func (c *Cell) Outputs() []*Pin { return c.byDir(Out) }

func (c *Cell) byDir(d Dir) []*Pin {
	var out []*Pin
	for _, p := range c.Pins {
		if p.Dir == d {
			out = append(out, p)
		}
	}
	return out
}

// Usable tells whether a synchronous design of gates and flip-flops may use the
// cell.
func (c *Cell) Usable() bool { return c.Reason == "" }

// Buffer tells whether the cell has one input and repeats it.
func (c *Cell) Buffer() bool { return c.isFunction(1, 0b10) }

// Inverter tells whether the cell has one input and inverts it.
func (c *Cell) Inverter() bool { return c.isFunction(1, 0b01) }

// Nand2 tells whether the cell is a two-input NAND.
func (c *Cell) Nand2() bool { return c.isFunction(2, 0b0111) }

func (c *Cell) isFunction(inputs int, table uint64) bool {
	in, out := c.Inputs(), c.Outputs()
	if c.FF != nil || len(in) != inputs || len(out) != 1 || out[0].Function == nil {
		return false
	}
	var names []string
	for _, p := range in {
		names = append(names, p.Name)
	}
	t, err := out[0].Function.Truth(names)
	mask := uint64(1)<<(1<<inputs) - 1
	return err == nil && t&mask == table
}

// FlipFlops lists the cells that flip-flops may be mapped to: the usable ones or, in a
// library that has none, those with an asynchronous clear or preset, which is then tied
// off.
func (l *Library) FlipFlops() []*Cell {
	for _, reason := range []string{"", asyncReason} {
		var list []*Cell
		for _, c := range l.Cells {
			if c.FF != nil && c.Reason == reason {
				list = append(list, c)
			}
		}
		if len(list) > 0 {
			return list
		}
	}
	return nil
}

// Smallest returns the usable cell of least area of those that pass, or nil. The
// first in the file wins a tie.
func (l *Library) Smallest(pass func(*Cell) bool) *Cell {
	var best *Cell
	for _, c := range l.Cells {
		if c.Usable() && pass(c) && (best == nil || c.Area < best.Area) {
			best = c
		}
	}
	return best
}

// GateArea is the area of the smallest two-input NAND, the unit of gate
// equivalents; NaN if the library has none.
func (l *Library) GateArea() float64 {
	c := l.Smallest((*Cell).Nand2)
	if c == nil {
		return math.NaN()
	}
	return c.Area
}

// InverterLoad is the input capacitance of the smallest inverter (fF), 0 if there is
// none.
func (l *Library) InverterLoad() float64 {
	c := l.Smallest((*Cell).Inverter)
	if c == nil {
		return 0
	}
	return c.Inputs()[0].Cap
}

// Driver returns the buffer that stands for what drives a block: the smallest usable
// buffer of double strength, which is told by its name (BUFX2, buf_2), or else the
// second smallest. nil if there is none.
func (l *Library) Driver() *Cell {
	var list []*Cell
	for _, c := range l.Cells {
		if c.Usable() && c.Buffer() {
			list = append(list, c)
		}
	}
	slices.SortStableFunc(list, func(a, b *Cell) int { return cmp.Compare(a.Area, b.Area) })
	for _, c := range list {
		if doubleRE.MatchString(c.Name) {
			return c
		}
	}
	if len(list) == 0 {
		return nil
	}
	return list[min(1, len(list)-1)]
}

var doubleRE = regexp.MustCompile(`(?i)buf_?x?2$`)
