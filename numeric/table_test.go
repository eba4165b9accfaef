package numeric

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tmacTwice is twice the dot product of T-MAC (EuroSys 2025, arXiv 2407.00088) for weights of two's complement: codes
// u = w + 2^(bits-1) are cut into planes, four activations make a table of 16 sums +-a0 +-a1 +-a2 +-a3 (activation i is added
// where bit i is 1), entries are rounded to multiples of 2^shift, plane i counts 2^(i-1), and the table's entry 0, minus the sum of the
// activations, is added with half its value.
func tmacTwice(a []int32, w func(k int) int64, bits, shift int) int64 {
	var twice int64
	for x := 0; x < len(a); x += 4 {
		var table [16]int64
		for nibble := range table {
			for i, v := range a[x:min(x+4, len(a))] {
				if nibble>>i&1 == 1 {
					table[nibble] += int64(v)
				} else {
					table[nibble] -= int64(v)
				}
			}
		}
		for plane := range bits {
			nibble := 0
			for i := range a[x:min(x+4, len(a))] {
				nibble |= int((w(x+i)+1<<(bits-1))>>plane&1) << i
			}
			twice += HalfEven(table[nibble], shift) << shift << plane
		}
		twice += table[0]
	}
	return twice
}

// TestTMAC compares the lookup engine's definition, in the form of T-MAC (tables of all 16 sums, rounded for groups of 32 or 64
// activations or for all), with that of the paper, for all weights of 1 to 4 bits; with wide entries it is the plain GEMM.
func TestTMAC(t *testing.T) {
	rng := rand.New(rand.NewPCG(16, 4))
	acc := Int{Bits: 40, Signed: true}
	for bits := 1; bits <= 4; bits++ {
		for _, group := range []int{32, 64, 200} {
			t.Run(fmt.Sprintf("%d bits, groups of %d", bits, group), func(t *testing.T) {
				const rows, cols, k = 3, 16, 200
				a, b := NewDense(rows, k), NewDense(k, cols)
				for i := range a.Data {
					a.Data[i] = rng.Int32N(256) - 128
				}
				for i := range b.Data {
					b.Data[i] = rng.Int32N(1<<bits) - 1<<(bits-1)
				}
				arith := TableArith{Inputs: 4, TableBits: 8, WeightBits: bits, Weights: Signed}
				got, err := TableGEMM(a, b, nil, Groups{Len: group}, arith, acc)
				if err != nil {
					t.Fatal(err)
				}
				arith.TableBits = 12
				wide, err := TableGEMM(a, b, nil, Groups{Len: group}, arith, acc)
				if err != nil {
					t.Fatal(err)
				}
				exact, err := GEMM(a, b, nil, Acc{Int: acc})
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(exact, wide); d != "" {
					t.Errorf("entries of 12 bits (-GEMM +tables):\n%s", d)
				}
				want := make([]int64, rows*cols)
				for i := range rows {
					for j := range cols {
						for k0 := 0; k0 < k; k0 += group {
							row := a.Row(i)[k0:min(k0+group, k)]
							arith.TableBits = 8
							want[i*cols+j] += tmacTwice(row, func(x int) int64 { return int64(b.At(k0+x, j)) }, bits, arith.Shift(row)) >> 1
						}
					}
				}
				if d := cmp.Diff(want, got); d != "" {
					t.Errorf("entries of 8 bits (-T-MAC +tables):\n%s", d)
				}
			})
		}
	}
}

// TestZeroPoint: weights that are all their zero point multiply to nothing, also for activations that are all the same, by
// scales or tables.
func TestZeroPoint(t *testing.T) {
	for zero := range int32(16) {
		a, b, z := NewDense(2, 9), NewDense(9, 3), NewDense(3, 3)
		for i := range a.Data {
			a.Data[i] = 100 - int32(i/9)
		}
		for i := range b.Data {
			b.Data[i] = zero
		}
		for i := range z.Data {
			z.Data[i] = zero
		}
		g := Groups{Len: 4, Zero: z}
		acc := Int{Bits: 32, Signed: true}
		plain, err1 := GroupGEMM(a, b, nil, g, acc)
		table, err2 := TableGEMM(a, b, nil, g, TableArith{Inputs: 4, TableBits: 12, WeightBits: 4, Weights: Unsigned}, acc)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		for i := range plain {
			if plain[i] != 0 || table[i] != 0 {
				t.Errorf("zero point %d: word %d is %d, by tables %d", zero, i, plain[i], table[i])
			}
		}
	}
}

// TestGroupsByHand pins the rounding of a group: once, halves up, and only then groups add up.
func TestGroupsByHand(t *testing.T) {
	a := &Dense{Rows: 1, Cols: 4, Data: []int32{1, 1, 3, -4}}
	b := &Dense{Rows: 4, Cols: 1, Data: []int32{1, 0, 1, 1}}
	g := Groups{Len: 2, Shift: 1, Scale: &Dense{Rows: 2, Cols: 1, Data: []int32{3, 3}}, Zero: &Dense{Rows: 2, Cols: 1, Data: []int32{0, 0}}}
	got, err := GroupGEMM(a, b, []int64{10}, g, Int{Bits: 8, Signed: true})
	if err != nil || got[0] != 10+2-1 { // 3/2 is 2; -3/2 is -1
		t.Errorf("got %v, %v (expected 11)", got, err)
	}
}
