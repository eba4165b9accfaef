package workloads_test

import (
	"fmt"
	"os"
	"strings"

	"tpe/workloads"
)

func ExampleLookup() {
	w, err := workloads.Lookup("llama2-7b:phase=decode,kv=2048,layers=1")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, g := range w.Layers {
		fmt.Printf("%-8s %4d x %5d x %5d  x%-2d  %9d MAC  %9d bytes\n",
			g.Name, g.M, g.N, g.K, g.Repeats(), g.MACs(), g.CompulsoryBytes(8, 8, 8))
	}
	// Output:
	// qkv         1 x 12288 x  4096  x1    50331648 MAC   50348032 bytes
	// scores      1 x  2048 x   128  x32    8388608 MAC    8458240 bytes
	// context     1 x   128 x  2048  x32    8388608 MAC    8458240 bytes
	// out_proj    1 x  4096 x  4096  x1    16777216 MAC   16785408 bytes
	// gate_up     1 x 22016 x  4096  x1    90177536 MAC   90203648 bytes
	// down        1 x  4096 x 11008  x1    45088768 MAC   45103872 bytes
}

func ExampleLookup_error() {
	_, err := workloads.Lookup("resnet51")
	fmt.Println(err)
	// Output:
	// unknown workload: "resnet51" (expected a built-in name; the nearest is "resnet50")
}

func ExampleReadSCALESim() {
	file := "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,\n" +
		"Conv1, 224, 224, 7, 7, 3, 64, 2,\n" +
		"FC6, 1, 1, 1, 1, 2048, 1000, one,\n"
	_, err := workloads.ReadSCALESim(strings.NewReader(file), "net.csv", workloads.SCALESimOptions{})
	fmt.Println(err)

	file = strings.ReplaceAll(file, "one", "1")
	w, err := workloads.ReadSCALESim(strings.NewReader(file), "net.csv", workloads.SCALESimOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, g := range w.Layers {
		fmt.Println(g.Name, g.M, g.N, g.K)
	}
	fmt.Println(w.Warnings[0])
	// Output:
	// net.csv:3:30: stride is not an integer: "one" (expected an integer of 1 to 2147483647)
	// Conv1 12100 64 147
	// FC6 1 1000 2048
	// output size is rounded up where frameworks round down: Conv1
}

func ExampleConv_GEMM() {
	g, err := workloads.Conv{
		H: 56, W: 56, C: 128, OutC: 128, KH: 3, KW: 3, StrideH: 2, StrideW: 2,
		PadTop: 1, PadLeft: 1, PadBottom: 1, PadRight: 1,
	}.GEMM("layer2.0.conv2")
	fmt.Println(g.M, g.N, g.K, g.MACs(), err)
	// Output:
	// 784 128 1152 115605504 <nil>
}

func ExampleWriteCSV() {
	g := workloads.NewGEMM("fc", 16, 1000, 512)
	g.Count = 2
	if err := workloads.WriteCSV(os.Stdout, workloads.Workload{Name: "w", Layers: []workloads.GEMM{g}}); err != nil {
		fmt.Println(err)
	}
	// Output:
	// name,op,m,n,k,batch,groups,count,format_a,format_b,format_out,phase,sparsity,conv,source
	// fc,gemm,16,1000,512,1,1,2,,,,,,,
}

func ExampleNewGenerator() {
	data, err := workloads.ParseData("normal:20")
	if err != nil {
		fmt.Println(err)
		return
	}
	g, err := workloads.NewGenerator(data, workloads.Format{Bits: 8, Signed: true}, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	op := workloads.Operand{Layer: 2, Repeat: 3, Matrix: 'A'}
	row := make([]int64, 8)
	g.FillRow(row, op, 1000) // elements 1000 to 1007 of a matrix that is never made
	fmt.Println(row, g.Element(op, 1005))
	// Output:
	// [11 -1 -18 -2 -6 41 -2 -4] 41
}
