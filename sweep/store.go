package sweep

import (
	"database/sql"
	"errors"
	"fmt"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// Store keeps the rows of a sweep in a SQLite file:
//
//	point(id, engine, one column an axis, status, error)
//	result(point, workload, cycles_kind, one column a metric, ...)
//	refined(point, workload, fidelity, cycles, ...)
//	part(name, sha256, rows)           shards taken up
//	rows, totals                       views: point and result joined; and summed over workloads
//
// A row is there once: writing it again changes nothing.
type Store struct {
	db    *sql.DB
	space *Space
	lock  *os.File
	point string // statements
	res   string
}

// Lock takes the folder for one writer; a second one is refused.
func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("sweep folder: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s is in use by another tpe sweep (expected one at a time): %w", dir, err)
	}
	return f, nil
}

// Create opens the folder of a sweep for writing, and makes it if it is not there. The plan must
// be the one that it was made for.
func Create(dir string, s *Space, p *Plan) (*Store, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("sweep folder: %w", err)
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	if err := openPlan(dir, s, p); err != nil {
		lock.Close()
		return nil, err
	}
	st, err := openStore(dir, s, false)
	if err != nil {
		lock.Close()
		return nil, err
	}
	st.lock = lock
	return st, nil
}

// OpenStore opens the results of a folder for reading.
func OpenStore(dir string, s *Space) (*Store, error) {
	if _, err := os.Stat(filepath.Join(dir, storeFile)); err != nil {
		return nil, fmt.Errorf("%s holds no results: %w", dir, err)
	}
	return openStore(dir, s, true)
}

func openStore(dir string, s *Space, readOnly bool) (*Store, error) {
	path, err := filepath.Abs(filepath.Join(dir, storeFile))
	if err != nil {
		return nil, err
	}
	q := url.Values{"_pragma": {"busy_timeout(10000)", "journal_mode(wal)", "synchronous(normal)"}}
	if readOnly {
		q = url.Values{"_pragma": {"busy_timeout(10000)", "query_only(1)"}}
	}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}).String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	st := &Store{db: db, space: s}
	fail := func(err error) (*Store, error) {
		db.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var verdict string
	if err := db.QueryRow("PRAGMA quick_check(1)").Scan(&verdict); err != nil {
		return fail(fmt.Errorf("not a store, or damaged: %w (expected the file of a sweep; move it away to begin again)", err))
	} else if verdict != "ok" {
		return fail(fmt.Errorf("damaged: %s (move it away to begin again)", verdict))
	}
	if !readOnly {
		if err := st.schema(); err != nil {
			return fail(err)
		}
	}
	return st, nil
}

// Close ends the use of a store.
func (st *Store) Close() error {
	err := st.db.Close()
	if st.lock != nil {
		st.lock.Close()
	}
	return err
}

// quote makes a name of SQL.
func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// axisColumn is the column of an axis; the names of other columns are set apart.
func axisColumn(key string) string {
	switch key {
	case "id", "engine", "status", "error", "workload", "cycles_kind", "point", "workloads":
		return "axis_" + key
	}
	if _, ok := metricOf(key); ok {
		return "axis_" + key
	}
	return key
}

func (st *Store) schema() error {
	var point, axes, res, total []string
	for _, a := range st.space.Axes {
		kind := "INTEGER"
		for _, v := range a.Values {
			if _, ok := number(v).(int); !ok {
				kind = "TEXT"
			}
		}
		point = append(point, quote(axisColumn(a.Key))+" "+kind)
		axes = append(axes, "p."+quote(axisColumn(a.Key)))
	}
	for _, m := range st.space.Known() {
		res = append(res, m.Name+" REAL NOT NULL")
	}
	for _, m := range st.space.Known() {
		total = append(total, sumOf(m)+" AS "+m.Name)
	}
	list := func(parts []string, end string) string {
		if len(parts) == 0 {
			return ""
		}
		return strings.Join(parts, ", ") + end
	}
	var metricNames []string
	for _, m := range st.space.Known() {
		metricNames = append(metricNames, "r."+m.Name)
	}
	for _, q := range []string{
		"CREATE TABLE IF NOT EXISTS point (id INTEGER PRIMARY KEY, engine TEXT NOT NULL, " + list(point, ", ") + "status TEXT NOT NULL, error TEXT NOT NULL)",
		"CREATE TABLE IF NOT EXISTS result (point INTEGER NOT NULL, workload TEXT NOT NULL, cycles_kind TEXT NOT NULL, memory_bound REAL NOT NULL, freq_mhz REAL NOT NULL, " + list(res, ", ") + "PRIMARY KEY (point, workload)) WITHOUT ROWID",
		"CREATE TABLE IF NOT EXISTS refined (point INTEGER NOT NULL, workload TEXT NOT NULL, fidelity TEXT NOT NULL, formula_cycles REAL NOT NULL, cycles REAL NOT NULL, checked INTEGER NOT NULL, mismatches INTEGER NOT NULL, error TEXT NOT NULL, PRIMARY KEY (point, workload, fidelity)) WITHOUT ROWID",
		"CREATE TABLE IF NOT EXISTS part (name TEXT PRIMARY KEY, sha256 TEXT NOT NULL, rows INTEGER NOT NULL)",
		"CREATE VIEW IF NOT EXISTS rows AS SELECT p.id, p.engine, " + list(axes, ", ") + "r.workload, r.cycles_kind, r.memory_bound, r.freq_mhz, " + strings.Join(metricNames, ", ") + ", p.status, p.error FROM point p LEFT JOIN result r ON r.point = p.id",
		"CREATE VIEW IF NOT EXISTS totals AS SELECT p.id, p.engine, " + list(axes, ", ") + "CASE WHEN max(r.cycles_kind = '" + Expected + "') THEN '" + Expected + "' WHEN max(r.cycles_kind = '" + Sampled + "') THEN '" + Sampled + "' ELSE '" + Exact + "' END AS cycles_kind, " +
			strings.Join(total, ", ") + " FROM point p JOIN result r ON r.point = p.id GROUP BY p.id",
	} {
		if _, err := st.db.Exec(q); err != nil {
			return fmt.Errorf("making the tables: %w", err)
		}
	}
	marks := func(n int) string { return strings.TrimSuffix(strings.Repeat("?,", n), ",") }
	st.point = "INSERT OR IGNORE INTO point VALUES (" + marks(4+len(point)) + ")"
	st.res = "INSERT OR IGNORE INTO result VALUES (" + marks(5+len(res)) + ")"
	return nil
}

// sumOf is a metric over all workloads of a point, in SQL.
func sumOf(m Metric) string {
	switch m.Name {
	case "macs", "cycles", "compulsory_bytes", "seconds", "energy_j":
		return "sum(r." + m.Name + ")"
	case "utilization":
		return "sum(r.macs) / (sum(r.cycles) * max(r.macs_per_cycle))"
	case "tops":
		return "2e-12 * sum(r.macs) / sum(r.seconds)"
	case "tops_per_mm2":
		return "2e-6 * sum(r.macs) / sum(r.seconds) / max(r.area_um2)"
	case "edp":
		return "sum(r.energy_j) * sum(r.seconds)"
	case "power_w":
		return "sum(r.energy_j) / sum(r.seconds)"
	case "tops_per_w":
		return "2e-12 * sum(r.macs) / sum(r.energy_j)"
	case "pj_per_mac":
		return "1e12 * sum(r.energy_j) / sum(r.macs)"
	}
	return "max(r." + m.Name + ")" // of the engine, equal on all
}

// Put keeps rows, all or none.
func (st *Store) Put(rows []Row) error {
	tx, err := st.db.Begin()
	if err != nil {
		return err
	}
	if err := st.put(tx, rows); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

func (st *Store) put(tx *sql.Tx, rows []Row) error {
	point, err := tx.Prepare(st.point)
	if err != nil {
		return err
	}
	defer point.Close()
	res, err := tx.Prepare(st.res)
	if err != nil {
		return err
	}
	defer res.Close()
	known := st.space.Known()
	for _, r := range rows {
		p := st.space.At(r.Index)
		args := []any{int64(r.Index), st.space.Engines[p.Engine].Name}
		for _, v := range st.space.Values(p) {
			args = append(args, cellOf(v))
		}
		if _, err := point.Exec(append(args, r.Status, r.Error)...); err != nil {
			return err
		}
		for i := range r.Results {
			x := &r.Results[i]
			args := []any{int64(r.Index), st.space.works[i].name, x.Kind, x.MemoryBound, x.FreqMHz}
			for _, m := range known {
				v := m.Value(x)
				if math.IsNaN(v) || math.IsInf(v, 0) {
					return fmt.Errorf("point %d: %s is %v", r.Index, m.Name, v)
				}
				args = append(args, v)
			}
			if _, err := res.Exec(args...); err != nil {
				return err
			}
		}
	}
	return nil
}

// cellOf is the value of an axis as the store has it; null where an engine has no such axis.
func cellOf(v string) any {
	if v == "" {
		return nil
	}
	if n, ok := number(v).(int); ok {
		return n
	}
	return v
}

// Done is the set of points that are there.
func (st *Store) Done() (*Set, error) {
	rows, err := st.db.Query("SELECT id FROM point ORDER BY id")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	set := NewSet()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		set.Add(uint64(id))
	}
	return set, rows.Err()
}

// Forget drops the points that are not ok, so that they are evaluated again.
func (st *Store) Forget() (int64, error) {
	r, err := st.db.Exec("DELETE FROM point WHERE status NOT IN (?, ?)", StatusOK, StatusInvalid)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// Set is a set of indices, a bit for each in pages that are made when they are needed.
type Set struct {
	pages map[uint64]*[pageWords]uint64
	n     int
}

const pageWords = 1 << 10

// NewSet is an empty set.
func NewSet() *Set { return &Set{pages: map[uint64]*[pageWords]uint64{}} }

// Add puts an index into the set and reports whether it is new.
func (s *Set) Add(i uint64) bool {
	page, word, bit := i/(64*pageWords), i/64%pageWords, uint64(1)<<(i%64)
	p := s.pages[page]
	if p == nil {
		p = new([pageWords]uint64)
		s.pages[page] = p
	}
	if p[word]&bit != 0 {
		return false
	}
	p[word] |= bit
	s.n++
	return true
}

// Has reports whether an index is in the set.
func (s *Set) Has(i uint64) bool {
	p := s.pages[i/(64*pageWords)]
	return p != nil && p[i/64%pageWords]>>(i%64)&1 == 1
}

// Len is the number of indices.
func (s *Set) Len() int { return s.n }
