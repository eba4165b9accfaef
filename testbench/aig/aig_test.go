package aig

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// multiplier is x * y + c mod 2^w from rows of full adders, c added first or last.
func multiplier(n, w int, first bool) *Graph {
	var inputs []string
	for _, p := range []string{"x", "y"} {
		for i := range n {
			inputs = append(inputs, fmt.Sprintf("%s[%d]", p, i))
		}
	}
	for i := range w {
		inputs = append(inputs, fmt.Sprintf("c[%d]", i))
	}
	if first { // another order must not matter
		for i, j := 0, len(inputs)-1; i < j; i, j = i+1, j-1 {
			inputs[i], inputs[j] = inputs[j], inputs[i]
		}
	}
	b := newBuilder(inputs)
	at := map[string]Lit{}
	for i, name := range inputs {
		at[name] = b.g.input(i)
	}
	add := func(x, y []Lit) []Lit {
		carry, sum := False, make([]Lit, w)
		for i := range sum {
			p := b.xor(x[i], y[i])
			sum[i] = b.xor(p, carry)
			carry = b.and(b.and(x[i], y[i]).Not(), b.and(p, carry).Not()).Not()
		}
		return sum
	}
	c := make([]Lit, w)
	for i := range c {
		c[i] = at[fmt.Sprintf("c[%d]", i)]
	}
	acc := make([]Lit, w)
	if first {
		acc = c
	}
	for i := range n {
		row := make([]Lit, w)
		for k := range n {
			if i+k < w {
				row[i+k] = b.and(at[fmt.Sprintf("x[%d]", k)], at[fmt.Sprintf("y[%d]", i)])
			}
		}
		acc = add(acc, row)
	}
	if !first {
		acc = add(acc, c)
	}
	for i, l := range acc {
		b.g.Outputs = append(b.g.Outputs, Output{fmt.Sprintf("z[%d]", i), l})
	}
	return b.g
}

func macReference(w int) Reference {
	return func(in, out []uint64) { out[0] = (in[1]*in[2] + in[0]) & (1<<w - 1) } // ports c, x, y
}

func TestEqual(t *testing.T) {
	for _, n := range []int{1, 2, 4, 6} {
		g, h := multiplier(n, n+3, false), multiplier(n, n+3, true)
		r, err := Equal(t.Context(), g, h, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if want := uint64(1) << (3*n + 3); r.Mismatch != nil || !r.Complete || r.Patterns != want {
			t.Errorf("%d bits: %+v, want all of %d patterns equal", n, r, want)
		}
		r, err = Check(t.Context(), g, macReference(n+3), Options{Workers: 1})
		if err != nil || r.Mismatch != nil || r.Patterns != 1<<(3*n+3) {
			t.Errorf("%d bits: Check = %+v, %v", n, r, err)
		}
	}
}

// TestMismatch breaks one literal of every and in turn and compares the verdict
// with a naive one.
func TestMismatch(t *testing.T) {
	const n, w = 4, 7
	good := multiplier(n, w, false)
	sim := func(g *Graph) func(pattern int) uint64 {
		return func(pattern int) uint64 {
			s := NewSimulator(g)
			for i := range g.Inputs {
				s.Set(i, -uint64(pattern>>i&1))
			}
			s.Settle()
			var z uint64
			for i := range g.Outputs {
				z |= s.Get(i) & 1 << i
			}
			return z
		}
	}
	found := 0
	for k := 0; k < len(good.Ands); k += 7 {
		bad := multiplier(n, w, false)
		bad.Ands[k][k%2] ^= 1
		r, err := Equal(t.Context(), bad, good, Options{})
		if err != nil {
			t.Fatal(err)
		}
		c, err := Check(t.Context(), bad, macReference(w), Options{})
		if err != nil {
			t.Fatal(err)
		}
		differ := false
		for p := 0; p < 1<<(2*n+w) && !differ; p++ {
			differ = sim(good)(p) != sim(bad)(p)
		}
		if (r.Mismatch != nil) != differ || (c.Mismatch != nil) != differ {
			t.Errorf("and %d: mismatches %v and %v, want %v", k, r.Mismatch, c.Mismatch, differ)
		}
		if c.Mismatch == nil {
			continue
		}
		found++
		v := c.Mismatch.Inputs
		if z := (v[1].Word*v[2].Word + v[0].Word) & (1<<w - 1); z != c.Mismatch.Want || z == c.Mismatch.Got {
			t.Errorf("and %d: %v, want z=%#x", k, c.Mismatch, z)
		}
		again, _ := Check(t.Context(), bad, macReference(w), Options{Workers: 3})
		if diff := cmp.Diff(again.Mismatch, c.Mismatch); diff != "" {
			t.Errorf("and %d: the mismatch depends on the run, got - want +\n%s", k, diff)
		}
	}
	if found == 0 {
		t.Error("no mismatch at all")
	}
}

func TestSampled(t *testing.T) {
	g := multiplier(6, 40, false)
	r, err := Check(t.Context(), g, macReference(40), Options{Sweep: []string{"x", "y"}, Seed: 9})
	if err != nil || r.Mismatch != nil || r.Complete || r.Patterns != 1<<12 {
		t.Errorf("Check = %+v, %v, want 4096 patterns, not complete", r, err)
	}
	if _, err := Check(t.Context(), g, macReference(40), Options{}); err == nil || !strings.Contains(err.Error(), "52 inputs to sweep") {
		t.Errorf("Check of 52 inputs = %v", err)
	}
	if _, err := Check(t.Context(), g, macReference(40), Options{Sweep: []string{"q"}}); err == nil || err.Error() != "aig: no input port q to sweep" {
		t.Errorf("Check of q = %v", err)
	}
}

func TestCanceled(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	r, err := Check(ctx, multiplier(8, 24, false), macReference(24), Options{})
	if !errors.Is(err, context.DeadlineExceeded) || r.Patterns >= 1<<40 {
		t.Errorf("Check = %+v, %v", r, err)
	}
}

func TestSymbols(t *testing.T) {
	g, h := multiplier(2, 4, false), multiplier(2, 5, false)
	_, err := Equal(t.Context(), g, h, Options{})
	var s *SymbolError
	if !errors.As(err, &s) || s.Error() != "aig: the graphs differ in their inputs: only one has none, only the other c[4]" {
		t.Errorf("Equal = %v", err)
	}
	if _, err := (&Graph{Inputs: []string{"x[0]", "x[2]"}}).InputPorts(); err == nil {
		t.Error("InputPorts accepts a gap")
	}
}

func TestRead(t *testing.T) {
	// A toggle flip-flop with enable and a gate defined before its operands.
	const text = "aag 6 2 1 2 3\n2\n4\n6 13 1\n6\n9\n12 10 8\n10 7 4\n8 6 2\ni0 en\ni1 d[0]\nl0 q\no0 out\nc\nanything\n"
	g, err := Read([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := &Graph{Inputs: []string{"en", "d[0]"}, Latches: []Latch{{"q", 13, True}}, Ands: [][2]Lit{{6, 2}, {7, 4}, {10, 8}},
		Outputs: []Output{{"out", 6}, {"o1", 9}}}
	if diff := cmp.Diff(g, want); diff != "" {
		t.Errorf("got - want +\n%s", diff)
	}
	roundTrip(t, g)
	s := NewSimulator(g)
	if s.Settle(); s.Get(0) != ^uint64(0) {
		t.Error("the latch does not start at 1")
	}
	roundTrip(t, multiplier(5, 9, true))

	for _, tt := range []struct{ text, want string }{
		{"", "line 1: unexpected EOF"},
		{"aag 1 1\n", `line 1: header "aag 1 1" (expected aag or aig and five numbers)`},
		{"aag 1 9999999 0 0 0\n", `line 1: number "9999999" (expected 0 to 4194304)`},
		{"aag 1 1 0 1 0 1\n2\n2\n", `line 1: header "aag 1 1 0 1 0 1": properties are not supported`},
		{"aag 1 1 0 0 1\n2\n", `line 1: header "aag 1 1 0 0 1": 1 variables for 2 inputs, latches and ands`},
		{"aag 9 0 0 0 9\n", `line 1: header "aag 9 0 0 0 9" promises more than 14 bytes hold`},
		{"aag 2 2 0 0 0\n2\n3\n", "line 3: defines literal 3 (expected an even one from 2)"},
		{"aag 2 2 0 0 0\n2\n2\n", "line 3: defines literal 2 twice"},
		{"aag 1 1 0 1 0\n2\n7\n", `line 3: number "7" (expected 0 to 3)`},
		{"aag 2 1 0 1 0\n2\n4\n", "line 3: literal 4 is not defined"},
		{"aag 3 1 0 1 2\n2\n4\n4 6 2\n6 4 2\n", "line 5: literal 4 depends on itself"},
		{"aag 1 1 0 0 0\n2\ni1 x\n", `line 3: symbol "i1 x" names nothing`},
		{"aag 1 1 0 0 0\n2\nhello\n", `line 3: symbol "hello" (expected i, l or o, a number and a name)`},
		{"aig 2 1 0 1 1\n4\n\x00\x00", "line 3: and 0: differences 0 and 0 at literal 4"},
		{"aig 2 1 0 1 1\n4\n\x02", "line 3: and 0: unexpected EOF"},
		{"aig 2 1 1 0 0\n4 2\n", "line 2: initial value 2 (expected 0, 1 or 4)"},
	} {
		if _, err := Read([]byte(tt.text)); err == nil || err.Error() != "aiger: "+tt.want {
			t.Errorf("Read(%q) = %v, want aiger: %s", tt.text, err, tt.want)
		}
	}
}

func roundTrip(t *testing.T, g *Graph) {
	t.Helper()
	var b bytes.Buffer
	if err := g.Write(&b); err != nil {
		t.Fatal(err)
	}
	again, err := Read(b.Bytes())
	if err != nil {
		t.Fatalf("%v of %q", err, b.String())
	}
	if diff := cmp.Diff(again, g); diff != "" {
		t.Errorf("read again, got - want +\n%s", diff)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("aag 6 2 1 2 3\n2\n4\n6 13 1\n6\n9\n12 10 8\n10 7 4\n8 6 2\ni0 en\ni1 d[0]\nl0 q\no0 out\nc\n"))
	f.Add([]byte("aag 3 1 0 1 2\n2\n4\n4 6 2\n6 4 2\n"))
	var b bytes.Buffer
	if err := multiplier(2, 4, true).Write(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, text []byte) {
		g, err := Read(text)
		if err != nil {
			return
		}
		for i, a := range g.Ands {
			if a[0] >= g.and(i) || a[1] >= g.and(i) {
				t.Fatalf("and %d has operands %v", i, a)
			}
		}
		s := NewSimulator(g)
		s.Settle()
		s.Step()
		for i := range g.Outputs {
			s.Get(i)
		}
		_, _ = g.Cut().InputPorts()
		for _, s := range append(append([]string{}, g.Inputs...), latchNames(g)...) {
			if strings.ContainsAny(s, "\n") {
				t.Fatalf("symbol %q", s)
			}
		}
		roundTrip(t, g)
	})
}

func latchNames(g *Graph) []string {
	var list []string
	for _, l := range g.Latches {
		list = append(list, l.Name)
	}
	return list
}

func TestTranspose(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var w, x [64]uint64
	for i := range w {
		w[i] = rng.Uint64()
	}
	x = w
	transpose(&x)
	for i := range 64 {
		for k := range 64 {
			if x[i]>>k&1 != w[k]>>i&1 {
				t.Fatalf("bit %d of word %d is wrong", k, i)
			}
		}
	}
}

// BenchmarkProve sweeps 2^24 patterns of 8 x 8 + 8 bits; b.N times.
func BenchmarkProve(b *testing.B) {
	g, h := multiplier(8, 8, false), multiplier(8, 8, true)
	for _, tt := range []struct {
		name string
		run  func() (*Result, error)
	}{
		{"graphs", func() (*Result, error) { return Equal(b.Context(), g, h, Options{}) }},
		{"function", func() (*Result, error) { return Check(b.Context(), g, macReference(8), Options{}) }},
	} {
		b.Run(tt.name, func(b *testing.B) {
			rate, ands := 0.0, 0
			for b.Loop() {
				r, err := tt.run()
				if err != nil || r.Mismatch != nil {
					b.Fatal(r, err)
				}
				rate, ands = r.Rate(), r.Ands
			}
			b.ReportMetric(rate/1e6, "Mpatterns/s")
			b.ReportMetric(float64(ands), "ands")
		})
	}
}
