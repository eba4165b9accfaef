package scalesim

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"tpe/workloads"
)

// The tests of this file compare with whole recordings of SCALE-Sim v3.0.0. They
// need the folder that the environment variable TPE_DATA names, with the
// recordings in scalesim/, and skip with the reason otherwise.

// dataFile opens a file of the recordings or skips the test.
func dataFile(t *testing.T, name string) []byte {
	t.Helper()
	dir := os.Getenv("TPE_DATA")
	if dir == "" {
		t.Skipf("data: TPE_DATA is not set: scalesim/%s is not compared", name)
	}
	data, err := os.ReadFile(filepath.Join(dir, "scalesim", filepath.FromSlash(name)))
	if err != nil {
		t.Skipf("data: %v", err)
	}
	return data
}

func dataRows(t *testing.T, name string) []map[string]string {
	t.Helper()
	records, err := csv.NewReader(bytes.NewReader(dataFile(t, name))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]string
	for _, r := range records[1:] {
		row := make(map[string]string)
		for i, h := range records[0] {
			row[h] = r[i]
		}
		rows = append(rows, row)
	}
	return rows
}

func dataTopology(t *testing.T, name string) map[string]workloads.GEMM {
	t.Helper()
	w, err := workloads.ReadSCALESim(bytes.NewReader(dataFile(t, name)), name, workloads.SCALESimOptions{Strict: true})
	if err != nil {
		t.Fatal(err)
	}
	byName := make(map[string]workloads.GEMM)
	for _, g := range w.Layers {
		byName[g.Name] = g
	}
	return byName
}

func rowConfig(t *testing.T, row map[string]string) Config {
	t.Helper()
	c := DefaultConfig()
	var err error
	if c.Dataflow, err = ParseDataflow(row["dataflow"]); err != nil {
		t.Fatal(err)
	}
	c.ArrayHeight, _ = strconv.Atoi(row["rows"])
	c.ArrayWidth, _ = strconv.Atoi(row["cols"])
	return c
}

// compare checks every stall-free column of a row; stalled rows leave out the
// columns that include stalls. Recorded ratios have six significant decimals.
func compare(t *testing.T, l Layer, row map[string]string) (checked int) {
	t.Helper()
	stall, _ := strconv.ParseInt(row["stall_cycles"], 10, 64)
	where := fmt.Sprintf("%s %s %sx%s %s", row["layer"], row["dataflow"], row["rows"], row["cols"], row["bw_mode"])
	integers := map[string]int64{
		"total_cycles":     l.TotalCycles + stall,
		"sram_ifmap_reads": l.Ifmap.Words, "sram_filter_reads": l.Filter.Words, "sram_ofmap_writes": l.Ofmap.Words,
		"demand_rows": l.TotalCycles + 1,
	}
	ratios := map[string]float64{"mapping_eff_pct": l.MappingEfficiency, "compute_util_pct": l.ComputeUtil}
	if stall == 0 {
		for key, a := range map[string]Access{"ifmap": l.Ifmap, "filter": l.Filter, "ofmap": l.Ofmap} {
			integers["sram_"+key+"_start"], integers["sram_"+key+"_stop"] = a.Start, a.Stop
		}
		ratios["overall_util_pct"] = l.OverallUtil
		ratios["avg_ifmap_sram_bw"], ratios["avg_filter_sram_bw"], ratios["avg_ofmap_sram_bw"] =
			l.IfmapBandwidth, l.FilterBandwidth, l.OfmapBandwidth
	}
	for key, got := range integers {
		if text := row[key]; text != "" {
			checked++
			if strconv.FormatInt(got, 10) != text {
				t.Errorf("%s: %s = %d, want %s", where, key, got, text)
			}
		}
	}
	for key, got := range ratios {
		if text := row[key]; text != "" {
			checked++
			want, err := strconv.ParseFloat(text, 64)
			if err != nil || math.Abs(got-want) > 0.5001*step(text) {
				t.Errorf("%s: %s = %v, want %s", where, key, got, text)
			}
		}
	}
	return checked
}

// step is the value of the last place that a recorded ratio was rounded to.
func step(text string) float64 {
	_, frac, _ := strings.Cut(text, ".")
	return math.Pow(10, -float64(max(len(frac), 4)))
}

func TestDataMini(t *testing.T) {
	layers := dataTopology(t, "mini_gemm.csv")
	for name, g := range dataTopology(t, "mini_conv.csv") {
		layers[name] = g
	}
	rows := dataRows(t, "mini_full.csv")
	cells, stalled := 0, 0
	for _, row := range rows {
		g, ok := layers[row["layer"]]
		if !ok {
			t.Fatalf("layer %q is in no topology", row["layer"])
		}
		l, err := Analyze(rowConfig(t, row), g)
		if err != nil {
			t.Fatal(err)
		}
		if row["stall_cycles"] != "0" {
			stalled++
		}
		cells += compare(t, l, row)
	}
	t.Logf("%d rows (%d with stalls), %d cells compared", len(rows), stalled, cells)
}

func TestDataResNet50(t *testing.T) {
	layers := dataTopology(t, "topologies/mlperf_Resnet50.csv")
	for _, name := range []string{
		"resnet50_32x32_os_compute.csv", "resnet50_32x32_ws_compute.csv", "resnet50_32x32_is_compute.csv",
		"resnet50_sel_32x32_os_full_calc.csv", "resnet50_sel_32x32_ws_full_calc.csv", "resnet50_sel_32x32_os_full_user10.csv",
	} {
		t.Run(name, func(t *testing.T) {
			rows, cells, sum := dataRows(t, name), 0, int64(0)
			for _, row := range rows {
				l, err := Analyze(rowConfig(t, row), layers[row["name"]])
				if err != nil {
					t.Fatal(err)
				}
				sum += l.TotalCycles
				cells += compare(t, l, row)
			}
			t.Logf("%d rows, %d cells compared, %d cycles in all", len(rows), cells, sum)
		})
	}
}

// TestDataReports compares reports byte for byte outside of the DRAM and
// prefetch columns, which must be empty.
func TestDataReports(t *testing.T) {
	const dir = "raw_reports/vit_s_32x32_os_calc/"
	w, err := workloads.ReadSCALESim(bytes.NewReader(dataFile(t, "topologies/vit_s.csv")), "vit_s.csv", workloads.SCALESimOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c := DefaultConfig()
	c.Dataflow = OutputStationary
	layers, err := Run(c, w)
	if err != nil {
		t.Fatal(err)
	}
	reports := []struct {
		name  string
		write func(*bytes.Buffer) error
	}{
		{"COMPUTE_REPORT.csv", func(b *bytes.Buffer) error { return WriteComputeReport(b, layers) }},
		{"BANDWIDTH_REPORT.csv", func(b *bytes.Buffer) error { return WriteBandwidthReport(b, layers) }},
		{"DETAILED_ACCESS_REPORT.csv", func(b *bytes.Buffer) error { return WriteDetailedAccessReport(b, layers) }},
	}
	for _, r := range reports {
		var b bytes.Buffer
		if err := r.write(&b); err != nil {
			t.Fatal(err)
		}
		compareReport(t, r.name, b.String(), string(dataFile(t, dir+r.name)))
	}
}

func compareReport(t *testing.T, name, got, want string) {
	t.Helper()
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(want, "\n")
	if len(gotLines) != len(wantLines) {
		t.Fatalf("%s: %d lines, want %d", name, len(gotLines), len(wantLines))
	}
	header := strings.Split(wantLines[0], ", ")
	for i := range wantLines {
		g, w := strings.Split(gotLines[i], ", "), strings.Split(wantLines[i], ", ")
		if len(g) != len(w) {
			t.Errorf("%s:%d: %d cells, want %d", name, i+1, len(g), len(w))
			continue
		}
		for j := range w {
			if i > 0 && (strings.Contains(header[j], "DRAM") || strings.Contains(header[j], "prefetch")) {
				w[j] = strings.TrimLeft(w[j], "-0123456789.")
			}
			if g[j] != w[j] {
				t.Errorf("%s:%d: %s = %q, want %q", name, i+1, header[j], g[j], w[j])
			}
		}
	}
}
