#!/bin/sh
# k8s.io/client-go v0.37.2, util/jsonpath (what kubectl's -o jsonpath is made of), beside the crate jsonpath-rust 1.0.12
# (RFC 9535)
#
# "The pods that do not run", from a list whose youngest pods have no phase yet.
#
# Guess:    [?(@.status.phase!="Running")] names the failed one and two without a phase; a slice [0:10] of four items
#           is these four.
# Happens:  client-go skips an item whose path is missing (by the source whatever the operator): != does not find it, not
#           even with AllowMissingKeys, as kubectl sets it. The slice past the end is an error.
#           The same expressions in the RFC's reading give what was guessed.
# Matters:  to who waits until nothing is left that does not run: the list is empty too early. And to a tool whose
#           outputs take a JSONPath that was tried out with kubectl first, such as a Porter mixin.
set -eu
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
cd "$dir"
export GOTOOLCHAIN=go1.27.3 GOFLAGS="-mod=mod"
unset CARGO_TARGET_DIR

mkdir go cargo cargo/src
cat > pods.json <<'JSON'
{"items": [
  {"name": "a", "status": {"phase": "Running"}},
  {"name": "b", "status": {"phase": "Failed"}},
  {"name": "c", "status": {}},
  {"name": "d"}
]}
JSON
cat > go/main.go <<'GO'
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"

	"k8s.io/client-go/util/jsonpath"
)

func main() {
	text, _ := os.ReadFile("../pods.json")
	var pods any
	if err := json.Unmarshal(text, &pods); err != nil {
		panic(err)
	}
	for _, p := range []string{
		`.items[?(@.status.phase=="Running")].name`,
		`.items[?(@.status.phase!="Running")].name`,
		`.items[0:10].name`,
	} {
		path := jsonpath.New("p").AllowMissingKeys(true)
		if err := path.Parse("{" + p + "}"); err != nil {
			panic(err)
		}
		var out bytes.Buffer
		if err := path.Execute(&out, pods); err != nil {
			out.WriteString(err.Error())
		}
		fmt.Printf("client-go      %-42s %s\n", p, out.String())
	}
}
GO
cat > cargo/Cargo.toml <<'TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2021"

[dependencies]
jsonpath-rust = "=1.0.12"
serde_json = "1"

[workspace]
TOML
cat > cargo/src/main.rs <<'RUST'
use jsonpath_rust::JsonPath;
use serde_json::Value;

fn main() {
    let pods: Value = serde_json::from_str(include_str!("../../pods.json")).unwrap();
    for p in [
        r#".items[?(@.status.phase=="Running")].name"#,
        r#".items[?(@.status.phase!="Running")].name"#,
        ".items[0:10].name",
    ] {
        let found = pods.query(&format!("${p}")).unwrap();
        let names: Vec<_> = found.into_iter().filter_map(Value::as_str).collect();
        println!("jsonpath-rust  {p:42} {}", names.join(" "));
    }
}
RUST
(cd go && go mod init finding && go get k8s.io/client-go@v0.37.2) 2>log || { cat log >&2; exit 2; }
(cd go && go run .) > seen
(cd cargo && cargo run --quiet) >> seen

cat > expected <<'OUT'
client-go      .items[?(@.status.phase=="Running")].name  a
client-go      .items[?(@.status.phase!="Running")].name  b
client-go      .items[0:10].name                          array index out of bounds: index 9, length 4
jsonpath-rust  .items[?(@.status.phase=="Running")].name  a
jsonpath-rust  .items[?(@.status.phase!="Running")].name  b c d
jsonpath-rust  .items[0:10].name                          a b c d
OUT
cat seen
diff -u expected seen
