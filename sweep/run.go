package sweep

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"runtime"
	"sync"
	"time"
)

// RunOptions say how a sweep is run on this machine.
type RunOptions struct {
	Workers  int           // goroutines; 0: one a core
	Timeout  time.Duration // of a point; 0: none
	Pricer   Pricer        // of a space with a cost
	Progress func(State)   // called now and then, from one goroutine
}

// State is how far a sweep is.
type State struct {
	Done, Total uint64 // points; Total counts those that conditions exclude; 0: unknown
	Rows        uint64 // kept in this run: points with a result or an error
	Excluded    uint64
	Failed      uint64
	Elapsed     time.Duration
	Best        []Best
}

// Best is the best value of an objective so far, over all workloads together.
type Best struct {
	Metric string
	Value  float64
	Index  uint64
}

// Rate is in points a second of this run.
func (s State) Rate() float64 { return float64(s.Rows+s.Excluded) / s.Elapsed.Seconds() }

// flush bounds what a kill loses: rows and time between two commits.
const (
	flushRows = 512
	flushTime = 200 * time.Millisecond
)

// Run evaluates what the plan of a space asks for and the store does not have. When the context ends it
// keeps what is done and returns its error.
func Run(ctx context.Context, st *Store, s *Space, opt RunOptions) (State, error) {
	done, err := st.Done()
	if err != nil {
		return State{}, err
	}
	d := &driver{st: st, s: s, opt: opt, done: done, start: time.Now()}
	d.state.Best = make([]Best, len(s.Objectives))
	if err := d.evaluators(); err != nil {
		return State{}, err
	}
	c := s.chooser()
	d.state.Total = c.total()
	for list := c.next(); len(list) > 0; list = c.next() {
		rows, err := d.block(ctx, list, c.listens())
		if err != nil {
			return d.state, err
		}
		c.tell(rows)
	}
	d.report()
	return d.state, nil
}

// evaluators makes one for each worker.
func (d *driver) evaluators() error {
	workers := d.opt.Workers
	if workers < 1 {
		workers = runtime.GOMAXPROCS(0)
	}
	for range workers {
		ev, err := d.s.NewEvaluator(d.opt.Pricer)
		if err != nil {
			return err
		}
		d.evs = append(d.evs, ev)
	}
	return nil
}

// driver runs blocks of points.
type driver struct {
	st    *Store // nil: rows are not kept
	s     *Space
	opt   RunOptions
	done  *Set
	evs   []*Evaluator
	start time.Time
	state State
}

// result of a worker: a row, or that a point is excluded.
type outcomeRow struct {
	at  int
	row *Row
}

// block evaluates points; those that were are read from the store if a search must know them.
func (d *driver) block(ctx context.Context, list []uint64, read bool) ([]*Row, error) {
	rows := make([]*Row, len(list))
	var todo []int
	for i, index := range list {
		switch {
		case !d.done.Has(index):
			todo = append(todo, i)
		case !read:
			d.state.Done++
			rows[i] = &Row{Index: index}
		default:
			d.state.Done++
			r, err := d.st.row(index)
			if err != nil {
				return nil, err
			}
			rows[i] = r
		}
	}
	var (
		next   = make(chan []int)
		out    = make(chan []outcomeRow, len(d.evs))
		wg     sync.WaitGroup
		inside context.Context
		stop   context.CancelFunc
	)
	inside, stop = context.WithCancel(ctx)
	defer stop()
	go func() {
		defer close(next)
		step := max(1, min(64, len(todo)/(4*len(d.evs))))
		for i := 0; i < len(todo); i += step {
			select {
			case next <- todo[i:min(i+step, len(todo))]:
			case <-inside.Done():
				return
			}
		}
	}()
	for _, ev := range d.evs {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for chunk := range next {
				var got []outcomeRow
				for _, i := range chunk {
					r, err := ev.row(inside, list[i], d.opt.Timeout)
					switch {
					case err == nil:
						got = append(got, outcomeRow{i, &r})
					case errors.Is(err, errExcluded):
						got = append(got, outcomeRow{i, nil})
					default:
						out <- got
						return
					}
				}
				out <- got
			}
		}()
	}
	go func() { wg.Wait(); close(out) }()
	if err := d.collect(rows, out); err != nil {
		stop()
		for range out { // let the workers end
		}
		return nil, err
	}
	return rows, ctx.Err()
}

// collect keeps rows as they come.
func (d *driver) collect(rows []*Row, out <-chan []outcomeRow) error {
	var batch []Row
	put := func() error {
		if len(batch) == 0 || d.st == nil {
			batch = batch[:0]
			d.report()
			return nil
		}
		err := d.st.Put(batch)
		batch = batch[:0]
		d.report()
		return err
	}
	tick := time.NewTicker(flushTime)
	defer tick.Stop()
	for {
		select {
		case got, ok := <-out:
			if !ok {
				return put()
			}
			for _, o := range got {
				d.state.Done++
				if rows[o.at] = o.row; o.row == nil {
					d.state.Excluded++
					continue
				}
				d.state.Rows++
				d.note(o.row)
				batch = append(batch, *o.row)
			}
			if len(batch) >= flushRows {
				if err := put(); err != nil {
					return fmt.Errorf("keeping results: %w", err)
				}
			}
		case <-tick.C:
			if err := put(); err != nil {
				return fmt.Errorf("keeping results: %w", err)
			}
		}
	}
}

// note counts a row and remembers the best.
func (d *driver) note(r *Row) {
	if r.Status != StatusOK {
		d.state.Failed++
		return
	}
	if len(d.s.Objectives) == 0 {
		return
	}
	o := d.s.outcomeOf(r)
	if o.violation > 0 {
		return
	}
	t := together(r.Results)
	for i, x := range d.s.Objectives {
		m, _ := metricOf(x.Metric)
		v := m.Value(&t)
		if b := &d.state.Best[i]; b.Metric == "" || (v < b.Value) != x.Maximise && v != b.Value {
			*b = Best{x.Metric, v, r.Index}
		}
	}
}

func (d *driver) report() {
	d.state.Elapsed = time.Since(d.start)
	if d.opt.Progress != nil {
		d.opt.Progress(d.state)
	}
}

// row reads a point back.
func (st *Store) row(index uint64) (*Row, error) {
	r := &Row{Index: index}
	if err := st.db.QueryRow("SELECT status, error FROM point WHERE id = ?", int64(index)).Scan(&r.Status, &r.Error); err != nil {
		return nil, err
	}
	if r.Status != StatusOK {
		return r, nil
	}
	energy, area := "NULL", "NULL, NULL"
	if c := st.space.Cost; c != nil {
		area = "area_um2, fmax_mhz"
		if c.Energy {
			energy = "energy_j"
		}
	}
	q, err := st.db.Prepare("SELECT macs, cycles, cycles_kind, macs_per_cycle, compulsory_bytes, memory_bound, freq_mhz, " + area + ", " + energy + " FROM result WHERE point = ? AND workload = ?")
	if err != nil {
		return nil, err
	}
	defer q.Close()
	for _, w := range st.space.works {
		var x Result
		var macs, peak, bytes float64
		var area, fmax, energy sql.NullFloat64
		if err := q.QueryRow(int64(index), w.name).Scan(&macs, &x.Cycles, &x.Kind, &peak, &bytes, &x.MemoryBound, &x.FreqMHz, &area, &fmax, &energy); err != nil {
			return nil, fmt.Errorf("point %d on %s: %w", index, w.name, err)
		}
		x.MACs, x.Peak, x.Bytes = int64(macs), int(peak), int64(bytes)
		x.AreaUM2, x.FmaxMHz, x.EnergyJ = orNaN(area), orNaN(fmax), orNaN(energy)
		r.Results = append(r.Results, x)
	}
	return r, nil
}

func orNaN(v sql.NullFloat64) float64 {
	if v.Valid {
		return v.Float64
	}
	return nan
}

var nan = math.NaN() // stands for what is not known
