// Package slurm runs a sweep on a cluster as job arrays of Slurm: one task a shard, each a
// tpe sweep worker that writes a checked part file. What counts is which parts are there:
// Slurm requeues the tasks of a node that dies, but not those that are killed or fail, so the
// driver submits what is missing again, round by round. It may be killed and run again; it then
// waits for the array that is under way.
//
// Only options and commands that have long been stable are used: sbatch --parsable --array
// --requeue --open-mode --wrap, squeue -h -r -j -o, scontrol show config.
package slurm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"tpe/internal/wholefile"
	"tpe/sweep"
)

// Options of a run.
type Options struct {
	Program   string        // tpe, copied into the folder so that all nodes run the same
	Extra     []string      // further options of sbatch, such as --partition=main, word by word
	Shards    uint64        // 0: by the time that a shard should take
	Target    time.Duration // of a shard
	MaxRounds int           // submissions, the first included
	Poll      time.Duration
	Grace     time.Duration // that a part may take to be seen once its task has left the queue
	Notice    func(format string, args ...any)
	// Price is handed to calibration; nil for a space without a cost.
	Price sweep.Pricer
}

// state is kept in the folder, so that another driver can go on.
type state struct {
	Shards uint64 `json:"shards"`
	Job    string `json:"job,omitempty"` // the array under way
	Round  int    `json:"round"`
}

// stateFile and program are names in the folder.
const (
	stateFile = "slurm.json"
	program   = "tpe"
	logs      = "logs"
)

// ErrPartial says that shards are missing after the last round.
var ErrPartial = errors.New("shards are missing")

// Run brings all shards of a prepared folder about and merges them into the store.
func Run(ctx context.Context, dir string, st *sweep.Store, s *sweep.Space, p *sweep.Plan, opt Options) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	d := &driver{dir: dir, st: st, s: s, p: p, opt: opt}
	if err := d.open(ctx); err != nil {
		return err
	}
	for {
		if d.state.Job != "" {
			if err := d.wait(ctx); err != nil {
				return err
			}
			d.state.Job = ""
			if err := d.save(); err != nil {
				return err
			}
		}
		missing, err := sweep.Missing(dir, d.state.Shards)
		if err != nil {
			return err
		}
		switch {
		case len(missing) == 0:
			return d.merge()
		case d.state.Round >= opt.MaxRounds:
			if err := d.merge(); err != nil {
				return err
			}
			d.state.Round = 0 // a further run begins anew
			return errors.Join(d.save(), fmt.Errorf("%w after %d rounds: %s of %d; see %s", ErrPartial, opt.MaxRounds, ranges(missing), d.state.Shards, filepath.Join(dir, logs)))
		}
		if err := d.submit(ctx, missing); err != nil {
			return err
		}
	}
}

type driver struct {
	dir   string
	st    *sweep.Store
	s     *sweep.Space
	p     *sweep.Plan
	opt   Options
	state state
}

// open reads the state, or decides on the number of shards and copies the program.
func (d *driver) open(ctx context.Context) error {
	b, err := os.ReadFile(filepath.Join(d.dir, stateFile))
	if err == nil {
		if err := json.Unmarshal(b, &d.state); err != nil || d.state.Shards == 0 {
			return fmt.Errorf("%s: not the state of a run: %q (remove it to begin again)", filepath.Join(d.dir, stateFile), b)
		}
		if d.opt.Shards != 0 && d.opt.Shards != d.state.Shards {
			return fmt.Errorf("the folder is cut into %d shards: %d (expected as many)", d.state.Shards, d.opt.Shards)
		}
		return nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(filepath.Join(d.dir, logs), 0o755); err != nil {
		return err
	}
	text, err := os.ReadFile(d.opt.Program)
	if err != nil {
		return err
	}
	if err := wholefile.Write(filepath.Join(d.dir, program), 0o755, func(w io.Writer) error { _, err := w.Write(text); return err }); err != nil {
		return err
	}
	if d.state.Shards = d.opt.Shards; d.state.Shards == 0 {
		if d.state.Shards, err = d.shards(ctx); err != nil {
			return err
		}
	}
	return d.save()
}

// shards is the number that makes each take the target's time, within what the cluster allows.
func (d *driver) shards(ctx context.Context) (uint64, error) {
	most, err := maxArray(ctx)
	if err != nil {
		return 0, err
	}
	c, err := d.s.Calibrate(ctx, d.opt.Price)
	if err != nil {
		return 0, err
	}
	n := math.Ceil(float64(d.s.Size()) * c.Seconds / d.opt.Target.Seconds())
	return uint64(math.Max(1, math.Min(n, float64(min(most, 1000))))), nil
}

func (d *driver) save() error {
	b, err := json.Marshal(d.state)
	if err != nil {
		return err
	}
	return wholefile.Bytes(filepath.Join(d.dir, stateFile), append(b, '\n'))
}

// submit sends the missing shards as one array.
func (d *driver) submit(ctx context.Context, missing []sweep.Shard) error {
	args := []string{"--parsable", "--requeue", "--array=" + ranges(missing), "--open-mode=append", "--job-name=tpe-sweep",
		"--chdir=" + d.dir, "--output=" + filepath.Join(d.dir, logs, "%a.txt")}
	args = append(args, d.opt.Extra...)
	args = append(args, "--wrap", fmt.Sprintf("exec %s sweep worker %s --shards %d", quote(filepath.Join(d.dir, program)), quote(d.dir), d.state.Shards))
	out, err := command(ctx, "sbatch", args...)
	if err != nil {
		return err
	}
	d.state.Job, _, _ = strings.Cut(strings.TrimSpace(out), ";")
	d.state.Round++
	d.opt.Notice("round %d: job %s, %d of %d shards", d.state.Round, d.state.Job, len(missing), d.state.Shards)
	return d.save()
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// wait watches the array until it has left the queue, and merges what is there.
func (d *driver) wait(ctx context.Context) error {
	for {
		out, err := command(ctx, "squeue", "-h", "-r", "-j", d.state.Job, "-o", "%i %T")
		if err != nil && !strings.Contains(err.Error(), "Invalid job id") {
			return err
		}
		waiting, running := count(out)
		if err := d.merge(); err != nil {
			return err
		}
		missing, err := sweep.Missing(d.dir, d.state.Shards)
		if err != nil {
			return err
		}
		d.opt.Notice("job %s: %d shards wait, %d run, %d of %d are done", d.state.Job, waiting, running, d.state.Shards-uint64(len(missing)), d.state.Shards)
		if waiting+running == 0 {
			if len(missing) == 0 {
				return nil
			}
			return pause(ctx, d.opt.Grace) // a shared file system may show a part late
		}
		if err := pause(ctx, d.opt.Poll); err != nil {
			return err
		}
	}
}

func pause(ctx context.Context, t time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(t):
		return nil
	}
}

// count tells tasks that wait from those that run.
func count(squeue string) (waiting, running int) {
	for _, line := range strings.Split(squeue, "\n") {
		_, status, ok := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case !ok:
		case status == "PENDING" || strings.HasPrefix(status, "REQUEUE"):
			waiting++
		default:
			running++
		}
	}
	return waiting, running
}

func (d *driver) merge() error {
	_, _, err := sweep.Merge(d.dir, d.st, d.s, d.p)
	return err
}

// ranges writes shard numbers as Slurm takes them: 0-3,7.
func ranges(list []sweep.Shard) string {
	var parts []string
	for i := 0; i < len(list); {
		j := i
		for j+1 < len(list) && list[j+1].K == list[j].K+1 {
			j++
		}
		if i == j {
			parts = append(parts, strconv.FormatUint(list[i].K, 10))
		} else {
			parts = append(parts, fmt.Sprintf("%d-%d", list[i].K, list[j].K))
		}
		i = j + 1
	}
	return strings.Join(parts, ",")
}

var arrayLine = regexp.MustCompile(`(?m)^MaxArraySize\s*=\s*([0-9]+)`)

// maxArray is the number of tasks that an array may have.
func maxArray(ctx context.Context) (uint64, error) {
	out, err := command(ctx, "scontrol", "show", "config")
	if err != nil {
		return 0, err
	}
	m := arrayLine.FindStringSubmatch(out)
	if m == nil {
		return 0, errors.New("scontrol show config does not say MaxArraySize")
	}
	n, err := strconv.ParseUint(m[1], 10, 32)
	if err != nil || n < 2 {
		return 0, fmt.Errorf("MaxArraySize is %q (expected 2 or more)", m[1])
	}
	return n - 1, nil
}

// command runs a program of Slurm and returns what it printed.
func command(ctx context.Context, name string, args ...string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("%s is missing: no cluster is reached from here (Debian package slurm-client): %w", name, err)
	}
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		return out.String(), fmt.Errorf("%s: %w: %s", name, err, strings.TrimSpace(errs.String()))
	}
	return out.String(), nil
}
