package workloads

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"tpe/numeric"
	"tpe/numeric/quant"
)

// maxQuantised bounds the elements of a matrix that is quantised as a whole.
const maxQuantised = 1 << 27

// quantForms are what [Data.Quant] may hold, joined by "+".
const quantForms = "tensor, token, channel, group:N, asym, ternary, onebit, outliers:X, comet:N, fptq, svdquant:R, sparse:N:M, prune:P, mx:N or nvfp4, joined by +"

// quantiser turns a matrix of numbers into codes of a format. The steps run in the order of the fields.
type quantiser struct {
	n, m     int     // sparse
	prune    float64 // share of zeros
	outliers float64 // columns with such magnitudes become zero
	rank     int     // svdquant
	fptq     bool
	codes    string // how, of: tensor, token, channel, group, ternary, onebit, comet, mx, nvfp4
	length   int    // of a group or block
	asym     bool
}

// parseQuantiser reads the text behind "@".
func parseQuantiser(text string) (quantiser, error) {
	var q quantiser
	var errs []error
	for _, part := range strings.Split(text, "+") {
		word, arg, hasArg := strings.Cut(part, ":")
		bad := func() { errs = append(errs, fmt.Errorf("bad quantiser: %q (expected %s)", part, quantForms)) }
		codes := func(takesLength bool) {
			n, err := strconv.Atoi(arg)
			if q.codes != "" || hasArg != takesLength || takesLength && (err != nil || n < 1 || n > 1<<16) {
				bad()
			}
			q.codes, q.length = word, n
		}
		number := func(dst *float64, most float64) {
			v, err := strconv.ParseFloat(arg, 64)
			if err != nil || !(v > 0 && v <= most) {
				bad()
			}
			*dst = v
		}
		switch word {
		case "tensor", "token", "channel", "ternary", "onebit", "nvfp4":
			codes(false)
		case "group", "comet", "mx":
			codes(true)
		case "asym":
			q.asym = true
		case "fptq":
			q.fptq = true
		case "outliers":
			number(&q.outliers, 1e30)
		case "prune":
			number(&q.prune, 1)
		case "svdquant":
			r, err := strconv.Atoi(arg)
			if err != nil || r < 1 || r > 1<<12 {
				bad()
			}
			q.rank = r
		case "sparse":
			var err error
			q.n, q.m, err = ParseSparsity(arg)
			errs = append(errs, err)
		default:
			bad()
		}
	}
	if q.codes == "" {
		q.codes = "tensor"
	}
	return q, errors.Join(errs...)
}

// Number is the format as package numeric has it.
func (f Format) Number() numeric.Format {
	if f.isFloat() {
		return f.Float
	}
	return numeric.Int{Bits: f.Bits, Signed: f.Signed}
}

// matrix codes an operand. Groups lie along k: in rows of A, in columns of B.
func (q quantiser) matrix(m *quant.Matrix, f Format, of byte) (*numeric.Dense, error) {
	var err error
	if q.m > 0 {
		if of == 'A' { // along k
			m, err = quant.PruneNM(m.Transposed(), q.n, q.m)
			if err == nil {
				m = m.Transposed()
			}
		} else {
			m, err = quant.PruneNM(m, q.n, q.m)
		}
	}
	if err == nil && q.prune > 0 {
		m, err = quant.Prune(m, q.prune)
	}
	if err == nil && q.outliers > 0 {
		m = quant.SplitOutliers(m, q.outliers).Rest
	}
	if err == nil && q.rank > 0 {
		var u, v *quant.Matrix
		if u, v, err = quant.LowRank(m, min(q.rank, m.Rows, m.Cols)); err == nil {
			m = quant.Difference(m, quant.Product(u, v))
		}
	}
	if err != nil {
		return nil, err
	}
	if q.fptq {
		q, m = q.ofFPTQ(m)
	}
	return q.code(m, f, of == 'A')
}

// ofFPTQ is how FPTQ codes the activations: the kind, and the matrix with its channels divided.
func (q quantiser) ofFPTQ(m *quant.Matrix) (quantiser, *quant.Matrix) {
	kind, by := quant.FPTQ(m)
	q.codes = "tensor"
	if kind == quant.FPTQToken {
		q.codes = "token"
	}
	if by != nil {
		m = m.Clone()
		for i := range m.Rows {
			row := m.Row(i)
			for j, d := range by {
				row[j] /= d
			}
		}
	}
	return q, m
}

func (q quantiser) code(m *quant.Matrix, f Format, isA bool) (*numeric.Dense, error) {
	number := f.Number()
	n, isInt := number.(numeric.Int)
	if signed := isInt && n.Signed; !signed && (q.codes == "ternary" || q.codes == "onebit" || q.codes == "comet") {
		return nil, fmt.Errorf("quantiser %s of %v operands (expected signed integers)", q.codes, f)
	}
	switch q.codes {
	case "ternary":
		c, err := quant.Ternary(m)
		if err != nil {
			return nil, err
		}
		return c.Dense, nil
	case "onebit":
		c, err := quant.OneBit(m)
		if err != nil {
			return nil, err
		}
		return c.Sign, nil
	case "comet": // int4 blocks beside int8 ones, as the format is
		c, err := quant.MixedBlocks(m, q.length, numeric.Int{Bits: max(n.Bits/2, 2), Signed: true}, n, cometRatio)
		if err != nil {
			return nil, err
		}
		return c.Dense, nil
	case "mx", "nvfp4":
		return q.blocks(m, number, !isA)
	}
	block := map[string]quant.Block{"tensor": quant.PerTensor, "token": quant.PerRow, "channel": quant.PerColumn}[q.codes]
	if q.codes == "group" {
		block = quant.ColumnGroups(q.length)
		if isA {
			block = quant.RowGroups(q.length)
		}
	}
	c, err := quant.Quantize(m, number, block, isInt && (q.asym || !n.Signed))
	if err != nil {
		return nil, err
	}
	return c.Dense, nil
}

// cometRatio is how far above the median channel a channel with outliers is.
const cometRatio = 4

// blocks are the elements of MX or NVFP4 blocks, without their scales.
func (q quantiser) blocks(m *quant.Matrix, number numeric.Format, columns bool) (*numeric.Dense, error) {
	f, ok := number.(numeric.Float)
	if !ok || f.Width() > 8 || q.codes == "nvfp4" && f != numeric.E2M1 {
		return nil, fmt.Errorf("quantiser %s of %s operands (expected floats of at most 8 bits, e2m1 for nvfp4)", q.codes, number)
	}
	var s *quant.Scaled
	var err error
	if q.codes == "nvfp4" {
		s, err = quant.NVFP4Blocks(m, numeric.NVFP4{}.Block(), columns)
	} else {
		s, err = quant.MXBlocks(m, numeric.MX{Elem: f, Block: q.length}, columns)
	}
	if err != nil {
		return nil, err
	}
	return s.Dense, nil
}
