package torchtrace

import (
	"fmt"
	"slices"
	"strings"

	"tpe/workloads"
)

// rule says how an operator is a matrix product. Positions count the inputs of
// the operator's schema.
type rule struct {
	wraps bool // only calls others, which count instead if they are recorded
	kind  kind
	a, b  int // operands; of attention a is the query, followed by key and value
	conv  convArgs
	// causal is the position of attention's flag.
	causal int
}

type kind int

const (
	product       kind = iota // [.., M, K] [.., K, N]
	productT                  // [.., M, K] [N, K]
	packedInt4                // [M, K], weights packed by eight columns
	bare                      // no shape rule of its own
	convolution               // in geometry of conv
	convBackward              // gradients of input and weight
	attention                 // query, key, value of [B, H, S, D]
	attentionBSHD             // query, key, value of [B, S, H, D]
	attentionGrad             // backward of attention, [B, H, S, D]
)

// convArgs are the positions of a convolution's parameters; 0 is absent.
type convArgs struct {
	weight                            int
	stride, padding, dilation, groups int
	transposed                        int // a flag
	always                            bool
	mask                              int
}

// rules is the table of operators, from their schemas in PyTorch's
// native_functions.yaml and those of common extensions.
var rules = map[string]rule{
	"aten::mm":                  {kind: product, a: 0, b: 1},
	"aten::addmm":               {kind: product, a: 1, b: 2},
	"aten::addmm_":              {kind: product, a: 1, b: 2},
	"aten::_addmm_activation":   {kind: product, a: 1, b: 2},
	"aten::bmm":                 {kind: product, a: 0, b: 1},
	"aten::baddbmm":             {kind: product, a: 1, b: 2},
	"aten::baddbmm_":            {kind: product, a: 1, b: 2},
	"aten::addbmm":              {kind: product, a: 1, b: 2},
	"aten::mv":                  {kind: product, a: 0, b: 1},
	"aten::addmv":               {kind: product, a: 1, b: 2},
	"aten::addmv_":              {kind: product, a: 1, b: 2},
	"aten::dot":                 {kind: product, a: 0, b: 1},
	"aten::vdot":                {kind: product, a: 0, b: 1},
	"aten::_int_mm":             {kind: product, a: 0, b: 1},
	"aten::_scaled_mm":          {kind: product, a: 0, b: 1},
	"aten::_grouped_mm":         {kind: bare},
	"aten::_weight_int8pack_mm": {kind: productT, a: 0, b: 1},
	"aten::_weight_int4pack_mm": {kind: packedInt4, a: 0, b: 1},
	"aten::mkldnn_linear":       {kind: productT, a: 0, b: 1},
	"mkldnn::_linear_pointwise": {kind: productT, a: 0, b: 1},
	"aten::_cslt_sparse_mm":     {kind: bare},
	"quantized::linear":         {kind: bare},
	"quantized::linear_dynamic": {kind: bare},
	"quantized::conv2d":         {kind: bare},
	"quantized::conv2d_relu":    {kind: bare},
	"quantized::linear_relu":    {kind: bare},
	"_C::cutlass_scaled_mm":     {kind: product, a: 1, b: 2},

	"aten::linear":                {wraps: true, kind: productT, a: 0, b: 1},
	"aten::matmul":                {wraps: true, kind: product, a: 0, b: 1},
	"aten::inner":                 {wraps: true, kind: productT, a: 0, b: 1},
	"aten::einsum":                {wraps: true, kind: bare},
	"aten::tensordot":             {wraps: true, kind: bare},
	"aten::bilinear":              {wraps: true, kind: bare},
	"aten::_trilinear":            {wraps: true, kind: bare},
	"aten::chain_matmul":          {wraps: true, kind: bare},
	"aten::linalg_multi_dot":      {wraps: true, kind: bare},
	"aten::multi_head_attention":  {wraps: true, kind: bare},
	"aten::lstm":                  {wraps: true, kind: bare},
	"aten::gru":                   {wraps: true, kind: bare},
	"aten::_cudnn_rnn":            {wraps: true, kind: bare},
	"aten::miopen_rnn":            {wraps: true, kind: bare},
	"aten::_thnn_fused_lstm_cell": {wraps: true, kind: bare},
	"aiter::gemm_a16w16":          {wraps: true, kind: productT, a: 0, b: 1},
	"aiter::gemm_a8w8":            {wraps: true, kind: productT, a: 0, b: 1},
	"vllm::rocm_unquantized_gemm": {wraps: true, kind: productT, a: 0, b: 1},

	"aten::conv1d":             {kind: convolution, a: 0, conv: convArgs{weight: 1, stride: 3, padding: 4, dilation: 5, groups: 6}},
	"aten::conv2d":             {kind: convolution, a: 0, conv: convArgs{weight: 1, stride: 3, padding: 4, dilation: 5, groups: 6}},
	"aten::conv3d":             {kind: convolution, a: 0, conv: convArgs{weight: 1, stride: 3, padding: 4, dilation: 5, groups: 6}},
	"aten::convolution":        {kind: convolution, a: 0, conv: convArgs{weight: 1, stride: 3, padding: 4, dilation: 5, transposed: 6, groups: 8}},
	"aten::_convolution":       {kind: convolution, a: 0, conv: convArgs{weight: 1, stride: 3, padding: 4, dilation: 5, transposed: 6, groups: 8}},
	"aten::cudnn_convolution":  {kind: convolution, a: 0, conv: convArgs{weight: 1, padding: 2, stride: 3, dilation: 4, groups: 5}},
	"aten::miopen_convolution": {kind: convolution, a: 0, conv: convArgs{weight: 1, padding: 3, stride: 4, dilation: 5, groups: 6}},
	"aten::mkldnn_convolution": {kind: convolution, a: 0, conv: convArgs{weight: 1, padding: 3, stride: 4, dilation: 5, groups: 6}},
	"aten::cudnn_convolution_transpose": {kind: convolution, a: 0,
		conv: convArgs{weight: 1, padding: 2, stride: 4, dilation: 5, groups: 6, always: true}},
	"aten::miopen_depthwise_convolution":     {kind: convolution, a: 0, conv: convArgs{weight: 1, padding: 3, stride: 4, dilation: 5, groups: 6}},
	"mkldnn::_convolution_pointwise":         {kind: convolution, a: 0, conv: convArgs{weight: 1, padding: 3, stride: 4, dilation: 5, groups: 6}},
	"aten::thnn_conv2d":                      {kind: convolution, a: 0, conv: convArgs{weight: 1, stride: 4, padding: 5}},
	"aten::_slow_conv2d_forward":             {kind: convolution, a: 0, conv: convArgs{weight: 1, stride: 4, padding: 5}},
	"aten::conv_transpose1d":                 {kind: convolution, a: 0, conv: convArgs{weight: 1, stride: 3, padding: 4, groups: 6, dilation: 7, always: true}},
	"aten::conv_transpose2d":                 {kind: convolution, a: 0, conv: convArgs{weight: 1, stride: 3, padding: 4, groups: 6, dilation: 7, always: true}},
	"aten::conv_transpose3d":                 {kind: convolution, a: 0, conv: convArgs{weight: 1, stride: 3, padding: 4, groups: 6, dilation: 7, always: true}},
	"aten::convolution_backward":             {kind: convBackward, a: 1, conv: convArgs{weight: 2, stride: 4, padding: 5, dilation: 6, transposed: 7, groups: 9, mask: 10}},
	"aten::convolution_backward_overridable": {wraps: true, kind: bare},

	"aten::scaled_dot_product_attention":                         {wraps: true, kind: attention, causal: 5},
	"aten::_scaled_dot_product_attention_math":                   {wraps: true, kind: attention, causal: 5},
	"aten::_scaled_dot_product_flash_attention":                  {kind: attention, causal: 4},
	"aten::_scaled_dot_product_flash_attention_for_cpu":          {kind: attention, causal: 4},
	"aten::_scaled_dot_product_efficient_attention":              {kind: attention, causal: 6},
	"aten::_scaled_dot_product_cudnn_attention":                  {kind: attention, causal: 6},
	"aten::_scaled_dot_product_fused_attention_overrideable":     {kind: attention, causal: 5},
	"aten::_flash_attention_forward":                             {kind: attentionBSHD, causal: 8},
	"aten::_efficient_attention_forward":                         {kind: attentionBSHD, causal: 9},
	"flash_attn::_flash_attn_forward":                            {kind: attentionBSHD, causal: 5},
	"flash_attn::_flash_attn_varlen_forward":                     {kind: attentionBSHD, causal: 9},
	"FlashAttnFunc":                                              {wraps: true, kind: attentionBSHD, causal: 5},
	"aten::_scaled_dot_product_flash_attention_backward":         {kind: attentionGrad, a: 1, causal: 11},
	"aten::_scaled_dot_product_flash_attention_for_cpu_backward": {kind: attentionGrad, a: 1, causal: 7},
	"aten::_scaled_dot_product_efficient_attention_backward":     {kind: attentionGrad, a: 1, causal: 11},
	"aten::_scaled_dot_product_cudnn_attention_backward":         {kind: attentionGrad, a: 1, causal: 14},
}

// suspicious are parts of names that products have, without the library; an
// operator with one that is not in the table is named among the skipped ones.
var suspicious = []string{"_mm", "gemm", "matmul", "conv1", "conv2", "conv3", "convolution", "attention", "flash_attn", "attn_fwd", "fused_moe", "linear"}

// harmless operators have such a part of a name but are no products, or belong to
// ones that are counted.
var harmless = []string{"im2col", "reorder", "prepack", "upsample", "bilinear2d", "trilinear3d", "linear1d", "linspace", "mask", "linear_backward", "embedding"}

// candidate reports whether an operator concerns the rules at all.
func candidate(name string) bool {
	if _, ok := rules[name]; ok {
		return true
	}
	i := strings.LastIndex(name, "::")
	if i < 0 || strings.HasPrefix(name, "autograd::") {
		return false
	}
	part := func(p string) bool { return strings.Contains(name[i+2:], p) }
	return slices.ContainsFunc(suspicious, part) && !slices.ContainsFunc(harmless, part)
}

// judge applies the rules to one operator.
func judge(o operator, opt workloads.ImportOptions) verdict {
	r, ok := rules[o.name]
	if !ok {
		return verdict{wraps: true, reason: reasonUnknown}
	}
	v := verdict{wraps: r.wraps}
	if !o.shaped {
		v.reason = reasonNoShapes
		return v
	}
	var err error
	switch r.kind {
	case bare:
		v.reason = reasonUnknown
		if strings.HasPrefix(o.name, "quantized::") {
			v.reason = reasonPrepared
		}
	case product, productT, packedInt4:
		err = v.product(o, r)
	case convolution, convBackward:
		err = v.convolution(o, r)
	default:
		err = v.attention(o, r, opt)
	}
	if err != nil {
		v.fault = err.Error()
	}
	for i := range v.rows {
		v.finish(&v.rows[i], o, r)
	}
	return v
}

// finish sets what all rows of an operator share.
func (v *verdict) finish(g *workloads.GEMM, o operator, r rule) {
	g.Name = workloads.PlainName(o.name)
	a, b := o.format(r.a), o.format(r.b)
	switch r.kind {
	case convolution, convBackward:
		b = o.format(r.conv.weight)
	case attention, attentionBSHD, attentionGrad:
		b = o.format(r.a + 1)
	}
	if g.FormatA == "" && g.FormatB == "" {
		g.FormatA, g.FormatB, g.FormatOut = a, b, o.outFmt
	}
	if a == "complex" || b == "complex" {
		v.reason = reasonComplex
	}
	if g.M == 0 || g.N == 0 || g.K == 0 || g.Batch == 0 {
		v.reason = reasonEmpty
	}
}

// short is the name of an operator without its library.
func short(name string) string {
	if i := strings.LastIndex(name, "::"); i >= 0 {
		name = name[i+2:]
	}
	return strings.Trim(name, "_")
}

func (v *verdict) product(o operator, r rule) error {
	a, b := o.shape(r.a), o.shape(r.b)
	if len(a) == 0 || len(b) == 0 {
		v.reason = reasonNoShapes
		return nil
	}
	switch r.kind {
	case productT:
		if len(b) == 1 {
			b = []int{1, b[0]}
		}
		if len(b) != 2 {
			return fmt.Errorf("weight has %d axes: %v", len(b), b)
		}
		b = []int{b[1], b[0]}
	case packedInt4:
		n, ok := workloads.Extent(b[0], 8)
		if len(b) != 4 || !ok {
			v.reason = reasonPrepared
			return nil
		}
		b = []int{a[len(a)-1], n}
	}
	g, err := workloads.Matmul(o.name, a, b)
	if err != nil {
		return err
	}
	g.Op = short(o.name)
	v.rows = []workloads.GEMM{g}
	return nil
}

func (v *verdict) attention(o operator, r rule, opt workloads.ImportOptions) error {
	q, k, val := o.shape(r.a), o.shape(r.a+1), o.shape(r.a+2)
	if len(q) == 0 || len(k) == 0 || len(val) == 0 {
		v.reason = reasonNoShapes
		return nil
	}
	if r.kind == attentionBSHD {
		if len(q) == 3 { // sequences one after the other, with their bounds in the next input
			if bounds := o.shape(r.a + 3); len(bounds) != 1 || bounds[0] != 2 || len(k) != 3 || len(val) != 3 {
				v.reason = reasonPacked
				return nil
			}
			q, k, val = slices.Insert(slices.Clone(q), 0, 1), slices.Insert(slices.Clone(k), 0, 1), slices.Insert(slices.Clone(val), 0, 1)
		}
		swap := func(s []int) []int {
			if len(s) == 4 {
				return []int{s[0], s[2], s[1], s[3]}
			}
			return s
		}
		q, k, val = swap(q), swap(k), swap(val)
	}
	if len(q) != len(k) || len(q) != len(val) || len(q) < 3 {
		return fmt.Errorf("query, key and value have shapes %v, %v, %v", q, k, val)
	}
	n := len(q)
	if q[n-1] != k[n-1] || k[n-2] != val[n-2] {
		return fmt.Errorf("query, key and value have shapes %v, %v, %v", q, k, val)
	}
	heads, kvHeads, batch := 1, 1, 1
	var ok bool
	if n > 3 {
		heads, kvHeads = q[n-3], k[n-3]
		batch, ok = workloads.Extent(q[:n-3]...)
	} else {
		batch, ok = workloads.Extent(q[0])
	}
	if slices.Contains(q, 0) || slices.Contains(k, 0) || slices.Contains(val, 0) || !ok {
		v.reason = reasonEmpty
		return nil
	}
	causal, _ := o.flag(r.causal)
	v.causal = causal && opt.Attention != "causal"
	shape := workloads.AttentionShape{Batch: batch, Heads: heads, KVHeads: kvHeads, Queries: q[n-2], Keys: k[n-2],
		DimQK: q[n-1], DimV: val[n-1], Causal: causal && !v.causal}
	var err error
	if r.kind == attentionGrad {
		v.rows, err = shape.Backward(o.name)
	} else {
		v.rows, err = shape.GEMMs(o.name)
	}
	return err
}
