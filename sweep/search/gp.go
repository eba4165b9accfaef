package search

import (
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// GP proposes points by the expected improvement of a Gaussian process on a random
// weighting of the objectives (Knowles, ParEGO, IEEE TEC 10(1), 2006): augmented Chebyshev
// norm of the objectives scaled to what has been seen, Matern 5/2 kernel, its length chosen
// by marginal likelihood. Use [GP.Ask] and [GP.Tell] in turn.
type GP struct {
	Candidates int // tried for each proposal, 512
	Window     int // most points that the process is fitted to, 400

	dims int
	rng  *rand.Rand
	x    [][]float64
	y    [][]float64
}

// NewGP makes a search over the unit cube of dims dimensions.
func NewGP(dims int, seed uint64) *GP {
	return &GP{Candidates: 512, Window: 400, dims: dims, rng: rand.New(rand.NewPCG(seed, 0x6770))}
}

// Tell gives objectives of points. Those that are not finite (a point that failed or violates a
// constraint) should not be told.
func (g *GP) Tell(x, objectives [][]float64) {
	g.x = append(g.x, x...)
	g.y = append(g.y, objectives...)
}

// Ask proposes n points: a Latin hypercube while there are too few to fit, else each by a
// weighting of its own.
func (g *GP) Ask(n int) [][]float64 {
	if len(g.x) < 2*g.dims+2 {
		return LatinHypercube(n, g.dims, g.rng.Uint64())
	}
	var list [][]float64
	for range n {
		list = append(list, g.propose())
	}
	return list
}

func (g *GP) propose() []float64 {
	x, y := g.chosen()
	best := math.Inf(1)
	var at []float64
	for i, v := range y {
		if v < best {
			best, at = v, x[i]
		}
	}
	p := fit(x, y)
	if p == nil {
		return Uniform(1, g.dims, g.rng.Uint64())[0]
	}
	var top []float64
	gain := math.Inf(-1)
	for i := range g.Candidates {
		c := make([]float64, g.dims)
		for j := range c {
			if i%2 == 0 { // half of them near the best
				c[j] = clip(at[j] + 0.1*g.rng.NormFloat64())
			} else {
				c[j] = g.rng.Float64()
			}
		}
		if e := p.improvement(c, best); e > gain {
			gain, top = e, c
		}
	}
	return top
}

// chosen are the points that the process is fitted to, and their objectives as one: the
// latest and, of the rest, the best.
func (g *GP) chosen() ([][]float64, []float64) {
	m := len(g.y[0])
	w := make([]float64, m)
	sum := 0.0
	for i := range w {
		w[i] = g.rng.ExpFloat64()
		sum += w[i]
	}
	lo, hi := make([]float64, m), make([]float64, m)
	for k := range m {
		lo[k], hi[k] = math.Inf(1), math.Inf(-1)
		for _, y := range g.y {
			lo[k], hi[k] = math.Min(lo[k], y[k]), math.Max(hi[k], y[k])
		}
	}
	scalar := make([]float64, len(g.y))
	for i, y := range g.y {
		worst, add := math.Inf(-1), 0.0
		for k := range y {
			v := w[k] / sum * (y[k] - lo[k]) / math.Max(hi[k]-lo[k], 1e-300)
			worst, add = math.Max(worst, v), add+v
		}
		scalar[i] = worst + 0.05*add
	}
	if len(g.x) <= g.Window {
		return g.x, scalar
	}
	var x [][]float64
	var y []float64
	cut := quantile(scalar, float64(g.Window)/2/float64(len(scalar)))
	for i := range g.x {
		if len(g.x)-i <= g.Window/2 || scalar[i] <= cut {
			x, y = append(x, g.x[i]), append(y, scalar[i])
		}
	}
	return x, y
}

func quantile(v []float64, q float64) float64 {
	s := append([]float64(nil), v...)
	slices.Sort(s)
	return stat.Quantile(q, stat.Empirical, s, nil)
}

// process is a fitted Gaussian process.
type process struct {
	x     [][]float64
	chol  mat.Cholesky
	alpha *mat.VecDense
	mean  float64
	sd    float64 // of y
	scale float64 // length of the kernel
}

// matern is the Matern 5/2 kernel.
func matern(a, b []float64, length float64) float64 {
	sum := 0.0
	for i := range a {
		d := a[i] - b[i]
		sum += d * d
	}
	r := math.Sqrt(5*sum) / length
	return (1 + r + r*r/3) * math.Exp(-r)
}

// nugget keeps the matrix definite, and stands for what steps of an axis hide.
const nugget = 1e-4

// fit chooses the length of greatest marginal likelihood; nil if no matrix is definite.
func fit(x [][]float64, y []float64) *process {
	mean, sd := stat.MeanStdDev(y, nil)
	if !(sd > 0) {
		sd = 1
	}
	z := mat.NewVecDense(len(y), nil)
	for i, v := range y {
		z.SetVec(i, (v-mean)/sd)
	}
	var best *process
	top := math.Inf(-1)
	for _, length := range []float64{0.1, 0.2, 0.4, 0.8, 1.6} {
		k := mat.NewSymDense(len(x), nil)
		for i := range x {
			for j := i; j < len(x); j++ {
				v := matern(x[i], x[j], length)
				if i == j {
					v += nugget
				}
				k.SetSym(i, j, v)
			}
		}
		p := &process{x: x, mean: mean, sd: sd, scale: length, alpha: mat.NewVecDense(len(x), nil)}
		if !p.chol.Factorize(k) || p.chol.SolveVecTo(p.alpha, z) != nil {
			continue
		}
		if l := -0.5*mat.Dot(z, p.alpha) - 0.5*p.chol.LogDet(); l > top {
			top, best = l, p
		}
	}
	return best
}

// predict is mean and standard deviation at a point.
func (p *process) predict(x []float64) (mean, sd float64) {
	k := mat.NewVecDense(len(p.x), nil)
	for i, q := range p.x {
		k.SetVec(i, matern(x, q, p.scale))
	}
	v := mat.NewVecDense(len(p.x), nil)
	if p.chol.SolveVecTo(v, k) != nil {
		return p.mean, p.sd
	}
	return p.mean + p.sd*mat.Dot(k, p.alpha), p.sd * math.Sqrt(math.Max(0, 1-mat.Dot(k, v)))
}

// improvement is what is expected to be won below best.
func (p *process) improvement(x []float64, best float64) float64 {
	m, s := p.predict(x)
	if s == 0 {
		return math.Max(0, best-m)
	}
	z := (best - m) / s
	return s * (z*distuv.UnitNormal.CDF(z) + distuv.UnitNormal.Prob(z))
}
