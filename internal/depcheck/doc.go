// Package depcheck keeps the arrows between the packages of this module pointing one way. Its test reads
// "go list -json ./..." for every platform that the project builds for, and fails on an import that the table in
// table.go does not allow. To open a new way, change the table, and docs/architecture.md with it.
//
// A room is a folder at the top of the module with all below it; packages of one room import each other freely. Beside
// the standard library,
//
//   - code and in-package tests import what the table gives their room, and internal/...;
//   - internal/... imports only internal/...;
//   - external tests (package x_test) may import every room but cmd, for a golden file or a cross-check may need what the
//     room itself must not know;
//   - golden and tooltest are for tests only;
//   - third-party modules stay in the folders that the table names.
package depcheck
