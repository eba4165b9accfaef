package rtlgen

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"

	"tpe/hw"
)

// net is a declared wire, register or port: words of one width over dimensions,
// the first dimension slowest. It remembers which of its bits are read.
type net struct {
	name  string
	width int
	dims  []int // loop variables
	lanes int
	home  *block // where it is declared and its unread bits end
	all   uint64 // bits read in every lane
	each  []uint64
}

func (e *emitter) newNet(name string, width int, dims []int, home *block) *net {
	n := &net{name: name, width: width, dims: dims, lanes: 1, home: home}
	for _, v := range dims {
		n.lanes *= e.vars[v].size
	}
	e.nets = append(e.nets, n)
	return n
}

// bits is the number of bits of the net.
func (n *net) bits() int { return n.lanes * n.width }

// rangeText is the declared range with a leading space, such as " [ROW*8-1:0]".
func (e *emitter) rangeText(n *net) string {
	if len(n.dims) == 0 {
		return wordRange(n.width)
	}
	return " [" + e.sizeText(n) + "-1:0]"
}

func wordRange(w int) string {
	if w == 1 {
		return ""
	}
	return fmt.Sprintf(" [%d:0]", w-1)
}

// sizeText writes the number of bits of a net as a product.
func (e *emitter) sizeText(n *net) string {
	return e.span(n.dims, strconv.Itoa(n.width))
}

// span writes the product of the sizes of dimensions and a unit.
func (e *emitter) span(dims []int, unit string) string {
	var list []string
	for _, v := range dims {
		list = append(list, e.sizeName(v))
	}
	return product(append(list, unit)...)
}

// sizeName returns the size of a loop variable as it is written and notes that
// its localparam is needed.
func (e *emitter) sizeName(v int) string {
	e.spanUsed[v] = true
	return e.vars[v].span
}

// index writes the lane of the given coordinates in Horner form, and returns
// it as a function too.
func (e *emitter) index(dims []int, coords []affine) (string, affine) {
	lane, text := constant(0), ""
	for i, v := range dims {
		size := e.vars[v].size
		lane = lane.times(size, 0).plus(coords[i])
		c := coords[i].text(e.vars)
		if i == 0 && len(coords[i].terms) == 0 && size > 2 && coords[i].k == size-1 && v < len(e.m.Axes) {
			c = e.sizeName(v) + " - 1"
		}
		switch {
		case text == "" || text == "0":
			text = c
		case c == "0":
			text = product(text, e.sizeName(v))
		default:
			text = product(text, e.sizeName(v)) + " + " + c
		}
	}
	return text, lane
}

// coords are the coordinates of a context along dimensions.
func (c *context) coords(dims []int) []affine {
	out := make([]affine, len(dims))
	for i, v := range dims {
		out[i] = c.coord(v)
	}
	return out
}

// element writes bits lo .. lo+w-1 of the lane of n at the context's coordinates.
func (e *emitter) element(n *net, c *context, lo, w int, read bool) string {
	coords := c.coords(n.dims)
	idx, lane := e.index(n.dims, coords)
	if read {
		e.mark(n, c.guard, lane, hw.Mask(w)<<lo)
	}
	if len(n.dims) == 0 {
		return wordSelect(n.name, n.width, lo, w)
	}
	if n.width == 1 {
		return n.name + "[" + idx + "]"
	}
	base := product(idx, strconv.Itoa(n.width))
	if lo > 0 {
		base += fmt.Sprintf(" + %d", lo)
	}
	if w == 1 {
		return n.name + "[" + base + "]"
	}
	return fmt.Sprintf("%s[%s +: %d]", n.name, base, w)
}

func wordSelect(name string, width, lo, w int) string {
	switch {
	case w == width:
		return name
	case w == 1:
		return fmt.Sprintf("%s[%d]", name, lo)
	}
	return fmt.Sprintf("%s[%d:%d]", name, lo+w-1, lo)
}

// mark records that the given bits of a lane are read wherever the place exists.
func (e *emitter) mark(n *net, g *guard, lane affine, mask uint64) {
	if n.lanes == 1 && g == nil {
		n.all |= mask
		return
	}
	if n.each == nil {
		n.each = make([]uint64, n.lanes)
	}
	e.enumerate(g, func(val []int) {
		if l := lane.eval(val); l >= 0 && l < n.lanes {
			n.each[l] |= mask
		}
	}, lane)
}

// whole writes the whole net.
func (e *emitter) whole(n *net) string {
	n.all = hw.Mask(n.width)
	return n.name
}

// chunk writes blocks from .. from+count-1 along dimension number p of n, where
// the slower dimensions are at the context's coordinates and a block is
// everything that the faster dimensions span.
func (e *emitter) chunk(n *net, c *context, p, from, count int, read bool) string {
	size := e.vars[n.dims[p]].size
	block := 1
	for _, v := range n.dims[p+1:] {
		block *= e.vars[v].size
	}
	idx, slow := e.index(n.dims[:p], c.coords(n.dims[:p]))
	if read {
		for k := range count * block {
			e.mark(n, c.guard, slow.times(size*block, from*block+k), hw.Mask(n.width))
		}
	}
	if p == 0 && from == 0 && count == size {
		return n.name
	}
	unit := e.span(n.dims[p+1:], strconv.Itoa(n.width))
	sizeName := func(less int) string {
		if less == 0 {
			return e.sizeName(n.dims[p])
		}
		return fmt.Sprintf("%s - %d", e.sizeName(n.dims[p]), less)
	}
	run := strconv.Itoa(count)
	if count > 1 && size-count <= 1 {
		run = sizeName(size - count)
	}
	start := strconv.Itoa(from)
	if from > 1 && from == size-1 {
		start = sizeName(1)
	}
	switch {
	case unit != "1":
		run = product(run, unit)
		start = product(start, unit)
	case p == 0 && from == 0 && count > 1: // the range below is written as [SIZE-2:0]
		return fmt.Sprintf("%s[%s-%d:0]", n.name, e.sizeName(n.dims[p]), size-count+1)
	}
	base := ""
	if p > 0 && idx != "0" {
		base = product(idx, e.span(n.dims[p:], strconv.Itoa(n.width)))
	}
	if from > 0 {
		if base != "" {
			base += " + "
		}
		base += start
	}
	switch {
	case run == "1" && base == "":
		return n.name + "[0]"
	case run == "1":
		return n.name + "[" + base + "]"
	case base == "":
		if v, err := strconv.Atoi(run); err == nil {
			return fmt.Sprintf("%s[%d:0]", n.name, v-1)
		}
		return fmt.Sprintf("%s[%s-1:0]", n.name, run)
	}
	return fmt.Sprintf("%s[%s +: %s]", n.name, base, run)
}

// unread lists the parts of n that nothing reads, or its name if they are many.
func (e *emitter) unread(n *net) []string {
	const many = 2
	full := hw.Mask(n.width)
	var list []string
	lane := func(l int) uint64 {
		used := n.all
		if n.each != nil {
			used |= n.each[l]
		}
		return full &^ used
	}
	start, end := -1, -1 // the run of unread bits that is open
	flush := func() {
		if start >= 0 {
			if len(n.dims) > 0 && end == n.bits() && (end-start)*e.vars[n.dims[0]].size == end && end > start+1 {
				list = append(list, e.chunk(n, &context{}, 0, e.vars[n.dims[0]].size-1, 1, false))
			} else {
				list = append(list, wordSelect(n.name, n.bits(), start, end-start))
			}
		}
		start = -1
	}
	for l := 0; l < n.lanes && len(list) <= many; l++ {
		for m := lane(l); m != 0; {
			lo := bits.TrailingZeros64(m)
			w := bits.TrailingZeros64(^(m >> lo))
			if lo+w > n.width {
				w = n.width - lo
			}
			at := l*n.width + lo
			if start >= 0 && at == end {
				end += w
			} else {
				flush()
				start, end = at, at+w
			}
			m &^= hw.Mask(w) << lo
		}
	}
	flush()
	if len(list) > many {
		return []string{n.name}
	}
	return list
}

// literal writes a constant.
func literal(width int, v uint64) string {
	if width == 1 {
		return fmt.Sprintf("1'b%d", v)
	}
	if v > 4096 {
		digits := strconv.FormatUint(v, 16)
		if pad := (width+3)/4 - len(digits); pad > 0 {
			digits = strings.Repeat("0", pad) + digits
		}
		return fmt.Sprintf("%d'h%s", width, digits)
	}
	return fmt.Sprintf("%d'd%d", width, v)
}
