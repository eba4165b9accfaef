package infer

import (
	"fmt"
	"io"

	"tpe/workloads/tensorfile"
)

// modelKey is the metadata that names the model of a file of weights.
const modelKey = "model"

// parameter is a tensor of a network: K x N or N numbers.
type parameter struct {
	name  string
	shape []int64
	data  []float32
}

// parameters are the tensors of a network in order; their data are the network's own.
func (n Network) parameters() []parameter {
	var list []parameter
	for i, l := range n {
		switch l := l.(type) {
		case *Linear:
			list = append(list, parameter{fmt.Sprintf("layers.%d.weight", i), []int64{int64(l.Weight.Rows), int64(l.Weight.Cols)}, l.Weight.Data},
				parameter{fmt.Sprintf("layers.%d.bias", i), []int64{int64(len(l.Bias))}, l.Bias})
		case *Conv:
			list = append(list, parameter{fmt.Sprintf("layers.%d.weight", i), []int64{int64(l.Weight.Rows), int64(l.Weight.Cols)}, l.Weight.Data},
				parameter{fmt.Sprintf("layers.%d.bias", i), []int64{int64(len(l.Bias))}, l.Bias})
		}
	}
	return list
}

// SaveNetwork writes the weights of a model of [NewNetwork] as safetensors. Matrices are K x N, as they are multiplied.
func SaveNetwork(w io.Writer, model string, n Network) error {
	var list []tensorfile.Floats32
	for _, p := range n.parameters() {
		list = append(list, tensorfile.Floats32{Name: p.name, Shape: p.shape, Data: p.data})
	}
	return tensorfile.WriteSafetensors(w, map[string]string{modelKey: model}, list)
}

// LoadNetwork reads what [SaveNetwork] wrote.
func LoadNetwork(f *tensorfile.File) (Network, error) {
	model, _ := f.Meta[modelKey].(string)
	n, err := NewNetwork(model, 0)
	if err != nil {
		return nil, fmt.Errorf("%s: metadata %s: %w", f.Path, modelKey, err)
	}
	for _, p := range n.parameters() {
		t, err := f.Tensor(p.name)
		if err != nil {
			return nil, err
		}
		if t.Elems() != int64(len(p.data)) {
			return nil, fmt.Errorf("%s: tensor %q has the shape %s (expected %v)", f.Path, p.name, t.ShapeText(), p.shape)
		}
		if err := f.FloatsAt(t, p.data, 0); err != nil {
			return nil, err
		}
	}
	return n, nil
}
