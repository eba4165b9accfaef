package workloads

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Info describes a built-in workload.
type Info struct {
	// Name is what [Lookup] takes.
	Name string
	// Description is one line for a table.
	Description string
	// Options lists the options that may follow the name, as "key=values".
	Options []string
}

// builtin is one row of the catalogue; keys are the options it accepts.
type builtin struct {
	Info
	keys  []string
	build func(params) (Workload, error)
}

// maxOption bounds the integer options of a spec.
const maxOption = 1 << 24

func catalogue() []builtin {
	var list []builtin
	for _, c := range []struct {
		name, about string
		build       func(batch int) (Workload, error)
	}{
		{"resnet18", "ResNet-18, image 224x224", resNet18},
		{"resnet50", "ResNet-50 (stride in the 3x3), image 224x224", resNet50},
		{"vgg16", "VGG-16, image 224x224", vgg16},
		{"alexnet", "AlexNet with groups (BVLC reference), image 224x224", alexNet},
		{"mobilenetv2", "MobileNetV2 1.0, image 224x224", mobileNetV2},
	} {
		list = append(list, builtin{
			Info:  Info{Name: c.name, Description: c.about, Options: []string{"batch=N (1)"}},
			keys:  []string{"batch"},
			build: func(p params) (Workload, error) { return c.build(max(p.batch, 1)) },
		})
	}
	abouts := map[string]string{
		"bert-base": "BERT-base encoder",
		"vit-b16":   "ViT-B/16 with patch embedding and classifier, 197 positions",
		"gpt2":      "GPT-2 (124M)",
		"opt-6.7b":  "OPT-6.7B",
		"llama2-7b": "Llama-2-7B",
		"llama3-8b": "Llama-3-8B (grouped-query attention)",
		"bitnet-3b": "BitNet b1.58-3B (ternary weights, shapes only)",
	}
	for _, t := range transformers() {
		b := builtin{
			Info: Info{Name: t.name, Description: abouts[t.name], Options: []string{"batch=N (1)"}},
			keys: []string{"batch", "layers"},
		}
		opt := func(key, text string) {
			b.keys = append(b.keys, key)
			b.Options = append(b.Options, text)
		}
		if t.patches == nil {
			opt("seq", fmt.Sprintf("seq=N (%d)", t.seq))
		}
		if !t.encoder {
			opt("phase", "phase=prefill|decode (prefill)")
			opt("kv", "kv=N (seq)")
			opt("attention", "attention=full|causal (full)")
		}
		b.Options = append(b.Options, fmt.Sprintf("layers=N (%d)", t.layers))
		if t.vocab > 0 {
			opt("head", "head=none|last|all (last; none when layers is given)")
		}
		b.build = func(p params) (Workload, error) {
			p, err := t.resolve(p)
			if err != nil {
				return Workload{}, err
			}
			return t.workload(p)
		}
		list = append(list, b)
	}
	return list
}

// Names lists the built-in workloads.
func Names() []Info {
	var infos []Info
	for _, b := range catalogue() {
		infos = append(infos, b.Info)
	}
	return append(infos, Info{
		Name:        "gemm:MxNxK",
		Description: "one matrix product C[M,N] = A[M,K] B[K,N]",
		Options:     []string{"*COUNT after the sizes repeats it", "K..KMAX in place of K: a product for K, 2K, 4K and so on up to KMAX"},
	})
}

// Lookup returns the workload that spec names: a built-in name, optionally with
// options ("llama2-7b:phase=decode,kv=4096,layers=1"), or one product
// ("gemm:64x128x256" is M x N x K; "gemm:64x128x256*3" is three of them), or products
// whose K doubles ("gemm:64x64x16..16384": K is 16, 32, ... 16384).
//
// Capitals and punctuation in names do not matter. In the decode phase each
// sequence contributes one token, and kv is the number of positions that it
// attends to, itself included; seq then only serves as the default of kv. The
// output projection is part of the workload (head=last: for one token a
// sequence) unless layers asks for some decoder layers only.
func Lookup(spec string) (Workload, error) {
	name, opts, hasOpts := strings.Cut(spec, ":")
	if canonical(name) == "gemm" {
		return lookupGEMM(spec, opts)
	}
	list := catalogue()
	i := slices.IndexFunc(list, func(b builtin) bool { return canonical(b.Name) == canonical(name) })
	if i < 0 || canonical(name) == "" {
		names := []string{"gemm:MxNxK"}
		for _, b := range list {
			names = append(names, b.Name)
		}
		return Workload{}, fmt.Errorf("unknown workload: %q (expected a built-in name; the nearest is %q)", name, nearest(name, names))
	}
	b := list[i]
	var p params
	if hasOpts {
		var err error
		if p, err = parseOptions(b, opts); err != nil {
			return Workload{}, fmt.Errorf("workload %q: %w", spec, err)
		}
	}
	w, err := b.build(p)
	if err != nil {
		return Workload{}, fmt.Errorf("workload %q: %w", spec, err)
	}
	w.Name = b.Name
	if hasOpts {
		w.Name += ":" + opts
	}
	return w, nil
}

func parseOptions(b builtin, opts string) (params, error) {
	var p params
	var errs []error
	seen := make(map[string]bool)
	for _, opt := range strings.Split(opts, ",") {
		key, value, ok := strings.Cut(strings.TrimSpace(opt), "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		switch {
		case !ok:
			errs = append(errs, fmt.Errorf("bad option: %q (expected key=value with a key of %s)", opt, strings.Join(b.keys, ", ")))
			continue
		case !slices.Contains(b.keys, key):
			errs = append(errs, fmt.Errorf("unknown option: %q (expected one of %s; the nearest is %q)", key, strings.Join(b.keys, ", "), nearest(key, b.keys)))
			continue
		case seen[key]:
			errs = append(errs, fmt.Errorf("option given twice: %q (expected once)", key))
			continue
		}
		seen[key] = true
		if err := p.set(key, value); err != nil {
			errs = append(errs, err)
		}
	}
	return p, errors.Join(errs...)
}

// set stores one option.
func (p *params) set(key, value string) error {
	word := func(dst *string, words ...string) error {
		if !slices.Contains(words, value) {
			return fmt.Errorf("bad value of %s: %q (expected one of %s)", key, value, strings.Join(words, ", "))
		}
		*dst = value
		return nil
	}
	number := func(dst *int) error {
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 || n > maxOption {
			return fmt.Errorf("bad value of %s: %q (expected an integer of 1 to %d)", key, value, maxOption)
		}
		*dst = n
		return nil
	}
	switch key {
	case "batch":
		return number(&p.batch)
	case "seq":
		return number(&p.seq)
	case "kv":
		return number(&p.kv)
	case "layers":
		return number(&p.layers)
	case "phase":
		return word(&p.phase, "prefill", "decode")
	case "head":
		return word(&p.head, "none", "last", "all")
	case "attention":
		return word(&p.attention, "full", "causal")
	}
	return fmt.Errorf("option is not handled: %q (expected a known key)", key)
}

func lookupGEMM(spec, dims string) (Workload, error) {
	const want = "gemm:MxNxK, gemm:MxNxK..KMAX or either with *COUNT, of positive integers"
	text, countText, hasCount := strings.Cut(dims, "*")
	parts := strings.Split(strings.ToLower(text), "x")
	if len(parts) != 3 {
		return Workload{}, fmt.Errorf("bad product: %q (expected %s)", spec, want)
	}
	first, last, isRange := strings.Cut(parts[2], "..")
	parts[2] = first
	if !isRange {
		last = first
	}
	if parts = append(parts, last); hasCount {
		parts = append(parts, countText)
	}
	v := [5]int{4: 1} // M, N, K, the greatest K, count
	for i, part := range parts {
		n, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil || n < 1 {
			return Workload{}, fmt.Errorf("bad product: %q in %q (expected %s)", part, spec, want)
		}
		v[i] = n
	}
	if v[3] < v[2] {
		return Workload{}, fmt.Errorf("bad product: greatest K is %d in %q (expected at least %d)", v[3], spec, v[2])
	}
	w := Workload{Name: spec}
	for k := v[2]; 0 < k && k <= v[3]; k *= 2 {
		g := NewGEMM("gemm", v[0], v[1], k)
		g.Count, g.Source = v[4], "command line"
		if err := g.Validate(); err != nil {
			return Workload{}, err
		}
		w.Layers = append(w.Layers, g)
	}
	return w, nil
}
