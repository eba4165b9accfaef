package scalesim

import "tpe/workloads"

// windows returns the first and last cycle of each SRAM access. Row i of the
// demand is served in cycle i+1 when it is a read and in cycle i when it is a
// write.
//
// Within a fold the streamed operand enters skewed: element (time, lane) in
// cycle time + lane, for ws and is behind the R cycles that load the stationary
// operand, last row first. Results leave skewed by column from cycle T-1 (os) or
// 2R-1 (ws, is) on; os sends the bottom row of the array first.
func (p mapping) windows(d Dataflow, g workloads.GEMM) (ifmap, filter, ofmap Access) {
	switch d {
	case OutputStationary:
		ifmap = Access{Start: 1, Stop: p.lastFold + p.t - 1 + p.rowsLast}
		filter = Access{Start: 1, Stop: p.lastFold + p.t - 1 + p.colsLast}
		ofmap = Access{Start: p.t - 1 + p.rows - p.rowsFirst, Stop: p.lastFold + p.t + p.rows + p.colsLast - 3}
	default:
		loaded := Access{Start: p.rows - p.rowsFirst + 1, Stop: p.lastFold + p.rows}
		streamed := Access{Start: p.rows + 1, Stop: p.lastFold + p.rows + p.t + p.rowsLast - 1}
		ofmap = Access{Start: 2*p.rows - 1, Stop: p.lastFold + 2*p.rows + p.t + p.colsLast - 3}
		ifmap, filter = streamed, loaded
		if d == InputStationary {
			ifmap, filter = loaded, streamed
		}
	}
	if g.Conv != (workloads.Conv{}) && g.Conv.Overhangs() {
		ifmap.Stop = p.overhang(d, g) + 1
	}
	return ifmap, filter, ofmap
}

// overhang returns the last demand row with an input element inside the image,
// for a convolution whose windows reach past its end. Elements outside are
// demanded as address -1, which SCALE-Sim does not take for an access.
func (p mapping) overhang(d Dataflow, g workloads.GEMM) int64 {
	w := newImage(g)
	switch d {
	case OutputStationary:
		for fr := p.rowFolds - 1; fr >= 0; fr-- {
			last := int64(-1)
			for m := fr * p.rows; m < min((fr+1)*p.rows, p.sr); m++ {
				if k := w.lastK(m); k >= 0 {
					last = max(last, k+m-fr*p.rows)
				}
			}
			if last >= 0 {
				return ((p.colFolds-1)*p.rowFolds+fr)*p.fold + last
			}
		}
	case WeightStationary:
		first, last := (p.rowFolds-1)*p.rows, int64(-1)
		for m := p.t - 1; m >= 0 && m+p.rows-1 > last; m-- {
			if k := w.lastK(m); k >= first {
				last = max(last, m+k-first)
			}
		}
		return p.lastFold + p.rows + last
	case InputStationary:
		for f := p.rowFolds*p.colFolds - 1; f >= 0; f-- {
			fc, fr := f/p.rowFolds, f%p.rowFolds
			first, least := fr*p.rows, int64(-1)
			for m := fc * p.cols; m < min((fc+1)*p.cols, p.sc); m++ {
				k := w.nextK(m, first, min(first+p.rows, p.sr))
				if k >= 0 && (least < 0 || k < least) {
					least = k
				}
			}
			if least >= 0 {
				return f*p.fold + p.rows - 1 - (least - first)
			}
		}
	}
	return -1
}

// image finds the input elements of an im2col row that lie inside the image.
// Window elements are ordered by kernel row, kernel column, channel.
type image struct {
	h, w, kh, kw, channels, sh, sw, oh, ow int64
}

func newImage(g workloads.GEMM) image {
	c := g.Conv
	oh, ow := c.OutSize()
	return image{
		h: int64(c.H), w: int64(c.W), kh: int64(c.KH), kw: int64(c.KW),
		channels: int64(c.C / c.Groups), sh: int64(c.StrideH), sw: int64(c.StrideW), oh: int64(oh), ow: int64(ow),
	}
}

// inside returns how many kernel rows and columns of pixel m are in the image.
func (i image) inside(m int64) (rows, cols int64) {
	y, x := m/i.ow%i.oh*i.sh, m%i.ow*i.sw
	return max(0, min(i.kh, i.h-y)), max(0, min(i.kw, i.w-x))
}

// lastK returns the last window element of pixel m inside the image, or -1.
func (i image) lastK(m int64) int64 {
	rows, cols := i.inside(m)
	if rows == 0 || cols == 0 {
		return -1
	}
	return ((rows-1)*i.kw+cols-1)*i.channels + i.channels - 1
}

// nextK returns the first window element of pixel m in [from, to) inside the
// image, or -1.
func (i image) nextK(m, from, to int64) int64 {
	rows, cols := i.inside(m)
	for k := from; k < to; {
		tap := k / i.channels
		ky, kx := tap/i.kw, tap%i.kw
		switch {
		case ky >= rows:
			return -1
		case kx < cols:
			return k
		}
		k = (ky + 1) * i.kw * i.channels // the next kernel row
	}
	return -1
}
