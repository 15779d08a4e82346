#!/bin/sh
# k8s.io/apiserver v0.37.2, the quantity library of its CEL (with k8s.io/api v0.37.2)
#
# A rule that asks for whole numbers, as for the CPUs of a static CPU manager: `quantity(self.cpu).isInteger()`.
#
# Guess:    1000m, 1.0 and 1 are equal, so all of them are integers, or none is; 1.5Gi is one, being 1610612736 bytes.
# Happens:  `==` says that 1000m, 1.0 and 1 are equal, but isInteger says yes to 1 only, and to 0.5k. It asks how the
#           number is kept, not what it is: 500m and 500m make 1, and no integer. asInteger fails where it says no.
#           The API server writes the quantities of its own kinds anew, 1000m as 1 and 1.5Gi as 1536Mi, so in a Pod the
#           same text is an integer; a custom resource keeps the text as it was.
# Matters:  to who writes such rules for a CRD or a ValidatingAdmissionPolicy, or tries a policy on files before it meets a
#           cluster: the Pod passes, and the claim that it was made from, or its own manifest, does not.
set -eu
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
cd "$dir"
export GOTOOLCHAIN=go1.27.3 GOFLAGS="-mod=mod"

cat > main.go <<'GO'
package main

import (
	"encoding/json"
	"fmt"

	"github.com/google/cel-go/cel"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/apiserver/pkg/cel/environment"
)

// A rule's answer, in the environment in which the API server evaluates stored rules.
func answer(rule, text string) any {
	set, err := environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion()).Extend(environment.VersionedOptions{
		IntroducedVersion: version.MajorMinor(1, 0),
		EnvOptions:        []cel.EnvOption{cel.Variable("q", cel.StringType)},
	})
	check(err)
	ast, issues := set.StoredExpressionsEnv().Compile(rule)
	check(issues.Err())
	program, err := set.StoredExpressionsEnv().Program(ast)
	check(err)
	value, _, err := program.Eval(map[string]any{"q": text})
	if err != nil {
		return err
	}
	return value.Value()
}

// The text as it is in a Pod after the API server has read and written it.
func inPod(text string) string {
	var list corev1.ResourceList
	check(json.Unmarshal([]byte(fmt.Sprintf(`{"cpu": %q}`, text)), &list))
	written, err := json.Marshal(list)
	check(err)
	var read map[string]string
	check(json.Unmarshal(written, &read))
	return read["cpu"]
}

func main() {
	for _, text := range []string{"1", "1000m", "1.0", "0.5k", "1.5Gi"} {
		fmt.Printf("%-6s isInteger %-6v", text, answer(`quantity(q).isInteger()`, text))
		fmt.Printf(" in a Pod %-7s isInteger %v\n", inPod(text), answer(`quantity(q).isInteger()`, inPod(text)))
	}
	for _, rule := range []string{
		`quantity(q) == quantity("1") && quantity(q) == quantity("1.0")`,
		`quantity(q).asInteger()`,
		`quantity("500m").add(quantity("500m")) == quantity("1")`,
		`quantity("500m").add(quantity("500m")).isInteger()`,
	} {
		fmt.Printf("q=1000m  %-62s  %v\n", rule, answer(rule, "1000m"))
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
GO
go mod init finding 2>/dev/null
go get k8s.io/apiserver@v0.37.2 k8s.io/api@v0.37.2 2>log || { cat log >&2; exit 2; }
go run . > seen

cat > expected <<'OUT'
1      isInteger true   in a Pod 1       isInteger true
1000m  isInteger false  in a Pod 1       isInteger true
1.0    isInteger false  in a Pod 1       isInteger true
0.5k   isInteger true   in a Pod 500     isInteger true
1.5Gi  isInteger false  in a Pod 1536Mi  isInteger true
q=1000m  quantity(q) == quantity("1") && quantity(q) == quantity("1.0")  true
q=1000m  quantity(q).asInteger()                                         cannot convert value to integer
q=1000m  quantity("500m").add(quantity("500m")) == quantity("1")         true
q=1000m  quantity("500m").add(quantity("500m")).isInteger()              false
OUT
cat seen
diff -u expected seen
