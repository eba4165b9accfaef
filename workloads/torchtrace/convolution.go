package torchtrace

import (
	"fmt"
	"slices"

	"tpe/workloads"
)

// convolution applies the rule of a convolution, from input [N, C, ...] and weight
// [O, C/g, ...] ([C, O/g, ...] when transposed).
func (v *verdict) convolution(o operator, r rule) error {
	in, w := o.shape(r.a), o.shape(r.conv.weight)
	if len(in) == 0 || len(w) == 0 {
		v.reason = reasonNoShapes
		if len(in) > 0 {
			v.reason = reasonPrepared
		}
		return nil
	}
	if len(in) == len(w)-1 { // no batch axis
		in = slices.Insert(slices.Clone(in), 0, 1)
	}
	if len(in) != len(w) || len(w) < 3 {
		return fmt.Errorf("input and weight have shapes %v and %v", in, w)
	}
	if slices.Contains(in, 0) || slices.Contains(w, 0) {
		v.reason = reasonEmpty
		return nil
	}
	c := workloads.ConvND{Batch: in[0], InC: in[1], In: in[2:], Kernel: w[2:], Groups: 1}
	n := len(c.In)
	transposed := r.conv.always
	if i := r.conv.transposed; i > 0 {
		transposed, _ = o.flag(i)
	}
	if i := r.conv.groups; i > 0 {
		// With shapes alone the groups follow from the channels.
		c.Groups = o.number(i, max(1, in[1]/w[1]))
	}
	c.OutC = w[0]
	if transposed {
		var ok bool
		if c.OutC, ok = workloads.Extent(w[1], c.Groups); !ok || w[0] != in[1] {
			return fmt.Errorf("input and weight of a transposed convolution have shapes %v and %v", in, w)
		}
		g, err := c.Transposed(o.name)
		v.rows = []workloads.GEMM{g}
		return err
	}
	if c.Groups < 1 || w[1] != in[1]/c.Groups || in[1]%c.Groups != 0 {
		return fmt.Errorf("input and weight have shapes %v and %v in %d groups", in, w, c.Groups)
	}
	stride, ok1 := o.ints(r.conv.stride, n)
	dilation, ok2 := o.ints(r.conv.dilation, n)
	if r.conv.dilation == 0 {
		dilation, ok2 = nil, true
	}
	if (!ok1 || !ok2) && r.kind == convBackward {
		v.reason = reasonNoConv
		return nil
	}
	if !ok1 || !ok2 {
		return v.byOutput(o, c)
	}
	c.Stride, c.Dilation = stride, dilation
	padding, ok := o.ints(r.conv.padding, n)
	if !ok {
		switch o.word(r.conv.padding) {
		case "valid":
		case "same": // as many outputs as inputs
			o.output = in
			return v.byOutput(o, c)
		default:
			return v.byOutput(o, c)
		}
	}
	c.PadBegin, c.PadEnd = padding, padding
	g, err := c.GEMM(o.name)
	if err != nil {
		return err
	}
	if r.kind == convolution {
		v.rows = []workloads.GEMM{g}
		return nil
	}
	mask := literal{list: []literal{{word: "true"}, {word: "true"}}}
	if i := r.conv.mask; i < len(o.inputs) && len(o.inputs[i].value.list) >= 2 {
		mask = o.inputs[i].value
	}
	truth := func(l literal) bool { return l.word == "true" || l.word == "True" || l.word == "1" }
	if truth(mask.list[0]) {
		d := g.InputGradient()
		d.Op = "conv_dgrad"
		v.rows = append(v.rows, d)
	}
	if truth(mask.list[1]) {
		d := g.WeightGradient()
		d.Op = "conv_wgrad"
		v.rows = append(v.rows, d)
	}
	if len(v.rows) == 0 {
		v.reason = reasonOther
	}
	return nil
}

// byOutput takes the number of outputs from the recorded output shape, where
// strides and padding are not known.
func (v *verdict) byOutput(o operator, c workloads.ConvND) error {
	if len(o.output) != len(c.In)+2 && len(o.output) != len(c.In)+1 {
		v.reason = reasonNoConv
		return nil
	}
	outputs := o.output[len(o.output)-len(c.In):]
	m, ok1 := workloads.Extent(append([]int{c.Batch}, outputs...)...)
	k, ok2 := workloads.Extent(append([]int{c.InC / c.Groups}, c.Kernel...)...)
	if !ok1 || !ok2 {
		return fmt.Errorf("output of shape %v is too large", o.output)
	}
	g := workloads.NewGEMM(o.name, m, c.OutC/c.Groups, k)
	g.Op, g.Groups = "conv", c.Groups
	v.rows = []workloads.GEMM{g}
	return nil
}
