package arch_test

import (
	"testing"

	"tpe/arch"
	"tpe/hw/drive"
	"tpe/numeric"
	"tpe/sim/lanes"
)

// TestSerialEveryPair multiplies every pair of int8 codes on every walk and encoder, as the outer
// product of the codes with themselves.
func TestSerialEveryPair(t *testing.T) {
	codes := &numeric.Dense{Rows: 256, Cols: 1, Data: make([]int32, 256)}
	for i := range codes.Data {
		codes.Data[i] = int32(i - 128)
	}
	o := arch.Operands{A: codes, B: &numeric.Dense{Rows: 1, Cols: 256, Data: codes.Data}}
	for _, tt := range []struct{ preset, encoder string }{
		{"stripes", "bits"}, {"stripes", "csd"}, {"bitwave", "magnitude"}, {"bitwave", "bits"},
		{"pragmatic", "csd"}, {"pragmatic", "magnitude"}, {"pragmatic", "bits"}, {"laconic", "csd"}, {"laconic", "magnitude"},
	} {
		t.Run(tt.preset+"/"+tt.encoder, func(t *testing.T) {
			c := presetConfig(t, tt.preset, "encoder="+tt.encoder, "rows=16", "cols=4", "lanes=1")
			e, err := arch.Build(*c)
			if err != nil {
				t.Fatal(err)
			}
			r, err := lanes.NewRunner(e.Flat)
			if err != nil {
				t.Fatal(err)
			}
			plan, err := e.Plan(arch.Shape{M: 256, N: 256, K: 1})
			if err != nil {
				t.Fatal(err)
			}
			play, err := plan.Play(o)
			if err != nil {
				t.Fatal(err)
			}
			traces, err := r.Run([]drive.Play{play})
			if err != nil {
				t.Fatal(err)
			}
			got, err := plan.Collect(traces[0].Results)
			if err != nil {
				t.Fatal(err)
			}
			for i, v := range got {
				if x, y := int64(i/256-128), int64(i%256-128); v != x*y {
					t.Fatalf("%d * %d = %d", x, y, v)
				}
			}
		})
	}
}
