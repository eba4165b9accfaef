package pe

import (
	"fmt"

	"tpe/hw"
	"tpe/numeric"
)

// FloatTree is the arithmetic of an adder tree over products of floats: each product is rounded to the format of
// the sums, and so is every sum of two, to nearest even.
//
//	x, y --> [ multiply, round ] --+
//	x, y --> [ multiply, round ] --+--> [ add, round ] --+--> ...
//
// A word has a bit on top that says whether there is anything in it; a sum with nothing is the other
// operand as it is.
type FloatTree struct {
	FloatSpec
	Acc numeric.Float // of products and sums, IEEE
}

// SumBits is the width of a word of the tree.
func (f FloatTree) SumBits() int { return f.Acc.Width() + 1 }

// MAC implements [Arith]; a tree has no running sum.
func (FloatTree) MAC(*hw.Builder, []hw.ID, hw.ID, hw.ID) []hw.ID {
	panic("pe: a tree has no running sum")
}

// Product implements [Arith]. The width is that of SumBits.
func (f FloatTree) Product(b *hw.Builder, _ int, x, y hw.ID) []hw.ID {
	return []hw.ID{f.place(b, "multiply", x, y, func(m *hw.Builder, x, y hw.ID) hw.ID {
		there, t := productOf(m, f.Mul, f.A, x, y)
		return m.Cat(there, m.Mux(there, roundTerm(m, f.Acc, f.Env, t), m.Const(f.Acc.Width(), 0)))
	})}
}

// Merge implements [Arith].
func (f FloatTree) Merge(b *hw.Builder, x, y []hw.ID) []hw.ID {
	return []hw.ID{f.place(b, "add", x[0], y[0], func(m *hw.Builder, x, y hw.ID) hw.ID {
		w := f.Acc.Width()
		sum := addCodes(m, f.Acc, f.Env, m.Slice(x, 0, w), m.Slice(y, 0, w))
		return m.Mux(m.Bit(x, w), m.Mux(m.Bit(y, w), m.Cat(m.Const(1, 1), sum), x), y)
	})}
}

// place makes a module of a function of two words and an instance of it for each lane.
func (f FloatTree) place(b *hw.Builder, what string, x, y hw.ID, of func(m *hw.Builder, x, y hw.ID) hw.ID) hw.ID {
	m := hw.New("float_"+what, fmt.Sprintf("Unit of an adder tree of floats: %s, %s into %s.", what, f.Operands(), f.Acc))
	m.Out("s_o", m.Named("s", of(m, m.In("x_i", b.Width(x)), m.In("y_i", b.Width(y)))))
	unit, err := m.Build()
	if err != nil {
		panic("pe: " + err.Error())
	}
	over := (b.ShapeOf(x) | b.ShapeOf(y)).Axes()
	name := what
	for _, a := range over { // a level of the tree has an axis of its own
		name += "_" + b.AxisAt(a).Name
	}
	return b.Inst(name, unit, hw.Ports{"x_i": x, "y_i": y}, over...)["s_o"]
}

// Resolve implements [Arith].
func (f FloatTree) Resolve(b *hw.Builder, sum []hw.ID) hw.ID {
	return convert(b, f.Acc, f.Result, f.Env, b.Slice(sum[0], 0, f.Acc.Width()))
}
