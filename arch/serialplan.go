package arch

import (
	"slices"

	"tpe/pe"
)

// This file times the bit-serial tile. With c(s) the cycles of a column's step s,
// E(s) the edge at which all columns are done with it, R = run_ahead and L the latency:
//
//	in(s)    = max( in(s-1)+1, E(s-R-2)+1 )                  in(0) = 1; the slot of step s-R-2
//	begin(s) = max( end(s-1), E(s-1-R), in(s)+1, and at a tile's first step B(t-1) )
//	end(s)   = begin(s) + c(s)
//	B(t)     = max( E(last step), B(t-1) + cols(t-1) + L + 1 )   the shadows are empty again
//	total    = B(last tile) + L + cols(last tile)
//
// begin and end are those of one column, E is their greatest over columns, cols(t) the
// result columns of tile t.

// serialClock is the state between two steps.
type serialClock struct {
	in   int64   // the step before came in
	end  []int64 // of each column's step before
	all  []int64 // E of the last steps, step s at s mod slots
	step int     // steps so far
	tile int64   // B of the tile before
	free int64   // the shadows are empty
	lat  int64
}

// newSerialClock is the state before the first step of a job; columns whose counts are
// equal may be timed as one.
func (c *Config) newSerialClock(columns int) *serialClock {
	return &serialClock{end: make([]int64, columns), all: make([]int64, serialSlots(c)), lat: int64(serialLatency(c))}
}

// runTile adds a tile whose steps take counts[s*columns + column] cycles and which has
// cols result columns.
func (k *serialClock) runTile(counts []uint16, cols int) {
	n, slots := len(k.end), len(k.all)
	begin := k.tile // of the first step
	for ; len(counts) >= n; counts = counts[n:] {
		at := k.step % slots
		k.in = max(k.in+1, k.all[at]+1)
		from := max(begin, k.in+1, k.all[(k.step+1)%slots])
		begin = 0
		all := int64(0)
		for c, d := range counts[:n] {
			e := max(k.end[c], from) + int64(d)
			k.end[c] = e
			all = max(all, e)
		}
		k.all[at] = all
		k.step++
		k.tile = all
	}
	k.tile = max(k.tile, k.free)
	k.free = k.tile + int64(cols) + k.lat + 1
}

// runTiles adds n tiles of equal counts. What a tile adds depends on the state
// before it only as far as it is later than B less the slots' depth; once that repeats,
// so does the rest.
func (k *serialClock) runTiles(n int, counts []uint16, cols int) {
	var before []int64
	for i := range n {
		b := k.tile
		k.runTile(counts, cols)
		now := k.relative()
		if slices.Equal(now, before) {
			k.shift(int64(n-1-i) * (k.tile - b))
			return
		}
		before = now
	}
}

// relative is what a later tile sees of the state, less B.
func (k *serialClock) relative() []int64 {
	list := []int64{k.in - k.tile, k.free - k.tile}
	for i := range k.all {
		list = append(list, k.all[(k.step+i)%len(k.all)]-k.tile)
	}
	return list
}

func (k *serialClock) shift(by int64) {
	k.in, k.tile, k.free = k.in+by, k.tile+by, k.free+by
	for i := range k.all {
		k.all[i] += by
	}
	for i := range k.end {
		k.end[i] += by
	}
}

// total is the cycle count if the last tile has cols result columns.
func (k *serialClock) total(cols int) int64 { return k.tile + k.lat + int64(cols) }

// serialTiming is the closed form of the kind.
func (c *Config) serialTiming(s Shape, d Data) Timing {
	t := c.serialTiles(s)
	switch c.Serial.Skip {
	case pe.SkipNone:
		counts := slices.Repeat([]uint16{uint16(c.walked().Digits())}, t.steps)
		k := c.newSerialClock(1)
		k.runTiles((t.colTiles-1)*t.rowTiles, counts, c.Cols)
		k.runTiles(t.rowTiles, counts, t.lastCols)
		return Timing{Cycles: k.total(t.lastCols)}
	case pe.SkipPairs:
		return c.pairTiming(s, t, d)
	}
	return c.columnTiming(s, t, d)
}

// columnTiming is that of engines whose columns alone decide the count.
func (c *Config) columnTiming(s Shape, t serialTiles, d Data) Timing {
	w := c.serialCounts(s, t, d)
	k := c.newSerialClock(c.Cols)
	counts := make([]uint16, t.steps*c.Cols)
	busy := make([]int64, c.Cols)
	for n := 0; n < t.colTiles && !stopped(d); n++ {
		for col := range c.Cols {
			j := n*c.Cols + col
			for step := range t.steps {
				v := uint16(1) // a column past the edge holds zeros
				if col < t.cols(c, n) {
					v = uint16(w.counts[j*t.steps+step])
					busy[col] += int64(v) * int64(t.rowTiles)
				}
				counts[step*c.Cols+col] = v
			}
		}
		k.runTiles(t.rowTiles, counts, t.cols(c, n))
	}
	cycles := k.total(t.lastCols)
	view := c.turned(s)
	steps := int64(t.steps) * int64(view.N) * int64(t.rowTiles)
	return Timing{Cycles: cycles, Figures: serialFigures(cycles, busy, steps, float64(w.terms)/(float64(view.N)*float64(view.K)),
		float64(w.terms)*float64(t.rowTiles)/float64(c.Serial.Lanes))}
}

// serialFigures says where the time of the columns went. busy are the cycles in which each
// column had a step in work, steps their number, digits the mean of a serial operand (or
// the mean product of a pair) and work the cycles that the lanes of a column would need if
// every one had something to do in each.
func serialFigures(cycles int64, busy []int64, steps int64, digits, work float64) []Figure {
	sum := int64(0)
	for _, b := range busy {
		sum += b
	}
	share := func(x int64) float64 { return float64(x) / float64(cycles) }
	return []Figure{
		{"mean terms of an operand", digits, "terms"},
		{"mean cycles of a step", float64(sum) / float64(steps), "cycles"},
		{"lanes at work in a step", work / float64(sum), ""},
		{"busy column, least", share(slices.Min(busy)), ""},
		{"busy column, mean", share(sum) / float64(len(busy)), ""},
		{"busy column, most", share(slices.Max(busy)), ""},
	}
}
