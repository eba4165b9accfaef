package tensorfile

import "fmt"

// The binary layout of llama2.c (version 0): seven int32 (dim, hidden_dim, n_layers, n_heads, n_kv_heads, vocab_size, seq_len), then
// float32 tensors, each kind for all layers. A negative vocab_size says that the classifier has weights of its own.

// llama2CKeys are the words of the header, as they stand in [File.Meta].
var llama2CKeys = [...]string{"dim", "hidden_dim", "n_layers", "n_heads", "n_kv_heads", "vocab_size", "seq_len"}

// llama2CTensors lists the tensors with offsets, and the size of the whole file; nothing if the header cannot be one.
func llama2CTensors(start []byte) ([]Tensor, int64) {
	if len(start) < 28 {
		return nil, 0
	}
	var h [7]int64
	for i := range h {
		h[i] = int64(int32(le.Uint32(start[4*i:])))
	}
	dim, hidden, layers, heads, kv, vocab, seq := h[0], h[1], h[2], h[3], h[4], h[5], h[6]
	own := vocab < 0
	if own {
		vocab = -vocab
	}
	for _, v := range []int64{dim, hidden, layers, heads, kv, vocab, seq} {
		if v < 1 || v > 1<<20 {
			return nil, 0
		}
	}
	if layers > 1<<12 || heads > dim || kv > heads || dim%heads != 0 {
		return nil, 0
	}
	size := dim / heads // of a head
	at := int64(28)
	var list []Tensor
	put := func(name string, shape ...int64) {
		n := elems(shape)
		list = append(list, Tensor{Name: name, Type: "f32", Shape: shape, Offset: at})
		at += 4 * n
	}
	each := func(name string, shape ...int64) {
		for l := range layers {
			put(fmt.Sprintf("layers.%d.%s.weight", l, name), shape...)
		}
	}
	put("tok_embeddings.weight", vocab, dim)
	each("attention_norm", dim)
	each("attention.wq", heads*size, dim)
	each("attention.wk", kv*size, dim)
	each("attention.wv", kv*size, dim)
	each("attention.wo", dim, heads*size)
	each("ffn_norm", dim)
	each("feed_forward.w1", hidden, dim)
	each("feed_forward.w2", dim, hidden)
	each("feed_forward.w3", hidden, dim)
	put("norm.weight", dim)
	at += 4 * 2 * (seq * (size / 2)) // sines and cosines of the positions, no longer used
	if own {
		put("output.weight", vocab, dim)
	}
	return list, at
}

// isLlama2C reports whether the header gives exactly the size of the file.
func (f *File) isLlama2C(start []byte) bool {
	list, size := llama2CTensors(start)
	return list != nil && size == f.size
}

func (f *File) readLlama2C(start []byte) error {
	f.Format, f.Meta = "llama2c", map[string]any{}
	for i, key := range llama2CKeys {
		f.Meta[key] = int64(int32(le.Uint32(start[4*i:])))
	}
	list, _ := llama2CTensors(start)
	for _, t := range list {
		if err := f.add(t, 0); err != nil {
			return err
		}
	}
	return nil
}
