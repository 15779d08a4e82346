#!/bin/sh
# github.com/kyverno/kyverno v1.19.1, pkg/engine/pattern
#
# A `validate.pattern` for a label that holds a release by year and month, such as 2026-11.
#
# Guess:    if "2026-11" accepts the value, then "2026-11 | 2026-12", of which it is one alternative, does too.
# Happens:  alone the pattern is compared as text first, and accepts. With `|` that comparison is of the whole pattern;
#           each alternative is then read on its own, and 2026-11 is the range of quantities from 2026 to 11, which
#           holds nothing. Both months are refused as soon as the second is added. With v in front they are text.
# Matters:  to who writes policies: adding an alternative refuses what was accepted before. A value such as 2026-11
#           is text or a range, depending on what stands beside it.
set -eu
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
cd "$dir"
export GOTOOLCHAIN=go1.27.3 GOFLAGS="-mod=mod"

cat > main.go <<'GO'
package main

import (
	"fmt"

	"github.com/go-logr/logr"
	"github.com/kyverno/kyverno/pkg/engine/pattern"
)

func main() {
	for _, c := range []struct{ value, pattern string }{
		{"2026-11", "2026-11"},
		{"2026-11", "2026-11 | 2026-12"},
		{"2026-12", "2026-11 | 2026-12"},
		{"2026-11", "2026-11 | unreleased"},
		{"2026-11", "2026-* | unreleased"},
		{"v2026-11", "v2026-11 | v2026-12"},
	} {
		fmt.Printf("%-8s  %-22s %v\n", c.value, c.pattern, pattern.Validate(logr.Discard(), c.value, c.pattern))
	}
}
GO
go mod init finding 2>/dev/null
go get github.com/kyverno/kyverno@v1.19.1 2>log || { cat log >&2; exit 2; }
go run . > seen

cat > expected <<'OUT'
2026-11   2026-11                true
2026-11   2026-11 | 2026-12      false
2026-12   2026-11 | 2026-12      false
2026-11   2026-11 | unreleased   false
2026-11   2026-* | unreleased    true
v2026-11  v2026-11 | v2026-12    true
OUT
cat seen
diff -u expected seen
