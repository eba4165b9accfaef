// Package maptool reads the workload files of tools that map loop nests to
// hardware: Timeloop problems, ZigZag workloads and MAESTRO networks. Loops become
// a product by which operands they index (see [workloads.Contraction]), so that
// matrix products and convolutions need no rules of their own.
package maptool

import (
	"errors"
	"fmt"
	"io"
	"strconv"

	"gopkg.in/yaml.v3"

	"tpe/workloads"
)

// maxText bounds the bytes of a file, which is held in memory.
const maxText = 16 << 20

func readText(r io.Reader, s *workloads.Sink) (string, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxText+1))
	if err != nil {
		return "", fmt.Errorf("%s: %w", s.File(), err)
	}
	if len(data) > maxText {
		s.Fault(0, 0, "file is too long", "", fmt.Sprintf("at most %d bytes", maxText))
		return "", nil
	}
	return string(data), nil
}

// eachDocument calls f for every YAML document of a text.
func eachDocument(r io.Reader, s *workloads.Sink, f func(*yaml.Node) error) error {
	in := yaml.NewDecoder(io.LimitReader(r, maxText))
	for n := 0; n < 1<<16; n++ {
		var doc yaml.Node
		err := in.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			s.Fault(0, 0, "bad YAML: "+err.Error(), "", "YAML")
			return nil
		}
		if len(doc.Content) > 0 {
			if err := f(resolve(doc.Content[0])); err != nil || s.Faults() > 0 {
				return err
			}
		}
	}
	return nil
}

// resolve follows an alias.
func resolve(n *yaml.Node) *yaml.Node {
	for i := 0; n != nil && n.Kind == yaml.AliasNode && i < 8; i++ {
		n = n.Alias
	}
	return n
}

// get returns the value of the first of the keys that a mapping has, or nil.
func get(n *yaml.Node, keys ...string) *yaml.Node {
	n = resolve(n)
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for _, key := range keys {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == key {
				return resolve(n.Content[i+1])
			}
		}
	}
	return nil
}

func scalar(n *yaml.Node) string {
	if n = resolve(n); n == nil || n.Kind != yaml.ScalarNode {
		return ""
	}
	return n.Value
}

// texts are the scalars of a list.
func texts(n *yaml.Node) []string {
	n = resolve(n)
	if n == nil || n.Kind != yaml.SequenceNode {
		return nil
	}
	var list []string
	for _, c := range n.Content {
		list = append(list, scalar(c))
	}
	return list
}

func pos(n *yaml.Node) workloads.Pos {
	if n == nil {
		return workloads.Pos{}
	}
	return workloads.Pos{Line: n.Line, Col: n.Column}
}

// size reads an extent.
func size(text string) (int, bool) {
	v, err := strconv.Atoi(text)
	return v, err == nil && v >= 1 && v <= 1<<31-1
}
