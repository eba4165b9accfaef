package maptool

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"tpe/workloads"
)

// cnnLayer is the shape that Timeloop calls cnn-layer: P and Q are outputs, C and
// K channels in and out, R and S the window.
var cnnLayer = [3][]string{
	{"N", "C", "P", "Q", "R", "S"}, // inputs
	{"C", "K", "R", "S"},           // weights
	{"N", "K", "P", "Q"},           // outputs
}

// ReadTimeloop reads Timeloop problem specifications: a shape with its dimensions
// and data spaces, and an instance with their sizes, both below problem or at the
// top. Sizes that the file lacks, as a shape alone does, come from opt.Dims by the
// names of the dimensions.
func ReadTimeloop(r io.Reader, opt workloads.ImportOptions, s *workloads.Sink) error {
	return eachDocument(r, s, func(doc *yaml.Node) error {
		problem := get(doc, "problem")
		if problem == nil {
			problem = doc
		}
		shape := get(problem, "shape")
		if shape == nil {
			s.Skip("document without a problem", "")
			return nil
		}
		return timeloop(problem, shape, opt, s)
	})
}

func timeloop(problem, shape *yaml.Node, opt workloads.ImportOptions, s *workloads.Sink) error {
	name := scalar(get(shape, "name"))
	spaces := cnnLayer
	if shape.Kind == yaml.ScalarNode {
		if name = shape.Value; name != "cnn-layer" && name != "cnn_layer" {
			s.FaultAt(pos(shape), "shape is in another file", name, "the shape itself, or cnn-layer")
			return nil
		}
	} else {
		var err error
		if spaces, err = dataSpaces(get(shape, "data_spaces", "data-spaces")); err != nil {
			s.FaultAt(pos(shape), err.Error(), name, "two spaces that are read and one with read_write")
			return nil
		}
	}
	if name == "" {
		name = "problem"
	}
	sizes := map[string]int{}
	instance := get(problem, "instance")
	if instance == nil {
		instance = problem
	}
	var missing []string
	for _, d := range slices.Concat(texts(get(shape, "dimensions")), spaces[0], spaces[1], spaces[2]) {
		if _, done := sizes[d]; done || slices.Contains(missing, d) {
			continue
		}
		value := get(instance, d)
		v, ok := opt.Dims[d]
		if !ok && value != nil {
			if v, ok = size(scalar(value)); !ok {
				s.FaultAt(pos(value), "size of "+d+" is out of range", scalar(value), "an integer of 1 to 2147483647")
				return nil
			}
		}
		if !ok && shape.Kind == yaml.ScalarNode { // of cnn-layer
			v, ok = 1, get(instance, "C", "K", "R") != nil
		}
		if !ok {
			missing = append(missing, d)
			continue
		}
		sizes[d] = v
	}
	if len(missing) > 0 {
		s.FaultAt(pos(shape), "file has no sizes of dimensions", strings.Join(missing, " "), "an instance, or --dim "+strings.Join(missing, "=N --dim ")+"=N")
		return nil
	}
	g, err := workloads.Contraction(workloads.PlainName(name), sizes, spaces[0], spaces[1], spaces[2])
	if err != nil {
		s.FaultAt(pos(shape), err.Error(), name, "dimensions that fit together")
		return nil
	}
	return s.Take(pos(shape), g)
}

// dataSpaces returns the dimensions of the input, the weights and the result.
func dataSpaces(list *yaml.Node) (spaces [3][]string, err error) {
	if list == nil || list.Kind != yaml.SequenceNode {
		return spaces, fmt.Errorf("shape has no data_spaces")
	}
	var read [][]string
	weights := -1
	for _, item := range list.Content {
		name := scalar(get(item, "name"))
		var dims []string
		projection(get(item, "projection"), 0, &dims)
		if rw := strings.ToLower(scalar(get(item, "read_write", "read-write"))); rw == "true" {
			if spaces[2] != nil {
				return spaces, fmt.Errorf("shape writes more than one data space")
			}
			spaces[2] = dims
			continue
		}
		if lower := strings.ToLower(name); strings.HasPrefix(lower, "w") || strings.HasPrefix(lower, "filter") || strings.HasPrefix(lower, "kernel") {
			weights = len(read)
		}
		read = append(read, dims)
	}
	if len(read) != 2 || spaces[2] == nil {
		return spaces, fmt.Errorf("shape reads %d data spaces", len(read))
	}
	if weights == 0 {
		read[0], read[1] = read[1], read[0]
	}
	spaces[0], spaces[1] = read[0], read[1]
	return spaces, nil
}

// projection collects the dimensions of [[[N]], [[R, Wdilation], [P, Wstride]]]: the
// first name of each innermost list; what follows it is a coefficient.
func projection(n *yaml.Node, depth int, dims *[]string) {
	n = resolve(n)
	if n == nil || n.Kind != yaml.SequenceNode || depth > 4 {
		return
	}
	for i, c := range n.Content {
		c = resolve(c)
		if c != nil && c.Kind == yaml.ScalarNode {
			if i == 0 && !slices.Contains(*dims, c.Value) {
				*dims = append(*dims, c.Value)
			}
			continue
		}
		projection(c, depth+1, dims)
	}
}
