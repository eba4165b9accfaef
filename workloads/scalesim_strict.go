package workloads

import (
	"fmt"
	"strconv"
	"strings"
)

// maxExpanded bounds the layers that depthwise rows may expand to.
const maxExpanded = 1 << 20

// importStrict reads a topology as SCALE-Sim v3 does.
func importStrict(text, kind string, s *Sink) error {
	p := problems{file: s.File()}
	var layers []GEMM
	rows := strictRows(text)
	if kind == "" {
		kind = strictKind(rows)
	}
	for _, r := range rows {
		before := len(p.errs) + p.more
		var g GEMM
		if kind == kindGEMM {
			g = p.strictGEMM(r)
		} else {
			g = p.strictConv(r)
		}
		if len(p.errs)+p.more != before {
			continue
		}
		if err := g.Validate(); err != nil {
			p.add(r.line, 1, err.Error(), g.Name, "a layer of representable size")
			continue
		}
		if len(layers)+g.Groups > maxExpanded {
			p.add(r.line, 1, "depthwise layer expands to too many layers", strconv.Itoa(g.Groups), fmt.Sprintf("at most %d in all", maxExpanded))
			continue
		}
		layers = append(layers, expandDepthwise(g)...)
	}
	if len(layers) == 0 && len(p.errs) == 0 {
		p.add(0, 0, "file has no layers behind line 1", "", "rows of a name and its sizes")
	}
	return s.takeAll(&p, layers, scaleSimWarnings(nil, layers))
}

// strictRows drops line 1 and blank lines, and the last field of every other
// line.
func strictRows(text string) []row {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text = strings.ReplaceAll(text, "\r", "\n")
	var rows []row
	for i, line := range strings.Split(text, "\n") {
		if i == 0 || strings.TrimSpace(line) == "" {
			continue
		}
		fields := splitLine(line, ",")
		rows = append(rows, row{line: i + 1, fields: fields[:len(fields)-1]})
	}
	return rows
}

// strictKind tells the file kinds apart by the widths of the rows: a GEMM file
// has rows of 4 or 5 fields and none that could be a convolution.
func strictKind(rows []row) string {
	kind := kindConv
	for _, r := range rows {
		switch n := len(r.fields); {
		case n >= 8:
			return kindConv
		case n == 4 || n == 5:
			kind = kindGEMM
		}
	}
	return kind
}

// width checks the number of fields that are left in a row.
func (p *problems) width(r row, least, most int) bool {
	if len(r.fields) >= least && len(r.fields) <= most {
		return true
	}
	value := ""
	if len(r.fields) > 0 {
		value = r.fields[0].text
	}
	p.add(r.line, 1, fmt.Sprintf("row has %d fields before its last comma", len(r.fields)), value,
		fmt.Sprintf("%d, or %d with a sparsity, and a trailing comma", least, most))
	return false
}

// strictInt reads what Python's int() takes: a sign and underscores between
// digits are allowed.
func (p *problems) strictInt(r row, i int, name string) int {
	f := r.get(i)
	text := strings.TrimPrefix(f.text, "+")
	if parts := strings.Split(text, "_"); len(parts) > 1 {
		for _, part := range parts {
			if part == "" {
				p.add(r.line, f.col, name+" is not an integer", f.text, "an integer of 1 to 2147483647")
				return 0
			}
		}
		text = strings.Join(parts, "")
	}
	n, err := strconv.Atoi(text)
	if err == nil && n >= 1 && n <= maxDim {
		return n
	}
	what := " is not an integer"
	if isDigits(text) {
		what = " is out of range"
	}
	p.add(r.line, f.col, name+what, f.text, "an integer of 1 to 2147483647")
	return 0
}

func (p *problems) strictSparsity(r row, i int) string {
	if len(r.fields) <= i {
		return ""
	}
	f := r.get(i)
	n, m, err := ParseSparsity(f.text)
	if err != nil {
		p.add(r.line, f.col, "sparsity is not a ratio", f.text, "N:M with 1 <= N <= M <= 1024")
		return ""
	}
	if n == m {
		return ""
	}
	return fmt.Sprintf("%d:%d", n, m)
}

func (p *problems) strictGEMM(r row) GEMM {
	if !p.width(r, 4, 5) {
		return GEMM{}
	}
	g := NewGEMM(r.fields[0].text, p.strictInt(r, 1, "M"), p.strictInt(r, 2, "N"), p.strictInt(r, 3, "K"))
	g.Sparsity = p.strictSparsity(r, 4)
	g.Source = fmt.Sprintf("%s:%d", p.file, r.line)
	return g
}

func (p *problems) strictConv(r row) GEMM {
	if !p.width(r, 8, 9) {
		return GEMM{}
	}
	before := len(p.errs) + p.more
	number := func(c column) int { return p.strictInt(r, int(c)-1, c.String()) }
	c := Conv{
		H: number(colH), W: number(colW), KH: number(colKH), KW: number(colKW),
		C: number(colC), OutC: number(colOutC), StrideH: number(colStride),
		DilationH: 1, DilationW: 1, Groups: 1, Batch: 1, Ceil: true,
	}
	c.StrideW = c.StrideH
	sparsity := p.strictSparsity(r, 8)
	if c.KH > c.H && c.H > 0 {
		p.add(r.line, r.fields[3].col, "filter height is more than the ifmap height", r.fields[3].text, fmt.Sprintf("at most %d", c.H))
	}
	if c.KW > c.W && c.W > 0 {
		p.add(r.line, r.fields[4].col, "filter width is more than the ifmap width", r.fields[4].text, fmt.Sprintf("at most %d", c.W))
	}
	if len(p.errs)+p.more != before {
		return GEMM{}
	}
	if strings.Contains(r.fields[0].text, "DP") {
		c = depthwise(c)
	}
	g, err := c.GEMM(r.fields[0].text)
	if err != nil {
		p.add(r.line, 1, err.Error(), r.fields[0].text, "a layer of representable size")
	}
	g.Sparsity = sparsity
	g.Source = fmt.Sprintf("%s:%d", p.file, r.line)
	return g
}

// expandDepthwise makes one layer a channel of a row with groups.
func expandDepthwise(g GEMM) []GEMM {
	if !strings.Contains(g.Name, "DP") || g.Conv == (Conv{}) {
		return []GEMM{g}
	}
	layers := make([]GEMM, g.Groups)
	for i := range layers {
		one := g
		one.Name = g.Name + "Channel_" + strconv.Itoa(i)
		one.Op, one.Groups = "conv", 1
		one.Conv.OutC, one.Conv.C, one.Conv.Groups = g.N, 1, 1
		layers[i] = one
	}
	return layers
}
