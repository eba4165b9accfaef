package workloads

import (
	"errors"
	"fmt"
	"math/bits"
	"unicode"
	"unicode/utf8"
)

// Limits that [GEMM.Validate] enforces, so that no count derived from a valid
// record overflows an int64, whatever the operand width up to 64 bits.
const (
	maxMACs  = int64(1) << 62
	maxElems = int64(1) << 56
)

// GEMM is one row of a workload: C[M,N] = A[M,K] B[K,N] in row-major order,
// done [GEMM.Repeats] times, each time with operands of its own.
type GEMM struct {
	// Name identifies the row in tables; it need not be unique.
	Name string
	// Op is the kind of layer, such as "conv", "fc", "qkv" or "gemm".
	Op string
	// M, N and K are the extents of one repetition (of one group), at least 1.
	M, N, K int
	// Batch, Groups and Count multiply the row: independent matrix pairs of a
	// batched product, groups of a convolution, and equal layers merged into
	// one row. Each is at least 1.
	Batch, Groups, Count int
	// FormatA, FormatB and FormatOut name number formats where the source of
	// the row states them; empty means that the engine decides.
	FormatA, FormatB, FormatOut string
	// Phase is "", "prefill" or "decode".
	Phase string
	// Sparsity is "N:M" (N non-zeros in each M values of B) where the source
	// states it, else empty. M, N and K above are always the dense extents.
	Sparsity string
	// Source says where the row comes from: a model, or a file and line.
	Source string
	// Conv is the geometry when the row is a convolution; its zero value means
	// that it is not.
	Conv Conv
}

// NewGEMM returns a row of one M x N x K product, C[m,n] = A[m,k] B[k,n].
func NewGEMM(name string, m, n, k int) GEMM {
	return GEMM{Name: name, Op: "gemm", M: m, N: n, K: k, Batch: 1, Groups: 1, Count: 1}
}

// Repeats returns how often the M x N x K product is done: Batch*Groups*Count.
func (g GEMM) Repeats() int64 {
	return int64(g.Batch) * int64(g.Groups) * int64(g.Count)
}

// MACs returns the multiply-accumulates of the whole row, repetitions included.
// The record must be valid, see [GEMM.Validate].
func (g GEMM) MACs() int64 {
	return int64(g.M) * int64(g.N) * int64(g.K) * g.Repeats()
}

// CompulsoryBytes returns the bytes that the whole row must move at least: every
// operand element read once and every result written once, packed at the given
// widths in bits and rounded up to whole bytes per matrix. The input of a
// convolution counts each pixel that the layer uses once, not once per window.
// The record must be valid and the widths in 0 to 64.
func (g GEMM) CompulsoryBytes(bitsA, bitsB, bitsC int) int64 {
	one := bytesOf(g.InputElems(), bitsA) +
		bytesOf(int64(g.K)*int64(g.N), bitsB) +
		bytesOf(int64(g.M)*int64(g.N), bitsC)
	return one * g.Repeats()
}

// InputElems returns the number of distinct elements of A in one repetition:
// M*K, or for a convolution the input elements that its windows touch.
func (g GEMM) InputElems() int64 {
	if g.Conv != (Conv{}) {
		return g.Conv.inputElems()
	}
	return int64(g.M) * int64(g.K)
}

func bytesOf(elems int64, bits int) int64 {
	return (elems*int64(bits) + 7) / 8
}

// Validate reports everything wrong with the record: extents and multipliers
// below 1, totals beyond 2^62 MAC or 2^56 elements of one matrix, an unknown
// phase or sparsity, text that is not printable, or a geometry that does not
// give the row's M, N, K and Groups.
func (g GEMM) Validate() error {
	var errs []error
	for _, d := range []struct {
		name  string
		value int
	}{
		{"M", g.M}, {"N", g.N}, {"K", g.K},
		{"Batch", g.Batch}, {"Groups", g.Groups}, {"Count", g.Count},
	} {
		if d.value < 1 {
			errs = append(errs, fmt.Errorf("%s is not positive: %d (expected an integer of at least 1)", d.name, d.value))
		}
	}
	if len(errs) == 0 {
		errs = append(errs, g.checkSize()...)
	}
	if g.Phase != "" && g.Phase != "prefill" && g.Phase != "decode" {
		errs = append(errs, fmt.Errorf("unknown phase: %q (expected \"prefill\", \"decode\" or none)", g.Phase))
	}
	if g.Sparsity != "" {
		if _, _, err := ParseSparsity(g.Sparsity); err != nil {
			errs = append(errs, err)
		}
	}
	for _, t := range []struct{ name, value string }{
		{"Name", g.Name}, {"Op", g.Op}, {"FormatA", g.FormatA}, {"FormatB", g.FormatB},
		{"FormatOut", g.FormatOut}, {"Source", g.Source},
	} {
		if !printable(t.value) {
			errs = append(errs, fmt.Errorf("%s is not plain text: %q (expected UTF-8 without control characters)", t.name, t.value))
		}
	}
	if len(errs) == 0 && g.Conv != (Conv{}) {
		errs = append(errs, g.checkConv()...)
	}
	if len(errs) == 0 {
		return nil
	}
	return fmt.Errorf("layer %q: %w", g.Name, errors.Join(errs...))
}

func (g GEMM) checkSize() []error {
	m, n, k := int64(g.M), int64(g.N), int64(g.K)
	b, gr, ct := int64(g.Batch), int64(g.Groups), int64(g.Count)
	var errs []error
	for _, t := range []struct {
		name    string
		limit   int64
		factors []int64
	}{
		{"the number of multiply-accumulates", maxMACs, []int64{m, n, k, b, gr, ct}},
		{"the number of elements of A", maxElems, []int64{m, k, b, gr, ct}},
		{"the number of elements of B", maxElems, []int64{k, n, b, gr, ct}},
		{"the number of elements of C", maxElems, []int64{m, n, b, gr, ct}},
	} {
		if _, ok := product(t.limit, t.factors...); !ok {
			errs = append(errs, fmt.Errorf("%s is too large: M=%d N=%d K=%d Batch=%d Groups=%d Count=%d (expected at most %d)",
				t.name, g.M, g.N, g.K, g.Batch, g.Groups, g.Count, t.limit))
		}
	}
	return errs
}

func (g GEMM) checkConv() []error {
	want, err := g.Conv.GEMM(g.Name)
	if err != nil {
		return []error{err}
	}
	if want.M != g.M || want.N != g.N || want.K != g.K || want.Groups != g.Groups {
		return []error{fmt.Errorf("the geometry does not match: M=%d N=%d K=%d Groups=%d (expected M=%d N=%d K=%d Groups=%d from %v)",
			g.M, g.N, g.K, g.Groups, want.M, want.N, want.K, want.Groups, g.Conv)}
	}
	if want.Conv != g.Conv {
		return []error{fmt.Errorf("the geometry is not complete: %v (expected %v)", g.Conv, want.Conv)}
	}
	return nil
}

// product multiplies positive factors and reports whether the result is at most
// limit.
func product(limit int64, factors ...int64) (int64, bool) {
	p := uint64(1)
	for _, f := range factors {
		hi, lo := bits.Mul64(p, uint64(f))
		if f < 0 || hi != 0 || lo > uint64(limit) {
			return 0, false
		}
		p = lo
	}
	return int64(p), true
}

func printable(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if unicode.IsControl(r) {
			return false
		}
	}
	return true
}

// Workload is a named list of GEMM rows in execution order.
type Workload struct {
	// Name is the built-in name or the base name of the file.
	Name string
	// Layers holds the rows in execution order.
	Layers []GEMM
	// Warnings are remarks of the reader that a user should see, one sentence
	// each.
	Warnings []string
}

// maxLayers bounds the rows of a workload that is held in memory.
const maxLayers = 1 << 22

// Append adds one row. It refuses to hold more than 4,194,304; [StreamCSV] and
// the importers pass on more than that one at a time.
func (w *Workload) Append(g GEMM) error {
	if len(w.Layers) >= maxLayers {
		return fmt.Errorf("workload %q has too many rows to hold in memory: more than %d (expected fewer; tpe import --merge joins equal ones)", w.Name, maxLayers)
	}
	w.Layers = append(w.Layers, g)
	return nil
}

// TotalMACs returns the multiply-accumulates of all rows, and saturates at the
// largest int64.
func (w Workload) TotalMACs() int64 {
	var sum uint64
	for _, g := range w.Layers {
		sum += uint64(g.MACs())
		if sum > 1<<63-1 {
			return 1<<63 - 1
		}
	}
	return int64(sum)
}

// Validate reports everything wrong with any row.
func (w Workload) Validate() error {
	if len(w.Layers) == 0 {
		return fmt.Errorf("workload %q has no layers (expected at least one)", w.Name)
	}
	var errs []error
	for i, g := range w.Layers {
		if err := g.Validate(); err != nil {
			errs = append(errs, fmt.Errorf("row %d: %w", i+1, err))
		}
	}
	return errors.Join(errs...)
}
