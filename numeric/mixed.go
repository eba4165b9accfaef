package numeric

// MixedCode turns 64 random bits into a code for tests: one in eight is any code at all, one in
// eight a corner (zero, the ends of the subnormal and normal ranges, one, infinity, NaN), the rest are numbers near
// one, a third of which have long runs of ones.
func (f Float) MixedCode(h uint64) uint64 {
	neg, kind, pick, m := h&1 == 1, h>>1&7, uint32(h>>4&0xffff), uint32(h>>32)
	all := uint32(1)<<f.magnitudeBits() - 1
	switch kind {
	case 0:
		return (h >> 4) & (1<<f.Width() - 1) &^ (1<<f.Pad - 1)
	case 1:
		corners := [...]uint32{0, 1, 1<<f.Man - 1, 1 << f.Man, uint32(f.Bias) << f.Man, f.maxMagnitude(), all, f.maxMagnitude() + 1, 1<<f.Man + 1}
		return f.join(neg, corners[pick%uint32(len(corners))]&all)
	}
	e := uint32(min(max(f.Bias-6+int(pick%13), 0), 1<<f.Exp-2))
	low := uint32(1)<<f.Man - 1
	if pick/13%3 == 0 {
		m = low &^ (1<<(pick/39%uint32(f.Man+1)) - 1) >> (m >> 31)
	}
	return f.join(neg, e<<f.Man|m&low)
}
