#!/usr/bin/env bash
# Runs every fuzz target of the module for the time given ("60s"), one after the other, and names those that failed.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:-60s}
if ! list=$(go test -list '^Fuzz' ./... </dev/null); then
	echo "$list"
	exit 1
fi

# Names of targets come before the "ok" line of their package.
targets=$(awk '/^Fuzz/ { names[n++] = $1 } $1 == "ok" { for (i = 0; i < n; i++) print $2, names[i]; n = 0 }' <<<"$list")
if [[ -z $targets ]]; then
	echo "fuzz: no targets"
	exit 1
fi
failed=()
while read -r pkg name; do
	echo "fuzz: $pkg $name for $time"
	go test -run '^$' -fuzz "^$name\$" -fuzztime "$time" -fuzzminimizetime 10x "$pkg" </dev/null || failed+=("$pkg $name")
done <<<"$targets"
if ((${#failed[@]} > 0)); then
	printf 'fuzz: FAILED: %s\n' "${failed[@]}"
	exit 1
fi
