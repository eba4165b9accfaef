package tooltest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"tpe/internal/tool"
	"tpe/internal/tool/tooltest"
)

func TestReasons(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "there"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	const noYosys = "tool: yosys is missing: yosys not found in $PATH (Debian package yosys)"
	tests := []struct {
		name string
		env  [3]string // TPE_REQUIRE_TOOLS, TPE_DEEP, TPE_DATA
		call func(t testing.TB)
		want string
	}{
		{"missing", [3]string{}, needYosys, "skip " + noYosys},
		{"missing, required", [3]string{0: "1"}, needYosys, "fatal " + noYosys + ", and TPE_REQUIRE_TOOLS=1"},
		{"deep", [3]string{}, func(t testing.TB) { tooltest.Deep(t, "32x32") }, "skip deep: 32x32"},
		{"deep, asked", [3]string{1: "1"}, func(t testing.TB) { tooltest.Deep(t, "32x32") }, ""},
		{"short", [3]string{1: "1"}, func(t testing.TB) { tooltest.Short(t, "TestBig") }, "skip short: TestBig"},
		{"data", [3]string{}, func(t testing.TB) { tooltest.Data(t, "a/b.csv") }, "skip data: TPE_DATA is not set, needs a/b.csv"},
		{"data, there", [3]string{2: dir}, func(t testing.TB) { tooltest.Data(t, "there") }, ""},
		{"data, not there", [3]string{2: dir}, func(t testing.TB) { tooltest.Data(t, "x") },
			"skip data: stat " + filepath.Join(dir, "x") + ": no such file or directory"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("PATH", t.TempDir())
			for i, name := range []string{"TPE_REQUIRE_TOOLS", "TPE_DEEP", "TPE_DATA"} {
				t.Setenv(name, tt.env[i])
			}
			fake := &recorder{TB: t}
			done := make(chan bool)
			go func() {
				defer close(done)
				tt.call(fake)
			}()
			<-done
			if fake.end != tt.want {
				t.Errorf("ended with %q, want %q", fake.end, tt.want)
			}
		})
	}
}

func needYosys(t testing.TB) { tooltest.Need(t, tool.Yosys) }

// TestNeedFinds uses the machine's own tools, as every other test of the project does.
func TestNeedFinds(t *testing.T) {
	for _, found := range tooltest.Need(t, tool.Verilator, tool.Yosys, tool.Icarus, tool.VVP, tool.Clang, tool.STA,
		tool.GXX, tool.Make, tool.OSU018, tool.Fashion) {
		t.Log(found, found.Path)
	}
}

// recorder is a test that notes how it ended.
type recorder struct {
	testing.TB
	end string
}

func (r *recorder) Helper() {}

func (r *recorder) Skipf(format string, args ...any) {
	r.end = "skip " + fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.end = "fatal " + fmt.Sprintf(format, args...)
	runtime.Goexit()
}
