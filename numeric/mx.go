package numeric

import "fmt"

// ScaleRule says which power of two a block shares, from the greatest magnitude A of
// the block and the exponent E of the element's largest number.
type ScaleRule uint8

// The rules.
const (
	ScaleFloor ScaleRule = iota // floor(log2 A) - E: OCP Microscaling Formats, version 1.0, section 6.3
	ScaleCeil                   // ceil(log2 A) - E
	ScaleEven                   // floor(log2 A') - E with A' = A rounded to the element's precision, ties to even
	ScalePlus1                  // one more than ScaleFloor
)

// MX is a block format: Block elements share one power of two, coded as E8M0.
type MX struct {
	Elem  Format // e4m3, e5m2, e3m2, e2m3, e2m1 or mxint8
	Block int    // 32 in the specification
	Rule  ScaleRule
}

// elemMax is the exponent of the element's largest number.
func (m MX) elemMax() int {
	switch f := m.Elem.(type) {
	case Float:
		return f.MaxExp()
	case Fixed:
		return f.Bits - 2 - f.Frac
	}
	panic(fmt.Sprintf("numeric: MX elements of %s", m.Elem))
}

// Quantize codes a block. A NaN or infinity among the values, or a shared exponent above 127, makes
// the scale NaN, and exponents below -127 are -127. Elements are rounded as env says and
// saturate. A block of zeros has the scale of FP32's least normal number.
func (m MX) Quantize(block []Value, env *Env) (scale uint64, codes []uint64) {
	codes = make([]uint64, len(block))
	amax := Value{}
	for _, v := range block {
		if v.Class == NaN || v.Class == Inf {
			return E8M0.NaN(), codes
		}
		if v.Neg = false; CompareMagnitude(v, amax) > 0 {
			amax = v
		}
	}
	if amax.Class == Zero {
		amax = Value{Class: Finite, Exp: FP32.MinExp(), Sig: 1}
	}
	exp := m.shared(amax)
	if exp > 127 {
		return E8M0.NaN(), codes
	}
	exp = max(exp, -127)
	sub := *env
	sub.Saturate = true
	for i, v := range block {
		codes[i], _ = m.Elem.Encode(v.Scale(-exp), &sub)
	}
	return uint64(exp + 127), codes
}

// shared is the block's exponent by the rule, before clamping.
func (m MX) shared(amax Value) int {
	exp := amax.Log2()
	switch m.Rule {
	case ScaleCeil:
		if CompareMagnitude(amax, Value{Class: Finite, Exp: exp, Sig: 1}) > 0 {
			exp++
		}
	case ScaleEven:
		man := m.Elem.Width() - 2 // of an integer: all magnitude bits but the first
		if f, ok := m.Elem.(Float); ok {
			man = f.Man
		}
		if r, _ := roundShift(amax.Sig, exp-man-amax.Exp, false, NearEven, 0); r == 2<<man {
			exp++
		}
	case ScalePlus1:
		exp++
	}
	return exp - m.elemMax()
}

// Decode returns the value of an element; it is NaN if the scale is.
func (m MX) Decode(scale, code uint64) Value {
	s := E8M0.Decode(scale)
	v := m.Elem.Decode(code)
	if s.Class == NaN {
		return s
	}
	return v.Scale(s.Exp)
}

// NVFP4 is NVIDIA's block format: 16 elements of E2M1 share a scale in E4M3, and a tensor may
// have a further scale in FP32.
type NVFP4 struct{}

// Block is the number of elements that share a scale.
func (NVFP4) Block() int { return 16 }

var (
	six       = FromInt(6)
	leastE4M3 = Value{Class: Finite, Exp: -6, Sig: 1}
	largeE4M3 = FromInt(448)
)

// TensorScale is the tensor's scale: the greatest magnitude over 448*6, in FP32, nearest even.
func (NVFP4) TensorScale(amax Value) uint64 {
	code, _ := FP32.Encode(quotient(amax, FromInt(448*6)), &Env{})
	return code
}

// Quantize codes a block. The scale is the greatest magnitude over 6 (and over the tensor's scale), clamped
// to [2^-6, 448] and rounded to E4M3; elements are the values over the rounded scale (times the
// tensor's), rounded once, to nearest even, and saturated. tensor is a finite positive value, 1 for none.
func (NVFP4) Quantize(block []Value, tensor Value) (scale uint64, codes []uint64) {
	amax := Value{}
	for _, v := range block {
		if v.Class == NaN || v.Class == Inf {
			return E4M3.NaN(), make([]uint64, len(block))
		}
		if v.Neg = false; CompareMagnitude(v, amax) > 0 {
			amax = v
		}
	}
	div, _ := Mul(six, tensor)
	s := quotient(amax, div)
	switch {
	case CompareMagnitude(s, leastE4M3) < 0:
		s = leastE4M3
	case CompareMagnitude(s, largeE4M3) > 0:
		s = largeE4M3
	}
	scale, _ = E4M3.Encode(s, &Env{})
	by, _ := Mul(E4M3.Decode(scale), tensor)
	codes = make([]uint64, len(block))
	for i, v := range block {
		codes[i], _ = E2M1.Encode(quotient(v, by), &Env{Saturate: true})
	}
	return scale, codes
}

func quotient(x, y Value) Value {
	q, _ := Div(x, y)
	return q
}

// Decode returns the value of an element without the tensor's scale.
func (NVFP4) Decode(scale, code uint64) Value {
	v, _ := Mul(E4M3.Decode(scale), E2M1.Decode(code))
	return v
}

// ScaledDot adds the products of two blocks of scaled elements to an accumulator, each
// exactly: dequantised values in, as MX.Decode and NVFP4.Decode give them.
func ScaledDot(acc *Kulisch, a, b []Value) {
	for i := range a {
		p, _ := Mul(a[i], b[i])
		acc.Add(p)
	}
}
