package sweep

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"
)

// States of a point.
const (
	StatusOK      = "ok"
	StatusInvalid = "invalid" // its configuration is refused
	StatusError   = "error"
	StatusTimeout = "timeout"
	StatusPanic   = "panic"
)

// Row is what is kept of a point.
type Row struct {
	Index   uint64
	Status  string
	Error   string
	Results []Result // one a workload; none unless the status is ok
}

// Evaluator's guard: whatever a point does becomes a row, so that a resumed sweep does not
// meet it again. Only the end of ctx is returned, and errExcluded.
func (ev *Evaluator) row(ctx context.Context, index uint64, timeout time.Duration) (row Row, err error) {
	row = Row{Index: index, Status: StatusOK}
	defer func() {
		if p := recover(); p != nil {
			row = Row{Index: index, Status: StatusPanic, Error: fmt.Sprintf("%v at %s", p, panicSite(debug.Stack()))}
			err = nil
		}
	}()
	point := ev.space.At(index)
	cfg, err := ev.space.Config(point)
	switch {
	case errors.Is(err, errExcluded):
		return row, err
	case err != nil:
		row.Status, row.Error = StatusInvalid, err.Error()
		return row, nil
	}
	limited := ctx
	if timeout > 0 {
		var stop context.CancelFunc
		limited, stop = context.WithTimeout(ctx, timeout)
		defer stop()
	}
	row.Results, err = ev.config(limited, cfg, point.Engine, ev.space.Fidelity)
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return row, ctx.Err()
	case errors.Is(err, context.DeadlineExceeded):
		row = Row{Index: index, Status: StatusTimeout, Error: fmt.Sprintf("not done after %v", timeout)}
	default:
		row = Row{Index: index, Status: StatusError, Error: err.Error()}
	}
	return row, nil
}

// panicSite is the first function of the project below the panic.
func panicSite(stack []byte) string {
	past := false
	for _, line := range strings.Split(string(stack), "\n") {
		if strings.HasPrefix(line, "panic(") {
			past = true
		} else if past && strings.HasPrefix(line, "tpe/") {
			if i := strings.LastIndexByte(line, '('); i > 0 {
				return line[:i]
			}
		}
	}
	return "an unknown place"
}
