package workloads

import "strings"

// canonical lowers a name and drops the characters that people vary:
// "ResNet-50" and "resnet50" are the same.
func canonical(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'A' <= r && r <= 'Z':
			return r + 'a' - 'A'
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
			return r
		}
		return -1
	}, s)
}

// nearest returns the candidate with the least edit distance to name, the first
// of equals.
func nearest(name string, candidates []string) string {
	best, bestDist := "", int(^uint(0)>>1)
	for _, c := range candidates {
		if d := editDistance(canonical(name), canonical(c)); d < bestDist {
			best, bestDist = c, d
		}
	}
	return best
}

// editDistance is the number of single-byte insertions, deletions and
// replacements between a and b, of which at most the first 64 bytes count.
func editDistance(a, b string) int {
	a, b = a[:min(len(a), 64)], b[:min(len(b), 64)]
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diag := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next := min(row[j]+1, row[j+1]+1, diag+cost)
			diag, row[j+1] = row[j+1], next
		}
	}
	return row[len(b)]
}
