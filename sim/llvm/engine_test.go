package llvm

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"tpe/arch"
	"tpe/hw"
	"tpe/hw/drive"
	"tpe/hw/eval"
	"tpe/internal/tool/tooltest"
	"tpe/numeric"
)

// configs are small engines of every dataflow, drain and PE.
func configs() []arch.Config {
	var list []arch.Config
	add := func(change func(*arch.Config)) {
		c := arch.Default()
		c.Rows, c.Cols, c.AccRows = 4, 4, 5
		change(&c)
		c.Name = fmt.Sprintf("%s_%s_%s_%dx%d", c.Dataflow, c.PE, c.Drain, c.Rows, c.Cols)
		list = append(list, c)
	}
	add(func(c *arch.Config) { c.Dataflow = arch.OS })
	add(func(c *arch.Config) { c.Dataflow, c.Rows, c.Cols, c.Drain = arch.OS, 3, 5, "up" })
	add(func(c *arch.Config) { c.Dataflow, c.PE, c.Rows, c.Cols, c.InitC = arch.OS, "opt1", 5, 3, true })
	add(func(c *arch.Config) { c.Dataflow, c.Overflow, c.AccBits = arch.OS, arch.Saturate, 17 })
	add(func(c *arch.Config) { c.Dataflow, c.Rows, c.Cols = arch.OS, 9, 11 })
	add(func(c *arch.Config) { c.Dataflow = arch.WS })
	add(func(c *arch.Config) { c.Dataflow, c.Rows, c.Cols, c.InitC = arch.WS, 3, 5, true })
	add(func(c *arch.Config) { c.Dataflow, c.PE, c.Rows, c.Cols = arch.WS, "opt1", 8, 9 })
	add(func(c *arch.Config) { c.Dataflow, c.Rows, c.Cols, c.Overlap = arch.IS, 2, 3, arch.OverlapNone })
	add(func(c *arch.Config) { c.Dataflow, c.Rows, c.Cols = arch.OS, 1, 1 })
	add(func(c *arch.Config) { c.Dataflow, c.Rows, c.Cols = arch.WS, 1, 4 })
	return list
}

// randomConfig is any small engine.
func randomConfig(rng *rand.Rand) arch.Config {
	for {
		c := arch.Default()
		c.Rows, c.Cols, c.AccRows = 1+rng.IntN(20), 1+rng.IntN(20), 1+rng.IntN(9)
		c.Dataflow = []string{arch.OS, arch.WS, arch.IS}[rng.IntN(3)]
		c.Overlap = []string{arch.OverlapNone, arch.OverlapLoad, arch.OverlapDrain, arch.OverlapFull}[rng.IntN(4)]
		c.InitC = rng.IntN(2) == 0
		c.Drain = []string{"up", "down2"}[rng.IntN(2)]
		c.A.Bits, c.B.Bits = 2+rng.IntN(8), 2+rng.IntN(8)
		switch rng.IntN(3) {
		case 0:
			c.PE = "opt1"
		case 1:
			c.Overflow, c.AccBits = arch.Saturate, 24
		}
		c.Name = fmt.Sprintf("%s_%s_%s_%dx%d", c.Dataflow, c.PE, c.Drain, c.Rows, c.Cols)
		if len(c.Validate()) == 0 {
			return c
		}
	}
}

func randomDense(rng *rand.Rand, rows, cols int, f numeric.Int) *numeric.Dense {
	d := numeric.NewDense(rows, cols)
	for i := range d.Data {
		d.Data[i] = int32(f.Min() + rng.Int64N(f.Max()-f.Min()+1))
	}
	return d
}

func pattern(rng *rand.Rand) []byte {
	if rng.IntN(3) == 0 {
		return nil
	}
	p := make([]byte, 1+rng.IntN(20))
	for i := range p {
		p[i] = byte(rng.IntN(3))
	}
	p[rng.IntN(len(p))] = 1
	return p
}

// randomPlays is a sequence of jobs with stalls on every port, some cut short and
// followed by a reset.
func randomPlays(t testing.TB, rng *rand.Rand, e *arch.Engine, n int) []drive.Play {
	t.Helper()
	var plays []drive.Play
	for range n {
		s := arch.Shape{M: 1 + rng.IntN(3*e.Rows), N: 1 + rng.IntN(3*e.Cols), K: 1 + rng.IntN(3*e.Rows)}
		p, err := e.Plan(s)
		if err != nil {
			t.Fatal(err)
		}
		var init []int64
		if e.InitC {
			init = make([]int64, s.M*s.N)
			for i := range init {
				init[i] = e.Acc().Wrap(rng.Int64())
			}
		}
		play, err := p.Play(arch.Operands{A: randomDense(rng, s.M, s.K, e.A), B: randomDense(rng, s.K, s.N, e.B), Init: init})
		if err != nil {
			t.Fatal(err)
		}
		play.Limit = 20000
		play.Ready = pattern(rng)
		for range e.Ports.In {
			play.Valid = append(play.Valid, pattern(rng))
		}
		if len(plays) > 0 && plays[len(plays)-1].Cut > 0 {
			play.Reset = 1 + rng.IntN(3)
		}
		if rng.IntN(3) == 0 {
			play.Cut = 1 + rng.IntN(60)
		}
		plays = append(plays, play)
	}
	return plays
}

func evalRunner(t testing.TB, flat *hw.Module) drive.Runner {
	t.Helper()
	m, err := eval.New(flat)
	if err != nil {
		t.Fatal(err)
	}
	r, err := drive.NewMachineRunner(flat, m)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func sameTrace(a, b drive.Trace) bool {
	return bytes.Equal(a.Results, b.Results) && slices.Equal(a.At, b.At) && slices.Equal(a.First, b.First) &&
		slices.Equal(a.Taken, b.Taken) && a.Cycles == b.Cycles && a.Failures == b.Failures
}

// TestRunnerMatchesEval plays the same stimulus on the compiled loop and on the
// reference evaluator.
func TestRunnerMatchesEval(t *testing.T) {
	tooltest.Need(t, "clang")
	rng := rand.New(rand.NewPCG(3, 4))
	list := configs()
	if tooltest.IsDeep() {
		for range 200 {
			list = append(list, randomConfig(rng))
		}
	}
	for _, c := range list {
		t.Run(c.Name, func(t *testing.T) {
			e, err := arch.Build(c)
			if err != nil {
				t.Fatal(err)
			}
			r, err := NewRunner(e.Flat)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			plays := randomPlays(t, rng, e, 8)
			want, wantErr := evalRunner(t, e.Flat).Run(plays)
			got, err := r.Run(plays)
			if fmt.Sprint(err) != fmt.Sprint(wantErr) {
				t.Fatalf("llvm: %v, eval: %v", err, wantErr)
			}
			for i := range want {
				if !sameTrace(want[i], got[i]) {
					t.Fatalf("play %d of %+v:\nreset %d cut %d\neval %+v\nllvm %+v", i, e.Ports, plays[i].Reset, plays[i].Cut, want[i], got[i])
				}
			}
		})
	}
}

// TestInstances runs two copies of one object by turns; neither may see the other.
func TestInstances(t *testing.T) {
	tooltest.Need(t, "clang")
	rng := rand.New(rand.NewPCG(7, 8))
	e, err := arch.Build(configs()[0])
	if err != nil {
		t.Fatal(err)
	}
	var plays [2][]drive.Play
	var got, ref [2][]drive.Trace
	var run [2]*Runner
	for i := range run {
		plays[i] = randomPlays(t, rng, e, 5)
		if run[i], err = NewRunner(e.Flat); err != nil {
			t.Fatal(err)
		}
		defer run[i].Close()
		if ref[i], err = evalRunner(t, e.Flat).Run(plays[i]); err != nil {
			t.Fatal(err)
		}
	}
	for k := range plays[0] {
		for i := range run {
			tr, err := run[i].Run(plays[i][k : k+1])
			if err != nil {
				t.Fatal(err)
			}
			got[i] = append(got[i], tr...)
		}
	}
	for i := range run {
		for k := range got[i] {
			if !sameTrace(ref[i][k], got[i][k]) {
				t.Errorf("copy %d, play %d: eval %+v, llvm %+v", i, k, ref[i][k], got[i][k])
			}
		}
	}
}

// TestHang wants one result more than there is.
func TestHang(t *testing.T) {
	tooltest.Need(t, "clang")
	e, err := arch.Build(configs()[0])
	if err != nil {
		t.Fatal(err)
	}
	plays := randomPlays(t, rand.New(rand.NewPCG(9, 9)), e, 1)
	plays[0].Results++
	plays[0].Cut, plays[0].Limit = 0, 5000
	want, wantErr := evalRunner(t, e.Flat).Run(plays)
	r, err := NewRunner(e.Flat)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	got, gotErr := r.Run(plays)
	var hang *drive.HangError
	if !errors.As(gotErr, &hang) || gotErr.Error() != wantErr.Error() {
		t.Errorf("error %v, want %v", gotErr, wantErr)
	}
	if !sameTrace(want[0], got[0]) {
		t.Errorf("eval %+v, llvm %+v", want[0], got[0])
	}
	if _, err := r.Run([]drive.Play{{Results: 1}}); err == nil {
		t.Error("a play without beats did not fail")
	}
}
