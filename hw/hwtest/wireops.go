package hwtest

import (
	"fmt"

	"tpe/hw"
)

// wireWidths are the widths of words moved between lanes.
var wireWidths = []int{1, 8, 17, 33, 64}

// wireCases makes a case for each operator that moves words between lanes, and
// one for constants and coordinates.
func wireCases() []Case {
	return []Case{
		stimulated("op/shift", shifts(hw.OpShift), 12),
		stimulated("op/rotate", shifts(hw.OpRotate), 12),
		stimulated("op/index", indices(), 8),
		stimulated("op/select", selects(), 40),
		stimulated("op/reduce", reductions(), 16),
		stimulated("op/stride", strides(), 12),
		stimulated("op/split", splits(), 12),
		stimulated("op/pack", packs(), 12),
		stimulated("op/fold", folds(), 5),
		stimulated("op/bcast", broadcasts(), 8),
		stimulated("op/const", leaves(), 2),
		stimulated("op/compress", compressors(), 24),
	}
}

// extended are the axes of the wire cases.
func extended(name string) *grid {
	return newGrid(name, "Operators that move words between lanes.", append(append([]hw.Axis{}, axisSizes...),
		hw.Axis{Name: "thirty", Size: 33}, hw.Axis{Name: "sixty", Size: 64}, hw.Axis{Name: "six", Size: 6})...)
}

var singles = []string{"one", "two", "three", "five"}

func shifts(op hw.Op) *hw.Module {
	g := extended("op_" + op.String())
	move := func(name, axis string, x, edge hw.ID) {
		for _, dir := range []int{-1, 1} {
			out := name + "_" + axis + map[int]string{-1: "_down", 1: "_up"}[dir]
			if op == hw.OpRotate {
				g.Out(out, g.Rotate(g.axis[axis], dir, x))
			} else {
				g.Out(out, g.Shift(g.axis[axis], dir, x, edge))
			}
		}
	}
	for _, w := range wireWidths {
		for _, a := range singles {
			move(fmt.Sprintf("y_%d", w), a, g.input(0, w, a), g.input(1, w))
		}
		for _, a := range []string{"three", "four"} {
			other := map[string]string{"three": "four", "four": "three"}[a]
			move(fmt.Sprintf("y_%d_grid", w), a, g.input(0, w, "three", "four"), g.input(1, w, other))
			move(fmt.Sprintf("y_%d_grid_scalar", w), a, g.input(0, w, "three", "four"), g.input(1, w))
			move(fmt.Sprintf("y_%d_wide_edge", w), a, g.input(0, w, a), g.input(1, w, other))
		}
	}
	x := g.input(0, 9, "two", "three", "five")
	move("y_cube", "two", x, g.input(1, 9, "three", "five"))
	move("y_cube", "three", x, g.input(1, 9, "five"))
	move("y_cube", "five", x, g.input(1, 9, "two"))
	return must(g.Builder)
}

func indices() *hw.Module {
	g := extended("op_index")
	for _, w := range wireWidths {
		for _, a := range []string{"one", "three", "five"} {
			for k := range g.size(a) {
				g.Out(fmt.Sprintf("y_%d_%s_%d", w, a, k), g.Index(g.axis[a], k, g.input(0, w, a)))
			}
		}
		for _, a := range []string{"three", "four"} {
			for k := range g.size(a) {
				g.Out(fmt.Sprintf("y_%d_grid_%s_%d", w, a, k), g.Index(g.axis[a], k, g.input(0, w, "three", "four")))
			}
		}
	}
	for k := range 3 {
		g.Out(fmt.Sprintf("y_cube_%d", k), g.Index(g.axis["three"], k, g.input(0, 8, "two", "three", "five")))
	}
	return must(g.Builder)
}

// size is the size of a named axis.
func (g *grid) size(axis string) int {
	for _, a := range []hw.Axis{{Name: "thirty", Size: 33}, {Name: "sixty", Size: 64}, {Name: "six", Size: 6}} {
		if a.Name == axis {
			return a.Size
		}
	}
	for _, a := range axisSizes {
		if a.Name == axis {
			return a.Size
		}
	}
	panic("hwtest: no axis " + axis)
}

func selects() *hw.Module {
	g := extended("op_select")
	for _, w := range wireWidths {
		for _, iw := range []int{1, 2, 3, 64} {
			for _, a := range singles {
				g.Out(fmt.Sprintf("y_%d_%d_%s", w, iw, a), g.Select(g.axis[a], g.input(0, w, a), g.input(1, iw)))
			}
			for _, a := range []string{"three", "four"} {
				other := map[string]string{"three": "four", "four": "three"}[a]
				x := g.input(0, w, "three", "four")
				g.Out(fmt.Sprintf("y_%d_%d_%s_of_grid", w, iw, a), g.Select(g.axis[a], x, g.input(1, iw)))
				g.Out(fmt.Sprintf("y_%d_%d_%s_own", w, iw, a), g.Select(g.axis[a], x, g.input(1, iw, other)))
				g.Out(fmt.Sprintf("y_%d_%d_%s_spread", w, iw, a), g.Select(g.axis[a], g.input(0, w, a), g.input(1, iw, "two")))
			}
		}
	}
	return must(g.Builder)
}

func reductions() *hw.Module {
	g := extended("op_reduce")
	for _, op := range hw.ReduceOps {
		for _, w := range wireWidths {
			for _, a := range singles {
				g.Out(fmt.Sprintf("y_%s_%d_%s", op, w, a), g.Reduce(g.axis[a], op, g.input(0, w, a)))
			}
			for _, a := range []string{"three", "four"} {
				g.Out(fmt.Sprintf("y_%s_%d_grid_%s", op, w, a), g.Reduce(g.axis[a], op, g.input(0, w, "three", "four")))
			}
		}
		g.Out(fmt.Sprintf("y_%s_long", op), g.Reduce(g.axis["thirty"], op, g.input(0, 7, "thirty")))
		g.Out(fmt.Sprintf("y_%s_outer", op), g.Reduce(g.axis["two"], op, g.input(0, 31, "two", "thirty")))
	}
	return must(g.Builder)
}

func strides() *hw.Module {
	g := extended("op_stride")
	for _, w := range wireWidths {
		for i, s := range []struct {
			from, to    string
			start, step int
		}{
			{"five", "two", 0, 1}, {"five", "three", 0, 2}, {"five", "three", 1, 3}, {"two", "five", 1, 1},
			{"five", "four", 7, 1}, {"one", "three", 0, 1}, {"three", "one", 2, 9}, {"six", "three", 1, 2},
		} {
			name := fmt.Sprintf("y_%d_%d", w, i)
			from, to := g.axis[s.from], g.axis[s.to]
			g.Out(name, g.Stride(from, to, s.start, s.step, g.input(0, w, s.from), g.input(1, w)))
			if i == 1 || i == 3 {
				x, other := g.input(0, w, "four", s.from), g.input(1, w, "four")
				g.Out(name+"_grid", g.Stride(from, to, s.start, s.step, x, other))
				g.Out(name+"_grid_scalar", g.Stride(from, to, s.start, s.step, x, g.input(1, w)))
				g.Out(name+"_wide_fill", g.Stride(from, to, s.start, s.step, g.input(0, w, s.from), other))
			}
		}
	}
	return must(g.Builder)
}

func splits() *hw.Module {
	g := extended("op_split")
	for _, w := range wireWidths {
		for i, s := range [][3]string{
			{"six", "two", "three"}, {"six", "three", "two"}, {"five", "two", "three"}, {"five", "three", "four"},
			{"two", "one", "three"}, {"one", "two", "three"}, {"six", "six2", "one"},
		} {
			if s[1] == "six2" {
				s[1] = "thirty"
			}
			name := fmt.Sprintf("y_%d_%d", w, i)
			a, o, in := g.axis[s[0]], g.axis[s[1]], g.axis[s[2]]
			g.Out(name, g.Split(a, o, in, g.input(0, w, s[0]), g.input(1, w)))
			if i == 0 || i == 2 {
				x, other := g.input(0, w, s[0], "four"), g.input(1, w, "four")
				g.Out(name+"_grid", g.Split(a, o, in, x, other))
				g.Out(name+"_wide_fill", g.Split(a, o, in, g.input(0, w, s[0]), other))
			}
		}
	}
	return must(g.Builder)
}

func packs() *hw.Module {
	g := extended("op_pack")
	for _, a := range []string{"one", "two", "three", "five", "thirty", "sixty"} {
		g.Out("y_"+a, g.Pack(g.axis[a], g.input(0, 1, a)))
	}
	for _, a := range []string{"three", "four"} {
		g.Out("y_grid_"+a, g.Pack(g.axis[a], g.input(0, 1, "three", "four")))
	}
	g.Out("y_outer", g.Pack(g.axis["two"], g.input(0, 1, "two", "sixty")))
	g.Out("y_inner", g.Pack(g.axis["sixty"], g.input(0, 1, "two", "sixty")))
	return must(g.Builder)
}

// folds reduces and packs axes of the lengths that vectors have, and of others, first, last and
// between others.
func folds() *hw.Module {
	b := hw.New("op_fold", "Folds of axes as long as vectors, and of others.")
	axes := []int{b.Axis("sixteen", 16), b.Axis("nine", 9), b.Axis("eight", 8), b.Axis("four", 4)}
	shapes := [][]int{{axes[0]}, {axes[0], axes[1]}, {axes[1], axes[2]}, {axes[3], axes[2]}}
	for i, s := range shapes {
		for k, w := range []int{1, 11, 32} {
			x := b.In(fmt.Sprintf("x%d_%d", i, w), w, s...)
			for _, a := range s {
				for j, op := range hw.ReduceOps {
					if (i+j)%3 == k {
						b.Out(fmt.Sprintf("y%d_%d_%s_%d", i, w, op, a), b.Reduce(a, op, x))
					}
				}
				if w == 1 {
					b.Out(fmt.Sprintf("p%d_%d", i, a), b.Pack(a, x))
				}
				b.Out(fmt.Sprintf("s%d_%d_%d", i, w, a), b.Bcast(b.Index(a, 2, x), s...))
			}
		}
	}
	return must(b)
}

func broadcasts() *hw.Module {
	g := extended("op_bcast")
	ax := g.axis
	for _, w := range wireWidths {
		g.Out(fmt.Sprintf("y_%d_row", w), g.Bcast(g.input(0, w), ax["five"]))
		g.Out(fmt.Sprintf("y_%d_grid", w), g.Bcast(g.input(0, w), ax["three"], ax["four"]))
		g.Out(fmt.Sprintf("y_%d_outer", w), g.Bcast(g.input(0, w, "four"), ax["three"]))
		g.Out(fmt.Sprintf("y_%d_inner", w), g.Bcast(g.input(0, w, "three"), ax["four"]))
		g.Out(fmt.Sprintf("y_%d_middle", w), g.Bcast(g.input(0, w, "two", "four"), ax["three"]))
		g.Out(fmt.Sprintf("y_%d_same", w), g.Bcast(g.input(0, w, "three")))
		wire := g.Wire(fmt.Sprintf("wider_%d", w), w, ax["three"], ax["four"])
		g.Drive(wire, g.input(0, w, "four"))
		g.Out(fmt.Sprintf("y_%d_wire", w), wire)
	}
	return must(g.Builder)
}

// leaves has constants, coordinates and an input that is an output.
func leaves() *hw.Module {
	g := extended("op_const")
	for _, w := range widths {
		g.Out(fmt.Sprintf("zero_%d", w), g.Const(w, 0))
		g.Out(fmt.Sprintf("ones_%d", w), g.Const(w, hw.Mask(w)))
		g.Out(fmt.Sprintf("sign_%d", w), g.Const(w, 1<<(w-1)))
		g.Out(fmt.Sprintf("five_%d", w), g.Bcast(g.Const(w, 0xa5a5_a5a5_a5a5_a5a5&hw.Mask(w)), g.axis["five"]))
		for _, a := range append([]string{"thirty", "sixty"}, singles...) {
			if g.size(a)-1 <= 1<<min(w, 10)-1 {
				g.Out(fmt.Sprintf("coord_%d_%s", w, a), g.Coord(g.axis[a], w))
			}
		}
		g.Out(fmt.Sprintf("same_%d", w), g.input(0, w, "two"))
	}
	sum := g.Add(g.Coord(g.axis["three"], 8), g.Coord(g.axis["four"], 8))
	g.Out("coord_sum", sum)
	return must(g.Builder)
}

// compressors has carry-save trees, as pairs and resolved.
func compressors() *hw.Module {
	g := extended("op_compress")
	for _, w := range []int{1, 8, 33, 64} {
		for _, n := range []int{1, 2, 3, 4, 5, 7, 9} {
			xs := make([]hw.ID, n)
			for k := range xs {
				xs[k] = g.input(k, w, []string{"five"}[:k%2]...)
			}
			s, c := g.Compress(xs...)
			name := fmt.Sprintf("_%d_of_%d", n, w)
			g.Out("sum"+name, s)
			g.Out("carry"+name, c)
			g.Out("total"+name, g.Add(s, c))
		}
	}
	return must(g.Builder)
}
