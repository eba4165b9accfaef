package main

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"tpe/arch"
	"tpe/sim"
	"tpe/workloads"
)

// The job and the operands of the table: normal as a matrix of 2^20 values is whose
// greatest magnitude is scaled to 127.
const (
	tableJob  = "gemm:1024x1024x1024"
	tableData = "normal:25.4"
)

// tableRow is a row of tpe list engines --table.
type tableRow struct {
	Name         string  `json:"name"`
	Formats      string  `json:"formats"`
	MACsPerCycle int     `json:"macs_per_cycle"`
	CyclesPerMAC float64 `json:"cycles_per_mac"` // of each of the products that a cycle can take at most
	PERegisters  int     `json:"pe_registers"`   // bits
	Exact        bool    `json:"exact"`
	Hardware     bool    `json:"hardware"`
}

// tableRows computes the table from the presets: closed forms and graphs.
func tableRows(ctx context.Context) ([]tableRow, error) {
	w, err := workloads.Lookup(tableJob)
	if err != nil {
		return nil, err
	}
	data, err := workloads.ParseDataSet(tableData)
	if err != nil {
		return nil, err
	}
	var list []tableRow
	for _, p := range append(arch.Presets(), arch.Models()...) {
		c := p.Config
		a, b, result := c.Formats()
		row := tableRow{Name: p.Name, Formats: fmt.Sprintf("%s x %s into %s", a, b, result),
			MACsPerCycle: c.MACsPerCycle(), Exact: c.Exact(), Hardware: c.HasHardware()}
		e := &arch.Engine{Config: c}
		if row.Hardware {
			if e, err = arch.Build(c); err != nil {
				return nil, err
			}
			if row.PERegisters, err = e.PERegisters(); err != nil {
				return nil, fmt.Errorf("%s: %w", p.Name, err)
			}
		}
		r, err := sim.Run(ctx, e, w, sim.Options{Fidelity: sim.Formula, Check: sim.CheckNone, Data: data, Seed: 1})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.Name, err)
		}
		row.CyclesPerMAC = float64(r.Total.Cycles) * float64(row.MACsPerCycle) / float64(r.Total.MACs)
		list = append(list, row)
	}
	return list, nil
}

func (r tableRow) cells() []string {
	registers, result := strconv.Itoa(r.PERegisters), "exact"
	if !r.Exact {
		result = "approximate"
	}
	if !r.Hardware {
		registers, result = "", "formula only"
	}
	return []string{r.Name, r.Formats, strconv.Itoa(r.MACsPerCycle), strconv.FormatFloat(r.CyclesPerMAC, 'f', 3, 64), registers, result}
}

// tableHead has the columns; > stands for a column of numbers.
var tableHead = [...]string{"engine", "formats", ">MACs a cycle", ">cycles a MAC", ">PE registers", "result"}

// engineTable implements tpe list engines --table.
func (c *listCmd) engineTable(e *env) error {
	list, err := tableRows(e.ctx)
	if err != nil {
		return err
	}
	rows := func() [][]string {
		out := [][]string{tableHead[:]}
		for _, r := range list {
			out = append(out, r.cells())
		}
		return out
	}
	return c.emit(e, list, rows, func(w io.Writer) error {
		t := table{append([][]string{append([]string(nil), tableHead[:]...)}, rows()[1:]...)}
		if err := t.write(w); err != nil {
			return err
		}
		_, err := fmt.Fprintf(w, "MACs a cycle: the most. cycles a MAC: cycles x that / MACs, of %s on %s operands. PE registers: bits of one PE.\n", tableJob, tableData)
		return err
	})
}
