package hwtest

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tpe/hw"
	"tpe/hw/eval"
)

func newEval(flat *hw.Module) (hw.Machine, error) { return eval.New(flat) }

func TestEval(t *testing.T) { Check(t, newEval) }

// TestEveryOperator shows that the suite holds every row of the operator table,
// and that its size is bounded.
func TestEveryOperator(t *testing.T) {
	var found [hw.NumOps]int
	names := map[string]bool{}
	cases := Cases()
	for _, c := range cases {
		if names[c.Name] {
			t.Errorf("case %s stands twice", c.Name)
		}
		names[c.Name] = true
		if len(c.Inputs) > 60 || len(c.Inputs) == 0 || len(c.Reset) != len(c.Inputs) {
			t.Errorf("case %s has %d cycles and %d resets, want 1 to 60 of each", c.Name, len(c.Inputs), len(c.Reset))
		}
		for _, m := range c.Top.Modules() {
			for i := range m.Nodes {
				found[m.Nodes[i].Op]++
			}
		}
	}
	if got, most := len(cases), 160; got > most {
		t.Errorf("%d cases, want at most %d", got, most)
	}
	for op := hw.Op(1); int(op) < hw.NumOps; op++ {
		if found[op] == 0 {
			t.Errorf("operator %s does not occur in the suite", op)
		}
		if op.Kind() == hw.KindLane && !(names["op/"+op.String()] && names["all/"+op.String()]) {
			t.Errorf("operator %s has no cases of its own", op)
		}
	}
}

// TestCasesAreEqual shows that the suite is the same on every call.
func TestCasesAreEqual(t *testing.T) {
	text := func() string {
		var b strings.Builder
		for _, c := range Cases() {
			b.WriteString(c.Name + "\n" + FormatCase(c))
		}
		return b.String()
	}
	first := text()
	if again := text(); again != first {
		t.Error("two calls of Cases differ")
	}
}

func TestRandom(t *testing.T) {
	var found [hw.NumOps]int
	legal, instances := 0, 0
	const programs = 2000
	for i := range uint64(programs) {
		data := seedBytes(i, 20+int(i*7%400))
		c, ok := Random(data)
		if !ok {
			continue
		}
		legal++
		if len(c.Inputs) > maxCycles {
			t.Errorf("%s: %d cycles, want at most %d", c.Name, len(c.Inputs), maxCycles)
		}
		for i := range c.Top.Nodes {
			found[c.Top.Nodes[i].Op]++
		}
		instances += len(c.Top.Insts)
		flat, err := hw.Flatten(c.Top)
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		if len(flat.Nodes) > maxNodes {
			t.Errorf("%s: %d nodes, want at most %d", c.Name, len(flat.Nodes), maxNodes)
		}
		for i := range flat.Nodes {
			if l := flat.Lanes(flat.Nodes[i].Shape); l > maxLanes {
				t.Errorf("%s: node %d has %d lanes, want at most %d", c.Name, i, l, maxLanes)
			}
		}
	}
	if legal < programs*99/100 {
		t.Errorf("%d of %d byte strings are legal programs, want nearly all", legal, programs)
	}
	if instances < programs/10 {
		t.Errorf("%d instances in %d programs, want more", instances, programs)
	}
	for op := hw.Op(1); int(op) < hw.NumOps; op++ {
		if found[op] < programs/100 {
			t.Errorf("operator %s occurs %d times in %d programs, want more", op, found[op], programs)
		}
	}
}

// broken is a machine that computes something else in some of its cycles.
type broken struct {
	hw.Machine
	cycle int
	from  int
}

func (b *broken) Step(reset bool) {
	b.cycle++
	b.Machine.Step(reset)
}

func (b *broken) Get(p int, dst []uint64) {
	b.Machine.Get(p, dst)
	if b.cycle >= b.from {
		dst[len(dst)-1] ^= 1
	}
}

// TestCheckCaseSeesFaults shows what a broken reader reports.
func TestCheckCaseSeesFaults(t *testing.T) {
	c := stimulated("chain", chain(), 8)
	err := CheckCase(func(flat *hw.Module) (hw.Machine, error) {
		m, err := eval.New(flat)
		return &broken{Machine: m, from: 6}, err
	}, c)
	if err == nil {
		t.Fatal("a broken machine passes")
	}
	lines := strings.Split(err.Error(), "\n")
	if got, want := len(lines), 6; got != want {
		t.Errorf("%d lines, want %d:\n%v", got, want, err)
	}
	if !strings.HasPrefix(lines[0], "chain: cycle 6, output fore, lane 1: got 0x") {
		t.Errorf("first line is %q", lines[0])
	}
	bad := errors.New("no such machine")
	if err := CheckCase(func(*hw.Module) (hw.Machine, error) { return nil, bad }, c); !errors.Is(err, bad) {
		t.Errorf("CheckCase returned %v, want %v", err, bad)
	}
	want := [][][]uint64{{{1, 2}}}
	if err := Diff(Case{Name: "c", Top: memShared(true)}, want, want, []uint64{1}, []uint64{2}); err == nil {
		t.Error("different failures pass")
	}
}

// TestMinimise makes a large random program small around one operator.
func TestMinimise(t *testing.T) {
	c, ok := Random(seedBytes(7, 400))
	if !ok {
		t.Fatal("not a program")
	}
	bad := func(c Case) bool { // as if csac went wrong when bit 1 of its first lane is set
		flat, err := hw.Flatten(c.Top)
		if err != nil {
			t.Fatalf("a candidate is not legal: %v", err)
		}
		m, err := eval.New(flat)
		if err != nil {
			t.Fatalf("a candidate is not legal: %v", err)
		}
		play(c, flat, m)
		for i := range flat.Nodes {
			if n := &flat.Nodes[i]; n.Op == hw.OpCsaC && m.Value(hw.ID(i))[0]&2 != 0 {
				return true
			}
		}
		return false
	}
	for i := uint64(8); !bad(c); i++ {
		c, _ = Random(seedBytes(i, 400))
	}
	small := Minimise(c, bad)
	if !bad(small) {
		t.Fatal("the result is not bad any more")
	}
	if len(small.Top.Nodes) > 8 || len(small.Inputs) > 3 {
		t.Errorf("result has %d nodes and %d cycles, want at most 8 and 3:\n%s", len(small.Top.Nodes), len(small.Inputs), FormatCase(small))
	}
}

// TestWriteCrasher writes every case of the suite and reads it again.
func TestWriteCrasher(t *testing.T) {
	dir := t.TempDir()
	for _, c := range Cases() {
		if strings.HasPrefix(c.Name, "op/") && c.Name != "op/pack" {
			continue
		}
		if _, err := WriteCrasher(dir, c); err != nil {
			t.Fatal(err)
		}
		again, err := ParseCase(c.Name, []byte(FormatCase(c)))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.Inputs, again.Inputs); diff != "" {
			t.Errorf("%s: stimulus changes (-written +read):\n%s", c.Name, diff)
		}
		if diff := cmp.Diff(c.Reset, again.Reset); diff != "" {
			t.Errorf("%s: resets change (-written +read):\n%s", c.Name, diff)
		}
		if c.Top.String() != again.Top.String() {
			t.Errorf("%s: program changes", c.Name)
		}
	}
}

func TestParseCaseErrors(t *testing.T) {
	const program = "module m {\n  axis row 2\n  input x: 4 [row]\n  output y = x\n}\n"
	tests := []struct{ src, want string }{
		{program, `f: no line "stimulus"`},
		{"module m {\n\nstimulus\n", `f:1:1: module m does not end (expected a line with "}")`},
		{program + "\nstimulus\nhop x = 1\n", `f:8: unexpected "hop" (expected step or reset)`},
		{program + "\nstimulus\nstep z = 1\n", `f:8: no such input: "z"`},
		{program + "\nstimulus\nstep x = 1 2 3\n", "f:8: input x has 3 words (expected 1 or 2)"},
		{program + "\nstimulus\n# fine\n\nstep x =\n", "f:10: input x has 0 words (expected 1 or 2)"},
		{program + "\nstimulus\nstep x = 16\nreset x = q 1\n", "f:8: input x: bad word \"16\" (expected 0 to 0xf)\nf:9: input x: bad word \"q\" (expected 0 to 0xf)"},
	}
	for _, tt := range tests {
		if _, err := ParseCase("f", []byte(tt.src)); fmt.Sprint(err) != tt.want {
			t.Errorf("ParseCase(%q) error is %v, want %s", tt.src, err, tt.want)
		}
	}
}
