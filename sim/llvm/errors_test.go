package llvm

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tpe/hw"
	"tpe/internal/tool"
)

func counter(t *testing.T) *hw.Module {
	t.Helper()
	b := hw.New("counter", "Counts.")
	q := b.Reg("q", 8, 0)
	b.Next(q, b.Add(q, b.In("by_i", 8)))
	b.Out("q_o", q)
	m, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func flatten(t *testing.T, m *hw.Module) *hw.Module {
	t.Helper()
	flat, err := hw.Flatten(m)
	if err != nil {
		t.Fatal(err)
	}
	return flat
}

// TestNoClang points at a clang that is not there.
func TestNoClang(t *testing.T) {
	t.Setenv("TPE_CLANG", filepath.Join(t.TempDir(), "clang"))
	t.Setenv("TPE_CACHE", t.TempDir())
	var missing *tool.Missing
	if err := Available(); !errors.As(err, &missing) {
		t.Errorf("Available() = %v, want a missing tool", err)
	}
	if _, err := New(flatten(t, counter(t))); !errors.As(err, &missing) {
		t.Errorf("New = %v, want a missing tool", err)
	}
}

// TestBadClang runs a clang that fails, and one that makes no object.
func TestBadClang(t *testing.T) {
	for _, c := range []struct{ script, want string }{
		{"echo clang version 14.0.6; test $# = 1 || { echo error: no such thing >&2; exit 3; }", "error: no such thing"},
		{"echo clang version 14.0.6", "program.so"},
	} {
		path := filepath.Join(t.TempDir(), "clang")
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+c.script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		t.Setenv("TPE_CLANG", path)
		t.Setenv("TPE_CACHE", t.TempDir())
		if _, err := New(flatten(t, counter(t))); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("New = %v, want %q", err, c.want)
		}
	}
}

// TestBadModule gives modules that cannot be compiled.
func TestBadModule(t *testing.T) {
	if _, err := NewRunner(flatten(t, counter(t))); err == nil || !strings.Contains(err.Error(), "streams") {
		t.Errorf("NewRunner without streams = %v", err)
	}
	inner := counter(t)
	b := hw.New("outer", "Has an instance.")
	out := b.Inst("c", inner, hw.Ports{"by_i": b.Const(8, 1)})
	b.Out("q_o", out["q_o"])
	top, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(top); err == nil || !strings.Contains(err.Error(), "instances") {
		t.Errorf("New of a hierarchy = %v", err)
	}
}
