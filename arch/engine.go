package arch

import (
	"errors"
	"fmt"

	"tpe/hw"
	"tpe/hw/drive"
	"tpe/numeric"
	"tpe/pe"
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
	build := buildWS
	if c.Dataflow == OS {
		build = buildOS
	}
	top, err := build(&c)
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
	over := func(what string, n int) error {
		if n > maxCount {
			return fmt.Errorf("gemm %s on %s: %d %s (expected at most %d)", s, c.Name, n, what, maxCount)
		}
		return nil
	}
	if c.Dataflow == OS {
		return errors.Join(over("products a tile", s.K), over("row tiles", cdiv(s.M, c.Rows)), over("column tiles", cdiv(s.N, c.Cols)))
	}
	if c.Dataflow == IS {
		s = s.transposed()
	}
	return errors.Join(over("chunks of K", cdiv(s.K, c.Rows)), over("row blocks", cdiv(s.M, c.AccRows)), over("column tiles", cdiv(s.N, c.Cols)))
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
func (p *Plan) Results() int {
	c, s := &p.e.Config, p.shape
	switch c.Dataflow {
	case OS:
		return s.M * cdiv(s.N, c.Cols)
	case IS:
		return s.N * cdiv(s.M, c.Cols)
	}
	return s.M * cdiv(s.N, c.Cols)
}

// maxBeatBytes bounds the stimulus of one job.
const maxBeatBytes = 1 << 31

// Play lays out the operands as beats: a is M x K, b is K x N, init is M x N or nil
// (zeros, if the engine has a stream for it).
func (p *Plan) Play(a, b *numeric.Dense, init []int64) (drive.Play, error) {
	s := p.shape
	if a.Rows != s.M || a.Cols != s.K || b.Rows != s.K || b.Cols != s.N || (init != nil && len(init) != s.M*s.N) {
		return drive.Play{}, fmt.Errorf("arch: operands %dx%d and %dx%d, %d initial words for gemm %s", a.Rows, a.Cols, b.Rows, b.Cols, len(init), s)
	}
	if init != nil && !p.e.InitC {
		return drive.Play{}, fmt.Errorf("arch: engine %s has no stream of initial C", p.e.Name)
	}
	l := &layout{e: p.e, a: a, b: b, init: init, play: drive.Play{
		Beats: make([][]byte, len(p.e.Ports.In)), Results: p.Results()}}
	if p.e.Dataflow == OS {
		l.os(s)
	} else {
		l.ws(s)
	}
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
	row := make([]uint64, p.e.Cols)
	p.e.eachResult(p.shape, func(at func(j int) int) {
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

// eachResult calls f for each result beat in order; at(j) is the index in C of its
// word j, or -1 past the edge.
func (e *Engine) eachResult(s Shape, f func(at func(j int) int)) {
	rows, cols := e.Rows, e.Cols
	if e.Dataflow == OS {
		for n0 := 0; n0 < s.N; n0 += cols {
			for m0 := 0; m0 < s.M; m0 += rows {
				height := min(rows, s.M-m0)
				for r := range height {
					i := m0 + r
					if e.Drain != pe.DrainUp {
						i = m0 + height - 1 - r
					}
					f(func(j int) int { return inside(i, n0+j, s.N, n0+j < s.N) })
				}
			}
		}
		return
	}
	t := s
	if e.Dataflow == IS {
		t = s.transposed()
	}
	for n0 := 0; n0 < t.N; n0 += cols {
		for i := range t.M {
			f(func(j int) int {
				if e.Dataflow == IS { // word j of the row is C[n0+j][i]
					return inside(n0+j, i, s.N, n0+j < s.M)
				}
				return inside(i, n0+j, s.N, n0+j < s.N)
			})
		}
	}
}

func inside(i, j, cols int, ok bool) int {
	if !ok {
		return -1
	}
	return i*cols + j
}
