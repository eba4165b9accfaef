package arch

// This file feeds the column array.

func (column) results(c *Config, s Shape) int { return cdiv(s.M, c.Cols) * s.N }

// lastBeats is the number of beats of the last chunk.
func (c *Config) lastBeats(s Shape) int {
	return cdiv(s.K-(cdiv(s.K, c.Chunk)-1)*c.Chunk, c.Lanes)
}

// layout: steps k innermost, then m, then n. Lane l of beat j of a chunk at k0 with n beats
// has k = k0 + l n + j. B comes with the steps that do not find it in the store.
func (column) layout(l *layout, s Shape) {
	c := &l.e.Config
	kt, mt, nt := cdiv(s.K, c.Chunk), cdiv(s.M, c.Cols), cdiv(s.N, c.Rows)
	l.config(map[string]int{"kt": kt, "mt": mt, "nt": nt, "kl": c.lastBeats(s), "nv": s.N - (nt-1)*c.Rows})
	beats := (kt-1)*(c.Chunk/c.Lanes) + c.lastBeats(s)
	bTiles := mt * nt
	if kt == 1 {
		bTiles = nt
	}
	aw, bw := l.stream("a", mt*nt*beats), l.stream("b", bTiles*beats)
	if l.err != nil {
		return
	}
	for n0 := 0; n0 < s.N; n0 += c.Rows {
		for m0 := 0; m0 < s.M; m0 += c.Cols {
			for k0 := 0; k0 < s.K; k0 += c.Chunk {
				n := c.Chunk / c.Lanes
				if k0+c.Chunk >= s.K {
					n = c.lastBeats(s)
				}
				for j := range n {
					k := func(i int) int { return k0 + i%c.Lanes*n + j }
					aw.beat(func(i int) int64 { return elem(l.A, m0+i/c.Lanes, k(i)) })
					if kt > 1 || m0 == 0 {
						bw.beat(func(i int) int64 { return elem(l.B, k(i), n0+i/c.Lanes) })
					}
				}
			}
		}
	}
	l.initial(s)
}

func (column) eachResult(c *Config, s Shape, f func(at func(j int) int)) {
	for n0 := 0; n0 < s.N; n0 += c.Rows {
		for m0 := 0; m0 < s.M; m0 += c.Cols {
			for n := n0; n < min(n0+c.Rows, s.N); n++ {
				f(func(j int) int { return inside(m0+j, n, s.N, m0+j < s.M) })
			}
		}
	}
}
