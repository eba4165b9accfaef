// Command tpe describes tensor processing engines as hardware and reads cycles,
// output bits and Verilog off that one description.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := execute(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// execute runs one command line and returns the exit status.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var c cli
	helped := false
	parser, err := kong.New(&c, kong.Name("tpe"), kong.Description(description), kong.Writers(stdout, stderr),
		kong.Exit(func(int) { helped = true }), kong.UsageOnError())
	if err == nil {
		var kctx *kong.Context
		kctx, err = parser.Parse(args)
		if helped {
			return exitOK
		}
		if err == nil {
			err = kctx.Run(&env{ctx: ctx, out: stdout, err: stderr})
		}
	}
	return status(err, stderr)
}
