package hw

import (
	"fmt"
	"strings"
)

// Order lists the nodes of m so that every node follows those that it depends
// on within a cycle. A register, a memory's read data and a delay of at least one
// edge in every lane depend on nothing. A combinational cycle is an error that
// names the nodes along it; a path that runs along an array through shift
// without a register is one.
func Order(m *Module) ([]ID, error) {
	o := orderer{m: m, through: map[*Module][][]int{}, mark: make([]uint8, len(m.Nodes))}
	for i := range m.Nodes {
		if err := o.visit(ID(i)); err != nil {
			return nil, err
		}
	}
	return o.list, nil
}

type orderer struct {
	m       *Module
	through map[*Module][][]int // per output port: the inputs that it depends on within a cycle
	mark    []uint8             // 0 new, 1 on the path, 2 done
	list    []ID
}

// deps lists what node id depends on within a cycle.
func (o *orderer) deps(id ID) []ID {
	n := &o.m.Nodes[id]
	switch n.Op {
	case OpReg, OpMemQ:
		return nil
	case OpDelay:
		if lo, _ := o.m.delayRange(n); lo == 0 {
			return n.Args
		}
		return nil
	case OpInstOut:
		in := &o.m.Insts[n.Imm]
		var list []ID
		for _, k := range o.inputsOf(in.Mod)[n.K] {
			list = append(list, in.In[k])
		}
		return list
	default:
		return n.Args
	}
}

// visit is an explicit-stack depth-first search: graphs are deeper than is good
// for recursion.
func (o *orderer) visit(root ID) error {
	type frame struct {
		id   ID
		deps []ID
	}
	if o.mark[root] != 0 {
		return nil
	}
	stack := []frame{{root, o.deps(root)}}
	o.mark[root] = 1
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		if len(top.deps) == 0 {
			o.mark[top.id] = 2
			o.list = append(o.list, top.id)
			stack = stack[:len(stack)-1]
			continue
		}
		next := top.deps[0]
		top.deps = top.deps[1:]
		switch o.mark[next] {
		case 0:
			o.mark[next] = 1
			stack = append(stack, frame{next, o.deps(next)})
		case 1:
			var path []string
			on := false
			for _, f := range stack {
				if on = on || f.id == next; on {
					path = append(path, o.m.nodeName(f.id))
				}
			}
			path = append(path, o.m.nodeName(next))
			return fmt.Errorf("combinational cycle (each depends on the next): %s", strings.Join(path, " -> "))
		}
	}
	return nil
}

// inputsOf returns, for each output of a module, the indices of the inputs that
// it depends on within a cycle.
func (o *orderer) inputsOf(mod *Module) [][]int {
	if t, ok := o.through[mod]; ok {
		return t
	}
	sub := orderer{m: mod, through: o.through}
	t := make([][]int, len(mod.Outputs))
	for k, p := range mod.Outputs {
		seen := make([]bool, len(mod.Nodes))
		todo := []ID{p.Node}
		seen[p.Node] = true
		for len(todo) > 0 {
			id := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			if n := &mod.Nodes[id]; n.Op == OpInput {
				t[k] = append(t[k], int(n.Imm))
			}
			for _, d := range sub.deps(id) {
				if !seen[d] {
					seen[d] = true
					todo = append(todo, d)
				}
			}
		}
	}
	o.through[mod] = t
	return t
}
