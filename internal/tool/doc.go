// Package tool finds and runs the external programs that the project can use (Verilator, Yosys, Icarus, clang,
// OpenSTA, g++, make) and keeps what they build in a content-addressed cache.
//
// It stands under every room and knows none of them. Nothing here is needed to simulate: a program that is missing
// gives a *[Missing] error that says which Debian package has it, and the caller leaves that leg out with this reason.
//
//	v, err := tool.Find(tool.Verilator)
//	if err != nil {
//		return err // verilator is missing: not found in $PATH (Debian package verilator)
//	}
//	out, err := v.Run(ctx, dir, "--lint-only", "-Wall", "top.v")
//
// Tests do not call [Find] themselves but the package tooltest below this folder.
//
// Environment: TPE_CLANG names the clang to use, TPE_OSU018 the Liberty file of the OSU 0.18 um library, TPE_FASHION the
// training images of Fashion-MNIST, TPE_CACHE the
// folder of the cache.
package tool
