#!/bin/sh
# helm.sh/helm/v4 v4.3.1 (with github.com/Masterminds/sprig/v3 v3.3.0, whose functions Helm's templates have)
#
# A chart prints a moment, in seconds since 1970, as a date, and a time to live, in seconds, as a duration. Both are whole
# numbers among its values.
#
# Guess:    where a value stands does not matter to a template, least of all for a whole number; if the float that a
#           values file makes of it is too much for these functions, they fail.
# Happens:  from a values file or --set-json the date is the day of rendering and the duration 0s, without an error; from
#           --set both are right. --set-string has the duration right and the date wrong. Cast by int64 all are right.
# Matters:  to who keeps such a number in values.yaml, or in Argo CD's valuesObject, which is given to Helm as a file,
#           having tried it with --set or as a parameter: the manifest is another one every day, a lifetime is none.
set -eu
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
cd "$dir"
export GOTOOLCHAIN=go1.27.3 GOFLAGS="-mod=mod" TZ=UTC

cat > values.yaml <<'YAML'
builtAt: 1700000000
ttl: 3600
YAML
cat > main.go <<'GO'
package main

import (
	"fmt"

	"helm.sh/helm/v4/pkg/chart/common"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/cli/values"
	"helm.sh/helm/v4/pkg/engine"
)

const template = `
{{- $today := now | date "2006-01-02" }}
{{- $plain := .Values.builtAt | date "2006-01-02" }}
{{- $cast := .Values.builtAt | int64 | date "2006-01-02" }}
{{- if eq $plain $today }}{{ $plain = "today" }}{{ end }}
{{- printf "%-8s date %-10s  duration %-6s  date of int64 %s" (kindOf .Values.builtAt) $plain (duration .Values.ttl) $cast }}`

func main() {
	for _, c := range []struct {
		title   string
		options values.Options
	}{
		{"values.yaml", values.Options{ValueFiles: []string{"values.yaml"}}},
		{"--set", values.Options{Values: []string{"builtAt=1700000000,ttl=3600"}}},
		{"--set-json", values.Options{JSONValues: []string{"builtAt=1700000000", "ttl=3600"}}},
		{"--set-string", values.Options{StringValues: []string{"builtAt=1700000000,ttl=3600"}}},
	} {
		given, err := c.options.MergeValues(nil)
		check(err)
		files, err := engine.Render(&chart.Chart{
			Metadata:  &chart.Metadata{APIVersion: "v2", Name: "c", Version: "1.0.0"},
			Templates: []*common.File{{Name: "templates/t.yaml", Data: []byte(template)}},
		}, common.Values{"Values": given})
		check(err)
		fmt.Printf("%-13s %s\n", c.title, files["c/templates/t.yaml"])
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
GO
go mod init finding 2>/dev/null
go get helm.sh/helm/v4@v4.3.1 2>log || { cat log >&2; exit 2; }
go run . > seen

cat > expected <<'OUT'
values.yaml   float64  date today       duration 0s      date of int64 2023-11-14
--set         int64    date 2023-11-14  duration 1h0m0s  date of int64 2023-11-14
--set-json    float64  date today       duration 0s      date of int64 2023-11-14
--set-string  string   date today       duration 1h0m0s  date of int64 2023-11-14
OUT
cat seen
diff -u expected seen
