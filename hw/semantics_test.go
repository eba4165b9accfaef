package hw_test

import (
	"bytes"
	"strings"
	"testing"

	"tpe/hw"
	"tpe/internal/golden"
)

func TestSemantics(t *testing.T) {
	var b bytes.Buffer
	if err := hw.WriteSemantics(&b); err != nil {
		t.Fatal(err)
	}
	for op := hw.Op(1); int(op) < hw.NumOps; op++ {
		if n := strings.Count(b.String(), "\n| `"+op.String()+"` |"); n != 1 {
			t.Errorf("operator %s is documented %d times, want 1", op, n)
		}
	}
	golden.Check(t, "../docs/hw-semantics.md", b.Bytes())
}

// TestTable checks the operator table itself.
func TestTable(t *testing.T) {
	seen := map[string]bool{}
	for op := hw.Op(1); int(op) < hw.NumOps; op++ {
		info := hw.Ops[op]
		if info.Name == "" || info.Kind == 0 || info.Sig == "" || info.Doc == "" {
			t.Errorf("row %d is not complete: %+v", op, info)
		}
		if seen[info.Name] {
			t.Errorf("operator %s stands twice", info.Name)
		}
		seen[info.Name] = true
		if got, ok := hw.OpByName(info.Name); !ok || got != op {
			t.Errorf("OpByName(%q) = %d, %v, want %d", info.Name, got, ok, op)
		}
	}
	if _, ok := hw.OpByName("invalid"); ok {
		t.Error("OpByName finds the invalid operator")
	}
	if got, want := hw.Op(200).String(), "op(200)"; got != want {
		t.Errorf("String() = %q, want %q", got, want)
	}
}
