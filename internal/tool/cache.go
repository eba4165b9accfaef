package tool

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

const (
	// tmpMark is part of the name of every folder of the cache that is not an entry (yet, or any more).
	tmpMark = ".tmp-"
	// minAge is how long an entry stays after its last use whatever Prune is asked: another process may hold it.
	minAge = time.Hour
	// staleAge is when a temporary folder belongs to a process that died.
	staleAge = 24 * time.Hour
)

// kindRE is what a kind may look like: it is a folder name.
var kindRE = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

// CacheDir returns the folder of the cache: $TPE_CACHE, else "tpe" in the user's cache folder.
func CacheDir() (string, error) {
	if dir := os.Getenv("TPE_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no folder for the cache, set TPE_CACHE: %w", err)
	}
	return filepath.Join(dir, "tpe"), nil
}

// Cache returns the folder that build made for (kind, key), and whether it was there before. The key must hold all that
// the result depends on: sources, command lines, tool versions, and the CPU where code is built for it.
//
// build fills a new, empty folder, which is then renamed to <cache>/<kind>/<SHA-256 of key>; so results must not hold
// their own absolute path, and a folder that is there is whole. A build that fails leaves nothing behind. Processes
// and goroutines may race for one key: each builds, the first to end wins, and the others throw theirs away and return
// the winner's as a hit.
func Cache(kind string, key []byte, build func(dir string) error) (dir string, hit bool, err error) {
	if !kindRE.MatchString(kind) {
		return "", false, fmt.Errorf("cache kind %q (expected lower-case letters, digits and dashes)", kind)
	}
	root, err := CacheDir()
	if err != nil {
		return "", false, err
	}
	name := fmt.Sprintf("%x", sha256.Sum256(key))
	dir = filepath.Join(root, kind, name)
	if present(dir) {
		return dir, true, nil
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return "", false, err
	}
	tmp, err := os.MkdirTemp(filepath.Dir(dir), name[:16]+tmpMark+"*")
	if err != nil {
		return "", false, err
	}
	defer os.RemoveAll(tmp) // nothing to remove once it is renamed
	if err := build(tmp); err != nil {
		return "", false, err
	}
	if err := os.Rename(tmp, dir); err != nil {
		if present(dir) { // another one was first
			return dir, true, nil
		}
		return "", false, err
	}
	present(dir)
	return dir, false, nil
}

// present tells whether an entry is there, and marks it as used now.
func present(dir string) bool {
	info, err := os.Stat(dir)
	if err != nil || !info.IsDir() {
		return false
	}
	now := time.Now()
	_ = os.Chtimes(dir, now, now) // a read-only cache serves as well
	return true
}

// Prune removes the entries of the cache that were not used for the longest time until what is left takes at most
// maxBytes, and the left-overs of processes that died. Entries used within the last hour always stay. It returns the
// bytes that it freed.
func Prune(maxBytes int64) (freed int64, err error) {
	root, err := CacheDir()
	if err != nil {
		return 0, err
	}
	paths, err := filepath.Glob(filepath.Join(root, "*", "*"))
	if err != nil {
		return 0, err
	}
	type item struct {
		path string
		used time.Time
		size int64
	}
	var items []item
	var total int64
	var errs []error
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil || !info.IsDir() {
			continue // gone meanwhile, or not ours
		}
		size := treeSize(path)
		if strings.Contains(filepath.Base(path), tmpMark) {
			if time.Since(info.ModTime()) > staleAge {
				errs = append(errs, os.RemoveAll(path))
				freed += size
			}
			continue
		}
		total += size
		items = append(items, item{path, info.ModTime(), size})
	}
	slices.SortFunc(items, func(a, b item) int {
		return cmp.Or(a.used.Compare(b.used), strings.Compare(a.path, b.path))
	})
	for _, it := range items {
		if total <= maxBytes || time.Since(it.used) < minAge {
			break
		}
		if err := remove(it.path); err != nil {
			errs = append(errs, err)
			continue
		}
		total -= it.size
		freed += it.size
	}
	return freed, errors.Join(errs...)
}

// remove deletes an entry so that nobody ever sees half of it: it is renamed first.
func remove(path string) error {
	tmp, err := os.MkdirTemp(filepath.Dir(path), "old"+tmpMark+"*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	err = os.Rename(path, filepath.Join(tmp, "entry"))
	if errors.Is(err, fs.ErrNotExist) { // another process was first
		return nil
	}
	return err
}

// treeSize returns the bytes in the files below dir, as far as they can be read.
func treeSize(dir string) int64 {
	var n int64
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		if info, err := d.Info(); err == nil && info.Mode().IsRegular() {
			n += info.Size()
		}
		return nil
	})
	return n
}
