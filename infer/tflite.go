package infer

import (
	"fmt"

	"tpe/numeric/quant"
	"tpe/workloads/tensorfile"
)

// LoadTFLite reads a chain of fully connected layers from a TensorFlow Lite model.
func LoadTFLite(f *tensorfile.File) (Network, error) {
	if f.Format != "tflite" || len(f.Inputs) != 1 {
		return nil, fmt.Errorf("%s: a %s file with %d inputs (expected a TensorFlow Lite model with one)", f.Path, f.Format, len(f.Inputs))
	}
	var n Network
	at := f.Inputs[0]
	for i, op := range f.Ops {
		if op.Name != "FULLY_CONNECTED" || len(op.Inputs) < 2 || len(op.Outputs) != 1 || op.Inputs[0] != at || op.Inputs[1] < 0 {
			return nil, fmt.Errorf("%s: operator %d is %s of tensors %v (expected FULLY_CONNECTED of tensor %d)", f.Path, i, op.Name, op.Inputs, at)
		}
		if op.Activation != "" && op.Activation != "relu" {
			return nil, fmt.Errorf("%s: operator %d has the activation %s (expected relu or none)", f.Path, i, op.Activation)
		}
		w := &f.Tensors[op.Inputs[1]]
		words, err := f.Real(w)
		if err != nil {
			return nil, err
		}
		if len(w.Shape) != 2 {
			return nil, fmt.Errorf("%s: weights %q have the shape %s (expected two dimensions)", f.Path, w.Name, w.ShapeText())
		}
		l := &Linear{Weight: (&quant.Matrix{Rows: int(w.Shape[0]), Cols: int(w.Shape[1]), Data: words}).Transposed(), ReLU: op.Activation == "relu"}
		l.Bias = make([]float32, l.Weight.Cols)
		if len(op.Inputs) > 2 && op.Inputs[2] >= 0 {
			if l.Bias, err = f.Real(&f.Tensors[op.Inputs[2]]); err != nil {
				return nil, err
			}
		}
		if len(l.Bias) != l.Weight.Cols {
			return nil, fmt.Errorf("%s: operator %d has %d biases (expected %d)", f.Path, i, len(l.Bias), l.Weight.Cols)
		}
		n = append(n, l)
		at = op.Outputs[0]
	}
	if len(n) == 0 {
		return nil, fmt.Errorf("%s: model has no operator", f.Path)
	}
	return n, nil
}

// Windows are all runs of n consecutive rows as one row each: the input of MLPerf Tiny's anomaly detector is 5 frames of 128 bands.
func Windows(x *quant.Matrix, n int) *quant.Matrix {
	m := quant.NewMatrix(max(x.Rows-n+1, 0), n*x.Cols)
	for i := range m.Rows {
		copy(m.Row(i), x.Data[i*x.Cols:(i+n)*x.Cols])
	}
	return m
}

// AnomalyScore is how badly an autoencoder reproduces its input: the mean over rows of the mean squared difference. MLPerf Tiny's anomaly
// detector takes the mean over the windows of a recording.
func AnomalyScore(n Network, mul Multiplier, x *quant.Matrix) (float64, error) {
	y, err := n.Forward(mul, x)
	if err != nil {
		return 0, err
	}
	if len(y.Data) != len(x.Data) || len(y.Data) == 0 {
		return 0, fmt.Errorf("infer: %d numbers of %d inputs (expected as many)", len(y.Data), len(x.Data))
	}
	sum := 0.0
	for i, v := range x.Data {
		d := float64(v) - float64(y.Data[i])
		sum += d * d
	}
	return sum / float64(len(x.Data)), nil
}
