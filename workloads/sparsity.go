package workloads

import (
	"fmt"
	"strconv"
	"strings"
)

// ParseSparsity reads "N:M": N non-zero values in every block of M. It requires
// 1 <= N <= M <= 1024.
func ParseSparsity(s string) (n, m int, err error) {
	a, b, ok := strings.Cut(strings.TrimSpace(s), ":")
	if ok {
		var errN, errM error
		n, errN = strconv.Atoi(strings.TrimSpace(a))
		m, errM = strconv.Atoi(strings.TrimSpace(b))
		ok = errN == nil && errM == nil && 1 <= n && n <= m && m <= 1024
	}
	if !ok {
		return 0, 0, fmt.Errorf("bad sparsity: %q (expected N:M with 1 <= N <= M <= 1024)", s)
	}
	return n, m, nil
}
