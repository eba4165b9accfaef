#!/usr/bin/env bash
# The gate of a change: format, vet, staticcheck, import rules, tidy modules, builds for every platform, generated files
# unchanged, clean tree. Runs them all, then names those that failed. DIRTY=ok leaves out the clean tree.
set -uo pipefail
cd "$(dirname "$0")/.."
failed=()

step() {
	local name=$1
	shift
	echo "check: $name"
	"$@" || failed+=("$name")
}

format() {
	local files
	files=$(gofmt -l .) || return 1
	[[ -z $files ]] && return 0
	echo "$files"
	return 1
}

# fingerprint is one number over the names and contents of all files that git does not ignore.
fingerprint() { git ls-files -coz --exclude-standard | xargs -0 cksum 2>&1 | cksum; }

regenerated() {
	local before
	git rev-parse --is-inside-work-tree >/dev/null || return 1
	before=$(fingerprint)
	go generate ./... || return 1
	[[ $(fingerprint) == "$before" ]] && return 0
	echo "go generate changed files; see git status:"
	git status --porcelain
	return 1
}

clean_tree() {
	local status
	status=$(git status --porcelain) || return 1
	[[ -z $status ]] && return 0
	echo "$status"
	return 1
}

cross_builds() {
	local goos goarch status=0
	for goos in linux darwin; do
		for goarch in amd64 arm64; do
			if ! CGO_ENABLED=0 GOOS=$goos GOARCH=$goarch go build ./...; then
				echo "build for $goos/$goarch failed"
				status=1
			fi
		done
	done
	return $status
}

step format format
step vet go vet ./...
step staticcheck go tool staticcheck ./...
step imports go test ./internal/depcheck
step modules go mod tidy -diff
step builds cross_builds
step generated regenerated
[[ ${DIRTY:-} == ok ]] || step "clean tree" clean_tree

if ((${#failed[@]} > 0)); then
	printf 'check: FAILED: %s\n' "${failed[@]}"
	exit 1
fi
echo "check: all passed"
