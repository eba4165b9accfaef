package llvm

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/llir/llvm/ir"
	"github.com/llir/llvm/ir/types"

	"tpe/hw"
	"tpe/hw/drive"
	"tpe/internal/tool"
)

// flags are clang's; native code, since the object is made where it runs.
func flags() []string {
	native := "-march=native"
	if hostARM {
		native = "-mcpu=native"
	}
	return []string{"-O3", native, "-shared", "-fPIC", "-x", "ir", "-Wno-override-module", "program.ll", "-o", "program.so"}
}

// code is the IR of some graphs, to be compiled into one object.
type code struct {
	mod        *ir.Module
	intrinsics map[string]*ir.Func
	graphs     int
}

func newCode() *code {
	return &code{mod: ir.NewModule(), intrinsics: map[string]*ir.Func{}}
}

// image is a graph in an object: its layout and the names of its functions.
type image struct {
	m      *hw.Module
	l      *layout
	prefix string
}

// next is a fresh prefix of names.
func (c *code) next() string {
	c.graphs++
	return fmt.Sprintf("g%d_", c.graphs)
}

func checkFlat(m *hw.Module) error {
	if len(m.Insts) > 0 {
		return fmt.Errorf("llvm: module %s has instances (expected a flat module)", m.Name)
	}
	for i := range m.Nodes {
		n := &m.Nodes[i]
		if n.Op.Kind() == hw.KindState {
			continue
		}
		for _, a := range n.Args {
			if int(a) >= i {
				return fmt.Errorf("llvm: module %s is not in evaluation order", m.Name)
			}
		}
	}
	return nil
}

// function starts an entry point.
func (c *code) function(u *unit, name string, params ...*ir.Param) (*ir.Func, *body) {
	f := c.mod.NewFunc(u.prefix+name, types.Void, params...)
	b := newBody(u, nil)
	b.have[port{portState, 0}] = params[0]
	return f, b
}

func finish(f *ir.Func, b *body) error {
	b.cur.NewRet(nil)
	b.attach(f)
	return b.failed
}

// addMachine adds the functions settle(state) and step(state) of a graph.
func (c *code) addMachine(m *hw.Module) (*image, error) {
	if err := checkFlat(m); err != nil {
		return nil, err
	}
	u := newUnit(c.mod, c.next(), c.intrinsics)
	p := newProgram(m)
	p.commit()
	s := newSchedule(p, p.roots(), p.claimLate())
	pl := s.place()
	l := newLayout(p, 0, pl)
	f, b := c.function(u, "step", ir.NewParam("st", types.I8Ptr))
	cy := newCycle(b, p, s, pl, l)
	b.have[port{portCount, 0}] = cy.loadSlot(headCount)
	cy.emit(nil)
	cy.commit()
	if err := finish(f, b); err != nil {
		return nil, err
	}

	q := newProgram(m)
	var roots []int
	for i := range m.Outputs {
		n := &m.Nodes[m.Outputs[i].Node]
		if sh := q.shape(n.Shape); sh != 0 {
			q.store(toOutput, i, q.outs[i], n.Width, sh)
		} else {
			roots = append(roots, q.outs[i])
		}
	}
	s = newSchedule(q, roots, claims{})
	s.moving = false
	f, b = c.function(u, "settle", ir.NewParam("st", types.I8Ptr))
	cy = newCycle(b, q, s, pl, l)
	cy.emit(nil)
	for i := range m.Outputs {
		if n := &m.Nodes[m.Outputs[i].Node]; q.shape(n.Shape) == 0 {
			cy.save(n.Width, cy.get(port{portWord, q.outs[i]}), cy.slot(l.output[i]))
		}
	}
	return &image{m: m, l: l, prefix: u.prefix}, finish(f, b)
}

// addRunner adds the function run(state, cycles) of a graph.
func (c *code) addRunner(m *hw.Module, ports drive.Ports) (*image, error) {
	if err := checkFlat(m); err != nil {
		return nil, err
	}
	if err := checkPorts(m, &ports); err != nil {
		return nil, err
	}
	u := newUnit(c.mod, c.next(), c.intrinsics)
	p := newProgram(m)
	p.commit()
	captureNode(p, &ports)
	roots := p.roots()
	for _, s := range ports.In {
		roots = append(roots, p.outs[s.Ready])
	}
	s := newSchedule(p, roots, p.claimLate())
	pl := s.place()
	l := newLayout(p, len(ports.In), pl)
	n := ir.NewParam("n", types.I64)
	f, b := c.function(u, "run", ir.NewParam("st", types.I8Ptr), n)
	r := &runner{cycle: newCycle(b, p, s, pl, l), ports: ports}
	r.emit(n)
	return &image{m: m, l: l, prefix: u.prefix}, finish(f, b)
}

// build compiles the code, or finds what an earlier build left in the cache, and
// loads it.
func (c *code) build() (*object, error) {
	if err := supported(); err != nil {
		return nil, err
	}
	clang, err := tool.Find(tool.Clang)
	if err != nil {
		return nil, fmt.Errorf("llvm: %w", err)
	}
	var text bytes.Buffer
	if _, err := c.mod.WriteTo(&text); err != nil {
		return nil, fmt.Errorf("llvm: %w", err)
	}
	key := strings.Join(append(flags(), clang.Version, hostCPU(), text.String()), "\n")
	dir, _, err := tool.Cache("llvm", []byte(key), func(dir string) error {
		if err := os.WriteFile(filepath.Join(dir, "program.ll"), text.Bytes(), 0o644); err != nil {
			return err
		}
		_, err := clang.Run(context.Background(), dir, flags()...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("llvm: %w", err)
	}
	return open(filepath.Join(dir, "program.so"))
}

// Available returns nil if graphs can be compiled and loaded here, or why not.
func Available() error {
	if err := supported(); err != nil {
		return err
	}
	if _, err := tool.Find(tool.Clang); err != nil {
		return fmt.Errorf("llvm: %w", err)
	}
	return nil
}
