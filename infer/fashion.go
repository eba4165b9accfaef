package infer

import (
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"

	"tpe/numeric/quant"
)

// Images are labelled images, one row each, pixels from 0 to 1.
type Images struct {
	*quant.Matrix
	Labels []int
}

// Image and class counts of Fashion-MNIST (arXiv 1708.07747).
const (
	fashionSide    = 28
	fashionClasses = 10
	maxFashion     = 1 << 20 // images
)

// LoadFashion reads the first most images called train or t10k from a folder with the files of Fashion-MNIST, in the IDX form, packed by gzip (Debian
// package dataset-fashion-mnist: /usr/share/datasets/fashion-mnist).
func LoadFashion(dir, set string, most int) (*Images, error) {
	pixels, n, err := readIDX(filepath.Join(dir, set+"-images-idx3-ubyte.gz"), 0x803, fashionSide*fashionSide, most)
	if err != nil {
		return nil, err
	}
	labels, m, err := readIDX(filepath.Join(dir, set+"-labels-idx1-ubyte.gz"), 0x801, 1, most)
	if err != nil {
		return nil, err
	}
	if n != m {
		return nil, fmt.Errorf("%s: %d images and %d labels of %s (expected as many)", dir, n, m, set)
	}
	images := &Images{Matrix: quant.NewMatrix(n, fashionSide*fashionSide)}
	for i, p := range pixels {
		images.Data[i] = float32(p) / 255
	}
	for i, l := range labels {
		if l >= fashionClasses {
			return nil, fmt.Errorf("%s: label %d of %s is %d (expected 0 to 9)", dir, i, set, l)
		}
		images.Labels = append(images.Labels, int(l))
	}
	return images, nil
}

// readIDX reads the items of a file, at most most of them, each of the given size.
func readIDX(path string, magic uint32, size, most int) (data []byte, n int, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, fmt.Errorf("data set: %w", err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, 0, fmt.Errorf("%s: %w", path, err)
	}
	return parseIDX(z, path, magic, size, most)
}

func parseIDX(r io.Reader, path string, magic uint32, size, most int) (data []byte, n int, err error) {
	dims := int(magic & 0xff)
	header := make([]byte, 4+4*dims)
	if _, err := io.ReadFull(r, header); err != nil {
		return nil, 0, fmt.Errorf("%s: header: %w", path, err)
	}
	if got := binary.BigEndian.Uint32(header); got != magic {
		return nil, 0, fmt.Errorf("%s: byte 0: magic number %#x (expected %#x)", path, got, magic)
	}
	count, item := binary.BigEndian.Uint32(header[4:]), uint64(1)
	for d := 1; d < dims; d++ {
		item *= uint64(binary.BigEndian.Uint32(header[4+4*d:]))
	}
	if count > maxFashion || item != uint64(size) {
		return nil, 0, fmt.Errorf("%s: byte 4: %d items of %d bytes (expected at most %d of %d)", path, count, item, maxFashion, size)
	}
	n = min(int(count), most)
	data, err = io.ReadAll(io.LimitReader(r, int64(n)*int64(size)))
	if err == nil && len(data) != n*size {
		err = fmt.Errorf("file ends after %d bytes of items (expected %d)", len(data), n*size)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("%s: %w", path, err)
	}
	return data, n, nil
}

// Models that can be trained.
const (
	ModelMLP = "mlp" // 784-128-10
	ModelCNN = "cnn" // 5x5x8, pool 2, 5x5x16, pool 2, 256-10
)

// NewNetwork makes a model for Fashion-MNIST with random weights (normal, He et al., arXiv 1502.01852).
func NewNetwork(model string, seed uint64) (Network, error) {
	random := rand.New(rand.NewPCG(seed, 1))
	weights := func(k, n int) (*quant.Matrix, []float32) {
		return heNormal(random, k, n), make([]float32, n)
	}
	linear := func(k, n int, relu bool) *Linear {
		w, b := weights(k, n)
		return &Linear{Weight: w, Bias: b, ReLU: relu}
	}
	conv := func(side, c, n int) *Conv {
		w, b := weights(25*c, n)
		return &Conv{H: side, W: side, C: c, KH: 5, KW: 5, Stride: 1, Weight: w, Bias: b, ReLU: true}
	}
	switch model {
	case ModelMLP:
		return Network{linear(fashionSide*fashionSide, 128, true), linear(128, fashionClasses, false)}, nil
	case ModelCNN:
		return Network{conv(28, 1, 8), &MaxPool{24, 24, 8, 2}, conv(12, 8, 16), &MaxPool{8, 8, 16, 2}, linear(256, fashionClasses, false)}, nil
	}
	return nil, fmt.Errorf("unknown model: %q (expected %s or %s)", model, ModelMLP, ModelCNN)
}
