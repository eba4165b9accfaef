package workloads

import (
	"fmt"
	"math"

	"tpe/numeric"
)

// floatUnit is the number of steps in a standard deviation (or the scale of laplace) of float operands:
// a value is a whole number of steps, rounded to the format.
const floatUnit = 4096

// floatSource makes codes of a float format.
type floatSource struct {
	format numeric.Float
	step   numeric.Value // of normal and laplace
	keep   uint64        // of 2^53, the share of drawn infinities and NaNs that stay
}

// newFloatSource prepares the generator of a float operand: least and most become codes.
func (g *Generator) newFloatSource(d Data) error {
	f := g.format.Float
	if err := f.Validate(); err != nil {
		return fmt.Errorf("operands of format %s: %w", f, err)
	}
	s := &floatSource{format: f}
	g.floats = s
	g.least, g.most = int64(f.MaxFinite(true)), int64(f.MaxFinite(false))
	if f.Unsigned {
		g.least = 0
	}
	switch d.Kind {
	case DataConst:
		code, flags := f.Encode(numeric.FromInt(d.Value), &numeric.Env{})
		if flags != 0 {
			return fmt.Errorf("constant is no number of %s: %d (expected one that needs no rounding)", f, d.Value)
		}
		g.constant = int64(code)
	case DataNormal, DataLaplace, DataReLU, DataOutlier:
		frac, exp := math.Frexp(d.Param)
		s.step = numeric.FromInt(int64(math.Ldexp(frac, 53))).Scale(exp - 53 - 12) // param / floatUnit, exactly
		unit := d
		unit.Param = floatUnit
		var err error
		g.sampler, err = newSampler(unit, -maxTable/2, maxTable/2-1)
		return err
	case DataMixed:
		if !(d.Param >= 0 && d.Param <= 1) {
			return fmt.Errorf("share of infinities and NaNs is out of range: %v (expected 0 to 1)", d.Param)
		}
		s.keep = uint64(d.Param * (1 << 53))
	}
	return nil
}

// number rounds a sampled number of steps to the format.
func (s *floatSource) number(steps int64) int64 {
	v, _ := numeric.Mul(numeric.FromInt(steps), s.step)
	v.Neg = v.Neg && !s.format.Unsigned // the magnitude
	code, _ := s.format.Encode(v, &numeric.Env{Saturate: true})
	return int64(code)
}

// finite is a code of a finite number, uniform over these codes.
func (s *floatSource) finite(h uint64) int64 {
	for {
		code := h >> (64 - s.format.Width())
		code &^= 1<<s.format.Pad - 1
		if s.format.Decode(code).Class <= numeric.Finite {
			return int64(code)
		}
		h = mix(h + golden)
	}
}

// mixed is a code of [numeric.Float.MixedCode]; of infinities and NaNs only a share stays, the others
// become zero.
func (s *floatSource) mixed(h uint64) int64 {
	code := s.format.MixedCode(h)
	if s.format.Decode(code).Class > numeric.Finite && mix(h^golden)>>11 >= s.keep {
		return 0
	}
	return int64(code)
}
