// Package wholefile writes files that are there whole or not at all: under another name in the
// same folder first, synced, then renamed.
package wholefile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// File is a file that is being written. It is a writer.
type File struct {
	*bufio.Writer
	path string
	mode os.FileMode
	f    *os.File
}

// Create begins a file; [File.Finish] ends it. Errors begin with "writing PATH".
func Create(path string, mode os.FileMode) (*File, error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return nil, fmt.Errorf("writing %s: %w", path, err)
	}
	return &File{bufio.NewWriterSize(f, 1<<16), path, mode, f}, nil
}

// Finish gives the file its name if err, the outcome of writing it, is nil; else, and if anything
// fails, it removes it, and a file that was there stays as it was.
func (f *File) Finish(err error) error {
	if err == nil {
		err = errors.Join(f.Flush(), f.f.Sync())
	}
	if cerr := f.f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		if err = os.Chmod(f.f.Name(), f.mode); err == nil {
			err = os.Rename(f.f.Name(), f.path)
		}
	}
	if err != nil {
		os.Remove(f.f.Name())
		return fmt.Errorf("writing %s: %w", f.path, err)
	}
	return nil
}

// Write gives the file at path the content that write produces, or leaves it as it was.
func Write(path string, mode os.FileMode, write func(io.Writer) error) error {
	f, err := Create(path, mode)
	if err != nil {
		return err
	}
	return f.Finish(write(f))
}

// Bytes is [Write] of bytes, for a file that all may read.
func Bytes(path string, b []byte) error {
	return Write(path, 0o644, func(w io.Writer) error { _, err := w.Write(b); return err })
}
