package arch

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tpe/hw/drive"
	"tpe/hw/eval"
	"tpe/numeric"
)

func randomDense(rng *rand.Rand, rows, cols int, f numeric.Int) *numeric.Dense {
	d := numeric.NewDense(rows, cols)
	for i := range d.Data {
		switch rng.IntN(8) {
		case 0:
			d.Data[i] = int32(f.Min())
		case 1:
			d.Data[i] = int32(f.Max())
		default:
			d.Data[i] = int32(f.Min() + rng.Int64N(f.Max()-f.Min()+1))
		}
	}
	return d
}

// EvalRunner steps an engine on the evaluator.
func EvalRunner(t testing.TB, e *Engine) drive.Runner {
	t.Helper()
	m, err := eval.New(e.Flat)
	if err != nil {
		t.Fatal(err)
	}
	r, err := drive.NewMachineRunner(e.Flat, m)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestEngineOnEval runs every dataflow and overlap option on small arrays and
// compares words with the software GEMM and cycles with the closed form.
func TestEngineOnEval(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, df := range []string{OS, WS, IS} {
		for _, ov := range []string{OverlapNone, OverlapLoad, OverlapDrain, OverlapFull} {
			for _, size := range [][2]int{{1, 1}, {1, 4}, {2, 3}, {4, 4}, {3, 5}, {5, 2}} {
				c := Default()
				c.Dataflow, c.Overlap, c.Rows, c.Cols, c.AccRows = df, ov, size[0], size[1], 1+rng.IntN(6)
				c.InitC = rng.IntN(2) == 0
				if rng.IntN(2) == 0 {
					c.Drain = "up"
				}
				switch rng.IntN(3) {
				case 0:
					c.PE = "opt1"
				case 1:
					c.Overflow, c.AccBits = Saturate, 17
				}
				if len(c.Validate()) == 0 {
					checkEngine(t, rng, c)
				}
			}
		}
	}
}

func checkEngine(t *testing.T, rng *rand.Rand, c Config) {
	t.Helper()
	e, err := Build(c)
	if err != nil {
		t.Fatal(err)
	}
	r := EvalRunner(t, e)
	one := c.Extent()
	for n := range 6 {
		s := Shape{1 + rng.IntN(3*one.M), 1 + rng.IntN(3*one.N), 1 + rng.IntN(3*one.K)}
		p, err := e.Plan(s)
		if err != nil {
			t.Fatal(err)
		}
		a, b := randomDense(rng, s.M, s.K, c.A), randomDense(rng, s.K, s.N, c.B)
		var init []int64
		if c.InitC {
			init = make([]int64, s.M*s.N)
			for i := range init {
				init[i] = c.Acc().Wrap(rng.Int64())
			}
		}
		o := Operands{A: a, B: b, Init: init}
		play, err := p.Play(o)
		if err != nil {
			t.Fatal(err)
		}
		play.Limit = 100000
		stalled := n >= 3
		if stalled {
			play.Ready = []byte{1, 0, 1, 1, 0, 0, 1}
			play.Valid = [][]byte{nil, {1, 1, 0}, {0, 1, 1, 0, 1}, {1, 0}}
		}
		tr, err := r.Run([]drive.Play{play})
		if err != nil {
			t.Fatalf("%s %s gemm %v: %v", e.Top.Name, c.Overlap, s, err)
		}
		got, err := p.Collect(tr[0].Results)
		if err != nil {
			t.Fatal(err)
		}
		want, err := c.Reference(o)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" || tr[0].Failures > 0 {
			t.Errorf("%s %s gemm %v, %d assertion failures: -software GEMM +array\n%s", e.Top.Name, c.Overlap, s, tr[0].Failures, d)
		}
		if span := tr[0].Span(e.OperandStreams()...); !stalled && span != c.Cycles(s, o) {
			t.Errorf("%s %s %s acc_rows %d gemm %v: %d cycles, formula %d", e.Top.Name, c.Overlap, c.Drain, c.AccRows, s, span, c.Cycles(s, o))
		}
	}
}
