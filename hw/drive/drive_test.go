package drive_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tpe/hw"
	"tpe/hw/drive"
	"tpe/hw/eval"
)

var _ drive.Runner = (*drive.MachineRunner)(nil)

// summer adds up the lanes of the beats of stream x until one is marked last and
// then gives the sum on stream y, which holds it until it is taken.
func summer() (*hw.Module, error) {
	b := hw.New("summer", "Sums beats up to a last one.")
	lane := b.Axis("lane", 3)
	valid, last, data, yReady := b.In("x_valid_i", 1), b.In("x_last_i", 1), b.In("x_data_i", 12, lane), b.In("y_ready_i", 1)
	full, start, sum := b.Reg("full", 1, 0), b.Reg("start", 1, 1), b.Reg("sum", 16, 0)
	xReady := b.Or(b.Not(full), yReady)
	take := b.And(valid, xReady)
	b.NextIf(start, take, last)
	b.NextIf(sum, take, b.Add(b.Mux(start, b.Const(16, 0), sum), b.Reduce(lane, hw.OpAdd, b.Zext(16, data))))
	b.Next(full, b.Mux(xReady, b.And(take, last), full))
	b.Assert("at_most_1000", b.ULe(sum, b.Const(16, 1000)))
	b.Out("x_ready_o", xReady)
	b.Out("y_valid_o", full)
	b.Out("y_sum_o", sum)
	b.Out("busy_o", b.Not(start)) // a status, of no stream
	return b.Build()
}

func newRunner(t testing.TB) (*drive.MachineRunner, drive.Ports) {
	t.Helper()
	m, err := summer()
	if err != nil {
		t.Fatal(err)
	}
	flat, err := hw.Flatten(m)
	if err != nil {
		t.Fatal(err)
	}
	machine, err := eval.New(flat)
	if err != nil {
		t.Fatal(err)
	}
	r, err := drive.NewMachineRunner(flat, machine)
	if err != nil {
		t.Fatal(err)
	}
	p, err := drive.PortsOf(flat)
	if err != nil {
		t.Fatal(err)
	}
	return r, p
}

// beat is one beat of stream x: last, then the three lanes of data.
func beat(last byte, words ...uint64) []byte { return drive.Pack([]byte{last}, words, 2) }

func join(list ...[]byte) []byte {
	var all []byte
	for _, b := range list {
		all = append(all, b...)
	}
	return all
}

func TestPorts(t *testing.T) {
	_, p := newRunner(t)
	want := drive.Ports{
		In: []drive.Stream{{Name: "x", Valid: 0, Ready: 0, BeatBytes: 7, Fields: []drive.Field{
			{Port: 1, Name: "last", Width: 1, Lanes: 1, Bytes: 1}, {Port: 2, Name: "data", Width: 12, Lanes: 3, Bytes: 2},
		}}},
		Out: drive.Stream{Name: "y", Valid: 1, Ready: 3, BeatBytes: 2, Fields: []drive.Field{{Port: 2, Name: "sum", Width: 16, Lanes: 1, Bytes: 2}}},
	}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Errorf("PortsOf (-want +got):\n%s", diff)
	}
	if got := p.Stream("x"); got != 0 {
		t.Errorf("Stream(x) = %d, want 0", got)
	}
	if got := p.Stream("y"); got != -1 {
		t.Errorf("Stream(y) = %d, want -1", got)
	}
}

// TestPortErrors covers modules whose ports are not streams.
func TestPortErrors(t *testing.T) {
	const in, out = "  input x_valid_i: 1\n  input y_ready_i: 1\n", "  output x_ready_o = y_ready_i\n  output y_valid_o = x_valid_i\n"
	tests := []struct{ name, text, want string }{
		{"nothing", "", "drive: module m produces 0 streams and consumes 0 (expected 1, and at least 1)"},
		{"no ready", "  input x_valid_i: 1\n", "drive: module m: stream x has no port x_ready_o"},
		{"no ready of the result", in + "  output x_ready_o = y_ready_i\n  output z_valid_o = x_valid_i\n", "drive: module m: stream z has no port z_ready_i"},
		{"no result", in + "  output x_ready_o = y_ready_i\n", "drive: module m produces 0 streams and consumes 1 (expected 1, and at least 1)"},
		{"two results", in + out + "  input z_ready_i: 1\n  output z_valid_o = x_valid_i\n", "drive: module m produces 2 streams and consumes 1 (expected 1, and at least 1)"},
		{"wide valid", "  input x_valid_i: 2\n  input y_ready_i: 1\n" + out, "drive: module m: port x_valid_i has 2 bits in 1 lanes (expected 1 bit in 1 lane)"},
		{"shaped ready", "  axis a 3\n  input x_valid_i: 1\n  input y_ready_i: 1 [a]\n  output x_ready_o = x_valid_i\n  output y_valid_o = x_valid_i\n", "drive: module m: port y_ready_i has 1 bits in 3 lanes (expected 1 bit in 1 lane)"},
		{"right", in + out, "<nil>"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := hw.ParseText("m", []byte("module m {\n"+tt.text+"}\n"))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := drive.PortsOf(m); fmt.Sprint(err) != tt.want {
				t.Errorf("PortsOf returned %v, want %s", err, tt.want)
			}
			if _, err := drive.NewMachineRunner(m, nil); fmt.Sprint(err) != tt.want {
				t.Errorf("NewMachineRunner returned %v, want %s", err, tt.want)
			}
		})
	}
}

// TestPortPrefix has streams of which one's name starts with the other's.
func TestPortPrefix(t *testing.T) {
	m, err := hw.ParseText("m", []byte(`module m {
  input a_valid_i: 1
  input a_data_i: 8
  input a_b_valid_i: 1
  input a_b_data_i: 8
  input a_base_i: 4
  input y_ready_i: 1
  output a_ready_o = y_ready_i
  output a_b_ready_o = y_ready_i
  output y_valid_o = a_valid_i
}
`))
	if err != nil {
		t.Fatal(err)
	}
	p, err := drive.PortsOf(m)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string][]string{}
	for _, s := range p.In {
		for _, f := range s.Fields {
			names[s.Name] = append(names[s.Name], f.Name)
		}
	}
	if diff := cmp.Diff(map[string][]string{"a": {"data", "base"}, "a_b": {"data"}}, names); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}

func TestPlay(t *testing.T) {
	three := join(beat(0, 1, 2, 3), beat(1, 10, 20, 30), beat(1, 100, 0, 0))
	tests := []struct {
		name  string
		plays []drive.Play
		want  []drive.Trace
	}{
		{
			"always", []drive.Play{{Reset: 1, Beats: [][]byte{three}, Results: 2, Limit: 100}},
			[]drive.Trace{{Results: []byte{66, 0, 100, 0}, At: []int64{2, 3}, First: []int64{0}, Taken: []int64{3}, Cycles: 4}},
		},
		{
			"valid in every third cycle", []drive.Play{{Beats: [][]byte{three}, Valid: [][]byte{{0, 0, 1}}, Results: 2, Limit: 100}},
			[]drive.Trace{{Results: []byte{66, 0, 100, 0}, At: []int64{6, 9}, First: []int64{2}, Taken: []int64{3}, Cycles: 10}},
		},
		{
			"ready in every fifth cycle", []drive.Play{{Beats: [][]byte{three}, Ready: []byte{1, 0, 0, 0, 0}, Results: 2, Limit: 100}},
			[]drive.Trace{{Results: []byte{66, 0, 100, 0}, At: []int64{5, 10}, First: []int64{0}, Taken: []int64{3}, Cycles: 11}},
		},
		{
			"cut and reset", []drive.Play{
				{Beats: [][]byte{three}, Results: 2, Cut: 1},
				{Reset: 2, Beats: [][]byte{three}, Results: 1, Limit: 100},
			},
			[]drive.Trace{
				{First: []int64{0}, Taken: []int64{1}, Cycles: 1},
				{Results: []byte{66, 0}, At: []int64{2}, First: []int64{0}, Taken: []int64{3}, Cycles: 3},
			},
		},
		{
			"cut without reset", []drive.Play{
				{Beats: [][]byte{three}, Results: 2, Cut: 1},
				{Beats: [][]byte{three[14:]}, Results: 1, Limit: 100},
			},
			[]drive.Trace{
				{First: []int64{0}, Taken: []int64{1}, Cycles: 1},
				{Results: []byte{106, 0}, At: []int64{1}, First: []int64{0}, Taken: []int64{1}, Cycles: 2},
			},
		},
		{
			"nothing wanted", []drive.Play{{Beats: [][]byte{three}, Limit: 1}},
			[]drive.Trace{{First: []int64{-1}, Taken: []int64{0}}},
		},
		{
			"assertion fails", []drive.Play{{Beats: [][]byte{beat(1, 1000, 1, 0)}, Results: 1, Limit: 9}, {Beats: [][]byte{nil}, Cut: 3}, {Reset: 1, Beats: [][]byte{nil}, Cut: 3}},
			[]drive.Trace{
				{Results: []byte{0xe9, 3}, At: []int64{1}, First: []int64{0}, Taken: []int64{1}, Cycles: 2, Failures: 1},
				{First: []int64{-1}, Taken: []int64{0}, Cycles: 3, Failures: 3},
				{First: []int64{-1}, Taken: []int64{0}, Cycles: 3},
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, _ := newRunner(t)
			got, err := r.Run(tt.plays)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("traces (-want +got):\n%s", diff)
			}
		})
	}
}

// TestPatterns shows that patterns of valid and ready change when beats move, never
// what they hold.
func TestPatterns(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	var beats, want []byte
	sum := uint64(0)
	for i := range 60 {
		words := []uint64{rng.Uint64N(50), rng.Uint64N(50), rng.Uint64N(50)}
		last := byte(0)
		if sum += words[0] + words[1] + words[2]; rng.IntN(3) == 0 || i == 59 {
			last, want, sum = 1, drive.Pack(want, []uint64{sum}, 2), 0
		}
		beats = append(beats, beat(last, words...)...)
	}
	r, _ := newRunner(t)
	for range 50 {
		p := drive.Play{Beats: [][]byte{beats}, Results: len(want) / 2, Limit: 5000, Valid: [][]byte{pattern(rng)}, Ready: pattern(rng)}
		traces, err := r.Run([]drive.Play{p})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, traces[0].Results); diff != "" {
			t.Errorf("results with valid %v and ready %v (-want +got):\n%s", p.Valid, p.Ready, diff)
		}
	}
}

// pattern has at least one 1.
func pattern(rng *rand.Rand) []byte {
	p := make([]byte, 1+rng.IntN(8))
	for i := range p {
		p[i] = byte(rng.IntN(2))
	}
	p[rng.IntN(len(p))] = 1
	return p
}

func TestHang(t *testing.T) {
	r, _ := newRunner(t)
	_, err := r.Run([]drive.Play{
		{Beats: [][]byte{beat(1, 1, 1, 1)}, Results: 1, Limit: 10},
		{Beats: [][]byte{beat(0, 1, 1, 1)}, Results: 2, Limit: 10},
	})
	var hang *drive.HangError
	if !errors.As(err, &hang) {
		t.Fatalf("Run returned %v, want a *HangError", err)
	}
	if diff := cmp.Diff(drive.HangError{Play: 1, Limit: 10, Wanted: 2}, *hang); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
	if got, want := err.Error(), "play 1 took 0 of 2 result beats in 10 cycles"; got != want {
		t.Errorf("message is %q, want %q", got, want)
	}
}

func TestPack(t *testing.T) {
	words := []uint64{1, 0x80, 0xff}
	for _, tt := range []struct{ width, bytes int }{{1, 1}, {8, 1}, {9, 2}, {16, 2}, {17, 4}, {32, 4}, {33, 8}, {64, 8}} {
		if got := drive.WordBytes(tt.width); got != tt.bytes {
			t.Errorf("WordBytes(%d) = %d, want %d", tt.width, got, tt.bytes)
		}
		packed := drive.Pack([]byte{9}, words, tt.bytes)
		got := make([]uint64, 3)
		rest := drive.Unpack(got, append(packed[1:], 7), tt.bytes)
		if diff := cmp.Diff(words, got); diff != "" || len(packed) != 1+3*tt.bytes || len(rest) != 1 || rest[0] != 7 {
			t.Errorf("%d bytes: packed %v, rest %v, words (-want +got):\n%s", tt.bytes, packed, rest, diff)
		}
	}
}

// A stream module is played: beats go in as bytes, results come out as bytes with
// the cycle of each.
func Example() {
	m, err := summer()
	if err != nil {
		fmt.Println(err)
		return
	}
	flat, err := hw.Flatten(m)
	if err != nil {
		fmt.Println(err)
		return
	}
	machine, err := eval.New(flat)
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := drive.NewMachineRunner(flat, machine)
	if err != nil {
		fmt.Println(err)
		return
	}
	traces, err := r.Run([]drive.Play{{Reset: 1, Beats: [][]byte{join(beat(0, 1, 2, 3), beat(1, 10, 20, 30))}, Results: 1, Limit: 100}})
	fmt.Println("results", traces[0].Results, "at", traces[0].At, err)
	// Output:
	// results [66 0] at [2] <nil>
}
