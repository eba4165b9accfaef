package vectors

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tpe/numeric"
)

// header begins a file for tc-a100-bf16-f32 with two products a vector.
const header = "# tensorcore-vectors 1\n# gpu A100\n# a_format bf16\n# b_format bf16\n# c_format f32\n# d_format f32\n# k 2\n# instruction wmma m16n16k16\n"

// 1*2 + 3*4 + 0.5 = 14.5, and 1 + 2^-24 with the low bit cut.
const body = "3f80 4040 4000 4080 3f000000 41680000\n\n# a comment\n3f80 3380 3f80 3f80 00000000 3f800000\n"

func dot(t *testing.T, engine, text string) (*Result, error) {
	t.Helper()
	rec, err := Open(strings.NewReader(text), "v.txt")
	if err != nil {
		return nil, err
	}
	core, err := numeric.FindTensorCore(engine)
	if err != nil {
		t.Fatal(err)
	}
	if core, err = rec.Unit(core); err != nil {
		return nil, err
	}
	return Dot(rec, core.Unit)
}

func TestDot(t *testing.T) {
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	if _, err := io.WriteString(z, header+body); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, text string
		want       Result
	}{
		{"plain", header + "# c_use operand\n# vectors 2\n" + body, Result{Vectors: 2}},
		{"gzip", zipped.String(), Result{Vectors: 2}},
		{"crlf", strings.ReplaceAll(header+body, "\n", "\r\n"), Result{Vectors: 2}},
		{"zero", header + "# c_use zero\n3f80 4040 4000 4080 00000000 41600000\n", Result{Vectors: 1}},
		// c below the last bit of the sum: one rounding to nearest after the sum, not a cut.
		{"outside", header + "# c_use outside\n3f80 0000 3f80 0000 33c00000 3f800001\n", Result{Vectors: 1}},
		{"nan", header + "7f80 0000 0000 0000 00000000 ffc00001\n", Result{Vectors: 1}},
		{"differs", header + "3f80 4040 4000 4080 3f000000 41680001\n", Result{Vectors: 1, Mismatches: 1,
			First: []Mismatch{{Line: 9, Operands: []string{"3f80", "4040", "4000", "4080", "3f000000"}, Want: "41680001", Got: "41680000"}}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := dot(t, "tc-a100-bf16-f32", tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, *got); d != "" {
				t.Error(d)
			}
		})
	}
	many, err := dot(t, "tc-a100-bf16-f32", header+strings.Repeat("3f80 4040 4000 4080 3f000000 0\n", 1))
	if err == nil {
		t.Errorf("a short code was read: %+v", many)
	}
	many, err = dot(t, "tc-a100-bf16-f32", header+strings.Repeat("3f80 4040 4000 4080 3f000000 00000000\n", 25))
	if err != nil || many.Mismatches != 25 || len(many.First) != 10 {
		t.Errorf("25 wrong vectors: %+v, %v", many, err)
	}
}

// TestInstruction pins which model a header chooses.
func TestInstruction(t *testing.T) {
	for _, tt := range []struct{ engine, instruction, want string }{
		{"tc-h100-e4m3-f16", "mma.sync.m16n8k32", "tc-h100-e4m3-f16-mma"},
		{"tc-h100-e4m3-f16-mma", "wgmma, k=32", "tc-h100-e4m3-f16"},
		{"tc-h100-e4m3-f16-mma", "", "tc-h100-e4m3-f16-mma"},
		{"tc-ada-e4m3-f16", "mma.sync.m16n8k32", "tc-ada-e4m3-f16"},
		{"tc-h100-e4m3-f16", "", "tc-h100-e4m3-f16"},
	} {
		core, err := numeric.FindTensorCore(tt.engine)
		if err != nil {
			t.Fatal(err)
		}
		core.Unit.ZeroProductExponent = true
		h := Header{A: numeric.E4M3, B: numeric.E4M3, C: numeric.FP16, D: numeric.FP16, Instruction: tt.instruction}
		got, err := h.Unit(core)
		if err != nil || got.Name != tt.want || !got.Unit.ZeroProductExponent {
			t.Errorf("%s with %q is %s, %v; want %s", tt.engine, tt.instruction, got.Name, err, tt.want)
		}
	}
}

// TestBadRecordings holds files that must be refused, with the start of the message.
func TestBadRecordings(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"", "v.txt:1:1: file is empty"},
		{"tensorcore 2\n", `v.txt:1:1: unknown form: "tensorcore 2" (expected "# tensorcore-vectors 1")`},
		{header + "# k 3\n" + body, `v.txt:9:3: key stands twice: "k"`},
		{"# tensorcore-vectors 1\n# a_format fp8\n", `v.txt:2:3: a_format: unknown float format: "fp8"`},
		{"# tensorcore-vectors 1\n# k 0\n", `v.txt:2:3: k: not a number of products: "0" (expected 1..1024)`},
		{"# tensorcore-vectors 1\n# vectors -1\n", `v.txt:2:3: vectors: not a number of vectors: "-1"`},
		{header + "# c_use maybe\n", `v.txt:9:3: c_use: unknown use: "maybe" (expected operand, zero or outside)`},
		{"# tensorcore-vectors 1\n# k 2\n0 0\n", "v.txt:3:1: header has no a_format"},
		{strings.Replace(header, "d_format f32", "d_format f16", 1), "v.txt:8:1: c_format fp32 and d_format fp16"},
		{strings.Replace(header, "a_format bf16", "a_format fp16", 1) + body, "engine tc-a100-bf16-f32 multiplies bf16 x bf16 into fp32, the file has fp16 x bf16"},
		{header + "3f80 4040 4000 4080 3f000000\n", "v.txt:9:1: 5 fields (expected 2 of a, 2 of b, c and d)"},
		{header + "3f80 4040 4000 408g 3f000000 41680000\n", `v.txt:9:16: not a code of bf16: "408g" (expected 4 hexadecimal digits)`},
		{header + "3f80 4040 4000 04080 3f000000 41680000\n", `v.txt:9:16: not a code of bf16: "04080"`},
		{header + "# vectors 3\n" + body, "v.txt:13:1: file ends after 2 vectors (expected the header's 3)"},
		{header + strings.Repeat("x", 70000), "v.txt:9:1: line is too long (expected at most 65536 bytes)"},
		{"\x1f\x8bxxxxxxxxxxxxx", "v.txt:1:1: not a gzip file"},
	} {
		_, err := dot(t, "tc-a100-bf16-f32", tt.text)
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("got %v, want %s", err, tt.want)
		}
	}
}

func check(name, text string, env *numeric.Env) (*Result, error) {
	f, err := ParseFunction(name)
	if err != nil {
		return nil, err
	}
	return Check(strings.NewReader(text), "t", f, env)
}

func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		f, text string
		r       numeric.Rounding
		want    int64
	}{
		{"f16_add", "3C00 3C00 4000 00\n7BFF 7BFF 7C00 05\n", numeric.NearEven, 0},
		{"f16_sub", "3C00 3C00 8000 00\n", numeric.Down, 0},
		{"f16_mul", "0001 0001 0001 03\n", numeric.Up, 0},
		{"f16_mulAdd", "7C00 0000 7E00 FE00 10\n3C00 3C00 BC00 0000 00\n", numeric.NearEven, 0},
		{"f32_to_f16", "477FE000 7BFF 00\n477FF000 7C00 05\n7F800001 7E00 10\n", numeric.NearEven, 0},
		{"f32_to_e4m3", "43e80000 7e 01\n43e80001 7f 05\n", numeric.NearEven, 0},
		{"bf16_mulAdd_f32", "3f80 3f80 33800000 3f800000 01\n3f80 3f80 33800001 3f800001 01\n", numeric.NearEven, 0},
		{"e8m0_to_f32", "00 00400000 00\nff 7fc00000 00\n", numeric.NearEven, 0},
		{"f16_add", "3C00 3C00 4001 00\n3C00 3C00 4000 01\n\n3C00 3C00 4000 00\n", numeric.NearEven, 2},
	} {
		res, err := check(tt.f, tt.text, &numeric.Env{Rounding: tt.r})
		if err != nil || res.Mismatches != tt.want || res.Vectors != int64(strings.Count(strings.ReplaceAll(tt.text, "\n\n", "\n"), "\n")) {
			t.Errorf("%s %s: %+v, %v; want %d mismatches", tt.f, tt.r, res, err, tt.want)
		}
	}
	res, err := check("f32_to_e4m3", "43e80001 7e 05\n", &numeric.Env{Saturate: true})
	if err != nil || res.Mismatches != 0 {
		t.Errorf("saturating: %+v, %v", res, err)
	}
	for _, tt := range []struct{ f, text, want string }{
		{"f16", "", `unknown function: "f16" (expected <format>_add`},
		{"f16_div", "", `unknown function: "f16_div"`},
		{"f16_add_f32", "", `unknown function: "f16_add_f32"`},
		{"f17_add", "", `function "f17_add": unknown float format: "f17"`},
		{"f16_to_f17", "", `function "f16_to_f17": unknown float format: "f17"`},
		{"f16_add", "0 0 0\n", "t:1:1: f16_add: 3 fields (expected 2 operands, result, flags)"},
		{"f16_add", "0 10000 0 0\n", `t:1:3: not a code of fp16: "10000" (expected 4 hexadecimal digits)`},
		{"f16_add", "0 0 0 20\n", `t:1:7: not flags: "20" (expected 00..1f)`},
	} {
		if _, err := check(tt.f, tt.text, &numeric.Env{}); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %s", tt.f, err, tt.want)
		}
	}
}

// FuzzOpen reads anything as recorded dot products.
func FuzzOpen(f *testing.F) {
	f.Add(header + body)
	f.Add(header + "# c_use outside\n# vectors 1\n7f80 ff80 3f80 3f80 00000001 7fffffff\n")
	f.Add("# tensorcore-vectors 1\n# k 1\n# a_format e8m0\n# b_format e8m0\n# c_format f16\n# d_format f16\nff 00 0000 7fff\n")
	f.Fuzz(func(t *testing.T, text string) {
		rec, err := Open(strings.NewReader(text), "v")
		if err != nil {
			wellFormed(t, err)
			return
		}
		u := numeric.BlockFMA{A: numeric.E5M2, B: numeric.E5M2, C: numeric.FP16, Out: numeric.FP16, N: 4, Frac: 13, Floor: numeric.NoFloor, NaN: 0x7fff}
		if rec.C.Width() == 32 {
			u.C, u.Out = numeric.FP32, numeric.FP32
		}
		if _, err := Dot(rec, u); err != nil {
			wellFormed(t, err)
		}
	})
}

// FuzzCheck reads anything as lines of a function.
func FuzzCheck(f *testing.F) {
	f.Add("f16_mulAdd", "7C00 0000 7E00 FE00 10\n", uint8(0))
	f.Add("e4m3_to_e2m1", "7f 7 10\n08 0 03\n", uint8(5))
	f.Fuzz(func(t *testing.T, name, text string, mode uint8) {
		fn, err := ParseFunction(name)
		if err != nil {
			return
		}
		if _, err := Check(strings.NewReader(text), "v", fn, &numeric.Env{Rounding: numeric.Rounding(mode % 6)}); err != nil {
			wellFormed(t, err)
		}
	})
}

// wellFormed wants name:line:col: in front.
func wellFormed(t *testing.T, err error) {
	var line, col int
	if n, _ := fmt.Sscanf(err.Error(), "v:%d:%d: ", &line, &col); n != 2 || line < 1 || col < 1 {
		t.Errorf("error without a place: %v", err)
	}
}
