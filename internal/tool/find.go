package tool

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"
)

// Names that [Find] knows.
const (
	Verilator = "verilator"
	Yosys     = "yosys"
	Icarus    = "iverilog" // the compiler of Icarus Verilog
	VVP       = "vvp"      // the run time of Icarus Verilog
	Clang     = "clang"    // $TPE_CLANG, else clang-14, else clang
	STA       = "sta"      // OpenSTA
	GXX       = "g++"
	Make      = "make"
	OSU018    = "osu018" // not a program: the Liberty file of the OSU 0.18 um library, $TPE_OSU018 or Debian's
	Chromium  = "chromium"
	Slurmctld = "slurmctld"
	Slurmd    = "slurmd"
	Fashion   = "fashion-mnist" // not a program: the training images of Fashion-MNIST, $TPE_FASHION or Debian's, with the other files beside
)

// Tool is one external program (or library file) as found on this machine.
type Tool struct {
	Name    string // the name given to Find
	Path    string // what to run (or read)
	Version string // as the program states it: "5.006"; for a file the first 12 hex digits of its SHA-256
}

// Missing is the error of [Find] for a tool that cannot be used.
type Missing struct {
	Name    string // the name given to Find
	Package string // the Debian package that has it, "" for a name that Find does not know
	Reason  string // what was tried
}

func (m *Missing) Error() string {
	if m.Package == "" {
		return fmt.Sprintf("%s is missing: %s", m.Name, m.Reason)
	}
	return fmt.Sprintf("%s is missing: %s (Debian package %s)", m.Name, m.Reason, m.Package)
}

// entry says where a tool may be and how it tells its version.
type entry struct {
	env     string   // variable that names the only candidate, "" if there is none
	names   []string // candidates in order: program names, or one file
	pkg     string   // Debian package
	version []string // arguments that print the version; nil for a file
}

// lookup returns the entry of a tool.
func lookup(name string) (entry, bool) {
	switch name {
	case Verilator:
		return entry{"", []string{"verilator"}, "verilator", []string{"--version"}}, true
	case Yosys:
		return entry{"", []string{"yosys"}, "yosys", []string{"-V"}}, true
	case Icarus:
		return entry{"", []string{"iverilog"}, "iverilog", []string{"-V"}}, true
	case VVP:
		return entry{"", []string{"vvp"}, "iverilog", []string{"-V"}}, true
	case Clang:
		return entry{"TPE_CLANG", []string{"clang-14", "clang"}, "clang-14", []string{"--version"}}, true
	case STA:
		return entry{"", []string{"sta"}, "opensta", []string{"-version"}}, true
	case GXX:
		return entry{"", []string{"g++"}, "g++", []string{"--version"}}, true
	case Make:
		return entry{"", []string{"make"}, "make", []string{"--version"}}, true
	case Chromium:
		return entry{"TPE_CHROMIUM", []string{"chromium", "chromium-browser", "google-chrome"}, "chromium", []string{"--version"}}, true
	case Slurmctld, Slurmd:
		return entry{"", []string{name, "/usr/sbin/" + name}, "slurm-wlm", []string{"-V"}}, true
	case OSU018:
		return entry{"TPE_OSU018", []string{"/usr/share/qflow/tech/osu018/osu018_stdcells.lib"}, "qflow-tech-osu018", nil}, true
	case Fashion:
		return entry{"TPE_FASHION", []string{"/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz"}, "dataset-fashion-mnist", nil}, true
	}
	return entry{}, false
}

// versionRE matches the first word of a version line that looks like a version: "5.006", "0.23", "14.0.6", "4.3".
var versionRE = regexp.MustCompile(`\b[0-9]+(\.[0-9]+)+\b`)

// versionTimeout bounds the run that asks a tool for its version.
const versionTimeout = 30 * time.Second

// Find looks for a tool and runs it once to learn its version (tens of milliseconds: keep the result). The error is
// always a *[Missing].
func Find(name string) (Tool, error) {
	e, ok := lookup(name)
	if !ok {
		return Tool{}, &Missing{Name: name, Reason: "not a tool that this program knows"}
	}
	candidates, where := e.names, "$PATH"
	if v := os.Getenv(e.env); e.env != "" && v != "" {
		candidates, where = []string{v}, "$"+e.env
	}
	if e.version == nil {
		return findFile(name, e, candidates[0])
	}
	for _, c := range candidates {
		path, err := exec.LookPath(c)
		if err != nil {
			continue
		}
		version, err := askVersion(path, e.version)
		if err != nil {
			return Tool{}, &Missing{name, e.pkg, err.Error()}
		}
		return Tool{name, path, version}, nil
	}
	return Tool{}, &Missing{name, e.pkg, fmt.Sprintf("%s not found in %s", strings.Join(candidates, " or "), where)}
}

func findFile(name string, e entry, path string) (Tool, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Tool{}, &Missing{name, e.pkg, err.Error()}
	}
	return Tool{name, path, fmt.Sprintf("%x", sha256.Sum256(text))[:12]}, nil
}

// askVersion runs path with args and takes the first version number that it prints, wherever it prints it (vvp uses the
// error output) and whatever its exit status.
func askVersion(path string, args []string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), versionTimeout)
	defer cancel()
	stdout, stderr, err := run(ctx, "", append([]string{path}, args...))
	text := string(stdout) + stderr
	if v := versionRE.FindString(text); v != "" {
		return v, nil
	}
	if err == nil {
		err = fmt.Errorf("%s %s prints no version: %.80q", path, strings.Join(args, " "), text)
	}
	return "", err
}

// Run runs the tool in dir with args; see the function [Run].
func (t Tool) Run(ctx context.Context, dir string, args ...string) ([]byte, error) {
	return Run(ctx, dir, append([]string{t.Path}, args...)...)
}

// String returns "verilator 5.006".
func (t Tool) String() string { return t.Name + " " + t.Version }
