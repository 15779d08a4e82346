#!/bin/sh
# k8s.io/client-go v0.37.2, util/csaupgrade (with the field manager of k8s.io/apimachinery v0.37.2)
#
# An object was applied by kubectl as v1beta1 and later, with one field more, as v1. So the API server holds two entries
# of `kubectl-client-side-apply`, one for each version.
#
# Guess:    UpgradeManagedFields unites both entries under the new manager: its comment says that the most recent entry
#           is the first, becomes the new manager's, and that the names given are merged into it.
# Happens:  the API server's field manager lists the oldest first. That one becomes the new manager's; the entry of the
#           newer version is dropped, not merged, and without an error. What it owned is owned by nobody. When the new
#           manager no longer applies such a field, it stays.
# Matters:  to who moves a cluster from client-side to server-side apply: Argo CD and kubectl migrate by this package. A
#           field that was added to git after the manifest's apiVersion went up is then never pruned.
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
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/util/csaupgrade"
)

const old, current = "v1beta1", "v1"

func kind(version string) schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: "example.org", Version: version, Kind: "Claim"}
}

func claim(version string, spec map[string]any) *unstructured.Unstructured {
	o := &unstructured.Unstructured{Object: map[string]any{"metadata": map[string]any{"name": "c"}, "spec": spec}}
	o.SetGroupVersionKind(kind(version))
	return o
}

// All versions of the kind have the same fields, as with a CRD whose conversion strategy is None.
type same struct{}

func (same) Default(runtime.Object) {}

func (same) New(k schema.GroupVersionKind) (runtime.Object, error) { return claim(k.Version, nil), nil }

func (same) Convert(in, out, context any) error { return fmt.Errorf("not called") }

func (same) ConvertToVersion(in runtime.Object, to runtime.GroupVersioner) (runtime.Object, error) {
	k, _ := to.KindForGroupVersionKinds([]schema.GroupVersionKind{kind(current), kind(old)})
	o := in.DeepCopyObject().(*unstructured.Unstructured)
	o.SetGroupVersionKind(k)
	return o, nil
}

func (same) ConvertFieldLabel(_ schema.GroupVersionKind, l, v string) (string, string, error) {
	return l, v, nil
}

func manager(version string) *managedfields.FieldManager {
	m, err := managedfields.NewDefaultFieldManager(managedfields.NewDeducedTypeConverter(), same{}, same{}, same{},
		kind(version), kind(current).GroupVersion(), "", nil)
	check(err)
	return m
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func show(title string, o runtime.Object) {
	fmt.Println(title)
	for _, e := range o.(*unstructured.Unstructured).GetManagedFields() {
		fields, _ := json.Marshal(e.FieldsV1)
		fmt.Println(" ", e.Manager, e.Operation, e.APIVersion, string(fields))
	}
}

func main() {
	live, err := manager(old).Update(claim(old, nil), claim(old, map[string]any{"size": "s"}), "kubectl-client-side-apply")
	check(err)
	time.Sleep(1100 * time.Millisecond) // entries carry seconds
	next := claim(current, map[string]any{"size": "s", "region": "eu"})
	next.SetManagedFields(live.(*unstructured.Unstructured).GetManagedFields())
	live, err = manager(current).Update(live, next, "kubectl-client-side-apply")
	check(err)
	show("applied by kubectl in two versions", live)

	check(csaupgrade.UpgradeManagedFields(live, sets.New("kubectl-client-side-apply"), "argocd-controller"))
	show("upgraded", live)

	live, err = manager(current).Apply(live, claim(current, map[string]any{"size": "s"}), "argocd-controller", true)
	check(err)
	show("applied without region", live)
	spec, _ := json.Marshal(live.(*unstructured.Unstructured).Object["spec"])
	fmt.Println("spec", string(spec))
}
GO
go mod init finding 2>/dev/null
go get k8s.io/client-go@v0.37.2 k8s.io/apimachinery@v0.37.2 2>log || { cat log >&2; exit 2; }
go run . > seen

cat > expected <<'OUT'
applied by kubectl in two versions
  kubectl-client-side-apply Update example.org/v1beta1 {"f:spec":{"f:size":{}}}
  kubectl-client-side-apply Update example.org/v1 {"f:spec":{"f:region":{}}}
upgraded
  argocd-controller Apply example.org/v1beta1 {"f:spec":{"f:size":{}}}
applied without region
  argocd-controller Apply example.org/v1 {"f:spec":{".":{},"f:size":{}}}
spec {"region":"eu","size":"s"}
OUT
cat seen
diff -u expected seen
