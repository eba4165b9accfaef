package arch

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"tpe/internal/golden"
	"tpe/numeric"
)

// TestColumnPage makes the tables of docs/engines/column.md; the tests below compare them with
// what is published.
func TestColumnPage(t *testing.T) {
	golden.Blocks(t, "../docs/engines/column.md", map[string]string{
		"released": releasedTable(t), "readme": readmeTable(), "sync": syncTable(t), "lanes": lanesTable(t), "simd": simdTable(), "figures": figuresTable(),
	})
}

// normalMatrix has rounded normal values of int8, those outside drawn again.
func normalMatrix(rng *rand.Rand, rows, cols int, sigma float64) *numeric.Dense {
	d := numeric.NewDense(rows, cols)
	for i := range d.Data {
		for v := 1e9; ; {
			if v = math.RoundToEven(rng.NormFloat64() * sigma); v >= -128 && v <= 127 {
				d.Data[i] = int32(v)
				break
			}
		}
	}
	return d
}

// maxAbsSigma is the deviation of normal values scaled such that their greatest magnitude is 127,
// for a million values whose greatest is the median, 4.97 deviations.
const maxAbsSigma = 127 / 4.97

// released is the preset's released count of one column.
func released(pe string) Config {
	c := DefaultOf("column")
	c.PE, c.Cols, c.Schedule = pe, 1, ScheduleReleased
	return c
}

// TestReleasedExtreme: operands of -128 have one digit each, all in the weight 64, so that a group
// of four takes 4 cycles there and 1 in the other weights. The released column was observed
// to take 240 cycles for 4 rows of 32 operands, and the count is exact.
func TestReleasedExtreme(t *testing.T) {
	a := numeric.NewDense(4, 32)
	for i := range a.Data {
		a.Data[i] = -128
	}
	c := released(peOPT4C)
	if got := c.Cycles(Shape{4, 32, 32}, Operands{A: a}); got != 240 {
		t.Errorf("%d cycles, want 240 = 4 (3*8*1 + 8*4 + 4)", got)
	}
	if _, err := Build(c); err == nil {
		t.Error("timing: released was built, and no hardware has it")
	}
}

// releasedTable has mean counts over draws with deviation 20, beside what the released RTL
// takes under simulation (one draw).
func releasedTable(t *testing.T) string {
	rng := rand.New(rand.NewPCG(41, 42))
	s := "| PE | rows x K | here, mean of 2000 draws | released RTL |\n|---|---|---|---|\n"
	for _, tt := range []struct {
		pe   string
		m, k int
		rtl  float64
	}{{peOPT4C, 4, 32, 315.5}, {peOPT4C, 4, 128, 1214.3}, {peOPT3, 1, 32, 81.08}} {
		c, sum := released(tt.pe), 0.0
		for range 2000 {
			sum += float64(c.Cycles(Shape{tt.m, 32, tt.k}, Operands{A: normalMatrix(rng, tt.m, tt.k, 20)}))
		}
		mean := sum / 2000
		if math.Abs(mean/tt.rtl-1) > 0.01 {
			t.Errorf("%s, %d x %d: %.1f cycles, RTL %.1f", tt.pe, tt.m, tt.k, mean, tt.rtl)
		}
		s += fmt.Sprintf("| `%s` | %d x %d | %.1f | %g |\n", tt.pe, tt.m, tt.k, mean, tt.rtl)
	}
	return s + "| `opt4c`, all operands -128 | 4 x 32 | 240 | 240 |\n"
}

// meanOfDigits is the exact mean of the digits of EN-T for rounded normal values.
func meanOfDigits(sigma float64) float64 {
	cdf := func(v float64) float64 { return math.Erfc(-v/math.Sqrt2) / 2 }
	d, f := make([]int8, 4), numeric.Int{Bits: 8, Signed: true}
	sum, all := 0.0, 0.0
	for x := -128; x <= 127; x++ {
		p := cdf((float64(x)+0.5)/sigma) - cdf((float64(x)-0.5)/sigma)
		numeric.ENT.Encode(d, int64(x), f)
		sum, all = sum+p*float64(numeric.NonZero(d)), all+p
	}
	return sum / all
}

// readme are the "average partial products" of the repository's README at K = 32 and 128.
var readme = []struct{ sigma, k32, k128 float64 }{{10, 1.71, 1.75}, {20, 2.05, 2.10}, {30, 2.27, 2.32}, {40, 2.45, 2.48}, {50, 2.57, 2.60}}

// biased is the mean of a counter that takes one sample more than there are operands, without
// digits, for each row of K.
func biased(sigma, k float64) float64 { return meanOfDigits(sigma) * k / (k + 1) }

// TestReadmeCounter: the biased mean is the README's up to its rounding and one draw, but at the
// two greatest deviations and K = 32, where the README is between it and the true mean.
func TestReadmeCounter(t *testing.T) {
	for _, r := range readme {
		for _, v := range [][2]float64{{32, r.k32}, {128, r.k128}} {
			got, limit := biased(r.sigma, v[0]), 0.02
			if r.sigma >= 40 && v[0] == 32 {
				limit = 0.05
			}
			if math.Abs(got-v[1]) > limit || v[1] > meanOfDigits(r.sigma) {
				t.Errorf("deviation %g, K = %g: biased mean %.3f, true %.3f, README %.2f", r.sigma, v[0], got, meanOfDigits(r.sigma), v[1])
			}
		}
	}
}

func readmeTable() string {
	s := "| deviation | true mean | K = 32: biased | README | K = 128: biased | README |\n|---|---|---|---|---|---|\n"
	for _, r := range readme {
		s += fmt.Sprintf("| %g | %.3f | %.2f | %.2f | %.2f | %.2f |\n", r.sigma, meanOfDigits(r.sigma), biased(r.sigma, 32), r.k32, biased(r.sigma, 128), r.k128)
	}
	return s
}

// columnTimes are the mean and the greatest T, summed over the weights, of the columns of tiles
// of a matrix, a product.
func columnTimes(c *Config, a *numeric.Dense) (mean, most float64) {
	w := newColumnWork(c, Shape{a.Rows, 1, a.Cols}, Operands{A: a})
	tiles := 0
	w.tiles(func(s *columnStep) {
		most += float64(slices.Max(s.busy))
		for _, n := range s.busy {
			mean += float64(n) / float64(c.Cols)
		}
		tiles++
	})
	n := float64(tiles * a.Cols)
	return mean / n, most / n
}

// syncTable has the share of time in which columns that meet after K products are at work.
func syncTable(t *testing.T) string {
	rng := rand.New(rand.NewPCG(43, 44))
	derived := map[[2]int]int{{8, 16}: 90, {8, 32}: 93, {8, 64}: 95, {8, 128}: 96, {8, 256}: 97, {8, 512}: 98, {8, 1024}: 99,
		{32, 16}: 87, {32, 32}: 90, {32, 64}: 93, {32, 128}: 94, {32, 256}: 97, {32, 512}: 97, {32, 1024}: 98}
	s := "| K | 8 columns: mean / slowest, share | 32 columns: mean / slowest, share |\n|---|---|---|\n"
	for k := 16; k <= 1024; k *= 2 {
		s += fmt.Sprintf("| %d |", k)
		for _, cols := range []int{8, 32} {
			c := DefaultOf("column")
			c.Cols, c.Chunk, c.BStore = cols, k, StoreCopy
			mean, most := columnTimes(&c, normalMatrix(rng, cols*(64+4096/k), k, maxAbsSigma))
			share := 100 * mean / most
			if math.Abs(share-float64(derived[[2]int{cols, k}])) > 1 {
				t.Errorf("%d columns, K = %d: %.1f %%, reference %d %%", cols, k, share, derived[[2]int{cols, k}])
			}
			s += fmt.Sprintf(" %.2f / %.2f, %.0f %% |", mean, most, share)
		}
		s += "\n"
	}
	return s
}

// lanesTable has the cycles of opt4e for four products, one PE, with both lane policies.
func lanesTable(t *testing.T) string {
	rng := rand.New(rand.NewPCG(45, 46))
	derived := map[int]float64{64: 2.78, 256: 2.61, 1024: 2.51}
	s := "| K | independent: cycles for 4 products, products a cycle | locked |\n|---|---|---|\n"
	for _, k := range []int{64, 256, 1024} {
		s += fmt.Sprintf("| %d |", k)
		a := normalMatrix(rng, 400, k, maxAbsSigma)
		for _, policy := range []string{LanesIndependent, LanesLocked} {
			c := DefaultOf("column")
			c.PE, c.Lanes, c.LanePolicy, c.Cols, c.Chunk, c.BStore = peOPT4E, 4, policy, 1, k, StoreCopy
			mean, _ := columnTimes(&c, a)
			if policy == LanesIndependent && math.Abs(4*mean-derived[k]) > 0.02 {
				t.Errorf("K = %d: %.3f cycles for four products, reference %.2f", k, 4*mean, derived[k])
			}
			s += fmt.Sprintf(" %.2f, %.2f |", 4*mean, 1/mean)
		}
		s += "\n"
	}
	return s
}

// columnExample is a job of 512 x 64 words on the preset with b_store: copy.
func columnExample(k int, change func(*Config)) Timing {
	c := DefaultOf("column")
	c.Chunk, c.BStore = k, StoreCopy
	change(&c)
	s := Shape{512, 64, k}
	return c.Timing(s, Operands{A: normalMatrix(rand.New(rand.NewPCG(47, 48)), s.M, s.K, maxAbsSigma)})
}

// simdTable has the cycles a product and PE with fewer and fewer adders at the edge.
func simdTable() string {
	lanes := []int{32, 16, 8, 4, 2, 1}
	s := "| K |"
	for _, n := range lanes {
		s += fmt.Sprintf(" %d |", n)
	}
	s += " `published` |\n|" + strings.Repeat("---|", len(lanes)+2) + "\n"
	for _, k := range []int{1024, 256, 128} {
		s += fmt.Sprintf("| %d |", k)
		slots := 512 * 64 * float64(k) / 1024
		for _, n := range lanes {
			s += fmt.Sprintf(" %.3f |", float64(columnExample(k, func(c *Config) { c.SIMDLanes = n }).Cycles)/slots)
		}
		c := Config{Rows: 32, Cols: 32, Column: Column{Chunk: k}}
		s += fmt.Sprintf(" %d |\n", c.publishedLanes())
	}
	return s
}

// figuresTable has the figures of the presets on one job.
func figuresTable() string {
	s, head := "", "| preset | K | cycles |"
	for _, p := range []string{"opt4c", "opt3", "opt4e"} {
		for _, k := range []int{64, 256, 1024} {
			c, err := Load(p, nil)
			if err != nil {
				panic(err)
			}
			shape := Shape{512, 64, k}
			t := c.Timing(shape, Operands{A: normalMatrix(rand.New(rand.NewPCG(49, 50)), shape.M, k, maxAbsSigma)})
			s += fmt.Sprintf("| `%s` | %d | %d |", p, k, t.Cycles)
			for _, f := range t.Figures {
				if p == "opt4c" && k == 64 {
					head += " " + f.Name + " |"
				}
				s += fmt.Sprintf(" %.3f |", f.Value)
			}
			s += "\n"
		}
	}
	return head + "\n|" + strings.Repeat("---|", strings.Count(head, "|")-1) + "\n" + s
}
