package lanes

import "tpe/hw"

// reduce folds the axis of n, which x of shape full has. Neighbouring lanes are folded in
// pairs, level by level, as long as that comes out even: a pair is half of a word of twice
// the size.
func (l *lowering) reduce(n *hw.Node, fold hw.Op, x val, full hw.Shape) val {
	a := l.axis(full, n.Axis)
	a.fold = fold
	if fold == hw.OpSMin || fold == hw.OpSMax {
		a.flip = sign(n.Width)
	}
	for a.inner == 1 && a.size > 2 && a.size%2 == 0 && foldPairs(fold, l.values[x].size) {
		lanes := l.values[x].lanes / 2
		o := l.op(kReduce, whole, n.Width, n.Shape, x)
		l.values[o.dst].lanes = lanes
		o.x = &extra{outer: lanes, size: 2, inner: 1, fold: fold, flip: a.flip}
		x, a.size = o.dst, a.size/2
	}
	o := l.op(kReduce, whole, n.Width, n.Shape, x)
	o.x = a
	return o.dst
}

// ones counts the ones along an axis without packing them into a word.
func (l *lowering) ones(n *hw.Node) val {
	pack := &l.m.Nodes[n.Args[0]]
	full := pack.Shape.With(pack.Axis)
	sum := *n
	sum.Axis, sum.Shape = pack.Axis, pack.Shape
	return l.reduce(&sum, hw.OpAdd, l.solid(l.of[pack.Args[0]], full), full)
}

// prune marks operations whose results nothing reads.
func (l *lowering) prune() {
	for again := true; again; {
		again = false
		uses := make([]int, len(l.values))
		for i := range l.ops {
			if !l.ops[i].dead {
				for _, a := range l.ops[i].args() {
					uses[a]++
				}
			}
		}
		for i := range l.ops {
			o := &l.ops[i]
			if v := &l.values[o.dst]; !o.dead && o.k != kPush && uses[o.dst] == 0 && v.role == temp && !v.pinned {
				o.dead, again = true, true
			}
		}
	}
}
