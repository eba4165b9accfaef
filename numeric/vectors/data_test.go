package vectors

import (
	"os"
	"strings"
	"testing"

	"tpe/internal/tool/tooltest"
	"tpe/numeric"
)

// TestDataSoftFloat compares with vectors of Berkeley TestFloat 3e.
func TestDataSoftFloat(t *testing.T) {
	for _, name := range []string{"f16_add", "f16_mul", "f16_mulAdd", "f16_to_f32", "f32_to_f16"} {
		t.Run(name, func(t *testing.T) {
			file := openData(t, "softfloat/"+name+".near_even.txt.gz")
			f, err := ParseFunction(name)
			if err != nil {
				t.Fatal(err)
			}
			report(t, func() (*Result, error) { return Check(file, name, f, &numeric.Env{}) })
		})
	}
}

// TestDataTensorCores compares with dot products that GPUs computed.
func TestDataTensorCores(t *testing.T) {
	for _, name := range []string{"v100_fp16_f32", "a100_bf16_f32", "a100_tf32_f32", "ada_e5m2_f32", "h100_fp16_f16", "h100_e4m3_f32"} {
		t.Run(name, func(t *testing.T) {
			file := openData(t, "tensorcore/"+name+".txt.gz")
			rec, err := Open(file, name)
			if err != nil {
				t.Fatal(err)
			}
			core, err := numeric.FindTensorCore("tc-" + strings.ReplaceAll(name, "_", "-"))
			if err != nil {
				t.Fatal(err)
			}
			if core, err = rec.Unit(core); err != nil {
				t.Fatal(err)
			}
			report(t, func() (*Result, error) { return Dot(rec, core.Unit) })
		})
	}
}

func openData(t *testing.T, name string) *os.File {
	t.Helper()
	file, err := os.Open(tooltest.Data(t, name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return file
}

func report(t *testing.T, run func() (*Result, error)) {
	t.Helper()
	res, err := run()
	if err != nil {
		t.Fatal(err)
	}
	if res.Vectors == 0 || res.Mismatches > 0 {
		t.Errorf("%d vectors, %d mismatches: %+v", res.Vectors, res.Mismatches, res.First)
	}
	t.Logf("%d vectors", res.Vectors)
}
