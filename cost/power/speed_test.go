package power_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"tpe/cost/power"
	"tpe/cost/synth"
	"tpe/cost/timing"
	"tpe/internal/tool"
	"tpe/internal/tool/tooltest"
)

// processor is the processor time of this process.
func processor() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano())
}

// TestSpeed measures the simulations of the int8 MAC's gates in processor time: without
// delays beside Verilator counting toggles on the same netlist, in cycles a second, and
// with delays in events a second.
func TestSpeed(t *testing.T) {
	tooltest.Deep(t, "speed of gate-level activity beside Verilator's")
	tools := tooltest.Need(t, tool.Yosys, tool.OSU018, tool.Verilator, tool.GXX)
	lib := osu018(t)
	s, err := synth.New(lib)
	if err != nil {
		t.Fatal(err)
	}
	n, err := s.Module(t.Context(), peOf(t, "systolic-os"), synth.Balanced, 0)
	if err != nil {
		t.Fatal(err)
	}
	tr, err := timing.Analyze(n, timing.Options{OutputLoad: 40, InputSlew: 50})
	if err != nil {
		t.Fatal(err)
	}
	z, err1 := power.NewZero(n, power.Streams)
	ev, err2 := power.NewEvent(n, tr, 40)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	var zeroTime, eventTime time.Duration
	const cycles = 4000
	for range cycles {
		var values []bool
		for _, p := range n.Inputs {
			for _, net := range p.Nets {
				if net == n.Clock {
					continue
				}
				b := power.Block{rng.Uint64(), rng.Uint64(), rng.Uint64(), rng.Uint64()}
				if p.Name == "rst_ni" {
					b = power.Block{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}
				}
				z.Set(net, b)
				values = append(values, b[0]&1 == 1)
			}
		}
		start := processor()
		z.Settle()
		z.Count()
		z.Step()
		middle := processor()
		if err := ev.Cycle(values); err != nil {
			t.Fatal(err)
		}
		zeroTime += middle - start
		eventTime += processor() - middle
	}
	zero := float64(cycles*power.Streams) / zeroTime.Seconds()
	event := float64(ev.Events) / eventTime.Seconds()
	other := verilatorSpeed(t, tools, n.Verilog(), n.Name)
	t.Logf("without delays %.2f million cycles/s, Verilator with toggle coverage %.3f: %.1f times; %.1f million events/s", zero/1e6, other/1e6, zero/other, event/1e6)
	if zero < 20*other || event < 3e6 {
		t.Errorf("want at least 20 times and 3 million events/s")
	}
}

const harness = `#include "Vtop.h"
#include "verilated.h"
#include <cstdio>
#include <cstdint>
#include <ctime>
int main() {
  Vtop* m = new Vtop;
  uint64_t x = 1;
  auto next = [&] { x = x * 6364136223846793005ULL + 1442695040888963407ULL; return (uint32_t)(x >> 32); };
  m->rst_ni = 1;
  const int cycles = 300000;
  clock_t start = clock();
  for (int i = 0; i < cycles; i++) {
    m->x_i = next() & 255; m->y_i = next() & 255; m->d_sum_i = next(); m->first_i = next() >> 31; m->last_i = next() >> 31;
    m->clk_i = 0; m->eval();
    m->clk_i = 1; m->eval();
  }
  printf("%g\n", cycles / ((double)(clock() - start) / CLOCKS_PER_SEC));
}
`

// verilatorSpeed is the speed of the netlist in Verilator with toggle coverage, in cycles
// a second of processor time.
func verilatorSpeed(t *testing.T, tools []tool.Tool, netlist []byte, top string) float64 {
	t.Helper()
	dir := t.TempDir()
	text := strings.Replace(string(netlist), "module "+top+" ", "module top ", 1)
	script := fmt.Sprintf("read_liberty -ignore_miss_func %s\nproc\nwrite_verilog -noattr cells.v\n", tools[1].Path)
	for name, s := range map[string]string{"n.v": text, "cells.ys": script, "main.cpp": harness} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(s), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithTimeout(t.Context(), 5*time.Minute)
	defer stop()
	if _, err := tools[0].Run(ctx, dir, "-q", "-s", "cells.ys"); err != nil {
		t.Fatal(err)
	}
	if _, err := tools[2].Run(ctx, dir, "--cc", "--exe", "--build", "-O3", "-CFLAGS", "-O2", "-Wno-fatal", "--coverage-toggle", "--coverage-max-width", "512", "--top-module", "top", "n.v", "cells.v", "main.cpp"); err != nil {
		t.Fatal(err)
	}
	out, err := tool.Run(ctx, dir, filepath.Join("obj_dir", "Vtop"))
	if err != nil {
		t.Fatal(err)
	}
	v, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
