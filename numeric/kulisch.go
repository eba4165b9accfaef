package numeric

import "math/bits"

// Kulisch is a fixed-point accumulator that is wide enough for every product to be
// added exactly: two's complement, Width bits, the lowest of weight 2^LSB. Sums wrap
// modulo 2^Width, so a final sum that fits is right whatever came between.
type Kulisch struct {
	LSB, Width int
	words      []uint64 // little end first, sign-extended in the last
	nan        bool
	inf        [2]bool // positive, negative
}

// NewKulisch returns an empty accumulator for k products of the two formats and one number of the
// format init (which may be the zero Float for none).
func NewKulisch(a, b Float, init Float, k int) *Kulisch {
	lsb := a.MinExp() - a.Man + b.MinExp() - b.Man
	top := a.MaxExp() + b.MaxExp() + 2 + bits.Len(uint(max(k, 1)-1)) // products are below 4*2^(ea+eb)
	if init.Exp > 0 {
		lsb = min(lsb, init.MinExp()-init.Man)
		top = max(top, init.MaxExp()+1) + 1
	}
	return NewKulischWidth(lsb, top-lsb+1)
}

// NewKulischWidth returns an empty accumulator of the given lowest weight and width.
func NewKulischWidth(lsb, width int) *Kulisch {
	return &Kulisch{LSB: lsb, Width: width, words: make([]uint64, (width+63)/64)}
}

// Reset makes the sum zero.
func (k *Kulisch) Reset() {
	clear(k.words)
	k.nan, k.inf = false, [2]bool{}
}

// Add adds a value of which no bit is below 2^LSB.
func (k *Kulisch) Add(v Value) {
	switch v.Class {
	case Zero:
		return
	case NaN:
		k.nan = true
		return
	case Inf:
		k.inf[b2u(v.Neg)] = true
		return
	}
	n := v.Exp - k.LSB
	if n < 0 {
		if v.Sig&(1<<min(-n, 63)-1) != 0 || n <= -64 {
			panic("numeric: value below the lowest bit of a Kulisch accumulator")
		}
		v.Sig >>= -n
		n = 0
	}
	word, shift := n/64, n%64
	if word >= len(k.words) {
		return // a multiple of 2^Width
	}
	k.addAt(word, v.Sig<<shift, v.Neg)
	if shift > 0 && word+1 < len(k.words) {
		k.addAt(word+1, v.Sig>>(64-shift), v.Neg)
	}
}

// addAt adds or subtracts a word at a place and lets the carry run.
func (k *Kulisch) addAt(i int, w uint64, neg bool) {
	var carry uint64
	for ; i < len(k.words) && (w != 0 || carry != 0); i++ {
		if neg {
			k.words[i], carry = bits.Sub64(k.words[i], w, carry)
		} else {
			k.words[i], carry = bits.Add64(k.words[i], w, carry)
		}
		w = 0
	}
}

// Value returns the sum, with everything below its 62 leading bits jammed.
func (k *Kulisch) Value() Value {
	switch {
	case k.nan || k.inf[0] && k.inf[1]:
		return Value{Class: NaN}
	case k.inf[0] || k.inf[1]:
		return Value{Class: Inf, Neg: k.inf[1]}
	}
	// The words hold at least Width bits; the sum is the low Width of them, signed.
	last := len(k.words) - 1
	spare := 64*len(k.words) - k.Width
	top := uint64(int64(k.words[last]<<spare) >> spare)
	neg := int64(top) < 0
	sig, exp := uint64(0), k.LSB
	sticky := false
	for i := last; i >= 0; i-- {
		w := k.words[i]
		if i == last {
			w = top
		}
		if neg { // -x is the complement plus one, and the one only carries past low zeros
			w = ^w
			if allZero(k.words[:i]) {
				w++
			}
		}
		if sig == 0 {
			sig, exp = w, k.LSB+64*i
			continue
		}
		if n := bits.LeadingZeros64(sig); n > 0 {
			sig = sig<<n | w>>(64-n)
			exp -= n
			sticky = sticky || w<<n != 0
		} else {
			sticky = sticky || w != 0
		}
		sticky = sticky || !allZero(k.words[:i])
		break
	}
	if sig == 0 {
		return Value{}
	}
	if sticky {
		sig |= 1
	}
	return Value{Class: Finite, Neg: neg, Exp: exp, Sig: sig}
}

func allZero(words []uint64) bool {
	for _, w := range words {
		if w != 0 {
			return false
		}
	}
	return true
}

// addProducts adds the products of a row and a column of [vectors], for which the accumulator has been made.
func (k *Kulisch) addProducts(x, y []uint64) {
	y = y[:len(x)]
	for i := range x {
		z := x[i] + y[i]
		p := uint64(uint32(x[i])) * uint64(uint32(y[i]))
		if p == 0 {
			continue
		}
		n := uint(productExp(z) - k.LSB)
		at, shift := n/64, n%64
		var carry uint64
		if int64(z) < 0 {
			k.words[at], carry = bits.Sub64(k.words[at], p<<shift, 0)
		} else {
			k.words[at], carry = bits.Add64(k.words[at], p<<shift, 0)
		}
		// A product has at most 48 bits, so its upper part and the carry fit a word.
		if rest := p>>1>>(63-shift) + carry; rest != 0 {
			k.addAt(int(at)+1, rest, int64(z) < 0)
		}
	}
}
