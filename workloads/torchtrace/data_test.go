package torchtrace_test

import (
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tpe/internal/tool/tooltest"
	"tpe/workloads"
	"tpe/workloads/torchtrace"
)

// dataRows imports a trace of the user's and returns its records.
func dataRows(t *testing.T, name string, f reader) ([]workloads.GEMM, workloads.Account) {
	t.Helper()
	file, err := os.Open(tooltest.Data(t, name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	rows, a, err := read(f, z)
	if err != nil {
		t.Fatal(err)
	}
	return rows, a
}

// reported reads a table of TraceLens, one row a shape.
func reported(t *testing.T, name string) []map[string]string {
	t.Helper()
	f, err := os.Open(tooltest.Data(t, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]string
	for _, r := range records[1:] {
		row := make(map[string]string)
		for i, h := range records[0] {
			row[strings.TrimPrefix(h, "param: ")] = r[i]
		}
		rows = append(rows, row)
	}
	return rows
}

func number(t *testing.T, s string) int64 {
	t.Helper()
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || v != float64(int64(v)) {
		t.Fatalf("not an integer: %q, %v", s, err)
	}
	return int64(v)
}

// TestDataTraceLens compares the products of traces with what TraceLens reports of
// the same files: names, shapes and counts of matrix products, the work of
// attention, and convolutions.
func TestDataTraceLens(t *testing.T) {
	for _, name := range []string{"tl_h100_Falconsai_nsfw_image_detection__1016002", "tl_mi300_gaunernst_bert-small-uncased__1016001"} {
		t.Run(name, func(t *testing.T) {
			rows, _ := dataRows(t, "kineto/"+name+".json.gz", torchtrace.ReadKineto)
			got, want := map[string]int64{}, map[string]int64{}
			for _, g := range rows {
				key := fmt.Sprint(g.Name, " ", g.M, g.N, g.K, g.Batch)
				switch {
				case g.Op == "scores" || g.Op == "context":
					got["attention"] += g.MACs()
				case g.Op == "conv":
					got["convolution"] += g.MACs()
				default:
					got[key]++
				}
			}
			for _, r := range reported(t, "kineto/"+name+".GEMM.csv") {
				want[fmt.Sprint(r["name"], " ", number(t, r["M"]), number(t, r["N"]), number(t, r["K"]), number(t, r["B"]))] += number(t, r["name_count"])
			}
			n := func(r map[string]string, key string) int64 { return number(t, r[key]) }
			for _, r := range reported(t, "kineto/"+name+".SDPA_fwd.csv") {
				want["attention"] += n(r, "B") * n(r, "H_Q") * n(r, "N_Q") * n(r, "N_KV") * (n(r, "d_h_qk") + n(r, "d_h_v")) * n(r, "name_count")
			}
			if strings.Contains(name, "nsfw") {
				for _, r := range reported(t, "kineto/"+name+".CONV_fwd.csv") {
					flop, err := strconv.ParseFloat(r["GFLOPS_first"], 64)
					if err != nil {
						t.Fatal(err)
					}
					want["convolution"] += int64(flop*1e9/2+0.5) * n(r, "name_count")
				}
			}
			if d := cmp.Diff(got, want); d != "" {
				t.Errorf("products (-got +want):\n%s", d)
			}
		})
	}
}

// TestDataPair compares the two traces of a rewrite with the published counts.
func TestDataPair(t *testing.T) {
	for _, tt := range []struct {
		name               string
		operators, gigamac int64
		shapes             int
	}{
		{"kineto/hta_trace_diff_control_control.filtered.json.gz", 1776, 1034, 142},
		{"kineto/hta_trace_diff_test_test.filtered.json.gz", 456, 78, 19},
	} {
		rows, a := dataRows(t, tt.name, torchtrace.ReadKineto)
		shapes := map[string]bool{}
		for _, g := range rows {
			shapes[fmt.Sprint(g.Op, g.M, g.N, g.K, g.Batch)] = true
		}
		if a.Taken != tt.operators || (a.MACs+5e8)/1e9 != tt.gigamac || len(shapes) != tt.shapes {
			t.Errorf("%s: %d operators, %d shapes, %d MAC; want %d, %d, %d GMAC", tt.name, a.Taken, len(shapes), a.MACs, tt.operators, tt.shapes, tt.gigamac)
		}
	}
}

// TestDataResNet compares the forward convolutions of a training trace with the
// network: 53 convolutions a step of 3 steps, and 4.0871 GMAC an image.
func TestDataResNet(t *testing.T) {
	rows, _ := dataRows(t, "et/param_resnet_2gpu_et.json.gz", torchtrace.ReadET)
	var convs int
	var macs, images int64
	for _, g := range rows {
		if g.Op == "conv" {
			convs++
			macs += g.MACs()
			images = int64(g.Conv.Batch)
		}
	}
	if convs != 159 || (macs/3/images+50_000)/100_000 != 40_871 {
		t.Errorf("%d convolutions, %d MAC an image of %d; want 159 and 4.0871 GMAC", convs, macs/3/images, images)
	}
}

// TestDataSpeed imports 60,000 events, made of the control trace's, within bounds
// of time and memory.
func TestDataSpeed(t *testing.T) {
	tooltest.Deep(t, "a trace of 60,000 events")
	path := tooltest.Data(t, "kineto/hta_trace_diff_control_control.filtered.json.gz")
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	start := time.Now()
	_, a, err := read(torchtrace.ReadKineto, z)
	runtime.ReadMemStats(&after)
	rate := float64(a.Read) / time.Since(start).Seconds()
	if err != nil || rate < 60_000 || after.HeapSys > 200<<20 {
		t.Errorf("%.0f events/s, %d MB of heap, %v; want at least 60,000 and at most 200", rate, after.HeapSys>>20, err)
	}
}
