package lanes

import (
	"fmt"
	"testing"

	"tpe/hw"
	"tpe/hw/hwtest"
	"tpe/hw/retime"
)

// TestConformance runs the suite that all executors pass, by every plan.
func TestConformance(t *testing.T) {
	for _, p := range plans {
		t.Run(fmt.Sprintf("%+v", p), func(t *testing.T) {
			hwtest.Check(t, func(flat *hw.Module) (hw.Machine, error) { return newMachine(flat, p) })
		})
	}
}

// TestLocalTime runs skewed arrays in local time by every plan, against the reference
// evaluator on the arrays as they are.
func TestLocalTime(t *testing.T) {
	moved := 0
	for _, c := range hwtest.SkewedCases(150) {
		for _, p := range plans {
			err := hwtest.CheckCase(func(flat *hw.Module) (hw.Machine, error) {
				m, err := newLocal(flat, p)
				if err == nil && m.mod != flat {
					moved++
				}
				return m, err
			}, c)
			if err != nil {
				t.Errorf("plan %+v: %v", p, err)
			}
		}
	}
	if moved < 40*len(plans) {
		t.Errorf("%d runs in local time (expected at least 40 arrays by %d plans)", moved, len(plans))
	}
}

// newLocal executes a module in local time.
func newLocal(flat *hw.Module, p options) (*Machine, error) {
	r, err := retime.LocalTime(flat)
	if err != nil {
		return nil, err
	}
	return newMachine(r.Module, p)
}
