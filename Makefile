# Every target is one line of intent; `make` alone shows them.
SHELL := /bin/bash
TARGET := x86_64-unknown-linux-gnu
RELEASE := target/$(TARGET)/release
PORTER_HOME ?= $(HOME)/.porter
BUNDLES := $(wildcard bundles/hubs/* bundles/beads/*)
# Static, and without the paths of this machine: the same commit gives the same bytes.
FLAGS := -C target-feature=+crt-static --remap-path-prefix=$(CURDIR)=/backstack \
	--remap-path-prefix=$(or $(CARGO_HOME),$(HOME)/.cargo)=/cargo
FUZZ_SECONDS ?= 60
# Where the folders of the versions will be downloaded from.
DIST_URL ?= https://github.com/back-stack/backstack/releases/download
export BACKSTACK_COMMIT ?= $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)

.DEFAULT_GOAL := help
.PHONY: help demo demo-down test check fmt build dist dist-all install bundles bench schema fuzz testbed clean

help: ## show this help
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

demo: build testbed bundles ## bring up a hub on real servers, prove the handover, leave it running
	@demo/run

demo-down: ## end what `make demo` left running
	@demo/down

test: check testbed ## all tests, those on the real servers too
	cargo test --workspace --locked -- --include-ignored

check: ## what needs no servers: format, lints, tests
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo test --workspace --locked

fmt: ## format the code
	cargo fmt --all

build: ## the release binary, static
	RUSTFLAGS='$(FLAGS)' cargo build --release --locked --package backstack --target $(TARGET)

dist: ## lay out a release under dist/, for the platforms that can be built for here
	cargo build --locked --package backstack-release
	RUSTFLAGS='$(FLAGS)' target/debug/backstack-release --url '$(DIST_URL)'

dist-all: ## the same for all platforms; says first what this machine lacks
	cargo build --locked --package backstack-release
	RUSTFLAGS='$(FLAGS)' target/debug/backstack-release --url '$(DIST_URL)' --all

install: build ## install the mixin into $PORTER_HOME/mixins/backstack
	install -D -m 0770 $(RELEASE)/backstack $(PORTER_HOME)/mixins/backstack/backstack
	install -D -m 0770 $(RELEASE)/backstack $(PORTER_HOME)/mixins/backstack/runtimes/backstack-runtime

bundles: build ## fetch what the bundles' locks pin into their assets/
	for bundle in $(BUNDLES); do $(RELEASE)/backstack vendor $$bundle || exit; done

bench: build testbed ## measure size, start and memory, beside the peers in $PORTER_HOME/mixins and on PATH
	cargo run --locked --package backstack-bench

schema: ## regenerate mixin-schema/ from the types
	UPDATE=1 cargo test --locked schema

fuzz: ## fuzz the step reader for a minute (FUZZ_SECONDS); needs cargo-fuzz and clang's runtime
	@command -v cargo-fuzz >/dev/null || { echo "cargo-fuzz is missing: cargo install --locked cargo-fuzz"; exit 1; }
	RUSTC_BOOTSTRAP=1 cargo fuzz run step -- -max_total_time=$(FUZZ_SECONDS)

testbed: ## build the real peers into the cache (first time: twenty minutes)
	cargo run --locked --package backstack-testbed -- build

clean: ## remove what was built here (not the testbed's cache)
	cargo clean
	rm -rf dist $(BUNDLES:=/assets)
