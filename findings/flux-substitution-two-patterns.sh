#!/bin/sh
# github.com/fluxcd/pkg/envsubst v1.9.0, by which Flux fills in `postBuild.substitute`
#
# Its README has one table of forms, all of bash: `${var#pattern}`, `${var/pattern/replacement}`, `${var-default}`,
# `${var=default}` "if not set".
#
# Guess:    a pattern is a pattern in both: of v1.27.3-gke.100, `${version%-*}` and `${version/-*/}` are v1.27.3, as in bash.
#           A default without a colon is for what is not set, and leaves what was set to nothing.
# Happens:  a pattern is one where something is stripped, and plain text where it is replaced: nothing matches, nothing is
#           said, and the value stays as it was. `=` fills in what was set to nothing, too, and `-`, which the
#           table has, ends the substitution with a "missing closing brace".
# Matters:  to who moves manifests from bash or envsubst of others to Flux: the name of a tag or of a host stays whole.
set -eu
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
cd "$dir"
export GOTOOLCHAIN=go1.27.3 GOFLAGS="-mod=mod"

cat > main.go <<'GO'
package main

import (
	"fmt"

	"github.com/fluxcd/pkg/envsubst"
)

func main() {
	set := map[string]string{"version": "v1.27.3-gke.100", "suffix": ""}
	for _, text := range []string{
		"${version%-*}", "${version/-*/}", "${version/-gke.100/}", "${version#v?.}", "${version/v?./}",
		"${suffix=none}", "${suffix:=none}", "${other-none}",
	} {
		made, err := envsubst.Eval(text, func(name string) (string, bool) { value, ok := set[name]; return value, ok })
		if err != nil {
			made = "error: " + err.Error()
		}
		fmt.Printf("%-22s %s\n", text, made)
	}
}
GO
go mod init finding 2>/dev/null
go get github.com/fluxcd/pkg/envsubst@v1.9.0 2>log || { cat log >&2; exit 2; }
go run . > seen

cat > expected <<'OUT'
${version%-*}          v1.27.3
${version/-*/}         v1.27.3-gke.100
${version/-gke.100/}   v1.27.3
${version#v?.}         27.3-gke.100
${version/v?./}        v1.27.3-gke.100
${suffix=none}         none
${suffix:=none}        none
${other-none}          error: missing closing brace
OUT
cat seen
diff -u expected seen
