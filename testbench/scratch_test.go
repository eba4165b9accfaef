package testbench_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"tpe/arch"
	"tpe/hw/drive"
	"tpe/numeric"
	"tpe/testbench"
)

func TestScratch(t *testing.T) {
	var rows, cols int
	fmt.Sscanf(os.Getenv("SIZE"), "%dx%d", &rows, &cols)
	name := os.Getenv("ENGINE")
	c, err := arch.Load(name, nil)
	if err != nil {
		t.Fatal(err)
	}
	c.Rows, c.Cols = rows, cols
	e, err := arch.Build(c)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	var plays []drive.Play
	for range 40 {
		s := arch.Shape{M: 1 + rng.IntN(3*rows), N: 1 + rng.IntN(3*cols), K: 1 + rng.IntN(3*rows)}
		p, err := e.Plan(s)
		if err != nil {
			t.Fatal(err)
		}
		a, b := numeric.NewDense(s.M, s.K), numeric.NewDense(s.K, s.N)
		_ = a
		_ = b
		play, err := p.Play(a, b, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range play.Beats {
			if e.Ports.In[i].Name == "cfg" || e.Ports.In[i].Name == "c" { continue }
			for k := range play.Beats[i] {
				play.Beats[i][k] = byte(rng.Uint32())
			}
		}
		play.Ready = pattern(rng)
		play.Limit = 100000
		plays = append(plays, play)
	}
	want, err := machine(t, e.Top).Run(plays)
	if err != nil {
		t.Fatal(err)
	}
	cycles := int64(0)
	for _, x := range want {
		cycles += x.Cycles
	}
	for _, leg := range []string{"verilator", "verilator-quick", "icarus", "netlist", "netlist-icarus"} {
		if l := os.Getenv("LEG"); l != "" && l != leg {
			continue
		}
		start := time.Now()
		var r drive.Runner
		switch leg {
		case "verilator":
			r, err = testbench.NewVerilator(t.Context(), e.Top, testbench.VerilatorOptions{})
		case "verilator-quick":
			r, err = testbench.NewVerilator(t.Context(), e.Top, testbench.VerilatorOptions{Quick: true})
		case "icarus":
			r, err = testbench.NewIcarus(t.Context(), e.Top, testbench.IcarusOptions{})
		case "netlist":
			r, err = testbench.NewNetlist(t.Context(), e.Top, "", testbench.NetlistOptions{Verilator: testbench.VerilatorOptions{Quick: true}})
		case "netlist-icarus":
			r, err = testbench.NewNetlist(t.Context(), e.Top, "", testbench.NetlistOptions{Interpret: true})
		}
		if err != nil {
			t.Error(leg, err)
			continue
		}
		built := time.Since(start)
		start = time.Now()
		got, err := r.Run(plays)
		if err != nil {
			t.Error(leg, err)
			continue
		}
		t.Logf("%s: build %v, run of %d plays, %d cycles %v", leg, built, len(plays), cycles, time.Since(start))
		compare(t, got, want, leg[0] != 'n')
		if v, ok := r.(*testbench.Verilator); ok {
			for range 3 {
				s, err := v.Bench(t.Context(), plays, 3000000)
				t.Log(s, s.CyclesPerSecond(), err)
			}
		}
	}
}
