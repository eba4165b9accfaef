package scalesim

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"tpe/workloads"
)

// maxConfigBytes bounds the size of a configuration file.
const maxConfigBytes = 1 << 20

// ReadConfig reads a SCALE-Sim configuration (.cfg). Keys may have any case and
// "=" or ":" behind them; keys that are missing keep their defaults, keys that
// are not known are named in a warning. All errors are reported at once, as
// [workloads.ParseError] values.
func ReadConfig(r io.Reader, name string) (Config, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxConfigBytes+1))
	if err != nil {
		return Config{}, fmt.Errorf("%s: %w", name, err)
	}
	if len(data) > maxConfigBytes {
		return Config{}, fmt.Errorf("%s: file is too large: more than %d bytes (expected a configuration)", name, maxConfigBytes)
	}
	p := iniReader{file: name, config: DefaultConfig(), seen: make(map[string]int)}
	p.settings = settings(&p.config)
	text := strings.ReplaceAll(strings.TrimPrefix(string(data), "\ufeff"), "\r\n", "\n")
	for i, line := range strings.Split(text, "\n") {
		p.line(i+1, line)
	}
	for _, key := range []string{"arrayheight", "arraywidth", "dataflow"} {
		if p.seen[key] == 0 {
			p.config.Warnings = append(p.config.Warnings,
				fmt.Sprintf("%s: %s is not given; the default is %s", name, key, defaultText(p.config, key)))
		}
	}
	if len(p.errs) > 0 {
		return Config{}, errors.Join(p.errs...)
	}
	return p.config, nil
}

func defaultText(c Config, key string) string {
	switch key {
	case "arrayheight":
		return strconv.Itoa(c.ArrayHeight)
	case "arraywidth":
		return strconv.Itoa(c.ArrayWidth)
	}
	return c.Dataflow.String()
}

// setting stores the value of one key; want says what it takes.
type setting struct {
	want  string
	store func(value string) bool
}

// settings maps lower-case keys to the fields of c. SCALE-Sim's sections do not
// share keys, so the section of a key is not checked.
func settings(c *Config) map[string]setting {
	number := func(dst *int, least, most int) setting {
		return setting{fmt.Sprintf("an integer of %d to %d", least, most), func(value string) bool {
			n, err := strconv.Atoi(value)
			if err != nil || n < least || n > most {
				return false
			}
			*dst = n
			return true
		}}
	}
	boolean := func(dst *bool) setting {
		return setting{"true or false", func(value string) bool {
			switch strings.ToLower(value) {
			case "true", "yes", "on", "1":
				*dst = true
			case "false", "no", "off", "0":
				*dst = false
			default:
				return false
			}
			return true
		}}
	}
	text := func(dst *string) setting {
		return setting{"text", func(value string) bool { *dst = value; return value != "" }}
	}
	word := func(dst *string, words ...string) setting {
		return setting{strings.Join(words, " or "), func(value string) bool {
			for _, w := range words {
				if value == w {
					*dst = value
					return true
				}
			}
			return false
		}}
	}
	const huge = 1<<31 - 1
	return map[string]setting{
		"run_name":                  text(&c.RunName),
		"arrayheight":               number(&c.ArrayHeight, 1, maxArray),
		"arraywidth":                number(&c.ArrayWidth, 1, maxArray),
		"ifmapsramszkb":             number(&c.IfmapSRAMKB, 1, huge),
		"filtersramszkb":            number(&c.FilterSRAMKB, 1, huge),
		"ofmapsramszkb":             number(&c.OfmapSRAMKB, 1, huge),
		"ifmapoffset":               number(&c.IfmapOffset, 0, huge),
		"filteroffset":              number(&c.FilterOffset, 0, huge),
		"ofmapoffset":               number(&c.OfmapOffset, 0, huge),
		"dataflow":                  {"os, ws or is", func(value string) (ok bool) { return parseInto(&c.Dataflow, value) }},
		"bandwidth":                 {"integers of at least 1, separated by commas", func(value string) bool { return parseList(&c.Bandwidth, value) }},
		"memorybanks":               number(&c.MemoryBanks, 1, huge),
		"onchipmemorybanks":         {"any value", func(string) bool { return true }},
		"readrequestbuffer":         number(&c.ReadRequestBuffer, 1, huge),
		"writerequestbuffer":        number(&c.WriteRequestBuffer, 1, huge),
		"ifmapcustomlayout":         boolean(&c.IfmapCustomLayout),
		"filtercustomlayout":        boolean(&c.FilterCustomLayout),
		"ifmapsrambankbandwidth":    number(&c.IfmapBankBandwidth, 1, huge),
		"ifmapsrambanknum":          number(&c.IfmapBankNum, 1, huge),
		"ifmapsrambankport":         number(&c.IfmapBankPort, 1, huge),
		"filtersrambankbandwidth":   number(&c.FilterBankBandwidth, 1, huge),
		"filtersrambanknum":         number(&c.FilterBankNum, 1, huge),
		"filtersrambankport":        number(&c.FilterBankPort, 1, huge),
		"sparsitysupport":           boolean(&c.SparsitySupport),
		"sparserep":                 word(&c.SparseRep, "csr", "csc", "ellpack_block"),
		"optimizedmapping":          boolean(&c.OptimizedMapping),
		"blocksize":                 number(&c.BlockSize, 1, huge),
		"randomnumbergeneratorseed": number(&c.RandomNumberGeneratorSeed, 0, huge),
		"interfacebandwidth":        word(&c.InterfaceBandwidth, "CALC", "USER"),
		"useramulatortrace":         boolean(&c.UseRamulatorTrace),
		"topologycsvloc":            {"a path", func(value string) bool { c.TopologyPath = strings.Trim(value, `"`); return c.TopologyPath != "" }},
	}
}

func parseInto(d *Dataflow, value string) bool {
	v, err := ParseDataflow(strings.ToLower(value))
	if err != nil {
		return false
	}
	*d = v
	return true
}

func parseList(dst *[]int, value string) bool {
	var list []int
	for _, part := range strings.Split(value, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil || n < 1 {
			return false
		}
		list = append(list, n)
	}
	*dst = list
	return true
}

// iniReader reads one file line by line.
type iniReader struct {
	file     string
	config   Config
	settings map[string]setting
	seen     map[string]int // line of each key
	errs     []error
}

func (p *iniReader) fail(line, col int, what, value, want string) {
	if len(p.errs) < 100 {
		p.errs = append(p.errs, &workloads.ParseError{File: p.file, Line: line, Col: col, What: what, Value: value, Want: want})
	}
}

func (p *iniReader) line(n int, text string) {
	col := 1 + len(text) - len(strings.TrimLeft(text, " \t"))
	text = strings.TrimSpace(text)
	if text == "" || text[0] == '#' || text[0] == ';' {
		return
	}
	if text[0] == '[' {
		if !strings.HasSuffix(text, "]") {
			p.fail(n, col, "section header is not closed", text, "[name]")
		}
		return
	}
	at := strings.IndexAny(text, "=:")
	if at < 0 {
		p.fail(n, col, "line is neither a section nor a key", text, "key = value")
		return
	}
	name, value := strings.TrimSpace(text[:at]), strings.TrimSpace(text[at+1:])
	valueCol := col + at + 1 + len(text[at+1:]) - len(strings.TrimLeft(text[at+1:], " \t"))
	key := strings.ToLower(name)
	s, ok := p.settings[key]
	if !ok {
		p.config.Warnings = append(p.config.Warnings, fmt.Sprintf("%s:%d:%d: key is not known: %q", p.file, n, col, name))
		return
	}
	if first := p.seen[key]; first > 0 {
		p.fail(n, col, "key is given twice", name, fmt.Sprintf("once; first in line %d", first))
		return
	}
	p.seen[key] = n
	if !s.store(value) {
		p.fail(n, valueCol, "bad value of "+name, value, s.want)
	}
}
