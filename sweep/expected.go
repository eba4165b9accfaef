package sweep

import (
	"context"
	"fmt"
	"math"

	"tpe/arch"
	"tpe/sim"
	"tpe/workloads"
)

// Engines whose cycles depend on operands have no closed form of the shape alone. In a sweep
// their count is the expected one: the exact count is taken of eight small jobs, of one and four
// tiles in M and in N and of two depths, with operands of the space's distribution, and what is
// between and beyond goes linearly in each of the three. A test holds this near exact counts.

// expectedKey is an engine without what does not matter for cycles, and the tile: that of the
// engine, or what of it a matrix smaller than one tile fills.
type expectedKey struct {
	config string
	m, n   int
}

// plane are the cycles at the corners, m in the first bit of the index, n in the second, k in
// the third.
type plane struct {
	tile arch.Shape
	k    [2]float64
	at   [8]float64
}

// expectedDepth is the least of the two depths, expectedTiles the greater number of tiles.
const (
	expectedDepth = 256
	expectedTiles = 4
)

// configText is what of a configuration matters for cycles.
func configText(c *arch.Config) string {
	key := *c
	key.Name, key.FreqMHz = "", 0
	return fmt.Sprintf("%+v", key)
}

// expected measures an engine for products like s, once.
func (ev *Evaluator) expected(ctx context.Context, c *arch.Config, config string, s arch.Shape) (*plane, error) {
	tile := c.Extent()
	tile.M, tile.N = min(tile.M, s.M), min(tile.N, s.N)
	id := expectedKey{config, tile.M, tile.N}
	if p := ev.memo[id]; p != nil {
		return p, nil
	}
	k := max(expectedDepth, 2*tile.K)
	k -= k % max(1, tile.K)
	p := &plane{tile: tile, k: [2]float64{float64(k), float64(3 * k)}}
	w := workloads.Workload{Name: "expected"}
	for i := range p.at {
		pick := func(bit, lo, hi int) int {
			if i>>bit&1 == 1 {
				return hi
			}
			return lo
		}
		w.Layers = append(w.Layers, workloads.NewGEMM("", tile.M*pick(0, 1, expectedTiles), tile.N*pick(1, 1, expectedTiles), pick(2, k, 3*k)))
	}
	r, err := sim.Run(ctx, &arch.Engine{Config: *c}, w, sim.Options{Fidelity: sim.Formula, Check: sim.CheckNone, Data: ev.space.data, Seed: ev.space.Seed})
	if err != nil {
		return nil, err
	}
	for i, l := range r.Layers {
		p.at[i] = float64(l.Cycles)
	}
	if len(ev.memo) >= maxMemo {
		clear(ev.memo)
	}
	ev.memo[id] = p
	return p, nil
}

// maxMemo bounds the engines that are remembered.
const maxMemo = 1 << 14

// cycles are those of a shape, by tiles begun.
func (p *plane) cycles(s arch.Shape) float64 {
	x := (math.Ceil(float64(s.M)/float64(p.tile.M)) - 1) / (expectedTiles - 1)
	y := (math.Ceil(float64(s.N)/float64(p.tile.N)) - 1) / (expectedTiles - 1)
	z := (float64(s.K) - p.k[0]) / (p.k[1] - p.k[0])
	sum := 0.0
	for i, v := range p.at {
		f := 1.0
		for bit, t := range [3]float64{x, y, z} {
			if i>>bit&1 == 1 {
				f *= t
			} else {
				f *= 1 - t
			}
		}
		sum += f * v
	}
	return math.Max(1, sum)
}
