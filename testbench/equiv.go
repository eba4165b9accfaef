package testbench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"tpe/hw"
	"tpe/internal/tool"
	"tpe/rtlgen"
	"tpe/testbench/aig"
)

// Proof is the outcome of a proof that the gates of a module do what its Verilog
// says.
type Proof struct {
	Module string
	// Method is how it was decided: MethodExhaustive and MethodCEC compare one
	// step, with flip-flops matched by name, over all inputs and states;
	// MethodInduction proves that no reachable state differs.
	Method string
	Proved bool
	Detail string // why not, or what the method before it did not manage
	Inputs int    // bits of input and state of one step
	Flops  int    // of the Verilog
	// CPU is the processor time of the deciding proof, without synthesis.
	CPU time.Duration
}

// The methods of a proof.
const (
	MethodExhaustive = "exhaustive"   // all patterns, by testbench/aig
	MethodCEC        = "cec"          // ABC, combinational equivalence
	MethodInduction  = "equiv_induct" // Yosys, sequential equivalence
	exhaustiveInputs = 22             // up to here all patterns are quicker than a process
)

// Leaves lists the modules below a module, or itself, that hold no others.
func Leaves(top *hw.Module) []*hw.Module {
	return slices.DeleteFunc(top.Modules(), func(m *hw.Module) bool { return len(m.Insts) > 0 })
}

// ProveNetlist synthesises a module with a Liberty file (OSU018 if liberty is
// empty) and proves the gates equal to the Verilog. A module that is not equal is
// no error but a Proof that says so. A missing tool is a *[tool.Missing].
func ProveNetlist(ctx context.Context, m *hw.Module, liberty string) (*Proof, error) {
	return proveNetlist(ctx, m, liberty, nil)
}

// proveNetlist lets a test change the netlist.
func proveNetlist(ctx context.Context, m *hw.Module, liberty string, change func(netlist []byte) []byte) (*Proof, error) {
	yosys, err := tool.Find(tool.Yosys)
	if err != nil {
		return nil, err
	}
	if liberty == "" {
		lib, err := tool.Find(tool.OSU018)
		if err != nil {
			return nil, err
		}
		liberty = lib.Path
	}
	out, err := rtlgen.Emit(m, rtlgen.Options{})
	if err != nil {
		return nil, err
	}
	d := &design{top: out.Top, clocked: out.Clocked, files: out.Files}
	gates, _, err := synthesize(ctx, yosys, d, liberty, true)
	if err != nil {
		return nil, err
	}
	if change != nil {
		gates[0].Text = change(gates[0].Text)
	}
	dir, err := os.MkdirTemp("", "tpe-equiv-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	p := &prover{yosys: yosys, dir: dir, d: d, proof: &Proof{Module: out.Top}}
	if err := writeFiles(dir, slices.Concat(d.files, gates)); err != nil {
		return nil, err
	}
	if err := p.prove(ctx, gates); err != nil {
		return nil, fmt.Errorf("testbench: proof of %s: %w", out.Top, err)
	}
	return p.proof, nil
}

type prover struct {
	yosys tool.Tool
	dir   string
	d     *design
	proof *Proof
}

// prove tries one step first and falls back on induction when the flip-flops of
// the two sides do not match, or match but differ (synthesis may store a
// complement).
func (p *prover) prove(ctx context.Context, gates []rtlgen.File) error {
	gold, err := p.gold(ctx)
	if err != nil {
		return err
	}
	gate, _, err := graph(ctx, p.yosys, p.d.top, gates)
	if err != nil {
		return err
	}
	p.proof.Flops = len(gold.Latches)
	p.proof.Inputs = len(gold.Inputs) + len(gold.Latches)
	aligned, err := alignLatches(gold, gate)
	if err != nil {
		p.proof.Detail = err.Error()
		return p.induct(ctx)
	}
	if err := p.step(ctx, gold.Cut(), aligned); err != nil || p.proof.Proved || len(gold.Latches) == 0 {
		return err
	}
	return p.induct(ctx)
}

// goldScript reads the Verilog without optimising it.
func (p *prover) goldScript() string {
	var b strings.Builder
	for _, name := range p.d.fileNames() {
		fmt.Fprintf(&b, "read_verilog %s\n", name)
	}
	fmt.Fprintf(&b, "hierarchy -check -top %s\nproc\nflatten\nmemory_collect\nmemory_map\nopt_clean\n", p.d.top)
	return b.String()
}

// gold makes the graph of the Verilog. Yosys simplifies it at the level of words
// ("opt") and expands operators into gates, as it did at the start of the
// synthesis: flip-flops that are constant or unused disappear from both sides, and
// multipliers get the same rows and widths, without which no solver compares them. So the
// proof is one of all that follows: logic optimisation and mapping to cells.
//
// A part select with a variable start reads x past the end of its word, which Yosys cannot
// see to be out of reach. It is 0 here, so a netlist that differs where it is within reach is
// not proved.
func (p *prover) gold(ctx context.Context) (*aig.Graph, error) {
	if _, err := p.script(ctx, "gold.ys", p.goldScript()+"opt\nwreduce\npeepopt\nopt_clean\nalumacc\ntechmap\nopt\ndffunmap\nsimplemap\nsetundef -zero\naigmap\nopt_clean\nwrite_aiger -symbols gold.aig\n"); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(p.dir, "gold.aig"))
	if err != nil {
		return nil, err
	}
	return aig.Read(text)
}

func (p *prover) script(ctx context.Context, name, text string) ([]byte, error) {
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o644); err != nil {
		return nil, err
	}
	return p.yosys.Run(ctx, p.dir, "-s", name)
}

// alignLatches gives the latches of gate the names of those of gold, and returns
// one step of it with the inputs and outputs of one step of gold. Yosys lists all
// names of a latch in its symbol; one in common is enough.
func alignLatches(gold, gate *aig.Graph) (*aig.Graph, error) {
	of := map[string]int{}
	for i, l := range gate.Latches {
		for _, name := range strings.Fields(l.Name) {
			of[name] = i
		}
	}
	named := *gate
	named.Latches = slices.Clone(gate.Latches)
	used := make([]bool, len(gate.Latches))
	for _, l := range gold.Latches {
		at := -1
		for _, name := range strings.Fields(l.Name) {
			if i, ok := of[name]; ok {
				at = i
			}
		}
		if at < 0 || used[at] {
			return nil, fmt.Errorf("flip-flop %s has none of its own in the netlist", strings.Fields(l.Name + " ?")[0])
		}
		named.Latches[at].Name, used[at] = l.Name, true
	}
	return named.Cut().Align(gold.Cut())
}

// step compares one step of the two sides.
func (p *prover) step(ctx context.Context, gold, gate *aig.Graph) error {
	if len(gold.Inputs) <= exhaustiveInputs {
		p.proof.Method = MethodExhaustive
		r, err := aig.Equal(ctx, gate, gold, aig.Options{Workers: 1})
		if err != nil {
			return err
		}
		p.proof.Proved, p.proof.CPU = r.Mismatch == nil, r.Elapsed
		if r.Mismatch != nil {
			p.proof.Detail = r.Mismatch.Error()
		}
		return nil
	}
	p.proof.Method = MethodCEC
	v, err := cec(ctx, sweepGates, gate, gold)
	if err != nil {
		return err
	}
	p.proof.Proved, p.proof.Detail, p.proof.CPU = v.Equal, v.Detail, v.CPU
	return nil
}

var yosysTime = regexp.MustCompile(`CPU: user ([0-9.]+)s system ([0-9.]+)s`)

// induct is the sequential proof of Yosys.
func (p *prover) induct(ctx context.Context) error {
	p.proof.Method = MethodInduction
	text, err := p.script(ctx, "induct.ys", p.goldScript()+fmt.Sprintf(`rename %[1]s gold
design -stash gold
read_verilog %[2]s %[3]s
hierarchy -check -top %[1]s
proc
flatten
opt_clean
rename %[1]s gate
design -stash gate
design -copy-from gold -as gold gold
design -copy-from gate -as gate gate
equiv_make gold gate equiv
hierarchy -top equiv
opt -full
equiv_simple -short
equiv_induct
equiv_status -assert
`, p.d.top, netlistName, cellsName))
	p.proof.CPU = seconds(yosysTime.FindSubmatch(text))
	var failed *exec.ExitError
	if errors.As(err, &failed) && ctx.Err() == nil {
		p.proof.Detail = strings.TrimPrefix(p.proof.Detail+"; "+lastError(text), "; ")
		return nil
	}
	p.proof.Proved = err == nil
	return err
}

// lastError is the last line of a log that tells of an error or of what is not
// proved.
func lastError(text []byte) string {
	lines := strings.Split(string(text), "\n")
	for _, line := range slices.Backward(lines) {
		if strings.Contains(line, "unproven") || strings.Contains(line, "ERROR") {
			return strings.TrimSpace(line)
		}
	}
	return fmt.Sprintf("yosys stopped after %d lines", len(lines))
}
