#!/bin/sh
# github.com/fluxcd/pkg/chartutil v1.35.0, by which helm-controller makes a HelmRelease's values
#
# A HelmRelease has inline `values`, and in `valuesFrom` a reference with a `targetPath` to a value that the inline ones have,
# too. The code says for this case that the inline values come last, "unless a reference has a targetPath specified, in
# which case it will overwrite all".
#
# Guess:    the reference wins, wherever its path leads, as `--set` wins over a values file.
# Happens:  the inline values are merged once more at the end. A reference wins only where its map is still one and the same
#           with that of the inline values, so that it has changed them, too: at `image.tag`, not at `replicas`, which is in
#           no map; and not at `image.tag` either as soon as a reference before it has an `image` with anything in it.
# Matters:  to who has a base with inline values and lets a ConfigMap of the cluster, or a Secret, set one of them: it works
#           until another reference is added, then the base's value is back, without an error. `literal: true` is no other.
set -eu
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
cd "$dir"
export GOTOOLCHAIN=go1.27.3 GOFLAGS="-mod=mod"

cat > main.go <<'GO'
package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/fluxcd/pkg/apis/meta"
	"github.com/fluxcd/pkg/chartutil"
	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// A cluster of one ConfigMap.
type cluster struct{ client.Client }

func (cluster) Get(_ context.Context, _ client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	into.(*corev1.ConfigMap).Data = map[string]string{
		"replicas": "3", "tag": "v3", "values.yaml": `{"image": {"pullPolicy": "Always"}}`,
	}
	return nil
}

func main() {
	flat := meta.ValuesReference{Kind: "ConfigMap", Name: "of-cluster", ValuesKey: "replicas", TargetPath: "replicas"}
	deep := meta.ValuesReference{Kind: "ConfigMap", Name: "of-cluster", ValuesKey: "tag", TargetPath: "image.tag"}
	literal := deep
	literal.Literal = true
	file := meta.ValuesReference{Kind: "ConfigMap", Name: "of-cluster"}

	for _, c := range []struct {
		title, inline string
		refs          []meta.ValuesReference
	}{
		{"replicas, not inline", `{"image": {"tag": "v1"}}`, []meta.ValuesReference{flat}},
		{"replicas", `{"replicas": 1, "image": {"tag": "v1"}}`, []meta.ValuesReference{flat}},
		{"image.tag", `{"replicas": 1, "image": {"tag": "v1"}}`, []meta.ValuesReference{deep}},
		{"image.tag, then a file", `{"replicas": 1, "image": {"tag": "v1"}}`, []meta.ValuesReference{deep, file}},
		{"a file, then image.tag", `{"replicas": 1, "image": {"tag": "v1"}}`, []meta.ValuesReference{file, deep}},
		{"a file, then it literally", `{"replicas": 1, "image": {"tag": "v1"}}`, []meta.ValuesReference{file, literal}},
		{"all three, not inline", `{}`, []meta.ValuesReference{file, deep, flat}},
	} {
		var inline map[string]any
		check(json.Unmarshal([]byte(c.inline), &inline))
		made, err := chartutil.ChartValuesFromReferences(context.Background(), logr.Discard(), cluster{}, "team", inline, c.refs...)
		check(err)
		text, err := json.Marshal(made)
		check(err)
		fmt.Printf("%-26s %s\n", c.title, text)
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
GO
go mod init finding 2>/dev/null
go get github.com/fluxcd/pkg/chartutil@v1.35.0 2>log || { cat log >&2; exit 2; }
go run . > seen

cat > expected <<'OUT'
replicas, not inline       {"image":{"tag":"v1"},"replicas":3}
replicas                   {"image":{"tag":"v1"},"replicas":1}
image.tag                  {"image":{"tag":"v3"},"replicas":1}
image.tag, then a file     {"image":{"pullPolicy":"Always","tag":"v3"},"replicas":1}
a file, then image.tag     {"image":{"pullPolicy":"Always","tag":"v1"},"replicas":1}
a file, then it literally  {"image":{"pullPolicy":"Always","tag":"v1"},"replicas":1}
all three, not inline      {"image":{"pullPolicy":"Always","tag":"v3"},"replicas":3}
OUT
cat seen
diff -u expected seen
