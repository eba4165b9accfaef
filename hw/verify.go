package hw

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// MaxLanes bounds the lanes of one node, and MaxMemWords the words of one
// memory over all lanes.
const (
	MaxLanes    = 1 << 22
	MaxMemWords = 1 << 26
	maxRom      = 65536
)

var identifier = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9_]*$`)

// Verify checks every rule that a module must obey and reports all violations
// together, each with the node and its operands. Modules below it are taken as
// verified: a Builder verifies each when it is built.
func Verify(m *Module) error {
	v := &verifier{m: m}
	v.axes()
	if len(v.errs) == 0 { // shapes mean nothing without axes
		v.nodes()
		v.tables()
		v.state()
		v.ports()
		v.instances()
		v.owners()
	}
	if len(v.errs) == 0 {
		if _, err := Order(m); err != nil {
			v.errs = append(v.errs, fmt.Errorf("module %s: %w", m.Name, err))
		}
	}
	return errors.Join(v.errs...)
}

type verifier struct {
	m    *Module
	errs []error
}

func (v *verifier) fail(format string, args ...any) {
	v.errs = append(v.errs, fmt.Errorf("module %s: "+format, append([]any{v.m.Name}, args...)...))
}

func (v *verifier) axes() {
	if !identifier.MatchString(v.m.Name) {
		v.fail("name is not an identifier: %q", v.m.Name)
	}
	if len(v.m.Axes) > MaxAxes {
		v.fail("%d axes (expected at most %d)", len(v.m.Axes), MaxAxes)
		return
	}
	seen := map[string]bool{}
	for _, a := range v.m.Axes {
		if !identifier.MatchString(a.Name) {
			v.fail("axis name is not an identifier: %q", a.Name)
		}
		if seen[a.Name] {
			v.fail("axis %s is declared twice", a.Name)
		}
		seen[a.Name] = true
		if a.Size < 1 || a.Size > MaxLanes {
			v.fail("axis %s has size %d (expected 1..%d)", a.Name, a.Size, MaxLanes)
		}
	}
}

func (v *verifier) nodes() {
	m := v.m
	names := map[string]bool{}
	for i := range m.Nodes {
		n := &m.Nodes[i]
		w, s, err := m.infer(n)
		switch {
		case err != nil:
			v.fail("%s: %w", m.describe(n), err)
		case w != n.Width || s != n.Shape:
			v.fail("%s: operands give width %d shape %s", m.describe(n), w, m.ShapeString(s))
		}
		lanes, ok := v.lanes(n.Shape)
		switch {
		case n.Shape>>len(m.Axes) != 0:
			v.fail("%s: shape has axes that do not exist", m.describe(n))
		case !ok:
			v.fail("%s: more than %d lanes", m.describe(n), MaxLanes)
		case err == nil && n.Op == OpDelay:
			if _, longest := m.delayRange(n); longest > MaxMemWords/lanes {
				v.fail("%s: holds %d words in each of %d lanes (expected at most %d in all)", m.describe(n), longest, lanes, MaxMemWords)
			}
		}
		if n.Name != "" {
			if !identifier.MatchString(n.Name) {
				v.fail("%s: name is not an identifier", m.describe(n))
			}
			if names[n.Name] {
				v.fail("%s: name is used twice", m.describe(n))
			}
			names[n.Name] = true
		}
	}
}

func (v *verifier) tables() {
	seen := map[string]bool{}
	for _, r := range v.m.Roms {
		if !identifier.MatchString(r.Name) || seen[r.Name] {
			v.fail("table name is not a fresh identifier: %q", r.Name)
		}
		seen[r.Name] = true
		if r.Width < 1 || r.Width > MaxWidth {
			v.fail("table %s has words of %d bits (expected 1..%d)", r.Name, r.Width, MaxWidth)
		}
		if len(r.Data) < 1 || len(r.Data) > maxRom {
			v.fail("table %s has %d entries (expected 1..%d)", r.Name, len(r.Data), maxRom)
		}
		for i, x := range r.Data {
			if r.Width >= 1 && r.Width <= MaxWidth && x > Mask(r.Width) {
				v.fail("table %s, entry %d: %d does not fit in %d bits", r.Name, i, x, r.Width)
			}
		}
	}
}

// lanes is the number of lanes of a shape, if its axes exist and it is within
// the limit.
func (v *verifier) lanes(s Shape) (int, bool) {
	n := 1
	for _, a := range s.Axes() {
		if a >= len(v.m.Axes) {
			return 1, false
		}
		if n *= v.m.Axes[a].Size; n > MaxLanes {
			return 1, false
		}
	}
	return n, true
}

// owners checks that every port, state and instance node belongs to a row of its
// table that points back to it; the tables' own checks are the other half.
func (v *verifier) owners() {
	m := v.m
	for i := range m.Nodes {
		n, id, ok := &m.Nodes[i], ID(i), true
		switch n.Op {
		case OpInput:
			ok = n.Imm < uint64(len(m.Inputs)) && m.Inputs[n.Imm].Node == id
		case OpReg:
			ok = n.Imm < uint64(len(m.Regs)) && m.Regs[n.Imm].Node == id
		case OpMemQ:
			ok = n.Imm < uint64(len(m.Mems)) && m.Mems[n.Imm].Node == id
		case OpInstOut:
			ok = n.Imm < uint64(len(m.Insts)) && n.K >= 0 && n.K < len(m.Insts[n.Imm].Out) && m.Insts[n.Imm].Out[n.K] == id
		}
		if !ok {
			v.fail("%s: no port, register, memory or instance of the module has this node", m.describe(n))
		}
	}
}

// operand checks that x exists, has the width (0: any) and only axes of shape.
func (v *verifier) operand(what string, x ID, width int, shape Shape) {
	if x < 0 || int(x) >= len(v.m.Nodes) {
		v.fail("%s is not connected", what)
		return
	}
	n := &v.m.Nodes[x]
	if width != 0 && n.Width != width {
		v.fail("%s: driven by %s (expected %d bits)", what, v.m.describe(n), width)
	}
	if n.Shape&^shape != 0 {
		v.fail("%s: driven by %s, which has more axes than %s", what, v.m.describe(n), v.m.ShapeString(shape))
	}
}

func (v *verifier) state() {
	m := v.m
	for i, r := range m.Regs {
		if r.Node < 0 || int(r.Node) >= len(m.Nodes) || m.Nodes[r.Node].Op != OpReg || m.Nodes[r.Node].Imm != uint64(i) {
			v.fail("register %d has no node of its own", i)
			continue
		}
		n := &m.Nodes[r.Node]
		v.operand("next of register "+n.Name, r.Next, n.Width, n.Shape)
		if n.Width >= 1 && n.Width <= MaxWidth && r.Reset > Mask(n.Width) {
			v.fail("register %s: reset value %d does not fit in %d bits", n.Name, r.Reset, n.Width)
		}
	}
	for i, mem := range m.Mems {
		if mem.Node < 0 || int(mem.Node) >= len(m.Nodes) || m.Nodes[mem.Node].Op != OpMemQ || m.Nodes[mem.Node].Imm != uint64(i) {
			v.fail("memory %d has no node of its own", i)
			continue
		}
		n := &m.Nodes[mem.Node]
		if lanes, _ := v.lanes(n.Shape); mem.Depth < 1 || mem.Depth > MaxMemWords/lanes {
			v.fail("memory %s: depth %d (expected 1..%d)", mem.Name, mem.Depth, MaxMemWords/lanes)
		}
		v.operand("write enable of memory "+mem.Name, mem.WEn, 1, n.Shape)
		v.operand("write address of memory "+mem.Name, mem.WAddr, 0, n.Shape)
		v.operand("write data of memory "+mem.Name, mem.WData, n.Width, n.Shape)
		v.operand("read address of memory "+mem.Name, mem.RAddr, 0, n.Shape)
	}
	for _, a := range m.Asserts {
		if !identifier.MatchString(a.Name) {
			v.fail("assertion name is not an identifier: %q", a.Name)
		}
		v.operand("assertion "+a.Name, a.Cond, 1, ^Shape(0))
	}
}

func (v *verifier) ports() {
	seen := map[string]bool{}
	check := func(p Port) {
		if !identifier.MatchString(p.Name) {
			v.fail("port name is not an identifier: %q", p.Name)
		}
		if seen[p.Name] {
			v.fail("port %s is declared twice", p.Name)
		}
		seen[p.Name] = true
		v.operand("port "+p.Name, p.Node, 0, ^Shape(0))
	}
	for i, p := range v.m.Inputs {
		check(p)
		if p.Node >= 0 && int(p.Node) < len(v.m.Nodes) {
			if n := &v.m.Nodes[p.Node]; n.Op != OpInput || n.Imm != uint64(i) || n.Name != p.Name {
				v.fail("input %s has no node of its own", p.Name)
			}
		}
	}
	for _, p := range v.m.Outputs {
		check(p)
	}
}

func (v *verifier) instances() {
	m := v.m
	seen := map[string]bool{}
	for i, in := range m.Insts {
		if !identifier.MatchString(in.Name) || seen[in.Name] {
			v.fail("instance name is not a fresh identifier: %q", in.Name)
		}
		seen[in.Name] = true
		if in.Mod == nil {
			v.fail("instance %s has no module", in.Name)
			continue
		}
		if in.Over>>len(m.Axes) != 0 {
			v.fail("instance %s: placed over axes that do not exist", in.Name)
		}
		for _, a := range in.Mod.Axes {
			if o := m.AxisIndex(a.Name); o >= 0 {
				if m.Axes[o].Size != a.Size {
					v.fail("instance %s: axis %s has size %d in %s and %d here", in.Name, a.Name, a.Size, in.Mod.Name, m.Axes[o].Size)
				}
				if in.Over.Has(o) {
					v.fail("instance %s: placed over axis %s, which %s has itself", in.Name, a.Name, in.Mod.Name)
				}
			}
		}
		if len(in.In) != len(in.Mod.Inputs) || len(in.Out) != len(in.Mod.Outputs) {
			v.fail("instance %s of %s has %d inputs and %d outputs (expected %d and %d)",
				in.Name, in.Mod.Name, len(in.In), len(in.Out), len(in.Mod.Inputs), len(in.Mod.Outputs))
			continue
		}
		for k, p := range in.Mod.Inputs {
			inner := &in.Mod.Nodes[p.Node]
			s, err := m.outerShape(in.Mod, inner.Shape)
			if err != nil {
				v.fail("instance %s, input %s: %w", in.Name, p.Name, err)
				continue
			}
			v.operand("instance "+in.Name+", input "+p.Name, in.In[k], inner.Width, in.Over|s)
		}
		for k, p := range in.Mod.Outputs {
			v.instOut(i, k, p)
		}
	}
}

func (v *verifier) instOut(i, k int, p Port) {
	m, in := v.m, &v.m.Insts[i]
	x := in.Out[k]
	if x < 0 || int(x) >= len(m.Nodes) {
		v.fail("instance %s, output %s has no node", in.Name, p.Name)
		return
	}
	n, inner := &m.Nodes[x], &in.Mod.Nodes[p.Node]
	s, err := m.outerShape(in.Mod, inner.Shape)
	if err != nil || n.Op != OpInstOut || n.Imm != uint64(i) || n.K != k || n.Width != inner.Width || n.Shape != s|in.Over {
		v.fail("instance %s, output %s: node is %s", in.Name, p.Name, m.describe(n))
	}
}

// ShapeString prints a shape as [row col].
func (m *Module) ShapeString(s Shape) string {
	var names []string
	for _, a := range s.Axes() {
		if a < len(m.Axes) {
			names = append(names, m.Axes[a].Name)
		} else {
			names = append(names, fmt.Sprintf("?%d", a))
		}
	}
	return "[" + strings.Join(names, " ") + "]"
}

// describe prints a node and its operands for a message.
func (m *Module) describe(n *Node) string {
	var b strings.Builder
	if n.Name != "" {
		b.WriteString(n.Name + " = ")
	}
	b.WriteString(n.Op.String() + "(")
	for i, a := range n.Args {
		if i > 0 {
			b.WriteString(", ")
		}
		if a < 0 || int(a) >= len(m.Nodes) {
			b.WriteString("nothing")
			continue
		}
		x := &m.Nodes[a]
		fmt.Fprintf(&b, "%s: %d%s", m.nodeName(a), x.Width, m.shapeSuffix(x.Shape))
	}
	fmt.Fprintf(&b, "): %d%s", n.Width, m.shapeSuffix(n.Shape))
	return b.String()
}

func (m *Module) shapeSuffix(s Shape) string {
	if s == 0 {
		return ""
	}
	return m.ShapeString(s)
}

// nodeName is the node's name, or its number with the prefix _ (which no name
// may have).
func (m *Module) nodeName(id ID) string {
	if m.Nodes[id].Name != "" {
		return m.Nodes[id].Name
	}
	return fmt.Sprintf("_%d", id)
}
