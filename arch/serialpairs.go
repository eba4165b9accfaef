package arch

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"

	"tpe/numeric"
)

// This file counts the cycles of engines that walk pairs of digits. The count of a
// column's step is the greatest product, over rows and lanes, of the numbers of
// non-zero digits of the two operands; so over lanes, of the column's number and the
// greatest of the rows. It is found by sets of lanes: those in which x has at least
// u digits and y at least v.

// exactPairs bounds the (tile, step, column) counts that are evaluated; a job with more is
// sampled. 1024 x 1024 x 1024 on 8 x 8 PEs of 16 lanes has 2^23.
const exactPairs = 1 << 28

// sampledPairs is the number of counts that a sample evaluates, about, of at most
// sampledTiles tiles.
const (
	sampledPairs = 1 << 25
	sampledTiles = 1 << 16
)

// levels are, for one step of one group of operands, the lanes in which some operand
// has at least 1, 2, ... digits.
type levels []uint64

// pairs finds greatest products.
type pairs struct {
	most  int        // digits of an operand that are not zero
	order [][3]uint8 // u, v, u*v by falling product
}

func newPairs(most int) *pairs {
	p := &pairs{most: most}
	for u := 1; u <= most; u++ {
		for v := 1; v <= most; v++ {
			p.order = append(p.order, [3]uint8{uint8(u), uint8(v), uint8(u * v)})
		}
	}
	slices.SortStableFunc(p.order, func(a, b [3]uint8) int { return int(b[2]) - int(a[2]) })
	return p
}

// cycles of a step, at least 1.
func (p *pairs) cycles(x, y levels) uint16 {
	for _, o := range p.order {
		if x[o[0]-1]&y[o[1]-1] != 0 {
			return uint16(o[2])
		}
	}
	return 1
}

// pairOperand are the numbers of non-zero digits of an operand, of element k of row or
// column j at j*width + k; width is whole steps.
type pairOperand struct {
	n     []uint8
	width int
	sum   []int64 // over j, for each k
}

func (c *Config) pairOperand(s Shape, t serialTiles, d Data, matrix string, f numeric.Int, count int) *pairOperand {
	lanes := c.Serial.Lanes
	o := &pairOperand{width: t.steps * lanes, sum: make([]int64, t.steps*lanes)}
	o.n = make([]uint8, count*o.width)
	masks := termMasks(c.Serial.Encoder, f)
	low := int32(len(masks) - 1)
	eachGroup(s, d, matrix, lanes, func(j, step int, group []int32) {
		at := step * lanes
		dst := o.n[j*o.width+at:]
		for l, v := range group {
			n := bits.OnesCount32(masks[v&low])
			dst[l] = uint8(n)
			o.sum[at+l] += int64(n)
		}
	})
	return o
}

// levels adds rows j0..j1 of an operand to the levels of each step.
func (o *pairOperand) levels(dst []uint64, lanes, most, j0, j1 int) {
	clear(dst)
	for j := j0; j < j1; j++ {
		for k, n := range o.n[j*o.width : (j+1)*o.width] {
			at := dst[k/lanes*most:]
			for u := range n {
				at[u] |= 1 << (k % lanes)
			}
		}
	}
}

// pairTile times tiles of one job.
type pairTile struct {
	c       *Config
	t       serialTiles
	data    Data
	p       *pairs
	x, y    *pairOperand
	view    Shape
	columns int      // that are timed apart: 1 if they go in step
	xs      []uint64 // levels of all row tiles
	ys      []uint64 // of the columns of column tile n
	n       int
	counts  []uint16
}

func (p *pairTile) rowLevels(m int) []uint64 {
	size := p.t.steps * p.p.most
	return p.xs[m*size : (m+1)*size]
}

// fill sets counts to those of tile (m, n).
func (p *pairTile) fill(m, n int) {
	steps, most, lanes := p.t.steps, p.p.most, p.c.Serial.Lanes
	j0, cols := n*p.c.Cols, p.t.cols(p.c, n)
	if n != p.n {
		for col := range p.columns {
			j1 := j0 + cols
			if p.columns > 1 {
				j1 = min(j1, j0+col+1)
			}
			p.y.levels(p.ys[col*steps*most:(col+1)*steps*most], lanes, most, min(j0+col, j1), j1)
		}
		p.n = n
	}
	xs := p.rowLevels(m)
	for step := range steps {
		x := levels(xs[step*most : (step+1)*most])
		for col := range p.columns {
			at := (col*steps + step) * most
			p.counts[step*p.columns+col] = p.p.cycles(x, p.ys[at:at+most])
		}
	}
}

// pairTiming is the closed form with skip: pairs; see exactPairs.
func (c *Config) pairTiming(s Shape, t serialTiles, d Data) Timing {
	p := c.newPairTile(s, t, d)
	var out Timing
	if int64(t.rowTiles)*int64(t.colTiles)*int64(len(p.counts)) > exactPairs {
		out = p.sample(sampledPairs)
	} else {
		out = p.exact()
	}
	work := float64(0)
	for k := range p.x.sum {
		work += float64(p.x.sum[k]) * float64(p.y.sum[k])
	}
	out.Figures = append([]Figure{{"mean pairs of terms of a product", work / float64(s.MACs()), "pairs"}}, out.Figures...)
	return out
}

// newPairTile reads the operands of a job, each row once.
func (c *Config) newPairTile(s Shape, t serialTiles, d Data) *pairTile {
	view := c.turned(s)
	xm, ym := serialA, serialB
	if c.Serial.Operand == serialA {
		xm, ym = ym, xm
	}
	p := &pairTile{c: c, t: t, data: d, view: view, columns: c.Cols, n: -1}
	if c.Serial.RunAhead == 0 {
		p.columns = 1
	}
	xf, yf := c.parallel(), c.walked().Format
	p.p = newPairs(max(mostTerms(termMasks(c.Serial.Encoder, xf)), mostTerms(termMasks(c.Serial.Encoder, yf))))
	p.x, p.y = c.pairOperand(s, t, d, xm, xf, view.M), c.pairOperand(s, t, d, ym, yf, view.N)
	size := t.steps * p.p.most
	p.xs, p.ys = make([]uint64, t.rowTiles*size), make([]uint64, p.columns*size)
	p.counts = make([]uint16, t.steps*p.columns)
	for m := 0; m < t.rowTiles && !stopped(d); m++ {
		p.x.levels(p.rowLevels(m), c.Serial.Lanes, p.p.most, m*c.Rows, min((m+1)*c.Rows, view.M))
	}
	return p
}

func mostTerms(masks []uint32) int {
	n := 0
	for _, m := range masks {
		n = max(n, bits.OnesCount32(m))
	}
	return n
}

// exact times every tile.
func (p *pairTile) exact() Timing {
	k := p.c.newSerialClock(p.columns)
	sum := int64(0)
	for n := range p.t.colTiles {
		for m := range p.t.rowTiles {
			if stopped(p.data) {
				return Timing{}
			}
			p.fill(m, n)
			for _, v := range p.counts {
				sum += int64(v)
			}
			k.runTile(p.counts, p.t.cols(p.c, n))
		}
	}
	steps := int64(p.t.colTiles) * int64(p.t.rowTiles) * int64(len(p.counts))
	return Timing{Cycles: k.total(p.t.lastCols), Figures: []Figure{{p.stepFigure(), float64(sum) / float64(steps), "cycles"}}}
}

// stepFigure says of what the mean count is.
func (p *pairTile) stepFigure() string {
	if p.columns == 1 {
		return "mean cycles of a step of the tile"
	}
	return "mean cycles of a step of a column"
}

// sample estimates the sum over tiles of B(t) - B(t-1) from tiles drawn without
// replacement, each timed after the one before it. The interval is that of the mean of
// such a sample of a finite population; it does not ask how tiles depend on each
// other.
func (p *pairTile) sample(evaluations int) Timing {
	tiles := p.t.rowTiles * p.t.colTiles
	n := max(min(evaluations/(2*len(p.counts)), tiles/2, sampledTiles), 2)
	rng := rand.New(rand.NewPCG(uint64(tiles), 0x7061697273)) // the same job gives the same sample
	drawn := map[int]bool{}
	var list []int
	for len(list) < n {
		if t := rng.IntN(tiles); !drawn[t] {
			drawn[t] = true
			list = append(list, t)
		}
	}
	slices.Sort(list)
	mean, square, sum := 0.0, 0.0, int64(0)
	for i, t := range list {
		if stopped(p.data) {
			return Timing{}
		}
		k := p.c.newSerialClock(p.columns)
		if t > 0 {
			p.run(k, t-1)
		}
		before := k.tile
		p.run(k, t)
		for _, v := range p.counts {
			sum += int64(v)
		}
		add := float64(k.tile - before)
		step := add - mean
		mean += step / float64(i+1)
		square += step * (add - mean)
	}
	variance := square / float64(n-1) / float64(n) * (1 - float64(n)/float64(tiles))
	const z = 1.96 // 95 % of a normal distribution
	return Timing{
		Cycles:    int64(math.Round(mean*float64(tiles))) + p.c.newSerialClock(1).total(p.t.lastCols),
		HalfWidth: int64(math.Ceil(z * math.Sqrt(variance) * float64(tiles))),
		Figures: []Figure{{p.stepFigure(), float64(sum) / float64(n*len(p.counts)), "cycles"},
			{"tiles sampled", float64(n), "tiles"}, {"tiles of the job", float64(tiles), "tiles"}},
	}
}

// run times tile t of the job.
func (p *pairTile) run(k *serialClock, t int) {
	p.fill(t%p.t.rowTiles, t/p.t.rowTiles)
	k.runTile(p.counts, p.t.cols(p.c, t/p.t.rowTiles))
}
