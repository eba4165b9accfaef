package maptool

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"tpe/workloads"
)

// ReadZigZag reads a ZigZag workload: a YAML list of layers, each with an equation
// such as O[b][k][oy][ox]+=W[k][c][fy][fx]*I[b][c][iy][ix], relations between its
// dimensions, loop sizes and the bits of its operands. Layers without weights, such
// as pooling and additions, are left out.
func ReadZigZag(r io.Reader, _ workloads.ImportOptions, s *workloads.Sink) error {
	return eachDocument(r, s, func(doc *yaml.Node) error {
		list := []*yaml.Node{doc}
		if doc.Kind == yaml.SequenceNode {
			list = doc.Content
		}
		for _, layer := range list {
			if err := zigzag(resolve(layer), s); err != nil || s.Full() {
				return err
			}
		}
		return nil
	})
}

var (
	operandPattern  = regexp.MustCompile(`([A-Za-z]\w*)((?:\[\w+\])+)`)
	indexPattern    = regexp.MustCompile(`\[(\w+)\]`)
	relationPattern = regexp.MustCompile(`[A-Za-z_]\w*`)
)

func zigzag(layer *yaml.Node, s *workloads.Sink) error {
	kind := scalar(get(layer, "operator_type"))
	name := scalar(get(layer, "name"))
	if name == "" {
		name = strings.TrimSpace(kind + " " + scalar(get(layer, "id")))
	}
	equation := get(layer, "equation")
	if equation == nil {
		s.Skip("layer without an equation", kind)
		return nil
	}
	bad := func(n *yaml.Node, what, value string) error {
		s.FaultAt(pos(n), what, value, "a layer of ZigZag")
		return nil
	}
	sizes, err := loops(layer)
	if err != nil {
		return bad(equation, err.Error(), name)
	}
	related := relations(get(layer, "dimension_relations"))
	operands := map[string][]string{}
	var order []string
	for _, m := range operandPattern.FindAllStringSubmatch(equation.Value, 16) {
		var dims []string
		for _, x := range indexPattern.FindAllStringSubmatch(m[2], 32) {
			d := strings.ToLower(x[1])
			if parts := related[d]; parts != nil {
				dims = append(dims, parts...)
			} else {
				dims = append(dims, d)
			}
		}
		if _, twice := operands[m[1]]; !twice {
			order = append(order, m[1])
		}
		operands[m[1]] = dims
	}
	precision := get(layer, "operand_precision")
	if len(order) != 3 || scalar(get(precision, "W")) == "0" {
		s.Skip("layer without weights", kind)
		return nil
	}
	out, a, b := order[0], order[1], order[2]
	if a == "W" {
		a, b = b, a
	}
	g, err := workloads.Contraction(workloads.PlainName(name), sizes, operands[a], operands[b], operands[out])
	if err != nil {
		return bad(equation, err.Error(), equation.Value)
	}
	if g.M == 1 && g.N == 1 && g.K == 1 { // element by element
		s.Skip("not a matrix product", kind)
		return nil
	}
	if kind != "" {
		g.Op = workloads.PlainName(strings.ToLower(kind))
	}
	bits := func(operand string) string {
		if n, ok := size(scalar(get(precision, operand))); ok && n <= 64 {
			return fmt.Sprintf("int%d", n)
		}
		return ""
	}
	g.FormatA, g.FormatB, g.FormatOut = bits(a), bits(b), bits(out)
	return s.Take(pos(equation), g)
}

// loops are the sizes of the dimensions, in lower case.
func loops(layer *yaml.Node) (map[string]int, error) {
	names, values := texts(get(layer, "loop_dims")), texts(get(layer, "loop_sizes"))
	if len(names) == 0 || len(names) != len(values) {
		return nil, fmt.Errorf("layer has %d loop_dims and %d loop_sizes", len(names), len(values))
	}
	sizes := map[string]int{}
	for i, n := range names {
		v, ok := size(values[i])
		if !ok {
			return nil, fmt.Errorf("size of %s is out of range: %q", n, values[i])
		}
		sizes[strings.ToLower(n)] = v
	}
	return sizes, nil
}

// relations reads "ix=1*ox+1*fx": the dimensions that another one stands for.
func relations(list *yaml.Node) map[string][]string {
	related := map[string][]string{}
	for _, text := range texts(list) {
		left, right, ok := strings.Cut(text, "=")
		if !ok {
			continue
		}
		var dims []string
		for _, d := range relationPattern.FindAllString(right, 8) {
			if d = strings.ToLower(d); !slices.Contains(dims, d) {
				dims = append(dims, d)
			}
		}
		related[strings.ToLower(strings.TrimSpace(left))] = dims
	}
	return related
}
