package search

import (
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/spatial/r1"
	"gonum.org/v1/gonum/stat/distmv"
	"gonum.org/v1/gonum/stat/samplemv"
)

func unit(dims int, src rand.Source) *distmv.Uniform {
	bounds := make([]r1.Interval, dims)
	for i := range bounds {
		bounds[i] = r1.Interval{Min: 0, Max: 1}
	}
	return distmv.NewUniform(bounds, src)
}

// LatinHypercube are n points of which every dimension has one in each n-th.
func LatinHypercube(n, dims int, seed uint64) [][]float64 {
	src := rand.NewPCG(seed, 0x6c6873)
	m := mat.NewDense(n, dims, nil)
	samplemv.LatinHypercube{Q: unit(dims, src), Src: src}.Sample(m)
	return rows(m)
}

// Halton are the first n points of a scrambled Halton sequence (Owen, 2017).
func Halton(n, dims int, seed uint64) [][]float64 {
	src := rand.NewPCG(seed, 0x68616c)
	m := mat.NewDense(n, dims, nil)
	samplemv.Halton{Kind: samplemv.Owen, Q: unit(dims, src), Src: src}.Sample(m)
	return rows(m)
}

// Uniform are n points anywhere.
func Uniform(n, dims int, seed uint64) [][]float64 {
	rng := rand.New(rand.NewPCG(seed, 0x726e64))
	list := make([][]float64, n)
	for i := range list {
		list[i] = make([]float64, dims)
		for j := range list[i] {
			list[i][j] = rng.Float64()
		}
	}
	return list
}

func rows(m *mat.Dense) [][]float64 {
	n, _ := m.Dims()
	list := make([][]float64, n)
	for i := range list {
		list[i] = mat.Row(nil, i, m)
		for j := range list[i] {
			list[i][j] = clip(list[i][j])
		}
	}
	return list
}
