package arch_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"tpe/arch"
	"tpe/internal/golden"
)

// publishedTime is the time row of the published simulator's results/mixpe_res.csv, engines as in
// ArtefactEngines.
func publishedTime() map[string][6]float64 {
	return map[string][6]float64{
		"ViT":        {.15, .61, .70, .82, .53, 1},
		"ViT-Huge":   {.12, .47, .67, .82, .32, 1},
		"OPT-6.7B":   {.10, .40, .68, .86, .19, 1},
		"Llama2-13B": {.10, .40, .68, .86, .19, 1},
	}
}

// TestMixPEArtefact wants the published time table from the published assumptions, to 0.04, but for
// one cell: 0.868 is what they give for INT8 on ViT-Huge, where 0.82 is printed (DEVIATIONS.md S2).
func TestMixPEArtefact(t *testing.T) {
	engines := arch.ArtefactEngines()
	for _, net := range arch.ArtefactNets() {
		base := float64(engines[len(engines)-1].Cycles(net))
		for i, e := range engines {
			got, want, within := float64(e.Cycles(net))/base, publishedTime()[net.Name][i], 0.04
			if net.Name == "ViT-Huge" && e.Name == "INT8" {
				want, within = 0.868, 0.0005
			}
			if math.Abs(got-want) > within {
				t.Errorf("%s on %s: %.3f (published %.2f)", e.Name, net.Name, got, want)
			}
		}
	}
}

// TestMixPEAccounting: the key gives the published accounting for the engine that the published table has, layer by
// layer, and the hardware's otherwise; the two are four to one on each side apart but for the dequantisation.
func TestMixPEAccounting(t *testing.T) {
	published := []string{"rows=64", "cols=64", "accounting=artefact"}
	c, err := arch.Load("mixpe-w4a8", published)
	if err != nil {
		t.Fatal(err)
	}
	for _, net := range arch.ArtefactNets()[2:] { // those without a patch embedding, which has 8-bit operands
		h, sum := net.Width, int64(0)
		for _, s := range []arch.Shape{{M: 64, N: 3 * h, K: h}, {M: 64, N: h, K: h}, {M: 64, N: 4 * h, K: h}, {M: 64, N: h, K: 4 * h}} {
			sum += int64(net.Blocks) * c.Cycles(s, nil)
		}
		if want := arch.ArtefactEngines()[0].Cycles(net); sum != want {
			t.Errorf("%s: %d cycles by the key, %d by the table", net.Name, sum, want)
		}
	}
	if _, err := arch.Build(c); err == nil || !strings.Contains(err.Error(), `accounting: a formula only, without hardware: "artefact"`) {
		t.Errorf("built an engine of the published accounting: %v", err)
	}
	honest := presetWith(t, "mixpe-w4a8", "rows=64", "cols=64", "scalers=32")
	s := arch.Shape{M: 2048, N: 4096, K: 4096}
	if a, h := c.Cycles(s, nil), honest.Cycles(s, nil); a*39/10 > h || a*41/10 < h {
		t.Errorf("%d cycles as published, %d at equal area (expected about four times)", a, h)
	}
	if a, h := c.MACsPerCycle(), honest.MACsPerCycle(); a != 4*h {
		t.Errorf("peaks %d and %d (expected four to one)", a, h)
	}
}

// TestMixPEIsoArea: the gain of 1.91 to 1.95 at equal area (docs/engines/mixpe.md, from synthesis) is lost once groups are
// shorter than the time in which they are scaled by that factor, and not before.
func TestMixPEIsoArea(t *testing.T) {
	const gain = 1.9
	mac := presetWith(t, "systolic-os")
	for _, tt := range []struct {
		group int
		wins  bool
	}{{16, false}, {32, false}, {64, false}, {68, true}, {96, true}, {128, true}, {256, true}} {
		mix := presetWith(t, "mixpe-w4a8", fmt.Sprintf("group=%d", tt.group))
		s := arch.Shape{M: 2048, N: 4096, K: 48 * tt.group}
		if speed := float64(mac.Cycles(s, nil)) / float64(mix.Cycles(s, nil)) * gain; (speed > 1) != tt.wins {
			t.Errorf("groups of %d: %.3f times as fast at equal area, wins %v", tt.group, speed, tt.wins)
		}
	}
}

// TestMixPEPage makes the tables of docs/engines/mixpe.md.
func TestMixPEPage(t *testing.T) {
	small := []string{"rows=2", "cols=4", "scalers=2", "group=4"}
	golden.Blocks(t, "../docs/engines/mixpe.md", map[string]string{
		"ports":      hostPorts(t, "mixpe-w4a8", small),
		"cycles":     hostCycles(t, []string{"mixpe-w4a8", "mixpe-w4a16"}, small, []arch.Shape{{M: 2, N: 4, K: 1}, {M: 2, N: 4, K: 4}, {M: 2, N: 4, K: 9}, {M: 2, N: 4, K: 64}, {M: 8, N: 8, K: 64}}),
		"artefact":   artefactTable(),
		"break-even": breakEvenTable(t),
	})
}

func artefactTable() string {
	engines := arch.ArtefactEngines()
	out, line := "| network |", "|---|"
	for _, e := range engines {
		out += fmt.Sprintf(" %s |", e.Name)
		line += "---:|"
	}
	out += "\n" + line + "\n"
	for _, net := range arch.ArtefactNets() {
		out += "| " + net.Name + " |"
		base := float64(engines[len(engines)-1].Cycles(net))
		for i, e := range engines {
			out += fmt.Sprintf(" %.3f (%.2f) |", float64(e.Cycles(net))/base, publishedTime()[net.Name][i])
		}
		out += "\n"
	}
	return out + "\nTime relative to FP16; in brackets the published row.\n"
}

// breakEvenTable is the preset on one layer for several numbers of rows.
func breakEvenTable(t *testing.T) string {
	e := presetWith(t, "mixpe-w4a8")
	out := "| M | cycles | dequantised after groups | before, sent once a row tile | before, sent once |\n|---:|---:|---:|---:|---:|\n"
	for _, m := range []int{1, 32, 64, 128, 256, 2048} {
		s := arch.Shape{M: m, N: 4096, K: 4096}
		before, after := arch.DequantOps(s, e.Rows, e.Group)
		once, _ := arch.DequantOps(s, m, e.Group)
		out += fmt.Sprintf("| %d | %d | %d | %d | %d |\n", m, e.Cycles(s, nil), after, before, once)
	}
	return out + "\nGEMM of M x 4096 x 4096, 32 x 32 PEs, groups of 128.\n"
}

// TestDequantBreakEven: after the groups is fewer exactly when the rows of a tile are fewer than
// the k of a group, whole tiles and groups given.
func TestDequantBreakEven(t *testing.T) {
	for _, rows := range []int{16, 64, 127, 128, 129, 256} {
		before, after := arch.DequantOps(arch.Shape{M: 4 * rows, N: 100, K: 1024}, rows, 128)
		if (after < before) != (rows < 128) || (after == before) != (rows == 128) {
			t.Errorf("%d rows: %d before, %d after", rows, before, after)
		}
	}
}
