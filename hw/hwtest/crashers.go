package hwtest

import (
	"embed"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"tpe/hw"
)

// files are the past failures. Each is a program in the text form, followed by
//
//	stimulus
//	step x = 1 2 3; en = 0
//	reset x = 4 5 6; en = 1
//
// with one line a cycle; the edge that ends a reset line is under reset. A port's
// words are its lanes in order, and one word alone is for all of them.
//
//go:embed testdata/crashers/*.ir
var files embed.FS

const crasherDir = "testdata/crashers"

// crashers returns the past failures as cases.
func crashers() []Case {
	entries, err := files.ReadDir(crasherDir)
	if err != nil {
		panic("hwtest: " + err.Error())
	}
	var list []Case
	for _, e := range entries {
		src, err := files.ReadFile(path.Join(crasherDir, e.Name()))
		if err != nil {
			panic("hwtest: " + err.Error())
		}
		c, err := ParseCase("crasher/"+strings.TrimSuffix(e.Name(), ".ir"), src)
		if err != nil {
			panic("hwtest: " + err.Error())
		}
		list = append(list, c)
	}
	return list
}

// WriteCrasher writes a case to a file of the given folder, named after the case,
// and returns its path. In hw/hwtest/testdata/crashers it becomes part of the
// suite of every reader.
func WriteCrasher(dir string, c Case) (string, error) {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' {
			return r
		}
		return '_'
	}, strings.TrimPrefix(c.Name, "crasher/"))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("crasher %s: %w", c.Name, err)
	}
	file := filepath.Join(dir, name+".ir")
	if err := os.WriteFile(file, []byte(FormatCase(c)), 0o644); err != nil {
		return "", fmt.Errorf("crasher %s: %w", c.Name, err)
	}
	return file, nil
}

// FormatCase writes a case as text, which [ParseCase] reads.
func FormatCase(c Case) string {
	var b strings.Builder
	b.WriteString(c.Top.String())
	b.WriteString("\nstimulus\n")
	for t, in := range c.Inputs {
		word := "step"
		if c.Reset[t] {
			word = "reset"
		}
		var ports []string
		for p, lanes := range in {
			s := " " + c.Top.Inputs[p].Name + " ="
			for _, v := range merge(lanes) {
				s += " 0x" + strconv.FormatUint(v, 16)
			}
			ports = append(ports, s)
		}
		b.WriteString(word + strings.Join(ports, ";") + "\n")
	}
	return b.String()
}

// merge is one word if all are equal.
func merge(lanes []uint64) []uint64 {
	for _, v := range lanes {
		if v != lanes[0] {
			return lanes
		}
	}
	return lanes[:min(1, len(lanes))]
}

// ParseCase reads a case from text: a program and its stimulus. Errors name the
// line.
func ParseCase(name string, src []byte) (Case, error) {
	program, stim, ok := strings.Cut(string(src), "\nstimulus\n")
	if !ok {
		return Case{}, fmt.Errorf("%s: no line \"stimulus\"", name)
	}
	top, err := hw.ParseText(name, []byte(program))
	if err != nil {
		return Case{}, err
	}
	c := Case{Name: name, Top: top}
	line := strings.Count(program, "\n") + 2
	var errs []error
	for text := range strings.SplitSeq(stim, "\n") {
		line++
		if text = strings.TrimSpace(text); text == "" || text[0] == '#' {
			continue
		}
		word, rest, _ := strings.Cut(text, " ")
		in, err := parseCycle(top, rest)
		if err == nil && word != "step" && word != "reset" {
			err = fmt.Errorf("unexpected %q (expected step or reset)", word)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s:%d: %w", name, line, err))
		}
		c.Inputs, c.Reset = append(c.Inputs, in), append(c.Reset, word == "reset")
	}
	return c, errors.Join(errs...)
}

// parseCycle reads the inputs of one cycle; ports that are not named are 0.
func parseCycle(top *hw.Module, text string) ([][]uint64, error) {
	in := make([][]uint64, len(top.Inputs))
	at := map[string]int{}
	for p, port := range top.Inputs {
		in[p] = make([]uint64, top.Lanes(top.Nodes[port.Node].Shape))
		at[port.Name] = p
	}
	for part := range strings.SplitSeq(text, ";") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		name, words, _ := strings.Cut(part, "=")
		p, ok := at[strings.TrimSpace(name)]
		if !ok {
			return in, fmt.Errorf("no such input: %q", strings.TrimSpace(name))
		}
		list := strings.Fields(words)
		if len(list) != 1 && len(list) != len(in[p]) {
			return in, fmt.Errorf("input %s has %d words (expected 1 or %d)", top.Inputs[p].Name, len(list), len(in[p]))
		}
		for l := range in[p] {
			s := list[min(l, len(list)-1)]
			v, err := strconv.ParseUint(s, 0, 64)
			if most := hw.Mask(top.Nodes[top.Inputs[p].Node].Width); err != nil || v > most {
				return in, fmt.Errorf("input %s: bad word %q (expected 0 to %#x)", top.Inputs[p].Name, s, most)
			}
			in[p][l] = v
		}
	}
	return in, nil
}
