package hw_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tpe/hw"
	"tpe/hw/hwtest"
)

// TestTextRoundTrip prints, reads and prints again every program of the suite; the
// text must not change and the program read must behave like the first.
func TestTextRoundTrip(t *testing.T) {
	for _, c := range hwtest.Cases() {
		t.Run(c.Name, func(t *testing.T) { roundTrip(t, c) })
		flat, err := hw.Flatten(c.Top)
		if err != nil {
			t.Fatal(err)
		}
		if text := flat.String(); text != reread(t, text).String() {
			t.Errorf("%s: flattened text changes when read and printed again", c.Name)
		}
	}
}

func TestTextRoundTripRandom(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 400 {
		data := make([]byte, 8+rng.IntN(300))
		for i := range data {
			data[i] = byte(rng.Uint32())
		}
		if c, ok := hwtest.Random(data); ok {
			roundTrip(t, c)
		}
	}
}

func reread(t *testing.T, text string) *hw.Module {
	t.Helper()
	m, err := hw.ParseText("printed", []byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return m
}

func roundTrip(t *testing.T, c hwtest.Case) {
	t.Helper()
	text := c.Top.String()
	again := reread(t, text)
	if diff := cmp.Diff(text, again.String()); diff != "" {
		t.Errorf("%s: text changes (-printed +printed again):\n%s", c.Name, diff)
	}
	want, wantFail, err := hwtest.Expect(c)
	if err != nil {
		t.Fatal(err)
	}
	c.Top = again
	got, gotFail, err := hwtest.Expect(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := hwtest.Diff(c, got, want, gotFail, wantFail); err != nil {
		t.Error(err)
	}
}

// TestTextForm pins the text form of one module that has every kind of item.
func TestTextForm(t *testing.T) {
	want := strings.TrimPrefix(`
module cell {
  doc "Adds \"x\"."
  input x: 8
  acc = reg(reset 1, next _2): 8
  _2 = add(acc, x): 8
  output sum = acc
}

module top {
  axis row 2
  axis col 3
  table squares 8 (0 1 4 9 0x400)
  input x: 8 [row]
  input en: 1
  inst pe = cell over [row col] (x = x)
  pe_sum = instout(pe.sum): 8 [row col]
  _3 = const(0xffff): 16
  _4 = coord(col): 8 [col]
  _5 = slice(_3, lo 4): 3
  _6 = rom(_5, squares): 8
  _7 = shift(pe_sum, x, col -1): 8 [row col]
  _8 = rotate(_7, row +1): 8 [row col]
  _9 = index(_8, col 2): 8 [row]
  _10 = select(_8, _5, row): 8 [col]
  _11 = reduce(_8, row smax): 8 [col]
  late = delay(_8, base 3, row 1, col -1): 8 [row col]
  buf = memq(depth 4, forward, wen en, waddr _5, wdata x, raddr _5): 8 [row]
  _14 = stride(_9, _6, row to col start 1 step 2): 8 [col]
  hop = wire(_16): 8 [row]
  _16 = xor(buf, _6): 8 [row]
  _17 = cat(en, en, _5): 5
  _18 = mux(en, _10, _11): 8 [col]
  _19 = bcast(_17): 5 [row col]
  output late = late
  output hop = hop
  output wide = _19
  output col = _18
  output stride = _14
  output squares = _9
  assert enabled = en
}
`, "\n")
	want = strings.Replace(want, "0x400", "255", 1)
	if diff := cmp.Diff(want, reread(t, want).String()); diff != "" {
		t.Errorf("text changes (-read +printed):\n%s", diff)
	}
}

// TestWriteTextNames shows that two modules of one name are told apart.
func TestWriteTextNames(t *testing.T) {
	leaf := func(k uint64) *hw.Module {
		b := hw.New("leaf", "")
		b.Out("y", b.Const(8, k))
		return build(t, b)
	}
	b := hw.New("top", "")
	b.Out("p", b.Inst("a", leaf(1), nil)["y"])
	b.Out("q", b.Inst("b", leaf(2), nil)["y"])
	text := build(t, b).String()
	for _, want := range []string{"module leaf {", "module leaf_2 {", "inst b = leaf_2 ()"} {
		if !strings.Contains(text, want) {
			t.Errorf("text lacks %q:\n%s", want, text)
		}
	}
	reread(t, text)
}

func build(t *testing.T, b *hw.Builder) *hw.Module {
	t.Helper()
	m, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return m
}
