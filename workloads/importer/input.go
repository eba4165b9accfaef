package importer

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
)

const (
	headBytes = 1 << 20  // looked at to tell the format
	maxHeld   = 1 << 30  // of a file that needs random access and cannot be sought in
	maxPlain  = 16 << 30 // of a compressed file, once uncompressed
)

// input is an opened file, uncompressed.
type input struct {
	name string
	file *os.File // nil if compressed or not a file
	r    *bufio.Reader
	f    io.Closer
}

func open(path string) (*input, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("workload file: %w", err)
	}
	if st, err := f.Stat(); err == nil && st.IsDir() {
		f.Close()
		return nil, fmt.Errorf("workload file: %s is a folder (expected a file)", path)
	}
	in, err := newInput(path, f)
	if err != nil {
		f.Close()
		return nil, err
	}
	in.f = f
	return in, nil
}

// newInput looks through gzip and tar.
func newInput(name string, r io.Reader) (*input, error) {
	in := &input{name: name, r: bufio.NewReaderSize(r, headBytes)}
	magic, _ := in.r.Peek(2)
	if bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(in.r)
		if err != nil {
			return nil, fmt.Errorf("%s: bad gzip: %w", name, err)
		}
		in.r = bufio.NewReaderSize(&plainReader{r: z, name: name, left: maxPlain}, headBytes)
	} else if f, ok := r.(*os.File); ok {
		if _, err := f.Seek(0, io.SeekCurrent); err == nil {
			in.file = f
		}
	}
	if block, _ := in.r.Peek(512); len(block) == 512 && string(block[257:262]) == "ustar" {
		t := tar.NewReader(in.r)
		for {
			h, err := t.Next()
			if err != nil {
				return nil, fmt.Errorf("%s: no file in the tar archive: %w", name, err)
			}
			if h.Typeflag == tar.TypeReg {
				break
			}
		}
		in.file, in.r = nil, bufio.NewReaderSize(t, headBytes)
	}
	return in, nil
}

func (in *input) close() { in.f.Close() }

// plainReader names the file in errors of gzip and bounds what comes out.
type plainReader struct {
	r    io.Reader
	name string
	left int64
}

// Read implements io.Reader.
func (p *plainReader) Read(b []byte) (int, error) {
	if p.left <= 0 {
		return 0, fmt.Errorf("%s: file is too large uncompressed: more than %d bytes", p.name, int64(maxPlain))
	}
	n, err := p.r.Read(b[:min(int64(len(b)), p.left)])
	p.left -= int64(n)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return n, fmt.Errorf("%s: gzip data ends too early", p.name)
	}
	if err != nil && err != io.EOF {
		err = fmt.Errorf("%s: bad gzip: %w", p.name, err)
	}
	return n, err
}

// stream returns the content; when the file can be sought in, so can the result.
func (in *input) stream() io.Reader {
	if in.file != nil {
		if _, err := in.file.Seek(0, io.SeekStart); err == nil {
			return in.file
		}
	}
	return in.r
}

// random returns the content for random access, and its size. A compressed file
// is held in memory.
func (in *input) random() (io.ReaderAt, int64, error) {
	if in.file != nil {
		if st, err := in.file.Stat(); err == nil && st.Mode().IsRegular() {
			return in.file, st.Size(), nil
		}
	}
	b, err := io.ReadAll(io.LimitReader(in.r, maxHeld+1))
	if err != nil {
		return nil, 0, err
	}
	if len(b) > maxHeld {
		return nil, 0, fmt.Errorf("%s: file is too large to hold in memory: more than %d bytes (expected an uncompressed file)", in.name, maxHeld)
	}
	return bytes.NewReader(b), int64(len(b)), nil
}
