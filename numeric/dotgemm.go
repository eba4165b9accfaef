package numeric

// GEMM implements [Arithmetic]: past the end of K the units pass the sum on as it is. The initial C is added
// last.
func (u *ANFMA) GEMM(a, b *Dense, init []int64) ([]int64, error) {
	out, _, err := u.GEMMShifts(a, b, init)
	return out, err
}

// GEMMShifts is GEMM with a histogram: how often a unit shifted its sum left by n places when its product was
// not zero.
func (u *ANFMA) GEMMShifts(a, b *Dense, init []int64) (out []int64, shifts []int64, err error) {
	if err := checkShapes(a, b, init); err != nil {
		return nil, nil, err
	}
	if err := u.Validate(); err != nil {
		return nil, nil, err
	}
	acc := Chain{A: u.Out, B: u.Out, Acc: u.Out, Env: u.Env}
	out, shifts = make([]int64, a.Rows*b.Cols), make([]int64, u.Bits+1)
	bt := b.transposed()
	for i := range a.Rows {
		for j := range b.Cols {
			total, x, y := uint64(0), a.Row(i), bt.Row(j)
			for k0 := 0; k0 < a.Cols; k0 += u.Rows {
				s := u.Start()
				for k := k0; k < min(k0+u.Rows, a.Cols); k++ {
					s = u.Step(s, code(x[k], u.A), code(y[k], u.B))
					if x[k] != 0 && y[k] != 0 {
						shifts[s.Shifted]++
					}
				}
				if part := u.Foot(s); k0 == 0 {
					total = part
				} else {
					total = acc.Add(part, total)
				}
			}
			if init != nil {
				total = acc.Add(uint64(init[i*b.Cols+j]), total)
			}
			out[i*b.Cols+j] = int64(total)
		}
	}
	return out, shifts, nil
}

// ExactDot is the arithmetic of a Kulisch accumulator: all products and the initial C
// exactly, one rounding at the end.
type ExactDot struct {
	A, B, Acc Float
	C         Float // of the initial C; the zero Float: that of Acc
	Env       Env
}

// GEMM implements [Arithmetic].
func (d *ExactDot) GEMM(a, b *Dense, init []int64) ([]int64, error) {
	out := make([]int64, a.Rows*b.Cols)
	err := d.each(a, b, init, func(i int, v Value) {
		c, _ := d.Acc.Encode(v, &d.Env)
		out[i] = int64(c)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Float64s is GEMM with results that are rounded to float64 instead of Acc, for statistics.
func (d *ExactDot) Float64s(a, b *Dense, init []int64) ([]float64, error) {
	out := make([]float64, a.Rows*b.Cols)
	err := d.each(a, b, init, func(i int, v Value) { out[i] = v.Float64() })
	return out, err
}

// each gives every word of the product, exact but for jammed bits (see [Kulisch.Value]).
func (d *ExactDot) each(a, b *Dense, init []int64, yield func(i int, v Value)) error {
	if err := checkShapes(a, b, init); err != nil {
		return err
	}
	in := d.C
	if in.Exp == 0 {
		in = d.Acc
	}
	sum := NewKulisch(d.A, d.B, in, a.Cols)
	bt := b.transposed()
	va, vb := decodeRows(a, d.A, 0, 0), decodeRows(bt, d.B, 0, 0)
	for i := range a.Rows {
		for j := range b.Cols {
			sum.Reset()
			if d.Env.Flush || va.special[i] || vb.special[j] {
				x, y := a.Row(i), bt.Row(j)
				for k := range x {
					p, _ := Mul(d.A.DecodeIn(code(x[k], d.A), &d.Env), d.B.DecodeIn(code(y[k], d.B), &d.Env))
					sum.Add(p)
				}
			} else {
				sum.addProducts(va.row(i), vb.row(j))
			}
			if init != nil {
				sum.Add(in.DecodeIn(uint64(init[i*b.Cols+j]), &d.Env))
			}
			yield(i*b.Cols+j, sum.Value())
		}
	}
	return nil
}
