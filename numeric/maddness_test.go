package numeric

import (
	"math/rand/v2"
	"testing"
)

// TestMaddnessExact: rows of at most 16 different values in codebooks of one column that the tree can
// tell apart, and tables wide enough, leave nothing to approximate.
func TestMaddnessExact(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 4))
	a, b := NewDense(64, 5), NewDense(5, 7)
	for i := range a.Data {
		a.Data[i] = int32(i/5%16)*7 - 50 // the 16 values equally often: medians split them evenly
	}
	for i := range b.Data {
		b.Data[i] = rng.Int32N(256) - 128
	}
	acc := Int{Bits: 32, Signed: true}
	m, err := LearnMaddness(a, 1)
	if err != nil {
		t.Fatal(err)
	}
	got, err := m.GEMM(a, b, nil, 5, 20, acc)
	if err != nil {
		t.Fatal(err)
	}
	want, err := GEMM(a, b, nil, Acc{Int: acc})
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("word %d: %d, want %d", i, got[i], want[i])
		}
	}
}

// TestMaddnessByHand pins the tree, the strictness of its comparisons and the rounding of tables.
func TestMaddnessByHand(t *testing.T) {
	m := &Maddness{Width: 2, Split: [][4]int{{0, 1, 0, 1}}, Threshold: [][15]int32{{0, 10, -10, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8}}, Prototype: make([][16][]int32, 1)}
	for p := range m.Prototype[0] {
		m.Prototype[0][p] = []int32{int32(p), 1}
	}
	for _, tt := range []struct {
		row  []int32
		want int
	}{
		{[]int32{0, 10}, 1},  // 0 > 0 no; 10 > 10 no; 0 > 5 no; 10 > 1 yes
		{[]int32{1, -10}, 8}, // 1 > 0; -10 > -10 no; 1 > 7 no; -10 > 5 no
		{[]int32{9, 9}, 15},
	} {
		if got := m.Code(tt.row, 0); got != tt.want {
			t.Errorf("code of %v is %d, want %d", tt.row, got, tt.want)
		}
	}
	b := &Dense{Rows: 2, Cols: 1, Data: []int32{3, 1}} // entries 3 p + 1: 1 to 46, of 5 bits at most 15
	entries, shift := m.Tables(b, 0, 0, 1, 5)
	if shift != 2 || entries[0][15] != 12 || entries[0][3] != 2 || entries[0][0] != 0 {
		t.Errorf("shift %d, entries %v", shift, entries)
	}
}

func TestMaddnessErrors(t *testing.T) {
	a := NewDense(2, 3)
	if _, err := LearnMaddness(a, 0); err == nil {
		t.Error("codebooks of no columns are accepted")
	}
	m, err := LearnMaddness(a, 2)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.GEMM(a, NewDense(4, 1), nil, 1, 8, Int{Bits: 8, Signed: true}); err == nil {
		t.Error("operands that do not fit are accepted")
	}
}
