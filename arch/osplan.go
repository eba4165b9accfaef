package arch

import "tpe/pe"

// This file feeds and times the output-stationary array of os.go.

// os, s.K in beats: those of a tile, tiles m innermost.
func (l *layout) os(s Shape) {
	c := &l.e.Config
	mt, nt := cdiv(s.M, c.Rows), cdiv(s.N, c.Cols)
	l.config(map[string]int{"k": s.K, "mt": mt, "nt": nt, "mv": s.M - (mt-1)*c.Rows})
	aw, bw := l.stream("a", mt*nt*s.K), l.stream("b", mt*nt*s.K)
	if l.err != nil {
		return
	}
	a, b := c.fuse(func(i, k int) int64 { return l.moving(l.A, i, k) }, func(k, j int) int64 { return elem(l.B, k, j) })
	for n0 := 0; n0 < s.N; n0 += c.Cols {
		for m0 := 0; m0 < s.M; m0 += c.Rows {
			for k := range s.K {
				aw.beat(func(i int) int64 { return a(m0+i, k) })
				bw.beat(func(j int) int64 { return b(k, n0+j) })
			}
		}
	}
	l.initial(s)
}

// osResults: a tile's rows, first row first if they leave upwards, otherwise last
// row first.
func osResults(c *Config, s Shape, up bool, f func(at func(j int) int)) {
	for n0 := 0; n0 < s.N; n0 += c.Cols {
		for m0 := 0; m0 < s.M; m0 += c.Rows {
			height := min(c.Rows, s.M-m0)
			for r := range height {
				i := m0 + r
				if !up {
					i = m0 + height - 1 - r
				}
				f(func(j int) int { return inside(i, n0+j, s.N, n0+j < s.N) })
			}
		}
	}
}

// osCycles: with F tiles of K beats, last beats at least D apart, and L edges from
// a tile's last beat to its last row,
//
//	none          the sum over tiles of K + L
//	drain, full   (F-1) max(K, D) + K + L of the last tile
//
// L = 2R + C (and the stages of encoders at the edge), less 2 for each row past the edge of C if rows leave upwards, because
// then those would have been the last.
func (c *Config) osCycles(s Shape) int64 {
	mt, nt := int64(cdiv(s.M, c.Rows)), int64(cdiv(s.N, c.Cols))
	k, latency := int64(s.K), int64(osLatency(c.Rows, c.Cols, c.encodeStages()))
	edge := latency
	if c.Drain == pe.DrainUp {
		edge -= 2 * (mt*int64(c.Rows) - int64(s.M))
	}
	if c.Overlap == OverlapNone {
		return nt * ((mt-1)*(k+latency) + k + edge)
	}
	return (mt*nt-1)*max(k, int64(drainPeriod(c.Drain, c.Rows))) + k + edge
}
