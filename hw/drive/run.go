package drive

import (
	"encoding/binary"

	"tpe/hw"
)

// MachineRunner plays stimulus on a [hw.Machine].
type MachineRunner struct {
	mod   *hw.Module
	mach  hw.Machine
	ports Ports
	zero  [][]uint64 // per input port
	buf   [][]uint64 // per input port
	out   [][]uint64 // per output port
}

// NewMachineRunner returns a runner for a machine that executes m.
func NewMachineRunner(m *hw.Module, mach hw.Machine) (*MachineRunner, error) {
	p, err := PortsOf(m)
	if err != nil {
		return nil, err
	}
	r := &MachineRunner{mod: m, mach: mach, ports: p}
	for _, port := range m.Inputs {
		lanes := m.Lanes(m.Nodes[port.Node].Shape)
		r.zero = append(r.zero, make([]uint64, lanes))
		r.buf = append(r.buf, make([]uint64, lanes))
	}
	for _, port := range m.Outputs {
		r.out = append(r.out, make([]uint64, m.Lanes(m.Nodes[port.Node].Shape)))
	}
	return r, nil
}

var (
	low  = []uint64{0}
	high = []uint64{1}
)

// Run implements [Runner].
func (r *MachineRunner) Run(plays []Play) ([]Trace, error) {
	traces := make([]Trace, len(plays))
	for i := range plays {
		before := r.failures()
		ended := r.play(&plays[i], &traces[i])
		traces[i].Failures = r.failures() - before
		if !ended {
			return traces, &HangError{Play: i, Limit: plays[i].Limit, Results: len(traces[i].At), Wanted: plays[i].Results}
		}
	}
	return traces, nil
}

func (r *MachineRunner) failures() uint64 {
	var n uint64
	for _, f := range r.mach.Failures() {
		n += f
	}
	return n
}

// play runs one play and reports whether it ended within its limit.
func (r *MachineRunner) play(p *Play, t *Trace) bool {
	t.First, t.Taken = make([]int64, len(r.ports.In)), make([]int64, len(r.ports.In))
	for s := range t.First {
		t.First[s] = -1
	}
	r.reset(p.Reset)
	loaded := make([]int64, len(r.ports.In)) // the beat in the buffers; -1: zeros
	for s := range loaded {
		loaded[s] = -2
	}
	for ; p.Cut == 0 || t.Cycles < int64(p.Cut); t.Cycles++ {
		if len(t.At) >= p.Results && p.Cut == 0 {
			return true
		}
		if p.Limit > 0 && t.Cycles >= int64(p.Limit) {
			return false
		}
		for s := range r.ports.In {
			r.drive(p, t, s, loaded)
		}
		want := on(p.Ready, t.Cycles) && len(t.At) < p.Results
		r.mach.Set(r.ports.Out.Ready, level(want))
		r.mach.Settle()
		for s := range r.ports.In {
			in := &r.ports.In[s]
			r.mach.Get(in.Ready, r.out[in.Ready])
			if loaded[s] >= 0 && r.out[in.Ready][0] == 1 {
				if t.Taken[s] == 0 {
					t.First[s] = t.Cycles
				}
				t.Taken[s]++
			}
		}
		r.mach.Get(r.ports.Out.Valid, r.out[r.ports.Out.Valid])
		if want && r.out[r.ports.Out.Valid][0] == 1 {
			t.At = append(t.At, t.Cycles)
			t.Results = r.take(t.Results)
		}
		r.mach.Step(false)
	}
	return true
}

func (r *MachineRunner) reset(edges int) {
	if edges == 0 {
		return
	}
	for s := range r.ports.In {
		r.mach.Set(r.ports.In[s].Valid, low)
		for _, f := range r.ports.In[s].Fields {
			r.mach.Set(f.Port, r.zero[f.Port])
		}
	}
	r.mach.Set(r.ports.Out.Ready, low)
	for range edges {
		r.mach.Settle()
		r.mach.Step(true)
	}
}

func on(pattern []byte, cycle int64) bool {
	return len(pattern) == 0 || pattern[cycle%int64(len(pattern))] != 0
}

func level(v bool) []uint64 {
	if v {
		return high
	}
	return low
}

// drive sets the inputs of consumed stream s for this cycle. The machine keeps
// what it was given, so data are set only when they change.
func (r *MachineRunner) drive(p *Play, t *Trace, s int, loaded []int64) {
	in := &r.ports.In[s]
	beats := p.Beats[s]
	var pattern []byte
	if s < len(p.Valid) {
		pattern = p.Valid[s]
	}
	next := int64(-1)
	if on(pattern, t.Cycles) && in.beatExists(beats, t.Taken[s]) {
		next = t.Taken[s]
	}
	if next == loaded[s] {
		return
	}
	loaded[s] = next
	r.mach.Set(in.Valid, level(next >= 0))
	if next < 0 {
		for _, f := range in.Fields {
			r.mach.Set(f.Port, r.zero[f.Port])
		}
		return
	}
	src := beats[int(next)*in.BeatBytes:]
	for _, f := range in.Fields {
		src = Unpack(r.buf[f.Port], src, f.Bytes)
		r.mach.Set(f.Port, r.buf[f.Port])
	}
}

// beatExists reports whether beats holds beat k. A stream without data has no
// bytes to count, so it is always willing.
func (s *Stream) beatExists(beats []byte, k int64) bool {
	return s.BeatBytes == 0 || (k+1)*int64(s.BeatBytes) <= int64(len(beats))
}

func (r *MachineRunner) take(dst []byte) []byte {
	for _, f := range r.ports.Out.Fields {
		r.mach.Get(f.Port, r.out[f.Port])
		dst = Pack(dst, r.out[f.Port], f.Bytes)
	}
	return dst
}

// Unpack reads len(dst) words of the given size from src and returns the rest.
func Unpack(dst []uint64, src []byte, size int) []byte {
	for i := range dst {
		switch size {
		case 1:
			dst[i] = uint64(src[i])
		case 2:
			dst[i] = uint64(binary.LittleEndian.Uint16(src[2*i:]))
		case 4:
			dst[i] = uint64(binary.LittleEndian.Uint32(src[4*i:]))
		default:
			dst[i] = binary.LittleEndian.Uint64(src[8*i:])
		}
	}
	return src[len(dst)*size:]
}

// Pack appends words of the given size to dst.
func Pack(dst []byte, words []uint64, size int) []byte {
	for _, w := range words {
		switch size {
		case 1:
			dst = append(dst, byte(w))
		case 2:
			dst = binary.LittleEndian.AppendUint16(dst, uint16(w))
		case 4:
			dst = binary.LittleEndian.AppendUint32(dst, uint32(w))
		default:
			dst = binary.LittleEndian.AppendUint64(dst, w)
		}
	}
	return dst
}
