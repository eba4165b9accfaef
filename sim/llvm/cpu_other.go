//go:build !linux

package llvm

import (
	"os/exec"
	"runtime"
)

// hostCPU names what "native" means here.
func hostCPU() string {
	out, err := exec.Command("sysctl", "-n", "machdep.cpu").Output()
	if err != nil {
		return runtime.GOOS + " " + runtime.GOARCH
	}
	return string(out)
}
