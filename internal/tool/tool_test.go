package tool_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tpe/internal/tool"
)

func TestFindReadsVersion(t *testing.T) {
	tests := []struct{ name, script, want string }{
		{"stdout", "echo 'Debian clang version 14.0.6'", "14.0.6"},
		{"stderr", "echo 'runtime version 11.0 (stable)' >&2", "11.0"},
		{"stderr and exit status", "echo 'clang version 19.1' >&2; exit 1", "19.1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := script(t, tt.script)
			t.Setenv("TPE_CLANG", path)
			got, err := tool.Find(tool.Clang)
			if want := (tool.Tool{Name: "clang", Path: path, Version: tt.want}); err != nil || got != want {
				t.Errorf("Find(clang) = %+v, %v, want %+v", got, err, want)
			}
		})
	}
}

func TestFindMissing(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv("TPE_OSU018", "/nonexistent/x.lib")
	t.Setenv("TPE_FASHION", "/nonexistent/x.gz")
	tests := []struct{ name, want string }{
		{tool.Icarus, "iverilog is missing: iverilog not found in $PATH (Debian package iverilog)"},
		{tool.VVP, "vvp is missing: vvp not found in $PATH (Debian package iverilog)"},
		{tool.Clang, "clang is missing: clang-14 or clang not found in $PATH (Debian package clang-14)"},
		{tool.STA, "sta is missing: sta not found in $PATH (Debian package opensta)"},
		{tool.OSU018, "osu018 is missing: open /nonexistent/x.lib: no such file or directory (Debian package qflow-tech-osu018)"},
		{tool.Fashion, "fashion-mnist is missing: open /nonexistent/x.gz: no such file or directory (Debian package dataset-fashion-mnist)"},
		{"vivado", "vivado is missing: not a tool that this program knows"},
	}
	for _, tt := range tests {
		_, err := tool.Find(tt.name)
		if _, ok := errors.AsType[*tool.Missing](err); !ok || err.Error() != tt.want {
			t.Errorf("Find(%q) error = %v, want %s", tt.name, err, tt.want)
		}
	}
}

func TestFindNoVersion(t *testing.T) {
	t.Setenv("TPE_CLANG", script(t, "echo hello"))
	if _, err := tool.Find(tool.Clang); err == nil || !strings.Contains(err.Error(), `prints no version: "hello\n"`) {
		t.Errorf("Find(clang) error = %v, want one that quotes the output", err)
	}
}

func TestRun(t *testing.T) {
	dir := t.TempDir()
	out, err := tool.Run(t.Context(), dir, "sh", "-c", "pwd; cat; echo warning >&2")
	real, _ := filepath.EvalSymlinks(dir)
	if err != nil || (string(out) != dir+"\n" && string(out) != real+"\n") {
		t.Errorf("Run(pwd) = %q, %v, want %q", out, err, dir)
	}

	out, err = tool.Run(t.Context(), dir, "sh", "-c", `echo out; echo "it's wrong" >&2; exit 3`)
	want := "cd " + dir + ` && sh -c 'echo out; echo "it'\''s wrong" >&2; exit 3': exit status 3` + "\nit's wrong"
	if string(out) != "out\n" || err == nil || err.Error() != want {
		t.Errorf("Run(exit 3) = %q, %v, want %s", out, err, want)
	}

	_, err = tool.Run(t.Context(), "", "sh", "-c", "yes | head -5000 >&2; echo last >&2; exit 1")
	if f, ok := errors.AsType[*tool.RunError](err); !ok || len(f.Stderr) > 5000 ||
		!strings.HasPrefix(f.Stderr, "[...]\ny\n") || !strings.HasSuffix(f.Stderr, "y\nlast\n") {
		t.Errorf("Run(long stderr) error = %v, want the last 4 kB", err)
	}
}

func TestRunKillsGroup(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := tool.Run(ctx, dir, "sh", "-c", "(sleep 1; touch child) & sleep 60")
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 10*time.Second {
		t.Errorf("Run = %v after %v, want killed at the deadline", err, time.Since(start))
	}
	time.Sleep(1200 * time.Millisecond)
	if _, err := os.Stat(filepath.Join(dir, "child")); err == nil {
		t.Error("a child of the killed program lived on")
	}
}

// script writes an executable shell script and returns its path.
func script(t *testing.T, body string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+body+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}
