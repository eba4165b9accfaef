package hwtest

import (
	"fmt"

	"tpe/hw"
)

// bytesReader reads choices; past the end all are 0.
type bytesReader struct {
	data []byte
	pos  int
}

func (r *bytesReader) next() byte {
	if r.pos >= len(r.data) {
		return 0
	}
	r.pos++
	return r.data[r.pos-1]
}

func (r *bytesReader) empty() bool { return r.pos >= len(r.data) }

// below chooses a number 0 .. n-1.
func (r *bytesReader) below(n int) int { return int(r.next()) % n }

// randomAxes chooses the axes of the program; the last is private to modules
// below the top one. The product of all sizes is at most maxLanes.
func randomAxes(r *bytesReader) []hw.Axis {
	var list []hw.Axis
	lanes := 1
	for i, n := 0, r.below(4); i < n; i++ {
		size := [...]int{2, 3, 4, 1, 5, 7, 8, 3}[r.below(8)]
		size = min(size, maxLanes/lanes)
		lanes *= size
		list = append(list, hw.Axis{Name: fmt.Sprintf("a%d", i), Size: size})
	}
	return append(list, hw.Axis{Name: "own", Size: min(1+r.below(3), maxLanes/lanes)})
}
