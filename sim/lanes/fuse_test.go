package lanes

import (
	"slices"
	"testing"
	"unsafe"

	"tpe/hw"
)

// TestFused makes modules in which operations are fused, wants the fused operation to be
// there, and compares every plan with the evaluator.
func TestFused(t *testing.T) {
	booth := func(b *hw.Builder, x, y hw.ID, i, width int) hw.ID {
		codes := b.Cat(x, b.Const(1, 0))
		return b.ShlConst(b.Booth4(width, y, b.Slice(codes, 2*i, 3)), 2*i)
	}
	for _, c := range []struct {
		name string
		want []kern
		make func(b *hw.Builder, row, col int, x, y, s hw.ID) hw.ID // operands: 8 bits by row, 8 by col, 32 by both
	}{
		{"booth rows", []kern{kCsa1, kCsa3, kCsa4}, func(b *hw.Builder, _, _ int, x, y, s hw.ID) hw.ID {
			words := []hw.ID{s, b.Not(s)}
			for i := range 4 {
				words = append(words, booth(b, x, y, i, 32))
			}
			sum, carry := b.Compress(words...)
			return b.Cat(sum, carry)
		}},
		{"two booth rows", []kern{kCsa2}, func(b *hw.Builder, _, _ int, x, y, s hw.ID) hw.ID {
			sum, carry := b.Compress(s, booth(b, x, y, 0, 32), booth(b, x, y, 3, 32))
			return b.Cat(sum, carry)
		}},
		{"a cut booth row", []kern{kBooth, kCsa}, func(b *hw.Builder, _, _ int, x, y, s hw.ID) hw.ID {
			sum, carry := b.Compress(b.Slice(s, 3, 13), booth(b, x, y, 2, 13), b.Slice(s, 7, 13))
			return b.Cat(sum, carry)
		}},
		{"an extended digit", []kern{kBooth}, func(b *hw.Builder, _, _ int, x, y, _ hw.ID) hw.ID {
			return b.Sext(30, b.Booth4(10, y, b.Slice(x, 1, 3)))
		}},
		{"a digit too narrow to be extended later", []kern{kBooth, kConv}, func(b *hw.Builder, _, _ int, x, y, _ hw.ID) hw.ID {
			return b.Sext(30, b.Booth4(9, y, b.Slice(x, 1, 3)))
		}},
		{"a table of two operands", []kern{kTable}, func(b *hw.Builder, row, _ int, x, y, _ hw.ID) hw.ID {
			p, q := b.Slice(b.Bcast(y, row), 2, 3), b.Slice(x, 5, 3)
			return b.Xor(b.Add(p, q), b.Mux(b.ULt(p, q), b.Not(p), b.Neg(q)))
		}},
		{"a table with other readers", []kern{kTable}, func(b *hw.Builder, row, col int, x, _, s hw.ID) hw.ID {
			p := b.Cat(b.Bcast(x, col), b.Const(1, 0))
			return b.Cat(b.Slice(p, 2, 3), b.Slice(p, 4, 3), b.Slice(p, 6, 3), s)
		}},
		{"ones along an axis", []kern{kReduce}, func(b *hw.Builder, row, _ int, x, y, _ hw.ID) hw.ID {
			return b.Popcount(b.Pack(row, b.ULt(x, y)))
		}},
		{"lanes that are picked", []kern{kGather}, func(b *hw.Builder, row, _ int, x, y, s hw.ID) hw.ID {
			p := b.Named("p", b.Add(b.Zext(32, b.MulU(16, x, y)), s))
			return b.Xor(b.Index(row, 1, p), b.Index(row, 4, p))
		}},
		{"a column chosen by rows", []kern{kSelect}, func(b *hw.Builder, row, col int, x, y, s hw.ID) hw.ID {
			edge := b.Axis("edge", 6)
			return b.Select(edge, b.Stride(row, edge, 0, 1, s, b.Const(32, 0)), b.Slice(y, 0, 3))
		}},
	} {
		b := hw.New("fused", "")
		row, col := b.Axis("row", 6), b.Axis("col", 37)
		x, y, s := b.In("x_i", 8, row), b.In("y_i", 8, col), b.In("s_i", 32, row, col)
		b.Out("out_o", c.make(b, row, col, x, y, s))
		m, err := b.Build()
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		flat, err := hw.Flatten(m)
		if err != nil {
			t.Fatal(err)
		}
		l, err := lower(flat)
		if err != nil {
			t.Fatal(err)
		}
		l.fuse()
		var got []kern
		for i := range l.ops {
			if !l.ops[i].dead {
				got = append(got, l.ops[i].k)
			}
		}
		for _, k := range c.want {
			if !slices.Contains(got, k) {
				t.Errorf("%s: operations %d, expected %d among them", c.name, got, k)
			}
		}
		for _, p := range plans {
			if err := compare(flat, p, 1, 40); err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
		}
	}
}

// TestTables gives the kernels of tables all bytes.
func TestTables(t *testing.T) {
	var in, table [256]byte
	for i := range in {
		in[i], table[i] = byte(i), byte(i*37+11)
	}
	for _, bits := range []int{7, 8} {
		var out [256]byte
		s := step{dst: unsafe.Pointer(&out[0]), a: unsafe.Pointer(&in[0]), c: unsafe.Pointer(&table[0]), n: 256, bytes: 256, imm: uint64(bits)}
		if s.code = asmKernel(&s, kTable, 1, 1); s.code == 0 {
			t.Skip("this processor has no permutation of bytes")
		}
		runSteps(&s, 1)
		for i, got := range out {
			if want := table[i&(1<<bits-1)]; got != want {
				t.Fatalf("%d bits: entry %d: %d, expected %d", bits, i, got, want)
			}
		}
	}
}
