#!/bin/sh
# github.com/Masterminds/semver/v3 v3.5.0 (Helm's and Crossplane's dependencies, Argo CD's targetRevision), beside npm's
# semver 7.8.6 (Backstage) and the crate semver 1.0.28
#
# `^1.2.0`, and the same range as npm itself writes it out: `>=1.2.0 <2.0.0-0`. The `-0` is there to keep the
# pre-releases of 2.0.0 out.
#
# Guess:    npm's spelling of ^1.2.0 has the same answers as ^1.2.0 everywhere; if a tool reads it more narrowly or more
#           widely, then about 2.0.0-rc.1.
# Happens:  with Masterminds the `-0` of the upper bound lets pre-releases in at the lower one: 1.3.0-rc.1 is in the
#           range. And `>=1.2.0-0 <2.0.0`, written to allow them, holds 2.0.0-rc.1, the next major version's.
#           npm and Cargo say no to all of these.
# Matters:  to who writes the version range of a chart's or a Crossplane package's dependency: the bound that looks the
#           most careful installs the release candidate.
set -eu
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
cd "$dir"
export GOTOOLCHAIN=go1.27.3 GOFLAGS="-mod=mod"
unset CARGO_TARGET_DIR

mkdir go npm cargo cargo/src
cat > go/main.go <<'GO'
package main

import (
	"fmt"

	"github.com/Masterminds/semver/v3"
)

func main() {
	for _, r := range []string{"^1.2.0", ">=1.2.0 <2.0.0-0", ">=1.2.0-0 <2.0.0"} {
		c, err := semver.NewConstraint(r)
		if err != nil {
			panic(err)
		}
		fmt.Printf("Masterminds  %-17s", r)
		for _, v := range []string{"1.3.0", "1.3.0-rc.1", "2.0.0-rc.1"} {
			if c.Check(semver.MustParse(v)) {
				fmt.Print("  ", v)
			}
		}
		fmt.Println()
	}
}
GO
cat > npm/main.js <<'JS'
const semver = require('semver');
console.log('npm writes ^1.2.0 as', semver.validRange('^1.2.0'));
for (const r of ['^1.2.0', '>=1.2.0 <2.0.0-0', '>=1.2.0-0 <2.0.0']) {
  const held = ['1.3.0', '1.3.0-rc.1', '2.0.0-rc.1'].filter(v => semver.satisfies(v, r));
  console.log(['npm          ' + r.padEnd(17), ...held].join('  '));
}
JS
cat > cargo/Cargo.toml <<'TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2021"

[dependencies]
semver = "=1.0.28"

[workspace]
TOML
cat > cargo/src/main.rs <<'RUST'
use semver::{Version, VersionReq};

fn main() {
    for r in ["^1.2.0", ">=1.2.0, <2.0.0-0", ">=1.2.0-0, <2.0.0"] {
        let range = VersionReq::parse(r).unwrap();
        print!("Cargo        {r:17}");
        for v in ["1.3.0", "1.3.0-rc.1", "2.0.0-rc.1"] {
            if range.matches(&Version::parse(v).unwrap()) {
                print!("  {v}");
            }
        }
        println!();
    }
}
RUST
(cd npm && npm init -y > /dev/null && npm install --ignore-scripts --no-audit --no-fund --silent semver@7.8.6)
(cd npm && node main.js) > seen
(cd cargo && cargo run --quiet) >> seen
(cd go && go mod init finding && go get github.com/Masterminds/semver/v3@v3.5.0) 2>log || { cat log >&2; exit 2; }
(cd go && go run .) >> seen

cat > expected <<'OUT'
npm writes ^1.2.0 as >=1.2.0 <2.0.0-0
npm          ^1.2.0             1.3.0
npm          >=1.2.0 <2.0.0-0   1.3.0
npm          >=1.2.0-0 <2.0.0   1.3.0
Cargo        ^1.2.0             1.3.0
Cargo        >=1.2.0, <2.0.0-0  1.3.0
Cargo        >=1.2.0-0, <2.0.0  1.3.0
Masterminds  ^1.2.0             1.3.0
Masterminds  >=1.2.0 <2.0.0-0   1.3.0  1.3.0-rc.1
Masterminds  >=1.2.0-0 <2.0.0   1.3.0  1.3.0-rc.1  2.0.0-rc.1
OUT
cat seen
diff -u expected seen
