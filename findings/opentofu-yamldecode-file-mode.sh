#!/bin/sh
# github.com/zclconf/go-cty-yaml v1.2.0, the reader behind `yamldecode` of OpenTofu 1.12.6, beside sigs.k8s.io/yaml v1.6.0
#
# A manifest from a file, as one gives it to a provider: `manifest = yamldecode(file("deployment.yaml"))`.
#
# Guess:    it means what it means to kubectl, or the difference is an error; a reader that takes `no` for false, as YAML 1.1
#           does and kubectl, reads numbers by YAML 1.1, too.
# Happens:  words are read by YAML 1.1 (`no` is false) and numbers by YAML 1.2: `defaultMode: 0400`, octal to kubectl and so
#           256, is 400, which is the valid mode 0620: the files of the volume are writable for the group. `0755` and `0644`
#           are refused by the API server at least, since 755 and 644 are more than 511. `1_000` is a text here and a number
#           there; of a key that is there twice the last one counts, where kubectl's reader refuses the file.
# Matters:  to who moves manifests into modules: the plan shows 400, which looks like what the file says.
set -eu
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
cd "$dir"
export GOTOOLCHAIN=go1.27.3 GOFLAGS="-mod=mod"

cat > main.go <<'GO'
package main

import (
	"fmt"

	ctyyaml "github.com/zclconf/go-cty-yaml"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
	"sigs.k8s.io/yaml"
)

func tofu(text string) string {
	value, err := ctyyaml.YAMLDecodeFunc.Call([]cty.Value{cty.StringVal(text)})
	if err != nil {
		return err.Error()
	}
	out, err := ctyjson.Marshal(value, value.Type())
	check(err)
	return string(out)
}

func kubectl(text string) string {
	out, err := yaml.YAMLToJSONStrict([]byte(text))
	if err != nil {
		return "refused"
	}
	return string(out)
}

func main() {
	for _, text := range []string{
		"defaultMode: 0400", "defaultMode: 0755", "defaultMode: 0o400", "readOnly: no", "limit: 1_000", "a: 1\na: 2",
	} {
		fmt.Printf("%-20q %-22s %s\n", text, tofu(text), kubectl(text))
	}
	fmt.Printf("400 is the mode 0%o\n", 400)
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
GO
go mod init finding 2>/dev/null
go get github.com/zclconf/go-cty-yaml@v1.2.0 sigs.k8s.io/yaml@v1.6.0 2>log || { cat log >&2; exit 2; }
go run . > seen

cat > expected <<'OUT'
"defaultMode: 0400"  {"defaultMode":400}    {"defaultMode":256}
"defaultMode: 0755"  {"defaultMode":755}    {"defaultMode":493}
"defaultMode: 0o400" {"defaultMode":256}    {"defaultMode":256}
"readOnly: no"       {"readOnly":false}     {"readOnly":false}
"limit: 1_000"       {"limit":"1_000"}      {"limit":1000}
"a: 1\na: 2"         {"a":2}                refused
400 is the mode 0620
OUT
cat seen
diff -u expected seen
