package memory_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tpe/cost/memory"
)

func cost(t *testing.T, bytes, width, node int, device string) memory.Cost {
	t.Helper()
	c, err := memory.SRAM{Bytes: bytes, Width: width, Node: node, Device: device}.Cost()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestPoints has points of the grid, one between, one of several macros and one scaled.
func TestPoints(t *testing.T) {
	near := func(what string, got, want float64) {
		t.Helper()
		if math.Abs(got/want-1) > 0.01 {
			t.Errorf("%s = %.4g, want %.4g", what, got, want)
		}
	}
	near("45 nm hp 32 KiB x 64 read", cost(t, 32<<10, 64, 45, memory.HP).Read, 14.9)
	near("45 nm lop 32 KiB x 64 read", cost(t, 32<<10, 64, 45, memory.LOP).Read, 7.2)
	near("45 nm hp 32 KiB x 64 leakage", cost(t, 32<<10, 64, 45, memory.HP).Leakage, 17.2)
	near("45 nm hp 8 KiB x 64 read", cost(t, 8<<10, 64, 45, memory.HP).Read, 5.3)
	a, b := cost(t, 8<<10, 64, 45, memory.HP).Area, cost(t, 16<<10, 64, 45, memory.HP).Area
	near("area between", cost(t, 11585, 64, 45, memory.HP).Area, math.Sqrt(a*b))
	near("two side by side", cost(t, 64<<10, 1024, 45, memory.HP).Read, 2*cost(t, 32<<10, 512, 45, memory.HP).Read)
	near("130 nm area", cost(t, 8<<10, 64, 130, memory.HP).Area, cost(t, 8<<10, 64, 90, memory.HP).Area*(130./90)*(130./90))
	if c := cost(t, 8<<10, 64, 130, memory.HP); !c.Scaled || c.Macros != 1 {
		t.Errorf("130 nm: %+v, want one scaled macro", c)
	}
	for _, bad := range []memory.SRAM{{0, 8, 45, "hp"}, {8, 0, 45, "hp"}, {8, 8, 45, "fast"}} {
		if _, err := bad.Cost(); err == nil {
			t.Errorf("%+v has a cost", bad)
		}
	}
}

// TestMonotone holds that a larger memory never has less area or leakage, and lists where
// its read energy falls.
func TestMonotone(t *testing.T) {
	for _, node := range append(memory.Nodes(), 130, 180) {
		for _, device := range []string{memory.HP, memory.LOP, memory.LSTP} {
			for width := 8; width <= 2048; width *= 2 {
				last := memory.Cost{}
				for bytes := 512; bytes <= 16<<20; bytes += bytes/3 + 1 {
					c := cost(t, bytes, width, node, device)
					if c.Area < last.Area*(1-1e-9) || c.Leakage < last.Leakage*(1-1e-9) {
						t.Errorf("%d nm %s %d bytes x %d: area %.4g after %.4g, leakage %.4g after %.4g",
							node, device, bytes, width, c.Area, last.Area, c.Leakage, last.Leakage)
					}
					last = c
				}
			}
		}
	}
	want := []string{"22 nm hp, 16384 bytes x 16 bits", "45 nm hp, 65536 bytes x 16 bits", "45 nm lop, 16384 bytes x 16 bits",
		"65 nm hp, 65536 bytes x 16 bits", "90 nm hp, 65536 bytes x 16 bits"}
	if diff := cmp.Diff(want, memory.NonMonotone()); diff != "" {
		t.Errorf("points at which read energy falls with capacity (-want +got):\n%s", diff)
	}
}

func TestDRAM(t *testing.T) {
	d, err := memory.LookupDRAM("hbm2")
	if err != nil || d.PJPerBit != 3.9 || d.Tag != "published" {
		t.Errorf("hbm2 = %+v, %v", d, err)
	}
	if _, err := memory.LookupDRAM("hbm9"); err == nil {
		t.Error("hbm9 is known")
	}
	list, err := memory.DRAMs()
	if err != nil || len(list) < 10 {
		t.Fatal(list, err)
	}
	for _, d := range list {
		if !(d.Low <= d.PJPerBit && d.PJPerBit <= d.High) || d.Source == "" || d.Scope == "" {
			t.Errorf("%+v", d)
		}
	}
}
