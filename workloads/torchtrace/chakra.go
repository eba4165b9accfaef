package torchtrace

import (
	"io"

	"google.golang.org/protobuf/encoding/protowire"

	"tpe/workloads"
	"tpe/workloads/stream"
)

// Fields of Chakra's et_def.proto.
const (
	nodeID       = 1
	nodeName     = 2
	nodeType     = 3
	nodeCtrlDeps = 4
	nodeInputs   = 8
	nodeOutputs  = 9
	ioValues     = 1
	ioShapes     = 2
	ioTypes      = 3
)

// nodeTypes are the names of NodeType.
var nodeTypes = []string{"INVALID_NODE", "METADATA_NODE", "MEM_LOAD_NODE", "MEM_STORE_NODE", "COMP_NODE", "COMM_SEND_NODE", "COMM_RECV_NODE",
	"COMM_COLL_NODE", "STORAGE_NODE", "BATCH_NODE", "CHECKPOINT_NODE"}

// maxLists bounds the text of one list of inputs.
const maxLists = 1 << 20

// ReadChakra reads a Chakra trace in protocol buffers: a message GlobalMetadata,
// then messages Node, each after its length as a varint. Inputs are texts of Python
// lists; the first control dependency is taken as the caller. Synthetic traces of
// ASTRA-sim hold no shapes.
func ReadChakra(r io.Reader, opt workloads.ImportOptions, s *workloads.Sink) error {
	t := newTree(opt, s)
	p := stream.NewProto(r)
	err := p.Message(func(*stream.Proto) error { return nil }) // GlobalMetadata
	for err == nil && p.More() && !s.Full() {
		err = p.Message(t.message)
	}
	if err = stream.Report(s, err); err != nil || s.Faults() > 0 {
		return err
	}
	return t.finish("a Chakra trace converted from PyTorch, whose nodes have input shapes")
}

func (t *tree) message(m *stream.Proto) error {
	n := node{pos: m.Pos()}
	kind := ""
	err := m.Fields(func(num protowire.Number, typ protowire.Type) error {
		var err error
		switch {
		case num == nodeID && typ == protowire.VarintType:
			var v uint64
			v, err = m.Varint()
			n.id = int64(v)
		case num == nodeName && typ == protowire.BytesType:
			n.name, err = m.Text()
		case num == nodeType && typ == protowire.VarintType:
			var v uint64
			v, err = m.Varint()
			if v < uint64(len(nodeTypes)) {
				kind = nodeTypes[v]
			}
		case num == nodeCtrlDeps:
			var deps []int64
			deps, err = m.Varints(typ, nil, maxNodes)
			if len(deps) > 0 && n.parent == 0 {
				n.parent = deps[0]
			}
		case num == nodeInputs && typ == protowire.BytesType:
			err = m.Message(func(m *stream.Proto) error { return ioInfo(m, &n.values, &n.shapes, &n.types) })
		case num == nodeOutputs && typ == protowire.BytesType:
			var values string
			err = m.Message(func(m *stream.Proto) error { return ioInfo(m, &values, &n.outShapes, &n.outTypes) })
		default:
			err = m.Skip(typ)
		}
		return err
	})
	if err != nil {
		return err
	}
	if skipType(kind) {
		t.parent[n.id] = n.parent
		t.s.Skip("node of another type", kind)
		return nil
	}
	return t.add(n)
}

func ioInfo(m *stream.Proto, values, shapes, types *string) error {
	into := map[protowire.Number]*string{ioValues: values, ioShapes: shapes, ioTypes: types}
	return m.Fields(func(num protowire.Number, typ protowire.Type) error {
		if dst := into[num]; dst != nil && typ == protowire.BytesType {
			b, err := m.Bytes(maxLists)
			*dst = string(b)
			return err
		}
		return m.Skip(typ)
	})
}
