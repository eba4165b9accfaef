package arch

import (
	"math/bits"

	"tpe/numeric"
	"tpe/pe"
)

// This file counts the cycles of steps from the operands, by the definitions of
// package numeric and not from the graph.

// termMasks are, by the low bits of an operand, which of its digits are not zero.
func termMasks(e numeric.Encoding, f numeric.Int) []uint32 {
	table := make([]uint32, 1<<f.Bits)
	digits := make([]int8, e.Digits(f))
	for code := range table {
		e.Encode(digits, f.Wrap(int64(code)), f)
		for i, d := range digits {
			if d != 0 {
				table[code] |= 1 << i
			}
		}
	}
	return table
}

// serialWork is what the serial operand of a job asks for.
type serialWork struct {
	counts []uint8 // cycles of step s of column j at j*steps + s
	terms  int64   // non-zero digits of all operands
}

// serialCounts counts the cycles of each step of each column, streaming the rows of the
// serial operand once.
func (c *Config) serialCounts(s Shape, t serialTiles, d Data) *serialWork {
	lanes, view := c.Serial.Lanes, c.turned(s)
	w := &serialWork{counts: make([]uint8, view.N*t.steps)}
	masks := termMasks(c.Serial.Encoder, c.walked().Format)
	low := int32(len(masks) - 1)
	group := make([]uint32, lanes)
	eachGroup(s, d, c.Serial.Operand, lanes, func(j, step int, group32 []int32) {
		for l, v := range group32 {
			m := masks[v&low]
			group[l] = m
			w.terms += int64(bits.OnesCount32(m))
		}
		clear(group[len(group32):])
		w.counts[j*t.steps+step] = uint8(stepCycles(group, c.Serial.Skip, c.Serial.Window))
	})
	return w
}

// eachGroup calls f with the operands of every step: of each row of A, or of each column
// of B, in runs of lanes along K, of which the last may be shorter; fewer if the job is given up.
func eachGroup(s Shape, d Data, matrix string, lanes int, f func(j, step int, group []int32)) {
	if matrix == serialA {
		row := make([]int32, s.K)
		for i := range s.M {
			if stopped(d) {
				return
			}
			d.RowA(row, i)
			for k := 0; k < s.K; k += lanes {
				f(i, k/lanes, row[k:min(k+lanes, s.K)])
			}
		}
		return
	}
	rows := make([][]int32, lanes)
	for l := range rows {
		rows[l] = make([]int32, s.N)
	}
	group := make([]int32, lanes)
	for k := 0; k < s.K; k += lanes {
		n := min(lanes, s.K-k)
		for l := range n {
			if stopped(d) {
				return
			}
			d.RowB(rows[l], k+l)
		}
		for j := range s.N {
			if j%4096 == 4095 && stopped(d) {
				return
			}
			for l := range n {
				group[l] = rows[l][j]
			}
			f(j, k/lanes, group[:n])
		}
	}
}

// stepCycles is the number of cycles that a column walks the given masks of digits, at
// least 1. It changes them.
func stepCycles(masks []uint32, skip string, window int) int {
	if skip == pe.SkipPlanes {
		all := uint32(0)
		for _, m := range masks {
			all |= m
		}
		return max(bits.OnesCount32(all), 1)
	}
	n := 0
	for {
		all := uint32(0)
		for _, m := range masks {
			all |= m
		}
		if all == 0 {
			return max(n, 1)
		}
		// Lanes whose lowest digit is in the window drop it.
		reach := (all & -all) << (1<<window - 1)
		for l, m := range masks {
			if low := m & -m; low <= reach {
				masks[l] = m &^ low
			}
		}
		n++
	}
}
