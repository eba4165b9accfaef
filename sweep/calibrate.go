package sweep

import (
	"context"
	"errors"
	"time"

	"tpe/sweep/search"
)

// Calibration is what a few points say of all.
type Calibration struct {
	Sampled  int
	Included float64 // share of them that conditions allow
	Seconds  float64 // of one worker a point, excluded ones included
}

// calibrationPoints and calibrationTime bound a calibration.
const (
	calibrationPoints = 64
	calibrationTime   = 10 * time.Second
)

// Calibrate evaluates points all over the space, for at most ten seconds.
func (s *Space) Calibrate(ctx context.Context, price Pricer) (Calibration, error) {
	ev, err := s.NewEvaluator(price)
	if err != nil {
		return Calibration{}, err
	}
	c := Calibration{}
	included := 0
	start := time.Now()
	for _, u := range search.Halton(calibrationPoints, s.Dims(), s.Method.Seed) {
		_, err := ev.row(ctx, s.Decode(u), 0)
		switch {
		case err == nil:
			included++
		case !errors.Is(err, errExcluded):
			return c, err
		}
		if c.Sampled++; time.Since(start) > calibrationTime {
			break
		}
	}
	c.Included = float64(included) / float64(c.Sampled)
	c.Seconds = time.Since(start).Seconds() / float64(c.Sampled)
	return c, nil
}
