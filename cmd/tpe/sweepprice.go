package main

import (
	"context"
	"fmt"
	"math"
	"sync"

	"tpe/arch"
	"tpe/cost"
	"tpe/cost/memory"
	"tpe/sweep"
	"tpe/workloads"
)

// sweepPricer finds what engines cost and remembers it.
type sweepPricer struct {
	e    *env
	flow *cost.Flow
	spec *sweep.CostSpec
	data workloads.DataSet
	dram memory.DRAM

	mu   sync.Mutex // flows serve one at a time
	memo map[string]sweep.Price
}

// costOf names what prices the points of a space, for its plan.
func costOf(s *sweep.Space) string {
	if s.Cost == nil {
		return ""
	}
	return fmt.Sprintf("%+v", *s.Cost)
}

// newSweepPricer is nil for a space without a cost.
func newSweepPricer(e *env, s *sweep.Space) (*sweepPricer, error) {
	if s.Cost == nil {
		return nil, nil
	}
	how := costFlags{Tech: s.Cost.Tech, Liberty: s.Cost.Liberty, Recipe: s.Cost.Recipe, Seeds: 1, Device: "lop", DRAM: s.Cost.DRAM}
	if err := how.check(); err != nil {
		return nil, fmt.Errorf("cost: %w", err)
	}
	flow, err := how.flow(e)
	if err != nil {
		return nil, fmt.Errorf("cost: %w", err)
	}
	dram, err := memory.LookupDRAM(s.Cost.DRAM)
	if err != nil {
		return nil, err
	}
	data, err := workloads.ParseDataSet(s.Data)
	if err != nil {
		return nil, err
	}
	return &sweepPricer{e: e, flow: flow, spec: s.Cost, data: data, dram: dram, memo: map[string]sweep.Price{}}, nil
}

// Price implements [sweep.Pricer].
func (p *sweepPricer) Price(ctx context.Context, c arch.Config) (sweep.Price, error) {
	key := c
	key.Name, key.FreqMHz = "", 0
	id := fmt.Sprintf("%+v", key)
	p.mu.Lock()
	defer p.mu.Unlock()
	if x, ok := p.memo[id]; ok {
		return x, nil
	}
	eng, err := arch.Build(c)
	if err != nil {
		return sweep.Price{}, err
	}
	x := sweep.Price{PJPerMAC: math.NaN(), PJPerCycle: math.NaN(), PJPerByte: 8 * p.dram.PJPerBit}
	if p.spec.Energy {
		k, err := priceOf(p.e, p.flow, eng, p.data)
		if err != nil {
			return x, err
		}
		x.AreaUM2, x.FmaxMHz, x.PJPerMAC, x.PJPerCycle = k.AreaUM2, k.FreqMHz, k.PJPerMAC, k.PJPerCycle
	} else {
		design, err := p.flow.Engine(ctx, eng.Top)
		if err != nil {
			return x, err
		}
		r, err := design.Report(eng.Name, eng.MACsPerCycle())
		if err != nil {
			return x, err
		}
		x.AreaUM2, x.FmaxMHz = r.AreaUM2, r.FreqMHz
	}
	p.memo[id] = x
	return x, ctx.Err()
}
