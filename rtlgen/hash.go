package rtlgen

import (
	"crypto/sha256"
	"fmt"

	"tpe/hw"
)

// hash identifies a module by the SHA-256 of its text form, the modules below it
// included.
func hash(m *hw.Module) (string, error) {
	h := sha256.New()
	if err := hw.WriteText(h, m); err != nil {
		return "", err
	}
	return fmt.Sprintf("%x", h.Sum(nil)), nil
}
