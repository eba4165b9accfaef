package arch

// This file counts the digits of A for the times of columntime.go, by the encodings of numeric.

// columnWork makes the steps of a column tile of C from the rows of A.
type columnWork struct {
	c      *Config
	shape  Shape
	data   Data
	digits int64    // of A that are not zero
	busy   []int64  // of each column, the sum of T over the row tiles and chunks
	table  []uint64 // per code of A: for weight p, 1 in bits 4p..4p+3 if its digit is not zero
	rows   []int32  // of a row tile
	step   columnStep
	known  bool // digits and busy are complete
}

func newColumnWork(c *Config, s Shape, d Data) *columnWork {
	w := &columnWork{c: c, shape: s, data: d, busy: make([]int64, c.Cols), table: digitTable(c), rows: make([]int32, c.Cols*s.K)}
	planes := c.Encoder.Digits(c.A)
	if c.BStore == StoreWindow {
		w.step.counts = make([]uint8, planes*c.chunkGroups()*c.Cols*c.units())
	} else {
		w.step.times = make([]int64, planes*c.Cols)
	}
	w.step.busy = make([]int64, c.Cols)
	return w
}

// digitTable marks the digits of each code that are not zero.
func digitTable(c *Config) []uint64 {
	t := make([]uint64, 1<<c.A.Bits)
	digits := make([]int8, c.Encoder.Digits(c.A))
	for code := range t {
		c.Encoder.Encode(digits, c.A.Wrap(int64(code)), c.A)
		for p, d := range digits {
			if d != 0 {
				t[code] |= 1 << (4 * p)
			}
		}
	}
	return t
}

// tiles calls f with each step of a column tile, in order, unless the job is given up.
func (w *columnWork) tiles(f func(*columnStep)) {
	c, k := w.c, w.shape.K
	for m0 := 0; m0 < w.shape.M; m0 += c.Cols {
		for i := range c.Cols {
			if stopped(w.data) {
				return
			}
			row := w.rows[i*k : (i+1)*k]
			if m0+i < w.shape.M {
				w.data.RowA(row, m0+i)
			} else {
				clear(row)
			}
		}
		for k0 := 0; k0 < k; k0 += c.Chunk {
			w.fill(k0, min(c.Chunk, k-k0))
			f(&w.step)
		}
	}
	w.known = true
}

// fill makes the step of the chunk of n products at k0.
func (w *columnWork) fill(k0, n int) {
	c, s := w.c, &w.step
	s.first, s.last = k0 == 0, k0+c.Chunk >= w.shape.K
	s.beats = cdiv(n, c.Lanes)
	s.groups = cdiv(s.beats, c.DigitGroup)
	s.digits = 0
	planes := c.Encoder.Digits(c.A)
	width := c.Cols * c.units()
	if c.BStore == StoreWindow {
		s.counts = s.counts[:planes*s.groups*width]
	}
	lanes := make([][]uint64, c.Lanes)
	for l := range lanes {
		lanes[l] = make([]uint64, s.groups)
	}
	for i := range c.Cols {
		row := w.rows[i*w.shape.K+k0:][:n]
		for l := range lanes {
			w.countGroups(lanes[l], row[min(l*s.beats, n):min((l+1)*s.beats, n)])
		}
		s.busy[i] = 0
		for p := range planes {
			s.busy[i] += w.pass(i, p, lanes)
		}
		if !w.known {
			w.busy[i] += s.busy[i]
		}
	}
	if !w.known {
		w.digits += s.digits
	}
}

// countGroups sets the digits of each group: 4 bits for each weight.
func (w *columnWork) countGroups(dst []uint64, row []int32) {
	mask := int32(len(w.table) - 1)
	for g := range dst {
		lo := min(g*w.c.DigitGroup, len(row))
		sum := uint64(0)
		for _, v := range row[lo:min(lo+w.c.DigitGroup, len(row))] {
			sum += w.table[v&mask]
		}
		dst[g] = sum
	}
}

// pass files the counts of one weight of a column and returns T.
func (w *columnWork) pass(col, p int, lanes [][]uint64) int64 {
	c, s := w.c, &w.step
	units, width := c.units(), c.Cols*c.units()
	least := uint64(1)
	if c.Empty == EmptySkip {
		least = 0
	}
	var most int64
	for u := range units {
		total := int64(0)
		for g := range s.groups {
			n := least
			for l := u; l < len(lanes); l += units {
				d := lanes[l][g] >> (4 * p) & 15
				s.digits += int64(d)
				n = max(n, d)
			}
			if c.BStore == StoreWindow {
				s.counts[(p*s.groups+g)*width+col*units+u] = uint8(n)
			}
			total += int64(n)
		}
		most = max(most, total, 1)
	}
	if c.BStore != StoreWindow {
		s.times[p*c.Cols+col] = most
	}
	return most
}

// releasedGap are the edges that the released testbenches spend after a row of A: of the
// column (OPT4C), and of the PE alone (OPT3).
func (c *Config) releasedGap() int64 {
	if c.PE == peOPT3 {
		return 6
	}
	return 4
}

// releasedTiming counts as the released column does: for each row of A, the cycles of its
// digits and a gap; no load, barrier or delivery. Columns take rows in turn, each for itself,
// and the slowest counts.
func (c *Config) releasedTiming(s Shape, d Data) Timing {
	w := newColumnWork(c, s, d)
	chunks := cdiv(s.K, c.Chunk)
	done, at := make([]int64, c.Cols), 0
	w.tiles(func(st *columnStep) {
		for i := range done {
			done[i] += st.busy[i]
			if at%chunks == chunks-1 && at/chunks*c.Cols+i < s.M {
				done[i] += c.releasedGap()
			}
		}
		at++
	})
	nt := int64(cdiv(s.N, c.Rows))
	most := int64(0)
	for i, n := range done {
		if i < s.M {
			most = max(most, n)
		}
	}
	return Timing{Cycles: nt * most, Figures: []Figure{
		{Name: "digit mean", Value: float64(w.digits) / (float64(s.M) * float64(s.K)), Unit: "digits/operand"}}}
}
