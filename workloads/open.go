package workloads

import (
	"bytes"
	"fmt"
	"os"
)

// OpenOptions control [Open].
type OpenOptions struct {
	// SCALESim is used for SCALE-Sim topology files. With Strict or a Kind set,
	// every file is read as one.
	SCALESim SCALESimOptions
}

// Open reads a workload file and tells its kind by content: a table whose header
// names m, n and k in the package's own way (see [WriteCSV]), or else a SCALE-Sim
// topology, whose GEMM header starts with "Layer" or ends in a comma.
func Open(path string, opt OpenOptions) (Workload, error) {
	f, err := os.Open(path)
	if err != nil {
		return Workload{}, fmt.Errorf("workload file: %w", err)
	}
	defer f.Close()
	data, err := readAll(f, path)
	if err != nil {
		return Workload{}, err
	}
	forced := opt.SCALESim.Strict || opt.SCALESim.Kind != ""
	if !forced && isOwnTable(string(data)) {
		return ReadCSV(bytes.NewReader(data), path)
	}
	return ReadSCALESim(bytes.NewReader(data), path, opt.SCALESim)
}

// isOwnTable looks at the first row that is not blank.
func isOwnTable(text string) bool {
	for _, r := range splitRows(text) {
		if r.blank() {
			continue
		}
		has := make(map[string]bool)
		for _, f := range r.fields {
			has[canonical(f.text)] = true
		}
		last := r.fields[len(r.fields)-1].text
		return has["m"] && has["n"] && has["k"] && !has["layer"] && !has["layername"] && last != ""
	}
	return false
}
