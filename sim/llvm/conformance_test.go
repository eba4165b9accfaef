package llvm

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"tpe/hw"
	"tpe/hw/hwtest"
	"tpe/hw/retime"
	"tpe/internal/tool/tooltest"
)

// library holds graphs that were compiled together: a run of clang costs more
// than most of the suite's programs. A graph is found again by its text.
type library struct {
	image map[string]*image
	obj   map[string]*object
}

// shard is how many graphs go into one object: fewer runs of clang against what a
// failing one takes along.
const shard = 32

// keyOf is all of a flat module as text; it has no pointers.
func keyOf(m *hw.Module) string { return fmt.Sprintf("%+v", *m) }

func newLibrary(t *testing.T, cases []hwtest.Case) *library {
	t.Helper()
	lib := &library{map[string]*image{}, map[string]*object{}}
	for len(cases) > 0 {
		n := min(shard, len(cases))
		c := newCode()
		var keys []string
		for _, x := range cases[:n] {
			flat, err := hw.Flatten(x.Top)
			if err != nil {
				continue // the check reports it
			}
			img, err := c.addMachine(flat)
			if err != nil {
				t.Fatalf("%s: %v", x.Name, err)
			}
			keys = append(keys, keyOf(flat))
			lib.image[keys[len(keys)-1]] = img
		}
		obj, err := c.build()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = obj.close() })
		for _, k := range keys {
			lib.obj[k] = obj
		}
		cases = cases[n:]
	}
	return lib
}

func (l *library) machine(t testing.TB, flat *hw.Module) (hw.Machine, error) {
	key := keyOf(flat)
	if l.obj[key] == nil {
		m, err := New(flat)
		if err == nil {
			t.Cleanup(func() { _ = m.Close() })
		}
		return m, err
	}
	return newMachine(l.obj[key], l.image[key])
}

// TestConformance runs the suite of all readers of the graph.
func TestConformance(t *testing.T) {
	tooltest.Need(t, "clang")
	lib := newLibrary(t, hwtest.Cases())
	hwtest.Check(t, func(flat *hw.Module) (hw.Machine, error) { return lib.machine(t, flat) })
}

// TestLocalTime runs skewed arrays in local time, against the reference evaluator on the
// arrays as they are.
func TestLocalTime(t *testing.T) {
	tooltest.Need(t, "clang")
	var cases, local []hwtest.Case
	moved := map[string]*hw.Module{} // by name of the case
	for _, c := range hwtest.SkewedCases(120) {
		flat, err := hw.Flatten(c.Top)
		if err != nil {
			t.Fatal(err)
		}
		r, err := retime.LocalTime(flat)
		if err != nil {
			t.Fatal(err)
		}
		if r.Nodes == 0 {
			continue
		}
		again, err := hw.Flatten(r.Module) // as the library does
		if err != nil {
			t.Fatal(err)
		}
		moved[c.Name] = again
		cases, local = append(cases, c), append(local, hwtest.Case{Name: c.Name, Top: again})
	}
	if len(cases) < 32 {
		t.Fatalf("%d arrays run in local time (expected at least 32)", len(cases))
	}
	lib := newLibrary(t, local)
	for _, c := range cases {
		if err := hwtest.CheckCase(func(*hw.Module) (hw.Machine, error) { return lib.machine(t, moved[c.Name]) }, c); err != nil {
			t.Error(err)
		}
	}
}

// TestRandom runs many random programs, some in one object.
func TestRandom(t *testing.T) {
	tooltest.Need(t, "clang")
	tooltest.Deep(t, "640 random programs, minutes of clang")
	rng := rand.New(rand.NewPCG(11, 12))
	var cases []hwtest.Case
	for len(cases) < 640 {
		data := make([]byte, 4+rng.IntN(200))
		for i := range data {
			data[i] = byte(rng.Uint32())
		}
		if c, ok := hwtest.Random(data); ok {
			cases = append(cases, c)
		}
	}
	lib := newLibrary(t, cases)
	for _, c := range cases {
		if err := hwtest.CheckCase(func(flat *hw.Module) (hw.Machine, error) { return lib.machine(t, flat) }, c); err != nil {
			t.Error(err)
		}
	}
}

// FuzzLLVM runs random programs, and random skewed arrays in local time, against the
// reference evaluator.
func FuzzLLVM(f *testing.F) {
	tooltest.Need(f, "clang")
	f.Add([]byte("a program of nothing much"))
	f.Fuzz(func(t *testing.T, data []byte) {
		t.Setenv("TPE_CACHE", t.TempDir()) // no program comes twice
		for _, decode := range []func([]byte) (hwtest.Case, bool){hwtest.Random, hwtest.Skewed} {
			c, ok := decode(data)
			if !ok {
				continue
			}
			err := hwtest.CheckCase(func(flat *hw.Module) (hw.Machine, error) {
				r, err := retime.LocalTime(flat)
				if err != nil {
					return nil, err
				}
				m, err := New(r.Module)
				if err == nil {
					t.Cleanup(func() { _ = m.Close() })
				}
				return m, err
			}, c)
			if err != nil {
				t.Error(err)
			}
		}
	})
}
