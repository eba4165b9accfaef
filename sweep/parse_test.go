package sweep_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tpe/sweep"
)

// TestBadSpaces holds files that must be refused, with the message expected.
func TestBadSpaces(t *testing.T) {
	const head = "engines: [systolic-ws]\nworkloads: [resnet18]\n"
	for _, c := range []struct{ text, want string }{
		{"", `s.yaml:1:1: file is empty: "" (expected keys such as "engines: [systolic-ws]")`},
		{"[", "s.yaml:1:1: not YAML: "},
		{"- a\n", `s.yaml:1:1: space: not a mapping: "" (expected keys: `},
		{"name: x\n", "s.yaml:1:1: engines: missing (expected a list)\ns.yaml:1:1: workloads: missing (expected a list)"},
		{head + "colour: red\n", `s.yaml:3:1: unknown key: "colour" (expected `},
		{head + "name: a\nname: b\n", "s.yaml"},
		{"engines: [systolic-wx]\nworkloads: [resnet18]\n", `s.yaml:1:11: --engine: unknown engine: "systolic-wx"`},
		{"engines: [systolic-ws, systolic-ws]\nworkloads: [resnet18]\n", `s.yaml:1:24: engines: stands twice: "systolic-ws" (expected once)`},
		{"engines: systolic-ws\nworkloads: [resnet18]\n", "s.yaml:1:10: engines: not a list"},
		{"engines: [systolic-ws]\nworkloads: [resnet19]\n", `s.yaml:2:13: unknown workload: "resnet19"`},
		{"engines: [systolic-ws]\nworkloads: [resnet18, resnet18]\n", `s.yaml:2:23: workloads: value stands twice: "resnet18"`},
		{head + "axes: {rows: []}\n", "s.yaml:3:14: axes.rows: empty list"},
		{head + "axes: {rows: [8, 8]}\n", `s.yaml:3:18: axes.rows: value stands twice: "8" (expected different values)`},
		{head + "axes: {rows: [many]}\n", `s.yaml:3:14: rows: not a whole number: "many"`},
		{head + "axes: {rowz: [8]}\n", `s.yaml:3:14: no engine has this key: "rowz"`},
		{head + "axes: {kind: [cube]}\n", "s.yaml:3:14: axes.kind: cannot be an axis"},
		{head + "axes: {rows: {range: [8, 4]}}\n", `s.yaml:3:22: axes.rows.range: not a range: [8 4] (expected [first, last, step])`},
		{head + "axes: {rows: {pow2: [5, 7]}}\n", "s.yaml:3:21: axes.rows.pow2: no power of two in [5 7]"},
		{head + "axes: {rows: {range: [0, 1000000]}}\n", "axes.rows.range: not a range"},
		{head + "where: [\"rows >\"]\n", `s.yaml:3:9: not an expression: "rows >": `},
		{head + "where: [\"rowz > 3\"]\n", `s.yaml:3:9: unknown name in "rowz > 3": "rowz" (nearest is "rows")`},
		{head + "derived: {rowz: rows}\n", `s.yaml:3:17: no engine has this key: "rowz"`},
		{head + "data: gauss\n", `s.yaml:3:7: data: `},
		{head + "fidelity: rtl\n", `s.yaml:3:11: fidelity: unknown value: "rtl" (expected formula or cycle)`},
		{head + "bandwidth: -1\n", `s.yaml:3:12: bandwidth: not a number in range: "-1"`},
		{head + "seed: x\n", `s.yaml:3:7: seed: not a whole number in range: "x"`},
		{head + "schema: 2\n", `s.yaml:3:9: schema: unknown version: "2" (expected 1)`},
		{head + "cost: {recipe: fast}\n", `s.yaml:3:16: cost.recipe: unknown value: "fast"`},
		{head + "cost: {tech: osu018, energy: yes}\n", `cost.energy: not a truth value: "yes"`},
		{head + "objectives: [{min: beauty}]\n", `s.yaml:3:14: unknown metric: "beauty"`},
		{head + "objectives: [{min: area_um2}]\n", "s.yaml:3:14: area_um2 is not known without a cost"},
		{head + "objectives: [{at_least: 2}]\n", "s.yaml:3:14: objectives: no metric (expected min or max)"},
		{head + "method: {kind: magic}\n", `s.yaml:3:16: method.kind: unknown value: "magic"`},
		{head + "method: {kind: random}\n", "s.yaml:3:9: method: no number of points"},
		{head + "method: {kind: nsga2, points: 10}\n", "s.yaml:3:9: no objectives, which kind nsga2 needs"},
		{head + "method: {kind: halving, fidelities: [slow]}\n", `method.fidelities: unknown value: "slow"`},
	} {
		if _, err := sweep.Parse("s.yaml", []byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v\nwant %s", c.text, err, c.want)
		}
	}
}

// A condition that is no truth value is an error of the point.
func TestConditionOfNumbers(t *testing.T) {
	s := parse(t, "engines: [systolic-ws]\nworkloads: [resnet18]\nwhere: [rows + 3]\n")
	if _, err := s.Config(s.At(0)); err == nil || err.Error() != "where rows + 3: invalid operation: bool(int) (1:1)" {
		t.Error(err)
	}
}

// Conditions and derived keys see the axes of a point.
func TestExpressions(t *testing.T) {
	s := parse(t, "engines: [systolic-ws, cube]\nworkloads: [resnet18]\naxes: {rows: [4, 8], cols: [4, 8]}\nderived: {acc_rows: rows * 32}\n"+
		"where: ['kind != \"systolic\" or rows <= cols']\n")
	var got []string
	for i := range s.Size() {
		c, err := s.Config(s.At(i))
		switch {
		case err != nil:
			got = append(got, err.Error())
		case c.Kind == "cube":
			got = append(got, "cube")
		default:
			got = append(got, strings.Join(s.Settings(s.At(i)), " "))
		}
	}
	want := []string{"rows=4 cols=4 acc_rows=128", "rows=4 cols=8 acc_rows=128", "excluded by where", "rows=8 cols=8 acc_rows=256", "cube"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("points (-want +got):\n%s", d)
	}
}

func FuzzSpace(f *testing.F) {
	f.Add(small)
	f.Add("engines: [systolic-ws]\nworkloads: [resnet18]\ncost: {tech: osu018}\nmethod: {kind: nsga2, points: 4}\nobjectives: [{min: area_um2}]\n")
	f.Add("engines: [{engine: cube, axes: {x: {pow2: [1, 8]}}}]\nworkloads: [\"gemm:1x2x3\"]\nderived: {y: x + 1}\nwhere: [x > 1]\n")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "/") || strings.Contains(text, "import") {
			return // no files of this machine
		}
		s, err := sweep.Parse("s.yaml", []byte(text))
		if err != nil {
			return
		}
		for _, i := range []uint64{0, s.Size() / 2, s.Size() - 1} {
			p := s.At(i)
			if s.Of(p.Engine, p.Levels) != i {
				t.Errorf("index %d does not come back", i)
			}
			_, _ = s.Config(p) // whatever it says, it says
		}
	})
}
