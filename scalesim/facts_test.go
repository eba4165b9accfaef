package scalesim

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"tpe/workloads"
)

// fact is one layer as SCALE-Sim v3.0.0 reports it without stalls (recorded from
// scalesim-project/SCALE-Sim at commit 1d62b68a2c77, SRAM 64/64/64 kB).
type fact struct {
	layer      string
	m, n, k    int
	dataflow   Dataflow
	rows, cols int
	cycles     int64 // Total Cycles
	ifmap      int64 // SRAM reads
	filter     int64 // SRAM reads
	ofmap      int64 // SRAM writes
	mapping    float64
	overall    float64
	compute    float64 // percent, six significant places
}

// facts holds 19 small layers, every dataflow and five array shapes mixed, and
// layers of the ResNet-50 that SCALE-Sim's MLPerf folder has, unpadded.
func facts() []fact {
	const os, ws, is = OutputStationary, WeightStationary, InputStationary
	return []fact{
		{"g1", 1, 1, 1, os, 4, 4, 6, 1, 1, 9, 6.25, 1.041667, 0.892857},
		{"g1", 1, 1, 1, ws, 8, 8, 22, 1, 1, 1, 1.5625, 0.071023, 0.052083},
		{"g1", 1, 1, 1, is, 4, 16, 22, 1, 1, 1, 1.5625, 0.071023, 0.041118},
		{"g2", 4, 4, 4, os, 8, 8, 17, 16, 16, 32, 25, 5.882353, 5.555556},
		{"g2", 4, 4, 4, ws, 4, 16, 25, 16, 16, 16, 25, 4, 2.439024},
		{"g2", 4, 4, 4, is, 16, 4, 37, 16, 16, 16, 25, 2.702703, 2.439024},
		{"g3", 5, 3, 7, os, 4, 16, 49, 35, 42, 55, 11.71875, 3.348214, 3.28125},
		{"g3", 5, 3, 7, ws, 16, 4, 38, 35, 21, 15, 32.8125, 4.317434, 3.90625},
		{"g3", 5, 3, 7, is, 32, 32, 96, 35, 21, 15, 3.417969, 0.106812, 0.080109},
		{"g4", 8, 8, 16, os, 16, 4, 67, 256, 128, 104, 50, 23.880597, 23.529412},
		{"g4", 8, 8, 16, ws, 32, 32, 101, 128, 128, 64, 12.5, 0.990099, 0.75188},
		{"g4", 8, 8, 16, is, 4, 4, 143, 128, 256, 256, 100, 44.755245, 38.095238},
		{"g5", 16, 16, 16, os, 32, 32, 77, 256, 256, 320, 25, 5.194805, 5.128205},
		{"g5", 16, 16, 16, ws, 4, 4, 415, 1024, 256, 1024, 100, 61.686747, 55.172414},
		{"g5", 16, 16, 16, is, 8, 8, 151, 256, 512, 512, 100, 42.384106, 35.555556},
		{"g6", 1, 32, 40, os, 4, 4, 367, 320, 1280, 96, 25, 21.798365, 21.73913},
		{"g6", 1, 32, 40, ws, 8, 8, 459, 160, 1280, 160, 100, 4.357298, 3.333333},
		{"g6", 1, 32, 40, is, 4, 16, 539, 40, 1280, 320, 6.25, 3.710575, 2.898551},
		{"g7", 33, 1, 9, os, 8, 8, 114, 297, 45, 113, 10.3125, 4.070724, 4.035326},
		{"g7", 33, 1, 9, ws, 4, 16, 164, 297, 9, 99, 4.6875, 2.829649, 2.209821},
		{"g7", 33, 1, 9, is, 16, 4, 314, 297, 81, 33, 51.5625, 1.477906, 1.356908},
		{"g8", 17, 19, 23, os, 4, 16, 409, 782, 2185, 523, 50.46875, 28.38096, 28.311738},
		{"g8", 17, 19, 23, ws, 16, 4, 509, 1955, 437, 646, 68.28125, 22.805133, 21.495949},
		{"g8", 17, 19, 23, is, 32, 32, 112, 391, 437, 323, 38.183594, 6.477574, 5.038113},
		{"g9", 32, 32, 64, os, 16, 4, 1311, 16384, 4096, 1344, 100, 78.108314, 78.04878},
		{"g9", 32, 32, 64, ws, 32, 32, 251, 2048, 2048, 2048, 100, 25.498008, 20.382166},
		{"g9", 32, 32, 64, is, 4, 4, 5375, 2048, 16384, 16384, 100, 76.204651, 71.111111},
		{"g10", 40, 12, 5, os, 32, 32, 133, 200, 120, 608, 23.4375, 1.762218, 1.749067},
		{"g10", 40, 12, 5, ws, 4, 4, 299, 600, 60, 960, 62.5, 50.167224, 47.169811},
		{"g10", 40, 12, 5, is, 8, 8, 169, 200, 300, 480, 62.5, 22.189349, 18.292683},
		{"g11", 64, 8, 33, os, 4, 4, 1247, 4224, 4224, 768, 100, 84.68324, 84.615385},
		{"g11", 64, 8, 33, ws, 8, 8, 429, 2112, 264, 2560, 82.5, 61.538462, 56.774194},
		{"g11", 64, 8, 33, is, 4, 16, 1079, 2112, 1056, 4608, 91.666667, 24.467099, 16.296296},
		{"g12", 3, 50, 31, os, 8, 8, 314, 651, 1550, 262, 33.482143, 23.138933, 23.065476},
		{"g12", 3, 50, 31, ws, 4, 16, 799, 372, 1550, 1200, 75.683594, 9.093398, 5.67627},
		{"g12", 3, 50, 31, is, 16, 4, 167, 93, 1550, 300, 72.65625, 43.506737, 41.756466},
		{"c1", 36, 6, 36, os, 4, 16, 485, 1296, 1944, 396, 37.5, 25.051546, 25},
		{"c1", 36, 6, 36, ws, 16, 4, 419, 2592, 216, 648, 56.25, 28.997613, 27.739726},
		{"c1", 36, 6, 36, is, 32, 32, 399, 1296, 432, 432, 31.640625, 1.903195, 1.449189},
		{"c2", 16, 5, 18, os, 16, 4, 71, 576, 90, 120, 62.5, 31.690141, 31.25},
		{"c2", 16, 5, 18, ws, 32, 32, 109, 288, 90, 80, 8.789062, 1.290138, 0.99734},
		{"c2", 16, 5, 18, is, 4, 4, 299, 288, 360, 400, 90, 30.100334, 25.0},
		{"c3_ceil", 25, 8, 8, os, 32, 32, 69, 200, 64, 264, 19.53125, 2.264493, 2.232143},
		{"c3_ceil", 25, 8, 8, ws, 4, 4, 139, 400, 64, 400, 100, 71.942446, 65.789474},
		{"c3_ceil", 25, 8, 8, is, 8, 8, 119, 200, 256, 200, 78.125, 21.008403, 16.891892},
		{"c4", 20, 4, 18, os, 4, 4, 119, 360, 360, 120, 100, 75.630252, 75},
		{"c4", 20, 4, 18, ws, 8, 8, 125, 360, 72, 240, 37.5, 18, 15.306122},
		{"c4", 20, 4, 18, is, 4, 16, 259, 360, 144, 400, 56.25, 8.687259, 5.487805},
		{"c5", 1, 10, 72, os, 8, 8, 171, 144, 720, 42, 7.8125, 6.578947, 6.540698},
		{"c5", 1, 10, 72, ws, 4, 16, 413, 72, 720, 180, 62.5, 2.723971, 1.644737},
		{"c5", 1, 10, 72, is, 16, 4, 219, 72, 720, 50, 22.5, 5.136986, 4.787234},
		{"c6_1x1", 25, 12, 16, os, 4, 16, 237, 400, 1344, 440, 66.964286, 31.64557, 31.512605},
		{"c6_1x1", 25, 12, 16, ws, 16, 4, 176, 1200, 192, 300, 100, 42.613636, 40.322581},
		{"c6_1x1", 25, 12, 16, is, 32, 32, 105, 400, 192, 300, 39.0625, 4.464286, 3.421533},
		{"c7_dw", 36, 1, 9, os, 16, 4, 80, 324, 27, 96, 18.75, 6.328125, 6.25},
		{"c7_dw", 36, 1, 9, ws, 32, 32, 129, 324, 9, 36, 0.878906, 0.245276, 0.196526},
		{"c7_dw", 36, 1, 9, is, 4, 4, 296, 324, 81, 108, 75, 6.841216, 5.357143},
		{"resnet50 Conv1", 12100, 64, 147, os, 32, 32, 158421, 3557400, 3565632, 822912, 99.7691, 70.173, 70.1725},
		{"resnet50 CB2a_1", 3136, 64, 64, os, 32, 32, 24695, 401408, 401408, 213248, 100, 50.7957, 50.7937},
		{"resnet50 CB2a_2", 2916, 64, 576, os, 32, 32, 117391, 3359232, 3391488, 198400, 99.0489, 89.4242, 89.4235},
		{"resnet50 CB4a_1", 225, 256, 512, os, 32, 32, 36735, 921600, 1048576, 61696, 87.8906, 78.3993, 78.3972},
		{"resnet50 FC6", 1, 1000, 2048, os, 32, 32, 67519, 65536, 2048000, 3048, 3.0518, 2.9621, 2.9621},
		{"resnet50 Conv1", 12100, 64, 147, ws, 32, 32, 121939, 3557400, 9408, 3872000, 91.875, 91.1675, 90.9356},
		{"resnet50 CB2a_1", 3136, 64, 64, ws, 32, 32, 12919, 401408, 4096, 401408, 100, 97.0973, 96.1668},
		{"resnet50 CB2a_2", 2916, 64, 576, ws, 32, 32, 108359, 3359232, 36864, 3359232, 100, 96.878, 95.8895},
		{"resnet50 CB4a_1", 225, 256, 512, ws, 32, 32, 40831, 921600, 131072, 921600, 100, 70.5346, 64.2857},
		{"resnet50 FC6", 1, 1000, 2048, ws, 32, 32, 194559, 65536, 2048000, 64000, 97.6562, 1.028, 0.775},
		{"resnet50 Conv1", 12100, 64, 147, is, 32, 32, 299409, 1778700, 3565632, 3872000, 91.6629, 37.1294, 31.0393},
		{"resnet50 CB2a_1", 3136, 64, 64, is, 32, 32, 30967, 200704, 401408, 401408, 100, 40.5076, 33.8624},
		{"resnet50 CB2a_2", 2916, 64, 576, is, 32, 32, 261647, 1679616, 3391488, 3359232, 99.0489, 40.1212, 33.5404},
		{"resnet50 CB4a_1", 225, 256, 512, is, 32, 32, 44799, 115200, 1048576, 921600, 87.8906, 64.2871, 59.0551},
		{"resnet50 FC6", 1, 1000, 2048, is, 32, 32, 70015, 2048, 2048000, 64000, 3.125, 2.8565, 2.7778},
	}
}

func (f fact) config() Config {
	c := DefaultConfig()
	c.ArrayHeight, c.ArrayWidth, c.Dataflow = f.rows, f.cols, f.dataflow
	return c
}

func TestFacts(t *testing.T) {
	for _, f := range facts() {
		l, err := Analyze(f.config(), workloads.NewGEMM(f.layer, f.m, f.n, f.k))
		if err != nil {
			t.Errorf("%s: %v", f.layer, err)
			continue
		}
		got := [4]int64{l.TotalCycles, l.Ifmap.Words, l.Filter.Words, l.Ofmap.Words}
		want := [4]int64{f.cycles, f.ifmap, f.filter, f.ofmap}
		if got != want || l.StallCycles != 0 {
			t.Errorf("%s %v %dx%d: cycles, ifmap, filter, ofmap = %d, want %d", f.layer, f.dataflow, f.rows, f.cols, got, want)
		}
		for _, r := range []struct {
			name      string
			got, want float64
		}{
			{"mapping efficiency", l.MappingEfficiency, f.mapping},
			{"overall utilisation", l.OverallUtil, f.overall},
			{"compute utilisation", l.ComputeUtil, f.compute},
		} {
			if math.Abs(r.got-r.want) > 5.1e-5 {
				t.Errorf("%s %v %dx%d: %s = %v, want %v", f.layer, f.dataflow, f.rows, f.cols, r.name, r.got, r.want)
			}
		}
	}
}

// TestNetworkTotals checks sums over whole networks, SCALE-Sim v3.0.0 as above.
func TestNetworkTotals(t *testing.T) {
	vitB := [][3]int{{196, 192, 768}, {196, 1176, 64}, {196, 64, 1176}, {196, 3072, 768}, {196, 768, 3072}}
	tests := []struct {
		dataflow Dataflow
		side     int
		cycles   []int64 // of each layer, or one sum
	}{
		{OutputStationary, 32, []int64{34859, 32633, 17331, 557759, 526511}},
		{WeightStationary, 32, []int64{41759, 21459, 21459, 668159, 668159}},
		{InputStationary, 32, []int64{48047, 17779, 40921, 531887, 579263}},
		{OutputStationary, 128, []int64{102271}},
		{WeightStationary, 128, []int64{184955}},
		{InputStationary, 128, []int64{115567}},
	}
	for _, tt := range tests {
		c := DefaultConfig()
		c.ArrayHeight, c.ArrayWidth, c.Dataflow = tt.side, tt.side, tt.dataflow
		w := workloads.Workload{Name: "ViT-B block"}
		for _, d := range vitB {
			w.Layers = append(w.Layers, workloads.NewGEMM("", d[0], d[1], d[2]))
		}
		layers, err := Run(c, w)
		if err != nil {
			t.Fatal(err)
		}
		if len(tt.cycles) == 1 {
			if got := Total(layers); got != tt.cycles[0] {
				t.Errorf("%v %d: total = %d, want %d", tt.dataflow, tt.side, got, tt.cycles[0])
			}
			continue
		}
		for i, want := range tt.cycles {
			if layers[i].TotalCycles != want {
				t.Errorf("%v %d: layer %d = %d, want %d", tt.dataflow, tt.side, i, layers[i].TotalCycles, want)
			}
		}
	}
}

// TestReportText pins the bytes of the reports: two layers of SCALE-Sim's vit_s
// topology, 32x32, os, CALC, with the DRAM and prefetch columns taken out.
func TestReportText(t *testing.T) {
	c := DefaultConfig()
	c.Dataflow = OutputStationary
	w := workloads.Workload{Name: "vit_s", Layers: []workloads.GEMM{
		workloads.NewGEMM("L0", 196, 192, 384), workloads.NewGEMM("L1", 196, 1176, 64),
	}}
	layers, err := Run(c, w)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	for _, err := range []error{WriteComputeReport(&b, layers), WriteBandwidthReport(&b, layers), WriteDetailedAccessReport(&b, layers)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	want := "" +
		computeHeader +
		"0, , 18731, 0, 75.34034488281459, 87.5, 75.33632286995513,\n" +
		"1, , 32633, 0, 44.14549688965158, 86.90878378378379, 44.14414414414401,\n" +
		bandwidthHeader +
		"0, 24.108910362500666, 27.553040414286478, 2.152581282366131, , , ,\n" +
		"1, 14.222658045536727, 16.14463886250115, 7.5712315753991355, , , ,\n" +
		accessHeader +
		"0, 1.0, 18673.0, 451584, 1.0, 18701.0, 516096, 383.0, 18731.0, 40320, , , , , , , , , ,\n" +
		"1, 1.0, 32575.0, 464128, 1.0, 32595.0, 526848, 63.0, 32625.0, 247072, , , , , , , , , ,\n"
	if got := b.String(); got != want {
		t.Errorf("reports =\n%s\nwant\n%s", got, want)
	}
	if n := strings.Count(computeHeader, ", "); n != 6 {
		t.Errorf("COMPUTE_REPORT has %d separators, want 6", n)
	}
}

// TestOverhang pins the last ifmap read where windows reach past the image: 8x8
// input, 1x1 filter, stride 2, 8 channels, 8 filters on 8x8.
func TestOverhang(t *testing.T) {
	g, err := workloads.Conv{H: 8, W: 8, C: 8, OutC: 8, KH: 1, KW: 1, StrideH: 2, StrideW: 2, Ceil: true}.GEMM("c3_ceil")
	if err != nil {
		t.Fatal(err)
	}
	for dataflow, want := range map[Dataflow]int64{OutputStationary: 54, WeightStationary: 34, InputStationary: 68} {
		c := DefaultConfig()
		c.ArrayHeight, c.ArrayWidth, c.Dataflow = 8, 8, dataflow
		l, err := Analyze(c, g)
		if err != nil {
			t.Fatal(err)
		}
		if l.M != 25 || l.Ifmap.Stop != want {
			t.Errorf("%v: M = %d, last ifmap read = %d, want 25, %d", dataflow, l.M, l.Ifmap.Stop, want)
		}
	}
}
