package testbench

import (
	"bufio"
	"bytes"
	"context"
	_ "embed" // the testbench
	"fmt"
	"math"
	"math/bits"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/template"

	"tpe/hw"
	"tpe/hw/drive"
	"tpe/internal/tool"
	"tpe/rtlgen"
)

//go:embed templates/icarus.v.tmpl
var icarusText string

// IcarusOptions choose how Icarus Verilog runs a design. There is nothing to
// choose yet.
type IcarusOptions struct{}

// Icarus runs a design under Icarus Verilog, an interpreter: it starts in a
// fraction of a second and simulates a 4x4 array at some thousand cycles a second.
// It knows X and Z, which no other executor does: a result with an undefined bit is
// an error, and an undefined ready or valid counts as 0.
type Icarus struct {
	// Version is that of Icarus Verilog.
	Version string

	d             *design
	iverilog, vvp tool.Tool
}

// NewIcarus prints a module as Verilog for Icarus. A missing tool is a
// *[tool.Missing].
func NewIcarus(_ context.Context, top *hw.Module, _ IcarusOptions) (*Icarus, error) {
	d, err := newDesign(top)
	if err != nil {
		return nil, err
	}
	return newIcarus(d)
}

func newIcarus(d *design) (*Icarus, error) {
	iverilog, err := tool.Find(tool.Icarus)
	if err != nil {
		return nil, err
	}
	vvp, err := tool.Find(tool.VVP)
	if err != nil {
		return nil, err
	}
	return &Icarus{Version: iverilog.Version, d: d, iverilog: iverilog, vvp: vvp}, nil
}

// Run implements [drive.Runner], from power-on each time.
func (r *Icarus) Run(plays []drive.Play) ([]drive.Trace, error) {
	return r.RunContext(context.Background(), plays)
}

// RunContext is Run that ends the simulator when ctx ends.
func (r *Icarus) RunContext(ctx context.Context, plays []drive.Play) ([]drive.Trace, error) {
	if err := r.d.check(plays); err != nil {
		return nil, err
	}
	stim := r.d.stimulus(plays)
	bench, err := r.d.testbench(stim)
	if err != nil {
		return nil, err
	}
	image, err := r.compile(ctx, bench)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "tpe-icarus-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := writeFiles(dir, stim.files); err != nil {
		return nil, err
	}
	out, err := r.vvp.Run(ctx, dir, append([]string{"-n", image}, stim.args...)...)
	if err != nil {
		return nil, err
	}
	return r.d.readIcarus(out, plays)
}

// compile makes the image that vvp runs. Testbenches are equal for stimulus of
// about equal size, so the image is often in the cache.
func (r *Icarus) compile(ctx context.Context, bench []byte) (string, error) {
	files := append([]rtlgen.File{{Name: "tpe_tb.v", Text: bench}}, r.d.files...)
	key := cacheKey(files, []byte(r.iverilog.String()))
	e, err := build("icarus", key, func(dir string) error {
		work := filepath.Join(dir, "work")
		if err := writeFiles(work, files); err != nil {
			return err
		}
		args := []string{"-g2005", "-s", "tpe_tb", "-o", filepath.Join("..", imageName), "tpe_tb.v"}
		if _, err := r.iverilog.Run(ctx, work, append(args, r.d.fileNames()...)...); err != nil {
			return err
		}
		return os.RemoveAll(work)
	})
	return filepath.Join(e.dir, imageName), err
}

const imageName = "tpe_tb.vvp"

// stimulus is what $readmemh reads, with the numbers of words.
type stimulus struct {
	files    []rtlgen.File
	args     []string
	job      int
	patterns int
	beats    []int
}

func (d *design) stimulus(plays []drive.Play) *stimulus {
	st := &stimulus{beats: make([]int, len(d.in))}
	var job, patterns bytes.Buffer
	beats := make([]bytes.Buffer, len(d.in))
	word := func(list ...int) {
		for _, v := range list {
			fmt.Fprintf(&job, "%x\n", min(v, math.MaxInt32))
			st.job++
		}
	}
	pattern := func(p []byte) {
		word(st.patterns, len(p))
		for _, v := range p {
			fmt.Fprintf(&patterns, "%d\n", min(v, 1))
		}
		st.patterns += len(p)
	}
	word(len(plays))
	for i := range plays {
		p := &plays[i]
		word(p.Reset, p.Results, p.Cut, p.Limit)
		for s, in := range d.in {
			n := math.MaxInt32 // a stream without data is always willing
			if in.beatBytes > 0 {
				n = len(p.Beats[s]) / in.beatBytes
				for k := range n {
					beats[s].WriteString(hexBeat(in.fields, p.Beats[s][k*in.beatBytes:]))
					beats[s].WriteByte('\n')
				}
			}
			word(st.beats[s], n)
			if in.beatBytes > 0 {
				st.beats[s] += n
			}
			pattern(valid(p, s))
		}
		pattern(p.Ready)
	}
	st.add("job.hex", "words", st.job, job.Bytes())
	st.add("pattern.hex", "patterns", st.patterns, patterns.Bytes())
	for s := range d.in {
		st.add(fmt.Sprintf("beats%d.hex", s), fmt.Sprintf("beats%d", s), st.beats[s], beats[s].Bytes())
	}
	return st
}

func (st *stimulus) add(name, arg string, n int, text []byte) {
	if n > 0 {
		st.files = append(st.files, rtlgen.File{Name: name, Text: text})
		st.args = append(st.args, fmt.Sprintf("+%s=%d", arg, n))
	}
}

// hexBeat writes a beat as one number: its fields side by side, the first lowest,
// each as its port has it.
func hexBeat(fields []field, beat []byte) string {
	total := 0
	for _, f := range fields {
		total += f.bits()
	}
	digits := make([]byte, (total+3)/4) // least significant first
	at := 0
	for _, f := range fields {
		words := make([]uint64, f.lanes)
		beat = drive.Unpack(words, beat, f.bytes)
		for _, w := range words {
			for b := range f.width {
				digits[at/4] |= byte(w>>b&1) << (at % 4)
				at++
			}
		}
	}
	out := make([]byte, len(digits))
	for i, v := range digits {
		out[len(out)-1-i] = "0123456789abcdef"[v]
	}
	return string(out)
}

// parseBeat is the reverse of hexBeat.
func parseBeat(dst []byte, fields []field, text string) ([]byte, error) {
	at := 0
	for _, f := range fields {
		words := make([]uint64, f.lanes)
		for l := range words {
			for b := range f.width {
				i := len(text) - 1 - at/4
				if i < 0 {
					return nil, fmt.Errorf("result %q is too short", text)
				}
				v, err := strconv.ParseUint(text[i:i+1], 16, 8)
				if err != nil {
					return nil, fmt.Errorf("result %q has an undefined bit in lane %d of %s", text, l, f.port)
				}
				words[l] |= v >> (at % 4) & 1 << b
				at++
			}
		}
		dst = drive.Pack(dst, words, f.bytes)
	}
	return dst, nil
}

// depth rounds the size of a memory up, so that stimulus of about the same size
// uses the same testbench.
func depth(n int) int { return max(256, 1<<bits.Len(uint(max(n, 1)-1))) }

// view is what the templates see of a stream.
type view struct {
	Index               int
	Name, Valid, Ready  string
	Fields              []fieldView
	Bits, Beats, Depth  int
	Concat              string
	ValidFile, BeatFile string
	Always              bool
	Patterns            int
}

type fieldView struct {
	Port string
	Bits int
}

func viewOf(i int, s stream) view {
	v := view{Index: i, Name: s.name, Valid: s.valid, Ready: s.ready, Bits: s.bits()}
	var names []string
	for _, f := range s.fields {
		v.Fields = append(v.Fields, fieldView{f.port, f.bits()})
		names = append([]string{f.port}, names...)
	}
	v.Concat = "{" + strings.Join(names, ", ") + "}"
	return v
}

func (d *design) views() (in []view, out view) {
	for i, s := range d.in {
		in = append(in, viewOf(i, s))
	}
	return in, viewOf(len(in), d.out)
}

// connections are the port connections of the design in a testbench whose signals
// have the names of the ports.
func (d *design) connections() []string {
	var list []string
	own := func(name string) { list = append(list, fmt.Sprintf(".%s(%s)", name, name)) }
	if d.clocked {
		own("clk_i")
		own("rst_ni")
	}
	for _, s := range append(append([]stream{}, d.in...), d.out) {
		own(s.valid)
		own(s.ready)
		for _, f := range s.fields {
			own(f.port)
		}
	}
	for _, p := range d.idle {
		list = append(list, fmt.Sprintf(".%s(%d'd0)", p.Name, p.Verilog))
	}
	for _, p := range d.status {
		list = append(list, fmt.Sprintf(".%s()", p.Name))
	}
	for i := range len(list) - 1 {
		list[i] += ","
	}
	return list
}

func (d *design) testbench(st *stimulus) ([]byte, error) {
	in, out := d.views()
	for i := range in {
		in[i].Depth = depth(st.beats[i])
	}
	return expand("icarus.v.tmpl", icarusText, map[string]any{
		"Top": d.top, "In": in, "Out": out, "Connections": d.connections(),
		"JobDepth": depth(st.job), "PatternDepth": depth(st.patterns)})
}

func expand(name, text string, data any) ([]byte, error) {
	t, err := template.New(name).Option("missingkey=error").Parse(text)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, data)
	return b.Bytes(), err
}

// readIcarus reads what the testbench printed.
func (d *design) readIcarus(text []byte, plays []drive.Play) ([]drive.Trace, error) {
	traces := make([]drive.Trace, len(plays))
	n := 0
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, len(text)+1)
	for lines.Scan() {
		line := lines.Text()
		word := strings.Fields(line)
		if len(word) < 3 || word[0] != "tpe" {
			continue
		}
		if n == len(plays) {
			return nil, fmt.Errorf("testbench: icarus printed %q after the last of %d plays", line, n)
		}
		t := &traces[n]
		switch word[1] {
		case "assertion":
			t.Failures++
		case "result":
			at, err := strconv.ParseInt(word[2], 10, 64)
			if err == nil {
				t.Results, err = parseBeat(t.Results, d.out.fields, word[len(word)-1])
			}
			if err != nil {
				return nil, fmt.Errorf("testbench: icarus, play %d: %q: %w", n, line, err)
			}
			t.At = append(t.At, at)
		case "end", "hang":
			if err := d.readEnd(t, word[2:]); err != nil {
				return nil, fmt.Errorf("testbench: icarus, play %d: %q: %w", n, line, err)
			}
			if word[1] == "hang" {
				t.Failures = 0 // as drive.MachineRunner, which stops before it counts
				return traces, &drive.HangError{Play: n, Limit: plays[n].Limit, Results: len(t.At), Wanted: plays[n].Results}
			}
			n++
		}
	}
	if n != len(plays) {
		return nil, fmt.Errorf("testbench: icarus ended %d of %d plays: %.200q", n, len(plays), text)
	}
	return traces, nil
}

func (d *design) readEnd(t *drive.Trace, word []string) error {
	if len(word) != 1+2*len(d.in) {
		return fmt.Errorf("%d numbers (expected %d)", len(word), 1+2*len(d.in))
	}
	num := make([]int64, len(word))
	for i, w := range word {
		v, err := strconv.ParseInt(w, 10, 64)
		if err != nil {
			return err
		}
		num[i] = v
	}
	t.Cycles = num[0]
	for s := range d.in {
		t.First, t.Taken = append(t.First, num[1+2*s]), append(t.Taken, num[2+2*s])
	}
	return nil
}
