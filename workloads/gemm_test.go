package workloads

import (
	"strings"
	"testing"
)

func TestCompulsoryBytes(t *testing.T) {
	tests := []struct {
		name    string
		g       GEMM
		a, b, c int
		want    int64
	}{
		{"bytes", NewGEMM("", 4, 5, 6), 8, 8, 32, 24 + 30 + 80},
		{"rounded up per matrix", NewGEMM("", 3, 3, 3), 4, 2, 1, 5 + 3 + 2},
		{"repeated", GEMM{M: 2, N: 2, K: 2, Batch: 3, Groups: 5, Count: 7}, 8, 8, 8, 12 * 105},
	}
	for _, tt := range tests {
		if got := tt.g.CompulsoryBytes(tt.a, tt.b, tt.c); got != tt.want {
			t.Errorf("%s: CompulsoryBytes(%d, %d, %d) = %d, want %d", tt.name, tt.a, tt.b, tt.c, got, tt.want)
		}
	}
	g, err := Conv{H: 8, W: 8, C: 4, OutC: 6, KH: 3, KW: 3}.GEMM("conv")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := g.CompulsoryBytes(8, 8, 8), int64(8*8*4+9*4*6+36*6); got != want {
		t.Errorf("convolution: %d bytes, want %d", got, want)
	}
}

func TestValidate(t *testing.T) {
	ok := NewGEMM("x", 1, 2, 3)
	tests := []struct {
		name string
		edit func(*GEMM)
		want string
	}{
		{"valid", func(*GEMM) {}, ""},
		{"zero", func(g *GEMM) { g.M, g.Batch = 0, -1 }, "layer \"x\": M is not positive: 0 (expected an integer of at least 1)\nBatch is not positive: -1 (expected an integer of at least 1)"},
		{"phase", func(g *GEMM) { g.Phase = "train" }, `layer "x": unknown phase: "train" (expected "prefill", "decode" or none)`},
		{"sparsity", func(g *GEMM) { g.Sparsity = "5:4" }, `layer "x": bad sparsity: "5:4" (expected N:M with 1 <= N <= M <= 1024)`},
		{"text", func(g *GEMM) { g.Op = "a\nb" }, `layer "x": Op is not plain text: "a\nb" (expected UTF-8 without control characters)`},
		{"geometry", func(g *GEMM) {
			*g, _ = Conv{H: 4, W: 4, C: 1, OutC: 1, KH: 1, KW: 1}.GEMM("x")
			g.M = 15
		}, `layer "x": the geometry does not match: M=15 N=1 K=1 Groups=1 (expected M=16 N=1 K=1 Groups=1 from h=4 w=4 c=1 oc=1 kh=1 kw=1 sh=1 sw=1 pt=0 pl=0 pb=0 pr=0 dh=1 dw=1 g=1 b=1)`},
	}
	for _, tt := range tests {
		g := ok
		tt.edit(&g)
		got := ""
		if err := g.Validate(); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s: Validate() =\n%s\nwant\n%s", tt.name, got, tt.want)
		}
	}
	if err := (Workload{Name: "w"}).Validate(); err == nil || !strings.Contains(err.Error(), `"w" has no layers`) {
		t.Errorf("empty workload: %v", err)
	}
}

func TestTotalSaturates(t *testing.T) {
	g := NewGEMM("", 1<<30, 1, 1<<26)
	g.Count = 1 << 6
	w := Workload{Name: "huge", Layers: []GEMM{g, g, g}}
	if got := w.TotalMACs(); got != 1<<63-1 {
		t.Errorf("TotalMACs() = %d, want %d", got, int64(1<<63-1))
	}
}

func TestConv(t *testing.T) {
	tests := []struct {
		name       string
		c          Conv
		m, n, k, g int
	}{
		{"same padding", Conv{H: 56, W: 56, C: 64, OutC: 64, KH: 3, KW: 3, PadTop: 1, PadLeft: 1, PadBottom: 1, PadRight: 1}, 3136, 64, 576, 1},
		{"floor", Conv{H: 28, W: 28, C: 8, OutC: 8, KH: 1, KW: 1, StrideH: 2, StrideW: 2}, 196, 8, 8, 1},
		{"ceil", Conv{H: 28, W: 28, C: 8, OutC: 8, KH: 1, KW: 1, StrideH: 2, StrideW: 2, Ceil: true}, 225, 8, 8, 1},
		{"dilated", Conv{H: 10, W: 9, C: 2, OutC: 3, KH: 3, KW: 2, DilationH: 2, DilationW: 3}, 6 * 6, 3, 12, 1},
		{"grouped batch", Conv{H: 4, W: 4, C: 6, OutC: 9, KH: 1, KW: 1, Groups: 3, Batch: 2}, 32, 3, 2, 3},
	}
	for _, tt := range tests {
		g, err := tt.c.GEMM(tt.name)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if g.M != tt.m || g.N != tt.n || g.K != tt.k || g.Groups != tt.g {
			t.Errorf("%s: M, N, K, groups = %d, %d, %d, %d, want %d, %d, %d, %d", tt.name, g.M, g.N, g.K, g.Groups, tt.m, tt.n, tt.k, tt.g)
		}
		if back, err := ParseConv(g.Conv.String()); err != nil || back != g.Conv {
			t.Errorf("%s: ParseConv(%q) = %v, %v", tt.name, g.Conv, back, err)
		}
	}
}

// TestTouched compares the count of used input positions with marking them.
func TestTouched(t *testing.T) {
	for in := 1; in <= 9; in++ {
		for pad := range 4 {
			for taps := 1; taps <= 4; taps++ {
				for stride := 1; stride <= 4; stride++ {
					for dilation := 1; dilation <= 3; dilation++ {
						room := in + 2*pad - dilation*(taps-1) - 1
						if room < 0 {
							continue
						}
						for _, out := range []int{room/stride + 1, (room+stride-1)/stride + 1} {
							used := make(map[int]bool)
							for o := range out {
								for k := range taps {
									if x := o*stride - pad + k*dilation; 0 <= x && x < in {
										used[x] = true
									}
								}
							}
							if got := touched(in, pad, out, taps, stride, dilation); got != int64(len(used)) {
								t.Fatalf("touched(%d, %d, %d, %d, %d, %d) = %d, want %d", in, pad, out, taps, stride, dilation, got, len(used))
							}
						}
					}
				}
			}
		}
	}
}

func TestConvErrors(t *testing.T) {
	ok := Conv{H: 4, W: 4, C: 6, OutC: 6, KH: 3, KW: 3}
	tests := []struct {
		edit func(*Conv)
		want string
	}{
		{func(c *Conv) { c.H = 2 }, `convolution "x": kernel is higher than the padded input: 3 (expected at most 2)`},
		{func(c *Conv) { c.DilationW = 2 }, `convolution "x": kernel is wider than the padded input: 5 (expected at most 4)`},
		{func(c *Conv) { c.Groups = 4 }, "convolution \"x\": input channels do not divide into groups: 6 by 4 (expected a multiple)\noutput channels do not divide into groups: 6 by 4 (expected a multiple)"},
		{func(c *Conv) { c.PadTop = -1 }, `convolution "x": convolution field pt is out of range: -1 (expected 0 to 2147483648)`},
		{func(c *Conv) { c.H, c.W, c.Batch = 1<<30, 1<<30, 1<<30 }, `convolution "x" is too large: h=1073741824 w=1073741824 c=6 oc=6 kh=3 kw=3 sh=1 sw=1 pt=0 pl=0 pb=0 pr=0 dh=1 dw=1 g=1 b=1073741824 (expected at most 72057594037927936 outputs and window elements)`},
	}
	for _, tt := range tests {
		c := ok
		tt.edit(&c)
		if _, err := c.GEMM("x"); err == nil || err.Error() != tt.want {
			t.Errorf("GEMM() error =\n%v\nwant\n%v", err, tt.want)
		}
	}
	for _, text := range []string{"h", "h=x", "q=1", "h=1 h=1", "h=4 w=4 c=1 oc=1 kh=1 kw=1 ceil=2", "h=1"} {
		if c, err := ParseConv(text); err == nil {
			t.Errorf("ParseConv(%q) = %v, want an error", text, c)
		}
	}
}
