package hwtest

import (
	"testing"

	"tpe/hw"
	"tpe/hw/eval"
)

func TestEval(t *testing.T) {
	Check(t, func(flat *hw.Module) (hw.Machine, error) { return eval.New(flat) })
}

func TestRandom(t *testing.T) {
	s := newStimulus(1)
	ok, ops := 0, map[hw.Op]int{}
	const programs = 3000
	for range programs {
		data := make([]byte, 20+s.rng.IntN(400))
		for i := range data {
			data[i] = byte(s.rng.Uint32())
		}
		c, legal := Random(data)
		if !legal {
			continue
		}
		ok++
		flat, err := hw.Flatten(c.Top)
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		if len(flat.Nodes) > maxNodes {
			t.Errorf("%s: %d nodes, want at most %d", c.Name, len(flat.Nodes), maxNodes)
		}
		for i := range flat.Nodes {
			n := &flat.Nodes[i]
			ops[n.Op]++
			if l := flat.Lanes(n.Shape); l > maxLanes {
				t.Errorf("%s: node %d has %d lanes, want at most %d", c.Name, i, l, maxLanes)
			}
		}
		if _, _, err := Expect(c); err != nil {
			t.Errorf("%v", err)
		}
	}
	t.Logf("%d of %d legal", ok, programs)
	for op := hw.Op(1); int(op) < hw.NumOps; op++ {
		t.Logf("%s %d", op, ops[op])
	}
}
