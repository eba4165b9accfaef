package llvm

import (
	"fmt"

	"github.com/llir/llvm/ir"
	"github.com/llir/llvm/ir/constant"
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"tpe/hw"
)

// unit is one LLVM module: the entry points of one hardware graph, and what they
// share.
type unit struct {
	mod        *ir.Module
	prefix     string // of all names, so that several graphs can share an object
	intrinsics map[string]*ir.Func
	tables     map[int]*ir.Global
	parts      int
}

func newUnit(mod *ir.Module, prefix string, intrinsics map[string]*ir.Func) *unit {
	return &unit{mod: mod, prefix: prefix, intrinsics: intrinsics, tables: map[int]*ir.Global{}}
}

// intrinsic declares a function of LLVM's once.
func (u *unit) intrinsic(name string, result types.Type, params ...types.Type) *ir.Func {
	if f, ok := u.intrinsics[name]; ok {
		return f
	}
	var list []*ir.Param
	for _, t := range params {
		list = append(list, ir.NewParam("", t))
	}
	f := u.mod.NewFunc(name, result, list...)
	u.intrinsics[name] = f
	return f
}

// table is ROM number i as a constant.
func (u *unit) table(i int, data []uint64, bits int) *ir.Global {
	if g, ok := u.tables[i]; ok {
		return g
	}
	t := types.NewInt(uint64(bits))
	elems := make([]constant.Constant, len(data))
	for k, v := range data {
		elems[k] = intConst(bits, v)
	}
	g := u.mod.NewGlobalDef(fmt.Sprintf("%srom%d", u.prefix, i), constant.NewArray(types.NewArray(uint64(len(data)), t), elems...))
	g.Linkage, g.Immutable = enum.LinkageInternal, true
	u.tables[i] = g
	return g
}

// port names a value that the function of a cycle has and a part of it may need.
type port struct {
	kind portKind
	id   int
}

type portKind uint8

const (
	portState  portKind = iota // the state's address
	portTime                   // the number of clock edges so far
	portCount                  // 1 if failures count, 0 under reset
	portWord                   // node id, a single word
	portBuffer                 // the address of node id's buffer
	portTarget                 // the address of the register that store id writes
)

// body is a function being written: the cycle itself (outer is nil), or a part
// of it with a function of its own, whose parameters are the values that it asks
// for.
type body struct {
	unit   *unit
	blocks []*ir.Block
	cur    *ir.Block
	vec    int // lanes of a vector; 0: plain words
	outer  *body
	have   map[port]value.Value
	params []*ir.Param
	args   []value.Value
	loops  bool
	failed error
}

func newBody(u *unit, outer *body) *body {
	b := &body{unit: u, outer: outer, have: map[port]value.Value{}}
	b.cur = b.block()
	return b
}

func (b *body) block() *ir.Block {
	x := ir.NewBlock("")
	b.blocks = append(b.blocks, x)
	return x
}

// get returns a value of the cycle, as a parameter if this is a part.
func (b *body) get(p port) value.Value {
	if v, ok := b.have[p]; ok {
		return v
	}
	if b.outer == nil {
		b.fail(fmt.Errorf("llvm: value %v is used before it exists", p))
		return constant.NewInt(types.I64, 0)
	}
	v := b.outer.get(p)
	par := ir.NewParam(fmt.Sprintf("a%d", len(b.params)), v.Type())
	b.params, b.args = append(b.params, par), append(b.args, v)
	b.have[p] = par
	return par
}

func (b *body) fail(err error) {
	if b.failed == nil {
		b.failed = err
	}
}

// call ends a part: it becomes a function, and the outer body calls it. One with a
// loop is not inlined (see the package comment).
func (b *body) call() {
	b.cur.NewRet(nil)
	f := b.unit.mod.NewFunc(fmt.Sprintf("%spart%d", b.unit.prefix, b.unit.parts), types.Void, b.params...)
	b.unit.parts++
	f.Linkage = enum.LinkageInternal
	f.FuncAttrs = append(f.FuncAttrs, enum.FuncAttrNoUnwind)
	if b.loops {
		f.FuncAttrs = append(f.FuncAttrs, enum.FuncAttrNoInline)
	}
	b.attach(f)
	b.outer.cur.NewCall(f, b.args...)
	if b.failed != nil {
		b.outer.fail(b.failed)
	}
}

func (b *body) attach(f *ir.Func) {
	f.Blocks = b.blocks
	for _, x := range b.blocks {
		x.Parent = f
	}
}

// i64 is a 64-bit constant.
func i64(v int) *constant.Int { return constant.NewInt(types.I64, int64(v)) }

// loop runs the body for i = 0, step, ... below n, at least once.
func (b *body) loop(n, step int, inside func(i value.Value)) {
	if n <= step {
		inside(i64(0))
		return
	}
	b.loops = true
	before, head := b.cur, b.block()
	before.NewBr(head)
	b.cur = head
	i := head.NewPhi(ir.NewIncoming(i64(0), before))
	inside(i)
	next := b.cur.NewAdd(i, i64(step))
	next.OverflowFlags = []enum.OverflowFlag{enum.OverflowFlagNUW, enum.OverflowFlagNSW}
	i.Incs = append(i.Incs, ir.NewIncoming(next, b.cur))
	more := b.cur.NewICmp(enum.IPredULT, next, i64(n))
	end := b.cur
	b.cur = b.block()
	end.NewCondBr(more, head, b.cur)
}

// when runs the body if cond is 1. Values do not leave it.
func (b *body) when(cond value.Value, inside func()) {
	from, yes := b.cur, b.block()
	b.cur = yes
	inside()
	last := b.cur
	b.cur = b.block()
	last.NewBr(b.cur)
	from.NewCondBr(cond, yes, b.cur)
}

// choose is when with a value: yes() if cond is 1, no otherwise.
func (b *body) choose(cond, no value.Value, yes func() value.Value) value.Value {
	from, block := b.cur, b.block()
	b.cur = block
	v := yes()
	last := b.cur
	b.cur = b.block()
	last.NewBr(b.cur)
	from.NewCondBr(cond, block, b.cur)
	return b.cur.NewPhi(ir.NewIncoming(v, last), ir.NewIncoming(no, from))
}

// fixed is get for the address of a buffer that a part does not write, so that what is read
// from it need not be read again in each round.
func (b *body) fixed(p port) value.Value {
	v := b.get(p)
	if par, ok := v.(*ir.Param); ok && len(par.Attrs) == 0 {
		par.Attrs = append(par.Attrs, enum.ParamAttrNoAlias)
	}
	return v
}

// modulo and over are i mod n and i / n.
func (b *body) modulo(i value.Value, n int) value.Value {
	if c, ok := i.(*constant.Int); ok {
		return i64(int(c.X.Int64()) % n)
	}
	return b.cur.NewURem(i, i64(n))
}

func (b *body) over(i value.Value, n int) value.Value {
	if c, ok := i.(*constant.Int); ok {
		return i64(int(c.X.Int64()) / n)
	}
	return b.cur.NewUDiv(i, i64(n))
}

// at is the byte address base+offset.
func (b *body) at(base, offset value.Value) value.Value {
	if c, ok := offset.(*constant.Int); ok && c.X.Sign() == 0 {
		return base
	}
	return b.cur.NewGetElementPtr(types.I8, base, offset)
}

// scaled is the value times a constant, plus another.
func (b *body) scaled(v value.Value, by int) value.Value {
	if c, ok := v.(*constant.Int); ok {
		return i64(int(c.X.Int64()) * by)
	}
	if by == 1 {
		return v
	}
	return b.cur.NewMul(v, i64(by))
}

func (b *body) plus(x, y value.Value) value.Value {
	cx, okx := x.(*constant.Int)
	cy, oky := y.(*constant.Int)
	switch {
	case okx && oky:
		return i64(int(cx.X.Int64() + cy.X.Int64()))
	case okx && cx.X.Sign() == 0:
		return y
	case oky && cy.X.Sign() == 0:
		return x
	}
	return b.cur.NewAdd(x, y)
}

// load reads a word of the given width (a vector in a lane loop). In memory a word
// of one bit takes a byte.
func (b *body) load(width int, addr value.Value) value.Value {
	c := word(width)
	t := b.typ(c)
	x := b.cur.NewLoad(t, b.cur.NewBitCast(addr, types.NewPointer(t)))
	x.Align = ir.Align(laneBytes(width))
	if width == 1 {
		return b.cur.NewICmp(enum.IPredNE, x, b.k(8, 0))
	}
	return x
}

// save writes a word of the given width (a vector in a lane loop).
func (b *body) save(width int, v, addr value.Value) {
	if width == 1 {
		v = b.cur.NewZExt(v, b.typ(8))
	}
	s := b.cur.NewStore(v, b.cur.NewBitCast(addr, types.NewPointer(v.Type())))
	s.Align = ir.Align(laneBytes(width))
}

// slot is the address of a byte offset in the state.
func (b *body) slot(off int) value.Value {
	return b.at(b.get(port{portState, 0}), i64(off))
}

// loadSlot and saveSlot access a 64-bit number of the state's header.
func (b *body) loadSlot(off int) value.Value { return b.load(64, b.slot(off)) }

func (b *body) saveSlot(off int, v value.Value) { b.save(64, v, b.slot(off)) }

// move copies n bytes between buffers that may overlap.
func (b *body) move(dst, src value.Value, n int) {
	f := b.unit.intrinsic("llvm.memmove.p0i8.p0i8.i64", types.Void, types.I8Ptr, types.I8Ptr, types.I64, types.I1)
	b.cur.NewCall(f, dst, src, i64(n), constant.False)
}

// copy copies n bytes between buffers that do not overlap.
func (b *body) copy(dst, src value.Value, n int) {
	f := b.unit.intrinsic("llvm.memcpy.p0i8.p0i8.i64", types.Void, types.I8Ptr, types.I8Ptr, types.I64, types.I1)
	b.cur.NewCall(f, dst, src, i64(n), constant.False)
}

// nest runs the body for every lane of a shape, with the coordinate along each of
// its axes.
func (b *body) nest(p *program, s hw.Shape, inside func(c map[int]value.Value)) {
	c := map[int]value.Value{}
	var level func(axes []int)
	level = func(axes []int) {
		if len(axes) == 0 {
			inside(c)
			return
		}
		b.loop(p.m.Axes[axes[0]].Size, 1, func(i value.Value) {
			c[axes[0]] = i
			level(axes[1:])
		})
	}
	level(s.Axes())
}

// lane is the number of the lane of shape s at coordinates c.
func (b *body) lane(p *program, s hw.Shape, c map[int]value.Value) value.Value {
	var l value.Value = i64(0)
	for _, a := range s.Axes() {
		x, ok := c[a]
		if !ok {
			x = i64(0)
		}
		l = b.plus(l, b.scaled(x, p.m.Stride(s, a)))
	}
	return l
}

// elem reads the lane of node x at coordinates c; axes that x lacks do not matter.
func (b *body) elem(p *program, x int, c map[int]value.Value) value.Value {
	n := &p.nodes[x]
	if n.role == roleConst {
		return b.k(container(n.width), n.g.Imm)
	}
	if n.shape == 0 {
		return b.get(port{portWord, x})
	}
	l := b.lane(p, n.shape, c)
	return b.load(n.width, b.at(b.get(port{portBuffer, x}), b.scaled(l, laneBytes(n.width))))
}
