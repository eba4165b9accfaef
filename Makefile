# The commands of this project; "make" lists them. Only run and build need nothing but Go.
SHELL := /bin/bash
GO ?= go
T ?= 60s

RUN := ./bin/tpe run --engine systolic-ws --bandwidth 64 --check sample
REPORT := $(GO) run ./internal/tool/testreport

.DEFAULT_GOAL := help
.PHONY: help run build test deep deep-verify check bench fuzz gen data clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## ResNet-50 and a Llama-2-7B decoder layer on a 32x32 int8 weight-stationary array (Go alone)
	$(RUN) --workload resnet50
	$(RUN) --workload llama2-7b:phase=prefill,seq=2048,layers=1
	$(RUN) --workload llama2-7b:phase=decode,kv=2048,layers=1

build: ## build bin/tpe (Go alone, no cgo)
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/tpe ./cmd/tpe

# Results are never taken from go's test cache (it does not see the external tools); what Verilator and clang built is
# kept by content in the cache of internal/tool, so that a second run is quick.
test: ## install missing tools, run all tests but the long ones, none skipped
	scripts/install-tools.sh
	TPE_REQUIRE_TOOLS=1 $(REPORT) -strict -- -count=1 -timeout 20m ./...
	@echo "make test leaves to make deep: the tests named above as such, and tpe verify --all --cases 1000"

deep: build ## everything that takes long: all tests at full size, and tpe verify with 1000 cases
	scripts/install-tools.sh
	TPE_DEEP=1 TPE_REQUIRE_TOOLS=1 $(REPORT) -strict -- -count=1 -timeout 4h ./...
	$(MAKE) deep-verify
	@echo "make deep leaves to make test: only the tests named above as such"

# Interrupt it and call it again: an engine of which bin/verify has the result is not run again. "make clean" begins anew.
deep-verify: build ## tpe verify --all --cases 1000, smallest arrays first, results kept in bin/verify
	./bin/tpe verify --all --cases 1000 --sizes 1 --keep bin/verify
	./bin/tpe verify --all --cases 1000 --keep bin/verify

check: ## format, vet, staticcheck, import rules, modules, all platforms, generated files, clean tree (DIRTY=ok)
	@scripts/check.sh

bench: ## all benchmarks, one package at a time
	$(GO) test -p 1 -run '^$$' -bench . -benchmem -timeout 2h ./...

fuzz: ## every fuzz target for T=60s
	scripts/fuzz.sh $(T)

gen: ## write the generated files again: verilog_out, docs
	$(GO) generate ./...

data: ## tests on files of yours: make data DATA=dir
	@test -d '$(DATA)' || { echo 'usage: make data DATA=dir (no folder "$(DATA)")' >&2; exit 2; }
	TPE_DATA='$(abspath $(DATA))' $(REPORT) -- -count=1 -run Data -timeout 1h ./...

clean: ## remove what was built here
	rm -rf bin
