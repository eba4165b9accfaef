package numeric

import "fmt"

// TableArith is the arithmetic of a lookup engine whose tables are rounded. Inputs
// consecutive activations make a table of the sums +-a[0] +- ... +- a[Inputs-1]; a
// weight of WeightBits bits, read as an odd integer (see [OddInts]), takes one sum for each
// of its bits, of weight 2^bit.
//
// The sums of a row within a group of B (see [Groups]) are divided by one power of
// two, rounded to the nearest integer, halves to even: the least power for which all of
// them have TableBits bits without the least value (so that they can be negated). What
// was added up is multiplied by the power again. Weights that are not odd integers by
// themselves, w = (odd + shift)/2, have the sum of activations added exactly and are
// halved, rounded down.
type TableArith struct {
	Inputs     int // activations a table, 1 to 16
	TableBits  int // of an entry, 2 to 32
	WeightBits int // 1 to 16
	Weights    WeightForm
}

// WeightForm says what the codes of weights mean.
type WeightForm int

// The forms of weights of n bits.
const (
	Unsigned WeightForm = iota // 0 to 2^n - 1
	Signed                     // two's complement
	OddCodes                   // codes 0 to 2^n - 1 of odd integers, see [OddInts]
)

// Shift is the exponent of the power of two by which the sums of a row of
// activations are divided: one group of B, first element first.
func (t TableArith) Shift(row []int32) int {
	limit, shift := int64(1)<<(t.TableBits-1)-1, 0
	for x := 0; x < len(row); x += t.Inputs {
		var most int64
		for _, a := range row[x:min(x+t.Inputs, len(row))] {
			most += max(int64(a), -int64(a))
		}
		for HalfEven(most, shift) > limit {
			shift++
		}
	}
	return shift
}

// HalfEven is v / 2^shift, rounded to the nearest integer, halves to even.
func HalfEven(v int64, shift int) int64 {
	if shift == 0 {
		return v
	}
	q, rest, half := v>>shift, v&(1<<shift-1), int64(1)<<(shift-1)
	if rest > half || rest == half && q&1 == 1 {
		q++
	}
	return q
}

// TableGEMM is [GroupGEMM] with the tables of t: approximate, but defined bit by bit.
// b holds values of form Signed or codes.
func TableGEMM(a, b *Dense, init []int64, g Groups, t TableArith, acc Int) ([]int64, error) {
	if t.Inputs < 1 || t.Inputs > 16 || t.TableBits < 2 || t.TableBits > 32 || t.WeightBits < 1 || t.WeightBits > 16 {
		return nil, fmt.Errorf("numeric: bad tables: %+v", t)
	}
	return groupGEMM(a, b, init, g, acc, func(i, j, k0, k1 int) int64 {
		return t.dot(a.Row(i)[k0:k1], func(k int) int64 { return int64(b.At(k0+k, j)) })
	})
}

// dot is the sum of a[k] w(k) as the tables have it.
func (t TableArith) dot(a []int32, w func(k int) int64) int64 {
	shift := t.Shift(a)
	var sum, sumA int64
	for x := 0; x < len(a); x += t.Inputs {
		for bit := range t.WeightBits {
			var entry int64
			for k := x; k < min(x+t.Inputs, len(a)); k++ {
				code := w(k)
				if t.Weights == Signed {
					code += 1 << (t.WeightBits - 1)
				}
				if code>>bit&1 == 1 {
					entry += int64(a[k])
				} else {
					entry -= int64(a[k])
				}
			}
			sum += HalfEven(entry, shift) << bit
		}
	}
	for _, x := range a {
		sumA += int64(x)
	}
	sum <<= shift
	switch t.Weights {
	case Signed: // w = (odd - 1) / 2
		return (sum - sumA) >> 1
	case Unsigned: // w = (odd + 2^n - 1) / 2
		return (sum + (1<<t.WeightBits-1)*sumA) >> 1
	}
	return sum
}
