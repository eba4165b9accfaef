package eval_test

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"

	"tpe/hw"
	"tpe/hw/eval"
)

// integers states each lane operator on integers without bound, from the words of
// the operator table and not from the evaluator: u are the operands as unsigned, s
// as two's complement, n their widths, w the result width. The result is taken mod
// 2^w.
var integers = map[hw.Op]func(u, s []*big.Int, n []int, w int) *big.Int{
	hw.OpWire: func(u, s []*big.Int, n []int, w int) *big.Int { return u[0] },
	hw.OpNot:  func(u, s []*big.Int, n []int, w int) *big.Int { return new(big.Int).Not(u[0]) },
	hw.OpAnd:  func(u, s []*big.Int, n []int, w int) *big.Int { return new(big.Int).And(u[0], u[1]) },
	hw.OpOr:   func(u, s []*big.Int, n []int, w int) *big.Int { return new(big.Int).Or(u[0], u[1]) },
	hw.OpXor:  func(u, s []*big.Int, n []int, w int) *big.Int { return new(big.Int).Xor(u[0], u[1]) },
	hw.OpXor3: func(u, s []*big.Int, n []int, w int) *big.Int { return perBit(u, func(k int) bool { return k%2 == 1 }) },
	hw.OpMaj:  func(u, s []*big.Int, n []int, w int) *big.Int { return perBit(u, func(k int) bool { return k >= 2 }) },
	hw.OpCsaC: func(u, s []*big.Int, n []int, w int) *big.Int {
		return double(perBit(u, func(k int) bool { return k >= 2 }))
	},
	hw.OpNeg:    func(u, s []*big.Int, n []int, w int) *big.Int { return new(big.Int).Neg(u[0]) },
	hw.OpAdd:    func(u, s []*big.Int, n []int, w int) *big.Int { return new(big.Int).Add(u[0], u[1]) },
	hw.OpSub:    func(u, s []*big.Int, n []int, w int) *big.Int { return new(big.Int).Sub(u[0], u[1]) },
	hw.OpMulU:   func(u, s []*big.Int, n []int, w int) *big.Int { return new(big.Int).Mul(u[0], u[1]) },
	hw.OpMulS:   func(u, s []*big.Int, n []int, w int) *big.Int { return new(big.Int).Mul(s[0], s[1]) },
	hw.OpMulSU:  func(u, s []*big.Int, n []int, w int) *big.Int { return new(big.Int).Mul(s[0], u[1]) },
	hw.OpUMin:   func(u, s []*big.Int, n []int, w int) *big.Int { return choose(u[0].Cmp(u[1]) < 0, u[0], u[1]) },
	hw.OpUMax:   func(u, s []*big.Int, n []int, w int) *big.Int { return choose(u[0].Cmp(u[1]) > 0, u[0], u[1]) },
	hw.OpSMin:   func(u, s []*big.Int, n []int, w int) *big.Int { return choose(s[0].Cmp(s[1]) < 0, s[0], s[1]) },
	hw.OpSMax:   func(u, s []*big.Int, n []int, w int) *big.Int { return choose(s[0].Cmp(s[1]) > 0, s[0], s[1]) },
	hw.OpBooth4: booth,
	hw.OpEq:     func(u, s []*big.Int, n []int, w int) *big.Int { return truth(u[0].Cmp(u[1]) == 0) },
	hw.OpNe:     func(u, s []*big.Int, n []int, w int) *big.Int { return truth(u[0].Cmp(u[1]) != 0) },
	hw.OpULt:    func(u, s []*big.Int, n []int, w int) *big.Int { return truth(u[0].Cmp(u[1]) < 0) },
	hw.OpULe:    func(u, s []*big.Int, n []int, w int) *big.Int { return truth(u[0].Cmp(u[1]) <= 0) },
	hw.OpSLt:    func(u, s []*big.Int, n []int, w int) *big.Int { return truth(s[0].Cmp(s[1]) < 0) },
	hw.OpSLe:    func(u, s []*big.Int, n []int, w int) *big.Int { return truth(s[0].Cmp(s[1]) <= 0) },
	hw.OpMux:    func(u, s []*big.Int, n []int, w int) *big.Int { return choose(u[0].Sign() != 0, u[1], u[2]) },
	hw.OpRom: func(u, s []*big.Int, n []int, w int) *big.Int {
		if u[0].Cmp(big.NewInt(int64(len(romTable)))) >= 0 {
			return new(big.Int)
		}
		return new(big.Int).SetUint64(romTable[u[0].Int64()] & hw.Mask(w))
	},
	hw.OpZext:  func(u, s []*big.Int, n []int, w int) *big.Int { return u[0] },
	hw.OpSext:  func(u, s []*big.Int, n []int, w int) *big.Int { return s[0] },
	hw.OpSlice: func(u, s []*big.Int, n []int, w int) *big.Int { return new(big.Int).Rsh(u[0], uint(n[0]-w)) }, // its top bits
	hw.OpCat: func(u, s []*big.Int, n []int, w int) *big.Int {
		r := new(big.Int)
		for i := range u {
			r.Add(r.Lsh(r, uint(n[i])), u[i])
		}
		return r
	},
	hw.OpShl:  func(u, s []*big.Int, n []int, w int) *big.Int { return new(big.Int).Lsh(u[0], amount(u[1])) },
	hw.OpLshr: func(u, s []*big.Int, n []int, w int) *big.Int { return new(big.Int).Rsh(u[0], amount(u[1])) },
	hw.OpAshr: func(u, s []*big.Int, n []int, w int) *big.Int { return new(big.Int).Rsh(s[0], amount(u[1])) }, // rounds down
	hw.OpRotl: func(u, s []*big.Int, n []int, w int) *big.Int {
		k := new(big.Int).Mod(u[1], big.NewInt(int64(w))).Uint64()
		r := new(big.Int)
		for i := range w {
			r.SetBit(r, (i+int(k))%w, u[0].Bit(i))
		}
		return r
	},
	hw.OpRedAnd:   func(u, s []*big.Int, n []int, w int) *big.Int { return truth(ones(u[0], n[0]) == n[0]) },
	hw.OpRedOr:    func(u, s []*big.Int, n []int, w int) *big.Int { return truth(ones(u[0], n[0]) > 0) },
	hw.OpRedXor:   func(u, s []*big.Int, n []int, w int) *big.Int { return big.NewInt(int64(ones(u[0], n[0]) % 2)) },
	hw.OpPopcount: func(u, s []*big.Int, n []int, w int) *big.Int { return big.NewInt(int64(ones(u[0], n[0]))) },
	hw.OpFfs: func(u, s []*big.Int, n []int, w int) *big.Int {
		for i := range n[0] {
			if u[0].Bit(i) == 1 {
				return big.NewInt(int64(i))
			}
		}
		return big.NewInt(int64(n[0]))
	},
	hw.OpClz: func(u, s []*big.Int, n []int, w int) *big.Int { return big.NewInt(int64(n[0] - u[0].BitLen())) },
}

var romTable = []uint64{5, 0, ^uint64(0), 1 << 63, 77}

func perBit(u []*big.Int, set func(ones int) bool) *big.Int {
	r := new(big.Int)
	for i := range hw.MaxWidth {
		if set(int(u[0].Bit(i) + u[1].Bit(i) + u[2].Bit(i))) {
			r.SetBit(r, i, 1)
		}
	}
	return r
}

func double(x *big.Int) *big.Int { return new(big.Int).Lsh(x, 1) }

func choose(c bool, x, y *big.Int) *big.Int {
	if c {
		return x
	}
	return y
}

func truth(c bool) *big.Int { return choose(c, big.NewInt(1), new(big.Int)) }

func booth(u, s []*big.Int, n []int, w int) *big.Int {
	d := int64(u[1].Bit(0)) + int64(u[1].Bit(1)) - 2*int64(u[1].Bit(2))
	return new(big.Int).Mul(big.NewInt(d), s[0])
}

// amount is a shift amount, of which more than the width does not matter.
func amount(x *big.Int) uint {
	if x.Cmp(big.NewInt(100)) > 0 {
		return 100
	}
	return uint(x.Uint64())
}

func ones(x *big.Int, n int) int {
	k := 0
	for i := range n {
		k += int(x.Bit(i))
	}
	return k
}

// operandWidths are legal operand and result widths for an operator at width n.
func operandWidths(op hw.Op, n int, rng *rand.Rand) (args []int, w int) {
	other := 1 + rng.IntN(hw.MaxWidth)
	switch op {
	case hw.OpWire, hw.OpNot, hw.OpNeg:
		return []int{n}, n
	case hw.OpXor3, hw.OpMaj, hw.OpCsaC:
		return []int{n, n, n}, n
	case hw.OpMulU, hw.OpMulS, hw.OpMulSU:
		return []int{n, other}, 1 + rng.IntN(min(n+other, hw.MaxWidth))
	case hw.OpBooth4:
		return []int{n, 3}, other
	case hw.OpEq, hw.OpNe, hw.OpULt, hw.OpULe, hw.OpSLt, hw.OpSLe:
		return []int{n, n}, 1
	case hw.OpMux:
		return []int{1, n, n}, n
	case hw.OpRom:
		return []int{n}, other
	case hw.OpZext, hw.OpSext:
		return []int{n}, n + rng.IntN(hw.MaxWidth-n+1)
	case hw.OpSlice:
		return []int{n}, 1 + rng.IntN(n)
	case hw.OpCat:
		if n == hw.MaxWidth {
			return []int{n}, n
		}
		k := 1 + rng.IntN(hw.MaxWidth-n)
		return []int{n, k}, n + k
	case hw.OpShl, hw.OpLshr, hw.OpAshr, hw.OpRotl:
		return []int{n, other}, n
	case hw.OpRedAnd, hw.OpRedOr, hw.OpRedXor:
		return []int{n}, 1
	case hw.OpPopcount, hw.OpFfs, hw.OpClz:
		return []int{n}, hw.Bits(n)
	}
	return []int{n, n}, n
}

// operandWord draws a word, often an extreme one.
func operandWord(w int, rng *rand.Rand) uint64 {
	v := []uint64{0, 1, ^uint64(0), 1 << (w - 1), 1<<(w-1) - 1, uint64(w), uint64(w) - 1, rng.Uint64N(8), rng.Uint64(), rng.Uint64(), rng.Uint64()}
	return v[rng.IntN(len(v))] & hw.Mask(w)
}

// TestLaneAgainstIntegers compares every lane operator at every width with its
// statement on integers.
func TestLaneAgainstIntegers(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for op := hw.Op(1); int(op) < hw.NumOps; op++ {
		if op.Kind() != hw.KindLane {
			continue
		}
		t.Run(op.String(), func(t *testing.T) {
			f := integers[op]
			if f == nil {
				t.Fatal("operator has no statement on integers")
			}
			for n := 1; n <= hw.MaxWidth; n++ {
				for range 40 {
					widths, w := operandWidths(op, n, rng)
					args := make([]uint64, len(widths))
					for k := range args {
						args[k] = operandWord(widths[k], rng)
					}
					if msg := differs(f, op, args, widths, w); msg != "" {
						t.Fatal(msg)
					}
				}
			}
		})
	}
}

// differs compares one lane with its statement on integers.
func differs(f func(u, s []*big.Int, n []int, w int) *big.Int, op hw.Op, args []uint64, widths []int, w int) string {
	var u, s []*big.Int
	for k, v := range args {
		x := new(big.Int).SetUint64(v)
		y := new(big.Int).Set(x)
		if x.Bit(widths[k]-1) == 1 {
			y.Sub(y, new(big.Int).Lsh(big.NewInt(1), uint(widths[k])))
		}
		u, s = append(u, x), append(s, y)
	}
	want := new(big.Int).Mod(f(u, s, widths, w), new(big.Int).Lsh(big.NewInt(1), uint(w))).Uint64()
	table := make([]uint64, len(romTable))
	for i := range table {
		table[i] = romTable[i] & hw.Mask(w)
	}
	if got := eval.Lane(op, w, uint64(widths[0]-w), table, args, widths); got != want {
		return fmt.Sprintf("%s(%#x, widths %v): %d bits = %#x, want %#x", op, args, widths, w, got, want)
	}
	return ""
}

// TestBooth4 compares the Booth digit product with d * s(x) for all digits and all
// x of up to 8 bits, and with what the table says about exactness.
func TestBooth4(t *testing.T) {
	digit := [8]int64{0, 1, 1, 2, -2, -1, -1, 0} // of y = 0 .. 7
	for n := 1; n <= 8; n++ {
		for w := 1; w <= n+3; w++ {
			for x := range uint64(1) << n {
				for y, d := range digit {
					got := eval.Lane(hw.OpBooth4, w, 0, nil, []uint64{x, uint64(y)}, []int{n, 3})
					want := d * hw.SignExtend(x, n)
					if got != uint64(want)&hw.Mask(w) {
						t.Fatalf("booth4(%d: %d, %d): %d = %d, want %d mod 2^%d", x, n, y, w, got, want, w)
					}
					exact := w >= n+2 || w == n+1 && !(d == -2 && x == 1<<(n-1))
					if exact && hw.SignExtend(got, w) != want {
						t.Fatalf("booth4(%d: %d, %d): %d = %d is not exact, want %d", x, n, y, w, hw.SignExtend(got, w), want)
					}
				}
			}
		}
	}
}

// TestCarrySave checks the second property of the redundant forms, x + y + z mod
// 2^W, for all words of up to 5 bits.
func TestCarrySave(t *testing.T) {
	for w := 1; w <= 5; w++ {
		n := []int{w, w, w}
		for v := range uint64(1) << (3 * w) {
			a := []uint64{v & hw.Mask(w), v >> w & hw.Mask(w), v >> (2 * w)}
			sum, carry := eval.Lane(hw.OpXor3, w, 0, nil, a, n), eval.Lane(hw.OpCsaC, w, 0, nil, a, n)
			if got, want := (sum+carry)&hw.Mask(w), (a[0]+a[1]+a[2])&hw.Mask(w); got != want {
				t.Fatalf("xor3 + csac of %v at %d bits = %d, want %d", a, w, got, want)
			}
		}
	}
}
