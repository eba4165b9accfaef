#!/usr/bin/env bash
# Installs the external tools that the tests use, as far as they are missing, from Debian packages, as root or through
# sudo without a password. Where it cannot, it prints the line to run and fails. At the end it prints the versions.
set -euo pipefail

fashion=${TPE_FASHION:-/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz}
osu018=${TPE_OSU018:-/usr/share/qflow/tech/osu018/osu018_stdcells.lib}

have() { command -v "$1" >/dev/null 2>&1; }

# As internal/tool finds it; but where clang-14 can be installed, it must be that one.
clang=${TPE_CLANG:-clang-14}
if [[ -z ${TPE_CLANG:-} ]] && ! have clang-14 && ! have apt-get && have clang; then
	clang=clang
fi

# missing_packages prints the Debian packages of what is not there.
missing_packages() {
	have verilator || echo verilator
	have yosys || echo yosys
	{ have iverilog && have vvp; } || echo iverilog
	have "$clang" || echo clang-14
	[[ -r $osu018 ]] || echo qflow-tech-osu018
	[[ -r $fashion ]] || echo dataset-fashion-mnist
	have sta || echo opensta
	have g++ || echo g++
	{ have slurmctld || [[ -x /usr/sbin/slurmctld ]]; } || echo slurm-wlm
	have pgrep || echo procps
	have make || echo make
}

install_packages() {
	local apt=(apt-get -y -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300)
	local line="apt-get update && apt-get install -y --no-install-recommends $*"
	local root=()
	if ! have apt-get; then
		echo "install-tools: no apt-get here; on Debian the line to run as root is:" >&2
		echo "  $line" >&2
		return 1
	fi
	if [[ $(id -u) -ne 0 ]]; then
		if ! have sudo || ! sudo -n true 2>/dev/null; then
			echo "install-tools: not root, and no sudo without a password; run this and try again:" >&2
			echo "  sudo sh -c '$line'" >&2
			return 1
		fi
		root=(sudo -n)
	fi
	echo "install-tools: installing $*" >&2
	local try
	"${root[@]}" "${apt[@]}" -q update </dev/null >&2 || echo "install-tools: apt-get update failed, going on" >&2
	for try in 1 2 3; do
		if "${root[@]}" env DEBIAN_FRONTEND=noninteractive "${apt[@]}" -q install --no-install-recommends "$@" </dev/null >&2; then
			return 0
		fi
		echo "install-tools: attempt $try failed" >&2
		sleep $((try * 5))
	done
	echo "install-tools: the line that failed is:" >&2
	echo "  $line" >&2
	return 1
}

# version prints the first version number in what a program says of itself.
version() {
	local text
	text=$("$@" </dev/null 2>&1) || true
	[[ $text =~ [0-9]+(\.[0-9]+)+ ]] && echo "${BASH_REMATCH[0]}" || echo unknown
}

packages=$(missing_packages)
if [[ -n $packages ]]; then
	# shellcheck disable=SC2086
	install_packages $packages
	packages=$(missing_packages)
	if [[ -n $packages ]]; then
		echo "install-tools: still missing after the installation:" $packages >&2
		exit 1
	fi
fi
echo "tools:" \
	"verilator $(version verilator --version)," \
	"yosys $(version yosys -V)," \
	"iverilog $(version iverilog -V)," \
	"clang $(version "$clang" --version)," \
	"sta $(version sta -version)," \
	"g++ $(version g++ --version)," \
	"make $(version make --version)," \
	"osu018 $(cksum <"$osu018" | cut -d' ' -f1)," \
	"fashion-mnist $(cksum <"$fashion" | cut -d' ' -f1)"
