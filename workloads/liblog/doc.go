// Package liblog reads the lines that matrix libraries print of their calls:
// oneDNN's verbose lines, the command lines and YAML rows of rocblas-bench and
// hipblaslt-bench, the trace lines of cuBLASLt and hipBLASLt; and DeepBench's
// problem lists, which share their conventions.
//
// BLAS libraries are column-major: their m x n result is, read by rows, n x m. A
// record is row-major, so M of the record is n of the call and N is m, and the
// operands change places: A of the record is B of the call.
package liblog

import (
	"io"
	"strings"

	"tpe/workloads"
	"tpe/workloads/stream"
)

// eachLine calls f for every line of a text until f fails or the sink has enough.
func eachLine(r io.Reader, s *workloads.Sink, f func(text string, line int) error) error {
	in := stream.NewLines(r)
	for !s.Full() {
		text, line, err := in.Next()
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = f(text, line)
		}
		if err != nil {
			return stream.Report(s, err)
		}
	}
	return nil
}

// formatOf translates the type names of these libraries ("s8", "i8_r", "R_8F_E4M3",
// "bf16_r") into the project's. Unknown names stand for themselves.
func formatOf(name string) string {
	t := strings.ToLower(name)
	t = strings.TrimPrefix(strings.TrimSuffix(t, "_r"), "r_")
	switch t {
	case "f32", "32f", "float":
		return "fp32"
	case "f16", "16f", "half":
		return "fp16"
	case "bf16", "16bf":
		return "bf16"
	case "f64", "64f", "double":
		return "fp64"
	case "tf32", "xf32":
		return "tf32"
	case "s8", "i8", "8i":
		return "int8"
	case "u8", "8u":
		return "uint8"
	case "s4", "i4", "4i":
		return "int4"
	case "u4", "4u":
		return "uint4"
	case "s32", "i32", "32i":
		return "int32"
	case "f8_e4m3", "8f_e4m3", "f8":
		return "e4m3"
	case "f8_e5m2", "8f_e5m2", "bf8":
		return "e5m2"
	case "f8_fnuz", "8f_e4m3_fnuz":
		return "e4m3fnuz"
	case "bf8_fnuz", "8f_e5m2_fnuz":
		return "e5m2fnuz"
	case "f4_e2m1", "4f_e2m1", "f4":
		return "e2m1"
	}
	return workloads.PlainName(name)
}

// columnMajor makes a record of a BLAS call: m x n = op(A)[m,k] op(B)[k,n] in
// columns.
func columnMajor(name, op string, m, n, k, batch int, a, b, out string) workloads.GEMM {
	g := workloads.NewGEMM(name, n, m, k)
	g.Op, g.Batch = op, batch
	g.FormatA, g.FormatB, g.FormatOut = b, a, out
	return g
}
