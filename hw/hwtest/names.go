package hwtest

import (
	"fmt"

	"tpe/hw"
)

// nameCases covers names that other languages reserve and names that meet when
// a hierarchy is flattened.
func nameCases() []Case {
	return []Case{
		stimulated("names/keywords", keywords(), 12, 5),
		stimulated("names/case", caseClash(), 12, 5),
		stimulated("names/collide", collide(), 12, 5),
		stimulated("names/module", keywordModule(), 12, 5),
	}
}

// reserved are words of Verilog, C, LLVM and Go that are legal names here, and
// names that readers are likely to use themselves.
var reserved = []string{
	"module", "endmodule", "input", "output", "wire", "reg", "assign", "begin", "end", "case", "if", "else", "for", "generate",
	"genvar", "initial", "always", "posedge", "signed", "integer", "parameter", "localparam", "and", "or", "not", "xor", "buf", "table",
	"logic", "bit", "int", "byte", "long", "char", "void", "struct", "return", "while", "static", "const", "double", "float", "class",
	"define", "main", "state", "step", "settle", "in", "out", "i1", "x", "label", "func", "type", "range", "var", "clk", "rst", "reset", "clock", "i", "j", "k",
}

func keywords() *hw.Module {
	b := hw.New("keywords", "Ports and registers named as words that other languages reserve.")
	row := b.Axis("for", 2)
	for i, name := range reserved {
		switch {
		case i%4 == 0:
			b.In(name, 8)
		case i%4 == 1:
			r := b.Reg(name, 8, uint64(i), row)
			b.Next(r, b.Add(r, b.Coord(row, 8)))
		case i%4 == 2:
			b.Out(name, b.Add(hw.ID(0), b.Const(8, uint64(i))))
		default:
			r := b.Reg("", 8, uint64(i))
			b.Next(r, b.Not(r))
			b.Named(name, r)
			b.Out(name+"_o", r)
		}
	}
	return must(b)
}

func caseClash() *hw.Module {
	b := hw.New("case_clash", "Names that differ only by case, or by underscores and digits.")
	x := b.In("sig", 8)
	for i, name := range []string{"Sig", "SIG", "sIg", "sig_", "sig__", "sig_1", "sig1", "sig_01", "sig_q", "Sig_q"} {
		r := b.Reg(name, 8, uint64(i))
		b.Next(r, b.Add(x, r))
		b.Out(fmt.Sprintf("o%d", i), r)
		x = r
	}
	b.Out("O0", x)
	return must(b)
}

// collide makes names that are equal once instance names are put before them.
func collide() *hw.Module {
	inner := hw.New("inner", "A register with a name that the parent also forms.")
	k := inner.Axis("k", 2)
	r := inner.Reg("b_c", 8, 1, k)
	inner.Next(r, inner.Add(r, inner.In("x", 8)))
	t := inner.Rom("tab", 8, []uint64{1, 2, 3}, r)
	inner.Assert("odd", inner.Ne(inner.Reduce(k, hw.OpXor, r), inner.Const(8, 3)))
	q := inner.Mem("m", 8, 2, true)
	inner.SetMem(q, hw.MemPorts{WEn: inner.Const(1, 1), WAddr: inner.Const(1, 1), WData: inner.Index(k, 0, r), RAddr: inner.Const(1, 1)})
	inner.Out("c", inner.Add(inner.Reduce(k, hw.OpAdd, t), q))
	innerMod := must(inner)

	other := hw.New("other", "The same name in other pieces.")
	oq := other.Reg("c", 8, 2)
	other.Next(oq, other.Xor(oq, other.In("x", 8)))
	other.Rom("tab", 8, []uint64{4, 5}, oq)
	other.Out("y", oq)
	otherMod := must(other)

	b := hw.New("collide", "Names that meet when instance names are put before them.")
	b.Axis("a_k", 2)
	x := b.In("x", 8)
	u := b.Inst("a", innerMod, hw.Ports{"x": x})
	v := b.Inst("a_b", otherMod, hw.Ports{"x": x})
	own := b.Reg("a_b_c", 8, 3)
	b.Next(own, b.Sub(own, x))
	b.Assert("a_odd", b.Ne(own, b.Const(8, 3)))
	y := b.Wire("y", 8)
	b.Drive(y, x)
	b.Out("u_out", u["c"])
	b.Out("v_out", v["y"])
	b.Out("own", own)
	b.Out("a_b_c_2", b.Add(y, own))
	b.Out("a_c", v["y"])
	return must(b)
}

func keywordModule() *hw.Module {
	inner := hw.New("endmodule", "A module named by a keyword, with ports that are keywords.")
	x := inner.In("input", 8)
	inner.Out("output", inner.Pipe("reg", x))
	mod := must(inner)
	b := hw.New("module", "A module named by a keyword that places one.")
	row := b.Axis("generate", 2)
	u := b.Inst("begin", mod, hw.Ports{"input": b.In("wire", 8, row)}, row)
	b.Out("assign", u["output"])
	return must(b)
}
