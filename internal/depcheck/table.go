package depcheck

// room is a folder at the top of the module and the rooms that its packages may import, beside itself and internal.
type room struct {
	name string
	may  []string
}

// rooms is the plan of the house; each line names only rooms above it.
var rooms = []room{
	{"numeric", nil}, // never hw: it is the second opinion
	{"hw", nil},
	{"internal", nil},
	{"workloads", []string{"numeric"}},
	{"scalesim", []string{"workloads"}},
	{"pe", []string{"hw", "numeric"}},
	{"arch", []string{"pe", "hw", "numeric", "workloads"}},
	{"rtlgen", []string{"hw"}},
	{"sim", []string{"arch", "hw", "numeric", "workloads"}},
	{"infer", []string{"arch", "hw", "numeric", "workloads", "sim"}}, // networks on engines
	{"testbench", []string{"arch", "sim", "rtlgen", "hw"}},
	{"cost", []string{"arch", "hw", "numeric", "rtlgen"}}, // never sim, nor sim cost
	{"verify", []string{"arch", "pe", "hw", "numeric", "workloads", "rtlgen", "sim", "testbench", "cost"}},
	{"report", []string{"arch", "pe", "hw", "numeric", "workloads", "scalesim", "rtlgen", "sim", "testbench", "cost", "verify"}},
	{"sweep", []string{"arch", "pe", "hw", "numeric", "workloads", "scalesim", "rtlgen", "sim", "testbench", "cost", "verify"}},
	{"cmd", []string{"arch", "pe", "hw", "numeric", "workloads", "scalesim", "rtlgen", "sim", "testbench", "cost", "verify", "report", "sweep", "infer"}},
}

// module is a third-party module (or all below an import path) and the folders that may import it.
type module struct {
	path  string
	in    []string
	tests bool // every test may import it too
}

var modules = []module{
	{"github.com/google/go-cmp", []string{"verify", "internal/golden"}, true},
	{"gonum.org/v1/gonum", []string{"numeric", "workloads", "cost", "sweep", "report", "verify", "infer"}, false},
	{"gonum.org/v1/plot", []string{"report"}, false},
	{"gopkg.in/yaml.v3", []string{"workloads", "arch", "cost", "sweep"}, false},
	{"google.golang.org/protobuf", []string{"workloads"}, false}, // protowire
	{"github.com/llir/llvm", []string{"sim/llvm"}, false},
	{"github.com/ebitengine/purego", []string{"sim/llvm"}, false},
	{"github.com/expr-lang/expr", []string{"sweep"}, false},
	{"modernc.org/sqlite", []string{"sweep"}, false},
	{"github.com/parquet-go/parquet-go", []string{"sweep"}, false},
	{"github.com/alecthomas/kong", []string{"cmd"}, false},
	{"github.com/chromedp/chromedp", []string{"report/page"}, false}, // a browser, in its test
}

// testOnly are packages that only tests may import.
var testOnly = []string{"internal/golden", "internal/tool/tooltest"}

// badNames are package names that say nothing.
var badNames = []string{"util", "common", "types", "core"}

// platforms are those that the project builds for, as GOOS/GOARCH.
var platforms = []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64"}
