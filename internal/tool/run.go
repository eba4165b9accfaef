package tool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// DefaultTimeout ends a run whose context has no deadline.
const DefaultTimeout = 30 * time.Minute

// tailBytes is how much of the end of the error output a RunError keeps.
const tailBytes = 4096

// waitDelay is how long a run waits for left-over children that hold its output open.
const waitDelay = 2 * time.Second

// RunError is the error of a program that could not start, failed, or was killed.
type RunError struct {
	Dir    string   // where it ran, "" for the current folder
	Argv   []string // what ran
	Stderr string   // the end of its error output (of its normal output when it wrote no errors)
	Err    error    // *exec.ExitError, the cause of the context, or why it did not start
}

func (e *RunError) Error() string {
	var b strings.Builder
	if e.Dir != "" {
		fmt.Fprintf(&b, "cd %s && ", quote(e.Dir))
	}
	for i, a := range e.Argv {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(quote(a))
	}
	fmt.Fprintf(&b, ": %v", e.Err)
	if s := strings.TrimSpace(e.Stderr); s != "" {
		fmt.Fprintf(&b, "\n%s", s)
	}
	return b.String()
}

func (e *RunError) Unwrap() error { return e.Err }

// Run runs argv in dir ("" is the current folder) with no standard input and the C locale, and returns what it wrote to
// its standard output. When ctx ends, or after [DefaultTimeout] if ctx has no deadline, the program and all that it
// started (its process group) are killed. An error is a *[RunError] and holds the command line, fit to be pasted into a
// shell, and the end of the error output; the output so far is returned beside it.
func Run(ctx context.Context, dir string, argv ...string) ([]byte, error) {
	out, _, err := run(ctx, dir, argv)
	return out, err
}

// run is Run that returns the end of the error output too.
func run(ctx context.Context, dir string, argv []string) (stdout []byte, stderr string, err error) {
	if len(argv) == 0 {
		return nil, "", &RunError{Dir: dir, Err: errors.New("no program given")}
	}
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, DefaultTimeout)
		defer cancel()
	}
	var out bytes.Buffer
	var tail tailWriter
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	cmd.Stdout, cmd.Stderr = &out, &tail
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = waitDelay

	err = cmd.Run()
	stderr = tail.String()
	if err == nil {
		return out.Bytes(), stderr, nil
	}
	if errors.Is(err, exec.ErrWaitDelay) { // it ended, a child of it did not
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
	if ctx.Err() != nil {
		err = fmt.Errorf("killed: %w", context.Cause(ctx))
	}
	if len(tail.buf) == 0 {
		_, _ = tail.Write(out.Bytes())
	}
	return out.Bytes(), stderr, &RunError{Dir: dir, Argv: argv, Stderr: tail.String(), Err: err}
}

// tailWriter keeps the last tailBytes of what is written to it.
type tailWriter struct {
	buf []byte
	cut bool // something was dropped
}

func (w *tailWriter) Write(p []byte) (int, error) {
	w.buf = append(w.buf, p...)
	if n := len(w.buf) - tailBytes; n > 0 {
		w.buf, w.cut = append(w.buf[:0], w.buf[n:]...), true
	}
	return len(p), nil
}

func (w *tailWriter) String() string {
	s := string(w.buf)
	if w.cut { // begin at a whole line
		_, rest, found := strings.Cut(s, "\n")
		if found && rest != "" {
			s = rest
		}
		s = "[...]\n" + s
	}
	return s
}

// plainRE matches a word that a shell takes as it is.
var plainRE = regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]+$`)

// quote returns s as one word of a POSIX shell.
func quote(s string) string {
	if plainRE.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
