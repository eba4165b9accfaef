package rtlgen_test

import (
	"bytes"
	"testing"

	"tpe/hw"
	"tpe/internal/golden"
	"tpe/rtlgen"
)

// element is a multiply-accumulate cell as an array builder writes it.
func element(t testing.TB) *hw.Module {
	t.Helper()
	b := hw.New("mac_cell", "Multiply-accumulate cell. first starts a sum, last sends the finished one down, and operands and marks move on to the neighbours.")
	a, w := b.In("a_i", 8), b.In("w_i", 8)
	valid, first, last := b.In("valid_i", 1), b.In("first_i", 1), b.In("last_i", 1)
	above := b.In("sum_i", 24)
	acc := b.Reg("acc", 24, 0)
	product := b.Named("product", b.MulS(16, a, w))
	sum := b.Named("sum", b.Add(b.Mux(first, b.Const(24, 0), acc), b.Sext(24, product)))
	b.NextIf(acc, valid, sum)
	b.Out("a_o", b.Pipe("a", a))
	b.Out("w_o", b.Pipe("w", w))
	b.Out("marks_o", b.Cat(b.Pipe("valid", valid), b.Pipe("first", first), b.Pipe("last", last)))
	b.Out("sum_o", b.Pipe("down", b.Mux(b.And(valid, last), sum, above)))
	b.Assert("last_is_valid", b.Or(valid, b.Not(last)))
	return build(t, b)
}

func build(t testing.TB, b *hw.Builder) *hw.Module {
	t.Helper()
	m, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// systolicArray is a small output-stationary array: skewed operands, links in
// both directions, the last row out with the skew removed.
func systolicArray(t testing.TB) *hw.Module {
	b := hw.New("mac_array", "Output-stationary array of mac_cell.")
	row, col := b.Axis("row", 4), b.Axis("col", 3)
	a, w, marks := b.In("a_i", 8, row), b.In("w_i", 8, col), b.In("marks_i", 3, row)
	in := hw.Ports{
		"a_i":   b.Wire("east", 8, row, col),
		"w_i":   b.Wire("south", 8, row, col),
		"sum_i": b.Wire("sum_link", 24, row, col),
	}
	m := b.Wire("mark_link", 3, row, col)
	in["valid_i"], in["first_i"], in["last_i"] = b.Bit(m, 2), b.Bit(m, 1), b.Bit(m, 0)
	out := b.Inst("cell", element(t), in, row, col)
	b.Drive(in["a_i"], b.Shift(col, 1, out["a_o"], b.Skew(a, 0, row, 1)))
	b.Drive(in["w_i"], b.Shift(row, 1, out["w_o"], b.Skew(w, 0, col, 1)))
	b.Drive(m, b.Shift(col, 1, out["marks_o"], b.Skew(marks, 0, row, 1)))
	b.Drive(in["sum_i"], b.Shift(row, 1, out["sum_o"], b.Const(24, 0)))
	foot := b.Named("foot", b.Index(row, 3, out["sum_o"]))
	b.Out("sum_o", b.Skew(foot, 2, col, -1))
	return build(t, b)
}

// accumulators are memories in lanes with the operators that need functions.
func accumulators(t testing.TB) *hw.Module {
	b := hw.New("bank_sum", "Twelve accumulators in each bank, their sum and greatest, and one bank chosen by address.")
	bank := b.Axis("bank", 6)
	add, at, x := b.In("add_i", 1), b.In("at_i", 4), b.In("x_i", 20, bank)
	sum := b.Mem("sum", 20, 12, true, bank)
	addr := b.Pipe("at", at)
	b.SetMem(sum, hw.MemPorts{WEn: b.Pipe("add", add), WAddr: addr, WData: b.Add(sum, b.Pipe("x", x)), RAddr: at})
	b.Out("total_o", b.Reduce(bank, hw.OpAdd, sum))
	b.Out("most_o", b.Reduce(bank, hw.OpSMax, sum))
	b.Out("one_o", b.Select(bank, sum, b.Slice(addr, 0, 3)))
	b.Out("ones_o", b.Popcount(b.Slice(sum, 0, 13)))
	b.Out("booth_o", b.Booth4(22, sum, b.Slice(addr, 1, 3)))
	b.Out("scale_o", b.Rom("scale", 6, []uint64{1, 2, 4, 8, 16, 32}, b.Clz(b.Slice(addr, 0, 3))))
	b.Out("tag_o", b.Add(b.Coord(bank, 4), addr))
	return build(t, b)
}

func TestGolden(t *testing.T) {
	for name, m := range map[string]*hw.Module{"array": systolicArray(t), "bank": accumulators(t)} {
		out, err := rtlgen.Emit(m, rtlgen.Options{})
		if err != nil {
			t.Fatal(err)
		}
		files := map[string][]byte{"check.ys": rtlgen.YosysScript(out)}
		for _, f := range out.Files {
			files[f.Name] = f.Text
		}
		golden.CheckDir(t, "testdata/"+name, files)
	}
}

// TestOptions covers what the other tests leave at its default.
func TestOptions(t *testing.T) {
	m := systolicArray(t)
	if _, err := rtlgen.Emit(m, rtlgen.Options{LineWidth: 20}); err == nil {
		t.Error("a line width of 20 was accepted")
	}
	out, err := rtlgen.Emit(m, rtlgen.Options{LineWidth: 72, NoInitial: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range out.Files {
		checkText(t, f, 72)
		if bytes.Contains(f.Text, []byte("initial")) {
			t.Errorf("%s has initial values", f.Name)
		}
	}
}
