package arch

import (
	"fmt"

	"tpe/hw/drive"
	"tpe/numeric"
)

// layout writes operands as beats.
type layout struct {
	e    *Engine
	a, b *numeric.Dense
	init []int64
	play drive.Play
	err  error
}

// stream returns the beats of a stream, with room for n beats more.
func (l *layout) stream(name string, beats int) *beatWriter {
	i := l.e.Ports.Stream(name)
	s := &l.e.Ports.In[i]
	if l.err == nil && int64(beats)*int64(s.BeatBytes) > maxBeatBytes {
		l.err = fmt.Errorf("arch: %d beats of %d bytes on stream %s (expected at most %d bytes; run a sample of the tiles instead)", beats, s.BeatBytes, name, maxBeatBytes)
		beats = 0
	}
	if l.err != nil {
		beats = 0
	}
	w := &beatWriter{play: &l.play, stream: i, size: s.Fields[0].Bytes, lanes: s.Fields[0].Lanes}
	l.play.Beats[i] = make([]byte, 0, beats*s.BeatBytes)
	return w
}

// beatWriter appends beats of one data field.
type beatWriter struct {
	play        *drive.Play
	stream      int
	size, lanes int
}

// beat appends a beat whose word i is at(i).
func (w *beatWriter) beat(at func(i int) int64) {
	dst := w.play.Beats[w.stream]
	for i := range w.lanes {
		v := uint64(at(i))
		for k := 0; k < w.size; k++ {
			dst = append(dst, byte(v>>(8*k)))
		}
	}
	w.play.Beats[w.stream] = dst
}

// config appends the one configuration beat.
func (l *layout) config(values map[string]int) {
	i := l.e.Ports.Stream("cfg")
	for _, f := range l.e.Ports.In[i].Fields {
		l.play.Beats[i] = drive.Pack(l.play.Beats[i], []uint64{uint64(values[f.Name])}, f.Bytes)
	}
}

func elem(d *numeric.Dense, i, j int) int64 {
	if i >= d.Rows || j >= d.Cols {
		return 0
	}
	return int64(d.At(i, j))
}

// os: a beat for each product of a tile, tiles m innermost.
func (l *layout) os(s Shape) {
	c := &l.e.Config
	mt, nt := cdiv(s.M, c.Rows), cdiv(s.N, c.Cols)
	l.config(map[string]int{"k": s.K, "mt": mt, "nt": nt, "mv": s.M - (mt-1)*c.Rows})
	aw, bw := l.stream("a", mt*nt*s.K), l.stream("b", mt*nt*s.K)
	if l.err != nil {
		return
	}
	for n0 := 0; n0 < s.N; n0 += c.Cols {
		for m0 := 0; m0 < s.M; m0 += c.Rows {
			for k := range s.K {
				aw.beat(func(i int) int64 { return elem(l.a, m0+i, k) })
				bw.beat(func(j int) int64 { return elem(l.b, k, n0+j) })
			}
		}
	}
	l.initial(s)
}

// ws: weights of a chunk last row first, then the rows of a block.
func (l *layout) ws(s Shape) {
	c := &l.e.Config
	// moving(i, k) and staying(k, j): input-stationary computes the transpose.
	moving := func(i, k int) int64 { return elem(l.a, i, k) }
	staying := func(k, j int) int64 { return elem(l.b, k, j) }
	t := s
	if c.Dataflow == IS {
		t = s.transposed()
		moving = func(i, k int) int64 { return elem(l.b, k, i) }
		staying = func(k, j int) int64 { return elem(l.a, j, k) }
	}
	kt, mb, nt := cdiv(t.K, c.Rows), cdiv(t.M, c.AccRows), cdiv(t.N, c.Cols)
	block := min(c.AccRows, t.M)
	l.config(map[string]int{"kt": kt, "mb": mb, "nt": nt, "rows": block, "edge": t.M - (mb-1)*c.AccRows})
	ww, aw := l.stream("w", kt*mb*nt*c.Rows), l.stream("a", t.M*kt*nt)
	if l.err != nil {
		return
	}
	for n0 := 0; n0 < t.N; n0 += c.Cols {
		for m0 := 0; m0 < t.M; m0 += c.AccRows {
			for k0 := 0; k0 < t.K; k0 += c.Rows {
				for b := range c.Rows {
					ww.beat(func(j int) int64 { return staying(k0+c.Rows-1-b, n0+j) })
				}
				for i := m0; i < min(m0+c.AccRows, t.M); i++ {
					aw.beat(func(r int) int64 { return moving(i, k0+r) })
				}
			}
		}
	}
	l.initial(s)
}

// initial writes the initial C in the order of the results.
func (l *layout) initial(s Shape) {
	if !l.e.InitC {
		return
	}
	cw := l.stream("c", (&Plan{l.e, s}).Results())
	if l.err != nil {
		return
	}
	l.e.eachResult(s, func(at func(j int) int) {
		cw.beat(func(j int) int64 {
			if i := at(j); i >= 0 && l.init != nil {
				return l.init[i]
			}
			return 0
		})
	})
}
