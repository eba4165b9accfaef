package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tpe/internal/golden"
)

//go:generate go test -run ^TestEngineTable$ . -update

// TestEngineTable makes the table of engines in the README.
func TestEngineTable(t *testing.T) {
	rows, err := tableRows(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	text, line := "|", "|"
	for _, h := range tableHead {
		name, right := strings.CutPrefix(h, ">")
		text += " " + name + " |"
		line += map[bool]string{false: "---|", true: "---:|"}[right]
	}
	text += "\n" + line + "\n"
	tensorCores := 0
	for _, r := range rows {
		if strings.HasPrefix(r.Name, "tc-") { // some fifty alike; the command has them
			tensorCores++
			continue
		}
		cells := r.cells()
		cells[0] = "`" + cells[0] + "`"
		text += "| " + strings.Join(cells, " | ") + " |\n"
		if r.CyclesPerMAC < 0.999 || r.Hardware != (r.PERegisters > 0) {
			t.Errorf("%s: %.3f cycles a MAC, %d register bits a PE", r.Name, r.CyclesPerMAC, r.PERegisters)
		}
	}
	text += fmt.Sprintf("\nand %d presets `tc-<gpu>-<input>-<output>` of tensor cores.\n", tensorCores)
	golden.Blocks(t, "../../README.md", map[string]string{"engines": text})
	code, out, errs := tpe(t, "list", "engines", "--table", "--json")
	var got []tableRow
	if err := json.Unmarshal([]byte(out), &got); code != 0 || err != nil {
		t.Fatalf("%d %v %s", code, err, errs)
	}
	if diff := cmp.Diff(rows, got); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
}
