package scalesim

import (
	"slices"
	"strings"
	"testing"
)

const exampleConfig = `[general]
run_name = example

[architecture_presets]
ArrayHeight:    16
ArrayWidth:     8
IfmapSramSzkB:   256
FilterSramSzkB:  256
OfmapSramSzkB:   128
IfmapOffset:    0
FilterOffset:   100
OfmapOffset:    200
Bandwidth : 10, 20
Dataflow : os
MemoryBanks:   1
ReadRequestBuffer: 32
WriteRequestBuffer: 32

[layout]
IfmapCustomLayout: False
IfmapSRAMBankBandwidth: 50
IfmapSRAMBankNum: 1
IfmapSRAMBankPort: 2
FilterCustomLayout: no
FilterSRAMBankBandwidth: 50
FilterSRAMBankNum: 1
FilterSRAMBankPort: 2

[sparsity]
SparsitySupport : false
SparseRep : csr
OptimizedMapping : false
BlockSize : 4
RandomNumberGeneratorSeed : 1

[run_presets]
InterfaceBandwidth: USER
UseRamulatorTrace: False

[network_presets]
TopologyCsvLoc: "./topologies/x.csv"
`

func TestReadConfig(t *testing.T) {
	c, err := ReadConfig(strings.NewReader(exampleConfig), "x.cfg")
	if err != nil {
		t.Fatal(err)
	}
	if c.ArrayHeight != 16 || c.ArrayWidth != 8 || c.Dataflow != OutputStationary || c.RunName != "example" ||
		!slices.Equal(c.Bandwidth, []int{10, 20}) || c.InterfaceBandwidth != "USER" || c.TopologyPath != "./topologies/x.csv" ||
		c.OfmapSRAMKB != 128 || c.OfmapOffset != 200 || c.IfmapBankBandwidth != 50 || c.SparseRep != "csr" || c.BlockSize != 4 {
		t.Errorf("ReadConfig = %+v", c)
	}
	if len(c.Warnings) > 0 {
		t.Errorf("warnings = %q", c.Warnings)
	}
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
}

// TestReadConfigTolerant reads what SCALE-Sim v3 refuses: version 2 files without
// the sections layout and sparsity, a byte-order mark, CRLF, unknown keys.
func TestReadConfigTolerant(t *testing.T) {
	text := "\ufeff; old\r\n[architecture_presets]\r\narrayheight=4\r\nARRAYWIDTH = 5\r\nFoo: 1\r\n"
	c, err := ReadConfig(strings.NewReader(text), "x.cfg")
	want := []string{`x.cfg:5:1: key is not known: "Foo"`, "x.cfg: dataflow is not given; the default is ws"}
	if err != nil || c.ArrayHeight != 4 || c.ArrayWidth != 5 || !slices.Equal(c.Warnings, want) {
		t.Errorf("ReadConfig = %d x %d, %q, %v; want 4 x 5, %q", c.ArrayHeight, c.ArrayWidth, c.Warnings, err, want)
	}
}

func TestReadConfigErrors(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"number", "ArrayHeight: x\n", `x.cfg:1:14: bad value of ArrayHeight: "x" (expected an integer of 1 to 1048576)`},
		{"zero", " ArrayWidth = 0\n", `x.cfg:1:15: bad value of ArrayWidth: "0" (expected an integer of 1 to 1048576)`},
		{"dataflow", "\nDataflow : rs\n", `x.cfg:2:12: bad value of Dataflow: "rs" (expected os, ws or is)`},
		{"bandwidth", "Bandwidth: 1,,2\n", `x.cfg:1:12: bad value of Bandwidth: "1,,2" (expected integers of at least 1, separated by commas)`},
		{"mode", "InterfaceBandwidth: calc\n", `x.cfg:1:21: bad value of InterfaceBandwidth: "calc" (expected CALC or USER)`},
		{"boolean", "SparsitySupport: maybe\n", `x.cfg:1:18: bad value of SparsitySupport: "maybe" (expected true or false)`},
		{"twice", "ArrayWidth: 4\narraywidth: 4\n", `x.cfg:2:1: key is given twice: "arraywidth" (expected once; first in line 1)`},
		{"section", "[general\n", `x.cfg:1:1: section header is not closed: "[general" (expected [name])`},
		{"text", "hello\n", `x.cfg:1:1: line is neither a section nor a key: "hello" (expected key = value)`},
		{"all", "ArrayHeight: x\nArrayWidth: y\n", "x.cfg:1:14: bad value of ArrayHeight: \"x\" (expected an integer of 1 to 1048576)\nx.cfg:2:13: bad value of ArrayWidth: \"y\" (expected an integer of 1 to 1048576)"},
	}
	for _, tt := range tests {
		if _, err := ReadConfig(strings.NewReader(tt.text), "x.cfg"); err == nil || err.Error() != tt.want {
			t.Errorf("%s: error =\n%v\nwant\n%s", tt.name, err, tt.want)
		}
	}
}

func TestConfigValidate(t *testing.T) {
	c := DefaultConfig()
	c.ArrayHeight, c.Dataflow, c.SparsitySupport = 0, 0, true
	want := "ArrayHeight is out of range: 0 (expected 1 to 1048576)\n" +
		"unknown dataflow: Dataflow(0) (expected os, ws or is)\n" +
		"sparsity is not modelled: SparsitySupport = true (expected false)"
	if err := c.Validate(); err == nil || err.Error() != want {
		t.Errorf("Validate() = %v, want %s", err, want)
	}
}

func FuzzReadConfig(f *testing.F) {
	f.Add(exampleConfig)
	f.Add("[a]\nArrayHeight = 3\n=\n:\n[\n")
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := ReadConfig(strings.NewReader(text), "x.cfg"); err == nil && !c.SparsitySupport {
			if err := c.Validate(); err != nil {
				t.Errorf("read an invalid configuration: %v", err)
			}
		}
	})
}
