package pe

import (
	"fmt"

	"tpe/hw"
)

// Tree is an adder tree over the lanes of a dot product.
type Tree struct {
	Spec
	Arith   Arith
	Lanes   int // products, 1 to 256
	SumBits int // width of the result, which holds the sum of all products or wraps
	Every   int // levels of adders between two registers, at least 1
	// ByWeight adds the partial products of each weight in a tree of its own (opt2.go). x
	// comes encoded.
	ByWeight bool
}

// levels is the number of levels of adders.
func (t Tree) levels() int {
	levels := 0
	for n := t.Lanes; n > 1; n = (n + 1) / 2 {
		levels++
	}
	return levels
}

// Stages is the number of edges from the operands to the sum: the register of the products
// (or partial products), one for every Every levels of the tree, and one where the sums of
// the weights meet.
func (t Tree) Stages() int {
	n := 1 + (t.levels()+t.Every-1)/t.Every
	if t.ByWeight {
		n++
	}
	return n
}

// productBits is the width at which products enter the tree. A binary product grows by one
// bit a level; a pair of words cannot be extended without adding it, so it has the final width at
// once; so has one of floats, whose Spec is empty.
func (t Tree) productBits() int {
	if len(t.Arith.Words()) > 1 || t.A.Bits == 0 {
		return t.SumBits
	}
	return min(t.A.Bits+t.B.Bits, t.SumBits)
}

// Dot multiplies x and y lane by lane and adds the products. axis is the lanes'.
//
//	x[lane], y[lane] --> [products] --> register --> + --> + --> register --> ...
//	                                        lanes:   n/2   n/4
func (t Tree) Dot(b *hw.Builder, axis int, x, y hw.ID) []hw.ID {
	axes := t.axes(b, axis)
	if t.ByWeight {
		return []hw.ID{t.dotByWeight(b, axes, x, y)}
	}
	words := t.Arith.Product(b, t.productBits(), x, y)
	for i, n := range t.Arith.Words() {
		if !b.ShapeOf(words[i]).Has(axis) { // the carry of a single row is the constant 0
			words[i] = b.Bcast(words[i], axis)
		}
		words[i] = b.Pipe("product_"+n+"_q", words[i])
	}
	return t.add(b, t.Arith, "", axes, words, t.SumBits, t.Signed)
}

// axes are the lanes' axis and one for what each level of the tree leaves.
func (t Tree) axes(b *hw.Builder, lanes int) []int {
	list := []int{lanes}
	for n := t.Lanes; n > 1; {
		n = (n + 1) / 2
		list = append(list, b.Axis(fmt.Sprintf("%s_%d", b.AxisAt(lanes).Name, len(list)), n))
	}
	return list
}

// add is the tree: it adds the lanes of words, extended by one bit a level up to width. Names begin
// with the prefix.
func (t Tree) add(b *hw.Builder, a Arith, prefix string, axes []int, words []hw.ID, width int, signed bool) []hw.ID {
	for level := 1; level < len(axes); level++ {
		from, to := axes[level-1], axes[level]
		w := min(b.Width(words[0])+1, width)
		var left, right []hw.ID
		for _, x := range words {
			if signed {
				x = b.Sext(w, x)
			} else {
				x = b.Zext(w, x)
			}
			zero := b.Const(w, 0)
			left = append(left, b.Stride(from, to, 0, 2, x, zero))
			right = append(right, b.Stride(from, to, 1, 2, x, zero))
		}
		words = a.Merge(b, left, right)
		for i, name := range a.Words() {
			name = fmt.Sprintf("%slevel%d_%s", prefix, level, name)
			if level%t.Every == 0 || level == len(axes)-1 {
				words[i] = b.Pipe(name+"_q", words[i])
			} else {
				b.Named(name, words[i])
			}
		}
	}
	for i := range words {
		words[i] = b.Index(axes[len(axes)-1], 0, words[i])
	}
	return words
}

// DotCell is a dot-product cell whose operands both come with every beat. The lane's axis is
// named axis.
func DotCell(name, axis string, t Tree) (*hw.Module, error) {
	o := t.Arith.Operands()
	b := hw.New(name, fmt.Sprintf("Dot product of %d lanes, %s into %d bits.", t.Lanes, o, t.SumBits))
	lane := b.Axis(axis, t.Lanes)
	t.out(b, lane, b.In("x_i", o.X, lane), b.In("y_i", o.Y, lane))
	return b.Build()
}

// out makes the outputs s_* of a cell.
func (t Tree) out(b *hw.Builder, axis int, x, y hw.ID) {
	for i, sum := range t.Dot(b, axis, x, y) {
		b.Out("s_"+t.Arith.Words()[i]+"_o", sum)
	}
}

// DotProduct is a dot-product cell with stationary weights: a register file of two halves,
// one in use and one being loaded, in front of a [Tree].
//
//	                w_i
//	                 |
//	load_i, lsel_i   v
//	          [ w0[lane], w1[lane] ]   one place a load: lane 0 <- w_i, lane i <- lane i-1
//	                 |
//	wsel_i -------> mux
//	                 v
//	x_i[lane] ---> [ products, tree ] ---> s_o
//
// The first word of a load ends in the last lane. The weights that belong to x_i are
// read in the cycle in which it comes. The lane's axis is named axis.
func DotProduct(name, axis string, t Tree) (*hw.Module, error) {
	o := t.Arith.Operands()
	b := hw.New(name, fmt.Sprintf("Dot product of %d lanes with stationary weights, %s into %d bits.", t.Lanes, o, t.SumBits))
	lane := b.Axis(axis, t.Lanes)
	x, wsel := b.In("x_i", o.X, lane), b.In("wsel_i", 1)
	w, load, lsel := b.In("w_i", o.Y), b.In("load_i", 1), b.In("lsel_i", 1)
	half := func(n string, mine hw.ID) hw.ID {
		r := b.Reg(n+"_q", o.Y, 0, lane)
		b.NextIf(r, b.Named("load_"+n, b.And(load, mine)), b.Shift(lane, +1, r, w))
		return r
	}
	w0, w1 := half("w0", b.Not(lsel)), half("w1", lsel)
	t.out(b, lane, x, b.Named("w", b.Mux(wsel, w1, w0)))
	return b.Build()
}
