// Package hwtest is the conformance suite of the hardware graph: programs with
// stimulus, what they must do according to [tpe/hw/eval], and a check that any
// other reader does the same, bit for bit and cycle for cycle.
//
// A reader joins with a test of a few lines:
//
//	func TestConformance(t *testing.T) {
//		hwtest.Check(t, func(flat *hw.Module) (hw.Machine, error) { return lanes.New(flat) })
//	}
//
// A reader that is not a [hw.Machine], such as a Verilog simulator, walks
// [Cases] and compares with [Expect] itself.
//
// The suite covers every row of [hw.Ops] over widths and shapes, all kinds of
// state, arrays, nested instances and awkward names, and it holds each past
// failure as a named case (testdata/crashers). [Random] decodes any byte string
// as a legal program, for coverage-guided fuzzing.
//
// Only tests import this package.
package hwtest
