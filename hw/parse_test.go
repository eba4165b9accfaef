package hw_test

import (
	"fmt"
	"strings"
	"testing"

	"tpe/hw"
	"tpe/hw/eval"
	"tpe/hw/hwtest"
)

// TestParseErrors gives the parser one broken line each and pins the message.
func TestParseErrors(t *testing.T) {
	const before = "module m {\n  axis row 4\n  axis col 2\n  axis tap 2\n  table t 8 (1 2)\n  input x: 8 [row]\n  input y: 8\n  input c: 1\n  inst u = leaf (a = y)\n"
	const leaf = "module leaf {\n  input a: 8\n  output q = a\n}\n"
	tests := []struct{ line, want string }{
		{"z = frob(x): 8", `14:7: no such operator: "frob"`},
		{"z = input(): 8", `14:7: no such operator: "input"`},
		{"z = add(x): 8", `14:12: unexpected ")" (expected ",")`},
		{"z = add(x, y, c): 8", `14:17: unexpected "c" (expected 2 operands)`},
		{"z = not(x, y): 8", `14:14: unexpected "y" (expected 1 operands)`},
		{"z = add(x, q): 8 [row]", `14:14: no such node: "q"`},
		{"z = add(x, c): 8 [row]", `14:1: z = add(x: 8[row], c: 1): 8[row]: operand widths differ: 8 and 1`},
		{"z = add(x, y): 8", `14:1: z = add(x: 8[row], y: 8): 8: type differs from that of the operands (expected : 8 [row])`},
		{"z = add(x, y): 9 [row]", `14:1: z = add(x: 8[row], y: 8): 9[row]: type differs from that of the operands (expected : 8 [row])`},
		{"z = add(x, y): 65", `14:18: unexpected "65" (expected a width, 1 to 64)`},
		{"z = add(x, y): 0", `14:18: unexpected "0" (expected a width, 1 to 64)`},
		{"z = add(x, y) 8", `14:17: unexpected "8" (expected ":")`},
		{"z = add(x, y): 8 [rox]", `14:21: no such axis: "rox" (expected one of [row col tap])`},
		{"z = add(x, y): 8 [row row]", `14:25: axis stands twice: "row"`},
		{"z = add(x, y): 8 [row", `14:24: unexpected the end of the line (expected an axis)`},
		{"z = add(x, y): 8 [row] junk", `14:26: unexpected "junk" (expected the end of the line)`},
		{"x = add(x, y): 8 [row]", `14:3: node is declared twice: "x"`},
		{"_z = add(x, y): 8 [row]", `14:3: not a node's name: "_z" (expected an identifier, or _ and a number)`},
		{"_ = add(x, y): 8 [row]", `14:3: not a node's name: "_" (expected an identifier, or _ and a number)`},
		{"7 = add(x, y): 8 [row]", `14:3: unexpected "7" (expected a node)`},
		{"z = const(256): 8", `14:1: z = const(): 8: constant 256 does not fit in 8 bits`},
		{"z = const(0x1ffffffffffffffff): 64", `14:13: unexpected "0x1ffffffffffffffff" (expected a word, 0 to 0xffffffffffffffff)`},
		{"z = const(-1): 8", `14:13: unexpected "-1" (expected a word, 0 to 0xffffffffffffffff)`},
		{"z = coord(row): 1 [row]", `14:1: z = coord(): 1[row]: axis row of size 4 does not fit in 1 bits`},
		{"z = coord(): 8", `14:13: unexpected ")" (expected an axis)`},
		{"z = slice(y, lo 5): 4", `14:1: z = slice(y: 8): 4: bits 5..8 of a word of 8`},
		{"z = slice(y, 5): 4", `14:16: unexpected "5" (expected "lo")`},
		{"z = slice(y): 4", `14:14: unexpected ")" (expected ",")`},
		{"z = rom(y, s): 8", `14:14: no such table: "s"`},
		{"z = rom(y, t): 9", `14:1: z = rom(y: 8): 9: type differs from that of the operands (expected : 8 [])`},
		{"z = cat(): 8", `14:11: unexpected ")" (expected a node)`},
		{"z = cat(x,): 8", `14:13: unexpected ")" (expected a node)`},
		{"z = zext(y): 7", `14:1: z = zext(y: 8): 7: extends 8 bits to 7`},
		{"z = mulu(c, c): 3", `14:1: z = mulu(c: 1, c: 1): 3: width 3 exceeds 1 + 1`},
		{"z = booth4(y, y): 9", `14:1: z = booth4(y: 8, y: 8): 9: digit has 8 bits (expected 3)`},
		{"z = mux(y, y, y): 8", `14:1: z = mux(y: 8, y: 8, y: 8): 8: select has 8 bits (expected 1)`},
		{"z = shift(x, y, row +2): 8 [row]", `14:23: unexpected "+2" (expected a direction, -1 to 1)`},
		{"z = shift(x, y, row 0): 8 [row]", `14:1: z = shift(x: 8[row], y: 8): 8[row]: direction 0 (expected +1 or -1)`},
		{"z = shift(x, x, row +1): 8 [row]", `14:1: z = shift(x: 8[row], x: 8[row]): 8[row]: operand 1 has axis row`},
		{"z = rotate(y, row +1): 8", `14:1: z = rotate(y: 8): 8: operand 0 lacks axis row`},
		{"z = index(x, row 4): 8", `14:1: z = index(x: 8[row]): 8: index 4 is outside axis row of size 4`},
		{"z = index(x, row -1): 8", `14:20: unexpected "-1" (expected a coordinate, 0 to 4194303)`},
		{"z = select(x, x, row): 8", `14:1: z = select(x: 8[row], x: 8[row]): 8: operand 1 has axis row`},
		{"z = reduce(x, row sub): 8", `14:1: z = reduce(x: 8[row]): 8: cannot reduce by sub`},
		{"z = reduce(x, row frob): 8", `14:1: z = reduce(x: 8[row]): 8: cannot reduce by invalid`},
		{"z = pack(x, row): 4", `14:1: z = pack(x: 8[row]): 4: packs words of 8 bits (expected 1)`},
		{"z = stride(x, y, row to row start 0 step 1): 8 [row]", `14:1: z = stride(x: 8[row], y: 8): 8[row]: operand 0 has axis row`},
		{"z = stride(x, y, row to col start 0 step 0): 8 [col]", `14:44: unexpected "0" (expected a step, 1 to 4194304)`},
		{"z = stride(x, y, row to col start 9223372036854775807 step 1): 8 [col]", `14:37: unexpected "9223372036854775807" (expected a start, 0 to 4194304)`},
		{"z = split(x, y, row to col col): 8 [col]", `14:1: z = split(x: 8[row], y: 8): 8[col]: splits into axis col twice`},
		{"z = bcast(x): 8 [col]", `14:1: z = bcast(x: 8[row]): 8[col]: operand has axes that the result lacks: [row]`},
		{"z = delay(x, base -1): 8 [row]", `14:21: unexpected "-1" (expected a number of edges, 0 to 65536)`},
		{"z = delay(x, base 2, row -1): 8 [row]", `14:1: z = delay(x: 8[row]): 8[row]: delays of -1..2 edges (expected 0..65536)`},
		{"z = delay(y, base 2, row 1): 8", `14:1: z = delay(y: 8): 8: operand 0 lacks axis row`},
		{"z = delay(x, base 2, row 1, row 1): 8 [row]", `14:31: axis stands twice: "row"`},
		{"z = reg(reset 256, next y): 8", `5:1: module m: register z: reset value 256 does not fit in 8 bits`},
		{"z = reg(reset 0, next x): 8", `5:1: module m: next of register z: driven by x = input(): 8[row], which has more axes than []`},
		{"z = reg(reset 0, next c): 8", `5:1: module m: next of register z: driven by c = input(): 1 (expected 8 bits)`},
		{"z = reg(next y): 8", `14:11: unexpected "next" (expected "reset")`},
		{"z = memq(depth 0, wen c, waddr y, wdata y, raddr y): 8", `14:18: unexpected "0" (expected a depth, 1 to 67108864)`},
		{"z = memq(depth 4, wen y, waddr y, wdata y, raddr y): 8", `5:1: module m: write enable of memory z: driven by y = input(): 8 (expected 1 bits)`},
		{"z = memq(depth 67108864, wen c, waddr y, wdata x, raddr y): 8 [row]", `5:1: module m: memory z: depth 67108864 (expected 1..16777216)`},
		{"z = memq(depth 4, wen c, wdata y): 8", `14:28: unexpected "wdata" (expected "waddr")`},
		{"z = instout(v.q): 8", `14:15: no such instance before this line: "v"`},
		{"z = instout(u.r): 8", `14:17: module leaf has no such output: "r"`},
		{"z = instout(u.q): 9", `5:1: module m: instance u, output q: node is z = instout(): 9`},
		{"inst v = leaf ()", `14:19: input of module leaf is not connected: "a"`},
		{"inst v = leaf (b = y)", `14:18: module leaf has no such input: "b"`},
		{"inst v = leaf (a = y, a = y)", `14:25: input is connected twice: "a"`},
		{"inst v = leaf (a = c)", `5:1: module m: instance v, input a: driven by c = input(): 1 (expected 8 bits)`},
		{"inst u = leaf (a = y)", `14:8: instance is declared twice: "u"`},
		{"inst v = m (a = y)", `14:12: no such module before this one: "m"`},
		{"inst v = nothing (a = y)", `14:12: no such module before this one: "nothing"`},
		{"axis row 2", `14:8: axis is declared twice: "row"`},
		{"axis wide 0", `14:13: unexpected "0" (expected an axis size, 1 to 4194304)`},
		{"axis _w 2", `14:8: an axis name is not an identifier: "_w" (expected a letter, then letters, digits and _)`},
		{"table t 8 (1)", `14:9: table is declared twice: "t"`},
		{"table s 8 (1 2", `14:17: unexpected the end of the line (expected a table entry, 0 to 0xffffffffffffffff)`},
		{"table s 8 (256)", `5:1: module m: table s, entry 0: 256 does not fit in 8 bits`},
		{"table s 8 ()", `5:1: module m: table s has 0 entries (expected 1..65536)`},
		{"input x: 8", `14:9: node is declared twice`},
		{"input _5: 8", `14:9: a port name is not an identifier: "_5" (expected a letter, then letters, digits and _)`},
		{"output q = nothing", `14:14: no such node: "nothing"`},
		{"output x = y", `5:1: module m: port x is declared twice`},
		{"assert ok = y", `5:1: module m: assertion ok: driven by y = input(): 8 (expected 1 bits)`},
		{`doc "open`, `14:7: unexpected "\"open" (expected a string in double quotes)`},
		{"frob x", `14:3: unexpected "frob" (expected doc, axis, table, input, inst, output, assert, a node or "}")`},
		{"z @ y", `14:3: unexpected "z" (expected doc, axis, table, input, inst, output, assert, a node or "}")`},
		{"= y", `14:3: unexpected "="`},
		{"w = wire(w): 8", `5:1: module m: combinational cycle (each depends on the next): w -> w`},
	}
	for _, tt := range tests {
		t.Run(tt.line, func(t *testing.T) {
			src := leaf + before + "  " + tt.line + "\n"
			if !strings.Contains(tt.line, "instout") {
				src += "  u_q = instout(u.q): 8\n"
			}
			m, err := hw.ParseText("f.ir", []byte(src+"}\n"))
			if err == nil {
				t.Fatalf("ParseText returned %v, want an error", m.Name)
			}
			if got := err.Error(); !strings.HasPrefix(got, "f.ir:"+tt.want) {
				t.Errorf("error is\n\t%s, want\n\tf.ir:%s", got, tt.want)
			}
		})
	}
}

// TestParseFrame covers what stands around modules.
func TestParseFrame(t *testing.T) {
	tests := []struct{ name, src, want string }{
		{"empty", "", "f.ir:1:1: text has no module (expected at least 1)"},
		{"comment", "# nothing\n", "f.ir:2:1: text has no module (expected at least 1)"},
		{"no end", "module m {\n", "f.ir:1:1: module m does not end (expected a line with \"}\")"},
		{"no brace", "module m\n", "f.ir:1:9: unexpected the end of the line (expected \"{\")"},
		{"outside", "input x: 8\n", "f.ir:1:1: unexpected \"input\" (expected \"module\")"},
		{"twice", "module m {\n}\nmodule m {\n}\n", "f.ir:3:8: module is declared twice: \"m\""},
		{"bad name", "module 5 {\n}\n", "f.ir:1:8: unexpected \"5\" (expected a module name)"},
		{"binary", "\x00\xff", "f.ir:1:1: unexpected \"\\x00\" (expected \"module\")"},
		{"itself", "module m {\n  inst u = m ()\n}\n", "f.ir:2:12: no such module before this one: \"m\""},
		{"large", strings.Repeat(" ", 5<<20), "f.ir:1:1: text has 5242880 bytes (expected at most 1048576)"},
		{"lanes", "module m {\n  axis a 4194304\n  axis b 2\n  input x: 8 [a b]\n}\n", "f.ir:1:1: module m: x = input(): 8[a b]: more than 4194304 lanes"},
		{"history", "module m {\n  axis a 65536\n  input x: 8 [a]\n  y = delay(x, base 1025): 8 [a]\n}\n", "f.ir:1:1: module m: y = delay(x: 8[a]): 8[a]: holds 1025 words in each of 65536 lanes (expected at most 67108864 in all)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := hw.ParseText("f.ir", []byte(tt.src))
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("ParseText error is %v, want %s", err, tt.want)
			}
		})
	}
}

// TestParseManyErrors shows that all errors are reported, up to a bound.
func TestParseManyErrors(t *testing.T) {
	src := "module m {\n" + strings.Repeat("  z\n", 60) + "}\n"
	_, err := hw.ParseText("f.ir", []byte(src))
	lines := strings.Split(fmt.Sprint(err), "\n")
	if got := len(lines); got != 51 {
		t.Fatalf("%d lines of errors, want 51", got)
	}
	if got, want := lines[50], "f.ir: 10 more errors"; got != want {
		t.Errorf("last line is %q, want %q", got, want)
	}
	_, err = hw.ParseText("f.ir", []byte("module a {\n  x = add(p, q): 8\n  y = frob(): 8\n}\nmodule b {\n  inst u = a ()\n  z = instout(u.x): 8\n  w = not(r): 8\n}\n"))
	want := "f.ir:3:7: no such operator: \"frob\"\nf.ir:2:11: no such node: \"p\"\nf.ir:2:14: no such node: \"q\"\nf.ir:8:11: no such node: \"r\""
	if fmt.Sprint(err) != want {
		t.Errorf("errors are\n%v, want\n%s", err, want)
	}
}

// FuzzParseText looks for a panic in the parser and for programs that do not
// survive printing.
func FuzzParseText(f *testing.F) {
	for _, c := range hwtest.Cases() {
		if text := c.Top.String(); len(text) < 1500 {
			f.Add(text)
		}
	}
	f.Add("module m {\n  axis a 4194304\n  x = coord(a): 22 [a]\n  y = delay(x, base 1): 22 [a]\n}\n")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := hw.ParseText("fuzz", []byte(text))
		if err != nil {
			if len(err.Error()) == 0 {
				t.Error("an error without a message")
			}
			return
		}
		printed := m.String()
		again, err := hw.ParseText("printed", []byte(printed))
		if err != nil {
			t.Fatalf("%v\n%s", err, printed)
		}
		if got := again.String(); got != printed {
			t.Fatalf("printed again:\n%s\nwant:\n%s", got, printed)
		}
		flat, err := hw.Flatten(m)
		if err != nil || work(flat) > 1<<16 {
			return
		}
		machine, err := eval.New(flat)
		if err != nil {
			t.Fatalf("%v\n%s", err, printed)
		}
		machine.Settle()
		machine.Step(false)
		machine.Settle()
		machine.Step(true)
	})
}

// work is the number of words that a program holds.
func work(m *hw.Module) int {
	n := 0
	for i := range m.Nodes {
		lanes := m.Lanes(m.Nodes[i].Shape)
		n += lanes * (1 + len(m.Nodes[i].Args))
		switch m.Nodes[i].Op {
		case hw.OpDelay:
			for _, d := range m.Delays(hw.ID(i))[:min(lanes, 1<<16)] {
				n += d * min(lanes, 1<<16)
			}
		case hw.OpMemQ:
			n += lanes * m.Mems[m.Nodes[i].Imm].Depth
		case hw.OpReduce:
			n += lanes * m.Axes[m.Nodes[i].Axis].Size
		}
	}
	return n
}
