package sweep

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Shard is a part of an exhaustive plan: the points K, K+S, K+2S, ... Neighbours cost alike, so
// that shards of this form take equal time.
type Shard struct{ K, S uint64 }

// ParseShard reads K/S.
func ParseShard(text string) (Shard, error) {
	k, s, ok := strings.Cut(text, "/")
	a, err1 := strconv.ParseUint(k, 10, 32)
	b, err2 := strconv.ParseUint(s, 10, 32)
	if !ok || err1 != nil || err2 != nil || b == 0 || a >= b {
		return Shard{}, fmt.Errorf("not a shard: %q (expected K/S with 0 <= K < S)", text)
	}
	return Shard{a, b}, nil
}

// indexVars are where schedulers put the number of a task: Slurm, Kubernetes indexed jobs, PBS,
// HTCondor; SGE counts from 1 and is not among them.
var indexVars = []string{"SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX", "PBS_ARRAY_INDEX", "CONDOR_PROCESS"}

// ShardOf reads K/S; or K, or the environment's number, of the given count.
func ShardOf(text string, shards uint64) (Shard, error) {
	if strings.Contains(text, "/") {
		if shards != 0 {
			return Shard{}, fmt.Errorf("%q says how many there are, and so does --shards: %d (expected one of them)", text, shards)
		}
		return ParseShard(text)
	}
	for _, v := range indexVars {
		if text == "" {
			text = os.Getenv(v)
		}
	}
	if text == "" || shards == 0 {
		return Shard{}, fmt.Errorf("not a shard: %q of %d (expected K/S; or K, or one of %s in the environment, with --shards S)", text, shards, orList(indexVars))
	}
	return ParseShard(fmt.Sprintf("%s/%d", text, shards))
}

// String is K/S.
func (h Shard) String() string { return fmt.Sprintf("%d/%d", h.K, h.S) }

// file is the name of the shard's part: it is there if and only if the shard is whole.
func (h Shard) file() string { return fmt.Sprintf("%d-of-%d.jsonl", h.K, h.S) }

// Size is the number of points of the shard.
func (h Shard) Size(n uint64) uint64 { return (n + h.S - 1 - h.K) / h.S }

// line is a row of a part.
type line struct {
	Index   uint64       `json:"id"`
	Status  string       `json:"status"`
	Error   string       `json:"error,omitempty"`
	Results []resultLine `json:"results,omitempty"`
}

// resultLine is a [Result]; what is not known is absent.
type resultLine struct {
	MACs        int64    `json:"macs"`
	Cycles      float64  `json:"cycles"`
	Kind        string   `json:"cycles_kind"`
	Peak        int      `json:"macs_per_cycle"`
	Bytes       int64    `json:"bytes"`
	MemoryBound float64  `json:"memory_bound,omitempty"`
	FreqMHz     float64  `json:"freq_mhz"`
	AreaUM2     *float64 `json:"area_um2,omitempty"`
	FmaxMHz     *float64 `json:"fmax_mhz,omitempty"`
	EnergyJ     *float64 `json:"energy_j,omitempty"`
}

// trailer ends a part.
type trailer struct {
	Plan string `json:"plan"`
	Rows uint64 `json:"rows"`
	SHA  string `json:"sha256"` // of the lines before
}

// Work evaluates a shard into its part file, if it is not there yet. The file appears whole or
// not at all: it is written under another name, synced and renamed.
func Work(ctx context.Context, dir string, s *Space, p *Plan, h Shard, opt RunOptions) (State, error) {
	if s.Method.Kind != Exhaustive {
		return State{}, fmt.Errorf("a search by %s is one sequence and has no shards (expected method: exhaustive)", s.Method.Kind)
	}
	parts := filepath.Join(dir, partsDir)
	if err := os.MkdirAll(parts, 0o755); err != nil {
		return State{}, fmt.Errorf("sweep folder: %w", err)
	}
	path := filepath.Join(parts, h.file())
	if _, err := os.Stat(path); err == nil {
		_, err := checkPart(path, p.Hash(), nil)
		return State{Done: h.Size(s.size), Total: h.Size(s.size)}, err
	}
	host, _ := os.Hostname()
	f, err := os.CreateTemp(parts, fmt.Sprintf(".%s.%s.%d.*", h.file(), strings.ReplaceAll(host, "/", "_"), os.Getpid()))
	if err != nil {
		return State{}, fmt.Errorf("part: %w", err)
	}
	defer os.Remove(f.Name()) // fails once it has its name
	state, err := workShard(ctx, f, s, p, h, opt)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Chmod(f.Name(), 0o644)
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return state, fmt.Errorf("shard %s: %w", h, err)
	}
	return state, syncDir(parts)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// workShard writes the lines of a shard in order.
func workShard(ctx context.Context, f io.Writer, s *Space, p *Plan, h Shard, opt RunOptions) (State, error) {
	d := &driver{s: s, opt: opt, done: NewSet(), start: time.Now()}
	d.state.Total, d.state.Best = h.Size(s.size), make([]Best, len(s.Objectives))
	if err := d.evaluators(); err != nil {
		return d.state, err
	}
	sum := sha256.New()
	w := bufio.NewWriter(io.MultiWriter(f, sum))
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for at := h.K; at < s.size; {
		var list []uint64
		for ; at < s.size && len(list) < block; at += h.S {
			list = append(list, at)
		}
		rows, err := d.block(ctx, list, false)
		if err != nil {
			return d.state, err
		}
		for _, r := range rows {
			if r == nil {
				continue
			}
			if err := enc.Encode(lineOf(r)); err != nil {
				return d.state, err
			}
		}
		d.report()
	}
	if err := w.Flush(); err != nil {
		return d.state, err
	}
	b, err := json.Marshal(trailer{p.Hash(), d.state.Rows, hex.EncodeToString(sum.Sum(nil))})
	if err != nil {
		return d.state, err
	}
	_, err = f.Write(append(b, '\n'))
	return d.state, err
}

func lineOf(r *Row) line {
	l := line{Index: r.Index, Status: r.Status, Error: r.Error}
	known := func(v float64) *float64 {
		if v != v {
			return nil
		}
		return &v
	}
	for _, x := range r.Results {
		l.Results = append(l.Results, resultLine{x.MACs, x.Cycles, x.Kind, x.Peak, x.Bytes, x.MemoryBound, x.FreqMHz, known(x.AreaUM2), known(x.FmaxMHz), known(x.EnergyJ)})
	}
	return l
}

func (l *line) row() Row {
	r := Row{Index: l.Index, Status: l.Status, Error: l.Error}
	for _, x := range l.Results {
		r.Results = append(r.Results, Result{MACs: x.MACs, Cycles: x.Cycles, Kind: x.Kind, Peak: x.Peak, Bytes: x.Bytes, MemoryBound: x.MemoryBound,
			FreqMHz: x.FreqMHz, AreaUM2: deref(x.AreaUM2), FmaxMHz: deref(x.FmaxMHz), EnergyJ: deref(x.EnergyJ)})
	}
	return r
}

func deref(v *float64) float64 {
	if v == nil {
		return nan
	}
	return *v
}

// checkPart reads a part, gives each row to each (which may be nil), and fails unless it is whole
// and of the plan. It returns the part's hash.
func checkPart(path, plan string, each func(Row) error) (trailer, error) {
	f, err := os.Open(path)
	if err != nil {
		return trailer{}, err
	}
	defer f.Close()
	sum := sha256.New()
	var t trailer
	var n uint64
	in := bufio.NewReaderSize(f, 1<<16)
	bad := func(format string, args ...any) (trailer, error) {
		return t, fmt.Errorf("%s:%d: %s", path, n+1, fmt.Sprintf(format, args...))
	}
	for {
		text, err := in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			return bad("line is too long (expected at most %d bytes)", in.Size())
		}
		if err != nil {
			return bad("ends without its trailer: not whole")
		}
		if slices.Equal(text[:min(8, len(text))], []byte(`{"plan":`)) {
			if err := json.Unmarshal(text, &t); err != nil {
				return bad("not a trailer: %v", err)
			}
			if _, err := in.ReadByte(); err != io.EOF {
				return bad("something follows the trailer")
			}
			break
		}
		sum.Write(text)
		var l line
		if err := json.Unmarshal(text, &l); err != nil {
			return bad("not a row: %v", err)
		}
		if each != nil {
			if err := each(l.row()); err != nil {
				return bad("%v", err)
			}
		}
		n++
	}
	switch {
	case t.Plan != plan:
		return t, fmt.Errorf("%s: of another plan: %s (expected %s)", path, t.Plan, plan)
	case t.Rows != n || t.SHA != hex.EncodeToString(sum.Sum(nil)):
		return t, fmt.Errorf("%s: damaged: its trailer does not fit its %d rows (remove it, and its shard is worked on again)", path, n)
	}
	return t, nil
}

// Missing lists the shards of S that have no part.
func Missing(dir string, s uint64) ([]Shard, error) {
	var list []Shard
	for k := range s {
		h := Shard{k, s}
		if _, err := os.Stat(filepath.Join(dir, partsDir, h.file())); errors.Is(err, os.ErrNotExist) {
			list = append(list, h)
		} else if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// Merge takes the parts that are there into the store, each once and whole. Merging again
// changes nothing.
func Merge(dir string, st *Store, s *Space, p *Plan) (parts, rows int, err error) {
	files, err := filepath.Glob(filepath.Join(dir, partsDir, "*.jsonl"))
	if err != nil {
		return 0, 0, err
	}
	slices.Sort(files)
	for _, path := range files {
		n, err := st.merge(path, p.Hash(), s.size)
		if err != nil {
			return parts, rows, err
		}
		if n >= 0 {
			parts++
			rows += n
		}
	}
	return parts, rows, nil
}

// merge takes up a part in one transaction; -1 if it was there.
func (st *Store) merge(path, plan string, size uint64) (int, error) {
	name := filepath.Base(path)
	var have int
	if err := st.db.QueryRow("SELECT count(*) FROM part WHERE name = ?", name).Scan(&have); err != nil || have > 0 {
		return -1, err
	}
	tx, err := st.db.Begin()
	if err != nil {
		return 0, err
	}
	defer tx.Rollback() // does nothing after a commit
	var batch []Row
	t, err := checkPart(path, plan, func(r Row) error {
		if r.Index >= size {
			return fmt.Errorf("no such point: %d (expected below %d)", r.Index, size)
		}
		if len(r.Results) != 0 && len(r.Results) != len(st.space.works) {
			return fmt.Errorf("point %d has %d results (expected %d)", r.Index, len(r.Results), len(st.space.works))
		}
		if batch = append(batch, r); len(batch) < flushRows {
			return nil
		}
		err := st.put(tx, batch)
		batch = batch[:0]
		return err
	})
	if err == nil {
		err = st.put(tx, batch)
	}
	if err != nil {
		return 0, err
	}
	if _, err := tx.Exec("INSERT INTO part VALUES (?, ?, ?)", name, t.SHA, int64(t.Rows)); err != nil {
		return 0, err
	}
	return int(t.Rows), tx.Commit()
}
