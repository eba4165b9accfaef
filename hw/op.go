package hw

import "fmt"

// Op names an operator. Zero is invalid.
type Op uint8

// The operators. Their meaning is in the table [Ops].
const (
	OpInvalid Op = iota
	// Leaves.
	OpInput
	OpConst
	OpReg
	OpMemQ
	OpInstOut
	OpWire
	OpCoord
	// Bitwise.
	OpNot
	OpAnd
	OpOr
	OpXor
	OpXor3
	OpMaj
	OpCsaC
	// Arithmetic.
	OpNeg
	OpAdd
	OpSub
	OpMulU
	OpMulS
	OpMulSU
	OpUMin
	OpUMax
	OpSMin
	OpSMax
	OpBooth4
	// Comparison.
	OpEq
	OpNe
	OpULt
	OpULe
	OpSLt
	OpSLe
	// Choice and tables.
	OpMux
	OpRom
	// Width changes.
	OpZext
	OpSext
	OpSlice
	OpCat
	// Shifts of bits.
	OpShl
	OpLshr
	OpAshr
	OpRotl
	// Bit reductions and counts.
	OpRedAnd
	OpRedOr
	OpRedXor
	OpPopcount
	OpFfs
	OpClz
	// Between lanes.
	OpShift
	OpRotate
	OpIndex
	OpSelect
	OpReduce
	OpStride
	OpSplit
	OpPack
	OpBcast
	// Time.
	OpDelay

	numOps
)

// Kind groups operators by how a reader treats them.
type Kind uint8

// The kinds of operator.
const (
	KindLeaf  Kind = iota + 1 // a value that comes from outside the expression
	KindLane                  // works on each lane alone; operands are broadcast
	KindWire                  // moves words between lanes
	KindState                 // holds values between clock edges
)

func (k Kind) String() string {
	return [...]string{"invalid", "leaf", "lane", "wire", "state"}[k]
}

// Info is one row of the operator table.
type Info struct {
	Name  string // the word of the text form
	Kind  Kind
	Arity int    // number of operands; -1 is "one or more"
	Sig   string // operand and result widths
	Doc   string // pseudocode; all arithmetic on mathematical integers, "mod 2^W" at the end
	Pre   string // preconditions beside the widths; the verifier checks them
}

// Ops is the operator table, the only place where an operator is declared. Every
// reader is total over it; the conformance suite runs every row.
//
// In Sig and Doc, u(x) is a word read as unsigned, s(x) as two's complement, W
// is the result width, N the width of the first operand, x[i] bit i, and x{c}
// the lane of x at coordinates c.
var Ops = [numOps]Info{
	OpInvalid: {Name: "invalid"},

	OpInput:   {"input", KindLeaf, 0, "() -> W", "the port's value", ""},
	OpConst:   {"const", KindLeaf, 0, "() -> W", "the constant v in every lane", "v < 2^W"},
	OpReg:     {"reg", KindState, 0, "() -> W", "the register's current value; next at the clock edge, its reset value at an edge under reset", ""},
	OpMemQ:    {"memq", KindState, 0, "() -> W", "the memory's read data register: after an edge it holds the word at the read address given before that edge, as it was before the edge (with forwarding, the word written at that edge if the addresses are equal). Memory and register start at 0 and ignore reset; an address past the depth reads 0 and writes nothing", ""},
	OpInstOut: {"instout", KindLeaf, 0, "() -> W", "an output port of an instance", ""},
	OpWire:    {"wire", KindLane, 1, "(W) -> W", "x; declared before x exists", "no combinational cycle"},
	OpCoord:   {"coord", KindLeaf, 0, "() -> W", "the lane's coordinate along the axis", "axis size <= 2^W"},

	OpNot:  {"not", KindLane, 1, "(W) -> W", "bitwise complement", ""},
	OpAnd:  {"and", KindLane, 2, "(W, W) -> W", "x & y", ""},
	OpOr:   {"or", KindLane, 2, "(W, W) -> W", "x | y", ""},
	OpXor:  {"xor", KindLane, 2, "(W, W) -> W", "x ^ y", ""},
	OpXor3: {"xor3", KindLane, 3, "(W, W, W) -> W", "x ^ y ^ z: the sum word of a row of full adders", ""},
	OpMaj:  {"maj", KindLane, 3, "(W, W, W) -> W", "(x & y) | (x & z) | (y & z)", ""},
	OpCsaC: {"csac", KindLane, 3, "(W, W, W) -> W", "2 * maj(x, y, z) mod 2^W: the carry word of a row of full adders; xor3 + csac = x + y + z mod 2^W", ""},

	OpNeg:    {"neg", KindLane, 1, "(W) -> W", "-x mod 2^W", ""},
	OpAdd:    {"add", KindLane, 2, "(W, W) -> W", "x + y mod 2^W", ""},
	OpSub:    {"sub", KindLane, 2, "(W, W) -> W", "x - y mod 2^W", ""},
	OpMulU:   {"mulu", KindLane, 2, "(N, M) -> W", "u(x) * u(y) mod 2^W", "W <= N + M"},
	OpMulS:   {"muls", KindLane, 2, "(N, M) -> W", "s(x) * s(y) mod 2^W", "W <= N + M"},
	OpMulSU:  {"mulsu", KindLane, 2, "(N, M) -> W", "s(x) * u(y) mod 2^W", "W <= N + M"},
	OpUMin:   {"umin", KindLane, 2, "(W, W) -> W", "min(u(x), u(y))", ""},
	OpUMax:   {"umax", KindLane, 2, "(W, W) -> W", "max(u(x), u(y))", ""},
	OpSMin:   {"smin", KindLane, 2, "(W, W) -> W", "min(s(x), s(y))", ""},
	OpSMax:   {"smax", KindLane, 2, "(W, W) -> W", "max(s(x), s(y))", ""},
	OpBooth4: {"booth4", KindLane, 2, "(N, 3) -> W", "d * s(x) mod 2^W with the radix-4 Booth digit d = -2*y[2] + y[1] + y[0]; exact for W >= N + 1, except that d = -2 with the most negative x needs W >= N + 2", ""},

	OpEq:  {"eq", KindLane, 2, "(N, N) -> 1", "x == y", ""},
	OpNe:  {"ne", KindLane, 2, "(N, N) -> 1", "x != y", ""},
	OpULt: {"ult", KindLane, 2, "(N, N) -> 1", "u(x) < u(y)", ""},
	OpULe: {"ule", KindLane, 2, "(N, N) -> 1", "u(x) <= u(y)", ""},
	OpSLt: {"slt", KindLane, 2, "(N, N) -> 1", "s(x) < s(y)", ""},
	OpSLe: {"sle", KindLane, 2, "(N, N) -> 1", "s(x) <= s(y)", ""},

	OpMux: {"mux", KindLane, 3, "(1, W, W) -> W", "x ? y : z", ""},
	OpRom: {"rom", KindLane, 1, "(N) -> W", "table[u(x)]; 0 past the end of the table", "every entry < 2^W; 1 to 65536 entries"},

	OpZext:  {"zext", KindLane, 1, "(N) -> W", "u(x)", "W >= N"},
	OpSext:  {"sext", KindLane, 1, "(N) -> W", "s(x) mod 2^W", "W >= N"},
	OpSlice: {"slice", KindLane, 1, "(N) -> W", "x[lo+W-1 : lo]", "lo + W <= N"},
	OpCat:   {"cat", KindLane, -1, "(N, M, ...) -> W", "the operands side by side, the first in the highest bits", "W = the sum of the widths"},

	OpShl:  {"shl", KindLane, 2, "(W, M) -> W", "x * 2^u(y) mod 2^W; 0 when u(y) >= W", ""},
	OpLshr: {"lshr", KindLane, 2, "(W, M) -> W", "u(x) / 2^u(y), rounded down; 0 when u(y) >= W", ""},
	OpAshr: {"ashr", KindLane, 2, "(W, M) -> W", "s(x) / 2^u(y), rounded down, mod 2^W; all sign bits when u(y) >= W", ""},
	OpRotl: {"rotl", KindLane, 2, "(W, M) -> W", "x rotated left by u(y) mod W places", ""},

	OpRedAnd:   {"redand", KindLane, 1, "(N) -> 1", "1 if every bit of x is 1", ""},
	OpRedOr:    {"redor", KindLane, 1, "(N) -> 1", "1 if some bit of x is 1", ""},
	OpRedXor:   {"redxor", KindLane, 1, "(N) -> 1", "the parity of x", ""},
	OpPopcount: {"popcount", KindLane, 1, "(N) -> W", "the number of ones in x", "W = bits(N)"},
	OpFfs:      {"ffs", KindLane, 1, "(N) -> W", "the index of the lowest one in x; N if x = 0", "W = bits(N)"},
	OpClz:      {"clz", KindLane, 1, "(N) -> W", "the number of zeros above the highest one in x; N if x = 0", "W = bits(N)"},

	OpShift:  {"shift", KindWire, 2, "(W, W) -> W", "along the axis, out{i} = x{i-dir}; where i-dir falls outside the axis, y (whose shape lacks the axis)", "dir is +1 or -1; x has the axis, y lacks it"},
	OpRotate: {"rotate", KindWire, 1, "(W) -> W", "along the axis, out{i} = x{(i-dir) mod size}", "dir is +1 or -1; x has the axis"},
	OpIndex:  {"index", KindWire, 1, "(W) -> W", "x{k} along the axis, which the result lacks", "x has the axis; 0 <= k < size"},
	OpSelect: {"select", KindWire, 2, "(W, M) -> W", "x{u(y)} along the axis, which the result lacks; 0 when u(y) >= size", "x has the axis, y lacks it"},
	OpReduce: {"reduce", KindWire, 1, "(W) -> W", "the axis folded by a two-operand lane operator: neighbours 2i and 2i+1 are combined level by level, an odd last one moves up unchanged", "x has the axis; the operator is add, and, or, xor, umin, umax, smin or smax"},
	OpStride: {"stride", KindWire, 2, "(W, W) -> W", "axis exchanged for another: out{j} = x{start + step*j}; y where that falls outside the axis", "x has the first axis and lacks the second; y lacks both; start >= 0, step >= 1"},
	OpSplit:  {"split", KindWire, 2, "(W, W) -> W", "axis exchanged for two: out{i, j} = x{i*size(j) + j}; y past the end of the axis", "x has the axis and lacks the two; y lacks all three; size(i)*size(j) >= size"},
	OpPack:   {"pack", KindWire, 1, "(1) -> W", "bit i is x{i} along the axis, which the result lacks", "x has the axis; W = size <= 64"},
	OpBcast:  {"bcast", KindWire, 1, "(W) -> W", "x repeated over further axes", "the result has every axis of x"},

	OpDelay: {"delay", KindState, 1, "(W) -> W", "x as it was d edges ago, where d = base + sum over the axes of coef * coordinate; 0 before that and for every edge under reset", "0 <= d <= 65536 in every lane; every axis with a coefficient is an axis of x"},
}

// String returns the operator's name in the text form.
func (o Op) String() string {
	if o >= numOps {
		return fmt.Sprintf("op(%d)", uint8(o))
	}
	return Ops[o].Name
}

// Kind returns the operator's kind.
func (o Op) Kind() Kind { return Ops[o].Kind }

// NumOps is the number of rows of [Ops], the invalid row included.
const NumOps = int(numOps)

// ReduceOps are the operators that reduce accepts.
var ReduceOps = [...]Op{OpAdd, OpAnd, OpOr, OpXor, OpUMin, OpUMax, OpSMin, OpSMax}

// OpByName returns the operator with the given name in the text form.
func OpByName(name string) (Op, bool) {
	for i := range Ops {
		if i > 0 && Ops[i].Name == name {
			return Op(i), true
		}
	}
	return OpInvalid, false
}
