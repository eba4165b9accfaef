package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"tpe/infer"
	"tpe/internal/wholefile"
)

// trainCmd trains a small network on Fashion-MNIST.
type trainCmd struct {
	Model   string  `default:"mlp" help:"mlp (784-128-10) or cnn (two convolutions)."`
	Out     string  `required:"" placeholder:"FILE" help:"Where the weights go (safetensors)."`
	Dataset string  `placeholder:"DIR" help:"Folder of Fashion-MNIST's four files; Debian's dataset-fashion-mnist otherwise."`
	Epochs  int     `default:"3" help:"Passes over the training images."`
	Images  int     `default:"60000" help:"The first so many training images."`
	Tests   int     `default:"10000" help:"The first so many test images."`
	Rate    float64 `default:"0.05" help:"Learning rate at the start."`
	Seed    uint64  `default:"1" help:"Seed of weights and order."`
	outputFlags
}

// trainReport is the JSON of tpe train.
type trainReport struct {
	Model    string    `json:"model"`
	Seed     uint64    `json:"seed"`
	Images   int       `json:"images"`
	Losses   []float64 `json:"losses"`   // mean of each epoch
	Accuracy float64   `json:"accuracy"` // on the test images, float32
}

// Run implements the command.
func (c *trainCmd) Run(e *env) error {
	var errs []error
	if c.Epochs < 1 || c.Epochs > 1000 {
		errs = append(errs, fmt.Errorf("--epochs: out of range: %d (expected 1..1000)", c.Epochs))
	}
	if c.Images < 100 {
		errs = append(errs, fmt.Errorf("--images: out of range: %d (expected at least 100)", c.Images))
	}
	if c.Tests < 1 {
		errs = append(errs, fmt.Errorf("--tests: out of range: %d (expected at least 1)", c.Tests))
	}
	if !(c.Rate > 0 && c.Rate <= 10) {
		errs = append(errs, fmt.Errorf("--rate: out of range: %v (expected above 0, at most 10)", c.Rate))
	}
	n, err := infer.NewNetwork(c.Model, c.Seed)
	if err != nil {
		errs = append(errs, fmt.Errorf("--model: %w", err))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if c.Dataset == "" {
		c.Dataset = infer.FashionDir
	}
	train, err1 := infer.LoadFashion(c.Dataset, "train", c.Images)
	test, err2 := infer.LoadFashion(c.Dataset, "t10k", c.Tests)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	r := &trainReport{Model: c.Model, Seed: c.Seed, Images: train.Rows}
	t := infer.Training{Epochs: c.Epochs, Batch: 50, Rate: float32(c.Rate), Momentum: 0.9, Seed: c.Seed}
	if err := t.Train(e.ctx, n, train, func(epoch int, loss float64) {
		r.Losses = append(r.Losses, loss)
		e.progress("epoch %d of %d: loss %.4f", epoch, c.Epochs, loss)
	}); err != nil {
		e.progressDone()
		return err
	}
	e.progressDone()
	if r.Accuracy, err = n.Accuracy(infer.Exact{}, test.Matrix, test.Labels); err != nil {
		return err
	}
	var b bytes.Buffer
	if err := infer.SaveNetwork(&b, c.Model, n); err != nil {
		return err
	}
	if err := wholefile.Bytes(c.Out, b.Bytes()); err != nil {
		return err
	}
	rows := func() [][]string {
		out := [][]string{{"epoch", "loss"}}
		for i, l := range r.Losses {
			out = append(out, []string{fmt.Sprint(i + 1), fmt.Sprintf("%.4f", l)})
		}
		return out
	}
	return c.emit(e, r, rows, func(w io.Writer) error {
		if err := (&table{rows()}).write(w); err != nil {
			return err
		}
		_, err := fmt.Fprintf(w, "%s: %.2f %% of %d test images right, weights in %s\n", c.Model, 100*r.Accuracy, test.Rows, c.Out)
		return err
	})
}
