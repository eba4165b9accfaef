package vcd

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tpe/hw"
)

// wave is a dump read back: for each signal (scopes and name, joined by dots) its width
// and its changes as time:value.
type wave struct {
	width   map[string]int
	changes map[string][]string
}

// readBack is a reader of value change dumps, written from the standard and not from the writer.
func readBack(text string) (wave, error) {
	w := wave{map[string]int{}, map[string][]string{}}
	names := map[string]string{}
	var scope []string
	time, declared := -1, false
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		switch {
		case len(f) == 4 && f[0] == "$scope":
			scope = append(scope, f[2])
		case len(f) == 2 && f[0] == "$upscope":
			if len(scope) == 0 {
				return w, errors.New("upscope outside every scope")
			}
			scope = scope[:len(scope)-1]
		case len(f) == 6 && f[0] == "$var":
			name := strings.Join(append(append([]string(nil), scope...), f[4]), ".")
			if _, twice := names[f[3]]; twice {
				return w, fmt.Errorf("code %q stands twice", f[3])
			}
			width, err := strconv.Atoi(f[2])
			if err != nil {
				return w, err
			}
			names[f[3]], w.width[name] = name, width
		case len(f) == 2 && f[0] == "$enddefinitions":
			declared = len(scope) == 0
		case len(f) > 0 && f[0] == "$timescale":
		case len(f) == 1 && f[0][0] == '#':
			t, err := strconv.Atoi(f[0][1:])
			if err != nil || t <= time || !declared {
				return w, fmt.Errorf("time %s after %d, declarations ended: %v", f[0], time, declared)
			}
			time = t
		case len(f) == 2 && f[0][0] == 'b' || len(f) == 1:
			value, code := f[0][:1], f[0][1:]
			if len(f) == 2 {
				value, code = f[0][1:], f[1]
			}
			v, err := strconv.ParseUint(value, 2, 64)
			name, known := names[code]
			if err != nil || !known || v>>w.width[name] != 0 {
				return w, fmt.Errorf("change %q: %v, %q of %d bits", lines.Text(), err, name, w.width[name])
			}
			w.changes[name] = append(w.changes[name], fmt.Sprintf("%d:%d", time, v))
		default:
			return w, fmt.Errorf("line %q", lines.Text())
		}
	}
	return w, lines.Err()
}

// counters has a step of 1 bit and counters of 4 bits in instances over two lanes.
func counters(t *testing.T) (top, flat *hw.Module) {
	t.Helper()
	c := hw.New("counter", "")
	q := c.Reg("q", 4, 0)
	c.Next(q, c.Add(q, c.Zext(4, c.In("step", 1))))
	c.Out("count", q)
	one, err := c.Build()
	if err != nil {
		t.Fatal(err)
	}
	b := hw.New("pair", "")
	lane := b.Axis("lane", 2)
	b.Out("count", b.Inst("unit", one, hw.Ports{"step": b.In("step", 1, lane)}, lane)["count"])
	if top, err = b.Build(); err != nil {
		t.Fatal(err)
	}
	if flat, err = hw.Flatten(top); err != nil {
		t.Fatal(err)
	}
	return top, flat
}

// TestReadBack wants a dump to hold each signal with its scope, width and every change at
// its time, and nothing that did not change.
func TestReadBack(t *testing.T) {
	top, flat := counters(t)
	var b bytes.Buffer
	r, err := New(&b, top, flat)
	if err != nil {
		t.Fatal(err)
	}
	for cycle, step := range [][]uint64{{1, 1}, {1, 0}, {1, 0}, {1, 0}} {
		r.Set(0, step)
		r.Settle()
		r.Step(cycle == 0)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := readBack(b.String())
	if err != nil {
		t.Fatalf("%v in\n%s", err, b.String())
	}
	want := wave{
		width: map[string]int{"pair.clk_i": 1, "pair.rst_ni": 1, "pair.lane0.step": 1, "pair.lane1.step": 1, "pair.unit.lane0.q": 4, "pair.unit.lane1.q": 4},
		changes: map[string][]string{
			"pair.clk_i":        {"0:0", "1:1", "2:0", "3:1", "4:0", "5:1", "6:0", "7:1"},
			"pair.rst_ni":       {"0:0", "2:1", "4:1", "6:1"},
			"pair.lane0.step":   {"0:1"},
			"pair.lane1.step":   {"0:1", "2:0"},
			"pair.unit.lane0.q": {"0:0", "4:1", "6:2"},
			"pair.unit.lane1.q": {"0:0"},
		},
	}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(wave{})); d != "" {
		t.Errorf("-want +read back\n%s\n%s", d, b.String())
	}
}

// TestCodes wants short codes that differ and are printable.
func TestCodes(t *testing.T) {
	seen := map[string]bool{}
	for i := range 94 + 94*94 + 10 {
		c := code(i)
		if seen[c] || strings.Trim(c, "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~") != "" {
			t.Fatalf("code %d is %q", i, c)
		}
		seen[c] = true
	}
}

// full is a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no room") }

// TestWriteErrors wants a failed write to be reported by Close.
func TestWriteErrors(t *testing.T) {
	top, flat := counters(t)
	r, err := New(full{}, top, flat)
	if err != nil {
		t.Fatal(err)
	}
	r.Settle()
	r.Step(true)
	if err := r.Close(); err == nil {
		t.Error("no error")
	}
}
