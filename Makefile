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
# How often `make bench` runs everything.
RUNS ?= 10
# Where the folders of the versions will be downloaded from.
DIST_URL ?= https://github.com/back-stack/backstack/releases/download
# A secret key of minisign; without one the release is not signed.
SIGN_KEY ?=
SIGN := $(if $(SIGN_KEY),--sign-key '$(SIGN_KEY)')
# What tests, looks at dependencies and makes the site: pinned, and built once a version, outside of this folder.
TOOLS := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/backstack-tools
NEXTEST_VERSION := 0.9.151
DENY_VERSION := 0.20.2
MDBOOK_VERSION := 0.5.4
export NEXTEST := $(TOOLS)/cargo-nextest-$(NEXTEST_VERSION)/bin/cargo-nextest
export DENY := $(TOOLS)/cargo-deny-$(DENY_VERSION)/bin/cargo-deny
export MDBOOK := $(TOOLS)/mdbook-$(MDBOOK_VERSION)/bin/mdbook
# Where scripts look for what cargo builds.
export CARGO_TARGET_DIR := $(CURDIR)/target
export BACKSTACK_COMMIT ?= $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)

.DEFAULT_GOAL := help
.PHONY: help demo demo-down test test-upgrades soak check lint clippy deny doc docs man audit fmt build dist dist-all install bundles bench schema fuzz testbed clean

help: ## show this help
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

demo: ## bring up a hub on real servers, prove the handover, leave it running
	@demo/run

demo-down: ## end what `make demo` left running
	@demo/down

test: $(NEXTEST) $(DENY) ## everything, each once: what `make check` looks at, and the tests on real servers
	@.ci/test

test-upgrades: $(NEXTEST) ## what takes longest: upgrades from older versions, which it builds first, and long recoveries
	@.ci/test-upgrades

soak: ## the program killed at every request, for hours; goes on where it was at this commit (SOAK_WAYS=install,uninstall)
	cargo build --workspace --bins --test soak --locked
	target/debug/testbed with -- cargo test --workspace --test soak --locked -- --ignored --exact --nocapture sweep::every_point

check: $(NEXTEST) $(DENY) ## what needs no servers: format, tests, lints, docs, dependencies
	@.ci/test --offline

lint: clippy doc deny ## what is read rather than run: code, docs, dependencies

clippy:
	cargo clippy --workspace --all-targets --locked -- -D warnings

deny: $(DENY)
	$(DENY) check bans licenses sources

doc: ## the docs of the code, with every link and example looked at
	RUSTDOCFLAGS='-D warnings -A rustdoc::private-intra-doc-links' cargo doc --workspace --no-deps --document-private-items --locked
	cargo test --workspace --doc --locked

docs: $(MDBOOK) ## the pages in docs/ as a site, in target/book
	@.ci/book

audit: $(DENY) ## look for known advisories against the dependencies, where their database can be had
	@.ci/audit

fmt: ## format the code
	cargo fmt --all

build: ## the release binary, static
	RUSTFLAGS='$(FLAGS)' cargo build --release --locked --package backstack --target $(TARGET)

man: ## the manual pages, one for each verb, in target/man
	rm -rf target/man
	cargo run --locked --package backstack --example man -- target/man

dist: man ## lay out a release under dist/, for the platforms that can be built for here
	cargo build --locked --package backstack-release
	RUSTFLAGS='$(FLAGS)' target/debug/backstack-release --man target/man --url '$(DIST_URL)' $(SIGN)

dist-all: man ## the same for all platforms; says first what this machine lacks
	cargo build --locked --package backstack-release
	RUSTFLAGS='$(FLAGS)' target/debug/backstack-release --man target/man --url '$(DIST_URL)' --all $(SIGN)

install: build ## install the mixin into $PORTER_HOME/mixins/backstack
	install -D -m 0770 $(RELEASE)/backstack $(PORTER_HOME)/mixins/backstack/backstack
	install -D -m 0770 $(RELEASE)/backstack $(PORTER_HOME)/mixins/backstack/runtimes/backstack-runtime

bundles: build ## fetch what the bundles' locks pin into their assets/
	for bundle in $(BUNDLES); do $(RELEASE)/backstack vendor $$bundle || exit; done

bench: build testbed ## measure the program beside its peers, and write docs/benchmarks.md (RUNS=2 for a look; 1 ends it when a goal is missed)
	cargo run --locked --package backstack-bench -- --runs $(RUNS)

schema: ## regenerate mixin-schema/ from the types
	UPDATE=1 cargo test --locked schema

fuzz: ## fuzz the readers of steps and of YAML for a minute each (FUZZ_SECONDS); needs cargo-fuzz and clang's runtime
	@command -v cargo-fuzz >/dev/null || { echo "cargo-fuzz is missing: cargo install --locked cargo-fuzz"; exit 1; }
	RUSTC_BOOTSTRAP=1 cargo fuzz run step -- -max_total_time=$(FUZZ_SECONDS)
	RUSTC_BOOTSTRAP=1 cargo fuzz run yaml -- -max_total_time=$(FUZZ_SECONDS)

testbed: ## build all the real peers into the cache
	cargo run --locked --package backstack-testbed -- build

# Built fast rather than to be fast: they wait for what they start.
TOOL = CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_DEBUG=0 cargo install --locked --root $(@D)/..

$(NEXTEST):
	$(TOOL) --no-default-features --features default-no-update cargo-nextest@$(NEXTEST_VERSION)

$(DENY):
	$(TOOL) cargo-deny@$(DENY_VERSION)

$(MDBOOK):
	$(TOOL) --no-default-features --features search mdbook@$(MDBOOK_VERSION)

clean: ## remove what was built here (not the testbed's cache)
	cargo clean
	rm -rf dist $(BUNDLES:=/assets)
