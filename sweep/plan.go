package sweep

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"tpe/internal/wholefile"
)

// Names of files in the folder of a sweep.
const (
	spaceFile = "space.yaml" // a copy of what was given
	planFile  = "plan.json"
	storeFile = "sweep.sqlite"
	lockFile  = "sweep.lock"
	partsDir  = "parts"
)

// Plan says what a sweep evaluates. Results are a function of it: what a different plan
// evaluated is never taken up.
type Plan struct {
	Version   string            `json:"version"`   // of tpe
	Space     string            `json:"space"`     // hash of the space's file
	Engines   map[string]string `json:"engines"`   // hash of each engine's configuration
	Workloads map[string]string `json:"workloads"` // hash of each workload's layers
	Cost      string            `json:"cost,omitempty"`
	Size      uint64            `json:"size"`
	Method    Method            `json:"method"`
	Root      string            `json:"root"` // folder that names of files are relative to; not part of the hash
}

func hashOf(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // plain data
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}

// NewPlan describes a space. cost names the data that prices points.
func (s *Space) NewPlan(version, cost string) *Plan {
	p := &Plan{Version: version, Space: hashOf(s.source), Size: s.size, Method: s.Method, Cost: cost, Root: abs(s.root), Engines: map[string]string{}, Workloads: map[string]string{}}
	for _, e := range s.Engines {
		p.Engines[e.Name] = hashOf(fmt.Sprintf("%+v", e.base))
	}
	for _, w := range s.works {
		p.Workloads[w.spec] = hashOf(w.layers)
	}
	return p
}

// abs is a path that holds in another folder too.
func abs(path string) string {
	if a, err := filepath.Abs(path); err == nil {
		return a
	}
	return path
}

// Hash identifies a plan.
func (p *Plan) Hash() string {
	q := *p
	q.Root = ""
	return hashOf(q)
}

// Differs says in which fields two plans differ.
func (p *Plan) Differs(other *Plan) []string {
	fields := func(p *Plan) map[string]any {
		b, _ := json.Marshal(p)
		var m map[string]any
		_ = json.Unmarshal(b, &m)
		delete(m, "root")
		return m
	}
	var list []string
	flat := func(prefix string, a, b map[string]any) {
		keys := map[string]bool{}
		for k := range a {
			keys[k] = true
		}
		for k := range b {
			keys[k] = true
		}
		for k := range keys {
			if x, y := fmt.Sprint(a[k]), fmt.Sprint(b[k]); x != y {
				list = append(list, fmt.Sprintf("%s%s: %s, was %s", prefix, k, x, y))
			}
		}
	}
	flat("", fields(p), fields(other))
	sort.Strings(list)
	return list
}

// ErrChanged says that a folder holds results of another plan.
var ErrChanged = errors.New("the folder holds results of another plan")

// openPlan writes the plan into a new folder, or compares it with the one that is there.
func openPlan(dir string, s *Space, p *Plan) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("sweep folder: %w", err)
	}
	old, err := readPlan(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if list, err := os.ReadDir(dir); err != nil {
			return fmt.Errorf("sweep folder: %w", err)
		} else if n := unexpected(list); n != "" {
			return fmt.Errorf("sweep folder %s is not empty and holds no plan: it has %q (expected a new or empty folder)", dir, n)
		}
		b, err := json.MarshalIndent(p, "", "  ")
		if err != nil {
			return err
		}
		if err := wholefile.Bytes(filepath.Join(dir, spaceFile), s.source); err != nil {
			return err
		}
		return wholefile.Bytes(filepath.Join(dir, planFile), append(b, '\n'))
	case err != nil:
		return err
	case old.Hash() != p.Hash():
		return fmt.Errorf("%w: %s (expected a new folder, or the same space, engines, workloads and tpe)", ErrChanged, strings.Join(p.Differs(old), "; "))
	}
	return nil
}

// CheckPlan returns the plan of a folder, which must be the one given.
func CheckPlan(dir string, p *Plan) (*Plan, error) {
	old, err := readPlan(dir)
	if err == nil && old.Hash() != p.Hash() {
		err = fmt.Errorf("%w: %s", ErrChanged, strings.Join(p.Differs(old), "; "))
	}
	return old, err
}

func unexpected(list []os.DirEntry) string {
	for _, e := range list {
		if n := e.Name(); n != lockFile && n != spaceFile && !strings.HasPrefix(n, ".") {
			return n
		}
	}
	return ""
}

func readPlan(dir string) (*Plan, error) {
	b, err := os.ReadFile(filepath.Join(dir, planFile))
	if err != nil {
		return nil, err
	}
	var p Plan
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return nil, fmt.Errorf("%s: not a plan: %w", filepath.Join(dir, planFile), err)
	}
	return &p, nil
}

// LoadDir reads the space of a folder.
func LoadDir(dir string) (*Space, *Plan, error) {
	p, err := readPlan(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("%s holds no sweep: %w", dir, err)
	}
	path := filepath.Join(dir, spaceFile)
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, fmt.Errorf("%s holds no sweep: %w", dir, err)
	}
	s, err := parse(path, p.Root, src)
	return s, p, err
}
