package llvm

import (
	"fmt"
	"math"
	"runtime"
	"unsafe"

	"tpe/hw"
	"tpe/hw/drive"
)

// callCycles is how many cycles one call of the compiled code plays at most: some
// 64 already hide the cost of a call, and the program stays interruptible.
const callCycles = 4096

// mostReserved bounds what is reserved for results before they come: a play may name
// more than it will deliver.
const mostReserved = 1 << 16

// Runner plays stimulus on a compiled cycle loop. It implements [drive.Runner].
type Runner struct {
	*instance
	obj   *object
	run   uintptr
	ports drive.Ports
	at    []int64 // of the results of one call
	out   []byte
}

// NewRunner compiles a flat module with streams (see [drive.PortsOf]).
func NewRunner(flat *hw.Module) (*Runner, error) {
	ports, err := drive.PortsOf(flat)
	if err != nil {
		return nil, err
	}
	c := newCode()
	img, err := c.addRunner(flat, ports)
	if err != nil {
		return nil, err
	}
	obj, err := c.build()
	if err != nil {
		return nil, err
	}
	r, err := newRunner(obj, img, ports)
	if err != nil {
		_ = obj.close()
		return nil, err
	}
	r.obj = obj
	return r, nil
}

func newRunner(obj *object, img *image, ports drive.Ports) (*Runner, error) {
	run, err := obj.lookup(img.prefix + "run")
	if err != nil {
		return nil, err
	}
	return &Runner{
		instance: newInstance(img), run: run, ports: ports,
		at: make([]int64, callCycles), out: make([]byte, callCycles*ports.Out.BeatBytes),
	}, nil
}

// Close frees the code. The runner must not be used after that.
func (r *Runner) Close() error {
	if r.obj == nil {
		return nil
	}
	return r.obj.close()
}

// Run implements [drive.Runner].
func (r *Runner) Run(plays []drive.Play) ([]drive.Trace, error) {
	traces := make([]drive.Trace, len(plays))
	for i := range plays {
		if len(plays[i].Beats) < len(r.ports.In) {
			return traces, fmt.Errorf("llvm: play %d has beats for %d streams (expected %d)", i, len(plays[i].Beats), len(r.ports.In))
		}
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
	for i := range r.m.Asserts {
		n += uint64(r.slot(r.l.fail + 8*i))
	}
	return n
}

// reset plays clock edges under reset, with nothing valid.
func (r *Runner) reset(edges int) {
	r.setSlot(headCount, 0)
	r.setSlot(headWanted, 0)
	r.setSlot(headResults, 0)
	r.setSlot(headStop, 0)
	r.setSlot(headReadyLen, 0)
	for s := range r.ports.In {
		base := headStreams + s*streamBytes
		for _, x := range []struct {
			slot  int
			value int64
		}{{streamCount, 0}, {streamTaken, 0}, {streamLen, 0}, {streamPos, 0}, {streamLoaded, -2}} {
			r.setSlot(base+x.slot, x.value)
		}
	}
	for range edges {
		r.call(r.run, 1)
		r.l.reset(r.state)
	}
}

// pinned pins a piece of stimulus and returns where it is.
func pinned(pin *runtime.Pinner, b []byte) int64 {
	if len(b) == 0 {
		return 0
	}
	pin.Pin(&b[0])
	return int64(uintptr(unsafe.Pointer(&b[0])))
}

// play runs one play and reports whether it ended within its limit.
func (r *Runner) play(p *drive.Play, t *drive.Trace) bool {
	var pin runtime.Pinner
	defer pin.Unpin()
	r.reset(p.Reset)
	r.setSlot(headCount, 1)
	r.setSlot(headCycle, 0)
	r.setSlot(headResults, 0)
	r.setSlot(headWanted, int64(p.Results))
	if p.Cut == 0 {
		r.setSlot(headStop, 1)
	}
	r.setSlot(headReady, pinned(&pin, p.Ready))
	r.setSlot(headReadyLen, int64(len(p.Ready)))
	r.setSlot(headReadyPos, 0)
	for s := range r.ports.In {
		r.open(p, s, &pin)
	}
	pin.Pin(&r.at[0])
	pinned(&pin, r.out)
	ok := r.cycles(p, t)
	t.Cycles = r.slot(headCycle)
	for s := range r.ports.In {
		base := headStreams + s*streamBytes
		t.First = append(t.First, r.slot(base+streamFirst))
		t.Taken = append(t.Taken, r.slot(base+streamTaken))
	}
	return ok
}

// open puts a consumed stream at its beginning.
func (r *Runner) open(p *drive.Play, s int, pin *runtime.Pinner) {
	base, beat := headStreams+s*streamBytes, r.ports.In[s].BeatBytes
	count := int64(math.MaxInt64) // a stream without data is always willing
	if beat > 0 {
		count = int64(len(p.Beats[s]) / beat)
	}
	var pattern []byte
	if s < len(p.Valid) {
		pattern = p.Valid[s]
	}
	r.setSlot(base+streamBeats, pinned(pin, p.Beats[s]))
	r.setSlot(base+streamCount, count)
	r.setSlot(base+streamTaken, 0)
	r.setSlot(base+streamFirst, -1)
	r.setSlot(base+streamPattern, pinned(pin, pattern))
	r.setSlot(base+streamLen, int64(len(pattern)))
	r.setSlot(base+streamPos, 0)
	r.setSlot(base+streamLoaded, -2)
}

// cycles plays until the results wanted are taken, or the cut, or the limit.
func (r *Runner) cycles(p *drive.Play, t *drive.Trace) bool {
	size := r.ports.Out.BeatBytes
	if n := min(p.Results, mostReserved); n > 0 {
		t.At, t.Results = make([]int64, 0, n), make([]byte, 0, n*size)
	}
	for {
		now, got := r.slot(headCycle), len(t.At)
		if p.Cut != 0 && now >= int64(p.Cut) || p.Cut == 0 && got >= p.Results {
			return true
		}
		if p.Limit > 0 && now >= int64(p.Limit) {
			return false
		}
		n := int64(callCycles)
		if p.Cut != 0 {
			n = min(n, int64(p.Cut)-now)
		}
		if p.Limit > 0 {
			n = min(n, int64(p.Limit)-now)
		}
		r.batch(n, got)
		fresh := int(r.slot(headResults)) - got
		t.At = append(t.At, r.at[:fresh]...)
		t.Results = append(t.Results, r.out[:fresh*size]...)
	}
}

// batch plays n cycles with room for as many results; the code counts results from
// the beginning of the play.
func (r *Runner) batch(n int64, got int) {
	r.setSlot(headAt, int64(uintptr(unsafe.Pointer(&r.at[0])))-8*int64(got))
	if len(r.out) > 0 {
		r.setSlot(headOut, int64(uintptr(unsafe.Pointer(&r.out[0])))-int64(got*r.ports.Out.BeatBytes))
	}
	r.call(r.run, uintptr(n))
}
