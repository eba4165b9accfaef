package numeric

import (
	"fmt"
	"slices"
	"strings"
)

// TensorCore is a [BlockFMA] with the GPU, format and instruction that it models.
type TensorCore struct {
	Name string // tc-<gpu>-<input>-<output>[-mma]
	GPU  string
	// MMA marks mma.sync where another instruction is the native one.
	MMA  bool
	Unit BlockFMA
}

// E8M13 is what Hopper and Ada keep of a sum of FP8 products: binary32 without its low
// ten bits.
var E8M13 = Float{Name: "e8m13", Exp: 8, Man: 13, Bias: 127, Pad: 10}

// generation is what the tensor cores of one architecture have in common.
type generation struct {
	gpus      []string
	half      [2]int // N and Frac of fp16 and bf16
	tf32      int    // N; 0: no such inputs. Frac is that of half
	fp8       [2]int // N and Frac; 0: no such inputs
	cut       bool   // fp8: E8M13 results
	bf16      bool
	floor     [2]int // Floor for f32 and f16 results
	emulated8 bool   // mma.sync on fp8 is two fp16 instructions
}

// generations has the parameters of each architecture. Sources: see [BlockFMA].
var generations = []generation{
	{gpus: []string{"v100"}, half: [2]int{4, 23}, floor: [2]int{NoFloor, -19}},
	{gpus: []string{"a100", "a2"}, half: [2]int{8, 24}, bf16: true, tf32: 4, floor: [2]int{-132, -20}},
	{gpus: []string{"ada", "l40s"}, half: [2]int{8, 24}, bf16: true, tf32: 4, fp8: [2]int{16, 13}, cut: true, floor: [2]int{-132, -20}},
	{gpus: []string{"h100", "h200"}, half: [2]int{16, 25}, bf16: true, tf32: 8, fp8: [2]int{32, 13}, cut: true, floor: [2]int{-133, -21}, emulated8: true},
	{gpus: []string{"b200"}, half: [2]int{16, 25}, bf16: true, tf32: 8, fp8: [2]int{32, 25}, floor: [2]int{-133, -21}, emulated8: true},
}

// TensorCores lists the presets: GPUs from V100 to B200, inputs fp16, bf16, tf32, e4m3
// and e5m2 where the hardware has them, outputs f32 and (for fp16 and FP8 inputs) f16.
func TensorCores() []TensorCore {
	var list []TensorCore
	for _, g := range generations {
		for _, gpu := range g.gpus {
			list = append(list, g.presets(gpu)...)
		}
	}
	return list
}

func (g *generation) presets(gpu string) []TensorCore {
	var list []TensorCore
	add := func(in Float, n, frac int, out string, suffix string, change func(*BlockFMA)) {
		u := BlockFMA{A: in, B: in, N: n, Frac: frac, C: FP32, Out: FP32, Floor: g.floor[0], Rounding: TowardZero}
		if out == "f16" {
			u.C, u.Out, u.Floor, u.Rounding = FP16, FP16, g.floor[1], NearEven
		}
		u.NaN = u.C.AllOnes()
		if change != nil {
			change(&u)
		}
		list = append(list, TensorCore{Name: fmt.Sprintf("tc-%s-%s-%s%s", gpu, in, out, suffix), GPU: gpu, MMA: suffix != "", Unit: u})
	}
	add(FP16, g.half[0], g.half[1], "f32", "", nil)
	add(FP16, g.half[0], g.half[1], "f16", "", nil)
	if g.bf16 {
		add(BF16, g.half[0], g.half[1], "f32", "", nil)
	}
	if g.tf32 > 0 {
		add(TF32, g.tf32, g.half[1], "f32", "", nil)
	}
	if g.fp8[0] == 0 {
		return list
	}
	for _, in := range []Float{E4M3, E5M2} {
		add(in, g.fp8[0], g.fp8[1], "f32", "", func(u *BlockFMA) {
			if g.cut {
				u.Out = E8M13
			}
		})
		add(in, g.fp8[0], g.fp8[1], "f16", "", nil)
		if g.emulated8 {
			// FP8 operands are converted to fp16 in pairs, and the pairs feed two fp16 instructions.
			add(in, g.half[0], g.half[1], "f16", "-mma", func(u *BlockFMA) { u.Order, u.AddC = PairOrder(32), true })
		}
	}
	return list
}

// PairOrder is the order of the k of an instruction in which mma.sync.m16n8k32 on FP8 operands (k = 32) is
// emulated: first all k with k mod 4 in {0, 1}, then the others. k is a multiple of 4.
func PairOrder(k int) []int {
	var order []int
	for half := range 2 {
		for i := 0; i < k; i += 4 {
			order = append(order, i+2*half, i+2*half+1)
		}
	}
	return order
}

// FindTensorCore returns the preset of that name.
func FindTensorCore(name string) (TensorCore, error) {
	list := TensorCores()
	i := slices.IndexFunc(list, func(t TensorCore) bool { return t.Name == name })
	if i < 0 {
		var names []string
		for _, t := range list {
			names = append(names, t.Name)
		}
		return TensorCore{}, fmt.Errorf("unknown tensor core: %q (expected one of %s)", name, strings.Join(names, ", "))
	}
	return list[i], nil
}
