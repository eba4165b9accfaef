package pe_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tpe/hw"
	"tpe/hw/eval"
	"tpe/numeric"
	"tpe/pe"
)

// encoderModule encodes every code of the format at once, lane i the code i, packs and
// splits it, and gives each digit as a multiple of 1.
func encoderModule(e pe.Encoder) (*hw.Module, error) {
	b := hw.New("encoder", "")
	x := b.Coord(b.Axis("code", 1<<e.Format.Bits), e.Format.Bits)
	enc := e.Split(b, e.Word(b, e.Encode(b, x)))
	for i := range e.Digits() {
		d := e.At(b, enc, i)
		b.Out(fmt.Sprintf("nonzero%d_o", i), d.NonZero)
		b.Out(fmt.Sprintf("digit%d_o", i), d.Multiple(b, 4, b.Const(2, 1)))
	}
	m, err := b.Build()
	if err != nil {
		return nil, err
	}
	return hw.Flatten(m)
}

// TestEncodersOverEveryCode compares each encoder with the digits of numeric on all codes
// of formats of 2 to 10 bits.
func TestEncodersOverEveryCode(t *testing.T) {
	for _, encoding := range numeric.Encodings() {
		for bits := 2; bits <= 10; bits++ {
			for _, signed := range []bool{true, false} {
				e := pe.Encoder{Encoding: encoding, Format: numeric.Int{Bits: bits, Signed: signed}}
				t.Run(fmt.Sprintf("%s/%s", encoding, e.Format), func(t *testing.T) { checkEncoder(t, e) })
			}
		}
	}
}

func checkEncoder(t *testing.T, e pe.Encoder) {
	flat, err := encoderModule(e)
	if err != nil {
		t.Fatal(err)
	}
	m, err := eval.New(flat)
	if err != nil {
		t.Fatal(err)
	}
	m.Settle()
	digits := make([]int8, e.Digits())
	nonzero, value := make([]uint64, 1<<e.Format.Bits), make([]uint64, 1<<e.Format.Bits)
	for i := range digits {
		m.Get(2*i, nonzero)
		m.Get(2*i+1, value)
		for code := range value {
			x := e.Format.Wrap(int64(code))
			e.Encoding.Encode(digits, x, e.Format)
			got := numeric.Int{Bits: 4, Signed: true}.Wrap(int64(value[code]))
			if got != int64(digits[i]) || (nonzero[code] == 1) != (digits[i] != 0) {
				t.Errorf("digit %d of %d is %d (non-zero %d), want %d", i, x, got, nonzero[code], digits[i])
			}
		}
	}
}

// TestEncodedWidths has the widths of stored codes: n+1 bits for EN-T.
func TestEncodedWidths(t *testing.T) {
	want := map[numeric.Encoding]int{numeric.Booth: 12, numeric.ENT: 9, numeric.CSD: 16, numeric.BitsC: 8, numeric.BitsM: 9}
	for encoding, w := range want {
		e := pe.Encoder{Encoding: encoding, Format: numeric.Int{Bits: 8, Signed: true}}
		if got := e.Bits(); got != w {
			t.Errorf("%s: an int8 operand takes %d bits, want %d", encoding, got, w)
		}
	}
}

// TestEncodedProducts multiplies all pairs of operands by the rows of each encoder (those
// of Booth are the rows of [pe.OPT1]).
func TestEncodedProducts(t *testing.T) {
	for _, f := range []struct{ a, b, acc int }{{8, 8, 20}, {3, 5, 9}} {
		for signs := range 4 {
			if f.a == 8 && signs&1 != signs>>1 {
				continue // mixed signs: the narrow operands
			}
			s := pe.Spec{A: numeric.Int{Bits: f.a, Signed: signs&1 == 1}, B: numeric.Int{Bits: f.b, Signed: signs&2 == 2}, Signed: signs != 0}
			for _, e := range numeric.Encodings() {
				if e == numeric.Booth && f.a == 8 {
					continue // what the plain PEs do; here the narrow operands
				}
				s.Hoisted = e
				for name, arith := range map[string]pe.Arith{"opt1": pe.OPT1{Spec: s}, "mac": pe.MAC{Spec: s, Mul: pe.MulStar}} {
					if f.a == 8 && name == "mac" && e != numeric.ENT {
						continue
					}
					t.Run(fmt.Sprintf("%s/%s/%sx%s", e, name, s.A, s.B), func(t *testing.T) { checkPairs(t, s, encoded{arith, s}, f.acc) })
				}
			}
		}
	}
}

// encoded is the arithmetic of a PE behind an encoder at the edge.
type encoded struct {
	pe.Arith
	spec pe.Spec
}

func (a encoded) MAC(b *hw.Builder, sum []hw.ID, x, y hw.ID) []hw.ID {
	e := pe.Encoder{Encoding: a.spec.Hoisted, Format: a.spec.A}
	return a.Arith.MAC(b, sum, e.Word(b, e.Encode(b, x)), y)
}

// TestEdgeEncoder steps the encoder at the edge of an array on all operands: after two edges the
// word is that of the combinational one. EN-T's has one bit more than an operand.
func TestEdgeEncoder(t *testing.T) {
	for _, f := range []numeric.Int{{Bits: 8, Signed: true}, {Bits: 8}, {Bits: 5, Signed: true}} {
		for _, enc := range numeric.Encodings() {
			e := pe.Encoder{Encoding: enc, Format: f}
			m, err := pe.EdgeEncoder("edge", e)
			if err != nil {
				t.Fatal(err)
			}
			b := hw.New("all", "")
			x := b.Coord(b.Axis("value", 1<<f.Bits), f.Bits)
			b.Out("edge_o", b.Inst("edge", m, hw.Ports{"x_i": x}, 0)["code_o"])
			b.Out("word_o", e.Word(b, e.Encode(b, x)))
			_, machine := machineOf(t, b)
			got, want := make([]uint64, 1<<f.Bits), make([]uint64, 1<<f.Bits)
			for range pe.EncodeStages {
				machine.Settle()
				machine.Step(false)
			}
			machine.Settle()
			machine.Get(0, got)
			machine.Get(1, want)
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%s of %s: -encoder +at the edge\n%s", enc, f, d)
			}
			if enc == numeric.ENT && f.Signed && f.Bits%2 == 0 && e.Bits() != f.Bits+1 {
				t.Errorf("EN-T of %s: %d bits, want %d", f, e.Bits(), f.Bits+1)
			}
		}
	}
}
