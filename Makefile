# The commands of this repository; `make help` lists them. Each installs the Debian packages it
# lacks (tools/packages.sh, the only step that may ask for root) and can be run again at any time.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
PYTHON := /usr/bin/python3
JOBS ?= $(shell nproc)
SECONDS ?= 60

.PHONY: help demo demo-stop build test test-release test-asan test-tsan sim fuzz fuzz-fixed
.PHONY: bench bench-besieged bench-channels bench-control bench-deltas bench-ocsp bench-revocation
.PHONY: bench-besieged-echo bench-many bench-ssh
.PHONY: check check-format format openapi docs packages clean

help: ## Show this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 22

demo: ## Build, bring up a fabric on this machine and reach an SSH server through it
	@tools/demo.sh

demo-stop: ## Stop everything the demo started
	@tools/demo.sh stop

build: ## Build all programs and tests (preset release)
	@tools/packages.sh build test
	@$(MAKE) --no-print-directory .build-release

.PHONY: .build-%
.build-%:
	@cmake --preset $* $(if $(VERBOSE),,>/dev/null)
	@cmake --build --preset $* -j $(JOBS)

# Each stage of `make test` says how long it took.
STAGE = started=$$(date +%s); $(MAKE) --no-print-directory $(1) && \
  echo "== make $(1) took $$(($$(date +%s) - started)) s"

test: ## Build and run everything: fuzzers (a fixed run), release tests, sanitizer tests
	@tools/packages.sh build test lab tools bench
	@$(call STAGE,fuzz-fixed)
	@$(call STAGE,.build-release)
	@$(call STAGE,test-release)
	@$(call STAGE,.build-asan)
	@$(call STAGE,test-asan)

# A test waits more than it computes: twice as many run as there are cores.
TESTS = TMPDIR=$$(tools/tests_folder.sh) ctest -j $$((2 * $(JOBS)))

test-release: .build-release ## Run the tests of the release build only
	@sync # or what a test writes waits for what the build wrote
	@$(TESTS) --preset release --output-junit tests.xml

test-asan: .build-asan ## Run the tests of the address and undefined behaviour sanitizer build only
	@sync
	@$(TESTS) --preset asan --output-junit tests.xml

test-tsan: ## Run the tests of the thread sanitizer build only, which g++ compiles
	@tools/packages.sh build test lab tools tsan
	@$(MAKE) --no-print-directory .build-tsan
	@$(TESTS) --preset tsan

fuzz: ## Run every fuzzer for SECONDS=60 each, from a fresh seed and what it learnt before
	@tools/packages.sh build test
	@tools/fuzz.sh fresh $(SECONDS)

fuzz-fixed: ## Run every fuzzer as often as the tests do: the same inputs every time
	@tools/packages.sh build test
	@tools/fuzz.sh fixed 20000

check: check-format ## Check formatting and lint (make format mends the formatting)
	@cmake --preset debug >/dev/null
	@$(PYTHON) tools/lint.py --build build/debug --jobs $(JOBS)

check-format: ## Check formatting only
	@tools/packages.sh build test lint
	@tools/format.sh --check

format: ## Format all C++ files in place
	@tools/packages.sh lint
	@tools/format.sh

openapi: ## Write docs/api/openapi.json anew, after a change to the API's route table
	@tools/packages.sh build test
	@cmake --preset release >/dev/null
	@cmake --build --preset release -j $(JOBS) --target rap-openapi $(if $(VERBOSE),,>/dev/null)
	@build/release/bin/rap-openapi > build/openapi.json && mv build/openapi.json docs/api/openapi.json

sim: ## Play the channel lifecycle of a cluster: SEED=n replays one history, else fresh ones
	@tools/packages.sh build test
	@cmake --preset release >/dev/null
	@cmake --build --preset release -j $(JOBS) --target rap-sim $(if $(VERBOSE),,>/dev/null)
	@build/release/bin/rap-sim $(if $(SEED),$(SEED),--seconds $(SECONDS))

bench: ## Measure throughput, latency and CPU beside haproxy; writes build/bench.json
	@tools/packages.sh build test bench
	@$(MAKE) --no-print-directory .build-release
	@$(PYTHON) bench/run.py

bench-besieged: ## Measure honest people while strangers besiege; writes build/bench-besieged.json
	@tools/packages.sh build test
	@$(MAKE) --no-print-directory .build-release
	@$(PYTHON) bench/besieged.py

bench-besieged-echo: ## Measure an ssh echo under siege; writes build/bench-besieged-echo.json
	@tools/packages.sh build test
	@$(MAKE) --no-print-directory .build-release
	@$(PYTHON) bench/besieged_echo.py

bench-channels: ## Measure handshakes, floods and memory; writes build/bench-channels.json
	@tools/packages.sh build test bench
	@$(MAKE) --no-print-directory .build-release
	@$(PYTHON) bench/channels.py

bench-control: ## Measure one control plane with 5,000 nodes; writes build/bench-control-plane.json
	@tools/packages.sh build test
	@$(MAKE) --no-print-directory .build-release
	@$(PYTHON) bench/control_plane.py

bench-deltas: ## Measure blocklisting and sign-out until flows end; writes build/bench-deltas.json
	@tools/packages.sh build test
	@$(MAKE) --no-print-directory .build-release
	@$(PYTHON) bench/deltas.py

bench-many: ## Measure a hundred connections at once; writes build/bench-many-connections.json
	@tools/packages.sh build test
	@$(MAKE) --no-print-directory .build-release
	@$(PYTHON) bench/many_connections.py

bench-ocsp: ## Measure the OCSP responder beside openssl ocsp; writes build/bench-ocsp.json
	@tools/packages.sh build test
	@$(MAKE) --no-print-directory .build-release
	@$(PYTHON) bench/ocsp.py

bench-revocation: ## Measure revocation until live channels end; writes build/bench-revocation.json
	@tools/packages.sh build test
	@$(MAKE) --no-print-directory .build-release
	@$(PYTHON) bench/revocation.py

bench-ssh: ## Measure a short ssh over three hops beside a plain one; writes build/bench-ssh.json
	@tools/packages.sh build test
	@$(MAKE) --no-print-directory .build-release
	@$(PYTHON) bench/ssh_latency.py

docs: ## Make what is generated in the documents: coverage.md, the rooms in ARCHITECTURE.md
	@tools/coverage.py
	@tools/layers.py

packages: ## Install everything any target needs
	@tools/packages.sh build test lab tools tsan lint demo bench

clean: ## Remove all build output
	@rm -rf build
