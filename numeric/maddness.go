package numeric

import (
	"fmt"
	"slices"
)

// Maddness is approximate multiplication by lookup: A is cut into codebooks of Width
// consecutive columns, each row of a codebook is replaced by one of 16 prototypes that a
// balanced tree of four levels chooses, and the products of the prototypes with B are tables.
//
// Source: "Multiplying Matrices Without Multiplying", ICML 2021, arXiv 2106.10860 (MADDNESS).
// Learning here is simpler than the paper's: splits by variance, thresholds at medians, prototypes the
// rounded means of their rows; no ridge regression over all codebooks.
type Maddness struct {
	Width int // columns of A in a codebook
	// A codebook's tree. Level l compares column Split[c][l] (from 0 within the codebook) with the threshold of
	// the node reached, Threshold[c][2^l - 1 + node]: greater goes to node 2 node + 1,
	// otherwise to 2 node.
	Split     [][4]int
	Threshold [][15]int32
	Prototype [][16][]int32 // of Width values each
}

// LearnMaddness learns a tree and prototypes for each codebook from the rows of a, of which the last
// codebook may have fewer columns.
func LearnMaddness(a *Dense, width int) (*Maddness, error) {
	if width < 1 || a.Rows < 1 || a.Cols < 1 {
		return nil, fmt.Errorf("numeric: codebooks of %d columns of a %d x %d matrix (expected at least 1 each)", width, a.Rows, a.Cols)
	}
	m := &Maddness{Width: width}
	for k0 := 0; k0 < a.Cols; k0 += width {
		rows := make([][]int32, a.Rows)
		for i := range rows {
			rows[i] = a.Row(i)[k0:min(k0+width, a.Cols)]
		}
		m.learnCodebook(rows, width)
	}
	return m, nil
}

// learnCodebook adds a codebook. A bucket without rows has threshold 0 and the prototype of all rows.
func (m *Maddness) learnCodebook(rows [][]int32, width int) {
	var split [4]int
	var threshold [15]int32
	buckets := [][][]int32{rows}
	for l := range split {
		split[l] = widestColumn(buckets, len(rows[0]))
		var next [][][]int32
		for node, bucket := range buckets {
			t := medianOf(bucket, split[l])
			threshold[1<<l-1+node] = t
			var low, high [][]int32
			for _, r := range bucket {
				if r[split[l]] > t {
					high = append(high, r)
				} else {
					low = append(low, r)
				}
			}
			next = append(next, low, high)
		}
		buckets = next
	}
	var prototypes [16][]int32
	for p, bucket := range buckets {
		if len(bucket) == 0 {
			bucket = rows
		}
		prototypes[p] = meanOf(bucket, width)
	}
	m.Split = append(m.Split, split)
	m.Threshold = append(m.Threshold, threshold)
	m.Prototype = append(m.Prototype, prototypes)
}

// widestColumn is the column with the greatest sum of squared distances from the mean of its bucket.
func widestColumn(buckets [][][]int32, cols int) int {
	best, most := 0, -1.0
	for k := range cols {
		var total float64
		for _, bucket := range buckets {
			var sum, squares int64
			for _, r := range bucket {
				sum += int64(r[k])
				squares += int64(r[k]) * int64(r[k])
			}
			if n := int64(len(bucket)); n > 0 {
				total += float64(squares*n-sum*sum) / float64(n)
			}
		}
		if total > most {
			best, most = k, total
		}
	}
	return best
}

// medianOf is the lower median of a column; 0 without rows.
func medianOf(rows [][]int32, k int) int32 {
	if len(rows) == 0 {
		return 0
	}
	list := make([]int32, len(rows))
	for i, r := range rows {
		list[i] = r[k]
	}
	slices.Sort(list)
	return list[(len(list)-1)/2]
}

// meanOf is the rounded mean, halves up, of each column; columns that do not exist are 0.
func meanOf(rows [][]int32, width int) []int32 {
	mean := make([]int32, width)
	for k := range rows[0] {
		var sum int64
		for _, r := range rows {
			sum += int64(r[k])
		}
		n := int64(len(rows))
		q := (2*sum + n) / (2 * n)
		if (2*sum+n)%(2*n) < 0 {
			q--
		}
		mean[k] = int32(q)
	}
	return mean
}

// Codebooks is their number.
func (m *Maddness) Codebooks() int { return len(m.Split) }

// Code is the prototype of codebook c for a row of A.
func (m *Maddness) Code(row []int32, c int) int {
	node := 0
	for l, k := range m.Split[c] {
		greater := row[c*m.Width+k] > m.Threshold[c][1<<l-1+node]
		node *= 2
		if greater {
			node++
		}
	}
	return node
}

// Tables are the products of the prototypes of codebooks c0 to c1-1 with column j of B, of bits
// bits without the least value: divided by 2^shift, the least power for which all fit, rounded to nearest,
// halves to even.
func (m *Maddness) Tables(b *Dense, j, c0, c1, bits int) (entries [][16]int64, shift int) {
	var most int64
	for c := c0; c < c1; c++ {
		var t [16]int64
		for p, prototype := range m.Prototype[c] {
			for k, x := range prototype {
				if row := c*m.Width + k; row < b.Rows {
					t[p] += int64(x) * int64(b.At(row, j))
				}
			}
			most = max(most, t[p], -t[p])
		}
		entries = append(entries, t)
	}
	for HalfEven(most, shift) > 1<<(bits-1)-1 {
		shift++
	}
	for c := range entries {
		for p, v := range entries[c] {
			entries[c][p] = HalfEven(v, shift)
		}
	}
	return entries, shift
}

// GEMM is the approximate product of a and b plus init (nil is zero), with tables of bits bits that
// share a power of two for chunk codebooks and a column. It wraps to acc.
func (m *Maddness) GEMM(a, b *Dense, init []int64, chunk, bits int, acc Int) ([]int64, error) {
	if a.Cols != b.Rows || cdiv(a.Cols, m.Width) != m.Codebooks() || chunk < 1 || bits < 2 || bits > 32 {
		return nil, fmt.Errorf("numeric: A is %d x %d, B is %d x %d, %d codebooks of %d, chunks of %d, tables of %d bits", a.Rows, a.Cols, b.Rows, b.Cols, m.Codebooks(), m.Width, chunk, bits)
	}
	out := make([]int64, a.Rows*b.Cols)
	copy(out, init)
	for j := range b.Cols {
		for c0 := 0; c0 < m.Codebooks(); c0 += chunk {
			tables, shift := m.Tables(b, j, c0, min(c0+chunk, m.Codebooks()), bits)
			for i := range a.Rows {
				var sum int64
				for c := range tables {
					sum += tables[c][m.Code(a.Row(i), c0+c)]
				}
				out[i*b.Cols+j] += sum << shift
			}
		}
	}
	for i := range out {
		out[i] = acc.Wrap(out[i])
	}
	return out, nil
}

func cdiv(a, b int) int { return (a + b - 1) / b }
