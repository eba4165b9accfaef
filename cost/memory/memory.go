// Package memory has the cost of memories from tables: static memories by capacity, word
// width, node and device class, and DRAM by class.
//
// The tables are in sram.csv and dram.csv with their sources. Between the points of the
// grid of static memories every figure is interpolated linearly in the logarithms of
// capacity and width. Read energy is not monotone in capacity at five of the points
// (the organisation inside changes); area is.
//
// The figures are optimistic: 8 KiB of 64-bit words at 45 nm read with 5.3 pJ here and
// with 10 pJ in the table of Horowitz (ISSCC 2014), 32 KiB with 14.9 and 20; a real
// 130 nm macro of 8 KiB takes 92 pJ against 33 scaled from here. Ratios between sizes
// are better than values.
package memory

import (
	"bytes"
	_ "embed"
	"encoding/csv"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// What is known of the error of the tables (package comment), for reports.
const (
	AreaError   = "-17 % at a real 130 nm macro"
	EnergyError = "0.25 to 0.75 of known macros"
)

//go:embed sram.csv
var sramTable []byte

//go:embed dram.csv
var dramTable []byte

// Device classes of static memories.
const (
	HP   = "hp"   // high performance
	LOP  = "lop"  // low operating power
	LSTP = "lstp" // low standby power
)

// SRAM is a static memory of one read-write port.
type SRAM struct {
	Bytes  int
	Width  int // bits of a word
	Node   int // nm
	Device string
}

// Cost is what a memory takes.
type Cost struct {
	Access  float64 // ns
	Read    float64 // pJ of one access
	Write   float64 // pJ
	Leakage float64 // mW
	Area    float64 // mm^2
	Macros  int     // that it is made of
	Scaled  bool    // from the largest node of the table
}

// point of the grid; its figures are access, read, write, leakage, area.
type point struct {
	bytes, width int
	v            [5]float64
}

type class struct {
	node   int
	device string
}

// Limits of the grid.
const (
	minBytes = 1024
	maxBytes = 4 << 20
	minWidth = 16
	maxWidth = 512
)

var table = sync.OnceValues(func() (map[class]map[[2]int]point, error) {
	rows, err := rows(sramTable)
	if err != nil {
		return nil, err
	}
	out := map[class]map[[2]int]point{}
	for _, r := range rows {
		n, err := numbers(append([]string{r[0]}, r[2:]...))
		if err != nil {
			return nil, fmt.Errorf("memory: sram.csv: %w", err)
		}
		c := class{int(n[0]), r[1]}
		if out[c] == nil {
			out[c] = map[[2]int]point{}
		}
		p := point{int(n[1]), int(n[2]), [5]float64(n[3:])}
		out[c][[2]int{p.bytes, p.width}] = p
	}
	return out, nil
})

// rows reads a table without its comments and heading.
func rows(text []byte) ([][]string, error) {
	r := csv.NewReader(bytes.NewReader(text))
	r.Comment = '#'
	all, err := r.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("memory: %w", err)
	}
	return all[1:], nil
}

func numbers(words []string) ([]float64, error) {
	out := make([]float64, len(words))
	for i, w := range words {
		v, err := strconv.ParseFloat(w, 64)
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}

// Nodes lists the nodes of the table in nm, rising.
func Nodes() []int {
	t, err := table()
	if err != nil {
		return nil
	}
	var list []int
	for c := range t {
		if !slices.Contains(list, c.node) {
			list = append(list, c.node)
		}
	}
	slices.Sort(list)
	return list
}

// Cost looks a memory up. A word wider than 512 bits or a capacity above 4 MiB is made of
// several macros; less than 1 KiB or 16 bits costs as much as that. A node between two of
// the table takes the larger one; above the largest, area is scaled with the square of
// the node, and energy and time in proportion.
func (s SRAM) Cost() (Cost, error) {
	t, err := table()
	if err != nil {
		return Cost{}, err
	}
	if s.Bytes < 1 || s.Width < 1 {
		return Cost{}, fmt.Errorf("memory of %d bytes with words of %d bits (expected at least 1 of each)", s.Bytes, s.Width)
	}
	nodes := Nodes()
	i := slices.IndexFunc(nodes, func(n int) bool { return n >= s.Node })
	largest := nodes[len(nodes)-1]
	scale := 1.0
	if i < 0 {
		i, scale = len(nodes)-1, float64(s.Node)/float64(largest)
	}
	grid := t[class{nodes[i], s.Device}]
	if grid == nil {
		return Cost{}, fmt.Errorf("memory: no device class %q (expected hp, lop or lstp)", s.Device)
	}
	side := (s.Width + maxWidth - 1) / maxWidth
	width := (s.Width + side - 1) / side
	share := (s.Bytes + side - 1) / side
	deep := (share + maxBytes - 1) / maxBytes
	share = (share + deep - 1) / deep
	v := lookup(grid, share, width)
	all := float64(side * deep)
	return Cost{
		Access: v[0] * scale, Read: v[1] * scale * float64(side), Write: v[2] * scale * float64(side),
		Leakage: v[3] * all, Area: v[4] * scale * scale * all, Macros: side * deep, Scaled: scale != 1,
	}, nil
}

// lookup interpolates in the grid.
func lookup(grid map[[2]int]point, bytes, width int) [5]float64 {
	width = max(width, minWidth)
	least := minBytes
	if width > 256 {
		least = 2048 // 16 rows are too few
	}
	bytes = max(bytes, least)
	b0, bf := bracket(bytes, least, maxBytes)
	w0, wf := bracket(width, minWidth, maxWidth)
	at := func(b, w int) [5]float64 { return grid[[2]int{b, w}].v }
	var out [5]float64
	b1, w1 := min(2*b0, maxBytes), min(2*w0, maxWidth)
	for k := range out {
		lo := mix(at(b0, w0)[k], at(b0, w1)[k], wf)
		hi := mix(at(b1, w0)[k], at(b1, w1)[k], wf)
		out[k] = mix(lo, hi, bf)
	}
	return out
}

// bracket returns the power of two at or below x, and where x is between it and the next,
// in the logarithm.
func bracket(x, least, most int) (int, float64) {
	p := least
	for 2*p <= x && p < most {
		p *= 2
	}
	return p, math.Log2(float64(x) / float64(p))
}

// mix interpolates two positive figures in the logarithm.
func mix(a, b, f float64) float64 {
	if f == 0 || a == b {
		return a
	}
	return a * math.Pow(b/a, f)
}

// NonMonotone lists the points at which a memory of twice the capacity reads with less
// energy: "45 nm hp, 65536 bytes x 16 bits".
func NonMonotone() []string {
	t, err := table()
	if err != nil {
		return nil
	}
	var list []string
	for c, grid := range t {
		for at, p := range grid {
			if q, ok := grid[[2]int{2 * at[0], at[1]}]; ok && q.v[1] < p.v[1] {
				list = append(list, fmt.Sprintf("%d nm %s, %d bytes x %d bits", c.node, c.device, at[0], at[1]))
			}
		}
	}
	slices.Sort(list)
	return list
}

// DRAM is a class of DRAM.
type DRAM struct {
	Class    string
	PJPerBit float64
	Low      float64 // of the figures found
	High     float64
	Scope    string // what is inside
	Source   string
	Tag      string // published, secondary or unverified
}

// DRAMs lists the classes.
func DRAMs() ([]DRAM, error) {
	rows, err := rows(dramTable)
	if err != nil {
		return nil, err
	}
	var list []DRAM
	for _, r := range rows {
		n, err := numbers(r[1:4])
		if err != nil {
			return nil, fmt.Errorf("memory: dram.csv: %w", err)
		}
		list = append(list, DRAM{r[0], n[0], n[1], n[2], r[4], r[5], r[6]})
	}
	return list, nil
}

// LookupDRAM returns a class by name.
func LookupDRAM(name string) (DRAM, error) {
	list, err := DRAMs()
	if err != nil {
		return DRAM{}, err
	}
	var names []string
	for _, d := range list {
		if d.Class == name {
			return d, nil
		}
		names = append(names, d.Class)
	}
	return DRAM{}, fmt.Errorf("unknown DRAM: %q (expected %s)", name, strings.Join(names, ", "))
}
