package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"tpe/internal/wholefile"
	"tpe/workloads"
	"tpe/workloads/importer"
)

// importFlags say how a workload file is read.
type importFlags struct {
	Format    string         `placeholder:"F" help:"Format of a workload file; told by content otherwise (tpe list formats lists number formats, docs/import.md these)."`
	Dim       map[string]int `placeholder:"NAME=N" help:"Size that a workload file leaves open: a symbolic dimension of ONNX, or batch, seq, kv, tokens; may be repeated."`
	Phase     string         `placeholder:"P" help:"prefill or decode, where a file stands for both."`
	Attention string         `placeholder:"A" help:"full or causal: how much of a causal score matrix of a workload file counts (full)."`
	Merge     bool           `help:"Join records of a workload file that differ in name only."`
	Strict    bool           `name:"strict-scalesim" help:"Read SCALE-Sim files exactly as the original does."`
	SkipRows  bool           `name:"skip-bad-rows" help:"Leave out rows of SCALE-Sim files that cannot be read, with a warning."`
}

func (f importFlags) options() importer.Options {
	return importer.Options{
		ImportOptions: workloads.ImportOptions{
			Dims: f.Dim, Phase: f.Phase, Attention: f.Attention,
			SCALESim: workloads.SCALESimOptions{Strict: f.Strict, SkipBadRows: f.SkipRows},
		},
		Format: f.Format, Merge: f.Merge,
	}
}

// isWorkloadFile tells a path from the name of a built-in workload.
func isWorkloadFile(spec string) bool {
	if _, err := os.Stat(spec); err == nil {
		return true
	}
	switch strings.ToLower(filepath.Ext(spec)) {
	case ".csv", ".json", ".gz", ".onnx", ".tflite", ".yaml", ".yml", ".log", ".txt", ".et", ".safetensors", ".gguf":
		return true
	}
	return false
}

type importCmd struct {
	File string `arg:"" placeholder:"FILE" help:"A workload file of any format that docs/import.md lists."`
	Out  string `short:"o" placeholder:"OUT" help:"Write the records there as one CSV table, which every command reads."`
	importFlags
	JSON toFile `name:"json" help:"Print the account as JSON; --json=FILE writes it to a file."`
}

// Run implements the command.
func (c *importCmd) Run(e *env) error {
	put := func(workloads.GEMM) error { return nil }
	finish := func(err error) error { return err }
	if c.Out != "" {
		var err error
		if put, finish, err = csvFile(c.Out); err != nil {
			return err
		}
	}
	seen := 0
	account, err := importer.Import(c.File, c.options(), func(g workloads.GEMM) error {
		if seen++; seen%4096 == 0 {
			if err := e.ctx.Err(); err != nil {
				return fmt.Errorf("interrupted after %d records: %w", seen, err)
			}
			e.progress("%d records", seen)
		}
		return put(g)
	})
	e.progressDone()
	if err = finish(err); err != nil {
		return err
	}
	for _, w := range account.Warnings {
		fmt.Fprintf(e.err, "tpe: warning: %s\n", w)
	}
	out := outputFlags{JSON: c.JSON}
	report := struct {
		workloads.Account
		Out string `json:"out,omitempty"`
	}{account, c.Out}
	return out.emit(e, report, nil, func(w io.Writer) error { return accountTable(w, account, c.Out) })
}

// csvFile writes records into a table that appears under its name when it is
// whole. finish ends it, or removes it on an error.
func csvFile(path string) (put func(workloads.GEMM) error, finish func(error) error, err error) {
	f, err := wholefile.Create(path, 0o644)
	if err != nil {
		return nil, nil, err
	}
	table := workloads.NewCSVWriter(f)
	finish = func(err error) error {
		if err != nil { // of what was read, not of writing
			_ = f.Finish(err)
			return err
		}
		return f.Finish(table.Flush())
	}
	return table.Write, finish, nil
}

// accountTable prints what was read, taken and skipped.
func accountTable(w io.Writer, a workloads.Account, out string) error {
	fmt.Fprintf(w, "%s: format %s\n", a.File, a.Format)
	var t table
	t.add("", ">"+a.Unit, "")
	t.add("read", count(a.Read), "")
	t.add("taken", count(a.Taken), fmt.Sprintf("as %s records, %s MAC", count(a.Records), count(a.MACs)))
	for _, s := range a.Skipped {
		var names []string
		for _, n := range s.Names[:min(5, len(s.Names))] {
			names = append(names, fmt.Sprintf("%s %s", count(n.Count), n.Name))
		}
		rest := s.Others
		for _, n := range s.Names[len(names):] {
			rest += n.Count
		}
		if rest > 0 {
			names = append(names, count(rest)+" others")
		}
		t.add("skipped", count(s.Count), s.Reason+listOf(names))
	}
	if err := t.write(w); err != nil {
		return err
	}
	if out != "" {
		_, err := fmt.Fprintf(w, "written to %s\n", out)
		return err
	}
	return nil
}

func listOf(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return ": " + strings.Join(names, ", ")
}
