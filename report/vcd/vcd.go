// Package vcd records the execution of a flat hardware graph as a value change
// dump (IEEE 1364, section 18), the waveform form that GTKWave and its kin open.
//
// A clock period is 2 time units: values settle at even times, the rising edge is at the
// odd time after. Every named node is a signal, in the scope of the instance that it
// came from; a node with several lanes is one signal in a scope of its own for each
// lane, such as row0_col3.
package vcd

import (
	"bufio"
	"fmt"
	"io"
	"sort"
	"strings"

	"tpe/hw"
	"tpe/hw/eval"
)

// MaxSignals bounds the signals of a dump; larger arrays give files that no viewer
// likes.
const MaxSignals = 100000

// Recorder executes a module like [eval.Machine] and writes what changes. It
// implements [hw.Machine].
type Recorder struct {
	*eval.Machine
	out     *bufio.Writer
	signals []signal
	last    []uint64
	cycle   int64
	err     error
}

type signal struct {
	scope []string
	name  string
	node  hw.ID
	lane  int
	width int
	code  string
}

// New writes the header of a dump of flat, whose instances were those of top, and
// returns a machine that records itself. Close it to flush.
func New(w io.Writer, top, flat *hw.Module) (*Recorder, error) {
	m, err := eval.New(flat)
	if err != nil {
		return nil, err
	}
	r := &Recorder{Machine: m, out: bufio.NewWriter(w)}
	for i := range flat.Nodes {
		r.node(top, flat, hw.ID(i))
	}
	if len(r.signals) > MaxSignals {
		return nil, fmt.Errorf("vcd: %d signals (expected at most %d; choose a smaller array)", len(r.signals), MaxSignals)
	}
	sort.SliceStable(r.signals, func(a, b int) bool {
		return strings.Join(r.signals[a].scope, "\x00") < strings.Join(r.signals[b].scope, "\x00")
	})
	for i := range r.signals {
		r.signals[i].code = code(i)
	}
	r.last = make([]uint64, len(r.signals))
	r.header(flat.Name)
	return r, nil
}

// node adds the signals of a node: one for each lane.
func (r *Recorder) node(top, flat *hw.Module, id hw.ID) {
	n := &flat.Nodes[id]
	if n.Name == "" || n.Op == hw.OpConst {
		return
	}
	scope, name := []string(nil), n.Name
	for _, in := range top.Insts {
		if rest, ok := strings.CutPrefix(n.Name, in.Name+"_"); ok && n.Op != hw.OpInput {
			scope, name = []string{in.Name}, rest
			break
		}
	}
	axes := n.Shape.Axes()
	for l := range flat.Lanes(n.Shape) {
		var at []string
		for _, a := range axes {
			at = append(at, fmt.Sprintf("%s%d", flat.Axes[a].Name, l/flat.Stride(n.Shape, a)%flat.Axes[a].Size))
		}
		s := signal{scope: scope, name: name, node: id, lane: l, width: n.Width}
		if len(at) > 0 {
			s.scope = append(append([]string(nil), scope...), strings.Join(at, "_"))
		}
		r.signals = append(r.signals, s)
	}
}

// code is a short printable identifier.
func code(i int) string {
	var b []byte
	for {
		b = append(b, byte('!'+i%94))
		if i /= 94; i == 0 {
			return string(b)
		}
		i--
	}
}

func (r *Recorder) header(name string) {
	fmt.Fprintf(r.out, "$timescale 1ns $end\n$scope module %s $end\n$var wire 1 ~~~clk clk_i $end\n$var wire 1 ~~~rst rst_ni $end\n", name)
	var open []string
	for _, s := range r.signals {
		shared := 0
		for shared < len(open) && shared < len(s.scope) && open[shared] == s.scope[shared] {
			shared++
		}
		for range open[shared:] {
			fmt.Fprintln(r.out, "$upscope $end")
		}
		for _, x := range s.scope[shared:] {
			fmt.Fprintf(r.out, "$scope module %s $end\n", x)
		}
		open = s.scope
		fmt.Fprintf(r.out, "$var wire %d %s %s $end\n", s.width, s.code, s.name)
	}
	for range len(open) + 1 {
		fmt.Fprintln(r.out, "$upscope $end")
	}
	fmt.Fprintln(r.out, "$enddefinitions $end")
}

// Step implements [hw.Machine]: it writes the settled values of the cycle, then
// takes the clock edge.
func (r *Recorder) Step(reset bool) {
	fmt.Fprintf(r.out, "#%d\n0~~~clk\n", 2*r.cycle)
	fmt.Fprintf(r.out, "%d~~~rst\n", map[bool]int{true: 0, false: 1}[reset])
	for i, s := range r.signals {
		v := r.Value(s.node)[s.lane]
		if r.cycle > 0 && v == r.last[i] {
			continue
		}
		r.last[i] = v
		if s.width == 1 {
			fmt.Fprintf(r.out, "%d%s\n", v, s.code)
		} else {
			fmt.Fprintf(r.out, "b%b %s\n", v, s.code)
		}
	}
	if _, err := fmt.Fprintf(r.out, "#%d\n1~~~clk\n", 2*r.cycle+1); err != nil && r.err == nil {
		r.err = err
	}
	r.cycle++
	r.Machine.Step(reset)
}

// Close ends the dump and reports whether it could be written.
func (r *Recorder) Close() error {
	if err := r.out.Flush(); err != nil {
		return err
	}
	return r.err
}
