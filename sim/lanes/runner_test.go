package lanes

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tpe/arch"
	"tpe/hw"
	"tpe/hw/drive"
	"tpe/hw/eval"
	"tpe/numeric"
)

// buffered is a stream module with fields of all sizes, a single lane among
// them, state, and words that are narrower than their bytes.
func buffered(t *testing.T) *hw.Module {
	t.Helper()
	b := hw.New("buffered", "")
	col := b.Axis("col", 5)
	inV := b.In("x_valid_i", 1)
	wide, small := b.In("x_wide_i", 37, col), b.In("x_small_i", 3, col)
	tag, half := b.In("x_tag_i", 11), b.In("x_half_i", 16, col)
	goV := b.In("go_valid_i", 1)
	ready := b.In("y_ready_i", 1)
	full := b.Reg("full", 1, 0)
	take := b.And(goV, b.Or(b.Not(full), ready))
	accept := b.And(inV, take)
	b.Next(full, b.Mux(accept, b.Const(1, 1), b.And(full, b.Not(ready))))
	hold := func(name string, x hw.ID) hw.ID {
		r := b.Reg(name, b.Width(x), 5, b.ShapeOf(x).Axes()...)
		b.NextIf(r, accept, x)
		return r
	}
	b.Out("x_ready_o", take)
	b.Out("go_ready_o", accept)
	b.Out("y_valid_o", full)
	b.Out("y_sum_o", hold("sum", b.Add(wide, b.Sext(37, b.Cat(half, small)))))
	b.Out("y_half_o", hold("h", half))
	b.Out("y_tag_o", hold("t", b.Xor(tag, b.Delay(tag, 3))))
	b.Out("y_small_o", hold("s", small))
	b.Assert("small_is_not_7", b.Ne(small, b.Const(3, 7)))
	m, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	flat, err := hw.Flatten(m)
	if err != nil {
		t.Fatal(err)
	}
	return flat
}

func pattern1(rng *rand.Rand) []byte {
	if rng.IntN(3) == 0 {
		return nil
	}
	p := make([]byte, 1+rng.IntN(40))
	for i := range p {
		p[i] = byte(rng.IntN(2 + rng.IntN(3)))
	}
	p[0] = 1
	return p
}

// samePlays runs plays by lanes and by the reference and compares all there is.
func samePlays(t *testing.T, flat *hw.Module, opt options, plays []drive.Play) {
	t.Helper()
	mach, err := eval.New(flat)
	if err != nil {
		t.Fatal(err)
	}
	ref, err := drive.NewMachineRunner(flat, mach)
	if err != nil {
		t.Fatal(err)
	}
	r, err := newRunner(flat, opt)
	if err != nil {
		t.Fatal(err)
	}
	want, wantErr := ref.Run(plays)
	got, gotErr := r.Run(plays)
	var a, b *drive.HangError
	if errors.As(wantErr, &a) != errors.As(gotErr, &b) || a != nil && *a != *b {
		t.Fatalf("plan %+v: error %v, expected %v", opt, gotErr, wantErr)
	}
	for i := range got {
		if len(got[i].At) == 0 {
			got[i].At, got[i].Results = nil, nil
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("plan %+v: traces differ (-want +got):\n%s", opt, d)
	}
}

func TestRunnerRandomStreams(t *testing.T) {
	flat := buffered(t)
	ports, err := drive.PortsOf(flat)
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 7))
		var plays []drive.Play
		for range 1 + rng.IntN(4) {
			n := rng.IntN(30)
			p := drive.Play{Reset: rng.IntN(3), Ready: pattern1(rng), Results: rng.IntN(n + 1), Limit: 300}
			if rng.IntN(3) == 0 {
				p.Cut = 1 + rng.IntN(40)
			}
			for _, s := range ports.In {
				beats := make([]byte, n*s.BeatBytes+rng.IntN(2)) // the odd byte is no beat
				for i := range beats {
					beats[i] = byte(rng.Uint32())
				}
				p.Beats = append(p.Beats, beats)
				p.Valid = append(p.Valid, pattern1(rng))
			}
			plays = append(plays, p)
		}
		for _, opt := range plans {
			samePlays(t, flat, opt, plays)
		}
	}
}

// TestRunnerArrays runs jobs with stalls, resets in mid-job and jobs back to
// back on arrays of all dataflows.
func TestRunnerArrays(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, df := range []string{arch.OS, arch.WS, arch.IS} {
		for _, size := range [][2]int{{1, 3}, {4, 4}, {3, 70}, {9, 2}} {
			c := arch.Default()
			c.Dataflow, c.Rows, c.Cols, c.InitC = df, size[0], size[1], rng.IntN(2) == 0
			c.AccRows = 1 + rng.IntN(6)
			if rng.IntN(2) == 0 {
				c.PE = "opt1"
			}
			if rng.IntN(2) == 0 {
				c.Drain = "up"
			}
			e, err := arch.Build(c)
			if err != nil {
				t.Fatal(err)
			}
			var plays []drive.Play
			for i := range 3 {
				s := arch.Shape{M: 1 + rng.IntN(2*c.Rows), N: 1 + rng.IntN(2*c.Cols), K: 1 + rng.IntN(9)}
				plan, err := e.Plan(s)
				if err != nil {
					t.Fatal(err)
				}
				p, err := plan.Play(arch.Operands{A: randomDense(rng, s.M, s.K, e.A), B: randomDense(rng, s.K, s.N, e.B)})
				if err != nil {
					t.Fatal(err)
				}
				p.Limit, p.Ready = 20000, pattern1(rng)
				for range e.Ports.In {
					p.Valid = append(p.Valid, pattern1(rng))
				}
				if i == 1 {
					p.Cut, p.Results = 1+rng.IntN(20), 1+rng.IntN(3)
				}
				if i == 2 {
					p.Reset = 1 + rng.IntN(2)
				}
				plays = append(plays, p)
			}
			for _, opt := range plans {
				samePlays(t, e.Flat, opt, plays)
			}
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

func TestHang(t *testing.T) {
	flat := buffered(t)
	r, err := NewRunner(flat)
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.Run([]drive.Play{{Beats: [][]byte{nil, nil}, Results: 1, Limit: 9}})
	var hang *drive.HangError
	if !errors.As(err, &hang) || hang.Limit != 9 || hang.Wanted != 1 {
		t.Errorf("error %v, expected a hang after 9 cycles", err)
	}
}

// TestNoAllocationPerCycle runs jobs of different length: what is allocated does
// not depend on it.
func TestNoAllocationPerCycle(t *testing.T) {
	allocs := func(cycles int) float64 {
		e, play := arrayJob(t, func(c *arch.Config) { c.Rows, c.Cols = 8, 8 }, cycles)
		r, err := NewRunner(e.Flat)
		if err != nil {
			t.Fatal(err)
		}
		plays := []drive.Play{play}
		return testing.AllocsPerRun(5, func() {
			if _, err := r.Run(plays); err != nil {
				t.Fatal(err)
			}
		})
	}
	if short, long := allocs(100), allocs(3000); short != long || long > 8 {
		t.Errorf("%v allocations in a short job and %v in a long one", short, long)
	}
	e, _ := arrayJob(t, func(c *arch.Config) { c.Rows, c.Cols = 8, 8 }, 100)
	for _, opt := range plans {
		m, err := newMachine(e.Flat, opt)
		if err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(50, func() { m.Settle(); m.Step(false); m.Settle(); m.Step(true) }); n != 0 {
			t.Errorf("plan %+v: %v allocations in two cycles", opt, n)
		}
	}
}
