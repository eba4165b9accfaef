package importer

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tpe/internal/golden"
	"tpe/internal/tool/tooltest"
	"tpe/workloads"
)

// examples are the files of testdata and the format that each is.
var examples = map[string]string{
	"gemm.csv": "csv", "topology.csv": "scalesim", "topology_gemm.csv": "scalesim", "kineto.json": "kineto", "execution.json": "et", "trace.et": "chakra",
	"onednn.txt": "onednn", "rocblas.txt": "rocblas", "cublaslt.txt": "blaslt", "deepbench.h": "deepbench", "config.json": "hf", "timeloop.yaml": "timeloop",
	"zigzag.yaml": "zigzag", "maestro.m": "maestro", "model.onnx": "onnx", "model.tflite": "tflite", "weights.gguf": "gguf", "weights.safetensors": "safetensors",
}

func exampleOptions() Options {
	return Options{ImportOptions: workloads.ImportOptions{Dims: map[string]int{"batch": 4}}}
}

// TestExamples imports each example, compares the table that comes out with the
// one checked in, and reads that table back: the records must be the same.
func TestExamples(t *testing.T) {
	files := map[string][]byte{}
	seen := map[string]bool{}
	for name, format := range examples {
		var rows []workloads.GEMM
		var table bytes.Buffer
		out := workloads.NewCSVWriter(&table)
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		a, err := ImportReader(bytes.NewReader(data), name, exampleOptions(), func(g workloads.GEMM) error {
			rows = append(rows, g)
			return out.Write(g)
		})
		if err != nil || a.Format != format || out.Flush() != nil {
			t.Errorf("%s: format %q, %v; want %q", name, a.Format, err, format)
			continue
		}
		seen[a.Format] = true
		files[name+".csv"] = table.Bytes()
		var again []workloads.GEMM
		if _, err := ImportReader(bytes.NewReader(table.Bytes()), name+".csv", Options{}, func(g workloads.GEMM) error {
			again = append(again, g)
			return nil
		}); err != nil {
			t.Errorf("%s: reading the table back: %v", name, err)
		}
		if d := cmp.Diff(again, rows); d != "" {
			t.Errorf("%s: read back (-got +want):\n%s", name, d)
		}
		n := a.Taken
		for _, s := range a.Skipped {
			n += s.Count
		}
		if n != a.Read || a.Records != int64(len(rows)) {
			t.Errorf("%s: read %d, taken and skipped %d; %d records, %d counted", name, a.Read, n, len(rows), a.Records)
		}
	}
	for _, f := range Formats() {
		if !seen[f.Name] {
			t.Errorf("format %s has no example", f.Name)
		}
	}
	golden.CheckDir(t, filepath.Join("testdata", "golden"), files)
}

func TestPacked(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "execution.json"))
	if err != nil {
		t.Fatal(err)
	}
	var plain, tarred bytes.Buffer
	z := gzip.NewWriter(&plain)
	z.Write(data)
	z.Close()
	z = gzip.NewWriter(&tarred)
	w := tar.NewWriter(z)
	w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: "d/", Mode: 0o755})
	w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "d/et.json", Size: int64(len(data)), Mode: 0o644})
	w.Write(data)
	w.Close()
	z.Close()
	for _, b := range [][]byte{plain.Bytes(), tarred.Bytes()} {
		if rows, a, err := readText(t, "x.gz", string(b), Options{}); err != nil || len(rows) != 1 || a.Format != "et" {
			t.Errorf("%d records, format %q, %v", len(rows), a.Format, err)
		}
	}
	_, _, err = readText(t, "x.gz", string(plain.Bytes()[:plain.Len()/2]), Options{Format: "et"})
	if err == nil || !strings.Contains(err.Error(), "gzip data ends too early") {
		t.Errorf("cut gzip: %v", err)
	}
}

func TestErrors(t *testing.T) {
	tests := []struct{ name, text, format, want string }{
		{"empty", "", "", "x: file is empty (expected a workload)"},
		{"prose", "no workload here\n", "", "x: file is of no known format (expected one of "},
		{"index", `{"weight_map": {"a": "b.safetensors"}}`, "", "x: file is an index of weight files without shapes"},
		{"unknown format", "m,n,k\n1,2,3\n", "what", `unknown format: "what" (expected one of kineto, et, `},
		{"no product", `{"traceEvents":[{"ph":"X","cat":"cpu_op","name":"aten::add"}]}`, "", "x: no matrix product among 1 events: 1 not a matrix product (aten::add) (expected at least one)"},
		{"forced", "1,2,3\n", "onnx", "x: byte 6: "},
	}
	for _, tt := range tests {
		_, _, err := readText(t, "x", tt.text, Options{Format: tt.format})
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s...", tt.name, err, tt.want)
		}
	}
}

func TestMerge(t *testing.T) {
	text := "name,m,n,k,count,phase\na,1,2,3,2,\nb,1,2,3,5,\nc,1,2,3,1,decode\nd,4,2,3,1,\n"
	rows, a, err := readText(t, "x", text, Options{Merge: true})
	if err != nil || len(rows) != 3 || rows[0].Name != "a" || rows[0].Count != 7 || a.Records != 3 || a.Taken != 4 || a.MACs != 7*6+6+24 {
		t.Errorf("%+v, %+v, %v", rows, a, err)
	}
}

// manyRows gives a table of n rows.
type manyRows struct {
	left int
	buf  []byte
}

func (m *manyRows) Read(p []byte) (int, error) {
	for len(m.buf) < len(p) && m.left > 0 {
		m.buf = fmt.Appendf(m.buf, "layer%d,%d,64,128\n", m.left, 1+m.left%1000)
		m.left--
	}
	if len(m.buf) == 0 {
		return 0, io.EOF
	}
	n := copy(p, m.buf)
	m.buf = append(m.buf[:0], m.buf[n:]...)
	return n, nil
}

// TestStreamRows reads more rows than a workload may hold; what stays allocated
// must not grow with them.
func TestStreamRows(t *testing.T) {
	n := 100_000
	if tooltest.IsDeep() {
		n = 10_000_000
	}
	var peak uint64
	rows := 0
	a, err := ImportReader(io.MultiReader(strings.NewReader("name,m,n,k\n"), &manyRows{left: n}), "x.csv", Options{}, func(workloads.GEMM) error {
		if rows++; rows%(n/20) == 0 {
			peak = max(peak, liveHeap())
		}
		return nil
	})
	if err != nil || a.Records != int64(n) || peak > 32<<20 {
		t.Errorf("%d records, %d bytes live, %v; want %d, at most 32 MiB", a.Records, peak, err, n)
	}
}

func FuzzImport(f *testing.F) {
	for name := range examples {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := ImportReader(bytes.NewReader(data), "x", exampleOptions(), func(g workloads.GEMM) error { return g.Validate() })
		if err == nil && a.Records == 0 {
			t.Fatal("no record and no error")
		}
	})
}

// TestPage makes the table of formats in the documentation.
func TestPage(t *testing.T) {
	table := "| format | what | counts | `--dim` |\n|---|---|---|---|\n"
	for _, f := range Formats() {
		table += fmt.Sprintf("| `%s` | %s | %s | %s |\n", f.Name, f.About, f.Unit, f.Dims)
	}
	golden.Blocks(t, "../../docs/import.md", map[string]string{"formats": table})
}

// TestDataTotals imports the user's files for which there is a sum to compare with:
// records and MACs.
func TestDataTotals(t *testing.T) {
	for _, tt := range []struct {
		name, format  string
		records, macs int64
	}{
		{"onednn/cnn_u8s8.log", "onednn", 4, 2*512*16*27 + 8*64*1024 + 8*10*64},
		{"rocblas/i8_r_gemm_ex_MIOpen.txt", "rocblas", 70, sumOfLines(t, "rocblas/i8_r_gemm_ex_MIOpen.txt", regexp.MustCompile(`-m (\d+) +-n (\d+) +-k (\d+)`))},
		{"gemmlists/deepbench_gemm.csv", "deepbench", 248, sumOfLines(t, "gemmlists/deepbench_gemm.csv", regexp.MustCompile(`,(\d+),(\d+),(\d+),`))},
		{"tflite/ad01_fp32.tflite", "tflite", 10, 264_192},
		{"tflite/ad01_quant_fullint.tflite", "tflite", 10, 264_192},
		{"tflite/seanet_conv0.tflite", "tflite", 1, 320 * 8 * 98},
		{"peers/maestro_GEMM_Example.m", "maestro", 1, 1_000_000},
		{"peers/zigzag_gemm_layer.yaml", "zigzag", 1, 128 * 128 * 128},
		{"peers/zigzag_alexnet.onnx", "onnx", 8, 654_560_384},
		{"onnx/light_squeezenet.onnx", "onnx", 26, 349_151_936},
	} {
		a, err := Import(tooltest.Data(t, tt.name), Options{}, func(workloads.GEMM) error { return nil })
		if err != nil || a.Format != tt.format || a.Records != tt.records || a.MACs != tt.macs {
			t.Errorf("%s: format %s, %d records, %d MAC, %v; want %s, %d, %d", tt.name, a.Format, a.Records, a.MACs, err, tt.format, tt.records, tt.macs)
		}
	}
}

// sumOfLines adds the products of the three numbers that a pattern finds in each
// line.
func sumOfLines(t *testing.T, name string, p *regexp.Regexp) int64 {
	t.Helper()
	data, err := os.ReadFile(tooltest.Data(t, name))
	if err != nil {
		t.Fatal(err)
	}
	var sum int64
	for _, m := range p.FindAllStringSubmatch(string(data), -1) {
		n := int64(1)
		for _, s := range m[1:] {
			v, err := strconv.ParseInt(s, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			n *= v
		}
		sum += n
	}
	return sum
}
