package scalesim

import (
	"errors"
	"fmt"
)

// Dataflow says which operand stays in the array.
type Dataflow int

// The dataflows; the zero value is not one.
const (
	OutputStationary Dataflow = iota + 1
	WeightStationary
	InputStationary
)

// String returns "os", "ws" or "is".
func (d Dataflow) String() string {
	switch d {
	case OutputStationary:
		return "os"
	case WeightStationary:
		return "ws"
	case InputStationary:
		return "is"
	}
	return fmt.Sprintf("Dataflow(%d)", int(d))
}

// ParseDataflow reads "os", "ws" or "is".
func ParseDataflow(s string) (Dataflow, error) {
	for _, d := range []Dataflow{OutputStationary, WeightStationary, InputStationary} {
		if s == d.String() {
			return d, nil
		}
	}
	return 0, fmt.Errorf("unknown dataflow: %q (expected os, ws or is)", s)
}

// Config holds the keys of a SCALE-Sim v3 configuration. Only the array and the
// dataflow bear on the figures of this package; the rest is read, checked and
// kept.
type Config struct {
	RunName string

	// ArrayHeight and ArrayWidth are the rows R and columns C of the array.
	ArrayHeight, ArrayWidth int
	Dataflow                Dataflow

	// SRAM sizes in kB (1024 words of one byte) and first word addresses.
	IfmapSRAMKB, FilterSRAMKB, OfmapSRAMKB  int
	IfmapOffset, FilterOffset, OfmapOffset  int
	Bandwidth                               []int // words a cycle
	MemoryBanks                             int
	ReadRequestBuffer, WriteRequestBuffer   int
	IfmapCustomLayout, FilterCustomLayout   bool
	IfmapBankBandwidth, FilterBankBandwidth int
	IfmapBankNum, FilterBankNum             int
	IfmapBankPort, FilterBankPort           int
	SparsitySupport, OptimizedMapping       bool
	SparseRep                               string
	BlockSize, RandomNumberGeneratorSeed    int
	InterfaceBandwidth                      string // CALC or USER
	UseRamulatorTrace                       bool
	// TopologyPath is the file that [network_presets] names, if any.
	TopologyPath string

	// Warnings are remarks of the reader: keys that are not known or missing.
	Warnings []string
}

// DefaultConfig returns the values of keys that a file does not give: those of
// the example configuration of SCALE-Sim v3, a 32 x 32 array, weight stationary.
func DefaultConfig() Config {
	return Config{
		RunName: "scale_run", ArrayHeight: 32, ArrayWidth: 32, Dataflow: WeightStationary,
		IfmapSRAMKB: 64, FilterSRAMKB: 64, OfmapSRAMKB: 64,
		FilterOffset: 10000000, OfmapOffset: 20000000,
		Bandwidth: []int{10}, MemoryBanks: 1, ReadRequestBuffer: 32, WriteRequestBuffer: 32,
		IfmapBankBandwidth: 10, FilterBankBandwidth: 10, IfmapBankNum: 10, FilterBankNum: 10,
		IfmapBankPort: 2, FilterBankPort: 2,
		SparseRep: "ellpack_block", BlockSize: 8, RandomNumberGeneratorSeed: 40,
		InterfaceBandwidth: "CALC",
	}
}

// maxArray bounds the sides of the array.
const maxArray = 1 << 20

// Validate reports everything wrong with the values that this package uses.
func (c Config) Validate() error {
	var errs []error
	for _, d := range []struct {
		name  string
		value int
	}{{"ArrayHeight", c.ArrayHeight}, {"ArrayWidth", c.ArrayWidth}} {
		if d.value < 1 || d.value > maxArray {
			errs = append(errs, fmt.Errorf("%s is out of range: %d (expected 1 to %d)", d.name, d.value, maxArray))
		}
	}
	if c.Dataflow < OutputStationary || c.Dataflow > InputStationary {
		errs = append(errs, fmt.Errorf("unknown dataflow: %v (expected os, ws or is)", c.Dataflow))
	}
	if c.SparsitySupport {
		errs = append(errs, errors.New("sparsity is not modelled: SparsitySupport = true (expected false)"))
	}
	return errors.Join(errs...)
}
