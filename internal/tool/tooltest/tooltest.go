// Package tooltest decides for tests whether they run on this machine and in this command, so that every skip has a
// reason that a program can count. Each reason begins with one word:
//
//	tool: verilator is missing: ...      see [Need]; make test installs it
//	deep: 32x32, minutes                 see [Deep]; left to make deep
//	short: covered by the deep cases     see [Short]; left to make test
//	data: TPE_DATA is not set ...        see [Data]; left to make data
//
// Package testreport reads these words.
package tooltest

import (
	"os"
	"path/filepath"
	"testing"

	"tpe/internal/tool"
)

// Need returns the tools of the given names in their order. If one is missing it skips the test with the reason; with
// TPE_REQUIRE_TOOLS=1 it fails it.
func Need(t testing.TB, names ...string) []tool.Tool {
	t.Helper()
	tools := make([]tool.Tool, 0, len(names))
	for _, name := range names {
		found, err := tool.Find(name)
		switch {
		case err == nil:
			tools = append(tools, found)
		case os.Getenv("TPE_REQUIRE_TOOLS") == "1":
			t.Fatalf("tool: %v, and TPE_REQUIRE_TOOLS=1", err)
		default:
			t.Skipf("tool: %v", err)
		}
	}
	return tools
}

// IsDeep tells whether this is a deep run (TPE_DEEP=1), for a test that has a small and a large budget.
func IsDeep() bool { return os.Getenv("TPE_DEEP") == "1" }

// Deep skips the test unless this is a deep run. what says what is left out: "32x32 on every dataflow".
func Deep(t testing.TB, what string) {
	t.Helper()
	if !IsDeep() {
		t.Skipf("deep: %s", what)
	}
}

// Short skips the test in a deep run, for what a larger test covers there. what names that test.
func Short(t testing.TB, what string) {
	t.Helper()
	if IsDeep() {
		t.Skipf("short: %s", what)
	}
}

// Data returns the path of a file of the user's, by its name below the folder $TPE_DATA, and skips the test when it is
// not there. Such tests have "Data" in their name.
func Data(t testing.TB, name string) string {
	t.Helper()
	dir := os.Getenv("TPE_DATA")
	if dir == "" {
		t.Skipf("data: TPE_DATA is not set, needs %s", name)
	}
	path := filepath.Join(dir, filepath.FromSlash(name))
	if _, err := os.Stat(path); err != nil {
		t.Skipf("data: %v", err)
	}
	return path
}
