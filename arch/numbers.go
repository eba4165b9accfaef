package arch

import (
	"tpe/numeric"
	"tpe/pe"
)

// Numbers are the formats of the numbers that A and B stand for: those of [Config.Formats], but odd integers
// where an engine reads its codes as such.
func (c *Config) Numbers() (a, b numeric.Format) {
	a, b, _ = c.Formats()
	if c.Kind == "lut" && c.Weights == weightsOdd {
		b = numeric.OddInt{Bits: c.B.Bits}
		if c.Table == pe.StyleXNOR {
			a = numeric.OddInt{Bits: c.A.Bits}
		}
	}
	return a, b
}

// ProductsInFormat reports whether the products of floats are numbers of the operands' format, as multiplications by addition
// make them: those beyond its largest number saturate, and those below the least normal one are zero.
func (c *Config) ProductsInFormat() bool {
	_, err := numeric.ParseAddMulKind(c.PE)
	return err == nil
}
