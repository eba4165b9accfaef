package synth

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"

	"tpe/hw"
)

// Shuffle returns the module with its nodes and registers in another order, chosen by
// the seed: the same hardware, printed as the same statements in another order. Seed 0
// returns the module itself. Ports keep their order.
func Shuffle(m *hw.Module, seed uint64) (*hw.Module, error) {
	if seed == 0 {
		return m, nil
	}
	rng := rand.New(rand.NewPCG(seed, 0x7370655f))
	order, err := randomOrder(m, rng)
	if err != nil {
		return nil, err
	}
	out := *m
	at := make([]hw.ID, len(m.Nodes)) // old to new
	for i, id := range order {
		at[id] = hw.ID(i)
	}
	move := func(id hw.ID) hw.ID {
		if id == hw.None {
			return id
		}
		return at[id]
	}
	all := func(ids []hw.ID) []hw.ID {
		list := slices.Clone(ids)
		for i := range list {
			list[i] = move(list[i])
		}
		return list
	}
	out.Nodes = make([]hw.Node, len(m.Nodes))
	for old, n := range m.Nodes {
		n.Args = all(n.Args)
		out.Nodes[at[old]] = n
	}
	out.Inputs, out.Outputs = slices.Clone(m.Inputs), slices.Clone(m.Outputs)
	for i := range out.Inputs {
		out.Inputs[i].Node = move(out.Inputs[i].Node)
	}
	for i := range out.Outputs {
		out.Outputs[i].Node = move(out.Outputs[i].Node)
	}
	out.Regs = slices.Clone(m.Regs)
	for i := range out.Regs {
		out.Regs[i].Node, out.Regs[i].Next = move(out.Regs[i].Node), move(out.Regs[i].Next)
	}
	slices.SortFunc(out.Regs, func(a, b hw.Reg) int { return cmp.Compare(a.Node, b.Node) })
	for i, r := range out.Regs {
		out.Nodes[r.Node].Imm = uint64(i)
	}
	out.Mems = slices.Clone(m.Mems)
	for i := range out.Mems {
		p := &out.Mems[i]
		p.Node, p.WEn, p.WAddr, p.WData, p.RAddr = move(p.Node), move(p.WEn), move(p.WAddr), move(p.WData), move(p.RAddr)
	}
	out.Insts = slices.Clone(m.Insts)
	for i := range out.Insts {
		out.Insts[i].In, out.Insts[i].Out = all(out.Insts[i].In), all(out.Insts[i].Out)
	}
	out.Asserts = slices.Clone(m.Asserts)
	for i := range out.Asserts {
		out.Asserts[i].Cond = move(out.Asserts[i].Cond)
	}
	if err := hw.Verify(&out); err != nil {
		return nil, fmt.Errorf("synth: shuffled %s: %w", m.Name, err)
	}
	return &out, nil
}

// randomOrder lists the nodes such that each follows its operands, but for wires, which
// stand before what drives them.
func randomOrder(m *hw.Module, rng *rand.Rand) ([]hw.ID, error) {
	waits := make([]int, len(m.Nodes))
	users := make([][]hw.ID, len(m.Nodes))
	var ready, order []hw.ID
	for i := range m.Nodes {
		n := &m.Nodes[i]
		if n.Op != hw.OpWire {
			for _, a := range n.Args {
				waits[i]++
				users[a] = append(users[a], hw.ID(i))
			}
		}
		if waits[i] == 0 {
			ready = append(ready, hw.ID(i))
		}
	}
	for len(ready) > 0 {
		k := rng.IntN(len(ready))
		id := ready[k]
		ready[k] = ready[len(ready)-1]
		ready = ready[:len(ready)-1]
		order = append(order, id)
		for _, u := range users[id] {
			if waits[u]--; waits[u] == 0 {
				ready = append(ready, u)
			}
		}
	}
	if len(order) != len(m.Nodes) {
		return nil, fmt.Errorf("synth: module %s: %d of %d nodes in a cycle", m.Name, len(m.Nodes)-len(order), len(m.Nodes))
	}
	return order, nil
}
