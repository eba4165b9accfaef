package llvm

import (
	"bytes"
	"testing"

	"tpe/hw"
	"tpe/hw/hwtest"
	"tpe/internal/tool/tooltest"
)

// library holds graphs that were compiled together: a run of clang costs more
// than most of the suite's programs. A graph is found again by its IR.
type library struct {
	image map[string]*image
	obj   map[string]*object
}

// shard is how many graphs go into one object: fewer runs of clang against what a
// failing one takes along.
const shard = 32

func irOf(t testing.TB, m *hw.Module) string {
	t.Helper()
	c := newCode()
	if _, err := c.addMachine(m); err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if _, err := c.mod.WriteTo(&text); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

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
			keys = append(keys, irOf(t, flat))
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
	key := irOf(t, flat)
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

// FuzzLLVM runs random programs against the reference evaluator.
func FuzzLLVM(f *testing.F) {
	tooltest.Need(f, "clang")
	f.Add([]byte("a program of nothing much"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, ok := hwtest.Random(data)
		if !ok {
			t.Skip("not a program")
		}
		t.Setenv("TPE_CACHE", t.TempDir()) // no program comes twice
		err := hwtest.CheckCase(func(flat *hw.Module) (hw.Machine, error) {
			m, err := New(flat)
			if err == nil {
				t.Cleanup(func() { _ = m.Close() })
			}
			return m, err
		}, c)
		if err != nil {
			t.Error(err)
		}
	})
}
