package pe_test

import (
	"fmt"
	"math/bits"
	"testing"

	"tpe/hw"
	"tpe/hw/eval"
	"tpe/numeric"
	"tpe/pe"
)

func machine(t *testing.T, m *hw.Module, err error) *eval.Machine {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	flat, err := hw.Flatten(m)
	if err != nil {
		t.Fatal(err)
	}
	e, err := eval.New(flat)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestDigitQueueTruthTable takes the digits of every pattern of zeros in a group of four: the
// others come lowest first, one a cycle, and the group takes max(1, their number) cycles.
func TestDigitQueueTruthTable(t *testing.T) {
	e := pe.Encoder{Encoding: numeric.ENT, Format: numeric.Int{Bits: 8, Signed: true}}
	m, err := pe.DigitQueue("queue", e, 4, true)
	q := machine(t, m, err)
	in := func(name string) int { return portIndex(t, m.Inputs, name) }
	read := func(name string) int {
		v := make([]uint64, 1)
		q.Get(portIndex(t, m.Outputs, name), v)
		return int(v[0])
	}
	values := []int64{4, 8, -4, -8} // digit 1 of the weight 4: +1, +2, -1, -2
	sels := []int{1, 2, 3, 0}
	for mask := range 16 {
		word := make([]uint64, 4)
		for p, v := range values {
			if mask>>p&1 == 1 {
				word[p] = uint64(v) & 255
			}
		}
		q.Set(in("word_i"), word)
		q.Set(in("weight_i"), []uint64{1})
		var got, want []int
		cycles := 0
		for last := false; !last; cycles++ {
			q.Set(in("take_i"), []uint64{1})
			q.Settle()
			last = read("last_o") == 1
			next := uint64(0)
			if last {
				next = 1
			}
			q.Set(in("next_i"), []uint64{next})
			if read("valid_o") == 1 {
				got = append(got, read("pos_o"), read("sel_o"))
			}
			step(q)
		}
		for p := range values {
			if mask>>p&1 == 1 {
				want = append(want, p, sels[p])
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) || cycles != max(1, bits.OnesCount(uint(mask))) {
			t.Errorf("mask %04b: positions and codes %v in %d cycles, want %v", mask, got, cycles, want)
		}
	}
}

func portIndex(t *testing.T, ports []hw.Port, name string) int {
	t.Helper()
	for i, p := range ports {
		if p.Name == name {
			return i
		}
	}
	t.Fatalf("no port %s", name)
	return 0
}

// TestSparseProducts adds every digit times every operand of B into pairs, in the PE with
// one lane and with four.
func TestSparseProducts(t *testing.T) {
	for _, lanes := range []int{1, 4} {
		s := pe.Sparse{Encoder: pe.Encoder{Encoding: numeric.ENT, Format: numeric.Int{Bits: 8, Signed: true}},
			B: numeric.Int{Bits: 8, Signed: true}, Group: 4, PairBits: 26, Lanes: lanes}
		m, err := pe.OPT4C("pe", s)
		q := machine(t, m, err)
		sum, carry, old := make([]uint64, 1), make([]uint64, 1), int64(0)
		mask := func(v int64) int64 { return numeric.Int{Bits: 26, Signed: true}.Wrap(v) }
		n := 0
		for sel, digit := range []int64{-2, 1, 2, -1} {
			for y := s.B.Min(); y <= s.B.Max(); y++ {
				first, delta := n%17 == 0, int64(0)
				n++
				b, sels, valid := make([]uint64, lanes), make([]uint64, lanes), make([]uint64, lanes)
				for l := range lanes {
					v := s.B.Wrap(y + int64(l)*37)
					b[l], sels[l], valid[l] = uint64(v)&255, uint64(sel), uint64(1)
					if (n+l)%5 == 0 {
						valid[l] = 0
						continue
					}
					delta += digit * v
				}
				q.Set(portIndex(t, m.Inputs, "b_i"), b)
				q.Set(portIndex(t, m.Inputs, "sel_i"), sels)
				q.Set(portIndex(t, m.Inputs, "valid_i"), valid)
				q.Set(portIndex(t, m.Inputs, "first_i"), []uint64{0})
				step(q) // operand and code are in their registers; what they add to does not matter
				f := uint64(0)
				if first {
					f, old = 1, 0
				} else {
					q.Get(portIndex(t, m.Outputs, "sum_o"), sum)
					q.Get(portIndex(t, m.Outputs, "carry_o"), carry)
					old = mask(int64(sum[0] + carry[0]))
				}
				q.Set(portIndex(t, m.Inputs, "valid_i"), make([]uint64, lanes))
				q.Set(portIndex(t, m.Inputs, "first_i"), []uint64{f})
				step(q)
				q.Settle()
				q.Get(portIndex(t, m.Outputs, "sum_o"), sum)
				q.Get(portIndex(t, m.Outputs, "carry_o"), carry)
				if got := mask(int64(sum[0] + carry[0])); got != old+delta {
					t.Fatalf("%d lanes: %d + digit %d times %v (valid %v) = %d, want %d", lanes, old, digit, b, valid, got, old+delta)
				}
			}
		}
	}
}

func step(q *eval.Machine) {
	q.Settle()
	q.Step(false)
	q.Settle()
}
