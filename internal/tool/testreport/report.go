package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// event is one line of "go test -json" (see go doc test2json).
type event struct {
	Action     string
	Package    string
	ImportPath string // of build-output
	Test       string
	Elapsed    float64 // seconds
	Output     string
}

// id names a test, or with an empty test the package itself.
type id struct{ pkg, test string }

type skip struct {
	id
	reason string
}

// report is what was read so far.
type report struct {
	w              io.Writer
	output         map[id][]string // of what is not known to have passed
	passed, failed int
	failedPkgs     []string
	skips          []skip
}

func newReport(w io.Writer) *report { return &report{w: w, output: map[id][]string{}} }

// read reads the events to their end and prints each package as it ends.
func (r *report) read(in io.Reader) error {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) != nil { // not an event: go itself speaks
				fmt.Fprint(r.w, string(line))
			} else {
				r.event(e)
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (r *report) event(e event) {
	at := id{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		fmt.Fprint(r.w, e.Output)
	case "output":
		r.output[at] = append(r.output[at], e.Output)
	case "pass", "skip", "fail":
		if e.Test == "" {
			r.endPackage(e)
			return
		}
		switch e.Action {
		case "pass":
			r.passed++
			delete(r.output, at)
		case "skip":
			r.skips = append(r.skips, skip{at, reason(r.output[at])})
			delete(r.output, at)
		case "fail":
			r.failed++
		}
	}
}

// endPackage prints the line of a package and, if it failed, the output of all in it that did not pass.
func (r *report) endPackage(e event) {
	var left []id
	for at := range r.output {
		if at.pkg == e.Package {
			left = append(left, at)
		}
	}
	slices.SortFunc(left, func(a, b id) int { return strings.Compare(a.test, b.test) })
	if e.Action == "fail" {
		r.failedPkgs = append(r.failedPkgs, e.Package)
		for _, at := range left {
			fmt.Fprint(r.w, strings.Join(r.output[at], ""))
		}
	}
	for _, at := range left {
		delete(r.output, at)
	}
	word := map[string]string{"pass": "ok", "fail": "FAIL", "skip": "none"}[e.Action]
	fmt.Fprintf(r.w, "%-4s  %-40s %7.1f s\n", word, e.Package, e.Elapsed)
}

// skipRE matches where a test says that it was skipped: "    file_test.go:12: reason".
var skipRE = regexp.MustCompile(`^\s+\S+\.go:\d+: (.*)\n?$`)

// reason returns the last message that a skipped test printed.
func reason(output []string) string {
	for _, line := range slices.Backward(output) {
		if m := skipRE.FindStringSubmatch(line); m != nil && m[1] != "" {
			return m[1]
		}
	}
	return "no reason given"
}

// groups are the reasons that have a target of their own: their first word, and what they are called.
var groups = []struct{ word, title string }{
	{"deep", "left to make deep"},
	{"short", "left to make test"},
	{"data", "left to make data DATA=dir, a file of yours is needed"},
	{"tool", "not run, a tool is missing (make test installs it)"},
	{"", "not run"},
}

// summary prints the counts and every skip, and tells whether all is well.
func (r *report) summary(strict bool) bool {
	fmt.Fprintf(r.w, "\n%d tests passed, %d failed, %d skipped\n", r.passed, r.failed, len(r.skips))
	stray := 0
	for _, g := range groups {
		var lines []string
		for _, s := range r.skips {
			word, rest, _ := strings.Cut(s.reason, ": ")
			if !slices.ContainsFunc(groups, func(g struct{ word, title string }) bool { return g.word == word }) {
				word, rest = "", s.reason
			}
			if word == g.word {
				lines = append(lines, fmt.Sprintf("  %s %s: %s", s.pkg, s.test, rest))
			}
		}
		if len(lines) == 0 {
			continue
		}
		slices.Sort(lines)
		fmt.Fprintf(r.w, "%s: %d\n%s\n", g.title, len(lines), strings.Join(lines, "\n"))
		if g.word == "tool" || g.word == "" {
			stray += len(lines)
		}
	}
	if len(r.failedPkgs) > 0 {
		slices.Sort(r.failedPkgs)
		fmt.Fprintf(r.w, "FAIL: %s\n", strings.Join(r.failedPkgs, " "))
	}
	if r.passed+r.failed == 0 {
		fmt.Fprintln(r.w, "FAIL: no test ran")
	}
	if strict && stray > 0 {
		fmt.Fprintf(r.w, "FAIL: %d skipped tests that no other target runs\n", stray)
	}
	return len(r.failedPkgs) == 0 && r.passed+r.failed > 0 && (!strict || stray == 0)
}
