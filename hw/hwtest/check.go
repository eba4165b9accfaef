package hwtest

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"tpe/hw"
)

// NewMachine makes a machine that executes a flat module.
type NewMachine func(flat *hw.Module) (hw.Machine, error)

// Check runs every case of the suite on a reader, as sub-tests. It fails if no
// case ran.
func Check(t *testing.T, new NewMachine) {
	t.Helper()
	ran := 0
	for _, c := range Cases() {
		t.Run(c.Name, func(t *testing.T) {
			ran++
			if err := CheckCase(new, c); err != nil {
				t.Error(err)
			}
		})
	}
	if ran == 0 {
		t.Error("hwtest: no case ran")
	}
}

// maxShown is how many differing words a failed case lists.
const maxShown = 10

// CheckCase runs one case on a reader and on the reference evaluator and
// returns an error that lists where they differ, by cycle, output and lane.
func CheckCase(new NewMachine, c Case) error {
	want, wantFail, err := Expect(c)
	if err != nil {
		return err
	}
	flat, err := hw.Flatten(c.Top)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Name, err)
	}
	m, err := new(flat)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Name, err)
	}
	got, gotFail := play(c, flat, m)
	return Diff(c, got, want, gotFail, wantFail)
}

// Diff compares the outputs and failures of a case, got with want, and returns
// an error that lists the first differences, or nil.
func Diff(c Case, got, want [][][]uint64, gotFail, wantFail []uint64) error {
	var errs []error
	differing := 0
	for t := range want {
		if t >= len(got) || len(got[t]) != len(want[t]) {
			return fmt.Errorf("%s: cycle %d has no or not all outputs", c.Name, t)
		}
		for p := range want[t] {
			if len(got[t][p]) != len(want[t][p]) {
				return fmt.Errorf("%s: cycle %d, output %s has %d lanes, want %d", c.Name, t, c.Top.Outputs[p].Name, len(got[t][p]), len(want[t][p]))
			}
			for l, w := range want[t][p] {
				if g := got[t][p][l]; g != w {
					if differing++; differing <= maxShown {
						errs = append(errs, fmt.Errorf("%s: cycle %d, output %s, lane %d: got %#x, want %#x", c.Name, t, c.Top.Outputs[p].Name, l, g, w))
					}
				}
			}
		}
	}
	if differing > maxShown {
		errs = append(errs, fmt.Errorf("%s: %d more words differ", c.Name, differing-maxShown))
	}
	if !slices.Equal(gotFail, wantFail) {
		errs = append(errs, fmt.Errorf("%s: assertions failed %v times, want %v", c.Name, gotFail, wantFail))
	}
	return errors.Join(errs...)
}
