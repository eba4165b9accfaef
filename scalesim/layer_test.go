package scalesim

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"tpe/workloads"
)

func TestPyFloat(t *testing.T) {
	tests := map[float64]string{
		0: "0.0", 1: "1.0", 100: "100.0", 0.5: "0.5", 80.50314465408805: "80.50314465408805", 0.0001: "0.0001",
		0.00001: "1e-05", 0.00047870710784313723: "0.00047870710784313723", 1e15: "1000000000000000.0",
		1e16: "1e+16", 1.5e300: "1.5e+300", 123456789: "123456789.0", 1.25e-7: "1.25e-07", -3.0: "-3.0",
	}
	for v, want := range tests {
		if got := pyFloat(v); got != want {
			t.Errorf("pyFloat(%v) = %s, want %s", v, got, want)
		}
	}
}

// TestUpstreamReport checks the stall-free columns of the report that SCALE-Sim
// ships for its own test (256 x 128 x 256, 32x32, os, USER): stalls there are
// 42272 of 52447 cycles.
func TestUpstreamReport(t *testing.T) {
	c := DefaultConfig()
	c.Dataflow = OutputStationary
	l, err := Analyze(c, workloads.NewGEMM("Test 1", 256, 128, 256))
	if err != nil {
		t.Fatal(err)
	}
	if l.TotalCycles != 52447-42272 || l.MappingEfficiency != 100 || l.ComputeUtil != 80.50314465408805 ||
		l.Ifmap.Words != 262144 || l.Filter.Words != 262144 || l.Ofmap.Words != 34816 || l.Ofmap.Start != 255 {
		t.Errorf("Analyze = %+v", l)
	}
}

// TestQuirks pins what the package comment says of SCALE-Sim's oddities.
func TestQuirks(t *testing.T) {
	c := DefaultConfig()
	c.ArrayHeight, c.ArrayWidth, c.Dataflow = 1, 1, OutputStationary
	if l, err := Analyze(c, workloads.NewGEMM("g", 1, 1, 4)); err != nil || fmt.Sprintf("%.0f", l.OverallUtil) != "133" {
		t.Errorf("1x1x4 on 1x1: overall utilisation = %v, %v, want 133", l.OverallUtil, err)
	}
	want := `layer "g" takes one cycle: M=1 N=1 K=1 on 1 x 1 (expected more; SCALE-Sim divides by the index of the last cycle, 0)`
	if _, err := Analyze(c, workloads.NewGEMM("g", 1, 1, 1)); err == nil || err.Error() != want {
		t.Errorf("1x1x1 on 1x1: %v, want %s", err, want)
	}
	c.ArrayHeight, c.ArrayWidth = 4, 4
	if l, err := Analyze(c, workloads.NewGEMM("g", 4, 4, 4)); err != nil || l.TotalCycles != 9 || l.Ofmap.Words != 16+8 {
		t.Errorf("4x4x4 on 4x4: %d cycles, %d writes, %v, want 9, 24", l.TotalCycles, l.Ofmap.Words, err)
	}
}

// TestLargeLayer checks that the closed form for very many folds joins the sum
// over folds, and that sizes without an answer are refused.
func TestLargeLayer(t *testing.T) {
	c := DefaultConfig()
	c.ArrayHeight, c.ArrayWidth, c.Dataflow = 1, 1, OutputStationary
	l, err := Analyze(c, workloads.NewGEMM("g", 1<<12, 1<<11, 3))
	if err != nil || l.MappingEfficiency != 100 || l.ComputeUtil != 100 || l.Folds != 1<<23 {
		t.Errorf("many folds: %+v, %v", l, err)
	}
	if _, err := Analyze(c, workloads.NewGEMM("g", 1<<28, 1<<28, 1<<6)); err == nil || !strings.Contains(err.Error(), "too large") {
		t.Errorf("too large: %v", err)
	}
}

func TestRunReportsEveryError(t *testing.T) {
	w := workloads.Workload{Name: "w", Layers: []workloads.GEMM{{Name: "a"}, workloads.NewGEMM("b", 1, 1, 1), {Name: "c"}}}
	_, err := Run(DefaultConfig(), w)
	if err == nil || !strings.Contains(err.Error(), `w: row 1: layer "a"`) || !strings.Contains(err.Error(), `w: row 3: layer "c"`) {
		t.Errorf("Run = %v", err)
	}
}

// TestDepthwiseRows checks that a depthwise row gives the same report, one line a
// channel, whether the reader expands it or keeps groups.
func TestDepthwiseRows(t *testing.T) {
	const file = "h\naDP, 9, 9, 3, 3, 5, 1, 2,\nb, 8, 8, 3, 3, 2, 5, 1,\n"
	var reports []string
	for _, strict := range []bool{true, false} {
		text := file
		if !strict {
			text = strings.TrimPrefix(file, "h\n")
		}
		w, err := workloads.ReadSCALESim(strings.NewReader(text), "f.csv", workloads.SCALESimOptions{Strict: strict})
		if err != nil {
			t.Fatal(err)
		}
		layers, err := Run(DefaultConfig(), w)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := WriteDetailedAccessReport(&b, layers); err != nil {
			t.Fatal(err)
		}
		reports = append(reports, b.String())
	}
	if reports[0] != reports[1] || strings.Count(reports[0], "\n") != 7 {
		t.Errorf("strict:\n%s\ntolerant:\n%s", reports[0], reports[1])
	}
}

func TestReportIsBounded(t *testing.T) {
	var b bytes.Buffer
	err := WriteComputeReport(&b, []Layer{{Name: "a", Repeats: 5}, {Name: "b", Repeats: 1 << 20}})
	want := `report is too long: layer "b" is repeated 1048576 times (expected at most 1048576 rows in all)`
	if err == nil || err.Error() != want || b.Len() > 0 {
		t.Errorf("error = %v, wrote %d bytes; want %s", err, b.Len(), want)
	}
}

func ExampleRun() {
	config, err := ReadConfig(strings.NewReader("[architecture_presets]\nArrayHeight: 32\nArrayWidth: 32\nDataflow: ws\n"), "scale.cfg")
	if err != nil {
		fmt.Println(err)
		return
	}
	w, err := workloads.ReadSCALESim(strings.NewReader("Layer,M,N,K,\nQK,196,1176,64,\nPV,196,64,1176,\n"), "vit.csv", workloads.SCALESimOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	layers, err := Run(config, w)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(Total(layers))
	if err := WriteComputeReport(os.Stdout, layers); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 42918
	// LayerID, Total Cycles (incl. prefetch), Total Cycles, Stall Cycles, Overall Util %, Mapping Efficiency %, Compute Util %,
	// 0, , 21459, 0, 67.13267160631902, 99.32432432432432, 60.64662793634753,
	// 1, , 21459, 0, 67.13267160631902, 99.32432432432432, 60.64662793634753,
}
