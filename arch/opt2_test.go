package arch_test

import (
	"strings"
	"testing"

	"tpe/arch"
	"tpe/hw/drive"
	"tpe/numeric"
)

// TestOPT2Corner multiplies matrices of the same pair of extreme words. A row of -2 and a column of
// -128 need 14 bits in a tree of 16 lanes; the released engine, with 13, gives -4096.
func TestOPT2Corner(t *testing.T) {
	opt2Corner(t, presetWith(t, "tree-opt2", "cells=2"))
	opt2Corner(t, presetWith(t, "matrix2d-opt2", "rows=2", "cols=2", "chunk=16"))
}

func opt2Corner(t *testing.T, e *arch.Engine) {
	t.Helper()
	corner := []int32{-128, -127, -2, -1, 0, 1, 2, 127}
	r := arch.EvalRunner(t, e)
	s := arch.Shape{M: 2, N: 2, K: 16}
	plan, err := e.Plan(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range corner {
		for _, y := range corner {
			o := arch.Operands{A: filled(s.M, s.K, x), B: filled(s.K, s.N, y)}
			play, err := plan.Play(o)
			if err != nil {
				t.Fatal(err)
			}
			traces, err := r.Run([]drive.Play{play})
			if err != nil {
				t.Fatal(err)
			}
			got, err := plan.Collect(traces[0].Results)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range got {
				if want := int64(s.K) * int64(x) * int64(y); v != want {
					t.Fatalf("%s: %d times %d * %d = %d, want %d", e.Name, s.K, x, y, v, want)
				}
			}
		}
	}
}

func filled(rows, cols int, v int32) *numeric.Dense {
	d := numeric.NewDense(rows, cols)
	for i := range d.Data {
		d.Data[i] = v
	}
	return d
}

// TestOPT2Tree checks the width of the trees of one weight, and the released time: with 16 lanes,
// row m has left cell n at edge m + n + 8 if the first row comes at edge 1. Here the weights
// take 16 edges first, and the accumulator and the delivery two more.
func TestOPT2Tree(t *testing.T) {
	e := presetWith(t, "tree-opt2")
	cell := peModule(t, e)
	found := false
	for i := range cell.Nodes {
		if n := &cell.Nodes[i]; strings.HasPrefix(n.Name, "weight3_level4") {
			found = true
			if n.Width != 14 {
				t.Errorf("%s has %d bits, want 14", n.Name, n.Width)
			}
		}
	}
	if !found {
		t.Error("no last level of the tree of weight 3")
	}
	const rows, load = 5, 16
	if got, want := steppedCycles(t, e, arch.Shape{M: rows, N: 16, K: 16}), int64(load+(rows-1)+(16-1)+8+2); got != want {
		t.Errorf("%d cycles, want %d", got, want)
	}
}

// TestOPT2Matrix works the recurrence of one tile out by hand: 3 beats of 4 products, 4 passes. Full
// passes of 3 beats are bound by the 5 rows that leave behind each.
func TestOPT2Matrix(t *testing.T) {
	e := presetWith(t, "matrix2d-opt2", "rows=5", "cols=2", "chunk=12")
	const beats, rows = 3, 5
	firstPass := beats + 3 + beats - 1 // loaded, encoder and store, read
	if got, want := steppedCycles(t, e, arch.Shape{M: 5, N: 2, K: 12}), int64(firstPass+3*rows+6+rows-1); got != want {
		t.Errorf("%d cycles, want %d", got, want)
	}
	if got, want := steppedCycles(t, e, arch.Shape{M: 1, N: 2, K: 12}), int64(firstPass+3*beats+6); got != want {
		t.Errorf("one row: %d cycles, want %d", got, want)
	}
	cell := peModule(t, e)
	for _, r := range cell.Regs {
		if n := &cell.Nodes[r.Node]; strings.HasPrefix(n.Name, "acc_") && n.Width != 10+4 {
			t.Errorf("%s has %d bits, want 14 for 12 partial products of 10", n.Name, n.Width)
		}
	}
}
