package quant_test

import (
	"testing"

	"tpe/internal/tool/tooltest"
	"tpe/numeric"
	"tpe/numeric/quant"
	"tpe/workloads/tensorfile"
)

var int8 = numeric.Int{Bits: 8, Signed: true}

// TestDataDigits compares the digits of real weights and activations in int8 with recorded means, as the ranges over the
// tensors of a kind: of the stories260K Llama with scales for each channel (weights) and token (activations), and of the int8 weights
// of MLPerf Tiny's anomaly detector as they are.
func TestDataDigits(t *testing.T) {
	llama, err := tensorfile.Open(tooltest.Data(t, "weights/stories260K.bin"))
	if err != nil {
		t.Fatal(err)
	}
	defer llama.Close()
	read := func(name string) *quant.Matrix {
		x, err := llama.Tensor(name)
		if err != nil {
			t.Fatal(err)
		}
		data, err := llama.Floats(x)
		if err != nil {
			t.Fatal(err)
		}
		return &quant.Matrix{int(x.Shape[0]), int(x.Shape[1]), data}
	}
	kinds := []string{"attention.wq", "attention.wk", "attention.wv", "attention.wo", "feed_forward.w1", "feed_forward.w2", "feed_forward.w3"}
	for _, kind := range kinds {
		h := quant.NewHistogram(int8)
		for _, layer := range []string{"0", "1", "2", "3", "4"} {
			c, err := quant.Quantize(read("layers."+layer+"."+kind+".weight"), int8, quant.PerRow, false) // rows of the file are output channels
			if err != nil {
				t.Fatal(err)
			}
			h.Add(c.Data)
		}
		checkDigits(t, kind, h, 2.66, 2.80, 2.40, 2.55, 3.93, 4.01, 2.87, 3.11)
	}
	for _, a := range []struct {
		file                  string
		cols                  int
		booth, csd, magnitude float64
	}{{"acts/stories260K_ffn_in_64x5x64.f32.gz", 64, 2.71, 2.45, 3.0}, {"acts/stories260K_down_in_64x5x172.f32.gz", 172, 1.91, 1.72, 1.9}} {
		f, err := tensorfile.Open(tooltest.Data(t, a.file))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		data, err := f.Floats(&f.Tensors[0])
		if err != nil {
			t.Fatal(err)
		}
		c, err := quant.Quantize(&quant.Matrix{len(data) / a.cols, a.cols, data}, int8, quant.PerRow, false)
		if err != nil {
			t.Fatal(err)
		}
		h := quant.NewHistogram(int8)
		h.Add(c.Data)
		checkDigits(t, a.file, h, a.booth, a.booth, a.csd, a.csd, 3.8, 4.2, a.magnitude, a.magnitude)
	}
	ad, err := tensorfile.Open(tooltest.Data(t, "tflite/ad01_quant_fullint.tflite"))
	if err != nil {
		t.Fatal(err)
	}
	defer ad.Close()
	h := quant.NewHistogram(int8)
	for _, op := range ad.Ops {
		if op.Name != "FULLY_CONNECTED" {
			continue
		}
		words, err := ad.Floats(&ad.Tensors[op.Inputs[1]])
		if err != nil {
			t.Fatal(err)
		}
		codes := make([]int32, len(words))
		for i, v := range words {
			codes[i] = int32(v)
		}
		h.Add(codes)
	}
	checkDigits(t, "ad01", h, 1.798, 1.798, 1.622, 1.622, 3.99, 3.99, 1.78, 1.78)
}

// checkDigits compares with pairs of bounds for Booth and CSD, which are rounded to 0.01, and two's complement and magnitude, to 0.1.
func checkDigits(t *testing.T, name string, h *quant.Histogram, bounds ...float64) {
	t.Helper()
	s := h.Summary()
	t.Logf("%-40s %7d words, %.1f %% zeros, sd %.1f, booth %.3f, csd %.3f, bits %.2f, magnitude %.2f, ent %.3f", name, s.Words, 100*s.Zeros, s.SD,
		h.Digits(numeric.Booth), h.Digits(numeric.CSD), h.Digits(numeric.BitsC), h.Digits(numeric.BitsM), h.Digits(numeric.ENT))
	for i, e := range []numeric.Encoding{numeric.Booth, numeric.CSD, numeric.BitsC, numeric.BitsM} {
		low, high, unit := bounds[2*i], bounds[2*i+1], []float64{0.01, 0.01, 0.1, 0.1}[i]
		if got := h.Digits(e); got < low-unit/2 || got > high+unit/2 {
			t.Errorf("%s: %s has %.3f digits, want %v to %v", name, e, got, low, high)
		}
	}
}
