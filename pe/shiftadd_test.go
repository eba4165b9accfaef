package pe_test

import (
	"fmt"
	"testing"

	"tpe/hw"
	"tpe/hw/eval"
	"tpe/numeric"
	"tpe/pe"
)

// TestShiftAddEveryPair multiplies every activation of 8 bits by every weight of 4 bits (and of
// 1, 2, 3 and 8) in each form, signed and unsigned.
func TestShiftAddEveryPair(t *testing.T) {
	for _, form := range []string{pe.FormCombinational, pe.FormSerial, pe.FormSignMagnitude} {
		for _, bits := range []int{4, 1, 2, 3, 8} {
			for signs := range 4 {
				s := pe.ShiftAdd{A: numeric.Int{Bits: 8, Signed: signs&1 == 1}, B: numeric.Int{Bits: bits, Signed: signs&2 == 2}, Form: form}
				if s.B.Signed && bits == 1 || form == pe.FormSignMagnitude && !s.B.Signed {
					continue
				}
				t.Run(fmt.Sprintf("%s/%sx%s", form, s.A, s.B), func(t *testing.T) { shiftAddPairs(t, s) })
			}
		}
	}
}

// shiftAddPairs has lane i with a = i mod 256 and the weight i / 256, and adds the planes.
func shiftAddPairs(t *testing.T, s pe.ShiftAdd) {
	width, lanes := s.A.Bits+s.B.Bits+1, 1<<(s.A.Bits+s.B.Bits)
	b := hw.New("product", "")
	ax := b.Axis("pair", lanes)
	a, w := b.In("a_i", s.A.Bits, ax), b.In("w_i", s.WordBits(), ax)
	plane := hw.None
	if s.Planes() > 1 {
		plane = b.In("plane_i", hw.Bits(s.Planes()-1))
	}
	b.Out("p_o", s.Product(b, width, a, w, plane))
	m, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	e, err := eval.New(m)
	if err != nil {
		t.Fatal(err)
	}
	value := func(lane int) int64 { return s.B.Wrap(int64(lane >> 8)) }
	as, ws := make([]uint64, lanes), make([]uint64, lanes)
	for i := range lanes {
		as[i], ws[i] = uint64(i)&255, s.Word(value(i))
	}
	e.Set(0, as)
	e.Set(1, ws)
	got, sum := make([]uint64, lanes), make([]int64, lanes)
	for p := range s.Planes() {
		if s.Planes() > 1 {
			e.Set(2, []uint64{uint64(p)})
		}
		e.Settle()
		e.Get(0, got)
		for i, g := range got {
			sum[i] += hw.SignExtend(g, width)
		}
	}
	checked := 0
	for i, got := range sum {
		w := value(i)
		if s.Form == pe.FormSignMagnitude && w == s.B.Min() {
			continue // has no magnitude of this width
		}
		checked++
		if want := s.A.Wrap(int64(i)) * w; got != want {
			t.Fatalf("%d * %d = %d, want %d", s.A.Wrap(int64(i)), w, got, want)
		}
	}
	if checked < lanes-256 {
		t.Errorf("%d pairs checked of %d", checked, lanes)
	}
}
