package arch

import (
	"tpe/numeric"
	"tpe/pe"
)

// This file feeds and times the lookup engine of lutbuild.go.

func (lut) layout(l *layout, s Shape) {
	c, t := &l.e.Config, l.e.table()
	planesA, planesB := c.planes()
	j, steps := c.groupJob(s, c.Inputs), cdiv(s.K, c.Inputs)
	cfg := j.config(c)
	cfg["bits"] = s.K - (steps-1)*c.Inputs
	l.config(cfg)
	aw, ww := l.stream("a", j.mt*j.nt*steps*planesA), l.stream("w", j.mt*j.nt*steps*planesA*planesB)
	scales := l.scales(j)
	if l.err != nil {
		return
	}
	words := newLutWords(c, t, s, l.B)
	for n0 := 0; n0 < s.N; n0 += c.Cols {
		for m0 := 0; m0 < s.M; m0 += c.Rows {
			for k0 := 0; k0 < s.K; k0 += j.group {
				end := min(k0+j.group, s.K)
				shifts := l.tableShifts(m0, k0, end)
				for k := k0; k < end; k += c.Inputs {
					for pa := range planesA {
						l.lutA(aw, t, m0, k, end, pa, shifts)
						for pb := range planesB {
							ww.beat(func(i int) int64 { return words.at(n0+i, k/c.Inputs, pb) })
						}
					}
				}
				scales(k0/j.group, n0)
			}
		}
	}
	l.initial(s)
}

// activations are the elements k to k+inputs-1 of row i of A; zero from end on.
func (l *layout) activation(i, k, end int) int64 {
	if k >= end {
		return 0
	}
	return elem(l.A, i, k)
}

// tableShifts are the exponents of rounded tables of a tile's rows in a group.
func (l *layout) tableShifts(m0, k0, end int) []int64 {
	c := &l.e.Config
	if c.TableBits == 0 {
		return nil
	}
	list := make([]int64, c.Rows)
	arith := numeric.TableArith{Inputs: c.Inputs, TableBits: c.TableBits}
	for r := range list {
		if m0+r < l.A.Rows {
			list[r] = int64(arith.Shift(l.A.Row(m0 + r)[k0:end]))
		}
	}
	return list
}

// lutA writes a beat of A: activations, tables, or a plane of bits.
func (l *layout) lutA(w *beatWriter, t pe.Table, m0, k, end, plane int, shifts []int64) {
	c := &l.e.Config
	switch {
	case c.Table == pe.StyleXNOR:
		w.beat(func(r int) int64 {
			var word int64
			for i := range c.Inputs {
				word |= l.activation(m0+r, k+i, end) >> plane & 1 << i
			}
			return word
		})
		return
	case c.Precompute == madeInside:
		w.beat(func(i int) int64 { return l.activation(m0+i/c.Inputs, k+i%c.Inputs, end) },
			func(r int) int64 { return shifts[r] })
		return
	}
	if c.floatActivations() {
		w.beat(l.floatEntry(t, m0, k, end))
		return
	}
	entry := func(i int) int64 {
		var sum int64
		for x, coef := range t.Entries[i%len(t.Entries)] {
			sum += int64(coef) * l.activation(m0+i/len(t.Entries), k+x, end)
		}
		return sum
	}
	if c.TableBits == 0 {
		w.beat(entry)
		return
	}
	w.beat(func(i int) int64 { return numeric.HalfEven(entry(i), int(shifts[i/len(t.Entries)])) },
		func(r int) int64 { return shifts[r] },
		func(r int) int64 {
			var sum int64
			for x := range c.Inputs {
				sum += l.activation(m0+r, k+x, end)
			}
			return sum
		})
}

// lutWords are the weight words of a job: a word a column, step of inputs k, and plane.
type lutWords struct {
	steps, planes int
	words         []uint64
}

func newLutWords(c *Config, t pe.Table, s Shape, b *numeric.Dense) *lutWords {
	_, planes := c.planes()
	w := &lutWords{steps: cdiv(s.K, c.Inputs), planes: planes}
	w.words = make([]uint64, s.N*w.steps*planes)
	digits := make([]int, c.Inputs)
	for j := range s.N {
		for x := range w.steps {
			for p := range planes {
				for i := range digits {
					digits[i] = c.digit(t, elem(b, x*c.Inputs+i, j), p)
				}
				word, err := t.Word(digits)
				if err != nil {
					panic("arch: weight outside its format: " + err.Error())
				}
				w.words[(j*w.steps+x)*planes+p] = word
			}
		}
	}
	return w
}

// digit is the digit of a plane of a value of B.
func (c *Config) digit(t pe.Table, v int64, plane int) int {
	if t.Ternary() {
		return int(v)
	}
	if t.Odd() && c.B.Signed { // the code of the odd integer 2v + 1
		v += 1 << (c.B.Bits - 1)
	}
	bit := int(v >> plane & 1)
	if t.Odd() && t.Style != pe.StyleXNOR {
		return 2*bit - 1
	}
	return bit
}

func (w *lutWords) at(j, x, plane int) int64 {
	i := (j*w.steps+x)*w.planes + plane
	if i >= len(w.words) {
		return 0
	}
	return int64(w.words[i])
}

// results: every tile gives all its beats, whether or not they belong to C.
func (lut) results(c *Config, s Shape) int {
	return cdiv(s.M, c.Rows) * cdiv(s.N, c.Cols) * c.lutBeats()
}

// lutBeats is the number of result beats of a tile.
func (c *Config) lutBeats() int { return c.Rows * cdiv(c.Cols, c.Results) }

func (lut) eachResult(c *Config, s Shape, f func(at func(j int) int)) {
	for n0 := 0; n0 < s.N; n0 += c.Cols {
		for m0 := 0; m0 < s.M; m0 += c.Rows {
			for r := range c.Rows {
				for j0 := 0; j0 < c.Cols; j0 += c.Results {
					f(func(j int) int {
						ok := m0+r < s.M && j0+j < c.Cols && n0+j0+j < s.N
						return inside(m0+r, n0+j0+j, s.N, ok)
					})
				}
			}
		}
	}
}

func (lut) timing(c *Config, s Shape, _ Data) Timing {
	a, b := c.planes()
	g := c.lutSeq()
	cycles, wait := c.groupJob(s, c.Inputs).cycles(a*b, g.period, c.lutLatency())
	return Timing{Cycles: cycles, Figures: []Figure{{Name: "drain stall share", Value: float64(wait) / float64(cycles)}}}
}
