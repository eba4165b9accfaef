package tool_test

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tpe/internal/tool"
)

func TestCache(t *testing.T) {
	root := t.TempDir()
	t.Setenv("TPE_CACHE", root)
	dir, hit, err := tool.Cache("verilator", []byte("key"), fill("model", 3))
	if err != nil || hit {
		t.Fatalf("first Cache = %q, %v, %v, want a miss", dir, hit, err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "model")); string(text) != "xxx" {
		t.Errorf("model = %q, %v, want xxx", text, err)
	}
	again, hit, err := tool.Cache("verilator", []byte("key"), func(string) error { return errors.New("built twice") })
	if again != dir || !hit || err != nil {
		t.Errorf("second Cache = %q, %v, %v, want %q, true, nil", again, hit, err, dir)
	}
	if other, hit, err := tool.Cache("verilator", []byte("kez"), fill("model", 1)); other == dir || hit || err != nil {
		t.Errorf("Cache of another key = %q, %v, %v", other, hit, err)
	}

	broken := errors.New("broken")
	if _, _, err := tool.Cache("clang", []byte("key"), func(dir string) error {
		return errors.Join(fill("half", 1)(dir), broken)
	}); !errors.Is(err, broken) {
		t.Errorf("Cache of a failing build = %v, want %v", err, broken)
	}
	if left, _ := os.ReadDir(filepath.Join(root, "clang")); len(left) != 0 {
		t.Errorf("a failed build left %v", left)
	}
	if _, _, err := tool.Cache("../x", nil, fill("f", 1)); err == nil {
		t.Error(`Cache("../x") succeeded`)
	}
}

func TestCacheRace(t *testing.T) {
	root := t.TempDir()
	t.Setenv("TPE_CACHE", root)
	const racers = 16
	var wg sync.WaitGroup
	var misses atomic.Int32
	for range racers {
		wg.Go(func() {
			dir, hit, err := tool.Cache("race", []byte("key"), func(dir string) error {
				time.Sleep(10 * time.Millisecond)
				return fill("f", 100)(dir)
			})
			if text, _ := os.ReadFile(filepath.Join(dir, "f")); err != nil || len(text) != 100 {
				t.Errorf("Cache = %q, %v with %d bytes, want 100", dir, err, len(text))
			}
			if !hit {
				misses.Add(1)
			}
		})
	}
	wg.Wait()
	if left, _ := os.ReadDir(filepath.Join(root, "race")); len(left) != 1 || misses.Load() != 1 {
		t.Errorf("%d entries and %d winners, want 1 and 1", len(left), misses.Load())
	}
}

func TestPrune(t *testing.T) {
	root := t.TempDir()
	t.Setenv("TPE_CACHE", root)
	age := func(dir string, d time.Duration) string {
		t.Helper()
		if err := os.Chtimes(dir, time.Now().Add(-d), time.Now().Add(-d)); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	entry := func(kind, key string, d time.Duration) string {
		t.Helper()
		dir, _, err := tool.Cache(kind, []byte(key), fill("f", 100))
		if err != nil {
			t.Fatal(err)
		}
		return age(dir, d)
	}
	oldest, older := entry("a", "1", 9*time.Hour), entry("b", "1", 8*time.Hour)
	old, fresh := entry("a", "2", 7*time.Hour), entry("a", "3", time.Minute)
	dead := filepath.Join(root, "a", "0123.tmp-1")
	if err := errors.Join(os.Mkdir(dead, 0o755), fill("f", 7)(dead)); err != nil {
		t.Fatal(err)
	}
	age(dead, 48*time.Hour)

	steps := []struct {
		max, freed int64
		gone, kept []string
	}{
		{250, 207, []string{oldest, older, dead}, []string{old, fresh}},
		{250, 0, nil, []string{old, fresh}},
		{0, 100, []string{old}, []string{fresh}},
	}
	for _, s := range steps {
		if freed, err := tool.Prune(s.max); freed != s.freed || err != nil {
			t.Errorf("Prune(%d) = %d, %v, want %d", s.max, freed, err, s.freed)
		}
		for _, dir := range s.gone {
			if _, err := os.Stat(dir); err == nil {
				t.Errorf("after Prune(%d) %s is still there", s.max, dir)
			}
		}
		for _, dir := range s.kept {
			if _, err := os.Stat(dir); err != nil {
				t.Errorf("after Prune(%d): %v", s.max, err)
			}
		}
	}
}

// fill returns a build that writes a file of n bytes.
func fill(name string, n int) func(dir string) error {
	return func(dir string) error {
		text := make([]byte, n)
		for i := range text {
			text[i] = 'x'
		}
		return os.WriteFile(filepath.Join(dir, name), text, 0o644)
	}
}
