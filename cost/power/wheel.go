package power

// wheel is a queue of the nets that are about to change, at most one entry a net, in
// order of time: a ring of one slot a ps, each a doubly linked list.
type wheel struct {
	slot       []int32 // first net of each time; -1 is none
	next, prev []int32 // by net
	at         []int32 // slot of each net; -1 if it is not queued
	now        int32
	count      int
}

// newWheel makes a queue for delays up to longest.
func newWheel(nets int, longest int32) wheel {
	size := int32(1)
	for size <= longest {
		size *= 2
	}
	w := wheel{slot: make([]int32, size), next: make([]int32, nets), prev: make([]int32, nets), at: make([]int32, nets)}
	for i := range w.slot {
		w.slot[i] = -1
	}
	for i := range w.at {
		w.at[i] = -1
	}
	return w
}

// put queues a net that is not queued, delay from now.
func (w *wheel) put(net, delay int32) {
	s := (w.now + delay) & int32(len(w.slot)-1)
	head := w.slot[s]
	w.next[net], w.prev[net], w.at[net] = head, -1, s
	if head >= 0 {
		w.prev[head] = net
	}
	w.slot[s] = net
	w.count++
}

// putNew is put for a net that may be queued already: that entry stays.
func (w *wheel) putNew(net, delay int32) {
	if w.at[net] < 0 {
		w.put(net, delay)
	}
}

// drop takes a net out, if it is queued.
func (w *wheel) drop(net int32) {
	s := w.at[net]
	if s < 0 {
		return
	}
	next, prev := w.next[net], w.prev[net]
	if prev >= 0 {
		w.next[prev] = next
	} else {
		w.slot[s] = next
	}
	if next >= 0 {
		w.prev[next] = prev
	}
	w.at[net] = -1
	w.count--
}

// pop takes out a net of the earliest time and moves to that time; false when the queue
// is empty.
func (w *wheel) pop() (int32, bool) {
	if w.count == 0 {
		return 0, false
	}
	mask := int32(len(w.slot) - 1)
	for w.slot[w.now&mask] < 0 {
		w.now = (w.now + 1) & mask
	}
	net := w.slot[w.now&mask]
	w.drop(net)
	return net, true
}
