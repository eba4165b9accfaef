package power

import (
	"math/rand/v2"
	"testing"

	"tpe/cost/liberty"
	"tpe/cost/netlist"
)

// TestTables runs truth tables of one to six inputs on all their inputs.
func TestTables(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for k := 1; k <= 6; k++ {
		for trial := range 400 {
			table := rng.Uint64()
			if k <= 3 {
				table = uint64(trial) // all of them
			}
			c := compiler{regs: 2 + k + 1}
			g := gate{table: table, out: 2 + k}
			for i := range k {
				g.in = append(g.in, 2+i)
			}
			c.gate(&g)
			z := &Zero{l: &logic{n: &netlist.Netlist{Library: &liberty.Library{}}}, ops: c.ops, value: make([]Block, c.regs)}
			z.value[netlist.Const1] = Block{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}
			for i := range k {
				for s := range 64 {
					z.value[2+i][s%Words] |= uint64(s>>i&1) << (s / Words)
				}
			}
			z.Settle()
			for s := range 64 {
				got, want := z.value[g.out][s%Words]>>(s/Words)&1, table>>(s%(1<<k))&1
				if got != want {
					t.Fatalf("table %#x of %d inputs at %b = %d, want %d", table, k, s, got, want)
				}
			}
		}
	}
}

// TestWheel compares the queue with a list.
func TestWheel(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	const nets, longest = 50, 37
	w := newWheel(nets, longest)
	due := map[int32]int{} // by net: its time
	now := 0
	for range 20000 {
		net := int32(rng.IntN(nets))
		switch _, queued := due[net]; rng.IntN(4) {
		case 0, 1:
			d := int32(1 + rng.IntN(longest))
			w.putNew(net, d)
			if !queued {
				due[net] = now + int(d)
			}
		case 2:
			w.drop(net)
			delete(due, net)
		default:
			got, ok := w.pop()
			if ok != (len(due) > 0) {
				t.Fatalf("pop says %v with %d queued", ok, len(due))
			}
			if !ok {
				continue
			}
			for n, at := range due {
				if at < due[got] {
					t.Fatalf("popped net %d of time %d before %d of time %d", got, due[got], n, at)
				}
			}
			now = due[got]
			delete(due, got)
		}
	}
}
