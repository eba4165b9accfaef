package arch

import (
	"fmt"
	"slices"
	"strings"

	"tpe/hw"
	"tpe/numeric"
	"tpe/pe"
)

// This file moves the encoders of multipliers to the edge of an array: an operand is
// recoded into digits once, when it enters, and travels as digits. Its source is EN-T
// (ICCD 2024, arXiv 2404.11887), whose code has one bit more than the operand; the other
// encodings are there for comparison.
//
//	                 plain                            hoisted
//	a_q -> array of [encode, select, add]    a_q -> [encoder, 2 registers] -> array of [select, add]
//	b_q, flags -> array                      b_q, flags -> 2 registers ------> array

// encodeInPE is the value of the key "edge_encoder" without hoisting.
const encodeInPE = "none"

// hoistENT is the hoisting of the presets.
func hoistENT(c *Config) { c.EdgeEncoder = numeric.ENT.String() }

// hostFields are the keys of a PE of integers or floats in an array whose edge may hold encoders.
func hostFields() []Field {
	list := integerFields()
	for i, f := range list {
		switch f.Name {
		case "pe":
			list[i].Doc = "mac or opt1; tree and matrix2d also opt2, systolic bitfusion; of floats " + orList(floatPEs) + ", in trees fma alone (tpe list pes)"
		case "a":
			list[i] = operandField("a", "format of A, int2..int16 or uint2..uint16; of PEs of floats a float of at most 10 fraction bits (docs/formats.md)",
				func(c *Config) *numeric.Int { return &c.A }, func(c *Config) *numeric.Float { return &c.FloatA })
		case "b":
			list[i] = operandField("b", "format of B, likewise",
				func(c *Config) *numeric.Int { return &c.B }, func(c *Config) *numeric.Float { return &c.FloatB })
		case "overflow":
			list[i].Doc = "wrap or saturate, of floats inf or saturate, at every addition"
		}
	}
	list = append(list, textField("edge_encoder",
		"none, or the encoding of the operand that is recoded (A; B with dataflow: is) at the edge of the array: "+orList(encodingNames()),
		func(c *Config) *string { return &c.EdgeEncoder }))
	return append(list, floatFields()...)
}

func encodingNames() []string {
	var names []string
	for _, e := range numeric.Encodings() {
		names = append(names, e.String())
	}
	return names
}

// hostPE checks the keys of the PE; others are those that the host takes beside mac and opt1.
func (v *validation) hostPE(c *Config, others ...string) {
	v.edgeEncoder(c)
	if c.floats() && slices.Contains(others, c.PE) {
		v.floatPE(c)
		return
	}
	v.integerPE(c, others...)
}

func (v *validation) edgeEncoder(c *Config) {
	v.oneOf("edge_encoder", c.EdgeEncoder, append([]string{encodeInPE}, encodingNames()...)...)
	if c.floats() && c.EdgeEncoder != encodeInPE {
		v.bad("edge_encoder", "digits are of integers: %q (expected none with pe: %s)", c.EdgeEncoder, c.PE)
	}
	if c.PE == peOPT2 && c.EdgeEncoder == encodeInPE {
		v.bad("edge_encoder", "opt2 works on digits: %q (expected %s)", c.EdgeEncoder, orList(encodingNames()))
	}
}

func hostTogether() []string {
	return append(integerTogether(), "`pe: opt2` needs an `edge_encoder`.", "`multiplier` has no influence with an `edge_encoder`, since PEs then get digits.")
}

// hoisted is the encoding at the edge, or 0.
func (c *Config) hoisted() numeric.Encoding {
	e, err := numeric.ParseEncoding(c.EdgeEncoder)
	if err != nil {
		return 0
	}
	return e
}

// peName is the name of the PE in modules.
func (c *Config) peName() string {
	name := strings.ReplaceAll(c.PE, "-", "_")
	if c.hoisted() == 0 {
		return name
	}
	return name + "_" + c.EdgeEncoder
}

// hoistText is the end of an engine's comment.
func (c *Config) hoistText() string {
	if c.hoisted() == 0 {
		return ""
	}
	return fmt.Sprintf(" Operands travel as %s digits.", c.EdgeEncoder)
}

// encodeStages is the number of edges that the encoders at the edge add.
func (c *Config) encodeStages() int {
	if c.hoisted() == 0 {
		return 0
	}
	return pe.EncodeStages
}

// encodeEdge puts the encoders behind the input register of x, if they are at the edge.
func (p *parts) encodeEdge(c *Config, x hw.ID) hw.ID {
	s := c.moves()
	if s.Hoisted == 0 {
		return x
	}
	m, err := pe.EdgeEncoder("edge_encoder", pe.Encoder{Encoding: s.Hoisted, Format: s.A})
	return p.inst("encoder", p.module(m, err), hw.Ports{"x_i": x}, p.b.ShapeOf(x).Axes()...)["code_o"]
}

// besideEncoder delays what goes along with an encoded operand.
func (p *parts) besideEncoder(c *Config, name string, x hw.ID) hw.ID {
	if c.hoisted() == 0 {
		return x
	}
	return p.b.Named(name+"_beside", p.b.Delay(x, pe.EncodeStages))
}
