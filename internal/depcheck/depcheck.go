package depcheck

import (
	"fmt"
	"slices"
	"strings"
)

// listed is one package as "go list -json" prints it.
type listed struct {
	ImportPath   string
	Name         string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

// check returns the breaches of the table by the packages of the module of the given path.
func check(modulePath string, pkgs []listed) []string {
	var bad []string
	for _, p := range pkgs {
		folder := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, modulePath), "/")
		at := slices.IndexFunc(rooms, func(r room) bool { return below(folder, r.name) })
		if at < 0 {
			bad = append(bad, fmt.Sprintf("%s: folder %q is in no room of the table", p.ImportPath, folder))
			continue
		}
		if slices.Contains(badNames, p.Name) {
			bad = append(bad, fmt.Sprintf("%s: package name %s says nothing", p.ImportPath, p.Name))
		}
		for _, kind := range []struct {
			name    string
			imports []string
		}{{"imports", p.Imports}, {"test imports", p.TestImports}, {"external test imports", p.XTestImports}} {
			test := kind.name != "imports"
			external := kind.name == "external test imports"
			for _, imp := range kind.imports {
				if reason := refuse(modulePath, folder, rooms[at], imp, test, external); reason != "" {
					bad = append(bad, fmt.Sprintf("%s %s %s: %s", p.ImportPath, kind.name, imp, reason))
				}
			}
		}
	}
	return bad
}

// refuse tells why a package in folder, of room r, may not import imp; "" if it may.
func refuse(modulePath, folder string, r room, imp string, test, external bool) string {
	if imp != modulePath && !below(imp, modulePath) {
		return refuseModule(folder, imp, test)
	}
	target := strings.TrimPrefix(strings.TrimPrefix(imp, modulePath), "/")
	to, _, _ := strings.Cut(target, "/")
	switch {
	case slices.Contains(testOnly, target) && !test && !slices.Contains(testOnly, folder):
		return "it is for tests only"
	case to == r.name || to == "internal":
		return ""
	case external && to != "cmd":
		return ""
	case !slices.Contains(r.may, to):
		return fmt.Sprintf("%s may import %s", r.name, strings.Join(append(slices.Clone(r.may), "internal"), ", "))
	}
	return ""
}

func refuseModule(folder, imp string, test bool) string {
	first, _, _ := strings.Cut(imp, "/")
	if !strings.Contains(first, ".") { // the standard library, and C
		return ""
	}
	at := slices.IndexFunc(modules, func(m module) bool { return below(imp, m.path) })
	if at < 0 {
		return "the module is not in the table"
	}
	m := modules[at]
	if test && m.tests || slices.ContainsFunc(m.in, func(f string) bool { return below(folder, f) }) {
		return ""
	}
	return "only for " + strings.Join(m.in, ", ")
}

// below tells whether path is dir or below it.
func below(path, dir string) bool { return path == dir || strings.HasPrefix(path, dir+"/") }
