package lanes

import (
	"slices"
	"unsafe"

	"tpe/hw"
)

//go:noescape
func runSteps(first *step, n int)

//go:noescape
func cpuid(leaf, sub uint32) (a, b, c, d uint32)

//go:noescape
func xgetbv() (a, d uint32)

//go:noescape
func sameKernel(i int) uintptr

//go:noescape
func mixedKernel(i int) uintptr

// features are the instruction sets that kernels need.
type features struct {
	base   bool // AVX-512 F, BW, DQ, VL, and BMI2
	counts bool // BITALG and VPOPCNTDQ
	bytes  bool // VBMI
}

// cpu is what this processor and its operating system offer. It never changes.
var cpu = detect()

func detect() features {
	var f features
	most, _, _, _ := cpuid(0, 0)
	if most < 7 {
		return f
	}
	_, _, c1, _ := cpuid(1, 0)
	if c1>>27&1 == 0 { // OSXSAVE
		return f
	}
	if saved, _ := xgetbv(); saved&0xe6 != 0xe6 { // vector and mask registers
		return f
	}
	_, b, c, _ := cpuid(7, 0)
	const need = 1<<8 | 1<<16 | 1<<17 | 1<<30 | 1<<31 // BMI2, AVX-512 F, DQ, BW, VL
	f.base = b&need == need
	f.bytes = f.base && c>>1&1 == 1
	f.counts = f.base && c>>12&1 == 1 && c>>14&1 == 1
	return f
}

// vectors reports whether there are assembly kernels for this processor.
func vectors() bool { return cpu.base }

// asmShift returns the kernels of a shift.
func asmShift(size int) shiftCode {
	if !cpu.base {
		return shiftCode{}
	}
	return shiftCode{rows: sameKernel(51), scatter: sameKernel(43 + log2(size))}
}

func log2(size int) int {
	n := 0
	for 1<<n < size {
		n++
	}
	return n
}

// asmKernel is the address of the assembly kernel of a lane operation, or 0 if
// there is none. The numbers are those of the tables in the assembly files.
func asmKernel(s *step, k kern, dsize, esize int) uintptr {
	d, e := log2(dsize), log2(esize)
	switch k {
	case kCopy:
		return sameKernel(0)
	case kNot:
		return sameKernel(1)
	case kAnd:
		return sameKernel(2)
	case kOr:
		return sameKernel(3)
	case kXor:
		return sameKernel(4)
	case kXor3:
		return sameKernel(5)
	case kMaj:
		return sameKernel(6)
	case kSel:
		return sameKernel(7)
	case kCopyIf:
		return sameKernel(63)
	case kCsaC:
		return sameKernel(8 + d)
	case kNeg:
		return sameKernel(12 + d)
	case kAdd:
		return sameKernel(16 + d)
	case kSub:
		return sameKernel(20 + d)
	case kMin:
		return sameKernel(24 + d)
	case kMax:
		return sameKernel(28 + d)
	case kCat:
		return sameKernel(32 + d)
	case kFill:
		return sameKernel(36 + d)
	case kMul:
		return sameKernel(52 + d)
	case kConv:
		if d == e {
			return sameKernel(47 + d)
		}
		return mixedKernel(4*d + e)
	case kMulX, kMac:
		return fusedAsm(s, k, dsize, esize)
	case kMux:
		return mixedKernel(16 + d)
	case kEq:
		return mixedKernel(20 + e)
	case kNe:
		return mixedKernel(24 + e)
	case kLt:
		return mixedKernel(28 + e)
	case kLe:
		return mixedKernel(32 + e)
	case kBooth:
		if e == 0 && (d == 1 && uint16(s.imm) == 0x80 || d == 2 && uint32(s.imm) == 0x80) {
			return fusedCode(25 + d) // signed words of 8 bits
		}
		return fusedCode(12 + d*(d+1)/2 + e)
	case kTable:
		if cpu.bytes && s.imm < 8 { // bits of the index
			return takeKernel(18)
		}
		if cpu.bytes {
			return takeKernel(20)
		}
	case kCsa1:
		return fusedCode(28)
	case kCsa2:
		return fusedCode(30)
	case kCsa3:
		return fusedCode(29)
	case kCsa4:
		return fusedCode(31 + d)
	case kCsa:
		return fusedCode(22 + d)
	case kShl, kLshr, kAshr:
		return mixedKernel(40 + 4*int(k-kShl) + d)
	case kFfs:
		if cpu.counts {
			return mixedKernel(60 + e)
		}
	case kPop:
		if cpu.counts {
			return mixedKernel(52 + e)
		}
	case kParity:
		if cpu.counts {
			return mixedKernel(56 + e)
		}
	}
	return 0
}

// fusedAsm chooses among the kernels of products: 8 to 16, 8 to 32 and 16 to 32
// bits, and for signed words of 8 bits a shorter one to 32.
func fusedAsm(s *step, k kern, dsize, esize int) uintptr {
	var i int
	switch {
	case dsize == 2:
		i = 0
	case dsize == 4 && esize == 1 && uint32(s.imm) == 0x80 && uint32(s.imm2) == 0x80:
		i = 3
	case dsize == 4 && esize == 1:
		i = 1
	case dsize == 4 && esize == 2:
		i = 2
	default:
		return 0
	}
	if k == kMac {
		i += 4
		if s.e != nil {
			i += 4
		}
	}
	return fusedCode(i)
}

//go:noescape
func foldKernel(i int) uintptr

//go:noescape
func takeKernel(i int) uintptr

//go:noescape
func fusedCode(i int) uintptr

//go:noescape
func wordCode(i int) uintptr

// asmCode is the kernel that runs a list of instructions on words.
func asmCode() uintptr { return wordCode(0) }

// asmWord is the code of an instruction, or 0. The invalid operator ends a list.
func asmWord(op hw.Op) uintptr {
	for i, x := range [...]hw.Op{
		hw.OpInvalid, hw.OpWire, hw.OpNot, hw.OpAnd, hw.OpOr, hw.OpXor, hw.OpAdd, hw.OpSub, hw.OpMux,
		hw.OpEq, hw.OpNe, hw.OpULt, hw.OpULe, hw.OpSlice, hw.OpCat,
	} {
		if x == op {
			return wordCode(1 + i)
		}
	}
	return 0
}

// asmWhole completes the step of a whole operation if there is an assembly
// kernel for it.
func asmWhole(s *step, o *operation, size int) {
	x := o.x
	switch o.k {
	case kFill:
		if s.n > 1 {
			s.code = sameKernel(36 + log2(size))
		}
	case kGather:
		if x.run > 0 {
			s.a = unsafe.Add(s.a, x.from*size)
			asmRows(s, 1, x.run*size, 0, 0)
		} else if x.elem > 0 {
			s.a = unsafe.Add(s.a, x.from*size)
			asmRows(s, s.n/x.elem, x.elem*size, x.elem*size, x.step*size)
		} else if wide := x.step * size; wide > 0 && wide <= 8 && wide&(wide-1) == 0 { // words of which a part is kept
			s.code, s.imm, s.mask = mixedKernel(4*log2(size)+log2(wide)), uint64(8*size*x.from), ^uint64(0)
		} else if x.step == 4 && size == 4 {
			s.code, s.imm = takeKernel(19), uint64(x.from)
		} else if s.b == nil {
			s.code, s.c = takeKernel(log2(size)), unsafe.Pointer(&x.index[0])
		}
	case kSelect:
		asmSelect(s, size)
	case kReduce:
		asmFold(s, x, size)
	case kPack:
		asmPack(s, x)
	case kPush, kPull:
		x.ring.asm(s, o.k)
	}
}

// asmSelect completes the step of a choice if there is a kernel for it.
func asmSelect(s *step, size int) {
	x := s.x
	if x.esize > 2 || s.n == 1 {
		return
	}
	s.code, s.c = takeKernel(4*x.esize+log2(size)), unsafe.Pointer(&x.index[0])
	s.mask, s.imm = uint64(x.size), uint64(x.inner)
	if size == 8 || size == 1 && !cpu.bytes {
		return
	}
	if starts, from := windows(x, 128/size); starts != nil {
		s.code, s.c, s.e = takeKernel(9+3*x.esize+log2(size)), unsafe.Pointer(&from[0]), unsafe.Pointer(&starts[0])
	}
}

// windows finds, for every 16 lanes of a choice, a window of the operand that holds all that
// they may read, and the lanes' places in it; nil if one would have more than the given lanes.
func windows(x *extra, most int) (starts, from []int32) {
	from = places(slices.Clone(x.index))
	for at := 0; at < len(from); at += 16 {
		group := from[at:min(at+16, len(from))]
		lo := slices.Min(group)
		for i := range group {
			group[i] -= lo
		}
		if int(slices.Max(group))+(x.size-1)*x.inner >= most {
			return nil, nil
		}
		starts = append(starts, lo)
	}
	return starts, from
}

// foldPairs reports whether there are kernels that fold neighbouring lanes.
func foldPairs(op hw.Op, size int) bool { return cpu.base && size <= 4 && foldNumber(op) >= 0 }

// foldNumber is the place of an operator in the table of kernels, or -1. Signed order is
// unsigned order with flipped signs.
func foldNumber(op hw.Op) int {
	switch op {
	case hw.OpSMin:
		op = hw.OpUMin
	case hw.OpSMax:
		op = hw.OpUMax
	}
	return slices.Index([]hw.Op{hw.OpAdd, hw.OpAnd, hw.OpOr, hw.OpXor, hw.OpUMin, hw.OpUMax}, op)
}

// asmFold completes the step of a reduction if there is a kernel for it.
func asmFold(s *step, x *extra, size int) {
	k := foldNumber(x.fold)
	if k < 0 || s.n == 1 {
		return // a word has no room for a vector
	}
	s.mask = repeated(s.mask, size)
	switch {
	case x.inner == 1 && x.size == 2 && size <= 4:
		s.code, s.imm = foldKernel(3*k+log2(size)), repeated(x.flip, size)
	case x.inner > 1 && k <= 3:
		row := 18 + log2(size) // additions
		if k > 0 {
			row = 21 + k
		}
		s.code, s.n, s.bytes, s.imm = foldKernel(row), x.inner*size, x.outer, uint64(x.size)
	}
}

// asmPack completes the step of a packing if there is a kernel for it.
func asmPack(s *step, x *extra) {
	switch {
	case x.inner > 1 || s.n == 1:
	case x.size == 2 || x.size == 4:
		s.code, s.mask, s.imm = foldKernel(26), repeated(1<<x.size-1, 1), uint64(x.size)
	case x.size >= 8 && x.size&(x.size-1) == 0:
		s.code = foldKernel(25)
	}
}

// asmRows makes a step that copies count rows of run bytes, whose distances are stride and from bytes.
func asmRows(s *step, count, run, stride, from int) {
	s.code, s.bytes, s.n, s.imm, s.imm2 = sameKernel(51), count, run, uint64(stride), uint64(from)
}

// asmTile makes a step that repeats elem bytes count times.
func asmTile(s *step, count, elem int) {
	if elem <= 64 && elem&(elem-1) == 0 {
		s.code, s.bytes = sameKernel(36+log2(elem)), count*elem
		return
	}
	asmRows(s, count, elem, elem, 0)
}

// asmRuns makes a step that repeats each of count elements of elem bytes run times, if
// there is a kernel for it.
func asmRuns(s *step, count, run, elem int) {
	if elem <= 64 && elem&(elem-1) == 0 {
		s.code, s.bytes, s.n = sameKernel(56+log2(elem)), count, run*elem
	}
}

// asm completes the step of a push or pull.
func (r *ring) asm(s *step, k kern) {
	rowBytes := r.size << r.shift
	if r.lanes > 1 && rowBytes < 64 {
		return // vectors would write into the next row
	}
	s.c, s.imm, s.imm2 = unsafe.Pointer(&s.m.tick), uint64(r.rows-1), uint64(log2(rowBytes))
	s.mask, s.bytes = uint64(r.edges), r.lanes*r.size
	switch {
	case k == kPush && r.lanes == 1:
		s.code, s.dst = wordCode(17), r.data
	case k == kPush:
		s.code, s.dst = wordCode(16), r.data
	case r.lanes == 1:
		s.code, s.a = wordCode(19), r.data
	case r.back == nil:
		s.code, s.a = wordCode(18), r.data
	default:
		s.code, s.a, s.b = wordCode(20+log2(r.size)), r.data, unsafe.Pointer(&r.back[0])
		s.imm, s.imm2 = uint64(r.rows<<r.shift-1), uint64(r.shift)
	}
}
