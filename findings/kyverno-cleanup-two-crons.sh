#!/bin/sh
# github.com/kyverno/kyverno v1.19.1, api/kyverno/v2 (with github.com/robfig/cron v1.2.0 and
# github.com/aptible/supercronic v0.2.48)
#
# Schedules of a CleanupPolicy, in forms that are common in other schedulers.
#
# Guess:    what the admission webhook accepts, the controller can run; what it refuses, the controller could not.
# Happens:  admission reads a schedule by one cron library and the controller by another. `@midnight` and `@every 6h` are
#           accepted and cannot run: by its source the controller logs "missing field(s)" and gives up after ten tries.
#           `@daily`, which means what `@midnight` does, runs. Sunday as 7, or L for a month's last day, which the
#           controller could run, are refused.
# Matters:  to who cleans up by policy: the policy is there and was admitted, nothing is deleted, and no status says why.
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
	"k8s.io/apimachinery/pkg/util/validation/field"
)

func main() {
	for _, schedule := range []string{"0 0 * * *", "@daily", "@midnight", "@every 6h", "0 4 * * 7", "0 4 L * *"} {
		admission := "accepts"
		if errs := kyvernov2.ValidateSchedule(field.NewPath("spec", "schedule"), schedule); len(errs) > 0 {
			admission = "refuses"
		}
		policy := kyvernov2.CleanupPolicy{Spec: kyvernov2.CleanupPolicySpec{Schedule: schedule}}
		next, err := policy.GetNextExecutionTime(time.Date(2026, time.November, 29, 9, 0, 0, 0, time.UTC))
		controller := fmt.Sprint(err)
		if err == nil {
			controller = next.Format("Mon 2006-01-02 15:04")
		}
		fmt.Printf("%-10s admission %s  controller %s\n", schedule, admission, controller)
	}
}
GO
go mod init finding 2>/dev/null
go get github.com/kyverno/kyverno@v1.19.1 2>log || { cat log >&2; exit 2; }
go run . > seen

cat > expected <<'OUT'
0 0 * * *  admission accepts  controller Mon 2026-11-30 00:00
@daily     admission accepts  controller Mon 2026-11-30 00:00
@midnight  admission accepts  controller missing field(s)
@every 6h  admission accepts  controller missing field(s)
0 4 * * 7  admission refuses  controller Sun 2026-12-06 04:00
0 4 L * *  admission refuses  controller Mon 2026-11-30 04:00
OUT
cat seen
diff -u expected seen
