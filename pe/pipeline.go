package pe

import (
	"fmt"
	"slices"

	"tpe/hw"
)

// pipeline puts registers behind some blocks of a unit.
type pipeline struct {
	b    *hw.Builder
	cuts []int // the blocks
}

// The blocks of a multiply-add unit, after which a register may stand.
const (
	cutD = iota // decoding
	cutM        // multiplication
	cutA        // alignment
	cutC        // addition
)

// cut puts registers behind a block, if there are to be any. The values are named.
func (p pipeline) cut(at int, values map[string]*hw.ID) {
	if !slices.Contains(p.cuts, at) {
		return
	}
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		*values[name] = p.b.Pipe(fmt.Sprintf("%s_%c_q", name, "dmac"[at]), *values[name])
	}
}

// floatCuts are the registers in a PE of floats for each number of stages; the last register is that of its
// cell.
var floatCuts = [...][]int{1: {}, 2: {cutA}, 3: {cutM, cutC}, 4: {cutM, cutA, cutC}}
