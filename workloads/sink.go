package workloads

import (
	"cmp"
	"fmt"
	"slices"
)

// Account says what an importer met in one file. Units are what the format
// counts: rows, lines, operators, nodes, layers or tensors. Always
// Read = Taken + the sum of Skipped.
type Account struct {
	// File is the path as it was given, Format the name of the format.
	File   string `json:"file"`
	Format string `json:"format"`
	// Unit names what is counted, in the plural.
	Unit string `json:"unit"`
	// Read counts all units, Taken those that gave at least one record.
	Read  int64 `json:"read"`
	Taken int64 `json:"taken"`
	// Records counts the records, which may be more than Taken (an attention
	// operator gives two) or fewer (equal ones merged). MACs is their work, and
	// saturates at the largest int64.
	Records int64 `json:"records"`
	MACs    int64 `json:"macs"`
	// Skipped lists why units were left out, the most frequent reason first.
	Skipped []Skipped `json:"skipped"`
	// Warnings are remarks that a user should see, one sentence each.
	Warnings []string `json:"warnings,omitempty"`
}

// Skipped is one reason for which units were left out.
type Skipped struct {
	Reason string `json:"reason"`
	Count  int64  `json:"count"`
	// Names are the kinds of units, the most frequent first: at most
	// [maxSkippedNames], and Others counts the units of all further names.
	Names  []NameCount `json:"names,omitempty"`
	Others int64       `json:"others,omitempty"`
}

// NameCount is a name and how often it occurred.
type NameCount struct {
	Name  string `json:"name"`
	Count int64  `json:"count"`
}

// Bounds of what an account holds, whatever the file.
const (
	maxSkipReasons  = 64
	maxSkippedNames = 12
	maxNamesKept    = 1024 // different names of one reason that are told apart
	maxWarnings     = 50
	maxNameLength   = 120
)

// Pos is a place in a file: a line and byte column, or for files without lines a
// text such as "node conv1" or "byte 132". All of it may be empty.
type Pos struct {
	Line, Col int
	Where     string
}

// Sink takes the records of an importer one at a time, in the order of the
// source, and keeps the account. Its memory does not grow with the number of
// records. Faults are collected, so that a reader can report all of them.
type Sink struct {
	account Account
	put     func(GEMM) error
	faults  problems
	skipped map[string]*skipping
	macs    uint64
	stopped error // of put

	keepSource bool // an empty source stays empty
}

type skipping struct {
	count int64
	names map[string]int64
	other int64
}

// NewSink returns a sink that hands every record to put. Sources of records and
// faults are named after the file.
func NewSink(file, format, unit string, put func(GEMM) error) *Sink {
	return &Sink{
		account: Account{File: file, Format: format, Unit: unit},
		put:     put, faults: problems{file: file}, skipped: make(map[string]*skipping),
	}
}

// File returns the name that the sink was made with.
func (s *Sink) File() string { return s.account.File }

// Take counts one unit as taken and hands on its records. It sets an empty
// Source to the position. A record that is not valid is a fault at pos.
// It returns an error only when the receiver of the records failed.
func (s *Sink) Take(pos Pos, records ...GEMM) error {
	if s.stopped != nil {
		return s.stopped
	}
	for i := range records {
		if err := records[i].Validate(); err != nil {
			s.FaultAt(pos, err.Error(), records[i].Name, "a valid layer")
			return nil
		}
	}
	s.account.Read++
	s.account.Taken++
	for _, g := range records {
		if g.Source == "" && !s.keepSource {
			g.Source = s.source(pos)
		}
		s.account.Records++
		s.macs = min(s.macs+uint64(g.MACs()), 1<<63-1)
		if err := s.put(g); err != nil {
			s.stopped = err
			return err
		}
	}
	return nil
}

func (s *Sink) source(pos Pos) string {
	text := s.account.File
	switch {
	case pos.Line > 0:
		text += fmt.Sprintf(":%d", pos.Line)
	case pos.Where != "":
		text += ": " + plain(pos.Where)
	}
	return plain(text)
}

// Skip counts one unit as left out. The reason is one of a few constant texts,
// name the kind of unit ("aten::view"), or empty.
func (s *Sink) Skip(reason, name string) { s.SkipMany(reason, name, 1) }

// SkipMany counts n units as left out.
func (s *Sink) SkipMany(reason, name string, n int64) {
	if n <= 0 {
		return
	}
	s.account.Read += n
	k := s.skipped[reason]
	if k == nil {
		if len(s.skipped) >= maxSkipReasons {
			reason = "other reasons"
		}
		if k = s.skipped[reason]; k == nil {
			k = &skipping{names: make(map[string]int64)}
			s.skipped[reason] = k
		}
	}
	k.count += n
	if name == "" {
		return
	}
	name = plain(name)
	if _, known := k.names[name]; known || len(k.names) < maxNamesKept {
		k.names[name] += n
	} else {
		k.other += n
	}
}

// Warn adds one sentence for the user, once.
func (s *Sink) Warn(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if len(s.account.Warnings) < maxWarnings && !slices.Contains(s.account.Warnings, text) {
		s.account.Warnings = append(s.account.Warnings, text)
	}
}

// Fault reports one problem of the file.
func (s *Sink) Fault(line, col int, what, value, want string) {
	s.faults.add(line, col, what, value, want)
}

// FaultAt reports one problem at a position.
func (s *Sink) FaultAt(pos Pos, what, value, want string) {
	s.faults.addAt(pos, what, value, want)
}

// Faults returns how many problems were reported so far.
func (s *Sink) Faults() int { return len(s.faults.errs) + s.faults.more }

// Full reports whether more faults were found than are kept, so that reading on
// has no use.
func (s *Sink) Full() bool { return s.faults.more > 0 }

// Err returns the faults, or the error of the receiver, or nil.
func (s *Sink) Err() error {
	if err := s.faults.err(); err != nil {
		return err
	}
	return s.stopped
}

// Account returns the account so far.
func (s *Sink) Account() Account {
	a := s.account
	a.MACs = int64(s.macs)
	a.Warnings = slices.Clone(a.Warnings)
	a.Skipped = []Skipped{}
	for reason, k := range s.skipped {
		x := Skipped{Reason: reason, Count: k.count, Others: k.other}
		for name, n := range k.names {
			x.Names = append(x.Names, NameCount{name, n})
		}
		slices.SortFunc(x.Names, func(a, b NameCount) int {
			return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Name, b.Name))
		})
		for len(x.Names) > maxSkippedNames {
			last := len(x.Names) - 1
			x.Others += x.Names[last].Count
			x.Names = x.Names[:last]
		}
		a.Skipped = append(a.Skipped, x)
	}
	slices.SortFunc(a.Skipped, func(a, b Skipped) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Reason, b.Reason))
	})
	return a
}

// plain makes text printable and cuts it to a bounded length.
func plain(s string) string {
	if len(s) > maxNameLength {
		s = s[:maxNameLength-3] + "..."
	}
	if printable(s) {
		return s
	}
	quoted := fmt.Sprintf("%q", s)
	return quoted[1 : len(quoted)-1]
}

// PlainName makes a text from a file fit for [GEMM.Name] and messages: it
// escapes what does not print and cuts what is longer than 120 bytes.
func PlainName(s string) string { return plain(s) }
