package depcheck

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

// TestImports checks this module.
func TestImports(t *testing.T) {
	touch(t)
	for _, platform := range platforms {
		goos, goarch, _ := strings.Cut(platform, "/")
		cmd := exec.Command("go", "list", "-json=ImportPath,Name,Imports,TestImports,XTestImports", "./...")
		cmd.Dir = root
		cmd.Env = append(os.Environ(), "GOOS="+goos, "GOARCH="+goarch, "CGO_ENABLED=0")
		var stderr strings.Builder
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("go list for %s: %v\n%s", platform, err, stderr.String())
		}
		pkgs := decode(t, string(out))
		if len(pkgs) == 0 {
			t.Fatalf("go list for %s found no packages", platform)
		}
		for _, b := range check("tpe", pkgs) {
			t.Errorf("%s: %s", platform, b)
		}
	}
}

// touch reads the tree in this process, so that go test does not take its cached result after a change that only the
// go list above would see.
func touch(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && (d.Name() == ".git" || d.Name() == "testdata" || d.Name() == "bin") {
			return filepath.SkipDir
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func decode(t *testing.T, text string) []listed {
	t.Helper()
	var pkgs []listed
	for dec := json.NewDecoder(strings.NewReader(text)); ; {
		var p listed
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return pkgs
		}
		if err != nil {
			t.Fatal(err)
		}
		pkgs = append(pkgs, p)
	}
}

// TestTable makes sure that the arrows of the table itself point one way.
func TestTable(t *testing.T) {
	var above []string
	for _, r := range rooms {
		for _, m := range r.may {
			if !slices.Contains(above, m) {
				t.Errorf("%s may import %s, which is not above it", r.name, m)
			}
		}
		above = append(above, r.name)
	}
	for _, m := range modules {
		for _, folder := range m.in {
			if first, _, _ := strings.Cut(folder, "/"); !slices.Contains(above, first) {
				t.Errorf("%s is for %s, which is in no room", m.path, folder)
			}
		}
	}
}

func TestCheck(t *testing.T) {
	tests := []struct {
		name string
		pkg  listed
		want []string
	}{
		{"allowed", listed{ImportPath: "tpe/sim/llvm", Imports: []string{"C", "fmt", "tpe/sim", "tpe/hw/eval",
			"tpe/internal/bits", "github.com/llir/llvm/ir"}, TestImports: []string{"github.com/google/go-cmp/cmp", "tpe/internal/golden"},
			XTestImports: []string{"tpe/testbench"}}, nil},
		{"room", listed{ImportPath: "tpe/numeric/mx", Imports: []string{"tpe/hw"}},
			[]string{"tpe/numeric/mx imports tpe/hw: numeric may import internal"}},
		{"in-package test", listed{ImportPath: "tpe/sim", TestImports: []string{"tpe/cost"}},
			[]string{"tpe/sim test imports tpe/cost: sim may import arch, hw, numeric, workloads, internal"}},
		{"external test", listed{ImportPath: "tpe/pe", XTestImports: []string{"tpe/cmd/tpe"}},
			[]string{"tpe/pe external test imports tpe/cmd/tpe: pe may import hw, numeric, internal"}},
		{"internal", listed{ImportPath: "tpe/internal/bits", Imports: []string{"tpe/hw"}},
			[]string{"tpe/internal/bits imports tpe/hw: internal may import internal"}},
		{"test only", listed{ImportPath: "tpe/verify", Imports: []string{"tpe/internal/golden"}},
			[]string{"tpe/verify imports tpe/internal/golden: it is for tests only"}},
		{"module elsewhere", listed{ImportPath: "tpe/sim", Imports: []string{"github.com/llir/llvm/ir"}},
			[]string{"tpe/sim imports github.com/llir/llvm/ir: only for sim/llvm"}},
		{"module unknown", listed{ImportPath: "tpe/sim", TestImports: []string{"github.com/stretchr/testify"}},
			[]string{"tpe/sim test imports github.com/stretchr/testify: the module is not in the table"}},
		{"go-cmp in code", listed{ImportPath: "tpe/arch", Imports: []string{"github.com/google/go-cmp/cmp"}},
			[]string{"tpe/arch imports github.com/google/go-cmp/cmp: only for verify, internal/golden"}},
		{"name", listed{ImportPath: "tpe/hw/types", Name: "types"}, []string{"tpe/hw/types: package name types says nothing"}},
		{"folder", listed{ImportPath: "tpe/hwx"}, []string{`tpe/hwx: folder "hwx" is in no room of the table`}},
		{"root", listed{ImportPath: "tpe"}, []string{`tpe: folder "" is in no room of the table`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := check("tpe", []listed{tt.pkg}); !slices.Equal(got, tt.want) {
				t.Errorf("check(%+v) = %q, want %q", tt.pkg, got, tt.want)
			}
		})
	}
}
