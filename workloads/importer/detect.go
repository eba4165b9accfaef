package importer

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"

	"tpe/workloads/stream"
)

// head is the beginning of a file, by which its format is told.
type head struct {
	data  []byte
	keys  []string // of a JSON object, or of the objects of a JSON array
	array bool     // the JSON text is an array
	lines []string // the first lines of a text that are not blank
	text  bool     // the head is UTF-8 without control characters
}

func (in *input) head() *head {
	data, _ := in.r.Peek(headBytes)
	h := &head{data: data}
	h.text = isText(data)
	body := bytes.TrimPrefix(data, []byte("\ufeff"))
	body = bytes.TrimLeft(body, " \t\r\n")
	if len(body) > 0 && (body[0] == '{' || body[0] == '[') {
		h.json(body)
	}
	if h.text {
		for line := range strings.Lines(string(data)) {
			if line = strings.TrimSpace(strings.TrimPrefix(line, "\ufeff")); line != "" {
				h.lines = append(h.lines, line)
			}
			if len(h.lines) >= 2000 {
				break
			}
		}
	}
	return h
}

// json collects the outermost keys as far as the head reaches.
func (h *head) json(body []byte) {
	j := stream.NewJSON(bytes.NewReader(body))
	key := func(k string) error {
		if len(h.keys) < 200 {
			h.keys = append(h.keys, k)
		}
		return j.Skip()
	}
	first := true
	_ = j.Either(key, func() error {
		h.array = true
		if !first {
			return j.Skip()
		}
		first = false
		return j.Object(key)
	})
}

func (h *head) has(keys ...string) bool {
	for _, k := range keys {
		if slices.Contains(h.keys, k) {
			return true
		}
	}
	return false
}

// anyLine reports whether some of the first lines contains one of the words.
func (h *head) anyLine(words ...string) bool {
	for _, l := range h.lines {
		for _, w := range words {
			if strings.Contains(l, w) {
				return true
			}
		}
	}
	return false
}

// isText tells a text from a binary file; a cut character at the end is allowed.
func isText(data []byte) bool {
	for len(data) > 0 {
		r, n := utf8.DecodeRune(data)
		if r == utf8.RuneError && n <= 1 && len(data) >= utf8.UTFMax {
			return false
		}
		if r < ' ' && r != '\t' && r != '\r' && r != '\n' && r != '\f' && r != '\v' && r != 0x1b {
			return false
		}
		data = data[n:]
	}
	return true
}

// hint explains files that hold no workload but look as if they did.
func (h *head) hint() string {
	switch {
	case len(h.data) == 0:
		return "file is empty (expected a workload)"
	case h.has("weight_map"):
		return "file is an index of weight files without shapes (expected one of the .safetensors files that it names)"
	case bytes.HasPrefix(h.data, []byte("PK\x03\x04")):
		return "file is a zip archive (expected the file within)"
	case bytes.HasPrefix(h.data, []byte("SQLite format 3")):
		return "file is an SQLite database, as profilers write it, and kernel tables hold no shapes (expected a trace with shapes)"
	}
	return ""
}

// chakraJSON tells nodes that stand one after the other: the first object is their
// metadata.
func (h *head) chakraJSON() bool {
	return h.has("version") && h.text && h.anyLine(`"COMP_NODE"`, `"ctrlDeps"`, `"ctrl_deps"`)
}

// isChakra reports whether a file begins with messages after their lengths: one of
// texts and attributes, then one with an identifier and a name.
func (h *head) isChakra() bool {
	n, size := protowire.ConsumeVarint(h.data)
	if size < 0 || n > uint64(len(h.data)-size) {
		return false
	}
	meta, rest := h.data[size:size+int(n)], h.data[size+int(n):]
	for len(meta) > 0 {
		num, typ, k := protowire.ConsumeField(meta)
		if k < 0 || num > 2 || typ != protowire.BytesType {
			return false
		}
		meta = meta[k:]
	}
	node, size := protowire.ConsumeBytes(rest)
	if size < 0 {
		return false
	}
	named := false
	for len(node) > 0 {
		num, typ, k := protowire.ConsumeField(node)
		if k < 0 || num > 11 {
			return false
		}
		named = named || num == 2 && typ == protowire.BytesType
		node = node[k:]
	}
	return named
}

// isONNX reports whether a file begins with fields of ModelProto, of which the
// graph or the operator sets are within reach.
func (h *head) isONNX() bool {
	types := map[protowire.Number]protowire.Type{1: protowire.VarintType, 5: protowire.VarintType}
	for _, n := range []protowire.Number{2, 3, 4, 6, 7, 8, 14, 20, 25, 26} {
		types[n] = protowire.BytesType
	}
	rest := h.data
	sure := false
	for len(rest) > 0 {
		num, typ, n := protowire.ConsumeTag(rest)
		if want, ok := types[num]; n < 0 || !ok || want != typ {
			return sure && n < 0
		}
		rest = rest[n:]
		if n = protowire.ConsumeFieldValue(num, typ, rest); n < 0 {
			return num == 7 || sure // a graph reaches past what was looked at
		}
		rest = rest[n:]
		sure = sure || num == 7 || num == 8
	}
	return sure
}

// isSafetensors reports whether a file begins with a length and then a JSON object.
func (h *head) isSafetensors() bool {
	if len(h.data) < 10 || h.data[8] != '{' {
		return false
	}
	n := binary.LittleEndian.Uint64(h.data)
	return n >= 2 && n < 1<<30
}
