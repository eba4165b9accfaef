package arch

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestBadYAML holds malformed engine files, each with the whole message expected.
func TestBadYAML(t *testing.T) {
	tests := []struct{ name, src, want string }{
		{"empty", "", `e.yaml:1:1: file is empty: "" (expected keys such as "rows: 32")`},
		{"list", "- a\n", `e.yaml:1:1: not a mapping: "" (expected keys such as "rows: 32")`},
		{"scalar", "hello\n", `e.yaml:1:1: not a mapping: "hello" (expected keys such as "rows: 32")`},
		{"unknown key", "rows: 4\nroes: 5\n", `e.yaml:2:1: unknown key: "roes" (nearest is "rows"; tpe show prints all)`},
		{"twice", "rows: 4\nrows: 5\n", `e.yaml:2:1: key stands twice: "rows" (expected once; first on line 1)`},
		{"word for number", "rows: four\n", `e.yaml:1:7: rows: not a whole number: "four" (expected rows of the array, 1..256)`},
		{"float", "rows: 4.5\n", `e.yaml:1:7: rows: not a whole number: "4.5" (expected rows of the array, 1..256)`},
		{"nested", "rows:\n  x: 1\n", `e.yaml:2:3: rows: not a single value: a mapping (expected rows of the array, 1..256)`},
		{"list value", "rows: [1, 2]\n", `e.yaml:1:7: rows: not a single value: a list (expected rows of the array, 1..256)`},
		{"zero rows", "rows: 0\n", `e.yaml:1:7: rows: out of range: 0 (expected 1..256)`},
		{"huge cols", "cols: 100000\n", `e.yaml:1:7: cols: out of range: 100000 (expected 1..256)`},
		{"negative", "acc_rows: -1\n", `e.yaml:1:11: acc_rows: out of range: -1 (expected 1..65536)`},
		{"dataflow", "dataflow: rs\n", `e.yaml:1:11: dataflow: unknown value: "rs" (expected os, ws or is)`},
		{"pe", "pe: macc\n", `e.yaml:1:5: pe: unknown value: "macc" (expected mac, opt1, fma, anfma, fp8add, lmul, lmul-eq, pam or bitfusion)`},
		{"kind", "kind: sphere\n", `e.yaml:1:7: kind: unknown value: "sphere" (expected ` + orList(kindNames()) + `)`},
		{"tree that saturates inside", "kind: tree\noverflow: saturate\nacc_bits: 18\n", `e.yaml:2:11: overflow: sums of 16 products saturate inside a tree, whose order is not that of k: "saturate" (expected wrap, or acc_bits of at least 20)`},
		{"format", "a: int99\n", `e.yaml:1:4: a: bad width of integer format: "int99" (expected int2..int64 or uint1..uint64)`},
		{"float format", "b: bf16\n", `e.yaml:1:4: b: not an integer: bf16 (expected int2..int16 or uint2..uint16 with pe: mac)`},
		{"unknown format", "b: bf17\n", `e.yaml:1:4: b: unknown format: "bf17" (expected int2..int16, uint2..uint16 or a float of tpe list formats)`},
		{"integers of fma", "pe: fma\noverflow: inf\nb: bf16\n", `e.yaml:1:1: a: not a float: int8 (expected a float format with pe: fma)`},
		{"long operand", "pe: fma\noverflow: inf\na: fp32\nb: bf16\n", `e.yaml:3:4: a: not an operand: fp32 (expected a signed float of at most 10 fraction bits)`},
		{"wrapping floats", "pe: fma\na: bf16\nb: bf16\n", `e.yaml:1:1: overflow: unknown value: "wrap" (expected inf or saturate)`},
		{"narrow sum", "pe: fma\noverflow: inf\na: bf16\nb: bf16\nacc: e4m3\n", `e.yaml:5:6: acc: not a format of sums: e4m3 (expected fp32, fp16 or bf16)`},
		{"stages of a sum that stays", "dataflow: os\npe: fma\noverflow: inf\na: bf16\nb: bf16\nstages: 2\n", `e.yaml:6:9: stages: the sum stays in the PE and takes a product every edge: 2 (expected 1)`},
		{"skewed without stages", "pe: fma\noverflow: inf\na: bf16\nb: bf16\nskewed: true\n", `e.yaml:5:9: skewed: not an FMA of 2 stages: 1 stages of fma (expected stages: 2, pe: fma and a float acc)`},
		{"exact sum of how many", "dataflow: os\npe: fma\noverflow: inf\na: bf16\nb: bf16\nacc: kulisch\n", `e.yaml:1:1: acc_k: the sum of how many products fits: 0 (expected at least 1 with acc: kulisch)`},
		{"anfma that stays", "dataflow: os\npe: anfma\noverflow: inf\na: bf16\nb: bf16\n", `e.yaml:2:5: pe: a column has a foot: "anfma" (expected another PE, or an array in which sums travel)`},
		{"narrow anfma", "pe: anfma\noverflow: inf\na: bf16\nb: bf16\nsum_bits: 15\n", `e.yaml:5:11: sum_bits: significand of the partial sum: 15 bits (expected 16..40)`},
		{"unknown norm", "pe: anfma\nnorm: an-0-1\n", `e.yaml:2:7: norm: unknown normalisation: "an-0-1" (expected exact, none or an-K-L with K and L of 1..8)`},
		{"exact tree", "kind: tree\npe: fma\noverflow: inf\na: bf16\nb: bf16\nacc: kulisch\n", `e.yaml:6:6: acc: a tree rounds every sum: "kulisch" (expected fp32, fp16 or bf16)`},
		{"wide operand", "a: int17\n", `e.yaml:1:4: a: out of range: 17 (expected 2..16)`},
		{"acc word", "acc_bits: wide\n", `e.yaml:1:11: acc_bits: not a width: "wide" (expected 2..64 or auto)`},
		{"acc too wide", "acc_bits: 65\n", `e.yaml:1:11: acc_bits: out of range: 65 (expected 2..64)`},
		{"auto without k", "acc_bits: auto\n", `e.yaml:1:1: acc_k: out of range: 0 (expected 1..1099511627776)`},
		{"too narrow", "acc_bits: 20\nacc_k: 4096\n", `e.yaml:1:11: acc_bits: too narrow for acc_k = 4096: 20 (expected at least 28, or overflow: saturate, or acc_k: 0)`},
		{"saturating opt1", "pe: opt1\noverflow: saturate\n", `e.yaml:2:11: overflow: overflow of a (sum, carry) pair cannot be seen: "saturate" (expected wrap with pe: opt1)`},
		{"saturate narrow", "overflow: saturate\nacc_bits: 12\n", `e.yaml:2:11: acc_bits: narrower than a product, which saturation must see: 12 (expected at least 16)`},
		{"os load", "dataflow: os\noverlap: load\n", `e.yaml:2:10: overlap: nothing is loaded in an output-stationary array: "load" (expected none, drain or full)`},
		{"truth", "init_c: yes\n", `e.yaml:1:9: init_c: not a truth value: "yes" (expected true or false)`},
		{"schema", "schema: 2\n", `e.yaml:1:9: schema: unknown version: 2 (expected 1)`},
		{"name", "name: a b\n", `e.yaml:1:7: name: not a name: "a b" (expected letters, digits, '-', '_' or '.')`},
		{"tab", "rows:\t4\n\tcols: 3\n", `e.yaml:2:1: not YAML: found a tab character that violates indentation (expected keys such as "rows: 32")`},
		{"two errors", "rows: 0\ncols: 0\n", "e.yaml:1:7: rows: out of range: 0 (expected 1..256)\ne.yaml:2:7: cols: out of range: 0 (expected 1..256)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParseYAML("e.yaml", []byte(tt.src))
			if err == nil {
				t.Fatal("no error")
			}
			if d := cmp.Diff(tt.want, err.Error()); d != "" {
				t.Errorf("-want +got\n%s", d)
			}
		})
	}
}

func TestYAMLRoundTrip(t *testing.T) {
	for _, p := range append(Presets(), Models()...) {
		c, err := ParseYAML(p.Name, p.Config.YAML())
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(p.Config, c); d != "" {
			t.Errorf("%s: -preset +read back\n%s", p.Name, d)
		}
	}
}

func TestLoadErrors(t *testing.T) {
	tests := []struct {
		engine string
		set    []string
		want   string
	}{
		{"systolic-wss", nil, `--engine: unknown engine: "systolic-wss" (expected a .yaml file or a preset; nearest is "systolic-ws", tpe list engines prints all)`},
		{"systolic-ws", []string{"rows"}, `--set: not a setting: "rows" (expected key=value)`},
		{"systolic-ws", []string{"row=4"}, `nearest is "rows"`},
		{"systolic-ws", []string{"rows=x"}, `--set rows=x: rows: not a whole number: "x"`},
		{"systolic-os", []string{"overlap=load"}, `engine systolic-os: overlap: nothing is loaded`},
		{"no/such.yaml", nil, `engine file: open no/such.yaml`},
	}
	for _, tt := range tests {
		_, err := Load(tt.engine, tt.set)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Load(%q, %q): %v, want it to contain %q", tt.engine, tt.set, err, tt.want)
		}
	}
}

// FuzzParseYAML looks for panics, and for files that are accepted but do not validate.
func FuzzParseYAML(f *testing.F) {
	for _, p := range append(Presets(), Models()...) {
		f.Add(p.Config.YAML())
	}
	f.Add([]byte("rows: 4\n? [a]\n: b\n<<: *x\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		c, err := ParseYAML("f.yaml", src)
		if err != nil {
			return
		}
		if bad := c.Validate(); len(bad) > 0 {
			t.Errorf("accepted, but %v", bad)
		}
		back, err := ParseYAML("g.yaml", c.YAML())
		if err != nil || !cmp.Equal(c, back) {
			t.Errorf("does not survive printing: %v\n%s", err, c.YAML())
		}
	})
}

func ExampleConfig_Cycles() {
	c := Default()
	c.Dataflow, c.Rows, c.Cols = OS, 4, 4
	fmt.Println(c.Cycles(Shape{M: 4, N: 4, K: 9}, nil), c.Cycles(Shape{M: 8, N: 4, K: 9}, nil))
	// Output: 21 30
}
