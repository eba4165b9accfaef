package llvm

import (
	"os"
	"strings"
)

// hostCPU names what "native" means here: the first processor's model and
// features, without the lines that change.
func hostCPU() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(text), "\n\n")
	var keep []string
	for _, line := range strings.Split(first, "\n") {
		name, _, _ := strings.Cut(line, ":")
		switch strings.TrimSpace(name) {
		case "vendor_id", "cpu family", "model", "model name", "stepping", "flags", "Features", "CPU implementer", "CPU part", "CPU variant":
			keep = append(keep, line)
		}
	}
	return strings.Join(keep, "\n")
}
