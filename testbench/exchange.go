package testbench

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"tpe/hw/drive"
)

// The compiled simulator reads a file of plays and writes a file of traces. All
// numbers are little-endian 64-bit words but for the 8 bytes of magic, whose last
// is the version of the format.
//
//	plays   magic, streams S, beat bytes of each stream, beat bytes of the result,
//	        plays P, then P times:
//	          reset, results, cut, limit,
//	          S times: bytes of beats, bytes of the valid pattern,
//	          bytes of the ready pattern,
//	          S times: beats, valid pattern,
//	          ready pattern
//	traces  magic, then for each play:
//	          1 (ended) or 2 (passed its limit: the last record),
//	          cycles, failures, S times: first cycle, beats taken,
//	          results R, R cycles, R beats
//	        then 0, the cycles of all plays, and the nanoseconds of CPU time that
//	        their loops took
const (
	playMagic  = "TPEPLAY\x01"
	traceMagic = "TPETRAC\x01"

	markEnd  = 0
	markDone = 1
	markHang = 2
)

// check tells what is wrong with plays for a design, before a simulator reads
// past the end of something.
func (d *design) check(plays []drive.Play) error {
	var errs []error
	for i := range plays {
		p := &plays[i]
		if len(p.Beats) != len(d.in) {
			errs = append(errs, fmt.Errorf("testbench: play %d has beats for %d streams (expected %d)", i, len(p.Beats), len(d.in)))
			continue
		}
		if len(p.Valid) > len(d.in) {
			errs = append(errs, fmt.Errorf("testbench: play %d has patterns for %d streams (expected at most %d)", i, len(p.Valid), len(d.in)))
		}
		for s, in := range d.in {
			if in.beatBytes > 0 && len(p.Beats[s])%in.beatBytes != 0 {
				errs = append(errs, fmt.Errorf("testbench: play %d, stream %s: %d bytes (expected whole beats of %d)", i, in.name, len(p.Beats[s]), in.beatBytes))
			}
		}
		if p.Reset < 0 || p.Results < 0 || p.Cut < 0 || p.Limit < 0 {
			errs = append(errs, fmt.Errorf("testbench: play %d: reset %d, results %d, cut %d, limit %d (expected none below 0)", i, p.Reset, p.Results, p.Cut, p.Limit))
		}
	}
	return errors.Join(errs...)
}

// valid returns the pattern of stream s, nil for always.
func valid(p *drive.Play, s int) []byte {
	if s < len(p.Valid) {
		return p.Valid[s]
	}
	return nil
}

func (d *design) encodePlays(plays []drive.Play) []byte {
	b := []byte(playMagic)
	num := func(list ...int) {
		for _, v := range list {
			b = binary.LittleEndian.AppendUint64(b, uint64(v))
		}
	}
	num(len(d.in))
	for _, s := range d.in {
		num(s.beatBytes)
	}
	num(d.out.beatBytes, len(plays))
	for i := range plays {
		p := &plays[i]
		num(p.Reset, p.Results, p.Cut, p.Limit)
		for s := range d.in {
			num(len(p.Beats[s]), len(valid(p, s)))
		}
		num(len(p.Ready))
		for s := range d.in {
			b = append(b, p.Beats[s]...)
			b = append(b, valid(p, s)...)
		}
		b = append(b, p.Ready...)
	}
	return b
}

// totals are the sums at the end of a file of traces.
type totals struct {
	cycles int64
	cpuNS  int64
}

// decodeTraces reads the traces of plays. A play that passed its limit gives the
// same error and the same traces as [drive.MachineRunner].
func (d *design) decodeTraces(text []byte, plays []drive.Play) ([]drive.Trace, totals, error) {
	r := &reader{text: text}
	if magic := r.bytes(len(traceMagic)); string(magic) != traceMagic {
		return nil, totals{}, fmt.Errorf("testbench: traces begin with %q (expected %q)", magic, traceMagic)
	}
	traces := make([]drive.Trace, len(plays))
	var hang error
	n := 0
	for r.err == nil {
		mark := r.num()
		if mark == markEnd || r.err != nil {
			break
		}
		if n == len(plays) || hang != nil || (mark != markDone && mark != markHang) {
			return nil, totals{}, fmt.Errorf("testbench: traces hold mark %d at byte %d after %d of %d plays", mark, r.at-8, n, len(plays))
		}
		t := &traces[n]
		t.Cycles, t.Failures = r.num(), uint64(r.num())
		for range d.in {
			t.First = append(t.First, r.num())
			t.Taken = append(t.Taken, r.num())
		}
		for k := r.count(8 + d.out.beatBytes); k > 0; k-- {
			t.At = append(t.At, r.num())
		}
		if size := len(t.At) * d.out.beatBytes; size > 0 {
			t.Results = bytes.Clone(r.bytes(size))
		}
		if mark == markHang {
			hang = &drive.HangError{Play: n, Limit: plays[n].Limit, Results: len(t.At), Wanted: plays[n].Results}
		}
		n++
	}
	sum := totals{r.num(), r.num()}
	switch {
	case r.err != nil:
		return nil, totals{}, r.err
	case hang != nil:
		return traces, sum, hang
	case n != len(plays):
		return nil, totals{}, fmt.Errorf("testbench: %d traces (expected %d)", n, len(plays))
	}
	return traces, sum, nil
}

// reader takes numbers off a byte slice and remembers the first shortage.
type reader struct {
	text []byte
	at   int
	err  error
}

func (r *reader) bytes(n int) []byte {
	if r.err == nil && (n < 0 || n > len(r.text)-r.at) {
		r.err = fmt.Errorf("testbench: traces end at byte %d, within %d bytes at %d", len(r.text), n, r.at)
	}
	if r.err != nil {
		return nil
	}
	r.at += n
	return r.text[r.at-n : r.at]
}

func (r *reader) num() int64 {
	b := r.bytes(8)
	if b == nil {
		return 0
	}
	return int64(binary.LittleEndian.Uint64(b))
}

// count reads a number of items of the given size and checks that they are there.
func (r *reader) count(size int) int64 {
	n := r.num()
	if r.err == nil && (n < 0 || n > int64((len(r.text)-r.at)/size)) {
		r.err = fmt.Errorf("testbench: %d items of %d bytes at byte %d of %d", n, size, r.at, len(r.text))
	}
	if r.err != nil {
		return 0
	}
	return n
}
