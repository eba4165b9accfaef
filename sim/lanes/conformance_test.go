package lanes

import (
	"fmt"
	"testing"

	"tpe/hw"
	"tpe/hw/hwtest"
)

// TestConformance runs the suite that all executors pass, by every plan.
func TestConformance(t *testing.T) {
	for _, p := range plans {
		t.Run(fmt.Sprintf("%+v", p), func(t *testing.T) {
			hwtest.Check(t, func(flat *hw.Module) (hw.Machine, error) { return newMachine(flat, p) })
		})
	}
}
