#!/bin/sh
# github.com/crossplane/function-sdk-go v0.5.0
#
# A function asks for the observed composite resource, as the SDK's template does, and compares its generation with the one
# that a status was written for. The composite has generation 5, seen as such, and three replicas.
#
# Guess:    the resource embeds Kubernetes' Unstructured, so GetGeneration says 5, and so does GetObservedGeneration. A
#           protobuf Struct has doubles only; if that is felt, then in numbers beyond 2^53, or in an error.
# Happens:  GetGeneration says 0, always, and GetObservedGeneration 5. The SDK leaves the doubles as they are, Unstructured
#           takes nothing but int64, and its getters of metadata drop the error. NestedInt64 returns it; the SDK's own
#           GetInteger converts.
# Matters:  to who writes a function in Go: nothing is ever observed at its present generation, so what waits for that
#           is never ready, and a status written from the generation has 0. A test that builds its object in Go, by
#           SetGeneration, sees 5.
set -eu
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
cd "$dir"
export GOTOOLCHAIN=go1.27.3 GOFLAGS="-mod=mod"

cat > main.go <<'GO'
package main

import (
	"fmt"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"github.com/crossplane/function-sdk-go/request"
	"google.golang.org/protobuf/encoding/protojson"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func main() {
	asked := &fnv1.RunFunctionRequest{}
	check(protojson.Unmarshal([]byte(`{"observed": {"composite": {"resource": {
		"apiVersion": "example.org/v1", "kind": "App",
		"metadata": {"name": "a", "generation": 5},
		"spec": {"replicas": 3},
		"status": {"observedGeneration": 5}
	}}}}`), asked))

	composite, err := request.GetObservedCompositeResource(asked)
	check(err)
	app := composite.Resource

	fmt.Println("GetGeneration         ", app.GetGeneration())
	fmt.Println("GetObservedGeneration ", app.GetObservedGeneration())
	generation, err := app.GetInteger("metadata.generation")
	fmt.Println("GetInteger            ", generation, err)
	replicas, _, err := unstructured.NestedInt64(app.Object, "spec", "replicas")
	fmt.Println("NestedInt64           ", replicas, err)
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
GO
go mod init finding 2>/dev/null
go get github.com/crossplane/function-sdk-go@v0.5.0 2>log || { cat log >&2; exit 2; }
go run . > seen

cat > expected <<'OUT'
GetGeneration          0
GetObservedGeneration  5
GetInteger             5 <nil>
NestedInt64            0 .spec.replicas accessor error: 3 is of the type float64, expected int64
OUT
cat seen
diff -u expected seen
