// Testreport runs "go test -json" with the arguments given after "--", prints one line a package and the output of what
// failed, and at the end counts the tests and names every one that was skipped, with its reason (see package tooltest).
// Plain "go test ./..." hides the skips of a package that passes.
//
//	go run ./internal/tool/testreport [-strict] -- -timeout 20m ./...
//
// Exit status 0: all passed. 1: a test failed, no test ran, or, with -strict, one was skipped for another reason than
// "deep:", "short:" or "data:".
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
)

func main() {
	strict := flag.Bool("strict", false, "fail if a test was skipped that no other make target runs")
	flag.Parse()
	cmd := exec.Command("go", append([]string{"test", "-json"}, flag.Args()...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "testreport:", err)
		os.Exit(1)
	}
	r := newReport(os.Stdout)
	readErr := r.read(out)
	waitErr := cmd.Wait()
	ok := r.summary(*strict)
	if readErr != nil || waitErr != nil || !ok {
		if readErr != nil {
			fmt.Fprintln(os.Stderr, "testreport:", readErr)
		}
		os.Exit(1)
	}
}
