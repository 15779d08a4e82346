#!/bin/sh
# github.com/cnabio/cnab-go v0.26.4, by which Porter and others read, check and write bundles
#
# A bundle's definitions are JSON Schema, draft 7. One asks for one to two zones, another for one to two labels, a third for
# a `key` wherever there is a `certificate`.
#
# Guess:    values are checked by all of it; a keyword that the library does not know is an error when the bundle is read.
# Happens:  `minItems` and `minProperties` hold, `maxItems` and `maxProperties` do not: the library's type of a definition
#           lacks these two, and it checks what is left once the definition has been written anew. Three zones pass, as a
#           value and as the default of a bundle that is said to be valid. `dependencies`, which the type has, is not
#           checked either. In a bundle that the library writes, the two limits are gone.
# Matters:  to who relies on a limit in a bundle: what is too much reaches the invocation image. A bundle that is read and
#           written again, to be copied or pushed, has lost its limits for tools that would keep them, too.
set -eu
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
cd "$dir"
export GOTOOLCHAIN=go1.27.3 GOFLAGS="-mod=mod"

cat > bundle.json <<'JSON'
{
  "schemaVersion": "1.2.0", "name": "app", "version": "1.0.0",
  "invocationImages": [{"imageType": "docker", "image": "example.org/app:1.0.0"}],
  "definitions": {
    "zones": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 2, "default": ["a", "b", "c"]},
    "labels": {"type": "object", "minProperties": 1, "maxProperties": 2, "default": {"a": "1"}},
    "tls": {"type": "object", "dependencies": {"certificate": ["key"]}, "default": {}}
  },
  "parameters": {
    "zones": {"definition": "zones", "destination": {"env": "ZONES"}},
    "labels": {"definition": "labels", "destination": {"env": "LABELS"}},
    "tls": {"definition": "tls", "destination": {"env": "TLS"}}
  }
}
JSON
cat > main.go <<'GO'
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/cnabio/cnab-go/bundle"
)

func main() {
	text, err := os.ReadFile("bundle.json")
	check(err)
	app, err := bundle.Unmarshal(text)
	check(err)
	fmt.Println("the bundle, whose default has three zones:", said(app.Validate()))

	for _, given := range []string{
		`{"zones": []}`, `{"zones": ["a", "b"]}`, `{"zones": ["a", "b", "c"]}`,
		`{"labels": {}}`, `{"labels": {"a": "1", "b": "2", "c": "3"}}`,
		`{"tls": {"certificate": "c"}}`,
	} {
		var values map[string]any
		check(json.Unmarshal([]byte(given), &values))
		_, err := bundle.ValuesOrDefaults(values, app, "install")
		fmt.Printf("%-46s %s\n", given, said(err))
	}

	written, err := app.Marshal()
	check(err)
	var again struct{ Definitions map[string]json.RawMessage }
	check(json.Unmarshal(written, &again))
	fmt.Printf("written: zones  %s\n         labels %s\n", again.Definitions["zones"], again.Definitions["labels"])
}

func said(err error) string {
	if err == nil {
		return "valid"
	}
	return err.Error()
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
GO
go mod init finding 2>/dev/null
go get github.com/cnabio/cnab-go@v0.26.4 2>log || { cat log >&2; exit 2; }
go run . > seen

cat > expected <<'OUT'
the bundle, whose default has three zones: valid
{"zones": []}                                  cannot use value: [] as parameter zones: array length 0 below 1 minimum items
{"zones": ["a", "b"]}                          valid
{"zones": ["a", "b", "c"]}                     valid
{"labels": {}}                                 cannot use value: map[] as parameter labels: 0 object Properties below 1 minimum
{"labels": {"a": "1", "b": "2", "c": "3"}}     valid
{"tls": {"certificate": "c"}}                  valid
written: zones  {"default":["a","b","c"],"items":{"type":"string"},"minItems":1,"type":"array"}
         labels {"default":{"a":"1"},"minProperties":1,"type":"object"}
OUT
cat seen
diff -u expected seen
