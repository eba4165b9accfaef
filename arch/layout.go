package arch

import (
	"fmt"

	"tpe/hw/drive"
	"tpe/numeric"
)

// layout writes operands as beats.
type layout struct {
	e *Engine
	Operands
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
	w := &beatWriter{play: &l.play, stream: i, fields: s.Fields}
	l.play.Beats[i] = make([]byte, 0, beats*s.BeatBytes)
	return w
}

// beatWriter appends beats to a stream.
type beatWriter struct {
	play   *drive.Play
	stream int
	fields []drive.Field
}

// beat appends a beat: word i of field f is at[f](i). What is given beyond the
// fields is not used.
func (w *beatWriter) beat(at ...func(i int) int64) {
	dst := w.play.Beats[w.stream]
	for f := range w.fields {
		size := w.fields[f].Bytes
		for i := range w.fields[f].Lanes {
			v := uint64(at[f](i))
			for k := range size {
				dst = append(dst, byte(v>>(8*k)))
			}
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

// moving is the element of the operand that moves along a row: x. One of floats has a bit on top that says
// whether it is there.
func (l *layout) moving(d *numeric.Dense, i, j int) int64 {
	if !l.e.floats() || i >= d.Rows || j >= d.Cols {
		return elem(d, i, j)
	}
	x, _ := l.e.wordBits()
	return int64(uint32(d.At(i, j))) | 1<<(x-1)
}

// initial writes the initial C in the order of the results.
func (l *layout) initial(s Shape) {
	if !l.e.InitC {
		return
	}
	cw := l.stream("c", l.play.Results)
	if l.err != nil {
		return
	}
	l.e.family().eachResult(&l.e.Config, s, func(at func(j int) int) {
		cw.beat(func(j int) int64 {
			if i := at(j); i >= 0 && l.Init != nil {
				return l.Init[i]
			}
			return 0
		})
	})
}
