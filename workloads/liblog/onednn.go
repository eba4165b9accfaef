package liblog

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"tpe/workloads"
)

// ReadOneDNN reads the lines that oneDNN prints with ONEDNN_VERBOSE set, of
// versions 1 (mkldnn_verbose, dnnl_verbose), 2 and 3, among any other lines. Only
// executions count: creations and the "info" lines do not. The order of the
// fields is taken from the template line where there is one.
func ReadOneDNN(r io.Reader, _ workloads.ImportOptions, s *workloads.Sink) error {
	o := oneDNN{s: s, template: strings.Split(oneDNNTemplate, ",")}
	return eachLine(r, s, o.line)
}

// oneDNNTemplate is the order of fields without a template line. Version 0 has no
// engine.
const oneDNNTemplate = "operation,engine,primitive,implementation,prop_kind,memory_descriptors,attributes,auxiliary,problem_desc,exec_time"

// Markers are what oneDNN lines begin with.
var markers = []string{"onednn_verbose,", "dnnl_verbose,", "mkldnn_verbose,"}

// IsOneDNN reports whether a line has a marker of oneDNN.
func IsOneDNN(line string) bool { return markerAt(line) >= 0 }

func markerAt(line string) int {
	for _, m := range markers {
		if i := strings.Index(line, m); i >= 0 {
			return i
		}
	}
	return -1
}

type oneDNN struct {
	s        *workloads.Sink
	template []string
}

// call is one executed primitive.
type call struct {
	line, col                 int // of the problem
	primitive, prop, problem  string
	auxiliary                 string
	formatA, formatB, formatC string
}

func (o *oneDNN) line(text string, line int) error {
	at := markerAt(text)
	if at < 0 {
		if strings.TrimSpace(text) != "" {
			o.s.Skip("line of something else", "")
		}
		return nil
	}
	fields := strings.Split(text[at:], ",")
	for i, f := range fields {
		if name, list, ok := strings.Cut(f, "template:"); ok && (name == "" || name == "prim_") && list == "timestamp" || ok && list == "operation" {
			o.template = append([]string{list}, fields[i+1:]...)
			o.s.Skip("information line", "")
			return nil
		}
	}
	exec := slices.Index(fields[:min(len(fields), 6)], "exec")
	if exec < 0 {
		reason := "information line"
		for _, f := range fields[:min(len(fields), 6)] {
			if strings.HasPrefix(f, "create") {
				reason = "creation, not execution"
			}
		}
		o.s.Skip(reason, "")
		return nil
	}
	c := o.fields(fields, exec)
	c.line = line
	c.col = at + strings.LastIndex(text[at:], c.problem) + 1
	return o.call(c)
}

// fields picks the parts of an executed primitive. Those behind the memory
// descriptors are counted from the end, since attributes may hold commas.
func (o *oneDNN) fields(fields []string, exec int) call {
	template := o.template
	if i := slices.Index(template, "operation"); i >= 0 {
		template = template[i:]
	}
	if exec+1 < len(fields) && !slices.Contains([]string{"cpu", "gpu"}, strings.TrimRight(fields[exec+1], ":0123456789")) {
		template = slices.DeleteFunc(slices.Clone(template), func(n string) bool { return n == "engine" })
	}
	pick := func(name string) string {
		i := slices.Index(template, name)
		j := exec + i
		if back := slices.Index(template, "memory_descriptors"); i > back && back >= 0 {
			j = len(fields) - (len(template) - i)
		}
		if i < 0 || j <= exec || j >= len(fields) {
			return ""
		}
		return strings.TrimSpace(fields[j])
	}
	c := call{primitive: pick("primitive"), prop: pick("prop_kind"), problem: pick("problem_desc"), auxiliary: pick("auxiliary")}
	for _, d := range strings.Fields(pick("memory_descriptors")) {
		role, rest, _ := strings.Cut(strings.TrimPrefix(d, "diff_"), ":")
		typ, _, _ := strings.Cut(rest, ":")
		if i := strings.LastIndexByte(role, '_'); i >= 0 && (formatOf(role[i+1:]) != role[i+1:] || role[i+1:] == "bf16") {
			role, typ = role[:i], role[i+1:] // version 2: src_u8::blocked:..., src_layer_f32::...
		}
		role, _, _ = strings.Cut(role, "_")
		switch role {
		case "src", "query", "src0":
			c.formatA = formatOf(typ)
		case "wei", "key":
			c.formatB = formatOf(typ)
		case "dst":
			c.formatC = formatOf(typ)
		}
	}
	return c
}

func (o *oneDNN) call(c call) error {
	var rows []workloads.GEMM
	var err error
	if strings.Contains(c.problem, "*") {
		o.s.Skip("sizes known at run time only", c.primitive)
		return nil
	}
	switch c.primitive {
	case "matmul", "gemm", "gemm_api":
		rows, err = oneDNNMatmul(c)
	case "sdpa":
		rows, err = oneDNNAttention(c)
	case "convolution", "inner_product", "deconvolution":
		rows, err = oneDNNConv(c)
	case "rnn":
		rows, err = oneDNNRNN(c)
	default:
		o.s.Skip("not a matrix product", c.primitive)
		return nil
	}
	if err != nil {
		o.s.Fault(c.line, c.col, err.Error(), c.problem, "the problem of a "+c.primitive)
		return nil
	}
	for i := range rows {
		rows[i].FormatA, rows[i].FormatB, rows[i].FormatOut = c.formatA, c.formatB, c.formatC
	}
	return o.s.Take(workloads.Pos{Line: c.line, Col: c.col}, gradient(rows, c.prop)...)
}

// gradient turns forward rows into those of the pass that ran.
func gradient(rows []workloads.GEMM, prop string) []workloads.GEMM {
	for i, g := range rows {
		switch {
		case strings.HasPrefix(prop, "backward_d"):
			rows[i] = g.InputGradient()
			rows[i].Op += "_dgrad"
		case strings.HasPrefix(prop, "backward_w"):
			rows[i] = g.WeightGradient()
			rows[i].Op += "_wgrad"
		}
	}
	return rows
}

// shapes reads "8x1024:1024x64:8x64".
func shapes(text string) ([][]int, error) {
	var list [][]int
	text, _, _ = strings.Cut(text, " ")
	for _, part := range strings.Split(text, ":") {
		part, _, _ = strings.Cut(part, "n\"")
		var shape []int
		for _, d := range strings.Split(part, "x") {
			v, err := strconv.Atoi(d)
			if err != nil || v < 0 {
				return nil, fmt.Errorf("size is not a number: %q", d)
			}
			shape = append(shape, v)
		}
		list = append(list, shape)
	}
	return list, nil
}

func oneDNNMatmul(c call) ([]workloads.GEMM, error) {
	list, err := shapes(c.problem)
	if err != nil {
		return nil, err
	}
	if len(list) < 2 || len(list[0]) < 2 || len(list[1]) < 2 {
		return nil, fmt.Errorf("problem has no two matrices")
	}
	g, err := workloads.Matmul(c.primitive, list[0], list[1])
	return []workloads.GEMM{g}, err
}

// oneDNNAttention reads query, key (transposed) and value shapes.
func oneDNNAttention(c call) ([]workloads.GEMM, error) {
	list, err := shapes(c.problem)
	if err != nil {
		return nil, err
	}
	if len(list) < 3 || len(list[0]) != 4 || len(list[1]) != 4 || len(list[2]) != 4 {
		return nil, fmt.Errorf("problem has no query, key and value of 4 axes")
	}
	q, k, v := list[0], list[1], list[2]
	return workloads.AttentionShape{Batch: q[0], Heads: q[1], KVHeads: k[1], Queries: q[2], Keys: k[3], DimQK: q[3], DimV: v[3]}.GEMMs(c.primitive)
}

// letters reads a problem such as "mb8_ic3oc16_ih8oh8kh3sh1dh0ph1": names, each
// with a number.
func letters(text string) (map[string]int, error) {
	sizes := make(map[string]int)
	text, _, _ = strings.Cut(text, "n\"")
	for len(text) > 0 {
		if text[0] == '_' {
			text = text[1:]
			continue
		}
		n := strings.IndexAny(text, "0123456789")
		if n < 1 {
			return nil, fmt.Errorf("problem is not names with numbers: %q", text)
		}
		end := n
		for end < len(text) && text[end] >= '0' && text[end] <= '9' {
			end++
		}
		v, err := strconv.Atoi(text[n:end])
		if err != nil || v > 1<<31-1 {
			return nil, fmt.Errorf("size is out of range: %q", text[n:end])
		}
		sizes[text[:n]] = v
		text = text[end:]
	}
	return sizes, nil
}

// oneDNNConv reads convolutions and inner products, whose weights are as large as
// their input.
func oneDNNConv(c call) ([]workloads.GEMM, error) {
	p, err := letters(c.problem)
	if err != nil {
		return nil, err
	}
	or := func(name string, otherwise int) int {
		if v, ok := p[name]; ok {
			return v
		}
		return otherwise
	}
	if c.primitive == "inner_product" {
		k, ok := workloads.Extent(or("ic", 0), or("id", 1), or("ih", 1), or("iw", 1))
		if !ok {
			return nil, fmt.Errorf("problem is too large")
		}
		g := workloads.NewGEMM(c.primitive, or("mb", 2), or("oc", 0), k)
		g.Op = "fc"
		return []workloads.GEMM{g}, nil
	}
	n := workloads.ConvND{Batch: or("mb", 2), InC: or("ic", 0), OutC: or("oc", 0), Groups: or("g", 1)}
	for _, axis := range []string{"d", "h", "w"} {
		in, named := p["i"+axis]
		if !named && axis != "w" {
			continue
		}
		if !named {
			in = or("ih", 1)
		}
		k, st, dil, pad := or("k"+axis, or("kh", 1)), or("s"+axis, or("sh", 1)), or("d"+axis, or("dh", 0)), or("p"+axis, or("ph", 0))
		out := or("o"+axis, 0)
		n.In, n.Kernel, n.Stride = append(n.In, in), append(n.Kernel, k), append(n.Stride, st)
		n.Dilation, n.PadBegin = append(n.Dilation, dil+1), append(n.PadBegin, pad)
		n.PadEnd = append(n.PadEnd, max(0, (out-1)*st+dil*(k-1)+k-in-pad))
	}
	if c.primitive == "deconvolution" {
		n.PadBegin, n.PadEnd = nil, nil
		g, err := n.Transposed(c.primitive)
		return []workloads.GEMM{g}, err
	}
	out, err := n.Out()
	if err != nil {
		return nil, err
	}
	for i, axis := range []string{"d", "h", "w"}[3-len(out):] {
		if want, named := p["o"+axis]; named && want != out[i] {
			return nil, fmt.Errorf("output size o%s is %d by the other sizes", axis, out[i])
		}
	}
	g, err := n.GEMM(c.primitive)
	return []workloads.GEMM{g}, err
}

// oneDNNRNN reads "l1t3mb2sic16slc16dhc32dic32", the cell being in the auxiliary
// text.
func oneDNNRNN(c call) ([]workloads.GEMM, error) {
	desc := c.problem
	if i := strings.LastIndexByte(desc, ' '); i >= 0 {
		desc = desc[i+1:]
	}
	p, err := letters(desc)
	if err != nil {
		return nil, err
	}
	gates := 1
	switch {
	case strings.Contains(c.auxiliary, "lstm"):
		gates = 4
	case strings.Contains(c.auxiliary, "gru"):
		gates = 3
	}
	r := workloads.Recurrent{Gates: gates, Steps: p["t"], Batch: p["mb"], Input: p["slc"], Hidden: p["dhc"], Directions: 1, Layers: p["l"]}
	if strings.Contains(c.auxiliary, "bidirectional") {
		r.Directions = 2
	}
	return r.GEMMs(c.primitive)
}
