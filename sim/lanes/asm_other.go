//go:build !amd64

package lanes

import "tpe/hw"

// Other processors run the Go kernels.

func vectors() bool { return false }

func asmKernel(s *step, k kern, dsize, esize int) uintptr { return 0 }

func asmShift(size int) shiftCode { return shiftCode{} }

func runSteps(first *step, n int) {}

func asmWhole(s *step, o *operation, size int) {}

func asmWord(op hw.Op) uintptr { return 0 }

func asmCode() uintptr { return 0 }

func asmRows(s *step, count, run, stride, from int) {}

func asmTile(s *step, count, elem int) {}

func asmRuns(s *step, count, run, elem int) {}

func foldPairs(op hw.Op, size int) bool { return false }

func asmSelect(s *step, size int) {}
