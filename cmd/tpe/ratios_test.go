package main

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"tpe/arch"
	"tpe/internal/golden"
	"tpe/internal/tool/tooltest"
)

// TestRatios holds that every row of the table names engines that exist and a kind that is
// known, and computes some with the fast model: a ratio the other way round is its inverse.
func TestRatios(t *testing.T) {
	list, err := loadPublished(nil)
	if err != nil {
		t.Fatal(err)
	}
	one := &measured{area: 1, peArea: 2, peGates: 3, peCount: 4, period: 5, perMAC: 6, pePower: 7, rate: 8}
	seen := map[string]bool{}
	for _, p := range list {
		if seen[p.ID] || p.Source == "" || p.Value <= 0 || p.Tolerance <= 0 {
			t.Errorf("row %+v", p)
		}
		seen[p.ID] = true
		if r, err := ratioOf(p.Kind, one, one); err != nil || r != 1 {
			t.Errorf("%s: an engine beside itself: %g, %v", p.ID, r, err)
		}
		news, bases := strings.Fields(p.New), strings.Fields(p.Base)
		if len(news) != len(bases) {
			t.Errorf("%s: %d engines beside %d", p.ID, len(news), len(bases))
		}
		for _, spec := range append(news, bases...) {
			name, set := engineSpec(spec)
			if _, err := arch.Load(name, set); err != nil {
				t.Errorf("%s: %v", p.ID, err)
			}
		}
	}
	code, out, errs := tpe(t, "ratios", "--only", "lut-area-3", "--only", "bw-opt4c", "--tech", "osu018", "--recipe", "area", "--json")
	if code != exitOK {
		t.Fatalf("exit %d: %s", code, errs)
	}
	var got []published
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || len(got[0].Ours) != 1 {
		t.Fatalf("%+v", got)
	}
	for _, p := range got { // both are smaller than what they are compared with
		if r := p.Ours[0].Ratio; math.IsNaN(r) || r <= 0.1 || r >= 1 {
			t.Errorf("%s: %g", p.ID, r)
		}
	}
	if code, _, errs := tpe(t, "ratios", "--only", "nothing"); code != exitBadInput || !strings.Contains(errs, "no such row") {
		t.Errorf("exit %d: %s", code, errs)
	}
}

// TestRatiosPage makes the table of docs/cost.md: the fast model in three libraries.
func TestRatiosPage(t *testing.T) {
	tooltest.Deep(t, "area, clock and energy of 24 engines in three technologies")
	code, out, errs := tpe(t, "ratios", "--tech", "osu018", "--tech", "sky130hd", "--tech", "sg13g2", "--recipe", "balanced", "--json")
	if code != exitOK {
		t.Fatalf("exit %d: %s", code, errs)
	}
	var list []published
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		t.Fatal(err)
	}
	text := "| | published | OSU018 | sky130hd | SG13G2 | verdict |\n|---|---:|---:|---:|---:|---|\n"
	for i := range list {
		p := &list[i]
		text += fmt.Sprintf("| %s (%s) | %.3g |", p.Quantity, p.Source, p.Value)
		for _, o := range p.Ours {
			text += fmt.Sprintf(" %.2f |", o.Ratio)
		}
		text += " " + p.verdict() + " |\n"
	}
	golden.Blocks(t, "../../docs/cost.md", map[string]string{"ratios": text})
}
