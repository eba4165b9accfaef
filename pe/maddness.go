package pe

import (
	"fmt"

	"tpe/hw"
	"tpe/numeric"
)

// MaddnessEncoder chooses one of 16 prototypes for a codebook each cycle: a balanced tree whose level l
// compares value l with the threshold of the node that the levels before it reached. The levels are a
// pipeline, and each has its thresholds in a memory with a word for each codebook.
//
//	x_i[0..3], addr_i --> x0 > thr0[addr]      --> x1 > thr1[addr][code] --> x2 > thr2 --> x3 > thr3 --> code_o (4 bits)
//	                      1 edge                   1 edge                                                addr_o: the codebook
//
// addr_i comes an edge before the values x_i; code_o is there after four edges, addr_o with it.
// load_i writes the 15 thresholds of codebook load_addr_i. Comparisons are strict.
//
// Source: "Multiplying Matrices Without Multiplying", arXiv 2106.10860; "Stella Nera", arXiv 2311.10207
// (four encoder units that take turns, which has the same rate, comparators and latency).
func MaddnessEncoder(name string, a numeric.Int, codebooks int) (*hw.Module, error) {
	b := hw.New(name, fmt.Sprintf("Decision tree of four levels over values of %s, for %d codebooks.", a, codebooks))
	level, node := b.Axis("level", 4), b.Axis("node", 15)
	aw := hw.Bits(codebooks - 1)
	addr, x := b.In("addr_i", aw), b.In("x_i", a.Bits, level)
	load, loadAddr, thr := b.In("load_i", 1), b.In("load_addr_i", aw), b.In("thr_i", a.Bits, node)
	code := hw.None
	for l := range 4 {
		lane := b.Axis(fmt.Sprintf("node%d", l), 1<<l)
		q := b.Mem(fmt.Sprintf("thr%d", l), a.Bits, codebooks, false, lane)
		b.SetMem(q, hw.MemPorts{WEn: load, WAddr: loadAddr, RAddr: addr,
			WData: b.Stride(node, lane, 1<<l-1, 1, thr, b.Const(a.Bits, 0))})
		t := b.Index(lane, 0, q)
		if l > 0 {
			t = b.Select(lane, q, code)
		}
		value := b.Delay(b.Index(level, l, x), l)
		greater := b.ULt(t, value)
		if a.Signed {
			greater = b.SLt(t, value)
		}
		next := greater
		if l > 0 {
			next = b.Cat(code, greater)
		}
		code = b.Pipe(fmt.Sprintf("code%d_q", l), next)
		addr = b.Pipe(fmt.Sprintf("addr%d_q", l), addr)
	}
	b.Out("code_o", code)
	b.Out("addr_o", b.Pipe("addr_q", addr))
	return b.Build()
}

// MaddnessDecoder adds up the table entries of the codes of a row.
//
//	{codebook, code} --> [tables] --> q --> + --> acc_q;  with last: --> sum_q --> sum_o
//	                                 0 or acc
//
// addr_i is read; its entry enters the sum with valid_i, first_i and last_i, which come an edge later.
// load_i writes data_i at load_addr_i. Sums are exact in sumBits.
func MaddnessDecoder(name string, codebooks, bits, sumBits int) (*hw.Module, error) {
	b := hw.New(name, fmt.Sprintf("Tables of %d codebooks and the accumulator of a column, %d into %d bits.", codebooks, bits, sumBits))
	aw := hw.Bits(codebooks-1) + 4
	addr, load, loadAddr, data := b.In("addr_i", aw), b.In("load_i", 1), b.In("load_addr_i", aw), b.In("data_i", bits)
	valid, first, last := b.In("valid_i", 1), b.In("first_i", 1), b.In("last_i", 1)
	q := b.Mem("tables", bits, codebooks*16, false)
	b.SetMem(q, hw.MemPorts{WEn: load, WAddr: loadAddr, WData: data, RAddr: addr})
	acc, sum := b.Reg("acc_q", sumBits, 0), b.Reg("sum_q", sumBits, 0)
	next := b.Named("new", b.Add(b.Mux(first, b.Const(sumBits, 0), acc), b.Sext(sumBits, q)))
	b.NextIf(acc, valid, next)
	b.NextIf(sum, b.And(valid, last), next)
	b.Out("sum_o", sum)
	return b.Build()
}
