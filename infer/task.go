package infer

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tpe/numeric/quant"
	"tpe/workloads/tensorfile"
)

// Task is a network with data and a figure of merit.
type Task struct {
	Name   string
	Metric string // perplexity, accuracy or score
	Note   string // what was prepared, for the report
	run    func(Multiplier) (float64, error)
}

// Run returns the figure of merit with the given arithmetic.
func (t *Task) Run(m Multiplier) (float64, error) { return t.run(m) }

// FashionDir is where Debian's package dataset-fashion-mnist puts its files.
const FashionDir = "/usr/share/datasets/fashion-mnist"

// TaskForms says what [OpenTask] reads.
const TaskForms = "llama:MODEL[,tokens=N][,tokenizer=FILE], anomaly:MODEL,frames=FILE or fashion:WEIGHTS[,images=N][,dataset=DIR]"

// OpenTask reads a task:
//
//	llama:MODEL,tokens=200,tokenizer=FILE   perplexity of a llama2.c model on a text of its own: what it writes in the reference
//	                                        arithmetic, always the most probable token, at most so many of them
//	anomaly:MODEL,frames=FILE               score of MLPerf Tiny's anomaly detector (TensorFlow Lite) on a recording: float32, 128 bands a frame
//	fashion:WEIGHTS,images=1000,dataset=DIR accuracy of a network of tpe train on the first test images of Fashion-MNIST
func OpenTask(spec string) (*Task, error) {
	kind, rest, _ := strings.Cut(spec, ":")
	parts := strings.Split(rest, ",")
	path, options := parts[0], map[string]string{}
	known := map[string][]string{"llama": {"tokens", "tokenizer"}, "anomaly": {"frames"}, "fashion": {"images", "dataset"}}[kind]
	if known == nil || path == "" {
		return nil, fmt.Errorf("not a task: %q (expected %s)", spec, TaskForms)
	}
	var errs []error
	for _, p := range parts[1:] {
		key, value, ok := strings.Cut(p, "=")
		if _, twice := options[key]; !ok || value == "" || twice || !slices.Contains(known, key) {
			errs = append(errs, fmt.Errorf("bad option of a task: %q (expected %s, each once)", p, strings.Join(known, "=.. or ")+"=.."))
		}
		options[key] = value
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	f, err := tensorfile.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	t, err := map[string]func(*tensorfile.File, map[string]string) (*Task, error){"llama": llamaTask, "anomaly": anomalyTask, "fashion": fashionTask}[kind](f, options)
	if t != nil {
		t.Name = spec
	}
	return t, err
}

// countOption is an option of 1 to most.
func countOption(options map[string]string, key string, absent, most int) (int, error) {
	text, ok := options[key]
	if !ok {
		return absent, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return 0, fmt.Errorf("bad option of a task: %s=%q (expected 1..%d)", key, text, most)
	}
	return n, nil
}

func llamaTask(f *tensorfile.File, options map[string]string) (*Task, error) {
	m, err := LoadLlama(f)
	if err != nil {
		return nil, err
	}
	n, err := countOption(options, "tokens", 200, m.Context)
	if err != nil {
		return nil, err
	}
	tokens, err := m.Generate(Exact{}, n)
	if err != nil {
		return nil, err
	}
	t := &Task{Metric: "perplexity", Note: fmt.Sprintf("%d tokens that the model wrote", len(tokens)), run: func(mul Multiplier) (float64, error) { return m.Perplexity(mul, tokens) }}
	if path, ok := options["tokenizer"]; ok {
		words, err := LoadTokenizer(path, m.Vocab)
		if err != nil {
			return nil, err
		}
		t.Note += ": " + words.Text(tokens)
	}
	return t, nil
}

// The anomaly detector's input: bands of a frame, and frames of a window.
const (
	anomalyBands  = 128
	anomalyFrames = 5
)

func anomalyTask(f *tensorfile.File, options map[string]string) (*Task, error) {
	n, err := LoadTFLite(f)
	if err != nil {
		return nil, err
	}
	path, ok := options["frames"]
	if !ok {
		return nil, fmt.Errorf("anomaly: no frames (expected frames=FILE)")
	}
	raw, err := tensorfile.OpenRaw(path, "f32")
	if err != nil {
		return nil, err
	}
	defer raw.Close()
	data, err := raw.Floats(&raw.Tensors[0])
	if err != nil {
		return nil, err
	}
	if len(data)%anomalyBands != 0 || len(data) < anomalyBands*anomalyFrames {
		return nil, fmt.Errorf("%s: %d numbers (expected at least %d frames of %d)", path, len(data), anomalyFrames, anomalyBands)
	}
	x := Windows(&quant.Matrix{Rows: len(data) / anomalyBands, Cols: anomalyBands, Data: data}, anomalyFrames)
	return &Task{Metric: "score", Note: fmt.Sprintf("%d windows", x.Rows), run: func(mul Multiplier) (float64, error) { return AnomalyScore(n, mul, x) }}, nil
}

func fashionTask(f *tensorfile.File, options map[string]string) (*Task, error) {
	n, err := LoadNetwork(f)
	if err != nil {
		return nil, err
	}
	count, err := countOption(options, "images", 1000, maxFashion)
	if err != nil {
		return nil, err
	}
	dir := FashionDir
	if d, ok := options["dataset"]; ok {
		dir = d
	}
	images, err := LoadFashion(dir, "t10k", count)
	if err != nil {
		return nil, err
	}
	return &Task{Metric: "accuracy", Note: fmt.Sprintf("%s on %d test images", f.Meta[modelKey], images.Rows),
		run: func(mul Multiplier) (float64, error) { return n.Accuracy(mul, images.Matrix, images.Labels) }}, nil
}
