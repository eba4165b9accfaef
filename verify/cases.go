package verify

import (
	"fmt"
	"math/rand/v2"

	"tpe/arch"
	"tpe/hw/drive"
	"tpe/numeric"
	"tpe/workloads"
)

// job is a case: a matrix multiplication with its data, its stalls and what must come
// out.
type job struct {
	index   int
	shape   arch.Shape
	data    workloads.Data
	stalled bool
	cut     int // cycles until a reset, 0: runs to its end
	plan    *arch.Plan
	play    drive.Play
	want    []int64
	cycles  int64 // of the closed form
	first   bool  // begins with a reset
}

func (j *job) String() string {
	s := fmt.Sprintf("case %d: gemm %s, data %s", j.index, j.shape, j.data)
	if j.stalled {
		s += ", random valid and ready"
	}
	if j.cut > 0 {
		s += fmt.Sprintf(", reset after %d cycles", j.cut)
	}
	return s
}

// dataKinds are the operand distributions of the cases: random over the whole range, normal,
// sparse, with outliers, and the extremes. For floats they hold corners, few infinities and NaNs (or every sum would be
// NaN), subnormal numbers, and sums that cancel.
func (m *maker) dataKinds() []workloads.Data {
	if a, _, _ := m.e.Formats(); workloads.FormatOf(a).Float.Exp > 0 {
		return []workloads.Data{
			{Kind: workloads.DataMixed}, {Kind: workloads.DataMixed, Param: 0.02}, {Kind: workloads.DataMixed, Param: 1},
			{Kind: workloads.DataNormal, Param: 1}, {Kind: workloads.DataNormal, Param: 0.01}, {Kind: workloads.DataFull},
			{Kind: workloads.DataZeros, Param: 0.5}, {Kind: workloads.DataAlternate}, {Kind: workloads.DataMax}, {Kind: workloads.DataConst},
		}
	}
	return []workloads.Data{
		{Kind: workloads.DataFull}, {Kind: workloads.DataFull}, {Kind: workloads.DataCorners}, {Kind: workloads.DataCorners},
		{Kind: workloads.DataMin}, {Kind: workloads.DataMax}, {Kind: workloads.DataAlternate}, {Kind: workloads.DataConst},
		{Kind: workloads.DataNormal, Param: 25}, {Kind: workloads.DataReLU, Param: 25}, {Kind: workloads.DataOutlier, Param: 8},
		{Kind: workloads.DataZeros, Param: 0.5},
	}
}

// maker makes cases for one engine.
type maker struct {
	e     *arch.Engine
	rng   *rand.Rand
	seed  uint64
	given *workloads.DataSet              // of A and B, if not nil
	made  map[source]*workloads.Generator // tables of distributions take a while to make
}

// source is what a generator of operands is made from, beside the seed.
type source struct {
	data   workloads.Data
	format workloads.Format
}

func newMaker(e *arch.Engine, seed uint64) *maker {
	return &maker{e: e, rng: rand.New(rand.NewPCG(seed, 0x7470655f76657269)), seed: seed, made: map[source]*workloads.Generator{}}
}

// cases makes n cases: shapes from 1 to three times the array in each dimension; half of
// them with random valid and ready patterns; one in sixteen cut by a reset. The next job
// follows on the same copy of the engine.
func (m *maker) cases(n int) ([]*job, error) {
	var jobs []*job
	size := m.e.Extent()
	for i := range n {
		j := &job{index: i, stalled: i%2 == 1, first: i == 0}
		if i > 0 && jobs[i-1].cut > 0 {
			j.first = true
		}
		j.shape = arch.Shape{M: m.extent(3 * size.M), N: m.extent(3 * size.N), K: m.extent(3 * size.K)}
		kinds := m.dataKinds()
		j.data = kinds[m.rng.IntN(len(kinds))]
		if m.given != nil {
			j.data = m.given.A
		}
		if err := m.fill(j); err != nil {
			return nil, fmt.Errorf("%s: %w", j, err)
		}
		if i%16 == 15 {
			j.cut = 1 + m.rng.IntN(int(j.cycles))
			j.play.Cut = j.cut
		}
		jobs = append(jobs, j)
	}
	return jobs, nil
}

// extent draws a dimension; its ends more often than the rest.
func (m *maker) extent(hi int) int {
	switch m.rng.IntN(8) {
	case 0:
		return 1
	case 1:
		return hi
	}
	return 1 + m.rng.IntN(hi)
}

// fill makes the operands, the stimulus and the expected words of a case.
func (m *maker) fill(j *job) error {
	var err error
	if j.plan, err = m.e.Plan(j.shape); err != nil {
		return err
	}
	s := j.shape
	var o arch.Operands
	for _, want := range m.e.Matrices(s) {
		d, err := m.operand(want, j)
		if err != nil {
			return err
		}
		o.Put(want, d)
	}
	if a, _, _ := m.e.Formats(); j.index%3 == 2 && workloads.FormatOf(a).Float.Exp > 0 {
		m.cancel(o, workloads.FormatOf(a).Float)
	}
	if m.e.InitC {
		o.Init = make([]int64, s.M*s.N)
		f := m.e.Initial(s).Format.Float
		acc := m.e.Acc()
		for i := range o.Init {
			if f.Exp > 0 {
				o.Init[i] = int64(f.MixedCode(m.rng.Uint64()))
			} else {
				o.Init[i] = acc.Wrap(m.rng.Int64())
			}
		}
	}
	if j.play, err = j.plan.Play(o); err != nil {
		return err
	}
	if j.want, err = m.e.Reference(o); err != nil {
		return err
	}
	j.cycles = m.e.Cycles(s, o)
	j.play.Cut = j.cut
	j.play.Limit = int(2*j.cycles) + 2000
	if j.first {
		j.play.Reset = 1 + m.rng.IntN(3)
	}
	if j.stalled {
		j.play.Valid = make([][]byte, len(j.play.Beats))
		for i := range j.play.Valid {
			j.play.Valid[i] = m.pattern()
		}
		j.play.Ready = m.pattern()
		// Every beat may wait for a pattern's only one, and the streams for each other.
		beats := j.play.Results
		for i, s := range m.e.Ports.In {
			beats += len(j.play.Beats[i]) / s.BeatBytes
		}
		j.play.Limit += maxPattern * beats
	}
	return nil
}

// cancel makes pairs of products of floats that cancel: of two neighbours in k, the second is the negative of
// the first, and in one row of three off by the lowest bit of A.
func (m *maker) cancel(o arch.Operands, f numeric.Float) {
	for k := 1; k < o.A.Cols; k += 2 {
		for i := range o.A.Rows {
			x := uint32(o.A.At(i, k-1)) ^ 1<<(f.Width()-1)
			if m.rng.IntN(3) == 0 {
				x ^= 1 << f.Pad
			}
			o.A.Data[i*o.A.Cols+k] = int32(x)
		}
		copy(o.B.Row(k), o.B.Row(k-1))
	}
}

// maxPattern is the greatest period of a handshake pattern.
const maxPattern = 64

// operand makes one matrix. Scales and zero points are random in half of the cases, so
// that extreme operands meet both random and extreme ones.
func (m *maker) operand(want arch.Matrix, j *job) (*numeric.Dense, error) {
	data := j.data
	if want.Name != 'A' && want.Name != 'B' && j.index/2%2 == 0 {
		data = want.Usual()
	}
	from := source{fitting(data, want.Format), want.Format}
	switch {
	case m.given != nil && want.Name == 'A':
		from.data = m.given.A
	case m.given != nil && want.Name == 'B':
		from.data = m.given.B
	}
	g := m.made[from]
	if g == nil {
		var err error
		if g, err = workloads.NewGenerator(from.data, from.format, m.seed); err != nil {
			return nil, err
		}
		m.made[from] = g
	}
	d := numeric.NewDense(want.Rows, want.Cols)
	buf := make([]int64, len(d.Data))
	op := workloads.Operand{Layer: j.index, Matrix: want.Name, Rows: want.Rows, Cols: want.Cols}
	if err := g.Prepare(op); err != nil {
		return nil, err
	}
	g.FillRow(buf, op, 0)
	for i, v := range buf {
		d.Data[i] = int32(v)
	}
	return d, nil
}

// fitting is the nearest kind of data that a format has: a case's is chosen for A.
func fitting(d workloads.Data, f workloads.Format) workloads.Data {
	float := f.Float.Exp > 0
	switch {
	case !float && d.Kind == workloads.DataMixed:
		return workloads.Data{Kind: workloads.DataCorners}
	case float && (d.Kind == workloads.DataCorners || d.Kind == workloads.DataConst && f.Float.NormalOnly):
		return workloads.Data{Kind: workloads.DataMixed}
	}
	return d
}

// pattern is a random periodic handshake pattern with a random share of ones, and at
// least one.
func (m *maker) pattern() []byte {
	p := make([]byte, 1+m.rng.IntN(maxPattern))
	share := m.rng.Float64()
	for i := range p {
		if m.rng.Float64() < share {
			p[i] = 1
		}
	}
	p[m.rng.IntN(len(p))] = 1
	return p
}
