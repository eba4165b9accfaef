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

	var conns, decls, drive, got, wrap []string
	if out.Clocked {
		conns = append(conns, ".clk_i(clk)", ".rst_ni(rst_n)")
		wrap = append(wrap, ".clk_i(clk_i)", ".rst_ni(rst_ni)")
	}
	at := 0
	pin := func(p rtlgen.Port, dir string) string {
		name := fmt.Sprintf("c%d_%s", k, p.Name)
		conns = append(conns, fmt.Sprintf(".%s(p_%s)", p.Name, p.Name))
		s.ports = append(s.ports, fmt.Sprintf("  %s wire [%d:0] %s", dir, p.Verilog-1, name))
		wrap = append(wrap, fmt.Sprintf(".%s(%s)", p.Name, name))
		return "p_" + p.Name
	}
	for _, p := range out.Inputs {
		name := pin(p, "input ")
		decls = append(decls, fmt.Sprintf("reg [%d:0] %s;", p.Verilog-1, name))
		drive = append(drive, fmt.Sprintf("%s = now[%d:%d];", name, at+p.Verilog-1, at))
		at += p.Verilog
	}
	for _, p := range out.Outputs {
		name := pin(p, "output")
		decls = append(decls, fmt.Sprintf("wire [%d:0] %s;", p.Verilog-1, name))
		got = append([]string{name}, got...)
	}
	s.tops = append(s.tops, fmt.Sprintf("  %s u_c%d (%s);", out.Top, k, strings.Join(wrap, ", ")))
	r := strings.NewReplacer("CASE", fmt.Sprint(k), "NAME", c.Name, "IB", fmt.Sprint(ib), "OB", fmt.Sprint(ob-1), "CYCLES", fmt.Sprint(len(c.Inputs)),
		"DECLS", strings.Join(decls, "\n  "), "DUT", out.Top, "CONNS", strings.Join(conns, ", "), "DRIVE", strings.Join(drive, "\n      "),
		"GOT", strings.Join(got, ", "))
	s.benches = append(s.benches, r.Replace(`module tb_CASE;
  reg clk;
  reg rst_n;
  reg [IB:0] now;
  reg [IB:0] stim [0:CYCLES-1];
  reg [OB:0] want [0:CYCLES-1];
  integer t;
  integer bad;
  DECLS
  DUT dut (CONNS);
  initial begin
    $readmemh("cCASE.in", stim);
    $readmemh("cCASE.out", want);
    bad = 0;
    clk = 0;
    for (t = 0; t < CYCLES; t = t + 1) begin
      now = stim[t];
      rst_n = now[IB];
      DRIVE
      #1;
      if ({GOT} !== want[t]) begin
        bad = bad + 1;
        if (bad < 3) $display("MISMATCH NAME cycle %0d\n  got  %b\n  want %b", t, {GOT}, want[t]);
      end
      clk = 1;
      #1 clk = 0;
      #1;
    end
    $display("DONE CASE");
  end
endmodule
`))
}

// run lints all files, checks them with Yosys and simulates them with Icarus.
func (s *suite) run(t *testing.T, cases int) {
	s.write(t, "bench.v", []byte(strings.Join(s.benches, "\n")))
	s.write(t, "all_cases.v", []byte("module all_cases (\n  input  wire clk_i,\n  input  wire rst_ni,\n"+strings.Join(s.ports, ",\n")+
		"\n);\n"+strings.Join(s.tops, "\n")+"\n  wire _unused_ok = &{1'b0, clk_i, rst_ni};\nendmodule\n"))
	ctx := context.Background()
	t.Run("verilator", func(t *testing.T) {
		t.Parallel()
		v := tooltest.Need(t, tool.Verilator)[0]
		args := append([]string{"--lint-only", "-Wall", "--top-module", "all_cases", "all_cases.v"}, s.files...)
		if out, err := v.Run(ctx, s.dir, args...); err != nil || len(out) > 0 {
			t.Errorf("%s%v", out, err)
		}
	})
	t.Run("yosys", func(t *testing.T) {
		t.Parallel()
		y := tooltest.Need(t, tool.Yosys)[0]
		script := "read_verilog " + strings.Join(s.files, " ") + "\nhierarchy -check\nproc\ncheck -assert\n"
		s.write(t, "check.ys", []byte(script))
		if out, err := y.Run(ctx, s.dir, "-q", "check.ys"); err != nil || len(out) > 0 {
			t.Errorf("%s%v", out, err)
		}
	})
	t.Run("icarus", func(t *testing.T) {
		t.Parallel()
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
