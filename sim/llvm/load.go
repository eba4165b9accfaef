//go:build (linux || darwin) && (amd64 || arm64)

package llvm

import (
	"fmt"
	"runtime"

	"github.com/ebitengine/purego"
)

// hostARM chooses the spelling of "for this CPU".
const hostARM = runtime.GOARCH == "arm64"

// supported says why objects cannot be loaded on this platform.
func supported() error { return nil }

// object is a loaded shared object.
type object struct{ handle uintptr }

func open(path string) (*object, error) {
	h, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return nil, fmt.Errorf("llvm: %w", err)
	}
	return &object{h}, nil
}

// lookup returns the address of a function.
func (o *object) lookup(name string) (uintptr, error) {
	f, err := purego.Dlsym(o.handle, name)
	if err != nil {
		return 0, fmt.Errorf("llvm: %w", err)
	}
	return f, nil
}

// call calls a function of the object's; a call costs about 0.1 us.
func call(f uintptr, args ...uintptr) { purego.SyscallN(f, args...) }

func (o *object) close() error {
	if o.handle == 0 {
		return nil
	}
	err := purego.Dlclose(o.handle)
	o.handle = 0
	if err != nil {
		return fmt.Errorf("llvm: %w", err)
	}
	return nil
}
