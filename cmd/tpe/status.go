package main

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// Exit statuses.
const (
	exitOK          = 0
	exitCheckFailed = 1
	exitBadInput    = 2
	exitPartial     = 3
)

// errCheck says that a check failed; what failed has been printed.
var errCheck = errors.New("a check failed")

// errPartial says that a part of the work is missing; which has been printed.
var errPartial = errors.New("partly done")

// status is the exit status of a command that ended with an error, which is printed, or without.
func status(err error, stderr io.Writer) int {
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errCheck):
		return exitCheckFailed
	case errors.Is(err, errPartial):
		return exitPartial
	}
	fmt.Fprintf(stderr, "tpe: %v\n", err)
	if errors.Is(err, context.Canceled) {
		return exitPartial
	}
	return exitBadInput
}
