package arch_test

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"strings"
	"testing"

	"tpe/arch"
	"tpe/internal/golden"
	"tpe/numeric"
)

// codeSigma is the standard deviation of the data of the published comparisons: normal, and
// quantised to int8 such that the greatest magnitude of 2^20 values becomes 127. On
// average that is 5.02 standard deviations.
var codeSigma = 127 / meanGreatest(1<<20)

// meanGreatest is the mean of the greatest magnitude of n standard normal values.
func meanGreatest(n float64) float64 {
	const step = 1e-3
	mean := 0.0
	for x := step / 2; x < 9; x += step {
		mean += step * (1 - math.Exp(n*math.Log1p(-math.Erfc(x/math.Sqrt2))))
	}
	return mean
}

// codeChance is the distribution of those codes, of -127 to 127 at 0 to 254.
func codeChance() []float64 {
	p := make([]float64, 255)
	below := func(x float64) float64 { return 0.5 * math.Erfc(-x/codeSigma/math.Sqrt2) }
	for i := range p {
		c := float64(i - 127)
		p[i] = below(c+0.5) - below(c-0.5)
	}
	p[0], p[254] = below(-126.5), 1-below(126.5)
	return p
}

// histogram is the distribution of f over the codes.
func histogram(f func(code int) int) []float64 {
	h := make([]float64, 64)
	for i, p := range codeChance() {
		h[f(i-127)] += p
	}
	return h
}

func nonZero(e numeric.Encoding) func(int) int {
	f := numeric.Int{Bits: 8, Signed: true}
	digits := make([]int8, e.Digits(f))
	return func(code int) int {
		e.Encode(digits, int64(code), f)
		return numeric.NonZero(digits)
	}
}

// greatest is the mean of the greatest of n independent values, each counted as 1 at least.
func greatest(h []float64, n int) float64 {
	mean, below, before := 0.0, 0.0, 0.0
	for v, p := range h {
		below += p
		all := math.Pow(min(below, 1), float64(n))
		mean += float64(max(v, 1)) * (all - before)
		before = all
	}
	return mean
}

// products is the distribution of the product of two independent values.
func products(h []float64) []float64 {
	out := make([]float64, 64)
	for u, p := range h {
		for v, q := range h {
			if p*q > 0 {
				out[u*v] += p * q
			}
		}
	}
	return out
}

// planes is the mean number of the 7 magnitude bits that are set in some of n codes, at least 1.
func planes(n int) float64 {
	mean, none := 0.0, 0.0
	chance := codeChance()
	for j := range 7 {
		clear := 0.0
		for i, p := range chance {
			if abs(i-127)>>j&1 == 0 {
				clear += p
			}
		}
		mean += 1 - math.Pow(clear, float64(n))
	}
	none = math.Pow(chance[127], float64(n))
	return mean + none
}

func abs(x int) int { return max(x, -x) }

// fullest estimates the mean of the greatest count of ones over the bit positions of n
// magnitudes, which are not independent, and the half width of its 95 % interval.
func fullest(n, trials int) (mean, half float64) {
	rng := rand.New(rand.NewPCG(13, 1))
	square := 0.0
	for t := range trials {
		var count [7]int
		for range n {
			m := uint(min(abs(int(math.Round(rng.NormFloat64()*codeSigma))), 127))
			for ; m != 0; m &= m - 1 {
				count[bits.TrailingZeros(m)]++
			}
		}
		most := 1
		for _, c := range count {
			most = max(most, c)
		}
		d := float64(most) - mean
		mean += d / float64(t+1)
		square += d * (float64(most) - mean)
	}
	return mean, 1.96 * math.Sqrt(square/float64(trials-1)/float64(trials))
}

// groupRow is a line of the table of cycles a group of operands takes alone.
type groupRow struct {
	engine, group, rule string
	got, half           float64 // half: of an estimate
	published           float64
}

func groupRows() []groupRow {
	csd, mag := histogram(nonZero(numeric.CSD)), histogram(nonZero(numeric.BitsM))
	rows := []groupRow{
		{"`stripes`", "any", "bits of the serial operand", 8, 0, 8},
		{"`pragmatic`", "8 lanes", "most digits (csd) of a lane", greatest(csd, 8), 0, 3.17},
		{"`pragmatic`", "16 lanes", "the same", greatest(csd, 16), 0, 3.33},
		{"`pragmatic`, magnitude", "16 lanes", "most magnitude bits of a lane", greatest(mag, 16), 0, 4.40},
		{"`laconic`", "8 lanes", "most pairs of digits of a lane", greatest(products(csd), 8), 0, 8.56},
		{"`laconic`", "16 lanes", "the same", greatest(products(csd), 16), 0, 9.49},
		{"`bitwave`", "8 operands", "magnitude bits that some operand has", planes(8), 0, 5.92},
		{"`bitwave`", "16 operands", "the same", planes(16), 0, 6.18},
		{"`bitwave`", "32 operands", "the same", planes(32), 0, 6.37},
	}
	for _, r := range []groupRow{{group: "16 operands", published: 9.83}, {group: "32 operands", published: 18.4}, {group: "64 operands", published: 35.0}} {
		n := 0
		fmt.Sscan(r.group, &n)
		r.engine, r.rule = "`bitlet`", "most ones in a bit position"
		r.got, r.half = fullest(n, 20000)
		rows = append(rows, r)
	}
	return rows
}

// TestSerialGroups holds the expected cycles of a group of operands against the reference's,
// which are means of 4000 trials, within 2 %.
func TestSerialGroups(t *testing.T) {
	for _, r := range groupRows() {
		if math.Abs(r.got/r.published-1) > 0.02 {
			t.Errorf("%s %s: %.3f cycles, want %.2f within 2 %%", r.engine, r.group, r.got, r.published)
		}
	}
}

// normalData are operands of the distribution of codeSigma.
func normalData(s arch.Shape) arch.Operands {
	rng := rand.New(rand.NewPCG(17, uint64(s.K)))
	fill := func(rows, cols int) *numeric.Dense {
		d := numeric.NewDense(rows, cols)
		for i := range d.Data {
			d.Data[i] = int32(min(max(math.Round(rng.NormFloat64()*codeSigma), -127), 127))
		}
		return d
	}
	return arch.Operands{A: fill(s.M, s.K), B: fill(s.K, s.N)}
}

// syncRow is a line of the table of what waiting for the slowest costs.
type syncRow struct {
	engine, rows, cols string
	runAhead           int
	published          float64 // 0: none
}

func syncRows() []syncRow {
	return []syncRow{
		{"laconic", "1", "1", 0, 9.5}, {"laconic", "4", "4", 0, 12.1}, {"laconic", "8", "8", 0, 13.8}, {"laconic", "8", "16", 0, 14.1},
		{"laconic", "8", "8", 1, 11.8}, {"laconic", "8", "8", 4, 0},
		{"pragmatic", "8", "1", 0, 0}, {"pragmatic", "8", "8", 0, 0}, {"pragmatic", "8", "8", 1, 0}, {"pragmatic", "8", "8", 4, 0},
		{"bitwave", "16", "1", 0, 0}, {"bitwave", "16", "8", 0, 0}, {"bitwave", "16", "8", 1, 0}, {"bitwave", "16", "8", 4, 0},
	}
}

// stepCycles is the cycle count of a long tile on normal data, for each of its steps.
func (r syncRow) stepCycles(t *testing.T) float64 {
	e := presetConfig(t, r.engine, "rows="+r.rows, "cols="+r.cols, fmt.Sprintf("run_ahead=%d", r.runAhead))
	s := e.Extent()
	const steps = 4096
	s.K *= steps
	return float64(e.Cycles(s, normalData(s))) / steps
}

// TestSerialSync holds the cost of waiting against the reference's, which are means of
// sampled steps without load and drain, within 3 %.
func TestSerialSync(t *testing.T) {
	for _, r := range syncRows() {
		if got := r.stepCycles(t); r.published > 0 && math.Abs(got/r.published-1) > 0.03 {
			t.Errorf("%s %s x %s, run-ahead %d: %.3f cycles a step, want %.1f within 3 %%", r.engine, r.rows, r.cols, r.runAhead, got, r.published)
		}
	}
}

func presetConfig(t *testing.T, name string, set ...string) *arch.Config {
	t.Helper()
	c, err := arch.Load(name, set)
	if err != nil {
		t.Fatal(err)
	}
	return &c
}

// TestSerialPage makes the tables of docs/engines/serial.md.
func TestSerialPage(t *testing.T) {
	groups := "| engine | group | rule | cycles, expected | reference |\n|---|---|---|---:|---:|\n"
	for _, r := range groupRows() {
		got := fmt.Sprintf("%.2f", r.got)
		if r.half > 0 {
			got = fmt.Sprintf("%.2f ± %.2f", r.got, r.half)
		}
		groups += fmt.Sprintf("| %s | %s | %s | %s | %s |\n", r.engine, r.group, r.rule, got, strings.TrimSuffix(fmt.Sprintf("%.2f", r.published), ".00"))
	}
	sync := "| engine | rows x columns | run-ahead | cycles a step | products a lane and cycle | reference |\n|---|---|---:|---:|---:|---:|\n"
	for _, r := range syncRows() {
		published, got := "", r.stepCycles(t)
		if r.published > 0 {
			published = fmt.Sprint(r.published)
		}
		sync += fmt.Sprintf("| `%s` | %s x %s | %d | %.2f | %.3f | %s |\n", r.engine, r.rows, r.cols, r.runAhead, got, 1/got, published)
	}
	names, small := []string{"stripes", "pragmatic", "bitwave", "laconic"}, []string{"rows=4", "cols=3", "lanes=4"}
	golden.Blocks(t, "../docs/engines/serial.md", map[string]string{
		"groups": groups, "sync": sync, "ports": hostPorts(t, "bitwave", small), "registers": hostRegisters(t, names),
		"cycles": hostCycles(t, []string{"stripes", "pragmatic", "bitwave", "laconic"}, small,
			[]arch.Shape{{3, 4, 4}, {3, 4, 16}, {6, 4, 16}, {2, 4, 16}, {6, 8, 40}}),
	})
}
