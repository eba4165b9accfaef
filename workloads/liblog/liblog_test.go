package liblog_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tpe/workloads"
	"tpe/workloads/liblog"
)

type reader func(io.Reader, workloads.ImportOptions, *workloads.Sink) error

// read returns a line a record, and the counts of read, taken and skipped units.
func read(f reader, text string) ([]string, string, error) {
	var got []string
	s := workloads.NewSink("f.log", "x", "lines", func(g workloads.GEMM) error {
		row := fmt.Sprintf("%s %dx%dx%d", g.Op, g.M, g.N, g.K)
		for _, x := range []struct {
			c string
			n int
		}{{"b", g.Batch}, {"g", g.Groups}, {"c", g.Count}} {
			if x.n != 1 {
				row += fmt.Sprintf(" %s%d", x.c, x.n)
			}
		}
		got = append(got, strings.TrimSpace(row+" "+strings.Join([]string{g.FormatA, g.FormatB, g.FormatOut}, ",")))
		return nil
	})
	err := f(strings.NewReader(text), workloads.ImportOptions{}, s)
	if err == nil {
		err = s.Err()
	}
	a := s.Account()
	skipped := a.Read - a.Taken
	return got, fmt.Sprintf("%d %d %d", a.Read, a.Taken, skipped), err
}

func TestReaders(t *testing.T) {
	tests := []struct {
		name, text string
		read       reader
		want       []string
		counts     string
	}{
		{"oneDNN 2", `onednn_verbose,info,cpu,isa:any
onednn_verbose,exec,cpu,matmul,brg:avx,undef,src_u8::blocked:ab:f0 wei_s8:p:blocked:ab:f0 bia_f32::blocked:ab:f0_mask2 dst_u8::blocked:ab:f0,attr-oscale:2 attr-zero-points:src:0:130+dst:0:149 ,,4x96:96x24:4x24,0.08
onednn_verbose,exec,cpu,reorder,jit:uni,undef,src_f32::blocked:ab:f0 dst_f32::blocked:ab:f0,,,1x64,0.1
`, liblog.ReadOneDNN, []string{"matmul 4x24x96 uint8,int8,uint8"}, "3 1 2"},
		{"oneDNN 3, timestamps, creations, another program's lines", `onednn_verbose,v1,primitive,info,template:timestamp,operation,engine,primitive,implementation,prop_kind,memory_descriptors,attributes,auxiliary,problem_desc,exec_time
hello
onednn_verbose,v1,1234.5,primitive,create:cache_miss,cpu,matmul,brg,undef,src:f16::blocked:ab::f0 wei:f16::blocked:ab::f0 dst:f16::blocked:ab::f0,,,6x10:10x14,0.8
[rank0] onednn_verbose,v1,1234.6,primitive,exec,gpu:0,matmul,jit:gemm:any,undef,src:f16::blocked:ab::f0 wei:s8:a:blocked:ba::f0 dst:f16::blocked:ab::f0,attr-scales:wei:2:f16 attr-post-ops:binary_add:f16:3:ab,,6x10:10x14,0.8
`, liblog.ReadOneDNN, []string{"matmul 6x14x10 fp16,int8,fp16"}, "4 1 3"},
		{"oneDNN: outer axes", `onednn_verbose,v1,primitive,exec,cpu,matmul,x,undef,src:f32::blocked:abc::f0 wei:f32::blocked:abc::f0 dst:f32::blocked:abc::f0,,,16x100x64:1x64x192,1
onednn_verbose,v1,primitive,exec,cpu,matmul,x,undef,src:f32::blocked:abc::f0 wei:f32::blocked:abc::f0 dst:f32::blocked:abc::f0,,,2x3x100x64:2x3x64x192,1
`, liblog.ReadOneDNN, []string{"matmul 1600x192x64 fp32,fp32,fp32", "matmul 100x192x64 b6 fp32,fp32,fp32"}, "2 2 0"},
		{"oneDNN: convolutions", `dnnl_verbose,exec,cpu,convolution,x,forward_inference,src_f32::blocked:abcd:f0 wei_f32::blocked:abcd:f0 dst_f32::blocked:abcd:f0,,alg:convolution_direct,g4mb2_ic8oc12_ih9oh5kh3sh2dh0ph1_iw9ow4kw3sw2dw1pw1,1
dnnl_verbose,exec,cpu,convolution,x,backward_weights,src_f32::blocked:abcd:f0 diff_wei_f32::blocked:abcd:f0 diff_dst_f32::blocked:abcd:f0,,alg:convolution_direct,mb1_ic8oc16_iw20ow18kw3sw1dw0pw0,1
dnnl_verbose,exec,cpu,deconvolution,x,forward_inference,src_f32::blocked:abcd:f0 wei_f32::blocked:abcd:f0 dst_f32::blocked:abcd:f0,,alg:deconvolution_direct,mb1_ic8oc16_ih4oh8kh2sh2dh0ph0_iw4ow8kw2sw2dw0pw0,1
dnnl_verbose,exec,cpu,convolution,x,forward_inference,src_f32::blocked:abcde:f0 wei_f32::blocked:abcde:f0 dst_f32::blocked:abcde:f0,,alg:convolution_direct,mb1_ic2oc3_id4od2kd3sd1dd0pd0_ih4oh2kh3sh1dh0ph0_iw4ow2kw3sw1dw0pw0,1
dnnl_verbose,exec,cpu,inner_product,x,forward_inference,src_bf16::blocked:abcd:f0 wei_bf16::blocked:abcd:f0 dst_f32::blocked:ab:f0,,,mb8ic16ih3iw3oc10,1
`, liblog.ReadOneDNN, []string{"conv 40x3x18 g4 fp32,fp32,fp32", "conv_wgrad 24x16x18 fp32,fp32,fp32", "deconv 16x64x8 fp32,fp32,fp32",
			"conv 8x3x54 fp32,fp32,fp32", "fc 8x10x144 bf16,bf16,fp32"}, "5 5 0"},
		{"oneDNN: recurrent and attention", `onednn_verbose,exec,cpu,rnn,ref:any,forward_inference,src_layer_f32::blocked:abc:f0,,alg:vanilla_lstm direction:unidirectional_left2right activation:undef,l1t5mb2sic16slc12dhc16dic16,1
onednn_verbose,v1,primitive,exec,cpu,sdpa,ref,forward_inference,query:f32::blocked:abcd::f0 key:f32::blocked:abcd::f0 val:f32::blocked:abcd::f0 dst:f32::blocked:abcd::f0,,,1x4x7x8:1x2x8x9:1x2x9x6,1
`, liblog.ReadOneDNN, []string{"rnn_input 10x64x12 fp32,,", "rnn_step 2x64x16 c5 fp32,,", "scores 14x9x8 b2 fp32,fp32,fp32", "context 14x6x9 b2 fp32,fp32,fp32"}, "2 2 0"},
		{"mkldnn without engine", `mkldnn_verbose,exec,inner_product,gemm:jit,forward_inference,fsrc:nc fwei:oi fbia:x fdst:nc,,mb2ic30oc5,0.1
`, liblog.ReadOneDNN, []string{"fc 2x5x30 ,,"}, "1 1 0"},
		{"bench lines", `./rocblas-bench -f gemm_ex --a_type i8_r --b_type i8_r --d_type i32_r --transposeA N --transposeB N -m 100 -n 20  -k 30 --lda 100
${bench} -f gemm_strided_batched_ex --a_type bf16_r --b_type f16_r --c_type f32_r --d_type f32_r -m 768 -n 1280 -k 64 --batch 12
rocblas-bench -f gemv -r f32_r --transposeA T -m 30 -n 50
hipblaslt-bench --api_method c -m 8 -n 4 -k 2 --transA N --transB N --batch_count 3 --a_type f8_r --b_type bf8_r --d_type bf16_r
rocblas-bench -f trsm -m 3 -n 3
echo done
`, liblog.ReadBench, []string{"gemm 20x100x30 int8,int8,int32", "gemm 1280x768x64 b12 fp16,bf16,fp32", "gemv 1x50x30 fp32,fp32,fp32", "gemm 4x8x2 b3 e5m2,e4m3,bf16"}, "6 4 2"},
		{"bench YAML", `- { rocblas_function: "rocblas_gemm_ex", a_type: "bf16_r", b_type: "bf16_r", d_type: "bf16_r", transA: 'T', transB: 'N', M: 12288, N: 4547, K: 4608, call_count: 3}
- {rocblas_function: rocblas_dgemm, transA: N, M: 42, N: 38, K: 40, alpha: -1.0 }
# comment
`, liblog.ReadBench, []string{"gemm 4547x12288x4608 c3 bf16,bf16,bf16", "gemm 38x42x40 fp64,fp64,fp64"}, "2 2 0"},
		{"cuBLASLt", `[2026-01-01 00:00:00][cublasLt][1][Api][cublasLtCreate] x=1
[2026-01-01 00:00:00][cublasLt][1][Trace][cublasLtMatmul] A=0X1 Adesc=[type=R_8F_E4M3 rows=1024 cols=2048 ld=1024] B=0X2 Bdesc=[type=R_8F_E5M2 rows=1024 cols=32 ld=1024] C=0X0 Cdesc=[type=R_16BF rows=2048 cols=32 ld=2048] D=0X3 Ddesc=[type=R_16BF rows=2048 cols=32 ld=2048] computeDesc=[computeType=COMPUTE_32F scaleType=R_32F transa=OP_T] beta=0
[2026-01-01 00:00:00][cublasLt][1][Trace][cublasLtMatmul] A=0X1
Adesc=[type=R_16F rows=64 cols=8 ld=64] B=0X2
Bdesc=[type=R_16F rows=16 cols=8 ld=16] D=0X3
Ddesc=[type=R_16F rows=64 cols=16 ld=64 batchCount=5]
computeDesc=[computeType=COMPUTE_32F transb=OP_T] beta=0
`, liblog.ReadBLASLt, []string{"gemm 32x2048x1024 e5m2,e4m3,bf16", "gemm 16x64x8 b5 fp16,fp16,fp16"}, "3 2 1"},
		{"hipBLASLt", `[2026-01-01 00:00:00][HIPBLASLT][1][Trace][rocblaslt_matmul] A=0x1 Adesc=[type=R_32F rows=24 cols=12 ld=24] B=0x2 Bdesc=[type=R_32F rows=24 cols=20 ld=24] C=0x3 Cdesc=[type=R_32F rows=12 cols=20 ld=12] D=0x3 Ddesc=[type=R_32F rows=12 cols=20 ld=12] computeDesc=[computeType=COMPUTE_32F scaleType=R_32F transA=OP_T transB=OP_N epilogue=EPILOGUE_BIAS] alpha=1
`, liblog.ReadBLASLt, []string{"gemm 20x12x24 fp32,fp32,fp32"}, "1 1 0"},
		{"DeepBench", `std::vector<std::tuple<int, int, int, bool, bool>> training_set = {
    std::make_tuple(1760, 16, 1760, false, false),
    std::make_tuple(700, 161, 1, 4, 32, 20, 5, 0, 0, 2, 2),
    std::make_tuple(512, 16, 25, "lstm"),
    std::make_tuple(1, 2)
};
set,m,n,k,a_t,b_t
server,35,700,2048,0,1
`, liblog.ReadDeepBench, []string{"gemm 16x1760x1760 ,,", "conv 107756x32x100 ,,", "rnn_input 400x2048x512 ,,", "rnn_step 16x2048x512 c25 ,,", "gemm 700x35x2048 ,,"}, "5 4 1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, counts, err := read(tt.read, tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(got, tt.want); d != "" {
				t.Errorf("records (-got +want):\n%s", d)
			}
			if counts != tt.counts {
				t.Errorf("read, taken, skipped = %s, want %s", counts, tt.counts)
			}
		})
	}
}

func TestFaults(t *testing.T) {
	tests := []struct {
		name, text string
		read       reader
		want       string
	}{
		{"oneDNN size", "onednn_verbose,exec,cpu,matmul,x,undef,src_f32::a:f0,,,4xq:9x2,1", liblog.ReadOneDNN,
			`f.log:1:56: size is not a number: "q": "4xq:9x2" (expected the problem of a matmul)`},
		{"oneDNN inner", "onednn_verbose,exec,cpu,matmul,x,undef,src_f32::a:f0,,,4x8:9x2,1", liblog.ReadOneDNN,
			`f.log:1:56: product of shapes [4 8] and [9 2]: the inner extents differ: "4x8:9x2" (expected the problem of a matmul)`},
		{"bench", "rocblas-bench -f gemm -m 0 -n 2 -k 3", liblog.ReadBench,
			`f.log:1:26: m is missing or out of range: "0" (expected an integer of 1 to 2147483647)`},
		{"cuBLASLt", "[cublasLtMatmul] A=1 Adesc=[rows=2 cols=3] Bdesc=[rows=4 cols=5] Ddesc=[rows=2 cols=5] computeDesc=[x=1]", liblog.ReadBLASLt,
			`f.log:1:1: inner sizes of A and B differ: "3 and 4" (expected Adesc, Bdesc, Ddesc and computeDesc of a matrix product)`},
		{"DeepBench", "m,n,k,a_t,b_t\n1,x,2,0,0", liblog.ReadDeepBench,
			`f.log:2:3: n is out of range: "x" (expected an integer of 1 to 2147483647)`},
	}
	for _, tt := range tests {
		_, _, err := read(tt.read, tt.text)
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s: error =\n%v\nwant\n%s", tt.name, err, tt.want)
		}
	}
}

// FuzzReaders runs all readers on one text: none may panic, and units add up.
func FuzzReaders(f *testing.F) {
	f.Add("onednn_verbose,exec,cpu,convolution,x,forward_inference,src_f32::a:f0,,,g4mb2_ic8oc12_ih9oh5kh3sh2dh0ph1,1\n")
	f.Add("onednn_verbose,v1,primitive,info,template:timestamp,operation,engine\nonednn_verbose,exec,cpu,sdpa,,,,,,1x4x7x8:1x2x8x9:1x2x9x6,1")
	f.Add("rocblas-bench -f gemm_ex --a_type i8_r -m 100 -n=20 -k 30 --batch 3\n- { rocblas_function: rocblas_dgemm, M: 42, N: 38, K: 40 }")
	f.Add("[cublasLtMatmul] A=1\nAdesc=[rows=2 cols=3] Bdesc=[rows=3 cols=5] Ddesc=[rows=2 cols=5 batchCount=9] computeDesc=[transa=OP_N]")
	f.Add("x = {\nmake_tuple(1760, 16, 50, \"lstm\")\nset,m,n,k,a_t,b_t\ns,1,2,3,0,0")
	f.Fuzz(func(t *testing.T, text string) {
		for _, r := range []reader{liblog.ReadOneDNN, liblog.ReadBench, liblog.ReadBLASLt, liblog.ReadDeepBench} {
			s := workloads.NewSink("f.log", "x", "lines", func(g workloads.GEMM) error { return g.Validate() })
			if err := r(strings.NewReader(text), workloads.ImportOptions{}, s); err != nil {
				t.Fatal(err)
			}
			a := s.Account()
			n := a.Taken
			for _, k := range a.Skipped {
				n += k.Count
			}
			if n != a.Read {
				t.Fatalf("read %d, taken and skipped %d", a.Read, n)
			}
		}
	})
}
