package workloads

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func readTopology(path string, opt SCALESimOptions) (Workload, error) {
	f, err := os.Open(path)
	if err != nil {
		return Workload{}, err
	}
	defer f.Close()
	return ReadSCALESim(f, path, opt)
}

// TestDataTopologies reads bundled SCALE-Sim topologies and ONNX layer lists from
// the folder that TPE_DATA names; it skips with the reason without them.
func TestDataTopologies(t *testing.T) {
	dir := os.Getenv("TPE_DATA")
	if dir == "" {
		t.Skip("data: TPE_DATA is not set: scalesim/topologies are not read")
	}
	const stride = "output size is rounded up where frameworks round down"
	tests := []struct {
		name     string
		layers   int
		macs     int64
		warnings int
		strict   bool // SCALE-Sim reads it too
	}{
		{"vit_s.csv", 5, 275165184, 0, true},
		{"mlperf_Resnet50.csv", 54, 3479536384, 1, true},
		{"gpt2.csv", 6, 20686307328, 0, true},
		{"UNet_maestro.csv", 23, 151583856896, 0, false},
		{"alexnet.csv", 5, 805118496, 1, true},
		{"transformer_fwd.csv", 54, 5826038528, 0, true},
		{"mobilenet.csv", 27, 565519488, 1, true},
		{"gemm.csv", 2, 320, 1, true},
		{"test_mnk_input.csv", 1, 8388608, 0, true},
		{"conv_nets_Resnet50.csv", 54, 3479536384, 4, false},
	}
	for _, tt := range tests {
		path := filepath.Join(dir, "scalesim", "topologies", tt.name)
		if _, err := os.Stat(path); err != nil {
			t.Logf("missing file: %v", err)
			continue
		}
		w, err := readTopology(path, SCALESimOptions{})
		if err != nil || len(w.Layers) != tt.layers || w.TotalMACs() != tt.macs || len(w.Warnings) != tt.warnings {
			t.Errorf("%s: %d layers, %d MAC, warnings %q, %v; want %d, %d, %d warnings", tt.name, len(w.Layers), w.TotalMACs(), w.Warnings, err, tt.layers, tt.macs, tt.warnings)
		}
		for _, warning := range w.Warnings {
			if strings.HasPrefix(warning, stride) && !strings.Contains(warning, "Conv1") {
				t.Errorf("%s: %s", tt.name, warning)
			}
		}
		s, err := readTopology(path, SCALESimOptions{Strict: true})
		if (err == nil) != tt.strict || tt.strict && s.TotalMACs() != tt.macs {
			t.Errorf("%s: strict: %d MAC, %v; want accepted = %v", tt.name, s.TotalMACs(), err, tt.strict)
		}
	}
	t.Run("MLPERF", func(t *testing.T) {
		path := filepath.Join(dir, "scalesim", "topologies", "MLPERF.csv")
		if _, err := os.Stat(path); err != nil {
			t.Skipf("data: %v", err)
		}
		// One row of this file has an empty filter width and "1 2" channels.
		_, err := readTopology(path, SCALESimOptions{})
		want := path + ":219:14: filter width is missing: \"\" " + wantInt + "\n" +
			path + ":219:15: channels is not an integer: \"1 2\" " + wantInt
		if err == nil || err.Error() != want {
			t.Errorf("error =\n%v\nwant\n%s", err, want)
		}
		w, err := readTopology(path, SCALESimOptions{SkipBadRows: true})
		if err != nil || len(w.Layers) < 200 {
			t.Errorf("with SkipBadRows: %d layers, %v", len(w.Layers), err)
		}
		t.Logf("%d layers, %d MAC, warnings %q", len(w.Layers), w.TotalMACs(), w.Warnings)
	})
}

// TestDataONNX compares the layers of the image networks, in any order, with
// those of the ONNX graphs: groups, M, N, K.
func TestDataONNX(t *testing.T) {
	dir := os.Getenv("TPE_DATA")
	if dir == "" {
		t.Skip("data: TPE_DATA is not set: gemmlists/onnx_gemms.csv is not compared")
	}
	file, err := os.Open(filepath.Join(dir, "gemmlists", "onnx_gemms.csv"))
	if err != nil {
		t.Skipf("data: %v", err)
	}
	defer file.Close()
	records, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for graph, name := range map[string]string{"light_bvlc_alexnet.onnx": "alexnet", "light_resnet50.onnx": "resnet50"} {
		w, err := Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		var got, want []string
		for _, g := range w.Layers {
			got = append(got, fmt.Sprint(g.Groups, g.M, g.N, g.K))
		}
		for _, r := range records {
			if r[0] == graph {
				want = append(want, strings.Join(r[4:8], " "))
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) || len(got) == 0 {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
		t.Logf("%s: %d layers equal", name, len(got))
	}
}
