package workloads

import (
	"errors"
	"fmt"
)

// transformer holds the published extents of a model. All projections are
// counted as their matrices stand; biases, norms and softmax are not GEMMs.
type transformer struct {
	name    string
	layers  int
	hidden  int
	ffn     int // width of the feed-forward layer
	gated   bool
	heads   int
	kvHeads int
	headDim int
	vocab   int // rows of the output projection; classes for an image model
	seq     int // default sequence length
	maxSeq  int // positions the model was trained for
	encoder bool
	patches *Conv // patch embedding of an image model

	moe       *experts // in place of the feed-forward layers behind dense ones
	dense     int      // layers with a feed-forward layer of their own, of those with experts
	embed     int      // width of the embedding where it is projected to hidden, or 0
	source    string   // of the records; empty: built-in
	formatB   string   // of the weights, or empty
	slidingKV int      // positions that a query attends to at most, or 0
}

// experts are the feed-forward layers of a mixture: each token goes to active of
// count experts of width ffn, and to a shared one of width shared (0: none).
type experts struct {
	count, active, ffn, shared int
}

// params are the options of a transformer spec.
type params struct {
	batch, seq, kv, layers int
	phase                  string
	head                   string
	attention              string
}

// transformers is the table of built-in models. Extents are those of the public
// model configurations.
func transformers() []transformer {
	return []transformer{
		{name: "bert-base", layers: 12, hidden: 768, ffn: 3072, heads: 12, kvHeads: 12, headDim: 64, seq: 512, maxSeq: 512, encoder: true},
		{name: "vit-b16", layers: 12, hidden: 768, ffn: 3072, heads: 12, kvHeads: 12, headDim: 64, vocab: 1000, seq: 197, maxSeq: 197, encoder: true,
			patches: &Conv{H: 224, W: 224, C: 3, OutC: 768, KH: 16, KW: 16, StrideH: 16, StrideW: 16}},
		{name: "gpt2", layers: 12, hidden: 768, ffn: 3072, heads: 12, kvHeads: 12, headDim: 64, vocab: 50257, seq: 1024, maxSeq: 1024},
		{name: "opt-6.7b", layers: 32, hidden: 4096, ffn: 16384, heads: 32, kvHeads: 32, headDim: 128, vocab: 50272, seq: 2048, maxSeq: 2048},
		{name: "llama2-7b", layers: 32, hidden: 4096, ffn: 11008, gated: true, heads: 32, kvHeads: 32, headDim: 128, vocab: 32000, seq: 2048, maxSeq: 4096},
		{name: "llama3-8b", layers: 32, hidden: 4096, ffn: 14336, gated: true, heads: 32, kvHeads: 8, headDim: 128, vocab: 128256, seq: 2048, maxSeq: 8192},
		{name: "bitnet-3b", layers: 26, hidden: 3200, ffn: 8640, gated: true, heads: 32, kvHeads: 32, headDim: 100, vocab: 32002, seq: 2048, maxSeq: 2048},
	}
}

// workload lists the GEMMs of the model. Equal layers are one row with Count set
// to their number. T = batch*seq tokens pass in a prefill, T = batch in a decode
// step, L = kv positions are attended to:
//
//	qkv      T x (heads+2*kvHeads)*headDim x hidden
//	scores   (heads/kvHeads)*S x L x headDim, Batch = batch*kvHeads
//	context  (heads/kvHeads)*S x headDim x L, Batch = batch*kvHeads
//	out      T x hidden x heads*headDim
//	fc1      T x ffn x hidden (gate_up with 2*ffn when gated)
//	fc2      T x hidden x ffn (down when gated)
//	lm_head  one row a sequence (head=last) or a token (head=all)
//
// The query heads that share a key head are stacked in M.
func (t transformer) workload(p params) (Workload, error) {
	seq := p.seq
	if p.phase == "decode" {
		seq = 1
	}
	tokens := p.batch * seq
	group := t.heads / t.kvHeads
	w := Workload{Name: t.name}
	addAs := func(name, op string, m, n, k, batch, count int) {
		g := NewGEMM(name, m, n, k)
		g.Op, g.Batch, g.Count, g.Phase, g.Source = op, batch, count, p.phase, t.origin()
		if op != "scores" && op != "context" {
			g.FormatB = t.formatB
		}
		w.Layers = append(w.Layers, g)
	}
	add := func(op string, m, n, k, batch, count int) { addAs(op, op, m, n, k, batch, count) }
	if t.patches != nil && p.layers == t.layers {
		c := *t.patches
		c.Batch = p.batch
		g, err := c.GEMM("patch_embed")
		if err != nil {
			return Workload{}, err
		}
		g.Source = t.origin()
		w.Layers = append(w.Layers, g)
	}
	if t.embed > 0 && p.layers == t.layers {
		add("embed_proj", tokens, t.hidden, t.embed, 1, 1)
	}
	add("qkv", tokens, (t.heads+2*t.kvHeads)*t.headDim, t.hidden, 1, p.layers)
	spans := attentionSpans(seq, p.kv, p.attention)
	for _, s := range spans {
		addAs(s.name("scores"), "scores", group*s.rows, s.cols, t.headDim, p.batch*t.kvHeads, p.layers)
	}
	for _, s := range spans {
		addAs(s.name("context"), "context", group*s.rows, t.headDim, s.cols, p.batch*t.kvHeads, p.layers)
	}
	add("out_proj", tokens, t.hidden, t.heads*t.headDim, 1, p.layers)
	t.feedForward(add, tokens, p.layers)
	rows := map[string]int{"last": p.batch, "all": tokens}[p.head]
	if rows > 0 && t.embed > 0 {
		add("embed_out", rows, t.embed, t.hidden, 1, 1)
		add(t.headName(), rows, t.vocab, t.embed, 1, 1)
	} else if rows > 0 {
		add(t.headName(), rows, t.vocab, t.hidden, 1, 1)
	}
	if longest := max(seq, p.kv); longest > t.maxSeq {
		w.Warnings = append(w.Warnings, fmt.Sprintf("%s was trained for %d positions; %d are asked for", t.name, t.maxSeq, longest))
	}
	if err := w.Validate(); err != nil {
		return Workload{}, err
	}
	return w, nil
}

// origin is the source of the records.
func (t transformer) origin() string {
	if t.source != "" {
		return t.source
	}
	return "built-in " + t.name
}

// feedForward adds the products behind attention. The tokens of a mixture are spread
// evenly over its experts.
func (t transformer) feedForward(add func(op string, m, n, k, batch, count int), tokens, layers int) {
	dense, mixed := layers, 0
	if t.moe != nil {
		dense = min(t.dense, layers)
		mixed = layers - dense
	}
	pair := func(suffix string, m, ffn, batch, count int) {
		switch {
		case count == 0 || ffn == 0:
		case t.gated:
			add("gate_up"+suffix, m, 2*ffn, t.hidden, batch, count)
			add("down"+suffix, m, t.hidden, ffn, batch, count)
		default:
			add("fc1"+suffix, m, ffn, t.hidden, batch, count)
			add("fc2"+suffix, m, t.hidden, ffn, batch, count)
		}
	}
	pair("", tokens, t.ffn, 1, dense)
	if mixed == 0 {
		return
	}
	add("router", tokens, t.moe.count, t.hidden, 1, mixed)
	for _, s := range ExpertShares(tokens, t.moe.count, t.moe.active) {
		pair("_expert", s.Tokens, t.moe.ffn, s.Experts, mixed)
	}
	pair("_shared", tokens, t.moe.shared, 1, mixed)
}

// ExpertShare is a number of experts that each take as many tokens.
type ExpertShare struct{ Experts, Tokens int }

// ExpertShares spreads tokens that go to active of count experts each as evenly as
// whole numbers allow. Experts without a token are not there.
func ExpertShares(tokens, count, active int) []ExpertShare {
	all := tokens * active
	var shares []ExpertShare
	if more := all % count; more > 0 {
		shares = append(shares, ExpertShare{more, all/count + 1})
	}
	if all/count > 0 {
		shares = append(shares, ExpertShare{count - all%count, all / count})
	}
	return shares
}

func (t transformer) headName() string {
	if t.encoder {
		return "head"
	}
	return "lm_head"
}

// span is a block of query rows that attend to the same number of positions.
type span struct {
	rows, cols int
	suffix     string
}

func (s span) name(op string) string { return op + s.suffix }

// attentionSpans returns the score rectangles of one head: rows query positions
// by cols key positions. Full attention is one rectangle, seq x kv. Causal
// attention lets query i see the kv-seq earlier positions and 1+i of its own;
// its staircase of seq*(kv-seq) + seq*(seq+1)/2 scores is given as rectangles
// with exactly as many elements: seq rows of the mean length, or, when the mean
// is a half-integer, two halves of seq rows that differ by one column.
func attentionSpans(seq, kv int, attention string) []span {
	if attention != "causal" || seq == 1 {
		return []span{{seq, kv, ""}}
	}
	past := kv - seq
	if seq%2 == 1 {
		return []span{{seq, past + (seq+1)/2, ""}}
	}
	return []span{{seq / 2, past + seq/2, "_lo"}, {seq / 2, past + seq/2 + 1, "_hi"}}
}

// resolve fills the defaults of p and reports everything that does not fit t.
// Zero or empty fields mean "not given".
func (t transformer) resolve(p params) (params, error) {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if p.batch == 0 {
		p.batch = 1
	}
	if !t.encoder && p.phase == "" {
		p.phase = "prefill"
	}
	if p.seq == 0 {
		p.seq = t.seq
	}
	if p.kv == 0 {
		p.kv = p.seq
	}
	if p.phase != "decode" && p.kv < p.seq {
		bad("kv is less than seq: %d (expected at least %d)", p.kv, p.seq)
	}
	if p.layers > t.layers {
		bad("layers is more than the model has: %d (expected 1 to %d)", p.layers, t.layers)
	}
	if p.head == "" {
		p.head = "last"
		if p.layers != 0 || t.vocab == 0 {
			p.head = "none"
		}
	}
	if p.layers == 0 {
		p.layers = t.layers
	}
	if p.attention == "" {
		p.attention = "full"
	}
	return p, errors.Join(errs...)
}
