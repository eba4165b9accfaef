package arch

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"tpe/numeric"
)

// TestModels holds the formulas against counts by hand.
func TestModels(t *testing.T) {
	load := func(name string, set ...string) *Config {
		c, err := Load(name, set)
		if err != nil {
			t.Fatal(err)
		}
		return &c
	}
	a := &numeric.Dense{Rows: 3, Cols: 4, Data: []int32{1, 0, -1, 7, 0, 0, 0, 0, -128, 0, 0, 3}}
	b := &numeric.Dense{Rows: 4, Cols: 2, Data: []int32{1, 3, 1, -3, 1, 3, 2, 0}}
	o, s := Operands{A: a, B: b}, Shape{3, 2, 4}
	for _, tt := range []struct {
		name string
		set  []string
		want int64
	}{
		// Columns: the ones of 1, 1 | 1, 2 are 2 + 1 and of 3, 3 | 3, 0 are 2 + 1.
		{"bitlet", []string{"rows=3", "cols=2", "lanes=2"}, 3},
		{"bitlet", []string{"rows=2", "cols=1", "lanes=2"}, 2 * (3 + 3)},
		{"bitlet", []string{"rows=1", "cols=2", "lanes=4"}, 3 * 3},
		{"loom", []string{"rows=2", "cols=2", "lanes=2", "dynamic=false"}, 2 * 2 * 64},
		// Rows 0 and 1 need 2 and 4 bits, row 2 needs 8 and 3.
		{"loom", []string{"rows=2", "cols=2", "lanes=2"}, 8 * (2 + 4 + 8 + 3)},
		{"loom", []string{"rows=1", "cols=3", "lanes=4"}, 2 * 8 * 8},
	} {
		if got := load(tt.name, tt.set...).Cycles(s, o); got != tt.want {
			t.Errorf("%s %v: %d cycles, want %d", tt.name, tt.set, got, tt.want)
		}
	}
	for _, m := range Models() {
		if _, err := Build(m.Config); !errors.Is(err, errNoHardware) {
			t.Errorf("Build(%s): %v, want %v", m.Name, err, errNoHardware)
		}
	}
}

// TestBitletWindow compares the mean window on normal data with the expectation in
// docs/engines/serial.md.
func TestBitletWindow(t *testing.T) {
	c := DefaultOf("model")
	rng := rand.New(rand.NewPCG(1, 1))
	s := Shape{1, 8, 64 * 500}
	o := Operands{B: numeric.NewDense(s.K, s.N)}
	for i := range o.B.Data {
		o.B.Data[i] = int32(min(max(math.Round(rng.NormFloat64()*127/5.008), -127), 127))
	}
	if got := c.Timing(s, o).Figures[0].Value; math.Abs(got-35.08) > 0.2 {
		t.Errorf("a window takes %.2f cycles, want 35.08", got)
	}
}
