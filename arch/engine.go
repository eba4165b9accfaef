package arch

import (
	"errors"
	"fmt"

	"tpe/hw"
	"tpe/hw/drive"
	"tpe/numeric"
)

// Engine is a configuration with its hardware.
type Engine struct {
	Config
	Top   *hw.Module // hierarchical: what Verilog and cost are read from
	Flat  *hw.Module // flattened: what the executors run
	Ports drive.Ports
}

// Build makes the hardware of a configuration.
func Build(c Config) (*Engine, error) {
	if bad := c.Validate(); len(bad) > 0 {
		var errs []error
		for _, e := range bad {
			errs = append(errs, e)
		}
		return nil, errors.Join(errs...)
	}
	top, err := c.family().build(&c)
	if err != nil {
		return nil, fmt.Errorf("arch: building %s: %w", c.Name, err)
	}
	flat, err := hw.Flatten(top)
	if err != nil {
		return nil, fmt.Errorf("arch: flattening %s: %w", c.Name, err)
	}
	ports, err := drive.PortsOf(flat)
	if err != nil {
		return nil, err
	}
	return &Engine{Config: c, Top: top, Flat: flat, Ports: ports}, nil
}

// OperandStreams lists the consumed streams whose first beat starts the cycle
// count: operands and weights, not the configuration or the initial C.
func (e *Engine) OperandStreams() []int {
	var list []int
	for i, s := range e.Ports.In {
		if s.Name != "cfg" && s.Name != "c" {
			list = append(list, i)
		}
	}
	return list
}

// Shape is a matrix multiplication C[M x N] = A[M x K] B[K x N].
type Shape struct{ M, N, K int }

// MACs is M N K.
func (s Shape) MACs() int64 { return int64(s.M) * int64(s.N) * int64(s.K) }

func (s Shape) String() string { return fmt.Sprintf("%dx%dx%d", s.M, s.N, s.K) }

// transposed is the shape of the same product computed as C^T = B^T A^T.
func (s Shape) transposed() Shape { return Shape{s.N, s.M, s.K} }

// cdiv is a/b rounded up.
func cdiv(a, b int) int { return (a + b - 1) / b }

// CheckShape reports why a shape cannot be run as one job.
func (c *Config) CheckShape(s Shape) error {
	if s.M < 1 || s.N < 1 || s.K < 1 {
		return fmt.Errorf("gemm %s: dimensions must be at least 1", s)
	}
	return c.family().checkShape(c, s)
}

// checkCount reports a count that a configuration beat cannot hold.
func checkCount(c *Config, s Shape, what string, n int) error {
	if n > maxCount {
		return fmt.Errorf("gemm %s on %s: %d %s (expected at most %d)", s, c.Name, n, what, maxCount)
	}
	return nil
}

// Operands are the matrices of a job.
type Operands struct {
	A, B *numeric.Dense // M x K and K x N
	Init []int64        // M x N, row-major: the initial C; nil is zero
	// Scale and Zero have a word for each group of k and each column of B, ScaleA for each row of
	// A and each group, for engines that want them ([Config.Matrices]); else nil.
	Scale, Zero, ScaleA *numeric.Dense
}

// RowA implements [Data].
func (o Operands) RowA(dst []int32, i int) { copy(dst, o.A.Row(i)) }

// RowB implements [Data].
func (o Operands) RowB(dst []int32, k int) { copy(dst, o.B.Row(k)) }

// Data gives the values of a job's operands, row by row, to a closed form that
// depends on them. Rows may be asked for in any order and more than once.
type Data interface {
	// RowA sets dst to the first len(dst) elements of row i of A.
	RowA(dst []int32, i int)
	// RowB sets dst to the first len(dst) elements of row k of B.
	RowB(dst []int32, k int)
}

// Stopper is a [Data] whose job may be given up. A closed form that takes long asks it now and
// then, and once the answer is true it returns soon, with a [Timing] that means nothing.
type Stopper interface{ Stopped() bool }

// stopped asks d.
func stopped(d Data) bool {
	s, ok := d.(Stopper)
	return ok && s.Stopped()
}

// Plan is how a matrix multiplication is fed to an engine as one job.
type Plan struct {
	e     *Engine
	shape Shape
}

// Plan prepares a job.
func (e *Engine) Plan(s Shape) (*Plan, error) {
	if err := e.CheckShape(s); err != nil {
		return nil, err
	}
	return &Plan{e, s}, nil
}

// Results is the number of result beats of the job.
func (p *Plan) Results() int { return p.e.family().results(&p.e.Config, p.shape) }

// maxBeatBytes bounds the stimulus of one job.
const maxBeatBytes = 1 << 31

// Play lays out the operands as beats. An engine with a stream of initial C gets
// zeros on it if there is none.
func (p *Plan) Play(o Operands) (drive.Play, error) {
	s := p.shape
	if err := p.e.checkOperands(s, o); err != nil {
		return drive.Play{}, err
	}
	l := &layout{e: p.e, Operands: o, play: drive.Play{Beats: make([][]byte, len(p.e.Ports.In)), Results: p.Results()}}
	p.e.family().layout(l, s)
	return l.play, l.err
}

// Collect puts result beats in their places: M x N words, row-major, as values of
// the accumulator's format.
func (p *Plan) Collect(results []byte) ([]int64, error) {
	if want := p.Results() * p.e.Ports.Out.BeatBytes; len(results) != want {
		return nil, fmt.Errorf("arch: %d bytes of results (expected %d)", len(results), want)
	}
	c, _, err := p.CollectPart(results)
	return c, err
}

// CollectPart is Collect for a job that was cut short; the second result says which
// words were there.
func (p *Plan) CollectPart(results []byte) ([]int64, []bool, error) {
	out := &p.e.Ports.Out
	if len(results)%out.BeatBytes != 0 || len(results) > p.Results()*out.BeatBytes {
		return nil, nil, fmt.Errorf("arch: %d bytes of results (expected at most %d beats of %d)", len(results), p.Results(), out.BeatBytes)
	}
	c, present := make([]int64, p.shape.M*p.shape.N), make([]bool, p.shape.M*p.shape.N)
	acc := p.e.Acc()
	row := make([]uint64, out.Fields[0].Lanes)
	p.e.family().eachResult(&p.e.Config, p.shape, func(at func(j int) int) {
		if len(results) == 0 {
			return
		}
		results = drive.Unpack(row, results, out.Fields[0].Bytes)
		for j, w := range row {
			if i := at(j); i >= 0 {
				c[i], present[i] = acc.Wrap(int64(w)), true
			}
		}
	})
	return c, present, nil
}

// inside is the index of C[i][j], or -1 if it is not in C.
func inside(i, j, cols int, ok bool) int {
	if !ok {
		return -1
	}
	return i*cols + j
}
