package onnx

import (
	"fmt"
	"strings"

	"tpe/workloads"
)

// evaluator walks a graph in its order and keeps what is known of every value.
type evaluator struct {
	s         *workloads.Sink
	opt       workloads.ImportOptions
	functions map[string]*function
	products  map[string]func(*run) []value
	operators map[string]func(*run) []value

	symbols []string        // names of symbolic dimensions; number i stands as the size -2-i
	unbound map[string]bool // those that products depend on
	used    map[string]bool // names of opt.Dims that occurred
	open    int             // products that depend on them
	depth   int             // graphs and functions within each other
	done    int             // nodes evaluated
	times   int             // how often the present graph runs
	err     error           // of the sink
}

// Bounds of what a graph may unfold to.
const (
	maxDepth     = 16
	maxEvaluated = 1 << 21
)

// scope holds values by name; names of the graph around are seen through it.
type scope struct {
	values map[string]value
	outer  *scope
}

func (s *scope) get(name string) value {
	for ; s != nil; s = s.outer {
		if v, ok := s.values[name]; ok {
			return v
		}
	}
	return lost("value " + workloads.PlainName(name) + " that nothing makes")
}

// dimension resolves a declared dimension: its size, the size that the user bound
// to its name, or a symbol.
func (e *evaluator) dimension(d symbol, value string, axis int) int {
	if d.size > 0 || d.size == 0 && d.name == "" {
		return int(min(d.size, 1<<40))
	}
	name := d.name
	if name == "" || name == "?" {
		name = fmt.Sprintf("%s.%d", value, axis)
	}
	if n, ok := e.opt.Dims[name]; ok {
		e.used[name] = true
		return n
	}
	for i, s := range e.symbols {
		if s == name {
			return -2 - i
		}
	}
	if len(e.symbols) >= 4096 {
		return unknown
	}
	e.symbols = append(e.symbols, name)
	return -1 - len(e.symbols)
}

func (e *evaluator) declared(d declared) value {
	v := value{elem: d.elem, ranked: d.known, why: "input " + workloads.PlainName(d.name) + " without a shape"}
	for i, dim := range d.dims {
		v.shape = append(v.shape, e.dimension(dim, d.name, i))
	}
	return v
}

// graph evaluates a graph. inputs, if not nil, are the values of its inputs.
func (e *evaluator) graph(g *graph, outer *scope, inputs []value) []value {
	in := &scope{values: make(map[string]value), outer: outer}
	stated := make(map[string]value)
	for _, d := range g.known {
		stated[d.name] = e.declared(d)
	}
	for _, d := range g.outputsShaped {
		if d.known {
			stated[d.name] = e.declared(d)
		}
	}
	for i, d := range g.inputs {
		v := e.declared(d)
		if i < len(inputs) {
			v = inputs[i]
		}
		in.values[d.name] = v
	}
	for _, w := range g.weights {
		in.values[w.name] = w.value()
	}
	e.nodes(g.nodes, in, stated, nil)
	var out []value
	for _, name := range g.outputs {
		out = append(out, in.get(name))
	}
	return out
}

func (t *tensor) value() value {
	v := value{ranked: true, elem: t.elem, data: t.data}
	for _, d := range t.dims {
		v.shape = append(v.shape, int(min(max(d, 0), 1<<40)))
	}
	return v
}

// nodes evaluates a list of nodes. stated are the shapes that the file gives of
// inner values, call the attributes of the function's caller.
func (e *evaluator) nodes(list []node, in *scope, stated map[string]value, call map[string]attribute) {
	for i := range list {
		if e.err != nil || e.s.Full() {
			return
		}
		if e.done++; e.done > maxEvaluated {
			e.s.FaultAt(workloads.Pos{}, "graph unfolds to too many nodes", fmt.Sprint(e.done), fmt.Sprintf("at most %d", maxEvaluated))
			e.err = errStop
			return
		}
		n := &list[i]
		c := &run{evaluator: e, node: n, scope: in, call: call}
		for _, name := range n.inputs {
			v := value{}
			if name != "" {
				v = in.get(name)
			}
			c.in = append(c.in, v)
		}
		out := c.evaluate()
		for j, name := range n.outputs {
			v := lost("output of " + workloads.PlainName(n.op))
			if j < len(out) {
				v = out[j]
			}
			if s, ok := stated[name]; ok {
				v = v.merge(s)
			}
			if name != "" {
				in.values[name] = v
			}
		}
	}
}

// merge completes what was inferred with what the file states.
func (v value) merge(s value) value {
	if v.elem == 0 {
		v.elem = s.elem
	}
	if !v.ranked && s.ranked {
		v.ranked, v.shape = true, s.shape
	}
	if v.ranked && s.ranked && len(v.shape) == len(s.shape) {
		for i, d := range v.shape {
			if d == unknown || d < 0 && s.shape[i] >= 0 {
				shape := append([]int(nil), v.shape...)
				shape[i] = s.shape[i]
				v.shape = shape
			}
		}
	}
	return v
}

var errStop = fmt.Errorf("graph is too large")

// run is the evaluation of one node.
type run struct {
	*evaluator
	node  *node
	scope *scope
	call  map[string]attribute
	in    []value
}

// input returns input i; an absent one is not ranked.
func (r *run) input(i int) value {
	if i < len(r.in) {
		return r.in[i]
	}
	return value{}
}

func (r *run) present(i int) bool { return i < len(r.node.inputs) && r.node.inputs[i] != "" }

// attr returns an attribute, of the caller where a function refers to it.
func (r *run) attr(name string) attribute {
	a := r.node.attrs[name]
	if a.ref != "" {
		return r.call[a.ref]
	}
	return a
}

func (r *run) int(name string, otherwise int) int {
	if a := r.attr(name); a.set && a.i > -1<<31 && a.i < 1<<40 {
		return int(a.i)
	}
	return otherwise
}

// list returns an attribute of integers, or nil.
func (r *run) list(name string) []int {
	a := r.attr(name)
	var l []int
	for _, v := range a.ints {
		l = append(l, int(max(min(v, 1<<40), -1<<40)))
	}
	return l
}

// title is the name of the node for records and messages.
func (r *run) title() string {
	if r.node.name != "" {
		return workloads.PlainName(r.node.name)
	}
	if len(r.node.outputs) > 0 && r.node.outputs[0] != "" {
		return workloads.PlainName(r.node.outputs[0])
	}
	return workloads.PlainName(r.node.op)
}

func (r *run) pos() workloads.Pos { return workloads.Pos{Where: "node " + r.title()} }

// evaluate makes the records of a node and returns what is known of its outputs.
func (r *run) evaluate() []value {
	standard := r.node.domain == "" || r.node.domain == "ai.onnx" || r.node.domain == "com.microsoft" || r.node.domain == "com.microsoft.nchwc"
	if f := r.functions[r.node.domain+"::"+r.node.op]; f != nil {
		return r.function(f)
	}
	if p, ok := r.products[r.node.op]; ok && standard {
		return p(r)
	}
	switch r.node.op {
	case "If", "Loop", "Scan":
		return r.control()
	}
	if strings.Contains(r.node.op, "MatMul") || strings.Contains(r.node.op, "Gemm") || strings.Contains(r.node.op, "Conv") || strings.Contains(r.node.op, "Attention") ||
		strings.Contains(r.node.op, "LSTM") || strings.Contains(r.node.op, "GRU") {
		r.s.Skip("may be a matrix product, but the operator is not known", r.node.op)
	} else {
		r.s.Skip("not a matrix product", r.node.op)
	}
	if f, ok := r.operators[r.node.op]; ok && standard {
		return f(r)
	}
	return nil
}

// function evaluates the body of an operator that the model defines.
func (r *run) function(f *function) []value {
	if r.depth >= maxDepth {
		r.s.Skip("functions are nested too deep", r.node.op)
		return nil
	}
	r.depth++
	defer func() { r.depth-- }()
	in := &scope{values: make(map[string]value)}
	for i, name := range f.inputs {
		in.values[name] = r.input(i)
	}
	r.evaluator.nodes(f.nodes, in, nil, r.node.attrs)
	var out []value
	for _, name := range f.outputs {
		out = append(out, in.get(name))
	}
	return out
}

// control evaluates the graphs within If, Loop and Scan once each, of If one
// branch; records of a loop count as often as it runs, if that is known.
func (r *run) control() []value {
	if r.depth >= maxDepth {
		r.s.Skip("graphs are nested too deep", r.node.op)
		return nil
	}
	r.depth++
	before := r.times
	defer func() { r.depth--; r.times = before }()
	r.s.Skip("not a matrix product", r.node.op)
	if r.node.op == "If" {
		branch := "then_branch"
		if c := r.input(0).data; len(c) == 1 && c[0] == 0 {
			branch = "else_branch"
		} else if len(c) != 1 {
			r.s.Warn("of If nodes the first branch counts where the condition is not a constant")
		}
		if g := r.attr(branch).graph; g != nil {
			return r.evaluator.graph(g, r.scope, []value{})
		}
		return nil
	}
	body := r.attr("body").graph
	if body == nil {
		return nil
	}
	trips := unknown
	var inputs []value
	outputs := 0
	if r.node.op == "Loop" {
		if m := r.input(0).data; len(m) == 1 && m[0] >= 0 && m[0] < 1<<31 {
			trips = int(m[0])
		}
		inputs = append([]value{{ranked: true, elem: elemInt64}, {ranked: true, elem: elemBool}}, r.in[min(2, len(r.in)):]...)
		outputs = 1
	} else {
		scanned := r.int("num_scan_inputs", len(r.in))
		for i, v := range r.in {
			if i >= len(r.in)-scanned && v.ranked && v.rank() > 0 {
				trips = v.shape[0]
				v = value{ranked: true, shape: v.shape[1:], elem: v.elem}
			}
			inputs = append(inputs, v)
		}
	}
	if trips < 0 {
		r.s.Warn("loops whose length is not a constant count once")
		trips = 1
	}
	if n, ok := workloads.Extent(r.times, max(trips, 1)); ok {
		r.times = n
	}
	out := r.evaluator.graph(body, r.scope, inputs)
	for i := range out {
		out[i].data = nil
	}
	return out[min(outputs, len(out)):]
}
