package scalesim

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Headers of the reports of SCALE-Sim v3.
const (
	computeHeader = "LayerID, Total Cycles (incl. prefetch), Total Cycles, Stall Cycles, Overall Util %, " +
		"Mapping Efficiency %, Compute Util %,\n"
	bandwidthHeader = "LayerID, Avg IFMAP SRAM BW, Avg FILTER SRAM BW, Avg OFMAP SRAM BW, " +
		"Avg IFMAP DRAM BW, Avg FILTER DRAM BW, Avg OFMAP DRAM BW,\n"
	accessHeader = "LayerID, SRAM IFMAP Start Cycle, SRAM IFMAP Stop Cycle, SRAM IFMAP Reads, " +
		"SRAM Filter Start Cycle, SRAM Filter Stop Cycle, SRAM Filter Reads, " +
		"SRAM OFMAP Start Cycle, SRAM OFMAP Stop Cycle, SRAM OFMAP Writes, " +
		"DRAM IFMAP Start Cycle, DRAM IFMAP Stop Cycle, DRAM IFMAP Reads, " +
		"DRAM Filter Start Cycle, DRAM Filter Stop Cycle, DRAM Filter Reads, " +
		"DRAM OFMAP Start Cycle, DRAM OFMAP Stop Cycle, DRAM OFMAP Writes,\n"
)

// WriteComputeReport writes COMPUTE_REPORT.csv: cycles and utilisation. The
// column that includes prefetching stays empty, since it depends on SCALE-Sim's
// memory model.
func WriteComputeReport(w io.Writer, layers []Layer) error {
	return write(w, layers, computeHeader, func(l Layer) []string {
		return []string{"", integer(l.TotalCycles), integer(l.StallCycles),
			pyFloat(l.OverallUtil), pyFloat(l.MappingEfficiency), pyFloat(l.ComputeUtil)}
	})
}

// WriteBandwidthReport writes BANDWIDTH_REPORT.csv, in words a cycle, with the
// DRAM columns empty.
func WriteBandwidthReport(w io.Writer, layers []Layer) error {
	return write(w, layers, bandwidthHeader, func(l Layer) []string {
		return []string{pyFloat(l.IfmapBandwidth), pyFloat(l.FilterBandwidth), pyFloat(l.OfmapBandwidth), "", "", ""}
	})
}

// WriteDetailedAccessReport writes DETAILED_ACCESS_REPORT.csv, the first and last
// cycle and the number of words of each SRAM, with the DRAM columns empty.
func WriteDetailedAccessReport(w io.Writer, layers []Layer) error {
	return write(w, layers, accessHeader, func(l Layer) []string {
		var cells []string
		for _, a := range []Access{l.Ifmap, l.Filter, l.Ofmap} {
			cells = append(cells, pyFloat(float64(a.Start)), pyFloat(float64(a.Stop)), integer(a.Words))
		}
		return append(cells, make([]string, 9)...)
	})
}

// maxRows bounds the rows of a report.
const maxRows = 1 << 20

// write prints the header and one line for each repetition of each layer: its
// index from 0 and its cells, each followed by a comma.
func write(w io.Writer, layers []Layer, header string, cells func(Layer) []string) error {
	rows := int64(0)
	for _, l := range layers {
		if rows += l.Repeats; l.Repeats < 0 || l.Repeats > maxRows || rows > maxRows {
			return fmt.Errorf("report is too long: layer %q is repeated %d times (expected at most %d rows in all)", l.Name, l.Repeats, maxRows)
		}
	}
	b := bufio.NewWriter(w)
	b.WriteString(header)
	id := int64(0)
	for _, l := range layers {
		rest := ", " + strings.Join(cells(l), ", ") + ",\n"
		for range l.Repeats {
			b.WriteString(strconv.FormatInt(id, 10))
			if _, err := b.WriteString(rest); err != nil {
				return err
			}
			id++
		}
	}
	return b.Flush()
}

func integer(n int64) string { return strconv.FormatInt(n, 10) }

// pyFloat formats v as Python's repr does: the shortest digits that read back
// the same, a ".0" on integers, and an exponent below 1e-4 and from 1e16 on.
func pyFloat(v float64) string {
	e := strconv.FormatFloat(v, 'e', -1, 64)
	exp, err := strconv.Atoi(e[strings.IndexByte(e, 'e')+1:])
	if err != nil || exp < -4 || exp >= 16 {
		return e
	}
	s := strconv.FormatFloat(v, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}
