package torchtrace

import (
	"encoding/json"
	"io"
	"strconv"
	"strings"

	"tpe/workloads"
	"tpe/workloads/stream"
)

// ReadET reads an execution trace in JSON: what PyTorch's execution trace observer
// writes (schemas 1.0.1 to 1.1.0-chakra, an object with nodes), or a Chakra trace
// that was turned into JSON (one object a node, one after the other).
func ReadET(r io.Reader, opt workloads.ImportOptions, s *workloads.Sink) error {
	t := newTree(opt, s)
	j := stream.NewJSON(r)
	found := false
	var err error
	for err == nil && !s.Full() {
		var one jsonNode
		loose := false
		err = j.Object(func(key string) error {
			if key == "nodes" {
				found = true
				return j.Array(func() error {
					pos := j.Start()
					var n jsonNode
					if err := j.Value(&n); err != nil {
						return err
					}
					return t.addJSON(n, pos)
				})
			}
			known, err := one.field(j, key)
			loose = loose || known
			return err
		})
		if err == nil && loose && !found && one.Name != "" {
			err = t.addJSON(one, j.Pos())
		}
		if err == nil && !j.More() {
			break
		}
	}
	if err = stream.Report(s, err); err != nil || s.Faults() > 0 {
		return err
	}
	return t.finish("an execution trace whose nodes have input shapes")
}

// finish checks that there were shapes and settles the tree.
func (t *tree) finish(want string) error {
	noShapes(t.s, t.products, t.bare, want)
	if t.s.Faults() > 0 {
		return nil
	}
	return t.settle()
}

// jsonNode is a node in any of the schemas.
type jsonNode struct {
	ID          json.RawMessage `json:"id"`
	Name        string          `json:"name"`
	Type        json.RawMessage `json:"type"`
	Parent      json.RawMessage `json:"parent"`
	CtrlDeps    json.RawMessage `json:"ctrl_deps"`
	CtrlDeps2   json.RawMessage `json:"ctrlDeps"`
	Inputs      json.RawMessage `json:"inputs"`
	InputShapes json.RawMessage `json:"input_shapes"`
	InputTypes  json.RawMessage `json:"input_types"`
	Outputs     json.RawMessage `json:"outputs"`
	OutShapes   json.RawMessage `json:"output_shapes"`
	OutTypes    json.RawMessage `json:"output_types"`
}

// field reads one field of a loose node and reports whether nodes have it.
func (n *jsonNode) field(j *stream.JSON, key string) (bool, error) {
	into := map[string]*json.RawMessage{
		"id": &n.ID, "type": &n.Type, "parent": &n.Parent, "ctrl_deps": &n.CtrlDeps, "ctrlDeps": &n.CtrlDeps2, "inputs": &n.Inputs, "outputs": &n.Outputs,
		"input_shapes": &n.InputShapes, "input_types": &n.InputTypes, "output_shapes": &n.OutShapes, "output_types": &n.OutTypes,
	}
	switch raw := into[key]; {
	case raw != nil:
		return true, j.Value(raw)
	case key == "name":
		return true, j.Value(&n.Name)
	}
	return false, j.Skip()
}

// io is the form of inputs and outputs since schema 1.0.2; the parts are lists, or
// texts of lists.
type ioLists struct {
	Values json.RawMessage `json:"values"`
	Shapes json.RawMessage `json:"shapes"`
	Types  json.RawMessage `json:"types"`
}

func (t *tree) addJSON(j jsonNode, pos workloads.Pos) error {
	n := node{name: j.Name, pos: pos}
	var ok bool
	if n.id, ok = firstNumber(j.ID); !ok {
		t.s.FaultAt(pos, "node has no identifier", workloads.PlainName(string(j.ID)), "an integer")
		return nil
	}
	for _, p := range []json.RawMessage{j.Parent, j.CtrlDeps, j.CtrlDeps2} {
		if v, ok := firstNumber(p); ok {
			n.parent = v
			break
		}
	}
	if kind := strings.Trim(string(j.Type), `"`); skipType(kind) {
		t.parent[n.id] = n.parent
		t.s.Skip("node of another type", kind)
		return nil
	}
	in, isObject := lists(j.Inputs)
	if isObject {
		n.values, n.shapes, n.types = text(in.Values), text(in.Shapes), text(in.Types)
	} else {
		n.values, n.shapes, n.types = text(j.Inputs), text(j.InputShapes), text(j.InputTypes)
	}
	if out, isObject := lists(j.Outputs); isObject {
		n.outShapes, n.outTypes = text(out.Shapes), text(out.Types)
	} else {
		n.outShapes, n.outTypes = text(j.OutShapes), text(j.OutTypes)
	}
	return t.add(n)
}

// skipType tells types of Chakra nodes that do not compute.
func skipType(kind string) bool {
	return strings.HasPrefix(kind, "COMM_") || strings.HasPrefix(kind, "MEM_") || kind == "METADATA_NODE" || kind == "STORAGE_NODE" || kind == "CHECKPOINT_NODE"
}

func lists(raw json.RawMessage) (ioLists, bool) {
	var l ioLists
	if len(raw) == 0 || raw[0] != '{' {
		return l, false
	}
	return l, json.Unmarshal(raw, &l) == nil
}

// text is a list as it stands, or within a JSON text.
func text(raw json.RawMessage) string {
	if len(raw) > 0 && raw[0] == '"' {
		var s string
		if json.Unmarshal(raw, &s) == nil {
			return s
		}
	}
	return string(raw)
}

// firstNumber reads 7, "7" or the first of [7, 8].
func firstNumber(raw json.RawMessage) (int64, bool) {
	s := strings.TrimLeft(string(raw), "[ \t\r\n")
	s, _, _ = strings.Cut(s, ",")
	s = strings.Trim(s, "\"] \t\r\n")
	v, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		u, uerr := strconv.ParseUint(s, 10, 64)
		return int64(u), uerr == nil
	}
	return v, true
}
