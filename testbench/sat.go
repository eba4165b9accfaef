package testbench

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"tpe/internal/tool"
	"tpe/testbench/aig"
)

// Verdict is the answer of [Equivalent].
type Verdict struct {
	Equal  bool
	Detail string // why not
	CPU    time.Duration
}

// Equivalent proves two graphs without latches equal for all inputs, or not, with the
// SAT sweeping of ABC, which Yosys brings along. got and want must have the same
// inputs and outputs. It is quick at sums that are grouped differently; multipliers
// that are built differently are for [aig.Equal]. A missing ABC is a *[tool.Missing].
func Equivalent(ctx context.Context, got, want *aig.Graph) (Verdict, error) {
	return cec(ctx, "&r got.aig; &cec want.aig", got, want)
}

// sweepGates is the script for two graphs of which one was made from the other, as by
// synthesis. It is slow at adders; the one of Equivalent is the other way round.
const sweepGates = "cec got.aig want.aig"

// cec compares two graphs by a script of ABC.
func cec(ctx context.Context, script string, got, want *aig.Graph) (Verdict, error) {
	abc, err := findABC()
	if err != nil {
		return Verdict{}, err
	}
	if want, err = want.Align(got); err != nil {
		return Verdict{}, err
	}
	dir, err := os.MkdirTemp("", "tpe-cec-*")
	if err != nil {
		return Verdict{}, err
	}
	defer os.RemoveAll(dir)
	for name, g := range map[string]*aig.Graph{"got.aig": got, "want.aig": want} {
		var b bytes.Buffer
		if err := nameless(g).Write(&b); err != nil {
			return Verdict{}, err
		}
		if err := os.WriteFile(filepath.Join(dir, name), b.Bytes(), 0o644); err != nil {
			return Verdict{}, err
		}
	}
	text, err := tool.Run(ctx, dir, abc, "-c", script+"; time")
	if err != nil {
		return Verdict{}, err
	}
	v := Verdict{CPU: seconds(abcTime.FindSubmatch(text))}
	switch {
	case bytes.Contains(text, []byte("Networks are NOT EQUIVALENT")):
		v.Detail = "cec: they differ for some input"
	case bytes.Contains(text, []byte("Networks are equivalent")):
		v.Equal = true
	default:
		v.Detail = fmt.Sprintf("cec: no verdict: %.300q", text)
	}
	return v, nil
}

// nameless returns a graph for ABC, which would match names in its own way: inputs
// and outputs are in order, and are numbered.
func nameless(g *aig.Graph) *aig.Graph {
	out := &aig.Graph{Ands: g.Ands}
	for i := range g.Inputs {
		out.Inputs = append(out.Inputs, fmt.Sprintf("i%d", i))
	}
	for i, o := range g.Outputs {
		out.Outputs = append(out.Outputs, aig.Output{Name: fmt.Sprintf("o%d", i), Lit: o.Lit})
	}
	return out
}

var abcTime = regexp.MustCompile(`total: *([0-9.]+) seconds`)

// seconds adds up what a pattern has found.
func seconds(match [][]byte) time.Duration {
	var sum float64
	for _, m := range match[min(1, len(match)):] {
		v, err := strconv.ParseFloat(string(m), 64)
		if err == nil {
			sum += v
		}
	}
	return time.Duration(sum * float64(time.Second))
}

// findABC looks for the program by the names that distributions give it.
func findABC() (string, error) {
	for _, name := range []string{"yosys-abc", "berkeley-abc", "abc"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", &tool.Missing{Name: "abc", Package: "berkeley-abc", Reason: "yosys-abc, berkeley-abc or abc not found in $PATH"}
}
