package hwtest

import (
	"encoding/binary"
	"testing"
)

// FuzzSeeds adds byte strings of several lengths to a fuzz target that gives its
// input to [Random], so that fuzzing starts from programs that hold every operator.
func FuzzSeeds(f *testing.F) {
	f.Helper()
	for i := range 24 {
		f.Add(seedBytes(uint64(i), 16+i*24))
	}
}

// seedBytes is a byte string drawn from a seed.
func seedBytes(seed uint64, n int) []byte {
	s := newStimulus(seed + 1)
	data := make([]byte, 0, n+8)
	for len(data) < n {
		data = binary.LittleEndian.AppendUint64(data, s.rng.Uint64())
	}
	return data[:n]
}
