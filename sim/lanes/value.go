package lanes

import (
	"unsafe"

	"tpe/hw"
	"tpe/hw/drive"
)

// val names a value of the lowered program.
type val int32

// none is the absence of a value.
const none val = -1

// role says where a value lives.
type role uint8

const (
	temp     role = iota // computed in a cycle and not needed after it
	constant             // never changes
	input                // written by Set
	current              // a register, as it is in this cycle
	next                 // a register, as it will be in the next cycle
)

// value is one vector of lanes, or one word (lanes = 1).
//
// Words live in slots of eight bytes whose upper bytes are always 0. All
// supported processors are little-endian, so a slot can be read and written as
// a vector of one lane of any size.
type value struct {
	role    role
	width   int
	size    int // bytes of a lane: 1, 2, 4 or 8
	lanes   int
	shape   hw.Shape
	uniform bool // every lane is the same, so one block serves all blocks
	pinned  bool // read from outside the program, so it needs a buffer of its own
	konst   []uint64
	reset   uint64
	twin    val // current and next: the other one; uniform: the word that it repeats

	buf [2]unsafe.Pointer // where it is in cycles of either parity
}

func (v *value) scalar() bool { return v.lanes == 1 }

// size is the number of bytes of a lane that holds width bits.
func size(width int) int { return drive.WordBytes(width) }

// repeated returns x, which has size bytes, repeated over a word, which is the
// form in which vector kernels want constants.
func repeated(x uint64, size int) uint64 {
	switch size {
	case 1:
		return x & 0xff * 0x0101010101010101
	case 2:
		return x & 0xffff * 0x0001000100010001
	case 4:
		return x & 0xffffffff * 0x0000000100000001
	}
	return x
}

// put stores x in lane i of a vector of the given size.
func put(p unsafe.Pointer, size, i int, x uint64) {
	switch size {
	case 1:
		*(*uint8)(unsafe.Add(p, i)) = uint8(x)
	case 2:
		*(*uint16)(unsafe.Add(p, 2*i)) = uint16(x)
	case 4:
		*(*uint32)(unsafe.Add(p, 4*i)) = uint32(x)
	default:
		*(*uint64)(unsafe.Add(p, 8*i)) = x
	}
}

// get reads lane i of a vector of the given size.
func get(p unsafe.Pointer, size, i int) uint64 {
	switch size {
	case 1:
		return uint64(*(*uint8)(unsafe.Add(p, i)))
	case 2:
		return uint64(*(*uint16)(unsafe.Add(p, 2*i)))
	case 4:
		return uint64(*(*uint32)(unsafe.Add(p, 4*i)))
	}
	return *(*uint64)(unsafe.Add(p, 8*i))
}

// fill stores x in n lanes.
func fill(p unsafe.Pointer, size, n int, x uint64) {
	for i := range n {
		put(p, size, i, x)
	}
}
