package lanes

import (
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"

	"tpe/hw"
)

// TestKernelsAgree gives every assembly kernel of a lane operation the same
// operands as its Go twin, at all widths and at lengths around its vectors.
func TestKernelsAgree(t *testing.T) {
	if !vectors() {
		t.Skip("this processor has no vector kernels")
	}
	rng := rand.New(rand.NewPCG(3, 4))
	sizes := []int{1, 2, 4, 8}
	tried := 0
	for k := kCopy; k <= kCsa4; k++ {
		for _, dsize := range sizes {
			for _, esize := range sizes {
				var has bool
				switch {
				case k == kConv:
					has = true
				case k == kMulX || k == kMac:
					has = esize < dsize
				case k >= kCsa1 && k <= kCsa3:
					has = dsize == 4 && esize == 4
				case k == kBooth:
					has = esize <= dsize
				case oneByte(k):
					has = dsize == 1
				default:
					has = esize == dsize
				}
				if has {
					tried += agree(t, rng, k, dsize, esize)
				}
			}
		}
	}
	if tried < 100 {
		t.Errorf("only %d kernels were tried", tried)
	}
}

// oneByte reports whether an operation's result has one byte whatever its operands have.
func oneByte(k kern) bool {
	switch k {
	case kEq, kNe, kLt, kLe, kPop, kParity, kFfs, kClz:
		return true
	}
	return false
}

// agree compares the kernels of one operation and returns 1 if there are two.
func agree(t *testing.T, rng *rand.Rand, k kern, dsize, esize int) int {
	t.Helper()
	if k == kTable {
		return 0 // has a test of its own
	}
	if s := (step{}); asmKernel(&s, k, dsize, esize) == 0 || k == kFill || oneByte(k) && dsize != 1 {
		return 0
	}
	asize, bsize := esize, esize
	switch k {
	case kMux:
		asize = 1
	case kSel:
		asize = 8
	case kShl, kLshr, kAshr, kBooth:
		bsize = 1
	}
	for width := 1; width <= 8*dsize; width++ {
		for _, n := range []int{1, 63, 64, 65, 200} {
			buf := func(size, width int) unsafe.Pointer {
				words := make([]uint64, 64) // of padding
				words = append(words, make([]uint64, pad(n))...)
				p := unsafe.Pointer(&words[0])
				for i := range n {
					x := rng.Uint64() >> rng.IntN(64)
					if rng.IntN(4) == 0 {
						x = -x
					}
					put(p, size, i, x&hw.Mask(width))
				}
				return p
			}
			wa, wb := min(width, 8*asize), min(width, 8*bsize)
			s := step{n: n, bytes: n * dsize, mask: repeated(hw.Mask(width), dsize)}
			switch k {
			case kMux, kSel:
				wa = 1
			case kBooth:
				wb = 3
				if dsize > 1 {
					s.imm2 = uint64(rng.IntN(width))
				}
				s.imm = repeated(uint64(rng.IntN(2))<<(wa-1), dsize)
			case kShl, kLshr, kAshr:
				wb = 6
			case kMin, kMax, kLt, kLe:
				wa, wb = min(width, 8*esize), min(width, 8*esize)
				s.imm = repeated(uint64(rng.IntN(2))<<(wa-1), esize)
			case kCat:
				if width == 1 {
					continue
				}
				wb = 1 + rng.IntN(width-1)
				wa, s.imm = width-wb, uint64(wb)
			case kConv:
				wa = 1 + rng.IntN(8*esize)
				switch {
				case dsize < esize || rng.IntN(2) == 0 && dsize == esize:
					s.imm = uint64(rng.IntN(wa))
					s.mask = repeated(hw.Mask(min(width, wa-int(s.imm))), dsize)
				case rng.IntN(2) == 0 && wa <= width:
					s.imm2 = repeated(sign(wa), dsize)
				}
			case kMulX, kMac:
				s.imm, s.imm2 = repeated(uint64(rng.IntN(2))<<(wa-1), dsize), repeated(uint64(rng.IntN(2))<<(wb-1), dsize)
				if k == kMac && rng.IntN(2) == 0 {
					s.e = buf(1, 1)
				}
			}
			switch k {
			case kCsa1:
				s.c, s.e, s.imm2 = buf(1, 8), buf(1, 3), uint64(rng.IntN(width))
			case kCsa2:
				s.a, s.b, s.c, s.e, s.imm2 = buf(4, width), buf(1, 8), buf(1, 3), buf(1, 3), uint64(rng.IntN(width)|rng.IntN(width)<<8)
			case kCsa3:
				s.a, s.b, s.c, s.e = buf(1, 8), buf(1, 3), buf(1, 3), buf(1, 3)
				s.imm2 = uint64(rng.IntN(width) | rng.IntN(width)<<8 | rng.IntN(width)<<16)
			}
			if k == kFfs {
				s.imm = uint64(wa)
			}
			if k == kAshr {
				s.imm = repeated(sign(width), dsize)
			}
			if k == kCsa4 {
				s.e = buf(dsize, width)
			}
			if k < kCsa1 || k == kCsa4 {
				s.c = buf(dsize, width)
			}
			if k != kCsa2 && k != kCsa3 {
				s.a, s.b = buf(asize, wa), buf(bsize, wb)
			}
			asm, plain := s, s
			asm.dst, plain.dst = buf(8, 64), buf(8, 64)
			if k >= kCsa {
				asm.dst2, plain.dst2 = buf(8, 64), buf(8, 64)
			}
			asm.code = asmKernel(&asm, k, dsize, esize)
			runSteps(&asm, 1)
			laneKernel(k, dsize, esize)(&plain)
			got, want := vec[uint8](asm.dst, n*dsize), vec[uint8](plain.dst, n*dsize)
			if !slices.Equal(got, want) {
				t.Fatalf("operation %d, result %d bytes, operands %d bytes, width %d, %d lanes:\n%x, expected\n%x", k, dsize, esize, width, n, got, want)
			}
			if k >= kCsa && !slices.Equal(vec[uint8](asm.dst2, n*dsize), vec[uint8](plain.dst2, n*dsize)) {
				t.Fatalf("row of full adders, %d bytes, width %d, %d lanes: carries differ", dsize, width, n)
			}
		}
	}
	return 1
}
