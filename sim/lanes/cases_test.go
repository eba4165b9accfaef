package lanes

import (
	"testing"

	"tpe/arch"
	"tpe/hw"
	"tpe/hw/hwtest"
)

// TestCases are small modules for what a commit of registers, a delay, a memory
// or a broadcast can get wrong.
func TestCases(t *testing.T) {
	for name, build := range map[string]func(b *hw.Builder, row, col int, x, v hw.ID){
		"two registers with one next value": func(b *hw.Builder, row, col int, x, v hw.ID) {
			d := b.Add(v, v)
			b.Out("p_o", b.Pipe("p", d))
			b.Out("q_o", b.Pipe("q", d))
			b.Out("d_o", d)
		},
		"register chain": func(b *hw.Builder, row, col int, x, v hw.ID) {
			p := b.Pipe("p", b.Not(v))
			q := b.Pipe("q", p)
			b.Out("p_o", p)
			b.Out("q_o", b.Pipe("r", q))
		},
		"registers that exchange": func(b *hw.Builder, row, col int, x, v hw.ID) {
			p, q := b.Reg("p", 9, 3, row, col), b.Reg("q", 9, 500, row, col)
			b.Next(p, q)
			b.Next(q, p)
			b.Out("p_o", b.Add(p, v))
			b.Out("q_o", q)
		},
		"register that keeps, register of an input and of a constant": func(b *hw.Builder, row, col int, x, v hw.ID) {
			p, q := b.Reg("p", 9, 3, row, col), b.Reg("q", 9, 1, col)
			b.Next(p, p)
			b.Next(q, b.Const(9, 77))
			b.Out("p_o", p)
			b.Out("q_o", q)
			b.Out("r_o", b.Pipe("r", v))
		},
		"register wider than its next value": func(b *hw.Builder, row, col int, x, v hw.ID) {
			p, q, r := b.Reg("p", 9, 3, row, col), b.Reg("q", 9, 4, row, col), b.Reg("r", 9, 5, row, col)
			line := b.Index(row, 1, v)
			b.Next(p, line)
			b.Next(q, b.Index(col, 2, line))
			b.Next(r, line)
			b.Out("p_o", p)
			b.Out("q_o", q)
			b.Out("r_o", r)
		},
		"delays of an operand that comes later": func(b *hw.Builder, row, col int, x, v hw.ID) {
			w := b.Wire("w", 9, row, col)
			b.Out("one_o", b.Delay(w, 1))
			b.Out("two_o", b.Delay(w, 2))
			b.Out("five_o", b.Delay(w, 5))
			b.Out("skew_o", b.SkewN(w, 1, map[int]int{row: 2, col: 1}))
			b.Drive(w, b.Xor(v, b.Delay(w, 1)))
		},
		"delay that some lanes do not have": func(b *hw.Builder, row, col int, x, v hw.ID) {
			b.Out("skew_o", b.Not(b.Skew(b.Not(v), 0, col, 1)))
		},
		"shared and own addresses": func(b *hw.Builder, row, col int, x, v hw.ID) {
			for _, f := range []bool{false, true} {
				name := map[bool]string{false: "old", true: "new"}[f]
				shared := b.Mem(name, 9, 5, f, row, col)
				b.SetMem(shared, hw.MemPorts{WEn: b.Bit(x, 0), WAddr: b.Slice(x, 1, 3), WData: v, RAddr: b.Slice(x, 2, 3)})
				b.Out(name+"_shared_o", shared)
				own := b.Mem(name+"_own", 9, 5, f, row, col)
				b.SetMem(own, hw.MemPorts{WEn: b.Bit(v, 0), WAddr: b.Slice(v, 1, 3), WData: x, RAddr: b.Slice(v, 2, 3)})
				b.Out(name+"_own_o", own)
			}
		},
		"broadcasts of all kinds": func(b *hw.Builder, row, col int, x, v hw.ID) {
			r, c := b.Index(col, 1, v), b.Index(row, 1, v)
			b.Out("a_o", b.Add(r, c))
			b.Out("b_o", b.Add(b.Add(v, x), b.Add(b.Const(9, 5), r)))
			b.Out("c_o", b.Bcast(x, row, col))
			b.Out("d_o", b.Shift(row, -1, b.Bcast(x, row, col), c))
		},
		"multiply-accumulate with every sign": func(b *hw.Builder, row, col int, x, v hw.ID) {
			p, q := b.Slice(v, 0, 8), b.Slice(b.Index(col, 1, v), 1, 8)
			first := b.Bit(v, 8)
			for i, mul := range []func(int, hw.ID, hw.ID) hw.ID{b.MulU, b.MulS, b.MulSU} {
				for k, ext := range []func(int, hw.ID) hw.ID{b.Zext, b.Sext} {
					for n, w := range []int{12, 16} { // a cut and a full product
						name := string(rune('a'+i)) + string(rune('a'+k)) + string(rune('a'+n))
						acc := b.Reg(name, 31, 9, row, col)
						b.Next(acc, b.Add(b.Mux(first, b.Const(31, 0), acc), ext(31, mul(w, p, q))))
						b.Out(name+"_o", acc)
					}
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := hw.New("small", "")
			row, col := b.Axis("row", 3), b.Axis("col", 70)
			build(b, row, col, b.In("x_i", 9), b.In("v_i", 9, row, col))
			m, err := b.Build()
			if err != nil {
				t.Fatal(err)
			}
			flat, err := hw.Flatten(m)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range plans {
				if err := compare(flat, p, 11, 60); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// TestFusing shows that an int8 element's multiply-accumulate is one pass.
func TestFusing(t *testing.T) {
	e, _ := arrayJob(t, func(c *arch.Config) { c.Rows, c.Cols = 4, 4 }, 10)
	l, err := lower(e.Flat)
	if err != nil {
		t.Fatal(err)
	}
	l.fuse()
	left := map[kern]int{}
	for i := range l.ops {
		if o := &l.ops[i]; !o.dead && o.form == lane && l.values[o.dst].lanes == 16 {
			left[o.k]++
		}
	}
	if left[kMac] != 1 || left[kMux] != 1 || len(left) != 2 {
		t.Errorf("operations on the array: %v, expected one kMac (%d) and the kMux (%d) of the drain chain", left, kMac, kMux)
	}
}

// FuzzSuite runs the random programs of the conformance suite by all plans, and random skewed
// arrays in local time.
func FuzzSuite(f *testing.F) {
	for seed := range uint64(8) {
		f.Add(randomBytes(seed, 200))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, p := range plans {
			if c, ok := hwtest.Random(data); ok {
				if err := hwtest.CheckCase(func(flat *hw.Module) (hw.Machine, error) { return newMachine(flat, p) }, c); err != nil {
					t.Fatalf("plan %+v: %v", p, err)
				}
			}
			if c, ok := hwtest.Skewed(data); ok {
				if err := hwtest.CheckCase(func(flat *hw.Module) (hw.Machine, error) { return newLocal(flat, p) }, c); err != nil {
					t.Fatalf("local time, plan %+v: %v", p, err)
				}
			}
		}
	})
}
