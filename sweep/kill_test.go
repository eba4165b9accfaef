package sweep_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tpe/internal/tool/tooltest"
	"tpe/sweep"
)

// childDir makes the test binary a sweep of the space in that folder's file.
const childDir = "TPE_SWEEP_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		if err := child(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func child(dir string) error {
	s, err := sweep.Load(dir + ".yaml")
	if err != nil {
		return err
	}
	st, err := sweep.Create(dir, s, s.NewPlan("test", ""))
	if err != nil {
		return err
	}
	defer st.Close()
	_, err = sweep.Run(context.Background(), st, s, sweep.RunOptions{})
	return err
}

// A sweep that is killed again and again, at random moments, and then left alone holds every
// point once, and its export is that of a sweep which nothing disturbed.
func TestKill(t *testing.T) {
	kills, rows := 4, "{range: [1, 40]}"
	if tooltest.IsDeep() {
		kills, rows = 24, "{range: [1, 256]}"
	}
	text := "engines: [systolic-os, systolic-ws, cube]\nworkloads: [\"gemm:100x50x200\"]\naxes:\n  rows: " + rows + "\n  cols: " + rows + "\n  acc_bits: [32, 40]\n  overlap: [none, full]\n"
	root := t.TempDir()
	dir := filepath.Join(root, "killed")
	if err := os.WriteFile(dir+".yaml", []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	s := parse(t, text)
	killed := 0
	for range kills {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childDir+"="+dir)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(50+rng.IntN(400)) * time.Millisecond)
		if err := cmd.Process.Kill(); err == nil {
			killed++
		}
		_ = cmd.Wait() // it was killed, or had ended
	}
	if killed == 0 {
		t.Error("nothing was killed")
	}
	if err := child(dir); err != nil {
		t.Fatal(err)
	}
	calm := filepath.Join(root, "calm")
	run(t, calm, s)
	st, err := sweep.OpenStore(dir, s)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	done, err := st.Done()
	if err != nil || uint64(done.Len()) != s.Size() {
		t.Errorf("%d points of %d, %v", done.Len(), s.Size(), err)
	}
	if d := cmp.Diff(export(t, calm, s), export(t, dir, s)); d != "" {
		t.Error("the export of the killed sweep differs from that of a calm one")
	}
	t.Logf("%d points, %d kills", s.Size(), killed)
}
