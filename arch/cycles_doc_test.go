package arch

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tpe/hw"
	"tpe/hw/drive"
	"tpe/hw/eval"
	"tpe/internal/golden"
	"tpe/numeric"
)

// cyclesPage is the page whose tables and drawings this file makes: by the closed form and, for
// every shape that is small enough, by stepping the graph.
const cyclesPage = "../docs/cycles.md"

// TestCyclesPage makes each block between "<!-- made by the test: NAME -->" and
// "<!-- end -->" again and compares the whole page.
func TestCyclesPage(t *testing.T) {
	src, err := os.ReadFile(cyclesPage)
	if err != nil {
		t.Fatal(err)
	}
	blocks := map[string]func(*testing.T) string{
		"worked": workedTable, "beats": beatsTable, "periods": periodTable, "edge tiles": edgeTable, "stores": storeTable,
		"stalls": stallTable, "scale-sim": scaleTable,
		"drain down2": func(t *testing.T) string { return drawDrain(t, "down2") },
		"drain up":    func(t *testing.T) string { return drawDrain(t, "up") },
		"halves":      drawHalves,
		"columns":     columnsTable,
	}
	used := map[string]bool{}
	block := regexp.MustCompile(`(?s)<!-- made by the test: ([^>]*) -->\n.*?<!-- end -->`)
	got := block.ReplaceAllStringFunc(string(src), func(old string) string {
		name := block.FindStringSubmatch(old)[1]
		if blocks[name] == nil || used[name] {
			t.Errorf("%s: block %q is unknown or stands twice", cyclesPage, name)
			return old
		}
		used[name] = true
		return "<!-- made by the test: " + name + " -->\n\n" + blocks[name](t) + "\n<!-- end -->"
	})
	if len(used) != len(blocks) {
		t.Errorf("%s: %d of %d blocks are there: %v", cyclesPage, len(used), len(blocks), used)
	}
	if !t.Failed() {
		golden.Check(t, cyclesPage, []byte(got))
	}
}

// workedCycles are counts of the 4 x 4 array worked out by hand from the derivations of
// the page: K = 1, 4, 9 for one tile, then for two.
var workedCycles = []struct {
	dataflow, overlap, drain string
	want                     [6]int64
}{
	{OS, OverlapNone, "down2", [6]int64{13, 16, 21, 26, 32, 42}},
	{OS, OverlapNone, "up", [6]int64{13, 16, 21, 26, 32, 42}},
	{OS, OverlapDrain, "down2", [6]int64{13, 16, 21, 17, 20, 30}},
	{OS, OverlapDrain, "up", [6]int64{13, 16, 21, 20, 23, 30}},
	{OS, OverlapFull, "down2", [6]int64{13, 16, 21, 17, 20, 30}},
	{OS, OverlapFull, "up", [6]int64{13, 16, 21, 20, 23, 30}},
	{WS, OverlapNone, "", [6]int64{17, 17, 51, 34, 34, 102}},
	{WS, OverlapLoad, "", [6]int64{17, 17, 43, 30, 30, 82}},
	{WS, OverlapDrain, "", [6]int64{17, 17, 33, 25, 25, 57}},
	{WS, OverlapFull, "", [6]int64{17, 17, 32, 21, 21, 51}},
	{IS, OverlapNone, "", [6]int64{17, 17, 51, 34, 34, 102}},
	{IS, OverlapLoad, "", [6]int64{17, 17, 43, 30, 30, 82}},
	{IS, OverlapDrain, "", [6]int64{17, 17, 33, 25, 25, 57}},
	{IS, OverlapFull, "", [6]int64{17, 17, 32, 21, 21, 51}},
}

// workedShape is a job of one or two tiles of a 4 x 4 array. The second tile is of the operand
// that stays where one does, so that its weights are loaded too.
func workedShape(dataflow string, tiles, k int) Shape {
	if dataflow == WS {
		return Shape{M: 4, N: 4 * tiles, K: k}
	}
	return Shape{M: 4 * tiles, N: 4, K: k}
}

func docConfig(dataflow, overlap, drain string, rows, cols int) Config {
	c := Default()
	c.Dataflow, c.Overlap, c.Rows, c.Cols = dataflow, overlap, rows, cols
	if drain != "" {
		c.Drain = drain
	}
	return c
}

func workedTable(t *testing.T) string {
	out := row("dataflow", "overlap", "drain", "1 tile, K=1", "K=4", "K=9", "2 tiles, K=1", "K=4", "K=9") + rule("lllrrrrrr")
	for _, w := range workedCycles {
		c := docConfig(w.dataflow, w.overlap, w.drain, 4, 4)
		var got [6]int64
		for i := range got {
			s := workedShape(w.dataflow, 1+i/3, []int{1, 4, 9}[i%3])
			got[i] = stepped(t, &c, s, stalls{}).span
		}
		if d := cmp.Diff(w.want, got); d != "" {
			t.Errorf("%s %s %s: -by hand +stepped\n%s", w.dataflow, w.overlap, w.drain, d)
		}
		out += row(w.dataflow, w.overlap, dash(w.drain), got[0], got[1], got[2], got[3], got[4], got[5])
	}
	return out
}

// beatsTable lists the edges that deliver results.
func beatsTable(t *testing.T) string {
	out := row("dataflow", "overlap", "drain", "M x N x K", "last operand taken at edge", "results delivered at edges", "cycles") + rule("llllrlr")
	for _, x := range []struct {
		dataflow, overlap, drain string
		s                        Shape
	}{
		{OS, OverlapNone, "down2", Shape{4, 4, 4}},
		{OS, OverlapNone, "up", Shape{4, 4, 4}},
		{OS, OverlapNone, "down2", Shape{8, 4, 4}},
		{OS, OverlapFull, "down2", Shape{8, 4, 4}},
		{OS, OverlapFull, "up", Shape{8, 4, 4}},
		{OS, OverlapFull, "down2", Shape{8, 4, 9}},
		{OS, OverlapFull, "down2", Shape{8, 4, 1}},
		{OS, OverlapFull, "up", Shape{8, 4, 1}},
		{WS, OverlapNone, "", Shape{4, 4, 4}},
		{WS, OverlapFull, "", Shape{4, 4, 9}},
		{WS, OverlapNone, "", Shape{4, 8, 4}},
		{WS, OverlapLoad, "", Shape{4, 8, 4}},
		{WS, OverlapDrain, "", Shape{4, 8, 4}},
		{WS, OverlapFull, "", Shape{4, 8, 4}},
		{IS, OverlapFull, "", Shape{8, 4, 4}},
	} {
		c := docConfig(x.dataflow, x.overlap, x.drain, 4, 4)
		r := stepped(t, &c, x.s, stalls{})
		out += row(x.dataflow, x.overlap, dash(x.drain), x.s, r.lastOperand, ranges(r.beats), r.span)
	}
	return out
}

// edgeTable shows what partial tiles cost.
func edgeTable(t *testing.T) string {
	out := row("dataflow", "overlap", "drain", "M x N x K", "cycles", "why") + rule("llllrl")
	for _, x := range []struct {
		dataflow, overlap, drain string
		s                        Shape
		why                      string
	}{
		{OS, OverlapNone, "down2", Shape{4, 4, 9}, "a full tile"},
		{OS, OverlapNone, "down2", Shape{1, 1, 9}, "row 0 leaves last: nothing is saved"},
		{OS, OverlapNone, "up", Shape{1, 4, 9}, "row 0 leaves first: 2 edges saved for each of 3 rows"},
		{OS, OverlapFull, "up", Shape{5, 4, 9}, "the last tile has one row: 6 edges saved"},
		{OS, OverlapFull, "down2", Shape{5, 5, 9}, "four tiles, as for 8x8x9"},
		{WS, OverlapFull, "", Shape{4, 4, 4}, "a full job"},
		{WS, OverlapFull, "", Shape{4, 1, 1}, "columns and rows of the array past the edge cost what full ones do"},
		{WS, OverlapFull, "", Shape{1, 4, 4}, "only the rows that stream are counted exactly: 3 saved"},
		{IS, OverlapFull, "", Shape{4, 1, 4}, "the same, transposed: columns of B stream"},
	} {
		c := docConfig(x.dataflow, x.overlap, x.drain, 4, 4)
		out += row(x.dataflow, x.overlap, dash(x.drain), x.s, stepped(t, &c, x.s, stalls{}).span, x.why)
	}
	return out
}

// stallTable shows counts that only stepping knows.
func stallTable(t *testing.T) string {
	out := row("dataflow", "overlap", "M x N x K", "what is withheld", "cycles", "unstalled") + rule("llllrr")
	for _, x := range []struct {
		dataflow, overlap string
		s                 Shape
		what              string
		st                stalls
	}{
		{OS, OverlapFull, Shape{8, 4, 9}, "A valid every other cycle", stalls{valid: map[string][]byte{"a": {1, 0}}}},
		{OS, OverlapFull, Shape{8, 4, 9}, "A valid in even, B in odd cycles", stalls{valid: map[string][]byte{"a": {1, 0}, "b": {0, 1}}}},
		{OS, OverlapFull, Shape{8, 4, 9}, "results taken every other cycle", stalls{ready: []byte{1, 0}}},
		{OS, OverlapFull, Shape{24, 4, 4}, "results taken every other cycle", stalls{ready: []byte{1, 0}}},
		{OS, OverlapFull, Shape{24, 4, 4}, "results taken one cycle in four", stalls{ready: []byte{1, 0, 0, 0}}},
		{WS, OverlapFull, Shape{4, 8, 4}, "weights valid every other cycle", stalls{valid: map[string][]byte{"w": {1, 0}}}},
		{WS, OverlapFull, Shape{4, 8, 4}, "A valid one cycle in three", stalls{valid: map[string][]byte{"a": {1, 0, 0}}}},
		{WS, OverlapFull, Shape{24, 8, 4}, "results taken every other cycle", stalls{ready: []byte{1, 0}}},
	} {
		c := docConfig(x.dataflow, x.overlap, "down2", 4, 4)
		out += row(x.dataflow, x.overlap, x.s, x.what, stepped(t, &c, x.s, x.st).span, c.Cycles(x.s, nil))
	}
	return out
}

// periodTable gives the mean number of edges between jobs of a weight-stationary array.
func periodTable(*testing.T) string {
	ms := []int{1, 8, 16, 32, 49, 64, 95, 128, 196, 512}
	head := []any{"rows a job, m"}
	for _, m := range ms {
		head = append(head, m)
	}
	out := row(head...) + rule("l"+strings.Repeat("r", len(ms)))
	for _, ov := range []string{OverlapNone, OverlapLoad, OverlapDrain, OverlapFull} {
		c := docConfig(WS, ov, "", 32, 32)
		cells := []any{ov}
		for _, m := range ms {
			d := c.Cycles(Shape{M: m, N: 32, K: 32 * 102}, nil) - c.Cycles(Shape{M: m, N: 32, K: 32 * 2}, nil)
			cells = append(cells, float64(d)/100)
		}
		out += row(cells...)
	}
	return out
}

// storeTable gives the rows of the result store.
func storeTable(*testing.T) string {
	out := row("array", "os, none", "os down2, drain or full", "os up, drain or full", "ws and is") + rule("lrrrr")
	for _, n := range []int{4, 8, 16, 32, 64, 128} {
		out += row(fmt.Sprintf("%dx%d", n, n), osDepth(n, n, 0, "down2", OverlapNone), osDepth(n, n, 0, "down2", OverlapFull), osDepth(n, n, 0, "up", OverlapFull), (&Config{Rows: n, Cols: n}).wsTimes().latency()+1)
	}
	return out
}

// scaleTable sets the native counts beside SCALE-Sim's.
func scaleTable(t *testing.T) string {
	out := row("array", "dataflow", "M x N x K", "folds", "SCALE-Sim", "overlap none", "overlap full") + rule("lllrrrr")
	for _, x := range []struct {
		n        int
		dataflow string
		s        Shape
	}{
		{4, OS, Shape{4, 4, 4}}, {32, OS, Shape{32, 32, 64}},
		{4, WS, Shape{4, 4, 4}}, {4, WS, Shape{4, 4, 9}},
		{32, WS, Shape{196, 192, 768}},
		{32, OS, Shape{49, 2048, 512}}, {32, WS, Shape{49, 2048, 512}}, {32, IS, Shape{49, 2048, 512}},
		{32, WS, Shape{1, 4096, 4096}},
	} {
		none, full := docConfig(x.dataflow, OverlapNone, "", x.n, x.n), docConfig(x.dataflow, OverlapFull, "", x.n, x.n)
		sr, sc, stream, fill := x.s.M, x.s.N, x.s.K, 2*x.n-2
		switch x.dataflow {
		case WS:
			sr, sc, stream, fill = x.s.K, x.s.N, x.s.M, 3*x.n-2
		case IS:
			sr, sc, stream, fill = x.s.K, x.s.M, x.s.N, 3*x.n-2
		}
		folds := cdiv(sr, x.n) * cdiv(sc, x.n)
		out += row(fmt.Sprintf("%dx%d", x.n, x.n), x.dataflow, x.s, folds, folds*(stream+fill)-1, none.Cycles(x.s, nil), full.Cycles(x.s, nil))
		if x.n == 4 {
			stepped(t, &none, x.s, stalls{})
			stepped(t, &full, x.s, stalls{})
		}
	}
	return out
}

// stalls are handshake patterns by stream name, and of the results.
type stalls struct {
	valid map[string][]byte
	ready []byte
}

// outcome is what stepping showed. Edges are numbered from the one that takes the first operand.
type outcome struct {
	span, lastOperand int64
	beats             []int64
}

// spy records values of the graph in each cycle.
type spy struct {
	*eval.Machine
	look func()
}

func (s *spy) Step(reset bool) {
	s.look()
	s.Machine.Step(reset)
}

// stepped runs a job with small operands on the reference evaluator and checks its words
// and, where nothing stalls, the closed form.
func stepped(t *testing.T, c *Config, s Shape, st stalls) outcome {
	t.Helper()
	a, b := numeric.NewDense(s.M, s.K), numeric.NewDense(s.K, s.N)
	for i := range a.Data {
		a.Data[i] = int32(i%7 - 3)
	}
	for i := range b.Data {
		b.Data[i] = int32(i%5 - 2)
	}
	return stepData(t, c, s, a, b, st, nil)
}

func stepData(t *testing.T, c *Config, s Shape, a, b *numeric.Dense, st stalls, look func(v *view)) outcome {
	t.Helper()
	e, err := Build(*c)
	if err != nil {
		t.Fatal(err)
	}
	mach, err := eval.New(e.Flat)
	if err != nil {
		t.Fatal(err)
	}
	v := newView(e, mach)
	r, err := drive.NewMachineRunner(e.Flat, &spy{mach, func() {
		v.count()
		if look != nil {
			look(v)
		}
		v.cycle++
	}})
	if err != nil {
		t.Fatal(err)
	}
	p, err := e.Plan(s)
	if err != nil {
		t.Fatal(err)
	}
	ops := Operands{A: a, B: b}
	play, err := p.Play(ops)
	if err != nil {
		t.Fatal(err)
	}
	play.Limit = 100000
	play.Ready = st.ready
	play.Valid = make([][]byte, len(e.Ports.In))
	for name, pattern := range st.valid {
		play.Valid[e.Ports.Stream(name)] = pattern
	}
	tr, err := r.Run([]drive.Play{play})
	if err != nil {
		t.Fatalf("%s gemm %v: %v", e.Top.Name, s, err)
	}
	got, err := p.Collect(tr[0].Results)
	if err != nil {
		t.Fatal(err)
	}
	want, err := c.Reference(ops)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" || tr[0].Failures > 0 {
		t.Errorf("%s %s gemm %v, %d assertion failures: -software GEMM +array\n%s", e.Top.Name, c.Overlap, s, tr[0].Failures, d)
	}
	o := outcome{span: tr[0].Span(e.OperandStreams()...), lastOperand: v.last - v.first + 1}
	for _, at := range tr[0].At {
		o.beats = append(o.beats, at-v.first+1)
	}
	if len(st.valid) == 0 && st.ready == nil && o.span != c.Cycles(s, ops) {
		t.Errorf("%s %s %s gemm %v: %d cycles, formula %d", e.Top.Name, c.Overlap, c.Drain, s, o.span, c.Cycles(s, ops))
	}
	return o
}

// view looks into a machine between Settle and Step.
type view struct {
	e                  *Engine
	m                  *eval.Machine
	node               map[string]hw.ID
	cycle, first, last int64
}

func newView(e *Engine, m *eval.Machine) *view {
	v := &view{e: e, m: m, node: map[string]hw.ID{}, first: -1}
	for i := range e.Flat.Nodes {
		v.node[e.Flat.Nodes[i].Name] = hw.ID(i)
	}
	return v
}

// count notes the first and the last cycle that takes an operand or weight.
func (v *view) count() {
	for _, i := range v.e.OperandStreams() {
		if v.taken(v.e.Ports.In[i].Name) {
			if v.first < 0 {
				v.first = v.cycle
			}
			v.last = v.cycle
		}
	}
}

// taken reports whether a beat of a consumed stream is taken at the coming edge.
func (v *view) taken(stream string) bool {
	s := &v.e.Ports.In[v.e.Ports.Stream(stream)]
	return v.m.Value(v.e.Flat.Inputs[s.Valid].Node)[0] == 1 && v.m.Value(v.e.Flat.Outputs[s.Ready].Node)[0] == 1
}

// delivered reports whether a result is taken at the coming edge.
func (v *view) delivered() bool {
	s := &v.e.Ports.Out
	return v.m.Value(v.e.Flat.Outputs[s.Valid].Node)[0] == 1 && v.m.Value(v.e.Flat.Inputs[s.Ready].Node)[0] == 1
}

// lane is a word of a named node.
func (v *view) lane(name string, l int) uint64 {
	id, ok := v.node[name]
	if !ok {
		panic("cycles_doc_test: no node " + name)
	}
	return v.m.Value(id)[l]
}

// edge is the number of the coming edge; 0 before the first operand.
func (v *view) edge() int {
	if v.first < 0 {
		return 0
	}
	return int(v.cycle - v.first + 1)
}

// drawing is lines of cells, one cell an edge.
type drawing struct {
	names []string
	cells map[string][]string
	width int
}

// set writes a cell; edges before the first are not drawn.
func (d *drawing) set(name string, edge int, text string) {
	if d.cells == nil {
		d.cells = map[string][]string{}
	}
	if d.cells[name] == nil {
		d.names = append(d.names, name)
		d.cells[name] = []string{}
	}
	if edge < 1 {
		return
	}
	for len(d.cells[name]) < edge {
		d.cells[name] = append(d.cells[name], ".")
	}
	d.cells[name][edge-1] = text
}

func (d *drawing) String(edges int) string {
	out := "```text\n"
	for _, n := range d.names {
		line := fmt.Sprintf("%-13s", n)
		for i := range edges {
			cell := "" // a register after the last edge: nobody looked
			if i < len(d.cells[n]) {
				cell = d.cells[n][i]
			}
			line += fmt.Sprintf("%*s", d.width, cell)
		}
		out += strings.TrimRight(line, " ") + "\n"
	}
	return out + "```\n"
}

// drawDrain draws column 0 of a 4 x 4 output-stationary array over two tiles of K = 4. The data
// make the sum of row i of tile t equal 10*t + i.
func drawDrain(t *testing.T, drain string) string {
	c := docConfig(OS, OverlapFull, drain, 4, 4)
	s := Shape{M: 8, N: 1, K: 4}
	a, b := numeric.NewDense(s.M, s.K), numeric.NewDense(s.K, s.N)
	for i := range s.M {
		copy(a.Row(i), []int32{1, 1, 1, int32(10*(1+i/4) + i%4 - 3)})
	}
	for i := range b.Data {
		b.Data[i] = 1
	}
	d := &drawing{width: 3}
	word := func(x uint64) string {
		if x == 0 {
			return "."
		}
		return fmt.Sprint(x)
	}
	r := stepData(t, &c, s, a, b, stalls{}, func(v *view) {
		e := v.edge()
		d.set("edge", e, fmt.Sprint(e))
		if d.set("taken", e, "."); v.taken("a") {
			d.set("taken", e, "x")
		}
		d.set("a_q row 0", e-1, word(v.lane("a_q", 0)))
		for i := range 4 {
			d.set(fmt.Sprintf("acc row %d", i), e-1, word(v.lane("pe_acc_sum_q", 4*i)))
		}
		for i := range 4 {
			if drain == "down2" && i > 0 {
				d.set(fmt.Sprintf("d1  row %d", i), e-1, word(v.lane("pe_d1_sum_q", 4*i)))
			}
			d.set(fmt.Sprintf("d0  row %d", i), e-1, word(v.lane("pe_d0_sum_q", 4*i)))
		}
		if d.set("y", e, "."); v.delivered() {
			d.set("y", e, word(v.m.Value(v.e.Flat.Outputs[v.e.Ports.Out.Fields[0].Port].Node)[0]))
		}
	})
	return d.String(int(r.span))
}

// drawHalves draws three jobs of four rows on a 4 x 4 weight-stationary array.
func drawHalves(t *testing.T) string {
	out := ""
	for _, ov := range []string{OverlapNone, OverlapLoad, OverlapDrain, OverlapFull} {
		c := docConfig(WS, ov, "", 4, 4)
		s := Shape{M: 4, N: 4, K: 12}
		a, b := numeric.NewDense(s.M, s.K), numeric.NewDense(s.K, s.N)
		d := &drawing{width: 1}
		var w, rows, sums int
		var job [2]string
		r := stepData(t, &c, s, a, b, stalls{}, func(v *view) {
			e := v.edge()
			mark := func(name string, on bool, n *int) {
				d.set(name, e, ".")
				if on {
					d.set(name, e, fmt.Sprint(1+*n/4))
					*n++
				}
			}
			tens := " "
			if e%10 == 0 {
				tens = fmt.Sprint(e / 10)
			}
			d.set(ov, e, tens)
			d.set("edge", e, fmt.Sprint(e%10))
			load := -1
			if v.taken("w") {
				load = int(v.lane("seq_lsel_q", 0))
				job[load] = fmt.Sprint(1 + w/4)
			}
			mark("w taken", load >= 0, &w)
			for h := range 2 {
				name := fmt.Sprintf("half %d", h)
				d.set(name, e, ".")
				switch {
				case v.lane(fmt.Sprintf("seq_half%d_full_q", h), 0) == 1:
					d.set(name, e, job[h])
				case v.lane(fmt.Sprintf("seq_half%d_wait_q", h), 0) > 0:
					d.set(name, e, "-")
				case load == h:
					d.set(name, e, "l")
				}
			}
			mark("a taken", v.taken("a"), &rows)
			mark("accumulated", v.lane("valid_here_q", 0) == 1, &sums)
			if d.set("y", e, "."); v.delivered() {
				d.set("y", e, "3")
			}
		})
		out += d.String(int(r.span)) + "\n"
	}
	return strings.TrimSuffix(out, "\n")
}

func row(cells ...any) string {
	out := "|"
	for _, c := range cells {
		out += fmt.Sprintf(" %v |", c)
	}
	return out + "\n"
}

// rule is the line under a table's head; align has l or r for each column.
func rule(align string) string {
	out := "|"
	for _, a := range align {
		if a == 'r' {
			out += "---:|"
		} else {
			out += "---|"
		}
	}
	return out + "\n"
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// ranges prints edges in ascending order, runs as first-last.
func ranges(list []int64) string {
	var parts []string
	for i := 0; i < len(list); {
		j := i
		for j+1 < len(list) && list[j+1] == list[j]+1 {
			j++
		}
		if j > i {
			parts = append(parts, fmt.Sprintf("%d-%d", list[i], list[j]))
		} else {
			parts = append(parts, fmt.Sprint(list[i]))
		}
		i = j + 1
	}
	return strings.Join(parts, ", ")
}
