package arch

import (
	"fmt"

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

// hostFields are the keys of an integer PE in an array whose edge may hold encoders.
func hostFields() []Field {
	return append(integerFields(), textField("edge_encoder",
		"none, or the encoding of the operand that is recoded (A; B with dataflow: is) at the edge of the array: "+orList(encodingNames()),
		func(c *Config) *string { return &c.EdgeEncoder }))
}

func encodingNames() []string {
	var names []string
	for _, e := range numeric.Encodings() {
		names = append(names, e.String())
	}
	return names
}

func (v *validation) edgeEncoder(c *Config) {
	v.oneOf("edge_encoder", c.EdgeEncoder, append([]string{encodeInPE}, encodingNames()...)...)
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
	if c.hoisted() == 0 {
		return c.PE
	}
	return c.PE + "_" + c.EdgeEncoder
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
func (p *parts) encodeEdge(s pe.Spec, x hw.ID) hw.ID {
	if s.Hoisted == 0 {
		return x
	}
	m, err := pe.EdgeEncoder("edge_encoder", pe.Encoder{Encoding: s.Hoisted, Format: s.A})
	return p.inst("encoder", p.module(m, err), hw.Ports{"x_i": x}, p.b.ShapeOf(x).Axes()...)["code_o"]
}

// besideEncoder delays what goes along with an encoded operand.
func (p *parts) besideEncoder(s pe.Spec, name string, x hw.ID) hw.ID {
	if s.Hoisted == 0 {
		return x
	}
	return p.b.Named(name+"_beside", p.b.Delay(x, pe.EncodeStages))
}
