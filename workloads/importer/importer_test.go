package importer

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"tpe/workloads"
)

func TestLoadTables(t *testing.T) {
	dir := t.TempDir()
	strict := Options{}
	strict.SCALESim.Strict = true
	tests := []struct {
		name, text string
		opt        Options
		want       int // K of the first layer
	}{
		{"own.csv", "m,n,k\n1,2,3\n", Options{}, 3},
		{"own_named.csv", "name,m,n,k\nx,1,2,3\n", Options{}, 3},
		{"layer.csv", "Layer,M,N,K,\nx,1,2,3,\n", Options{}, 3},
		{"conv.csv", "Layer name, IFMAP H, IFMAP W, Filt H, Filt W, Channels, Num Filter, Stride,\nc1, 8, 8, 3, 3, 4, 6, 1,\n", Options{}, 36},
		{"bare.csv", "x,1,2,3\n", Options{}, 3},
		{"tabs.csv", "x\t1\t2\t3\n", Options{}, 3},
		{"strict.csv", "name,m,n,k\nx,1,2,3,\n", strict, 3},
	}
	for _, tt := range tests {
		path := filepath.Join(dir, tt.name)
		if err := os.WriteFile(path, []byte(tt.text), 0o666); err != nil {
			t.Fatal(err)
		}
		w, _, err := Load(path, tt.opt)
		if err != nil || w.Layers[0].K != tt.want || w.Name != strings.TrimSuffix(tt.name, ".csv") {
			t.Errorf("Load(%s) = %q, %v, want K = %d", tt.name, w.Name, err, tt.want)
		}
	}
	if _, _, err := Load(filepath.Join(dir, "none.csv"), Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Load of a missing file: %v", err)
	}
}

// readText imports a text and returns its records.
func readText(t *testing.T, name, text string, opt Options) ([]workloads.GEMM, workloads.Account, error) {
	t.Helper()
	var rows []workloads.GEMM
	a, err := ImportReader(strings.NewReader(text), name, opt, func(g workloads.GEMM) error {
		rows = append(rows, g)
		return nil
	})
	return rows, a, err
}

// liveHeap is what is reachable after a collection.
func liveHeap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
