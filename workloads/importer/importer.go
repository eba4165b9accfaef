// Package importer opens workload files of every kind that the project reads,
// tells the kind by content, and turns them into records.
//
// [Import] streams the records of a file to a receiver, [Load] holds them in
// memory. Both return the account of what was read, taken and skipped. [Formats]
// lists the kinds.
package importer

import (
	"fmt"
	"io"
	"strings"

	"tpe/workloads"
)

// Options control [Import] and [Load].
type Options struct {
	workloads.ImportOptions
	// Format is the name of a format, or empty to tell it by content.
	Format string
	// Merge joins records that differ in name and source only: their counts are
	// added, in the place of the first.
	Merge bool
}

// Format is one kind of file.
type Format struct {
	// Name is what --format takes, About one line for a table.
	Name, About string
	// Unit is what the account counts, in the plural.
	Unit string
	// Dims says which sizes opt.Dims may bind, or is empty.
	Dims   string
	detect func(*head) bool
	read   func(*input, Options, *workloads.Sink) error
}

// Find returns the format of the given name.
func Find(name string) (Format, error) {
	var names []string
	for _, f := range Formats() {
		if f.Name == name {
			return f, nil
		}
		names = append(names, f.Name)
	}
	return Format{}, fmt.Errorf("unknown format: %q (expected one of %s)", name, strings.Join(names, ", "))
}

// Import reads a file and hands its records to put, one at a time and in the
// order of the file. A path that ends in .gz is not special: compressed files are
// told by content. An error of the file names file and place; the account is then
// what was met so far.
func Import(path string, opt Options, put func(workloads.GEMM) error) (workloads.Account, error) {
	in, err := open(path)
	if err != nil {
		return workloads.Account{File: path}, err
	}
	defer in.close()
	return in.run(opt, put)
}

// ImportReader is [Import] of what r gives; name stands for the path.
func ImportReader(r io.Reader, name string, opt Options, put func(workloads.GEMM) error) (workloads.Account, error) {
	in, err := newInput(name, r)
	if err != nil {
		return workloads.Account{File: name}, err
	}
	return in.run(opt, put)
}

// Load reads a file of at most some million records into memory.
func Load(path string, opt Options) (workloads.Workload, workloads.Account, error) {
	w := workloads.Workload{Name: workloads.BaseName(path)}
	a, err := Import(path, opt, w.Append)
	if err != nil {
		return workloads.Workload{}, a, err
	}
	w.Warnings = a.Warnings
	return w, a, nil
}

func (in *input) run(opt Options, put func(workloads.GEMM) error) (workloads.Account, error) {
	if err := opt.validate(); err != nil {
		return workloads.Account{File: in.name}, err
	}
	format, err := in.format(opt)
	if err != nil {
		return workloads.Account{File: in.name}, err
	}
	m := merger{put: put}
	if opt.Merge {
		put = m.add
	}
	s := workloads.NewSink(in.name, format.Name, format.Unit, put)
	err = format.read(in, opt, s)
	if err == nil {
		err = s.Err()
	}
	if err == nil && s.Account().Records == 0 {
		err = nothing(s.Account())
	}
	if err == nil && opt.Merge {
		err = m.flush()
	}
	a := s.Account()
	if opt.Merge {
		a.Records = int64(len(m.rows))
	}
	return a, err
}

func (opt Options) validate() error {
	if opt.Phase != "" && opt.Phase != "prefill" && opt.Phase != "decode" {
		return fmt.Errorf("unknown phase: %q (expected prefill or decode)", opt.Phase)
	}
	if opt.Attention != "" && opt.Attention != "full" && opt.Attention != "causal" {
		return fmt.Errorf("unknown attention: %q (expected full or causal)", opt.Attention)
	}
	for name, v := range opt.Dims {
		if v < 1 || v > 1<<31-1 {
			return fmt.Errorf("dimension %s is out of range: %d (expected 1 to 2147483647)", name, v)
		}
	}
	return nil
}

// format is the one asked for or the one of the content.
func (in *input) format(opt Options) (Format, error) {
	if opt.Format != "" {
		return Find(opt.Format)
	}
	if opt.SCALESim.Strict || opt.SCALESim.Kind != "" {
		return Find("scalesim")
	}
	var names []string
	h := in.head()
	for _, f := range Formats() {
		if f.detect(h) {
			return f, nil
		}
		names = append(names, f.Name)
	}
	if hint := h.hint(); hint != "" {
		return Format{}, fmt.Errorf("%s: %s", in.name, hint)
	}
	return Format{}, fmt.Errorf("%s: file is of no known format (expected one of %s; --format names one)", in.name, strings.Join(names, ", "))
}

// nothing is the error of a file without any record, with what was there instead.
func nothing(a workloads.Account) error {
	var why []string
	for _, s := range a.Skipped {
		text := fmt.Sprintf("%d %s", s.Count, s.Reason)
		if len(s.Names) > 0 {
			text += " (" + s.Names[0].Name + ")"
		}
		why = append(why, text)
		if len(why) == 3 {
			break
		}
	}
	text := fmt.Sprintf("%s: no matrix product among %d %s", a.File, a.Read, a.Unit)
	if len(why) > 0 {
		text += ": " + strings.Join(why, "; ")
	}
	return fmt.Errorf("%s (expected at least one)", text)
}

// merger joins equal records.
type merger struct {
	put  func(workloads.GEMM) error
	at   map[workloads.GEMM]int
	rows []workloads.GEMM
}

// maxMerged bounds the different records that are held.
const maxMerged = 1 << 22

func (m *merger) add(g workloads.GEMM) error {
	key := g
	key.Name, key.Source, key.Count = "", "", 0
	if i, ok := m.at[key]; ok {
		m.rows[i].Count += g.Count
		return nil
	}
	if m.at == nil {
		m.at = make(map[workloads.GEMM]int)
	}
	if len(m.rows) >= maxMerged {
		return fmt.Errorf("too many different records to merge: more than %d (expected fewer)", maxMerged)
	}
	m.at[key] = len(m.rows)
	m.rows = append(m.rows, g)
	return nil
}

func (m *merger) flush() error {
	for _, g := range m.rows {
		if err := g.Validate(); err != nil {
			return fmt.Errorf("merged record: %w", err)
		}
		if err := m.put(g); err != nil {
			return err
		}
	}
	return nil
}
