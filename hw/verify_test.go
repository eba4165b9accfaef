package hw_test

import (
	"fmt"
	"strings"
	"testing"

	"tpe/hw"
)

// in8 is an input port of 8 bits.
func in8(name string, i int, s hw.Shape) hw.Node {
	return hw.Node{Op: hw.OpInput, Width: 8, Name: name, Imm: uint64(i), Shape: s}
}

// TestVerify gives the verifier one broken graph each.
func TestVerify(t *testing.T) {
	axes := []hw.Axis{{Name: "row", Size: 4}, {Name: "col", Size: 3}}
	x := []hw.Port{{Name: "x", Node: 0}}
	leaf := &hw.Module{Name: "leaf", Axes: axes[:1], Nodes: []hw.Node{in8("a", 0, 1)}, Inputs: []hw.Port{{Name: "a"}}, Outputs: []hw.Port{{Name: "q"}}}
	many := make([]hw.Axis, 33)
	for i := range many {
		many[i] = hw.Axis{Name: fmt.Sprintf("a%d", i), Size: 2}
	}
	tests := []struct {
		name string
		m    hw.Module
		want string
	}{
		{"module name", hw.Module{Name: "9m"}, `module 9m: name is not an identifier: "9m"`},
		{"axis name", hw.Module{Name: "m", Axes: []hw.Axis{{Name: "a b", Size: 1}}}, `module m: axis name is not an identifier: "a b"`},
		{"axis twice", hw.Module{Name: "m", Axes: []hw.Axis{{Name: "a", Size: 1}, {Name: "a", Size: 1}}}, "module m: axis a is declared twice"},
		{"axis size", hw.Module{Name: "m", Axes: []hw.Axis{{Name: "a", Size: 0}}}, "module m: axis a has size 0 (expected 1..4194304)"},
		{"axis large", hw.Module{Name: "m", Axes: []hw.Axis{{Name: "a", Size: 1 << 23}}}, "module m: axis a has size 8388608 (expected 1..4194304)"},
		{"axes", hw.Module{Name: "m", Axes: many}, "module m: 33 axes (expected at most 32)"},
		{"operator", hw.Module{Name: "m", Nodes: []hw.Node{{Op: 99, Width: 8}}}, "module m: op(99)(): 8: no such operator"},
		{"operator zero", hw.Module{Name: "m", Nodes: []hw.Node{{Width: 8}}}, "module m: invalid(): 8: no such operator"},
		{"arity", hw.Module{Name: "m", Nodes: []hw.Node{in8("x", 0, 0), {Op: hw.OpAdd, Width: 8, Args: []hw.ID{0}}}, Inputs: x}, "module m: add(x: 8): 8: has 1 operands (expected 2)"},
		{"no operands", hw.Module{Name: "m", Nodes: []hw.Node{{Op: hw.OpCat, Width: 8}}}, "module m: cat(): 8: has no operands (expected at least 1)"},
		{"operand", hw.Module{Name: "m", Nodes: []hw.Node{in8("x", 0, 0), {Op: hw.OpAdd, Width: 8, Args: []hw.ID{0, 7}, Name: "y"}}, Inputs: x}, "module m: y = add(x: 8, nothing): 8: operand 1 does not exist: 7"},
		{"operand none", hw.Module{Name: "m", Nodes: []hw.Node{{Op: hw.OpNot, Width: 8, Args: []hw.ID{hw.None}}}}, "module m: not(nothing): 8: operand 0 does not exist: -1"},
		{"widths", hw.Module{Name: "m", Nodes: []hw.Node{in8("x", 0, 0), {Op: hw.OpConst, Width: 9}, {Op: hw.OpAdd, Width: 8, Args: []hw.ID{0, 1}}}, Inputs: x}, "module m: add(x: 8, _1: 9): 8: operand widths differ: 8 and 9"},
		{"width", hw.Module{Name: "m", Nodes: []hw.Node{{Op: hw.OpConst, Width: 65}}}, "module m: const(): 65: width 65 is outside 1..64"},
		{"cat width", hw.Module{Name: "m", Nodes: []hw.Node{{Op: hw.OpConst, Width: 64}, {Op: hw.OpCat, Width: 1, Args: []hw.ID{0, 0}}}}, "module m: cat(_0: 64, _0: 64): 1: width 128 is outside 1..64"},
		{"result width", hw.Module{Name: "m", Nodes: []hw.Node{in8("x", 0, 0), {Op: hw.OpNot, Width: 7, Args: []hw.ID{0}}}, Inputs: x}, "module m: not(x: 8): 7: operands give width 8 shape []"},
		{"result shape", hw.Module{Name: "m", Axes: axes, Nodes: []hw.Node{in8("x", 0, 1), {Op: hw.OpNot, Width: 8, Args: []hw.ID{0}}}, Inputs: x}, "module m: not(x: 8[row]): 8: operands give width 8 shape [row]"},
		{"no axes", hw.Module{Name: "m", Nodes: []hw.Node{in8("x", 0, 4)}, Inputs: x}, "module m: x = input(): 8[?2]: shape has axes that do not exist"},
		{"axis number", hw.Module{Name: "m", Nodes: []hw.Node{{Op: hw.OpCoord, Width: 8, Axis: 3}}}, "module m: coord(): 8: no axis 3"},
		{"axis negative", hw.Module{Name: "m", Axes: axes, Nodes: []hw.Node{in8("x", 0, 1), {Op: hw.OpRotate, Width: 8, Axis: -1, K: 1, Args: []hw.ID{0}}}, Inputs: x}, "module m: rotate(x: 8[row]): 8: no axis -1"},
		{"name", hw.Module{Name: "m", Nodes: []hw.Node{{Op: hw.OpConst, Width: 8, Name: "_1"}}}, "module m: _1 = const(): 8: name is not an identifier"},
		{"name twice", hw.Module{Name: "m", Nodes: []hw.Node{{Op: hw.OpConst, Width: 8, Name: "a"}, {Op: hw.OpConst, Width: 9, Name: "a"}}}, "module m: a = const(): 9: name is used twice"},
		{"no table", hw.Module{Name: "m", Nodes: []hw.Node{in8("x", 0, 0), {Op: hw.OpRom, Width: 8, Args: []hw.ID{0}}}, Inputs: x}, "module m: rom(x: 8): 8: no table 0"},
		{"table width", hw.Module{Name: "m", Roms: []hw.Rom{{Name: "t", Data: []uint64{0}}}}, "module m: table t has words of 0 bits (expected 1..64)"},
		{"table name", hw.Module{Name: "m", Roms: []hw.Rom{{Name: "", Width: 1, Data: []uint64{0}}}}, `module m: table name is not a fresh identifier: ""`},
		{"split", hw.Module{Name: "m", Axes: []hw.Axis{{Name: "a", Size: 9}, {Name: "b", Size: 2}, {Name: "c", Size: 4}}, Nodes: []hw.Node{in8("x", 0, 1), {Op: hw.OpConst, Width: 8}, {Op: hw.OpSplit, Width: 8, Shape: 6, To: [2]int{1, 2}, Args: []hw.ID{0, 1}}}, Inputs: x}, "module m: split(x: 8[a], _1: 8): 8[b c]: splits 9 lanes into 2 x 4"},
		{"stride", hw.Module{Name: "m", Axes: axes, Nodes: []hw.Node{in8("x", 0, 1), {Op: hw.OpConst, Width: 8}, {Op: hw.OpStride, Width: 8, Shape: 2, To: [2]int{1}, K: 1 << 62, Step: 1, Args: []hw.ID{0, 1}}}, Inputs: x}, "module m: stride(x: 8[row], _1: 8): 8[col]: start 4611686018427387904 step 1 (expected start 0..4194304 and step 1..4194304)"},
		{"pack", hw.Module{Name: "m", Axes: []hw.Axis{{Name: "a", Size: 65}}, Nodes: []hw.Node{{Op: hw.OpInput, Width: 1, Shape: 1, Name: "x"}, {Op: hw.OpPack, Width: 64, Args: []hw.ID{0}}}, Inputs: x}, "module m: pack(x: 1[a]): 64: width 65 is outside 1..64"},
		{"delay coefficient", hw.Module{Name: "m", Axes: axes, Nodes: []hw.Node{in8("x", 0, 1), {Op: hw.OpDelay, Width: 8, Shape: 1, Coef: []int{0, 0, 1}, Args: []hw.ID{0}}}, Inputs: x}, "module m: delay(x: 8[row]): 8[row]: no axis 2"},
		{"delay base", hw.Module{Name: "m", Axes: axes, Nodes: []hw.Node{in8("x", 0, 1), {Op: hw.OpDelay, Width: 8, Shape: 1, K: 1<<63 - 1, Coef: []int{1}, Args: []hw.ID{0}}}, Inputs: x}, "module m: delay(x: 8[row]): 8[row]: base 9223372036854775807 is outside -274877906944..274877906944"},
		{"register node", hw.Module{Name: "m", Regs: []hw.Reg{{Node: 3}}}, "module m: register 0 has no node of its own"},
		{"register next", hw.Module{Name: "m", Nodes: []hw.Node{{Op: hw.OpReg, Width: 8, Name: "r"}}, Regs: []hw.Reg{{Next: hw.None}}}, "module m: next of register r is not connected"},
		{"memory node", hw.Module{Name: "m", Mems: []hw.Mem{{Node: -4}}}, "module m: memory 0 has no node of its own"},
		{"memory ports", hw.Module{Name: "m", Nodes: []hw.Node{in8("x", 0, 0), {Op: hw.OpMemQ, Width: 8}}, Inputs: x, Mems: []hw.Mem{{Name: "q", Node: 1, Depth: 1, WEn: -1, WAddr: 0, WData: 0, RAddr: 0}}}, "module m: write enable of memory q is not connected"},
		{"orphan input", hw.Module{Name: "m", Nodes: []hw.Node{in8("x", 0, 0)}}, "module m: x = input(): 8: no port, register, memory or instance of the module has this node"},
		{"orphan register", hw.Module{Name: "m", Nodes: []hw.Node{{Op: hw.OpReg, Width: 8, Imm: 5}}}, "module m: reg(): 8: no port, register, memory or instance of the module has this node"},
		{"orphan memory", hw.Module{Name: "m", Nodes: []hw.Node{{Op: hw.OpMemQ, Width: 8}}}, "module m: memq(): 8: no port, register, memory or instance of the module has this node"},
		{"orphan output", hw.Module{Name: "m", Nodes: []hw.Node{{Op: hw.OpInstOut, Width: 8}}}, "module m: instout(): 8: no port, register, memory or instance of the module has this node"},
		{"orphan in state", hw.Module{Name: "m", Nodes: []hw.Node{{Op: hw.OpReg, Width: 8, Shape: 1 << 31}}, Regs: []hw.Reg{{}}}, "module m: reg(): 8[?31]: shape has axes that do not exist"},
		{"memory shape", hw.Module{Name: "m", Nodes: []hw.Node{{Op: hw.OpMemQ, Width: 8, Shape: 4}}, Mems: []hw.Mem{{}}}, "module m: memq(): 8[?2]: shape has axes that do not exist"},
		{"port", hw.Module{Name: "m", Outputs: []hw.Port{{Name: "y", Node: 4}}}, "module m: port y is not connected"},
		{"port name", hw.Module{Name: "m", Nodes: []hw.Node{in8("x", 0, 0)}, Inputs: x, Outputs: []hw.Port{{Name: "x", Node: 0}}}, "module m: port x is declared twice"},
		{"port node", hw.Module{Name: "m", Nodes: []hw.Node{{Op: hw.OpConst, Width: 8}}, Inputs: x}, "module m: input x has no node of its own"},
		{"assert", hw.Module{Name: "m", Nodes: []hw.Node{in8("x", 0, 0)}, Inputs: x, Asserts: []hw.Assert{{Name: "a"}}}, "module m: assertion a: driven by x = input(): 8 (expected 1 bits)"},
		{"assert name", hw.Module{Name: "m", Nodes: []hw.Node{{Op: hw.OpConst, Width: 1}}, Asserts: []hw.Assert{{Name: "a b"}}}, `module m: assertion name is not an identifier: "a b"`},
		{"instance module", hw.Module{Name: "m", Insts: []hw.Inst{{Name: "u"}}}, "module m: instance u has no module"},
		{"instance over", hw.Module{Name: "m", Axes: axes, Insts: []hw.Inst{{Name: "u", Mod: leaf, Over: 1}}}, "module m: instance u: placed over axis row, which leaf has itself"},
		{"instance axes", hw.Module{Name: "m", Insts: []hw.Inst{{Name: "u", Mod: leaf, Over: 1}}}, "module m: instance u: placed over axes that do not exist"},
		{"instance size", hw.Module{Name: "m", Axes: []hw.Axis{{Name: "row", Size: 5}}, Insts: []hw.Inst{{Name: "u", Mod: leaf}}}, "module m: instance u: axis row has size 4 in leaf and 5 here"},
		{"instance ports", hw.Module{Name: "m", Insts: []hw.Inst{{Name: "u", Mod: leaf}}}, "module m: instance u of leaf has 0 inputs and 0 outputs (expected 1 and 1)"},
		{"instance axis", hw.Module{Name: "m", Nodes: []hw.Node{in8("x", 0, 0)}, Inputs: x, Insts: []hw.Inst{{Name: "u", Mod: leaf, In: []hw.ID{0}, Out: []hw.ID{5}}}}, "module m: instance u, input a: module m has no axis row, which the port of leaf has"},
		{"instance output", hw.Module{Name: "m", Axes: axes, Nodes: []hw.Node{in8("x", 0, 0)}, Inputs: x, Insts: []hw.Inst{{Name: "u", Mod: leaf, In: []hw.ID{0}, Out: []hw.ID{5}}}}, "module m: instance u, output q has no node"},
		{"instance output node", hw.Module{Name: "m", Axes: axes, Nodes: []hw.Node{in8("x", 0, 0)}, Inputs: x, Insts: []hw.Inst{{Name: "u", Mod: leaf, In: []hw.ID{0}, Out: []hw.ID{0}}}}, "module m: instance u, output q: node is x = input(): 8"},
		{"instance name", hw.Module{Name: "m", Insts: []hw.Inst{{Name: "1u", Mod: leaf}}}, `module m: instance name is not a fresh identifier: "1u"`},
		{"instance width", hw.Module{Name: "m", Axes: axes, Nodes: []hw.Node{{Op: hw.OpConst, Width: 9}}, Insts: []hw.Inst{{Name: "u", Mod: leaf, In: []hw.ID{0}, Out: []hw.ID{0}}}}, "module m: instance u, input a: driven by const(): 9 (expected 8 bits)"},
		{"instance shape", hw.Module{Name: "m", Axes: axes, Nodes: []hw.Node{in8("x", 0, 2)}, Inputs: x, Insts: []hw.Inst{{Name: "u", Mod: leaf, In: []hw.ID{0}, Out: []hw.ID{0}}}}, "module m: instance u, input a: driven by x = input(): 8[col], which has more axes than [row]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := hw.Verify(&tt.m)
			if got := fmt.Sprint(err); !strings.Contains("\n"+got+"\n", "\n"+tt.want+"\n") {
				t.Errorf("Verify returned\n%s, want\n%s", got, tt.want)
			}
		})
	}
}

// TestVerifyAll shows that all violations of a module are reported at once.
func TestVerifyAll(t *testing.T) {
	m := &hw.Module{
		Name:    "m",
		Nodes:   []hw.Node{in8("x", 0, 0), {Op: hw.OpNot, Width: 7, Args: []hw.ID{0}}, {Op: hw.OpReg, Width: 8, Name: "r"}},
		Inputs:  []hw.Port{{Name: "x", Node: 0}},
		Outputs: []hw.Port{{Name: "y", Node: 9}, {Name: "x", Node: 0}},
		Regs:    []hw.Reg{{Node: 2, Next: 9, Reset: 256}},
		Asserts: []hw.Assert{{Name: "a", Cond: 0}},
	}
	if got, want := strings.Count(hw.Verify(m).Error(), "\n")+1, 6; got != want {
		t.Errorf("%d errors, want %d:\n%v", got, want, hw.Verify(m))
	}
}

// TestBuilderErrors shows that a builder goes on after a mistake and reports all.
func TestBuilderErrors(t *testing.T) {
	b := hw.New("m", "")
	row := b.Axis("row", 2)
	x, y := b.In("x", 8), b.In("y", 9)
	sum := b.Add(x, y)
	b.Out("sum", b.Not(sum))
	b.Next(x, y)
	r := b.Reg("r", 8, 0)
	b.Next(r, x)
	b.Next(r, x)
	w := b.Wire("w", 8)
	b.Drive(w, x)
	b.Drive(w, x)
	b.Skew(x, 0, 7, 1)
	b.Skew(x, 0, row, 1)
	b.Shape(-1)
	b.SetMem(x, hw.MemPorts{})
	b.Compress()
	b.Inst("u", nil, nil)
	leaf := hw.New("leaf", "")
	leaf.Out("q", leaf.In("a", 8))
	mod := build(t, leaf)
	b.Inst("v", mod, hw.Ports{"b": x})
	_, err := b.Build()
	want := []string{
		"module m: add(x: 8, y: 9): 0: operand widths differ: 8 and 9",
		"module m: output sum has no driver",
		"module m: next of x = input(): 8, which is not a register",
		"module m: register r has two next values",
		"module m: drive of w = wire(x: 8): 8, which is not an undriven wire",
		"module m: delay: no axis 7 (expected 0..0)",
		"module m: delay(x: 8): 0: operand 0 lacks axis row",
		"module m: no axis -1 (expected 0..0)",
		"module m: ports of x = input(): 8, which is not a memory",
		"module m: compress of no words",
		"module m: instance u has no module",
		"module m: instance v of leaf: input a is not connected",
		"module m: instance v of leaf: connects a port that does not exist",
	}
	if got := fmt.Sprint(err); got != strings.Join(want, "\n") {
		t.Errorf("Build returned\n%s, want\n%s", got, strings.Join(want, "\n"))
	}
}

// TestCycle shows that a combinational cycle is named by its path, also through an
// instance and along an array.
func TestCycle(t *testing.T) {
	through := hw.New("through", "")
	through.Out("q", through.Not(through.In("a", 8)))
	through.Out("k", through.Pipe("r", through.In("b", 8)))
	mod := build(t, through)
	tests := []struct {
		name string
		make func(b *hw.Builder)
		want string
	}{
		{"plain", func(b *hw.Builder) {
			w := b.Wire("w", 8)
			b.Drive(w, b.Named("sum", b.Add(w, b.In("x", 8))))
		}, "w -> sum -> w"},
		{"instance", func(b *hw.Builder) {
			w := b.Wire("w", 8)
			b.Drive(w, b.Inst("u", mod, hw.Ports{"a": w, "b": w})["q"])
		}, "w -> u_q -> w"},
		{"array", func(b *hw.Builder) {
			row := b.Axis("row", 3)
			w := b.Wire("w", 8, row)
			b.Drive(w, b.Not(b.Shift(row, 1, w, b.In("x", 8))))
		}, "w -> _3 -> _2 -> w"},
		{"delay", func(b *hw.Builder) {
			row := b.Axis("row", 3)
			w := b.Wire("w", 8, row)
			b.Drive(w, b.Named("late", b.Skew(w, 0, row, 1)))
		}, "w -> late -> w"},
		{"register", func(b *hw.Builder) {
			w := b.Wire("w", 8)
			b.Drive(w, b.Inst("u", mod, hw.Ports{"a": w, "b": w})["k"])
		}, ""},
		{"long delay", func(b *hw.Builder) {
			row := b.Axis("row", 3)
			w := b.Wire("w", 8, row)
			b.Drive(w, b.Skew(w, 3, row, -1))
		}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := hw.New("m", "")
			tt.make(b)
			_, err := b.Build()
			want := "<nil>"
			if tt.want != "" {
				want = "module m: combinational cycle (each depends on the next): " + tt.want
			}
			if got := fmt.Sprint(err); got != want {
				t.Errorf("Build returned %s, want %s", got, want)
			}
		})
	}
}
