package sim

import (
	"context"
	"fmt"

	"tpe/arch"
	"tpe/hw/drive"
	"tpe/numeric"
	"tpe/workloads"
)

// jobs steps matrix multiplications on one copy of the engine.
type jobs struct {
	ctx    context.Context
	e      *arch.Engine
	opt    Options
	runner drive.Runner
	stop   func() error
	fed    fedCounts
	gen    map[byte]*workloads.Generator // by matrix: those of arch.Matrix, and 'C', the initial C
	errors numeric.Errors                // of a layer, for an engine that is not exact
}

func (j *jobs) close() {
	if j.stop != nil {
		j.stop()
	}
}

// openData makes the generators when they are first needed.
func (j *jobs) openData() error {
	if j.gen != nil {
		return nil
	}
	gen := map[byte]*workloads.Generator{}
	given := map[byte]workloads.Data{'A': j.opt.Data.A, 'B': j.opt.Data.B, 'C': j.opt.Data.C}
	for _, m := range append(j.e.Matrices(arch.Shape{}), j.e.Initial(arch.Shape{})) {
		d, ok := given[m.Name]
		if !ok {
			d = m.Usual()
		}
		g, err := workloads.NewGenerator(d, m.Format, j.opt.Seed)
		if err != nil {
			return fmt.Errorf("--data: %w", err)
		}
		gen[m.Name] = g
	}
	j.gen = gen
	return nil
}

// open makes the runner and the generators when they are first needed.
func (j *jobs) open() error {
	if j.runner != nil {
		return nil
	}
	if err := j.openData(); err != nil {
		return err
	}
	if j.opt.NewRunner != nil {
		r, err := j.opt.NewRunner(j.ctx, j.e)
		j.runner = r
		return err
	}
	r, stop, err := NewRunner(j.opt.Executor, j.e.Flat)
	j.runner, j.stop = r, stop
	return err
}

// layer fills a row of the report. lead says that the layer is the first of its
// shape, which is the one that samples step.
func (j *jobs) layer(out *Layer, g workloads.GEMM, index int, lead bool) error {
	s := shapeOf(g)
	j.errors = numeric.Errors{}
	cycles, err := j.formula(out, s, g, index)
	if err != nil {
		return err
	}
	switch {
	case j.opt.Fidelity == Formula && j.opt.Check == CheckSample && lead:
		for _, r := range j.sample(s, index) {
			if _, err := j.step(out, s, r, index, 0); err != nil {
				return err
			}
		}
	case j.opt.Check == CheckAll:
		cycles = 0
		for rep := range g.Repeats() {
			n, err := j.step(out, s, whole(s), index, int(rep))
			if err != nil {
				return err
			}
			cycles += n
		}
	case j.opt.Fidelity != Formula:
		n, err := j.step(out, s, whole(s), index, 0)
		if err != nil {
			return err
		}
		cycles = n * g.Repeats()
	}
	if j.errors.Words+j.errors.NotFinite > 0 {
		out.Error = errorOf(&j.errors)
	}
	a, b, result := j.e.Formats()
	out.Name, out.Op, out.M, out.N, out.K = g.Name, g.Op, g.M, g.N, g.K
	out.Batch, out.Groups, out.Count = g.Batch, g.Groups, g.Count
	out.MACs, out.Cycles, out.ComputeCycles = g.MACs(), cycles, cycles
	out.Utilization = utilization(out.MACs, cycles, j.e.MACsPerCycle())
	out.Bytes = g.CompulsoryBytes(a.Width(), b.Width(), result.Width())
	if j.opt.Bandwidth > 0 {
		out.Bound = "compute"
		if float64(out.Bytes) > j.opt.Bandwidth*float64(cycles) {
			out.Bound = "memory"
		}
	}
	return nil
}

// formula fills what the closed form says of a layer and returns its cycles, all
// repetitions included. Where the count depends on data, repetition 0 stands for
// all, unless all are checked.
func (j *jobs) formula(out *Layer, s arch.Shape, g workloads.GEMM, index int) (int64, error) {
	out.CyclesKind = CyclesExact
	if !j.e.DataDriven() {
		t := j.e.Timing(s, nil)
		out.Figures = t.Figures
		return t.Cycles * g.Repeats(), nil
	}
	if err := j.openData(); err != nil {
		return 0, err
	}
	for _, m := range []byte("AB") {
		if err := j.prepare(j.named(m, s, index, 0)); err != nil {
			return 0, err
		}
	}
	t := j.e.Timing(s, &generated{j: j, shape: s, layer: index})
	if err := j.ctx.Err(); err != nil {
		return 0, err // the form may have given up
	}
	out.Figures = t.Figures
	if (g.Repeats() > 1 || t.HalfWidth > 0) && !(j.opt.Check == CheckAll) {
		out.CyclesKind = CyclesSampled
	}
	if j.opt.Fidelity == Formula && j.opt.Check != CheckAll {
		out.CyclesInterval = t.HalfWidth * g.Repeats()
	}
	return t.Cycles * g.Repeats(), nil
}

// generated gives the closed form the operands of repetition 0 of a layer without
// keeping them.
type generated struct {
	j     *jobs
	shape arch.Shape
	layer int
	buf   []int64
}

// Stopped implements [arch.Stopper].
func (d *generated) Stopped() bool { return d.j.ctx.Err() != nil }

// RowA implements [arch.Data].
func (d *generated) RowA(dst []int32, i int) { d.row(dst, 'A', int64(i)*int64(d.shape.K)) }

// RowB implements [arch.Data].
func (d *generated) RowB(dst []int32, k int) { d.row(dst, 'B', int64(k)*int64(d.shape.N)) }

func (d *generated) row(dst []int32, which byte, start int64) {
	if len(d.buf) < len(dst) {
		d.buf = make([]int64, len(dst))
	}
	buf := d.buf[:len(dst)]
	d.j.gen[which].FillRow(buf, d.j.named(which, d.shape, d.layer, 0), start)
	for i, v := range buf {
		dst[i] = int32(v)
	}
	d.j.count(which, dst)
}

// named is an operand of a layer with the size of the whole matrix.
func (j *jobs) named(which byte, s arch.Shape, layer, repeat int) workloads.Operand {
	op := workloads.Operand{Layer: layer, Repeat: repeat, Matrix: which}
	switch which {
	case 'A':
		op.Rows, op.Cols = s.M, s.K
	case 'B':
		op.Rows, op.Cols = s.K, s.N
	case 'C':
		op.Rows, op.Cols = s.M, s.N
	default:
		for _, m := range j.e.Matrices(s) {
			if m.Name == which {
				op.Rows, op.Cols = m.Rows, m.Cols
			}
		}
	}
	return op
}

func (j *jobs) prepare(op workloads.Operand) error {
	if err := j.gen[op.Matrix].Prepare(op); err != nil {
		return fmt.Errorf("--data: %w", err)
	}
	return nil
}

// region is a rectangle of C, computed over the full K.
type region struct{ m0, n0, m, n int }

func whole(s arch.Shape) region { return region{0, 0, s.M, s.N} }

// sampleWords is the least number of words that a sample compares, if there are as
// many.
const sampleWords = 1024

// sample chooses rectangles of C that begin on the array's tiles: one inside, one
// with the last row and column, at positions from the seed; all of C if it is small.
func (j *jobs) sample(s arch.Shape, layer int) []region {
	if s.M*s.N <= 2*sampleWords {
		return []region{whole(s)}
	}
	tile := j.e.Extent()
	rows, cols := tile.M, tile.N
	height := min(s.M, max(rows, 32))
	width := min(s.N, (sampleWords/height+cols-1)/cols*cols)
	if width == s.N {
		height = min(s.M, (sampleWords/width+rows)/rows*rows)
	}
	pick := func(extent, size, tile int, salt int64) int {
		n := (extent - size) / tile // last start that keeps the rectangle inside and off the edge
		if n <= 0 {
			return 0
		}
		h := splitmix(j.opt.Seed ^ splitmix(uint64(layer)*2+uint64(salt)))
		return int(h%uint64(n)) * tile
	}
	inner := region{pick(s.M, height, rows, 0), pick(s.N, width, cols, 1), height, width}
	edge := region{m: min(s.M, height), n: min(s.N, width)}
	edge.m0 = start(s.M, edge.m, rows)
	edge.n0 = start(s.N, edge.n, cols)
	edge.m, edge.n = s.M-edge.m0, s.N-edge.n0
	return []region{inner, edge}
}

// start is the first tile boundary from which size reaches the end.
func start(extent, size, tile int) int { return (extent - size + tile - 1) / tile * tile }

// splitmix is the finaliser of the SplitMix64 generator.
func splitmix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// step runs a rectangle of C as a job, compares its words with the software GEMM and its
// cycles with the formula, and returns the cycles.
func (j *jobs) step(out *Layer, s arch.Shape, r region, layer, repeat int) (int64, error) {
	if err := j.ctx.Err(); err != nil {
		return 0, err
	}
	if err := j.open(); err != nil {
		return 0, err
	}
	part := arch.Shape{M: r.m, N: r.n, K: s.K}
	var o arch.Operands
	for _, m := range j.e.Matrices(part) {
		r0, c0 := r.m0, 0
		if m.Name != 'A' {
			r0, c0 = 0, r.n0
		}
		d, err := j.operand(m, j.named(m.Name, s, layer, repeat), r0, c0)
		if err != nil {
			return 0, err
		}
		o.Put(m, d)
	}
	if j.e.InitC {
		var err error
		if o.Init, err = j.initial(j.named('C', s, layer, repeat), r); err != nil {
			return 0, err
		}
	}
	job, err := StepJob(j.e, j.runner, part, o)
	if err != nil {
		return 0, err
	}
	if job.Want.HalfWidth == 0 {
		out.CyclesChecked++
		if job.Span != job.Want.Cycles {
			out.CycleMismatch++
		}
	}
	out.AssertFailures += int64(job.Failures)
	if j.opt.Check == CheckNone {
		return job.Span, nil
	}
	ref, err := j.e.Reference(o)
	if err != nil {
		return 0, err
	}
	if !j.e.Exact() {
		exact, err := j.e.ExactReference(o)
		if err != nil {
			return 0, err
		}
		_, _, f := j.e.Formats()
		j.errors.Add(j.e.ResultValues(job.Words), exact, f)
	}
	shifts, err := j.e.Shifts(o)
	if err != nil {
		return 0, err
	}
	for n, times := range shifts {
		if n == len(out.Shifts) {
			out.Shifts = append(out.Shifts, 0)
		}
		out.Shifts[n] += times
	}
	out.Checked += int64(len(job.Words))
	for i, w := range job.Words {
		if w != ref[i] {
			out.Mismatches++
		}
	}
	return job.Span, nil
}

// operand makes the part of a matrix that m describes, from element (r0, c0) of the whole one on.
func (j *jobs) operand(m arch.Matrix, op workloads.Operand, r0, c0 int) (*numeric.Dense, error) {
	if err := j.prepare(op); err != nil {
		return nil, err
	}
	d := numeric.NewDense(m.Rows, m.Cols)
	buf := make([]int64, m.Cols)
	for i := range m.Rows {
		j.gen[m.Name].FillRow(buf, op, int64(r0+i)*int64(op.Cols)+int64(c0))
		row := d.Row(i)
		for k, v := range buf {
			row[k] = int32(v)
		}
	}
	j.count(m.Name, d.Data)
	return d, nil
}

func (j *jobs) initial(op workloads.Operand, r region) ([]int64, error) {
	if err := j.prepare(op); err != nil {
		return nil, err
	}
	c := make([]int64, r.m*r.n)
	for i := range r.m {
		j.gen['C'].FillRow(c[i*r.n:(i+1)*r.n], op, int64(r.m0+i)*int64(op.Cols)+int64(r.n0))
	}
	return c, nil
}
