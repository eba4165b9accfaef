package scalesim

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/bits"

	"tpe/workloads"
)

// Access is the use of one SRAM by one layer: the cycle of the first and of the
// last access (served, counted from 0) and the number of words.
type Access struct {
	Start, Stop int64
	Words       int64
}

// Layer holds the stall-free figures of one repetition of a row.
type Layer struct {
	Name    string
	M, N, K int
	// Repeats is how many equal layers SCALE-Sim would list for the row.
	Repeats int64
	// Folds is F and CyclesPerFold is f.
	Folds, CyclesPerFold int64
	// TotalCycles is F*f - 1, the index of the last cycle.
	TotalCycles int64
	// StallCycles is always 0.
	StallCycles int64
	// OverallUtil, MappingEfficiency and ComputeUtil are in percent.
	OverallUtil, MappingEfficiency, ComputeUtil float64
	// Ifmap and Filter are reads, Ofmap writes, in words.
	Ifmap, Filter, Ofmap Access
	// IfmapBandwidth, FilterBandwidth and OfmapBandwidth are the mean SRAM
	// accesses in words a cycle.
	IfmapBandwidth, FilterBandwidth, OfmapBandwidth float64
}

// Analyze returns the figures of one row. Each group, batch element and count of
// the row is a layer of its own to SCALE-Sim; the figures are those of one.
func Analyze(c Config, g workloads.GEMM) (Layer, error) {
	if err := c.Validate(); err != nil {
		return Layer{}, err
	}
	if err := g.Validate(); err != nil {
		return Layer{}, err
	}
	return analyze(c, g)
}

// Run returns the figures of every row of w, in order.
func Run(c Config, w workloads.Workload) ([]Layer, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	var layers []Layer
	var errs []error
	for i, g := range w.Layers {
		err := g.Validate()
		var l Layer
		if err == nil {
			l, err = analyze(c, g)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: row %d: %w", w.Name, i+1, err))
			continue
		}
		layers = append(layers, l)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return layers, nil
}

// Total returns the sum of total cycles over all layers and repetitions.
func Total(layers []Layer) int64 {
	var sum int64
	for _, l := range layers {
		sum += l.TotalCycles * l.Repeats
	}
	return sum
}

// mapping is a layer as SCALE-Sim folds it.
type mapping struct {
	rows, cols         int64 // the array
	sr, sc, t          int64 // extents along the rows, the columns and time
	rowFolds, colFolds int64
	fold               int64 // cycles of a fold
	utilCycles         int64 // cycles that SCALE-Sim divides Compute Util by
	lastFold           int64 // first cycle of the last fold
	rowsLast, colsLast int64 // used rows and columns of the last fold
	rowsFirst          int64 // used rows of the first fold
}

func analyze(c Config, g workloads.GEMM) (Layer, error) {
	r, cols := int64(c.ArrayHeight), int64(c.ArrayWidth)
	m, n, k := int64(g.M), int64(g.N), int64(g.K)
	p := mapping{rows: r, cols: cols}
	switch c.Dataflow {
	case OutputStationary:
		p.sr, p.sc, p.t = m, n, k
		p.fold = k + r + cols - 2
		p.utilCycles = p.fold
	case WeightStationary:
		p.sr, p.sc, p.t = k, n, m
		p.fold = m + 2*r + cols - 2
		p.utilCycles = p.fold + cols - 1
	default:
		p.sr, p.sc, p.t = k, m, n
		p.fold = n + 2*r + cols - 2
		p.utilCycles = p.fold + cols - 1
	}
	p.rowFolds, p.colFolds = cdiv(p.sr, r), cdiv(p.sc, cols)
	p.rowsFirst = min(p.sr, r)
	p.rowsLast = p.sr - (p.rowFolds-1)*r
	p.colsLast = p.sc - (p.colFolds-1)*cols
	folds, ok1 := mul(p.rowFolds, p.colFolds)
	rows, ok2 := mul(folds, p.fold)
	l := Layer{Name: g.Name, M: g.M, N: g.N, K: g.K, Repeats: g.Repeats()}
	words, ok3 := p.words(c.Dataflow, m, n, k, folds)
	_, ok4 := mul(rows, l.Repeats)
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return Layer{}, fmt.Errorf("layer %q is too large for %v on %d x %d: M=%d N=%d K=%d (expected fewer than 2^62 cycles and accesses)", g.Name, c.Dataflow, r, cols, m, n, k)
	}
	if rows <= 1 {
		return Layer{}, fmt.Errorf("layer %q takes one cycle: M=%d N=%d K=%d on %d x %d (expected more; SCALE-Sim divides by the index of the last cycle, 0)", g.Name, m, n, k, r, cols)
	}
	p.lastFold = (folds - 1) * p.fold
	l.Folds, l.CyclesPerFold, l.TotalCycles = folds, p.fold, rows-1
	l.OverallUtil = overallUtil(m, n, k, l.TotalCycles, r*cols)
	mapped, used := p.efficiencies()
	l.MappingEfficiency, l.ComputeUtil = mapped*100, used*100
	l.Ifmap, l.Filter, l.Ofmap = p.windows(c.Dataflow, g)
	l.Ifmap.Words, l.Filter.Words, l.Ofmap.Words = words[0], words[1], words[2]
	cycles := float64(l.TotalCycles)
	l.IfmapBandwidth = float64(words[0]) / cycles
	l.FilterBandwidth = float64(words[1]) / cycles
	l.OfmapBandwidth = float64(words[2]) / cycles
	return l, nil
}

// words returns the reads of the two operands and the writes of the result.
func (p mapping) words(d Dataflow, m, n, k, folds int64) (w [3]int64, ok bool) {
	mk, ok1 := mul(m, k)
	kn, ok2 := mul(k, n)
	mn, ok3 := mul(m, n)
	var ok4, ok5, ok6 bool
	switch d {
	case OutputStationary:
		w[0], ok4 = mul(mk, p.colFolds)
		w[1], ok5 = mul(kn, p.rowFolds)
		var extra int64
		extra, ok6 = mul(folds, p.rows+p.cols) // SCALE-Sim's surplus, see the package comment
		w[2] = mn + extra
	case WeightStationary:
		w[0], ok4 = mul(mk, p.colFolds)
		w[1], ok5 = kn, true
		w[2], ok6 = mul(mn, p.rowFolds)
	default:
		w[0], ok4 = mk, true
		w[1], ok5 = mul(kn, p.colFolds)
		w[2], ok6 = mul(mn, p.rowFolds)
	}
	return w, ok1 && ok2 && ok3 && ok4 && ok5 && ok6
}

// overallUtil is 100*M*N*K / (cycles * PEs) as Python divides integers: rounded
// once, from the exact quotient.
func overallUtil(m, n, k, cycles, pes int64) float64 {
	num, ok1 := mul(m*n, k*100)
	den, ok2 := mul(cycles, pes)
	if ok1 && ok2 && num < 1<<53 && den < 1<<53 {
		return float64(num) / float64(den)
	}
	bn := big.NewInt(100)
	for _, f := range []int64{m, n, k} {
		bn.Mul(bn, big.NewInt(f))
	}
	bd := new(big.Int).Mul(big.NewInt(cycles), big.NewInt(pes))
	q, _ := new(big.Rat).SetFrac(bn, bd).Float64()
	return q
}

// maxSummed bounds the folds that are summed one by one.
const maxSummed = 1 << 22

// efficiencies returns the mean mapping efficiency and compute utilisation of
// the folds, 0 to 1. SCALE-Sim adds the folds up one by one in float64, and so
// does this as long as there are not too many, to give the same last digits.
func (p mapping) efficiencies() (mapped, used float64) {
	pes := p.rows * p.cols
	folds := p.rowFolds * p.colFolds
	value := func(rows, cols int64) (float64, float64) {
		macs := rows * cols
		return float64(macs) / float64(pes), float64(macs*p.t) / float64(pes*p.utilCycles)
	}
	if folds > maxSummed || !exact(pes, p.t) || !exact(pes, p.utilCycles) {
		mapped = float64(p.sr) * float64(p.sc) / (float64(folds) * float64(pes))
		return mapped, mapped * float64(p.t) / float64(p.utilCycles)
	}
	for fc := range p.colFolds {
		cols := p.cols
		if fc == p.colFolds-1 {
			cols = p.colsLast
		}
		m, u := value(p.rows, cols)
		for range p.rowFolds - 1 {
			mapped += m
			used += u
		}
		m, u = value(p.rowsLast, cols)
		mapped += m
		used += u
	}
	return mapped / float64(folds), used / float64(folds)
}

// exact reports whether a*b is an integer that float64 holds.
func exact(a, b int64) bool {
	p, ok := mul(a, b)
	return ok && p <= 1<<53
}

func cdiv(a, b int64) int64 { return (a + b - 1) / b }

// mul multiplies non-negative factors and reports whether the product is below
// 2^62.
func mul(a, b int64) (int64, bool) {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	if hi != 0 || lo > math.MaxInt64/2 {
		return 0, false
	}
	return int64(lo), true
}
