//go:build !((linux || darwin) && (amd64 || arm64))

package llvm

import (
	"fmt"
	"runtime"
)

const hostARM = false

func supported() error {
	return fmt.Errorf("llvm: objects cannot be loaded without cgo on %s/%s", runtime.GOOS, runtime.GOARCH)
}

type object struct{}

func open(string) (*object, error) { return nil, supported() }

func (o *object) lookup(string) (uintptr, error) { return 0, supported() }

func call(uintptr, ...uintptr) {}

func (o *object) close() error { return nil }
