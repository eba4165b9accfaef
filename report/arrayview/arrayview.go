// Package arrayview records what every processing element of a small array does in every cycle
// of a job, for the array viewer of a report.
package arrayview

import (
	"errors"
	"fmt"
	"strings"

	"tpe/hw"
	"tpe/hw/drive"
	"tpe/hw/eval"
)

// Limits of a recording.
const (
	MaxElements = 1024
	MaxCycles   = 2000
	maxWidth    = 53 // of a register that is shown: JavaScript's whole numbers
)

// States of a processing element in a cycle.
const (
	Busy   = 'b' // one of its registers changes at the end of the cycle
	Stall  = 's' // none does, and a port of the engine waits: valid without ready
	Bubble = '.' // none does, while the engine is at work
	Idle   = 'i' // none does, before the first beat and after the last
)

// View is a recording. Its JSON form is what the report's script reads.
type View struct {
	Engine    string     `json:"engine"`
	Job       string     `json:"job"`
	Rows      int        `json:"rows"`
	Cols      int        `json:"cols"`
	RowName   string     `json:"row_name"` // of the axes
	ColName   string     `json:"col_name"`
	States    []string   `json:"states"` // a cycle each: a letter an element, row by row
	Registers []Register `json:"registers"`
}

// Register is one of those that every element has.
type Register struct {
	Name   string     `json:"name"`
	Width  int        `json:"width"`
	Values [][]uint64 `json:"values"` // a cycle each: a value an element, row by row
}

// recorder executes a module like [eval.Machine] and keeps what the elements hold.
type recorder struct {
	*eval.Machine
	view  *View
	nodes []hw.ID
	last  [][]uint64
	waits [][2]hw.ID // valid and ready of each stream
	busy  hw.ID      // output busy_o
}

// Record plays a job on the flat module of an engine.
func Record(flat *hw.Module, play drive.Play, engine, job string) (*View, error) {
	m, err := eval.New(flat)
	if err != nil {
		return nil, err
	}
	r := &recorder{Machine: m, view: &View{Engine: engine, Job: job}, busy: -1}
	if err := r.elements(flat); err != nil {
		return nil, err
	}
	r.ports(flat)
	runner, err := drive.NewMachineRunner(flat, r)
	if err != nil {
		return nil, err
	}
	play.Limit = min(max(play.Limit, 1), MaxCycles)
	if _, err := runner.Run([]drive.Play{play}); err != nil {
		return nil, fmt.Errorf("recording %s: %w", engine, err)
	}
	return r.view, nil
}

// elements finds the two axes that most bits of state have: those of the array.
func (r *recorder) elements(flat *hw.Module) error {
	bits := map[hw.Shape]int{}
	for _, x := range flat.Regs {
		n := &flat.Nodes[x.Node]
		if k := len(n.Shape.Axes()); k == 1 || k == 2 {
			bits[n.Shape] += n.Width * flat.Lanes(n.Shape)
		}
	}
	best := hw.Shape(0)
	for _, x := range flat.Regs { // in the order of the graph, so that equal ones have an order
		if s := flat.Nodes[x.Node].Shape; bits[s] > bits[best] {
			best = s
		}
	}
	if best == 0 {
		return errors.New("the engine has no array of registers")
	}
	axes := best.Axes()
	r.view.Rows, r.view.Cols = 1, flat.Axes[axes[len(axes)-1]].Size
	r.view.ColName = flat.Axes[axes[len(axes)-1]].Name
	if len(axes) == 2 {
		r.view.Rows, r.view.RowName = flat.Axes[axes[0]].Size, flat.Axes[axes[0]].Name
	}
	if n := r.view.Rows * r.view.Cols; n > MaxElements {
		return fmt.Errorf("%d elements (expected at most %d; choose a smaller array)", n, MaxElements)
	}
	for _, x := range flat.Regs {
		n := &flat.Nodes[x.Node]
		if n.Shape == best && n.Width <= maxWidth {
			r.nodes = append(r.nodes, x.Node)
			r.view.Registers = append(r.view.Registers, Register{Name: n.Name, Width: n.Width})
		}
	}
	r.last = make([][]uint64, len(r.nodes))
	return nil
}

// ports finds valid and ready of each stream.
func (r *recorder) ports(flat *hw.Module) {
	at := map[string]hw.ID{}
	for _, p := range append(append([]hw.Port{}, flat.Inputs...), flat.Outputs...) {
		at[p.Name] = p.Node
	}
	for _, p := range append(append([]hw.Port{}, flat.Inputs...), flat.Outputs...) {
		stem, dir, ok := strings.Cut(p.Name, "_valid_")
		if !ok {
			continue
		}
		if ready, ok := at[stem+"_ready_"+map[string]string{"i": "o", "o": "i"}[dir]]; ok {
			r.waits = append(r.waits, [2]hw.ID{p.Node, ready})
		}
	}
	if id, ok := at["busy_o"]; ok {
		r.busy = id
	}
}

// Step implements [hw.Machine]: it notes what the elements hold, takes the clock edge, and notes
// which of them changed.
func (r *recorder) Step(reset bool) {
	waits := false
	for _, w := range r.waits {
		waits = waits || r.Value(w[0])[0] == 1 && r.Value(w[1])[0] == 0
	}
	working := r.busy < 0 || r.Value(r.busy)[0] == 1
	for i, id := range r.nodes {
		r.last[i] = append(r.last[i][:0], r.Value(id)...)
	}
	r.Machine.Step(reset)
	if reset {
		return
	}
	r.Settle()
	state := make([]byte, r.view.Rows*r.view.Cols)
	for e := range state {
		state[e] = Idle
		switch changed := r.changed(e); {
		case changed:
			state[e] = Busy
		case working && waits:
			state[e] = Stall
		case working:
			state[e] = Bubble
		}
	}
	r.view.States = append(r.view.States, string(state))
	for i := range r.nodes {
		r.view.Registers[i].Values = append(r.view.Registers[i].Values, append([]uint64(nil), r.last[i]...))
	}
}

// changed reports whether the edge changed a register of an element.
func (r *recorder) changed(e int) bool {
	for i, id := range r.nodes {
		if r.Value(id)[e] != r.last[i][e] {
			return true
		}
	}
	return false
}
