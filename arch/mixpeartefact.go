package arch

// This file holds the published accounting of MixPE, apart from the engine: a formula over layer
// tables, with the assumptions of the simulator that was published with the paper
// (github.com/yuzhang712/mixpe_simulator, its benchmarks and simulator). It explains the published time
// table and is no statement about this project's engines. The assumptions that decide the result:
//
//   - arrays of unequal size are compared: 64 x 64 PEs of MixPE W4A8 with 32 x 32 of INT8;
//   - a layer with 4-bit weights counts as having 4-bit activations too, twice the array on each side;
//   - before a group-wise engine multiplies, every weight is dequantised by a matrix multiplication of an
//     eighth of the layer; after the groups, by one of 1/1024;
//   - neither fill nor drain takes time.

// ArtefactEngine is an engine as that simulator has it: N x M units of MaxBits operands, of which each
// does the work of MaxBits/bits on each side for narrower ones, but not below MinBits.
type ArtefactEngine struct {
	Name             string
	N, M             int
	MaxBits, MinBits int
	// bits of the operands of the output projection and of the other layers in block i of n.
	bits  func(i, n int) (projection, others int)
	after bool // dequantises after the groups
}

// ArtefactEngines lists the engines of the published table; the last is the one to which times are
// normalised.
func ArtefactEngines() []ArtefactEngine {
	all := func(bits int) func(int, int) (int, int) { return func(int, int) (int, int) { return bits, bits } }
	return []ArtefactEngine{
		{"MixPE-W4A8", 64, 64, 8, 4, all(4), true},
		{"ANT", 32, 32, 8, 4, func(i, n int) (int, int) {
			if i < n/5 { // a fifth of the blocks keeps 8 bits
				return 8, 8
			}
			return 4, 4
		}, false},
		{"BitFusion", 32, 40, 8, 4, func(i, n int) (int, int) {
			if i < n/2 { // half of the blocks has a 4-bit projection
				return 4, 8
			}
			return 8, 8
		}, false},
		{"INT8", 32, 32, 8, 4, all(8), false},
		{"MixPE-W4A16", 32, 32, 16, 8, all(8), true},
		{"FP16", 32, 28, 16, 16, all(16), false},
	}
}

// ArtefactNet is a network of that simulator: equal blocks of four linear layers (queries, keys
// and values in one; projection; two of the feed-forward part of four times the width), and a patch
// embedding of 196 patches of 768 values if Patches.
type ArtefactNet struct {
	Name          string
	Blocks, Width int
	Patches       bool
}

// ArtefactNets lists the networks of the published table.
func ArtefactNets() []ArtefactNet {
	return []ArtefactNet{{"ViT", 12, 768, true}, {"ViT-Huge", 32, 1280, true}, {"OPT-6.7B", 32, 4096, false}, {"Llama2-13B", 40, 5120, false}}
}

// Sizes of the published run.
const (
	artefactBatch        = 64
	artefactDequantBatch = 8 // by which the dequantisation of weights is amortised
	artefactGroup        = 128
)

// factor is how many narrow operands a unit takes on each side.
func (e ArtefactEngine) factor(bits int) int { return e.MaxBits / max(bits, e.MinBits) }

// peak is the greatest number of products a cycle.
func (e ArtefactEngine) peak(bits int) int { return e.N * e.M * e.factor(bits) * e.factor(bits) }

// layer is the time of rows x k times k x outputs.
func (e ArtefactEngine) layer(rows, outputs, k, bits int) int64 {
	f := e.factor(bits)
	return int64(cdiv(rows, e.N*f)) * int64(cdiv(outputs, e.M*f)) * int64(k)
}

// linear is the time of a linear layer with its dequantisation, in groups of the given k.
func (e ArtefactEngine) linear(rows, outputs, k, bits, group int) int64 {
	t := e.layer(rows, outputs, k, bits)
	if e.after {
		return t + e.layer(rows, outputs/group, k/artefactDequantBatch, e.MaxBits)
	}
	return t + e.layer(rows, outputs/artefactDequantBatch, k, e.MaxBits)
}

// Cycles is the compute time of a network.
func (e ArtefactEngine) Cycles(net ArtefactNet) int64 {
	var total int64
	h := net.Width
	if net.Patches {
		total += e.layer(196*artefactBatch, h, 768, e.MaxBits)
	}
	for i := range net.Blocks {
		projection, others := e.bits(i, net.Blocks)
		for _, l := range []struct{ outputs, k, bits int }{{3 * h, h, others}, {h, h, projection}, {4 * h, h, others}, {h, 4 * h, others}} {
			total += e.linear(artefactBatch, l.outputs, l.k, l.bits, artefactGroup)
		}
	}
	return total
}

// artefact is the engine of a configuration in this accounting: operands down to half of the activations'
// bits count as narrower.
func (c *Config) artefact() ArtefactEngine {
	return ArtefactEngine{Name: c.Name, N: c.Rows, M: c.Cols, MaxBits: c.A.Bits, MinBits: max(c.A.Bits/2, 1), after: true}
}

// artefactTiming is the published accounting of one layer, beside those of the two engines with which the published
// table compares, at their published sizes.
func (c *Config) artefactTiming(s Shape) Timing {
	cycles := c.artefact().linear(s.M, s.N, s.K, c.B.Bits, c.Group)
	t := Timing{Cycles: cycles}
	for _, e := range ArtefactEngines() {
		if e.Name == "INT8" || e.Name == "FP16" {
			of := e.linear(s.M, s.N, s.K, e.MaxBits, artefactGroup)
			t.Figures = append(t.Figures, Figure{Name: "time relative to " + e.Name + " (artefact)", Value: float64(cycles) / float64(of), Unit: "ratio"})
		}
	}
	return t
}
