package onnx

import (
	"encoding/binary"
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"tpe/workloads"
	"tpe/workloads/stream"
)

type model struct {
	graph     *graph
	functions map[string]*function
}

type graph struct {
	nodes         []node
	inputs        []declared
	known         []declared // value_info
	outputs       []string
	outputsShaped []declared
	weights       []tensor
}

// function is an operator that the model defines itself.
type function struct {
	inputs, outputs []string
	nodes           []node
}

type node struct {
	name, op, domain string
	inputs, outputs  []string
	attrs            map[string]attribute
	pos              workloads.Pos
}

// attribute holds the one value that is set.
type attribute struct {
	i      int64
	f      float64
	s      string
	ints   []int64
	tensor *tensor
	graph  *graph
	ref    string // of a function: the attribute of the call
	set    bool
}

// declared is a value with its type and shape as the file states them.
type declared struct {
	name  string
	elem  int
	dims  []symbol
	known bool // dims is the shape; otherwise not even the rank is known
}

// symbol is a dimension: a size, a name, or neither (size -1).
type symbol struct {
	size int64
	name string
}

// tensor is a constant; data is held if it is small.
type tensor struct {
	name string
	elem int
	dims []int64
	data []float64
}

// Bounds of what is held of a model.
const (
	maxNodes     = 1 << 20
	maxAttrs     = 256
	maxInts      = 1 << 16
	maxConstants = 1024    // elements of a constant that is held
	maxRank      = 64      // dimensions of a tensor
	maxRaw       = 8 << 10 // bytes of raw data that is held
)

const (
	varint  = protowire.VarintType
	bytesOf = protowire.BytesType
)

type field struct {
	num protowire.Number
	typ protowire.Type
}

func readModel(p *stream.Proto) (*model, error) {
	m := &model{functions: make(map[string]*function)}
	budget := maxNodes
	err := p.Fields(func(num protowire.Number, typ protowire.Type) error {
		switch (field{num, typ}) {
		case field{7, bytesOf}:
			m.graph = &graph{}
			return p.Message(func(p *stream.Proto) error { return m.graph.read(p, &budget) })
		case field{25, bytesOf}:
			return p.Message(func(p *stream.Proto) error { return m.function(p, &budget) })
		}
		return p.Skip(typ)
	})
	return m, err
}

func (m *model) function(p *stream.Proto, budget *int) error {
	var f function
	var name, domain string
	err := p.Fields(func(num protowire.Number, typ protowire.Type) error {
		switch (field{num, typ}) {
		case field{1, bytesOf}:
			return text(p, &name)
		case field{4, bytesOf}:
			return texts(p, &f.inputs)
		case field{5, bytesOf}:
			return texts(p, &f.outputs)
		case field{7, bytesOf}:
			return readNode(p, &f.nodes, budget)
		case field{10, bytesOf}:
			return text(p, &domain)
		}
		return p.Skip(typ)
	})
	m.functions[domain+"::"+name] = &f
	return err
}

func text(p *stream.Proto, dst *string) error {
	t, err := p.Text()
	*dst = t
	return err
}

func texts(p *stream.Proto, dst *[]string) error {
	t, err := p.Text()
	*dst = append(*dst, t)
	return err
}

func (g *graph) read(p *stream.Proto, budget *int) error {
	return p.Fields(func(num protowire.Number, typ protowire.Type) error {
		switch (field{num, typ}) {
		case field{1, bytesOf}:
			return readNode(p, &g.nodes, budget)
		case field{5, bytesOf}:
			return p.Message(func(p *stream.Proto) error {
				var t tensor
				err := t.read(p)
				g.weights = append(g.weights, t)
				return err
			})
		case field{11, bytesOf}:
			return readDeclared(p, &g.inputs)
		case field{12, bytesOf}:
			err := readDeclared(p, &g.outputsShaped)
			if err == nil {
				g.outputs = append(g.outputs, g.outputsShaped[len(g.outputsShaped)-1].name)
			}
			return err
		case field{13, bytesOf}:
			return readDeclared(p, &g.known)
		case field{15, bytesOf}:
			return p.Message(g.sparse)
		}
		return p.Skip(typ)
	})
}

// sparse reads a constant of which the file holds the nonzeros only.
func (g *graph) sparse(p *stream.Proto) error {
	var t tensor
	var dims []int64
	err := p.Fields(func(num protowire.Number, typ protowire.Type) error {
		var err error
		switch {
		case num == 1 && typ == bytesOf:
			return p.Message(t.read)
		case num == 3:
			dims, err = p.Varints(typ, dims, maxRank)
			return err
		}
		return p.Skip(typ)
	})
	t.dims, t.data = dims, nil
	g.weights = append(g.weights, t)
	return err
}

func readNode(p *stream.Proto, list *[]node, budget *int) error {
	n := node{attrs: make(map[string]attribute), pos: p.Pos()}
	if *budget--; *budget < 0 {
		return &stream.Error{Pos: p.Pos(), What: "model has too many nodes", Want: "at most 1,048,576"}
	}
	err := p.Message(func(p *stream.Proto) error {
		return p.Fields(func(num protowire.Number, typ protowire.Type) error {
			switch (field{num, typ}) {
			case field{1, bytesOf}:
				return texts(p, &n.inputs)
			case field{2, bytesOf}:
				return texts(p, &n.outputs)
			case field{3, bytesOf}:
				return text(p, &n.name)
			case field{4, bytesOf}:
				return text(p, &n.op)
			case field{7, bytesOf}:
				return text(p, &n.domain)
			case field{5, bytesOf}:
				return p.Message(func(p *stream.Proto) error { return n.attribute(p, budget) })
			}
			return p.Skip(typ)
		})
	})
	*list = append(*list, n)
	return err
}

func (n *node) attribute(p *stream.Proto, budget *int) error {
	a := attribute{set: true}
	var name string
	err := p.Fields(func(num protowire.Number, typ protowire.Type) error {
		switch (field{num, typ}) {
		case field{1, bytesOf}:
			return text(p, &name)
		case field{2, protowire.Fixed32Type}:
			v, err := p.Fixed(typ)
			a.f = float64(math.Float32frombits(uint32(v)))
			return err
		case field{3, varint}:
			v, err := p.Varint()
			a.i = int64(v)
			return err
		case field{4, bytesOf}:
			return text(p, &a.s)
		case field{5, bytesOf}:
			a.tensor = &tensor{}
			return p.Message(a.tensor.read)
		case field{6, bytesOf}:
			a.graph = &graph{}
			return p.Message(func(p *stream.Proto) error { return a.graph.read(p, budget) })
		case field{8, varint}, field{8, bytesOf}:
			var err error
			a.ints, err = p.Varints(typ, a.ints, maxInts)
			return err
		case field{21, bytesOf}:
			return text(p, &a.ref)
		}
		return p.Skip(typ)
	})
	if len(n.attrs) < maxAttrs {
		n.attrs[name] = a
	}
	return err
}

func readDeclared(p *stream.Proto, list *[]declared) error {
	var d declared
	err := p.Message(func(p *stream.Proto) error {
		return p.Fields(func(num protowire.Number, typ protowire.Type) error {
			switch (field{num, typ}) {
			case field{1, bytesOf}:
				return text(p, &d.name)
			case field{2, bytesOf}: // type; a tensor type within
				return p.Message(func(p *stream.Proto) error { return within(p, 1, d.tensorType) })
			}
			return p.Skip(typ)
		})
	})
	*list = append(*list, d)
	return err
}

// within calls read for each message in field num.
func within(p *stream.Proto, num protowire.Number, read func(*stream.Proto) error) error {
	return p.Fields(func(n protowire.Number, typ protowire.Type) error {
		if n == num && typ == bytesOf {
			return p.Message(read)
		}
		return p.Skip(typ)
	})
}

func (d *declared) tensorType(p *stream.Proto) error {
	return p.Fields(func(num protowire.Number, typ protowire.Type) error {
		switch (field{num, typ}) {
		case field{1, varint}:
			v, err := p.Varint()
			d.elem = int(v)
			return err
		case field{2, bytesOf}:
			d.known = true
			return p.Message(func(p *stream.Proto) error { return within(p, 1, d.dimension) })
		}
		return p.Skip(typ)
	})
}

func (d *declared) dimension(p *stream.Proto) error {
	s := symbol{size: -1}
	err := p.Fields(func(num protowire.Number, typ protowire.Type) error {
		switch (field{num, typ}) {
		case field{1, varint}:
			v, err := p.Varint()
			s.size = int64(v)
			return err
		case field{2, bytesOf}:
			return text(p, &s.name)
		}
		return p.Skip(typ)
	})
	if len(d.dims) >= maxRank {
		return &stream.Error{Pos: p.Pos(), What: "value has too many dimensions", Value: d.name, Want: "at most 64"}
	}
	d.dims = append(d.dims, s)
	return err
}

// read reads a tensor and keeps the elements of a small one.
func (t *tensor) read(p *stream.Proto) error {
	var raw []byte
	err := p.Fields(func(num protowire.Number, typ protowire.Type) error {
		var err error
		switch {
		case num == 1:
			t.dims, err = p.Varints(typ, t.dims, maxRank)
			return err
		case num == 2 && typ == varint:
			var v uint64
			v, err = p.Varint()
			t.elem = int(v)
			return err
		case num == 8 && typ == bytesOf:
			return text(p, &t.name)
		case num == 9 && typ == bytesOf && t.small():
			raw, err = p.Bytes(maxRaw)
			return err
		case (num == 5 || num == 7 || num == 11) && t.small(): // int32_data, int64_data, uint64_data
			var list []int64
			list, err = p.Varints(typ, nil, maxConstants)
			for _, v := range list {
				if t.elem == elemInt32 {
					v = int64(int32(v))
				}
				t.data = append(t.data, float64(v))
			}
			return err
		case num == 4 && t.small():
			return t.floats(p, typ, 4)
		case num == 10 && t.small():
			return t.floats(p, typ, 8)
		}
		return p.Skip(typ)
	})
	if err == nil && raw != nil {
		t.data = decode(raw, t.elem)
	}
	if n, ok := elements(t.dims); !ok || int64(len(t.data)) != n {
		t.data = nil
	}
	return err
}

// floats reads packed or single floats of size bytes.
func (t *tensor) floats(p *stream.Proto, typ protowire.Type, size int) error {
	if typ != bytesOf {
		v, err := p.Fixed(typ)
		b := binary.LittleEndian.AppendUint64(nil, v)
		if len(t.data) < maxConstants {
			t.data = append(t.data, decode(b[:size], map[int]int{4: elemFloat, 8: elemDouble}[size])...)
		}
		return err
	}
	b, err := p.Bytes(maxRaw)
	t.data = decode(b, map[int]int{4: elemFloat, 8: elemDouble}[size])
	return err
}

// small reports whether the elements of a tensor are worth holding. Files give the
// dimensions before the data.
func (t *tensor) small() bool {
	n, ok := elements(t.dims)
	return ok && n <= maxConstants
}

func elements(dims []int64) (int64, bool) {
	n := int64(1)
	for _, d := range dims {
		if d < 0 || d > 1<<40 || n > 1<<40 {
			return 0, false
		}
		n *= d
	}
	return n, true
}

// Element types of onnx.proto.
const (
	elemFloat  = 1
	elemUint8  = 2
	elemInt8   = 3
	elemInt32  = 6
	elemInt64  = 7
	elemBool   = 9
	elemDouble = 11
)

// formats are the project's names of the element types.
var formats = map[int]string{1: "fp32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 10: "fp16", 11: "fp64", 12: "uint32",
	13: "uint64", 16: "bf16", 17: "e4m3", 18: "e4m3fnuz", 19: "e5m2", 20: "e5m2fnuz", 21: "uint4", 22: "int4", 23: "e2m1"}

// decode turns raw little-endian elements into numbers, those of types that no
// shape is made of into nothing.
func decode(b []byte, elem int) []float64 {
	size := map[int]int{elemFloat: 4, elemUint8: 1, elemInt8: 1, elemInt32: 4, elemInt64: 8, elemBool: 1, elemDouble: 8}[elem]
	if size == 0 || len(b)%size != 0 {
		return nil
	}
	list := make([]float64, 0, len(b)/size)
	for ; len(b) > 0; b = b[size:] {
		var v float64
		switch elem {
		case elemFloat:
			v = float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))
		case elemDouble:
			v = math.Float64frombits(binary.LittleEndian.Uint64(b))
		case elemInt32:
			v = float64(int32(binary.LittleEndian.Uint32(b)))
		case elemInt64:
			v = float64(int64(binary.LittleEndian.Uint64(b)))
		case elemInt8:
			v = float64(int8(b[0]))
		default:
			v = float64(b[0])
		}
		list = append(list, v)
	}
	return list
}
