package main

import (
	"fmt"

	"tpe/cost"
	"tpe/cost/liberty"
)

type calibrateCmd struct {
	Liberty string `required:"" placeholder:"FILE" help:"Cell library (Liberty, plain or gzip)."`
	Node    int    `placeholder:"NM" help:"Feature size for memories; known for OSU, sky130 and SG13G2 libraries."`
	Out     string `short:"o" placeholder:"FILE" help:"Technology file to write, for tpe cost --tech; standard output if absent."`
}

// Run implements the command.
func (c *calibrateCmd) Run(e *env) error {
	lib, err := liberty.Load(c.Liberty)
	if err != nil {
		return err
	}
	node, err := nodeOf(c.Node, lib)
	if err != nil {
		return err
	}
	samples, err := cost.Samples()
	if err != nil {
		return err
	}
	t, err := cost.Calibrate(e.ctx, lib, node, samples, func(s string) { e.progress("%s", s) })
	e.progressDone()
	if err != nil {
		return err
	}
	text, err := t.YAML()
	if err != nil {
		return err
	}
	if err := put(e, c.Out, text); err != nil || c.Out == "" {
		return err
	}
	_, err = fmt.Fprintln(e.out, "errors on PE families left out of the fit:")
	if err == nil {
		err = (&table{errorRows(t)}).write(e.out)
	}
	return err
}

func errorRows(t *cost.Technology) [][]string {
	out := [][]string{{"quantity", ">mean", ">p90", ">worst", ">PEs", "the worst"}}
	row := func(name string, x cost.Error) {
		out = append(out, []string{name, percent(x.Mean), percent(x.P90), percent(x.Worst), fmt.Sprint(x.Count), x.Which})
	}
	for _, r := range []string{"area", "balanced", "speed"} {
		row("area, recipe "+r, t.Recipes[r].AreaError)
		row("delay, recipe "+r, t.Recipes[r].DelayError)
	}
	row("energy with glitches", t.Energy.Error)
	return out
}
