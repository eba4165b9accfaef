package infer

import (
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Tokenizer knows the texts of the tokens of a model, as llama2.c stores them: the greatest length (int32), then for each token a
// score (float32), a length (int32) and that many bytes.
type Tokenizer struct{ pieces []string }

// maxTokenizer bounds the size of the file.
const maxTokenizer = 1 << 26

// LoadTokenizer reads the texts of vocab tokens.
func LoadTokenizer(path string, vocab int) (*Tokenizer, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %w", err)
	}
	if info.Size() > maxTokenizer {
		return nil, fmt.Errorf("%s: file is too large: %d bytes (expected at most %d)", path, info.Size(), maxTokenizer)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %w", err)
	}
	return parseTokenizer(data, path, vocab)
}

func parseTokenizer(data []byte, path string, vocab int) (*Tokenizer, error) {
	t := &Tokenizer{}
	at := 4
	for i := range vocab {
		if len(data)-at < 8 {
			return nil, fmt.Errorf("%s: byte %d: file ends at token %d (expected %d tokens)", path, len(data), i, vocab)
		}
		n := int(int32(binary.LittleEndian.Uint32(data[at+4:])))
		if at += 8; n < 0 || n > len(data)-at {
			return nil, fmt.Errorf("%s: byte %d: length of token %d is out of range: %d (expected 0 to %d)", path, at-4, i, n, len(data)-at)
		}
		t.pieces = append(t.pieces, string(data[at:at+n]))
		at += n
	}
	return t, nil
}

// Text joins the texts of tokens that follow the begin of a text. Tokens called <0xHH> are one byte.
func (t *Tokenizer) Text(tokens []int) string {
	var b strings.Builder
	before := beginOfText
	for _, k := range tokens {
		piece := t.pieces[k]
		if before == beginOfText {
			piece = strings.TrimPrefix(piece, " ")
		}
		if hex, ok := strings.CutPrefix(piece, "<0x"); ok && len(hex) == 3 && hex[2] == '>' {
			if v, err := strconv.ParseUint(hex[:2], 16, 8); err == nil {
				piece = string([]byte{byte(v)})
			}
		}
		b.WriteString(piece)
		before = k
	}
	return b.String()
}
