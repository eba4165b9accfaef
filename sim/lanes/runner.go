package lanes

import (
	"unsafe"

	"tpe/hw"
	"tpe/hw/drive"
)

// Runner plays stimulus on a module. It does what [drive.MachineRunner] does on a
// [Machine], but beats go straight between their bytes and the machine's
// buffers, which hold words in the same form.
type Runner struct {
	m     *Machine
	ports drive.Ports
	in    []stream
	out   stream
}

var _ drive.Runner = (*Runner)(nil)

// stream is a stream of the module with the machine's buffers.
type stream struct {
	valid     *portBuf
	ready     *portBuf
	fields    []field
	beatBytes int
}

// field is a data port of a stream.
type field struct {
	*portBuf
	bytes  int    // of a beat
	mask   uint64 // of a word, repeated; 0 if a word has no bits to cut off
	single bool   // one lane, which is a slot of 8 bytes
}

// NewRunner returns a runner for a flat module with streams.
func NewRunner(flat *hw.Module) (*Runner, error) { return newRunner(flat, options{}) }

func newRunner(flat *hw.Module, opt options) (*Runner, error) {
	ports, err := drive.PortsOf(flat)
	if err != nil {
		return nil, err
	}
	m, err := newMachine(flat, opt)
	if err != nil {
		return nil, err
	}
	r := &Runner{m: m, ports: ports}
	for i := range ports.In {
		r.in = append(r.in, bind(&ports.In[i], m.inputs, m.outputs))
	}
	r.out = bind(&ports.Out, m.outputs, m.inputs)
	return r, nil
}

// bind finds the buffers of a stream whose data ports are in the list same and
// whose ready port is in the list other.
func bind(s *drive.Stream, same, other []portBuf) stream {
	out := stream{valid: &same[s.Valid], ready: &other[s.Ready], beatBytes: s.BeatBytes}
	for _, f := range s.Fields {
		b := field{portBuf: &same[f.Port], bytes: f.Lanes * f.Bytes, single: f.Lanes == 1}
		if f.Width != 8*f.Bytes {
			b.mask = repeated(hw.Mask(f.Width), f.Bytes)
		}
		out.fields = append(out.fields, b)
	}
	return out
}

// level reads a one-bit word.
func (p *portBuf) level(parity int) bool { return *(*uint64)(p.buf[parity]) != 0 }

func (p *portBuf) setLevel(v bool) { *(*uint64)(p.buf[0]) = truth(v) }

// load puts a beat into the input buffers; nil is zeros.
func (s *stream) load(beat []byte) {
	for i := range s.fields {
		f := &s.fields[i]
		dst := unsafe.Slice((*byte)(f.buf[0]), f.bytes)
		if beat == nil {
			clear(dst)
			continue
		}
		copy(dst, beat)
		beat = beat[f.bytes:]
		if f.mask != 0 { // buffers are padded to 64 lanes, slots to 8 bytes
			for k := 0; k < f.bytes; k += 8 {
				*(*uint64)(unsafe.Add(f.buf[0], k)) &= f.mask
			}
		}
	}
}

// append adds the beat in the output buffers to dst.
func (s *stream) append(dst []byte, parity int) []byte {
	for i := range s.fields {
		f := &s.fields[i]
		dst = append(dst, unsafe.Slice((*byte)(f.buf[parity]), f.bytes)...)
	}
	return dst
}

// Run implements [drive.Runner].
func (r *Runner) Run(plays []drive.Play) ([]drive.Trace, error) {
	traces := make([]drive.Trace, len(plays))
	for i := range plays {
		before := r.failures()
		if !r.play(&plays[i], &traces[i]) {
			return traces, &drive.HangError{Play: i, Limit: plays[i].Limit, Results: len(traces[i].At), Wanted: plays[i].Results}
		}
		traces[i].Failures = r.failures() - before
	}
	return traces, nil
}

func (r *Runner) failures() uint64 {
	var n uint64
	for _, f := range r.m.failures {
		n += f
	}
	return n
}

// cursor is a consumed stream within a play.
type cursor struct {
	*stream
	beats   []byte
	pattern pattern
	count   int64 // beats that there are; -1: no end
	loaded  int64 // the beat in the buffers; -1 is none, and -2 that nothing was loaded yet
}

// pattern is a periodic pattern of valid or ready with its position.
type pattern struct {
	bytes []byte
	at    int
}

// next reports the pattern's value in this cycle and goes on to the next.
func (p *pattern) next() bool {
	if len(p.bytes) == 0 {
		return true
	}
	v := p.bytes[p.at]
	if p.at++; p.at == len(p.bytes) {
		p.at = 0
	}
	return v != 0
}

// mostReserved bounds what is reserved for results before they come: a play
// may name more than it will deliver.
const mostReserved = 1 << 16

// play runs one play and reports whether it ended within its limit.
func (r *Runner) play(p *drive.Play, t *drive.Trace) bool {
	m := r.m
	t.First, t.Taken = make([]int64, len(r.in)), make([]int64, len(r.in))
	r.reset(p.Reset)
	cursors := make([]cursor, len(r.in))
	for s := range cursors {
		t.First[s] = -1
		c := cursor{stream: &r.in[s], beats: p.Beats[s], count: -1, loaded: -2}
		if c.beatBytes > 0 {
			c.count = int64(len(c.beats) / c.beatBytes)
		}
		if s < len(p.Valid) {
			c.pattern.bytes = p.Valid[s]
		}
		cursors[s] = c
	}
	ready := pattern{bytes: p.Ready}
	if n := min(p.Results, mostReserved); n > 0 {
		t.At = make([]int64, 0, n)
		t.Results = make([]byte, 0, n*r.out.beatBytes)
	}
	for ; p.Cut == 0 || t.Cycles < int64(p.Cut); t.Cycles++ {
		if len(t.At) >= p.Results && p.Cut == 0 {
			return true
		}
		if p.Limit > 0 && t.Cycles >= int64(p.Limit) {
			return false
		}
		for s := range cursors {
			cursors[s].drive(t.Taken[s])
		}
		want := ready.next() && len(t.At) < p.Results
		r.out.ready.setLevel(want)
		m.Settle()
		for s := range cursors {
			if c := &cursors[s]; c.loaded >= 0 && c.ready.level(m.parity) {
				if t.Taken[s] == 0 {
					t.First[s] = t.Cycles
				}
				t.Taken[s]++
			}
		}
		if want && r.out.valid.level(m.parity) {
			t.At = append(t.At, t.Cycles)
			t.Results = r.out.append(t.Results, m.parity)
		}
		m.Step(false)
	}
	return true
}

// drive sets the inputs of the stream for this cycle, if they change.
func (c *cursor) drive(taken int64) {
	next := int64(-1)
	if c.pattern.next() && (c.count < 0 || taken < c.count) {
		next = taken
	}
	if next == c.loaded {
		return
	}
	c.loaded = next
	c.valid.setLevel(next >= 0)
	if next < 0 {
		c.load(nil)
		return
	}
	c.load(c.beats[int(next)*c.beatBytes : int(next+1)*c.beatBytes : len(c.beats)])
}

// reset gives the module clock edges under reset with nothing valid.
func (r *Runner) reset(edges int) {
	if edges == 0 {
		return
	}
	for s := range r.in {
		r.in[s].valid.setLevel(false)
		r.in[s].load(nil)
	}
	r.out.ready.setLevel(false)
	for range edges {
		r.m.Settle()
		r.m.Step(true)
	}
}
