package rtlgen_test

import (
	"bytes"
	"context"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tpe/hw"
	"tpe/hw/hwtest"
	"tpe/internal/tool"
	"tpe/internal/tool/tooltest"
	"tpe/rtlgen"
)

// word packs ports, the first in the low bits, lanes row-major.
func word(m *hw.Module, ports []hw.Port, values [][]uint64) (*big.Int, int) {
	v, at := new(big.Int), 0
	for p, port := range ports {
		w := m.Nodes[port.Node].Width
		for _, x := range values[p] {
			v.Or(v, new(big.Int).Lsh(new(big.Int).SetUint64(x&hw.Mask(w)), uint(at)))
			at += w
		}
	}
	return v, at
}

// suite is a folder with the Verilog of many cases and one bench for each.
type suite struct {
	dir     string
	files   []string
	benches []string
	tops    []string // instances in the lint wrapper
	ports   []string
}

// renamed copies a module and those below it with a prefix to their names, so
// that many cases fit in one run of a tool.
func renamed(m *hw.Module, prefix string, done map[*hw.Module]*hw.Module) *hw.Module {
	if x := done[m]; x != nil {
		return x
	}
	c := *m
	c.Name = prefix + m.Name
	c.Insts = slices.Clone(m.Insts)
	for i := range c.Insts {
		c.Insts[i].Mod = renamed(c.Insts[i].Mod, prefix, done)
	}
	done[m] = &c
	return &c
}

func (s *suite) write(t testing.TB, name string, text []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// add emits a case and its bench.
func (s *suite) add(t testing.TB, k int, c hwtest.Case) {
	t.Helper()
	want, _, err := hwtest.Expect(c)
	if err != nil {
		t.Fatal(err)
	}
	out, err := rtlgen.Emit(renamed(c.Top, fmt.Sprintf("c%d_", k), map[*hw.Module]*hw.Module{}), rtlgen.Options{})
	if err != nil {
		t.Fatalf("%s: %v", c.Name, err)
	}
	for _, f := range out.Files {
		for l := range strings.SplitSeq(string(f.Text), "\n") {
			if len(l) > 100 {
				t.Errorf("%s: %s: line of %d columns: %s", c.Name, f.Name, len(l), l)
			}
		}
		if !slices.Contains(s.files, f.Name) {
			s.files = append(s.files, f.Name)
			s.write(t, f.Name, f.Text)
		}
	}
	m := c.Top
	var ins, outs bytes.Buffer
	var ib, ob int
	for cyc := range c.Inputs {
		v, n := word(m, m.Inputs, c.Inputs[cyc])
		if c.Reset[cyc] {
			v.SetBit(v, n, 0)
		} else {
			v.SetBit(v, n, 1)
		}
		fmt.Fprintf(&ins, "%x\n", v)
		ib = n
		v, ob = word(m, m.Outputs, want[cyc])
		fmt.Fprintf(&outs, "%x\n", v)
	}
	s.write(t, fmt.Sprintf("c%d.in", k), ins.Bytes())
	s.write(t, fmt.Sprintf("c%d.out", k), outs.Bytes())

	var conns []string
	var wrap []string
	if out.Clocked {
		conns = append(conns, ".clk_i(clk)", ".rst_ni(in["+fmt.Sprint(ib)+"])")
		wrap = append(wrap, ".clk_i(clk_i)", ".rst_ni(rst_ni)")
	}
	at := 0
	connect := func(ports []rtlgen.Port, bus, dir string) {
		at = 0
		for _, p := range ports {
			conns = append(conns, fmt.Sprintf(".%s(%s[%d:%d])", p.Name, bus, at+p.Verilog-1, at))
			at += p.Verilog
			pin := fmt.Sprintf("c%d_%s", k, p.Name)
			s.ports = append(s.ports, fmt.Sprintf("  %s wire [%d:0] %s", dir, p.Verilog-1, pin))
			wrap = append(wrap, fmt.Sprintf(".%s(%s)", p.Name, pin))
		}
	}
	connect(out.Inputs, "in", "input ")
	connect(out.Outputs, "got", "output")
	s.tops = append(s.tops, fmt.Sprintf("  %s u_c%d (%s);", out.Top, k, strings.Join(wrap, ", ")))
	s.benches = append(s.benches, fmt.Sprintf(`module tb_%d;
  reg clk;
  reg [%d:0] in;
  reg [%d:0] stim [0:%d];
  reg [%d:0] want [0:%d];
  wire [%d:0] got;
  integer t;
  integer bad;
  %s dut (%s);
  initial begin
    $readmemh("c%d.in", stim);
    $readmemh("c%d.out", want);
    bad = 0;
    clk = 0;
    for (t = 0; t < %d; t = t + 1) begin
      in = stim[t];
      #1;
      if (got !== want[t]) begin
        bad = bad + 1;
        if (bad < 3) $display("MISMATCH %s cycle %%0d\n  got  %%b\n  want %%b", t, got, want[t]);
      end
      clk = 1;
      #1 clk = 0;
      #1;
    end
    $display("DONE %d");
  end
endmodule
`, k, ib, ib, len(c.Inputs)-1, ob-1, len(c.Inputs)-1, ob-1, out.Top, strings.Join(conns, ", "), k, k, len(c.Inputs), c.Name, k))
}

// run lints all files, checks them with Yosys and simulates them with Icarus.
func (s *suite) run(t *testing.T, cases int) {
	s.write(t, "bench.v", []byte(strings.Join(s.benches, "\n")))
	s.write(t, "all_cases.v", []byte("module all_cases (\n  input  wire clk_i,\n  input  wire rst_ni,\n"+strings.Join(s.ports, ",\n")+
		"\n);\n"+strings.Join(s.tops, "\n")+"\n  wire _unused_ok = &{1'b0, clk_i, rst_ni};\nendmodule\n"))
	ctx := context.Background()
	t.Run("verilator", func(t *testing.T) {
		v := tooltest.Need(t, tool.Verilator)[0]
		args := append([]string{"--lint-only", "-Wall", "--top-module", "all_cases", "all_cases.v"}, s.files...)
		if out, err := v.Run(ctx, s.dir, args...); err != nil || len(out) > 0 {
			t.Errorf("%s%v", out, err)
		}
	})
	t.Run("yosys", func(t *testing.T) {
		y := tooltest.Need(t, tool.Yosys)[0]
		script := "read_verilog " + strings.Join(s.files, " ") + " all_cases.v\nhierarchy -check -top all_cases\nproc\ncheck -assert\n"
		s.write(t, "check.ys", []byte(script))
		if out, err := y.Run(ctx, s.dir, "-q", "check.ys"); err != nil || len(out) > 0 {
			t.Errorf("%s%v", out, err)
		}
	})
	t.Run("icarus", func(t *testing.T) {
		tools := tooltest.Need(t, tool.Icarus, tool.VVP)
		args := append([]string{"-g2005", "-Wall", "-o", "all.vvp", "bench.v"}, s.files...)
		if out, err := tools[0].Run(ctx, s.dir, args...); err != nil || len(out) > 0 {
			t.Fatalf("%s%v", out, err)
		}
		out, err := tools[1].Run(ctx, s.dir, "-n", "all.vvp")
		if err != nil {
			t.Fatal(err)
		}
		text := string(out)
		if i := strings.Index(text, "MISMATCH"); i >= 0 {
			t.Errorf("%.4000s", text[i:])
		}
		if n := strings.Count(text, "DONE"); n != cases {
			t.Errorf("%d of %d cases ran to the end: %.2000s", n, cases, text)
		}
	})
}
