package workloads

import (
	"fmt"
	"io"
	"strings"
)

// SCALESimOptions control [ReadSCALESim].
type SCALESimOptions struct {
	// Strict reads the file as SCALE-Sim v3 itself does and refuses what it
	// refuses: line 1 is dropped whatever it holds, the last comma field of each
	// row is dropped, values are positional, and a convolution whose name
	// contains "DP" becomes one layer a channel.
	Strict bool
	// Kind is "conv" or "gemm" for the two file kinds, or empty to tell them
	// apart by content. (The original has a flag for it and no detection.)
	Kind string
	// SkipBadRows turns the problems of data rows into warnings and leaves those
	// rows out. It has no effect with Strict.
	SkipBadRows bool
}

// File kinds of SCALE-Sim.
const (
	kindConv = "conv"
	kindGEMM = "gemm"
)

// ReadSCALESim reads a SCALE-Sim topology file. Convolution files have the
// columns name, ifmap height, ifmap width, filter height, filter width, channels,
// filters, stride; GEMM files have name, M, N, K; both may have a sparsity N:M
// behind. Convolutions have no padding, and their output is rounded up,
// ceil((H-R+S)/S): the records keep that M, as SCALE-Sim has it, and a warning
// names the layers where frameworks would round down.
//
// Unless opt.Strict is set the reader accepts what occurs in practice: a
// byte-order mark, CRLF, tabs, a missing trailing comma or header, blank and
// title rows, columns in the order that the header names, a batch column, and
// columns that it does not know, each of these named in a warning. A layer with
// "DP" in its name is one row with a group a channel. All errors are reported at
// once as [ParseError] values.
func ReadSCALESim(r io.Reader, name string, opt SCALESimOptions) (Workload, error) {
	w := Workload{Name: BaseName(name)}
	s := NewSink(name, "scalesim", "rows", w.Append)
	if err := ImportSCALESim(r, opt, s); err != nil {
		return Workload{}, err
	}
	if err := s.Err(); err != nil {
		return Workload{}, err
	}
	w.Warnings = s.Account().Warnings
	return w, nil
}

// ImportSCALESim reads the file of [ReadSCALESim] into s. It holds the file, of
// at most 64 MiB, in memory. Rows of only a title count as skipped.
func ImportSCALESim(r io.Reader, opt SCALESimOptions, s *Sink) error {
	if opt.Kind != "" && opt.Kind != kindConv && opt.Kind != kindGEMM {
		return fmt.Errorf("unknown SCALE-Sim file kind: %q (expected \"conv\", \"gemm\" or none)", opt.Kind)
	}
	data, err := readAll(r, s.File())
	if err != nil {
		return err
	}
	if opt.Strict {
		return importStrict(string(data), opt.Kind, s)
	}
	t := tolerant{problems: problems{file: s.File()}, kind: opt.Kind, file: s.File()}
	for _, row := range splitRows(string(data)) {
		t.row(row)
	}
	if opt.SkipBadRows {
		for _, e := range t.errs {
			t.columnWarnings = append(t.columnWarnings, "row left out: "+e.Error())
		}
		if t.more > 0 {
			t.columnWarnings = append(t.columnWarnings, fmt.Sprintf("%d more problems in rows left out", t.more))
		}
		s.SkipMany("row with a fault", "", int64(t.bad))
		t.errs, t.more = nil, 0
	}
	if len(t.layers) == 0 && len(t.errs) == 0 {
		t.add(0, 0, "file has no layers", "", "rows of a name and its sizes")
	}
	for _, title := range t.titles {
		s.Skip("row of only a title", title)
	}
	return s.takeAll(&t.problems, t.layers, append(t.columnWarnings, scaleSimWarnings(t.titles, t.layers)...))
}

// takeAll hands on layers that were read whole, with the faults found.
func (s *Sink) takeAll(p *problems, layers []GEMM, warnings []string) error {
	s.faults = *p
	if s.Faults() > 0 {
		return nil
	}
	for _, w := range warnings {
		s.Warn("%s", w)
	}
	for _, g := range layers {
		if err := s.Take(Pos{}, g); err != nil {
			return err
		}
	}
	return nil
}

// BaseName is the file name without its folder and extension.
func BaseName(path string) string {
	path = path[strings.LastIndexAny(path, `/\`)+1:]
	if i := strings.LastIndexByte(path, '.'); i > 0 {
		path = path[:i]
	}
	return path
}

// column is what a field of a row means.
type column int

const (
	colUnknown column = iota
	colName
	colH
	colW
	colKH
	colKW
	colC
	colOutC
	colStride
	colStrideW
	colM
	colN
	colK
	colSparsity
	colBatch
	numColumns
)

// String returns the name used in messages.
func (c column) String() string {
	return [numColumns]string{"column", "name", "ifmap height", "ifmap width", "filter height", "filter width",
		"channels", "number of filters", "stride", "stride width", "M", "N", "K", "sparsity", "batch size"}[c]
}

// columnOf recognises a header.
func columnOf(header string) column {
	switch canonical(header) {
	case "layer", "layername", "layerid", "name":
		return colName
	case "ifmapheight", "ifmaph", "inputheight":
		return colH
	case "ifmapwidth", "ifmapw", "inputwidth":
		return colW
	case "filterheight", "filtheight", "filth", "filterh":
		return colKH
	case "filterwidth", "filtwidth", "filtw", "filterw":
		return colKW
	case "channels", "channel", "numchannels", "inputchannels":
		return colC
	case "numfilter", "numfilters", "numfilt", "filters":
		return colOutC
	case "stride", "strides", "strideheight", "strideh":
		return colStride
	case "stridewidth", "stridew":
		return colStrideW
	case "m":
		return colM
	case "n":
		return colN
	case "k":
		return colK
	case "sparsity", "sparsityratio", "nm":
		return colSparsity
	case "batch", "batchsize", "batchcount":
		return colBatch
	}
	return colUnknown
}

// positional is the column order of a file kind.
func positional(kind string) []column {
	if kind == kindGEMM {
		return []column{colName, colM, colN, colK}
	}
	return []column{colName, colH, colW, colKH, colKW, colC, colOutC, colStride}
}

// tolerant reads rows one at a time.
type tolerant struct {
	problems
	kind, file     string
	columns        []column // meaning of each field, nil before it is known
	headers        []string // texts of the header row, if any
	titles         []string
	layers         []GEMM
	columnWarnings []string
	warned         map[int]bool
	bad            int // data rows with a fault
}

func (t *tolerant) row(r row) {
	if r.blank() {
		return
	}
	if isHeader(r) {
		t.header(r)
		return
	}
	if title(r) {
		t.titles = append(t.titles, r.fields[0].text)
		return
	}
	if t.columns == nil && !t.guess(r) {
		return
	}
	before := len(t.errs) + t.more
	g := t.layer(r)
	if len(t.errs)+t.more != before {
		t.bad++
		return
	}
	if err := g.Validate(); err != nil {
		t.add(r.line, r.fields[0].col, err.Error(), g.Name, "a layer of representable size")
		t.bad++
		return
	}
	t.layers = append(t.layers, g)
}

// isHeader reports whether a row names at least two columns besides the layer
// name and has no number.
func isHeader(r row) bool {
	known := 0
	for i, f := range r.fields {
		if i > 0 && isDigits(f.text) {
			return false
		}
		if c := columnOf(f.text); c != colUnknown && c != colName {
			known++
		}
	}
	return known >= 2
}

// title reports whether only the first field is filled.
func title(r row) bool {
	return r.fields[0].text != "" && row{fields: r.fields[1:]}.blank()
}

// header takes the column meanings from a header row. Where a needed column is
// not named, the usual order holds.
func (t *tolerant) header(r row) {
	columns := make([]column, len(r.fields))
	has := [numColumns]bool{}
	for i, f := range r.fields {
		c := columnOf(f.text)
		if i == 0 && c == colUnknown {
			c = colName
		}
		if c != colUnknown && has[c] {
			t.add(r.line, f.col, "column is named twice", f.text, "one column of that name")
			c = colUnknown
		}
		columns[i] = c
		has[c] = true
	}
	kind := t.kind
	if kind == "" {
		kind = kindConv
		if has[colM] || has[colN] || has[colK] {
			kind = kindGEMM
		}
	}
	complete := true
	for _, c := range positional(kind) {
		complete = complete && has[c]
	}
	if !complete {
		for i, c := range positional(kind) {
			if i >= len(columns) {
				columns = append(columns, c)
			}
			columns[i] = c
		}
		for i := len(positional(kind)); i < len(columns); i++ {
			if c := columns[i]; c != colSparsity && c != colBatch && c != colStrideW {
				columns[i] = colUnknown
			}
		}
	}
	t.kind, t.columns, t.headers = kind, columns, nil
	for _, f := range r.fields {
		t.headers = append(t.headers, f.text)
	}
}

// guess chooses the kind of a file without header from its first data row: three
// numbers make a GEMM, seven a convolution.
func (t *tolerant) guess(r row) bool {
	filled := 0
	for _, f := range r.fields[1:] {
		if f.text != "" && !strings.Contains(f.text, ":") {
			filled++
		}
	}
	kind := t.kind
	switch {
	case kind != "":
	case filled == 3 || filled == 4:
		kind = kindGEMM
	case filled >= 7:
		kind = kindConv
	default:
		f := r.fields[0]
		t.add(r.line, f.col, fmt.Sprintf("row has %d values behind the name", filled), f.text, "3 (M, N, K) or 7 (ifmap, filter, channels, filters, stride)")
		return false
	}
	t.kind, t.columns = kind, positional(kind)
	return true
}

// layer makes the record of one data row.
func (t *tolerant) layer(r row) GEMM {
	index := [numColumns]int{}
	for c := range index {
		index[c] = -1
	}
	for i, c := range t.columns {
		if c != colUnknown {
			index[c] = i
		}
	}
	name := r.get(index[colName])
	if !printable(name.text) {
		t.add(r.line, name.col, "name is not plain text", name.text, "UTF-8 without control characters")
	}
	before := len(t.errs) + t.more
	sparsity, batch := t.extras(r, index)
	number := func(c column) int { return t.positive(r, index[c], c.String()) }
	source := fmt.Sprintf("%s:%d", t.file, r.line)
	if t.kind == kindGEMM {
		g := NewGEMM(name.text, number(colM), number(colN), number(colK))
		g.Batch, g.Sparsity, g.Source = batch, sparsity, source
		return g
	}
	c := Conv{
		H: number(colH), W: number(colW), KH: number(colKH), KW: number(colKW),
		C: number(colC), OutC: number(colOutC), StrideH: number(colStride),
		DilationH: 1, DilationW: 1, Groups: 1, Batch: batch, Ceil: true,
	}
	c.StrideW = c.StrideH
	if i := index[colStrideW]; r.get(i).text != "" && i >= 0 {
		c.StrideW = number(colStrideW)
	}
	if c.KH > c.H && c.H > 0 {
		t.add(r.line, r.get(index[colKH]).col, "filter height is more than the ifmap height", r.get(index[colKH]).text, fmt.Sprintf("at most %d", c.H))
	}
	if c.KW > c.W && c.W > 0 {
		t.add(r.line, r.get(index[colKW]).col, "filter width is more than the ifmap width", r.get(index[colKW]).text, fmt.Sprintf("at most %d", c.W))
	}
	if strings.Contains(name.text, "DP") {
		c = depthwise(c)
	}
	if len(t.errs)+t.more != before {
		return GEMM{}
	}
	g, err := c.GEMM(name.text)
	if err != nil {
		t.add(r.line, name.col, err.Error(), name.text, "a layer of representable size")
	}
	g.Sparsity, g.Source = sparsity, source
	return g
}

// depthwise gives each channel a convolution of its own with all OutC filters,
// as SCALE-Sim expands a layer whose name contains "DP".
func depthwise(c Conv) Conv {
	c.Groups, c.OutC = c.C, c.C*c.OutC
	return c
}

// extras reads the optional columns and warns, once each, of those that nobody
// knows.
func (t *tolerant) extras(r row, index [numColumns]int) (sparsity string, batch int) {
	batch = 1
	for i, f := range r.fields {
		if f.text == "" {
			continue
		}
		c := colUnknown
		if i < len(t.columns) {
			c = t.columns[i]
		}
		switch {
		case c == colSparsity, c == colUnknown && index[colSparsity] < 0 && i == len(positional(t.kind)) && strings.Contains(f.text, ":"):
			n, m, err := ParseSparsity(f.text)
			if err != nil {
				t.add(r.line, f.col, "sparsity is not a ratio", f.text, "N:M with 1 <= N <= M <= 1024")
				continue
			}
			if n != m {
				sparsity = fmt.Sprintf("%d:%d", n, m)
			}
		case c == colBatch:
			batch = t.positive(r, i, colBatch.String())
		case c == colUnknown && !t.warned[i]:
			if t.warned == nil {
				t.warned = make(map[int]bool)
			}
			t.warned[i] = true
			label := "without a name"
			if i < len(t.headers) && t.headers[i] != "" {
				label = fmt.Sprintf("%q", t.headers[i])
			}
			t.columnWarnings = append(t.columnWarnings,
				fmt.Sprintf("column %d (%s) is not used; its first value is %q in line %d", i+1, label, f.text, r.line))
		}
	}
	return sparsity, batch
}

// scaleSimWarnings names what a user should know of the layers.
func scaleSimWarnings(titles []string, layers []GEMM) []string {
	var overhang, sparse, dp []string
	for _, g := range layers {
		if g.Conv != (Conv{}) && g.Conv.Overhangs() {
			overhang = append(overhang, g.Name)
		}
		if g.Sparsity != "" {
			sparse = append(sparse, g.Name+" "+g.Sparsity)
		}
		if g.Groups > 1 {
			dp = append(dp, g.Name)
		}
	}
	var warnings []string
	for _, x := range []struct {
		text  string
		names []string
	}{
		{"rows with only a title are not layers", titles},
		{"output size is rounded up where frameworks round down", overhang},
		{"sparsity is noted but the sizes are dense", sparse},
		{"a name with DP is depthwise: one group a channel, each with all the filters", dp},
	} {
		if len(x.names) > 0 {
			warnings = append(warnings, x.text+": "+nameList(x.names))
		}
	}
	return warnings
}

// IsTopology reports whether one of the first lines of a text is a row of a name
// and at least three numbers, or a header of such rows, as SCALE-Sim topologies
// have them.
func IsTopology(lines []string) bool {
	for _, r := range splitRows(strings.Join(lines[:min(len(lines), 100)], "\n")) {
		numbers := 0
		for _, f := range r.fields {
			if strings.Trim(f.text, "0123456789") == "" && f.text != "" {
				numbers++
			}
		}
		if len(r.fields) >= 4 && (numbers >= 3 || isHeader(r)) {
			return true
		}
	}
	return false
}
