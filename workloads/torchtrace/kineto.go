package torchtrace

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"tpe/workloads"
	"tpe/workloads/stream"
)

// maxEntries bounds the products of one trace that are held until it is read.
const maxEntries = 1 << 24

// ReadKineto reads a profiler trace in Chrome's JSON, an object with traceEvents or
// the array alone. Operators are the complete events (ph X) of the categories
// cpu_op and Operator; which calls which follows from their times on a thread. It
// holds the operators that the rules know, some 40 bytes each, and nothing else.
func ReadKineto(r io.Reader, opt workloads.ImportOptions, s *workloads.Sink) error {
	k := kineto{s: s, v: newVerdicts(opt), threads: make(map[string]int32)}
	k.j = stream.NewJSON(r)
	found := false
	err := k.j.Either(func(key string) error {
		if key != "traceEvents" {
			return k.j.Skip()
		}
		found = true
		return k.j.Array(k.event)
	}, func() error {
		found = true
		return k.event()
	})
	if err = stream.Report(s, err); err != nil || s.Faults() > 0 {
		return err
	}
	if !found {
		s.FaultAt(workloads.Pos{}, "file has no traceEvents", "", "a trace of the PyTorch profiler")
		return nil
	}
	if k.graphs > 0 {
		s.Warn("trace launches CUDA graphs %d times; operators within them are not recorded, only those of a trace of their capture are", k.graphs)
	}
	noShapes(s, k.products, k.bare, "a trace of torch.profiler.profile(record_shapes=True)")
	if s.Faults() > 0 {
		return nil
	}
	return k.settle()
}

type kineto struct {
	s        *workloads.Sink
	j        *stream.JSON
	v        *verdicts
	threads  map[string]int32
	entries  []entry
	products int64 // operators with a rule for their shapes
	bare     int64 // those without shapes
	graphs   int64
	e        event
}

// event is what matters of an event. Shapes and values stay as they stand, to be
// parsed once.
type event struct {
	Ph   string          `json:"ph"`
	Cat  string          `json:"cat"`
	Name string          `json:"name"`
	Pid  json.RawMessage `json:"pid"`
	Tid  json.RawMessage `json:"tid"`
	Ts   float64         `json:"ts"`
	Dur  float64         `json:"dur"`
	Args struct {
		Dims     json.RawMessage `json:"Input Dims"`
		Types    json.RawMessage `json:"Input type"`
		Concrete json.RawMessage `json:"Concrete Inputs"`
	} `json:"args"`
}

func (k *kineto) event() error {
	e := &k.e
	e.Ph, e.Cat, e.Name, e.Ts, e.Dur = "", "", "", 0, 0
	e.Pid, e.Tid = e.Pid[:0], e.Tid[:0]
	e.Args.Dims, e.Args.Types, e.Args.Concrete = e.Args.Dims[:0], e.Args.Types[:0], e.Args.Concrete[:0]
	if err := k.j.Value(e); err != nil {
		return err
	}
	switch {
	case e.Cat != "cpu_op" && e.Cat != "Operator":
		if e.Name == "cudaGraphLaunch" || e.Name == "hipGraphLaunch" {
			k.graphs++
		}
		k.s.Skip("event of another category", e.Cat)
		return nil
	case e.Ph != "X":
		k.s.Skip("event that is not complete", e.Ph)
		return nil
	case !candidate(e.Name):
		k.s.Skip(reasonOther, e.Name)
		return nil
	}
	if r, ok := rules[e.Name]; ok && r.kind != bare {
		k.products++
		if len(e.Args.Dims) == 0 {
			k.bare++
		}
	}
	if len(k.entries) >= maxEntries {
		return fmt.Errorf("trace has more than %d matrix products (expected a shorter trace)", maxEntries)
	}
	dims, types, concrete := string(e.Args.Dims), string(e.Args.Types), string(e.Args.Concrete)
	verdict, err := k.v.of(e.Name, [4]string{dims, types, concrete}, func() operator {
		return newOperator(e.Name, dims, types, concrete)
	})
	if err != nil {
		return err
	}
	thread := string(e.Pid) + " " + string(e.Tid)
	id, ok := k.threads[thread]
	if !ok {
		id = int32(len(k.threads))
		k.threads[thread] = id
	}
	pos := k.j.Pos()
	k.entries = append(k.entries, entry{start: e.Ts, end: e.Ts + e.Dur, thread: id, index: int32(len(k.entries)),
		verdict: verdict, name: k.v.name(e.Name), line: int32(pos.Line), col: int32(pos.Col)})
	return nil
}

// settle finds which operators lie within which and hands on those that count, in
// the order of their start.
func (k *kineto) settle() error {
	slices.SortFunc(k.entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.thread, b.thread), cmp.Compare(a.start, b.start), cmp.Compare(b.end, a.end), cmp.Compare(a.index, b.index))
	})
	// What lies below entry i is the run behind it up to last[i].
	n := len(k.entries)
	last := make([]int32, n)
	var open []int32
	for i, e := range k.entries {
		for len(open) > 0 {
			top := k.entries[open[len(open)-1]]
			if top.thread == e.thread && e.start < top.end {
				break
			}
			last[open[len(open)-1]] = int32(i)
			open = open[:len(open)-1]
		}
		open = append(open, int32(i))
	}
	for _, i := range open {
		last[i] = int32(n)
	}
	// From the last entry to the first: below[i] is whether something below i
	// counts; hidden ones lie below an operator that counts itself.
	outcome := make([]state, n)
	for i := n - 1; i >= 0; i-- {
		d := k.v.list[k.entries[i].verdict]
		below := false
		for j := int32(i) + 1; j < last[i] && !below; j = last[j] {
			below = outcome[j] != nothing
		}
		switch {
		case below && (d.wraps || d.reason != ""):
			outcome[i] = around
		case d.reason == "" || d.fault != "":
			outcome[i] = counts
		}
	}
	order := make([]int32, n)
	inside := make([]bool, n)
	until := int32(0) // end of what lies below the operators that count
	for i := range order {
		order[i] = int32(i)
		inside[i] = int32(i) < until
		if outcome[i] == counts {
			until = max(until, last[i])
		}
	}
	slices.SortFunc(order, func(a, b int32) int {
		x, y := k.entries[a], k.entries[b]
		return cmp.Or(cmp.Compare(x.start, y.start), cmp.Compare(x.index, y.index))
	})
	for _, i := range order {
		e := k.entries[i]
		if inside[i] {
			k.s.Skip(reasonInside, k.v.names[e.name])
			continue
		}
		if _, err := k.v.settle(k.s, e, outcome[i] == around); err != nil || k.s.Full() {
			return err
		}
	}
	return nil
}

// state is the outcome of an operator with all below it.
type state byte

const (
	nothing state = iota
	counts        // itself
	around        // something below it counts
)
