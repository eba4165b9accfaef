// Package drive plays stimulus on the valid/ready streams of a module and
// records what comes out and when. It is the one harness that all executors
// share: the pure Go ones through [Run], the compiled one and the Verilog
// simulators by doing the same in their own language.
//
// # Ports
//
// A stream s that the module consumes has the ports s_valid_i, s_ready_o and
// any number of s_<field>_i; one that it produces has s_valid_o, s_ready_i and
// s_<field>_o. Exactly one stream is produced. Any other port is a status output
// and is ignored here.
//
// # A cycle
//
// Inputs are driven (valid and data of the next beat, ready); the module settles;
// valid and ready are sampled: where both are 1 a beat is taken; the clock
// edge follows. A stream is valid in cycle t of a play when it has beats left and
// its pattern is non-zero at t modulo the pattern's length, and the module
// may be told likewise that no result is wanted. While a stream is not valid its
// data are 0.
//
// # Words
//
// A beat is a run of bytes: for each data port in port order, for each lane, the
// word in little-endian order in 1, 2, 4 or 8 bytes, whichever is the least that
// holds the port's width. Bits above the width are ignored on input and 0 on output.
package drive

import (
	"fmt"
	"strings"

	"tpe/hw"
)

// Field is a data port of a stream.
type Field struct {
	Port  int // index in Module.Inputs or Module.Outputs
	Name  string
	Width int
	Lanes int
	Bytes int // of one word: 1, 2, 4 or 8
}

// Stream is a valid/ready stream of a module.
type Stream struct {
	Name      string
	Valid     int // port indices: Valid is an input of a consumed stream and an output of a produced one
	Ready     int // the other way round
	Fields    []Field
	BeatBytes int
}

// Ports are the streams of a module.
type Ports struct {
	In  []Stream // consumed, in port order
	Out Stream
}

// Stream returns the index of the consumed stream with the given name, or -1.
func (p *Ports) Stream(name string) int {
	for i := range p.In {
		if p.In[i].Name == name {
			return i
		}
	}
	return -1
}

// WordBytes is the number of bytes that hold a word of width bits: 1, 2, 4 or 8.
func WordBytes(width int) int {
	switch {
	case width <= 8:
		return 1
	case width <= 16:
		return 2
	case width <= 32:
		return 4
	}
	return 8
}

// PortsOf finds the streams of a module by the names of its ports.
func PortsOf(m *hw.Module) (Ports, error) {
	var p Ports
	outs := 0
	for i, port := range m.Inputs {
		if name, ok := strings.CutSuffix(port.Name, "_valid_i"); ok {
			s, err := stream(m, name, i, m.Inputs, m.Outputs, "_i", "_o")
			if err != nil {
				return p, err
			}
			p.In = append(p.In, s)
		}
	}
	for i, port := range m.Outputs {
		if name, ok := strings.CutSuffix(port.Name, "_valid_o"); ok {
			s, err := stream(m, name, i, m.Outputs, m.Inputs, "_o", "_i")
			if err != nil {
				return p, err
			}
			p.Out, outs = s, outs+1
		}
	}
	if outs != 1 || len(p.In) == 0 {
		return p, fmt.Errorf("drive: module %s produces %d streams and consumes %d (expected 1, and at least 1)", m.Name, outs, len(p.In))
	}
	return p, nil
}

func stream(m *hw.Module, name string, valid int, same, other []hw.Port, dir, back string) (Stream, error) {
	s := Stream{Name: name, Valid: valid, Ready: -1}
	for i, port := range other {
		if port.Name == name+"_ready"+back {
			s.Ready = i
		}
	}
	if s.Ready < 0 {
		return s, fmt.Errorf("drive: module %s: stream %s has no port %s_ready%s", m.Name, name, name, back)
	}
	for _, port := range []hw.Port{same[valid], other[s.Ready]} {
		if n := &m.Nodes[port.Node]; n.Width != 1 || m.Lanes(n.Shape) != 1 {
			return s, fmt.Errorf("drive: module %s: port %s has %d bits in %d lanes (expected 1 bit in 1 lane)", m.Name, port.Name, n.Width, m.Lanes(n.Shape))
		}
	}
	for i, port := range same {
		field, ok := strings.CutPrefix(port.Name, name+"_")
		if !ok || i == valid || !strings.HasSuffix(field, dir) || longerOwner(port.Name, name, same, "_valid"+dir) {
			continue
		}
		n := &m.Nodes[port.Node]
		f := Field{Port: i, Name: strings.TrimSuffix(field, dir), Width: n.Width, Lanes: m.Lanes(n.Shape), Bytes: WordBytes(n.Width)}
		s.Fields = append(s.Fields, f)
		s.BeatBytes += f.Lanes * f.Bytes
	}
	return s, nil
}

// longerOwner reports whether the port belongs to another stream, one whose name
// starts with the given stream's and an underscore.
func longerOwner(port, stream string, ports []hw.Port, valid string) bool {
	for _, p := range ports {
		other, ok := strings.CutSuffix(p.Name, valid)
		if ok && strings.HasPrefix(other, stream+"_") && strings.HasPrefix(port, other+"_") {
			return true
		}
	}
	return false
}

// Play is one piece of stimulus: one or more jobs on a module that keeps its
// state from the play before.
type Play struct {
	Reset   int      // clock edges under reset, with nothing valid, before cycle 0
	Beats   [][]byte // per consumed stream: whole beats
	Valid   [][]byte // per consumed stream: the valid pattern; nil is always
	Ready   []byte   // of the produced stream; nil is always
	Results int      // the play ends at the edge that takes this many result beats
	Cut     int      // or after this many cycles, if not 0 (for a reset in mid-job)
	Limit   int      // more cycles than this are an error (a hang); 0 is no limit
}

// Trace is what a play did. Cycles are numbered from 0, after the reset.
type Trace struct {
	Results  []byte  // the result beats taken
	At       []int64 // the cycle of each result beat
	First    []int64 // per consumed stream: the cycle that took its first beat; -1 if none
	Taken    []int64 // per consumed stream: beats taken
	Cycles   int64   // cycles of the play
	Failures uint64  // assertion failures during the play
}

// Span is the cycle count of a play by the project's definition: clock edges
// from the one that takes the first beat of any of the given consumed streams to
// the one that takes the last result beat, both counted; 0 if either is missing.
func (t *Trace) Span(streams ...int) int64 {
	first := int64(-1)
	for _, s := range streams {
		if f := t.First[s]; f >= 0 && (first < 0 || f < first) {
			first = f
		}
	}
	if first < 0 || len(t.At) == 0 {
		return 0
	}
	return t.At[len(t.At)-1] - first + 1
}

// Runner executes plays in order on one copy of a module, from power-on.
type Runner interface {
	Run(plays []Play) ([]Trace, error)
}

// HangError says that a play passed its limit.
type HangError struct {
	Play    int
	Limit   int
	Results int // result beats taken
	Wanted  int
}

func (e *HangError) Error() string {
	return fmt.Sprintf("play %d took %d of %d result beats in %d cycles", e.Play, e.Results, e.Wanted, e.Limit)
}
