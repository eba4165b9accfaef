package testbench_test

import (
	"math/rand/v2"
	"testing"

	"tpe/hw"
	"tpe/hw/drive"
	"tpe/hw/eval"
)

// must returns a module or ends the test.
func must(t testing.TB, b *hw.Builder) *hw.Module {
	t.Helper()
	m, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// fifo is a queue of four beats with a field of every width, over no lanes, three
// and six, kept in memories. Its assertion fails when the field of 5 bits is 7 in a
// lane at the head.
func fifo(t testing.TB) *hw.Module {
	b := hw.New("fifo", "A queue of four beats with fields of many widths.")
	row, col := b.Axis("row", 2), b.Axis("col", 3)
	const depth = 4
	valid, ready := b.In("s_valid_i", 1), b.In("y_ready_i", 1)
	count, wptr, rptr := b.Reg("count_q", 3, 0), b.Reg("wptr_q", 2, 0), b.Reg("rptr_q", 2, 0)
	sReady := b.Named("s_ready", b.Ne(count, b.Const(3, depth)))
	yValid := b.Named("y_valid", b.Ne(count, b.Const(3, 0)))
	push, pop := b.Named("push", b.And(valid, sReady)), b.Named("pop", b.And(yValid, ready))
	b.Next(count, b.Sub(b.Add(count, b.Zext(3, push)), b.Zext(3, pop)))
	b.Next(wptr, b.Add(wptr, b.Zext(2, push)))
	next := b.Named("rptr_next", b.Add(rptr, b.Zext(2, pop)))
	b.Next(rptr, next)
	b.Out("s_ready_o", sReady)
	b.Out("y_valid_o", yValid)
	for _, f := range []struct {
		name  string
		width int
		axes  []int
	}{
		{"bit", 1, []int{row, col}}, {"five", 5, []int{row, col}}, {"byte", 8, []int{col}}, {"twenty", 20, []int{col}},
		{"word", 32, []int{row}}, {"odd", 33, []int{row, col}}, {"long", 64, []int{row}}, {"flag", 1, nil}, {"one", 64, nil}, {"small", 3, nil},
	} {
		q := b.Mem("mem_"+f.name, f.width, depth, true, f.axes...)
		b.SetMem(q, hw.MemPorts{WEn: push, WAddr: wptr, WData: b.In("s_"+f.name+"_i", f.width, f.axes...), RAddr: next})
		b.Out("y_"+f.name+"_o", q)
		if f.name == "five" {
			b.Assert("head_is_not_seven", b.Not(b.And(yValid, b.Eq(q, b.Const(5, 7)))))
		}
	}
	b.Out("level_o", count)
	return must(t, b)
}

// accumulator is an array of accumulating cells: a beat of the configuration says
// how many beats make a sum (0 is 256) and whether the sum starts from -1.
func accumulator(t testing.TB) *hw.Module {
	c := hw.New("cell", "Adds products; en clears or adds.")
	x, y := c.In("x_i", 5), c.In("y_i", 8)
	en, clear, init := c.In("en_i", 1), c.In("first_i", 1), c.In("init_i", 20)
	acc := c.Reg("acc_q", 20, 5)
	sum := c.Named("sum", c.Add(c.Mux(clear, init, acc), c.Sext(20, c.MulS(13, x, y))))
	c.NextIf(acc, en, sum)
	c.Out("acc_o", acc)
	cell := must(t, c)

	b := hw.New("accumulator", "Sums of products, one a lane.")
	lane := b.Axis("lane", 3)
	cfgValid, n, neg := b.In("cfg_valid_i", 1), b.In("cfg_n_i", 8), b.In("cfg_neg_i", 1)
	valid, ready := b.In("a_valid_i", 1), b.In("y_ready_i", 1)
	xs, ys := b.In("a_x_i", 5, lane), b.In("a_y_i", 8)
	busy, full, left := b.Reg("busy_q", 1, 0), b.Reg("full_q", 1, 0), b.Reg("left_q", 8, 1)
	first, init := b.Reg("first_q", 1, 1), b.Reg("init_q", 20, 0)
	load := b.Named("load", b.And(cfgValid, b.Not(busy)))
	aReady := b.Named("a_ready", b.And(busy, b.Not(full)))
	fire := b.Named("fire", b.And(valid, aReady))
	last := b.Named("last", b.And(fire, b.Eq(left, b.Const(8, 1))))
	pop := b.Named("pop", b.And(full, ready))
	b.Next(busy, b.Mux(load, b.Const(1, 1), b.And(busy, b.Not(pop))))
	b.Next(full, b.Mux(last, b.Const(1, 1), b.And(full, b.Not(pop))))
	b.Next(left, b.Mux(load, n, b.Sub(left, b.Zext(8, fire))))
	b.Next(first, b.Or(load, b.And(first, b.Not(fire))))
	b.NextIf(init, load, b.Sext(20, neg))
	out := b.Inst("cells", cell, hw.Ports{"x_i": xs, "y_i": ys, "en_i": fire, "first_i": first, "init_i": init}, lane)
	b.Out("cfg_ready_o", b.Not(busy))
	b.Out("a_ready_o", aReady)
	b.Out("y_valid_o", full)
	b.Out("y_sum_o", out["acc_o"])
	b.Out("y_all_o", b.Reduce(lane, hw.OpAdd, out["acc_o"]))
	b.Out("busy_o", busy)
	return must(t, b)
}

// tokens counts beats: its streams have no data.
func tokens(t testing.TB) *hw.Module {
	b := hw.New("tokens", "Gives one result for each token taken.")
	valid, ready := b.In("s_valid_i", 1), b.In("y_ready_i", 1)
	held := b.Reg("held_q", 4, 0)
	sReady, yValid := b.Not(b.RedAnd(held)), b.RedOr(held)
	b.Next(held, b.Sub(b.Add(held, b.Zext(4, b.And(valid, sReady))), b.Zext(4, b.And(yValid, ready))))
	b.Out("s_ready_o", sReady)
	b.Out("y_valid_o", yValid)
	return must(t, b)
}

// wires has no state at all.
func wires(t testing.TB) *hw.Module {
	b := hw.New("wires", "")
	lane := b.Axis("lane", 5)
	valid, ready := b.In("s_valid_i", 1), b.In("y_ready_i", 1)
	x := b.In("s_da__ta_i", 13, lane)
	b.Out("s_ready_o", ready)
	b.Out("y_valid_o", valid)
	b.Out("y_da__ta_o", b.MulS(26, x, x))
	return must(t, b)
}

// machine returns the evaluator's runner of a module.
func machine(t testing.TB, top *hw.Module) *drive.MachineRunner {
	t.Helper()
	flat, err := hw.Flatten(top)
	if err != nil {
		t.Fatal(err)
	}
	e, err := eval.New(flat)
	if err != nil {
		t.Fatal(err)
	}
	r, err := drive.NewMachineRunner(flat, e)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func pattern(rng *rand.Rand) []byte {
	if rng.IntN(3) == 0 {
		return nil
	}
	p := make([]byte, 1+rng.IntN(9))
	for i := range p {
		p[i] = byte(rng.IntN(2))
	}
	p[rng.IntN(len(p))] = byte(1 + rng.IntN(255))
	return p
}

func randomBytes(rng *rand.Rand, n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(rng.Uint32())
	}
	return p
}

// randomPlays makes stimulus for one of the designs above: random data (bits
// above the widths too), patterns, resets and cuts.
func randomPlays(t testing.TB, top *hw.Module, n int, seed uint64) []drive.Play {
	t.Helper()
	ports, err := drive.PortsOf(top)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(seed, 1))
	plays := make([]drive.Play, n)
	afterCut := false
	for i := range plays {
		p := &plays[i]
		p.Limit = 20000
		jobs := 1 + rng.IntN(4)
		p.Results = jobs
		for _, s := range ports.In {
			var beats []byte
			switch {
			case s.Name == "cfg":
				for range jobs {
					beats = append(beats, byte(1+rng.IntN(6)), byte(rng.Uint32()))
				}
			case ports.Stream("cfg") >= 0: // as many as the jobs take
				total := 0
				for k := range jobs {
					total += int(p.Beats[0][2*k])
				}
				beats = randomBytes(rng, total*s.BeatBytes)
			default:
				beats = randomBytes(rng, jobs*s.BeatBytes)
			}
			p.Beats = append(p.Beats, beats)
			p.Valid = append(p.Valid, pattern(rng))
		}
		if p.Ready = pattern(rng); len(top.Regs) == 0 {
			p.Ready = nil // two patterns may never meet, and nothing waits
		}
		if rng.IntN(4) == 0 || afterCut {
			p.Reset = 1 + rng.IntN(3)
		}
		if afterCut = rng.IntN(4) == 0; afterCut {
			p.Cut = 1 + rng.IntN(20)
		}
		if rng.IntN(5) == 0 {
			p.Valid = p.Valid[:rng.IntN(len(p.Valid)+1)]
		}
	}
	return plays
}

// hanging makes a play that never ends.
func hanging(plays []drive.Play) []drive.Play {
	p := plays[len(plays)-1]
	p.Ready, p.Limit, p.Cut = []byte{0, 0}, 17, 0
	return append(append([]drive.Play{}, plays[:2]...), p, plays[0])
}
