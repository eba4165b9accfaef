package lanes

import "tpe/hw"

// kern names what an operation does. Lane operators are brought to few kernels:
// signed order is unsigned order after the sign bit is flipped, and operands of
// other sizes are converted first.
type kern uint8

// In these comments d is the result, a, b, c, e are operands, and mask is the
// result's word of ones.
const (
	kNone   kern = iota
	kCopy        // d = a
	kFill        // d = the word a in every lane
	kAnd         // d = a & b
	kOr          // d = a | b
	kXor         // d = a ^ b
	kXor3        // d = a ^ b ^ c
	kMaj         // d = majority of a, b, c
	kCsaC        // d = majority << 1 & mask
	kNot         // d = a ^ mask
	kNeg         // d = -a & mask
	kAdd         // d = (a + b) & mask
	kSub         // d = (a - b) & mask
	kMul         // d = (a * b) & mask
	kMin         // d = min(a ^ imm, b ^ imm) ^ imm
	kMax         // d = max(a ^ imm, b ^ imm) ^ imm
	kEq          // d (1 byte) = a == b
	kNe          // d (1 byte) = a != b
	kLt          // d (1 byte) = a ^ imm < b ^ imm
	kLe          // d (1 byte) = a ^ imm <= b ^ imm
	kMux         // d = a (1 byte) ? b : c
	kSel         // d = the word a ? b : c
	kConv        // d = (((a >> imm) ^ imm2) - imm2) & mask, of another or the same size
	kCat         // d = a << imm | b
	kShl         // d = a << b & mask (b: 1 byte; 0 from the width imm on)
	kLshr        // d = a >> b (b: 1 byte)
	kAshr        // d = sign-extended a >> b & mask (b: 1 byte; imm: sign bit)
	kRotl        // d = a rotated by b < imm within imm bits (b: 1 byte)
	kMod         // d = a % imm
	kPop         // d (1 byte) = ones of a
	kParity      // d (1 byte) = parity of a
	kFfs         // d (1 byte) = lowest one of a, or imm
	kClz         // d (1 byte) = zeros above the highest one of a, of imm bits
	kBooth       // d = booth digit b (1 byte) times ext(a), << imm2 & mask; imm: sign bit of a, or 0
	kRom         // d = table[a] (a: 4 bytes)

	// Fused operations.
	kMulX // d = (ext(a) * ext(b)) & mask with a, b of fewer bytes; imm, imm2: their sign bits or 0
	kMac  // d = (c + ext(product)) & mask, the product of 2 bytes as in kMulX of 1-byte operands; e: 1 byte, c counts as 0 where it is 1 (if given)

	kTable // d (1 byte) = byte a of a table of few entries
	kCsa   // d = a ^ b ^ c, d2 = majority << 1 & mask: a row of full adders
	kCsa1  // kCsa of a, b and the Booth product of the bytes c by the digits e, << imm2
	kCsa2  // kCsa of a and two Booth products of the bytes b, by the digits c and e, shifted by the bytes of imm2
	kCsa3  // kCsa of three Booth products of the bytes a, by the digits b, c and e, shifted by the bytes of imm2
	kCsa4  // kCsa of the two words of kCsa of a, b, c, and of e

	// Between lanes.
	kChain  // d = a moved along an axis as by kShift, or c where the word e is not imm
	kCopyIf // d = a unless the word e is imm: the second half of kChain
	kShift  // along an axis; b enters at the end (missing for rotate)
	kSpread // a repeated over further axes
	kGather // d = a at fixed places, b elsewhere
	kSelect // d = a at place b along an axis, 0 outside
	kReduce // d = a folded along an axis
	kPack   // d = bits of a along an axis
	kPush   // a goes into a delay's ring
	kPull   // d = what leaves a delay's ring; a is its last push, if a lane has no delay
)

// form says how an operation can be executed.
type form uint8

const (
	word  form = iota // one word: an instruction of the scalar program
	lane              // each lane from the same lane of its operands
	near              // each lane from any lane of operand a and of b, which must be complete
	whole             // all lanes at once, operands complete
)

// operation is one line of the lowered program.
type operation struct {
	k    kern
	form form
	hop  hw.Op // of a word
	dst  val
	dst2 val // the second result of kCsa, else none
	src  [4]val
	mask uint64
	imm  uint64
	imm2 uint64
	x    *extra
	dead bool
}

// results are the values that the operation computes.
func (o *operation) results() []val {
	if o.dst2 == none {
		return []val{o.dst}
	}
	return []val{o.dst, o.dst2}
}

func (o *operation) args() []val {
	n := 0
	for n < len(o.src) && o.src[n] != none {
		n++
	}
	return o.src[:n]
}

// extra is what few kinds of operation need.
type extra struct {
	outer, size, inner int     // the axis: lane = (o*size + c)*inner + i
	dir                int     // shift
	wrap               bool    // rotate
	index              []int32 // gather: the lane of a, or ^lane of b; select: the lane of a of choice 0
	from, step         int     // gather: the first lane; the distance of the next (of the next elem lanes), if it is the same for all and greater
	rows, run, elem    int     // spread: rows times (every elem lanes run times); run, gather: lanes of a run
	fold               hw.Op   // reduce
	flip               uint64  // reduce: sign bit
	table              []uint64
	bytes              []byte // of kTable
	ring               *ring
	esize              int // bytes of a lane of the operand a
	wa, wb             int // widths of the operands of a word
	code               *code
}
