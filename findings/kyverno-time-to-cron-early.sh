#!/bin/sh
# github.com/kyverno/kyverno v1.19.1, pkg/engine/jmespath and api/kyverno/v2
#
# A generate rule makes a CleanupPolicy whose schedule is `time_to_cron` of the moment when something ends, which is what
# the function was made for. The policy is created at 2026-11-29 09:00.
#
# Guess:    it runs at that moment, and if nobody removes it, a year later again.
# Happens:  the schedule has the weekday of that day, too. Cron takes a day of the month and a weekday, when both are
#           given, as one or the other: it runs on each such weekday of that month. For the 15th of December, a Tuesday,
#           that begins on the 1st, two weeks before the end; for the 1st it is on time and comes again on four Tuesdays.
# Matters:  to who gives previews or namespaces a last day by policy: they are deleted up to four weeks too early, unless
#           the end is less than a week away, as where one tries it; what is made anew and matches is deleted again.
set -eu
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
cd "$dir"
export GOTOOLCHAIN=go1.27.3 GOFLAGS="-mod=mod"

cat > main.go <<'GO'
package main

import (
	"fmt"
	"time"

	kyvernov2 "github.com/kyverno/kyverno/api/kyverno/v2"
	"github.com/kyverno/kyverno/pkg/config"
	"github.com/kyverno/kyverno/pkg/engine/jmespath"
)

func main() {
	for _, end := range []string{"2026-11-30T10:05:00Z", "2026-12-01T10:05:00Z", "2026-12-15T10:05:00Z"} {
		query, err := jmespath.New(config.NewDefaultConfiguration(false)).Query(fmt.Sprintf("time_to_cron('%s')", end))
		check(err)
		schedule, err := query.Search(nil)
		check(err)

		policy := kyvernov2.CleanupPolicy{Spec: kyvernov2.CleanupPolicySpec{Schedule: schedule.(string)}}
		at := time.Date(2026, time.November, 29, 9, 0, 0, 0, time.UTC)
		fmt.Printf("%s  %-14s runs", end, schedule)
		for range 5 {
			next, err := policy.GetNextExecutionTime(at)
			check(err)
			at = *next
			fmt.Print("  ", at.Format("06-01-02"))
		}
		fmt.Println()
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
GO
go mod init finding 2>/dev/null
go get github.com/kyverno/kyverno@v1.19.1 2>log || { cat log >&2; exit 2; }
go run . > seen

cat > expected <<'OUT'
2026-11-30T10:05:00Z  5 10 30 11 1   runs  26-11-30  27-11-01  27-11-08  27-11-15  27-11-22
2026-12-01T10:05:00Z  5 10 1 12 2    runs  26-12-01  26-12-08  26-12-15  26-12-22  26-12-29
2026-12-15T10:05:00Z  5 10 15 12 2   runs  26-12-01  26-12-08  26-12-15  26-12-22  26-12-29
OUT
cat seen
diff -u expected seen
