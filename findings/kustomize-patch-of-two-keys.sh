#!/bin/sh
# sigs.k8s.io/kustomize/api v0.21.1, beside k8s.io/apimachinery v0.37.2 (the strategic merge patch of `kubectl patch` and the API server)
#
# Both merge the lists of a strategic patch by the keys of Kubernetes' types. The items here are patched by what
# Kubernetes' reference calls the patch merge key: `topologyKey`, `containerPort`.
#
# Guess:    an item with this key patches the item that has it, in both; or kustomize says that it has found none.
# Happens:  kustomize goes by the keys of server-side apply, which are two here (`whenUnsatisfiable`, `protocol`). An item that has
#           only one of them is dropped without a word where the second is not its default. An item whose second key is
#           another comes in addition: where kubectl changes a constraint, kustomize has both, the old and the new one.
# Matters:  to overlays that loosen a spread or rename a port: nothing changes, or pods stay unscheduled by the constraint that
#           was to be replaced. Ports of TCP are merged, so a try with one of these looks right.
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

	apps "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

const head = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: {"

const spec = "topologySpreadConstraints: [{topologyKey: zone, whenUnsatisfiable: DoNotSchedule, maxSkew: 1}], " +
	"containers: [{name: web, ports: [{containerPort: 53, protocol: UDP, name: dns}, {containerPort: 80, name: http}]}]"

func main() {
	for _, patch := range []string{
		"topologySpreadConstraints: [{topologyKey: zone, maxSkew: 3}]",
		"topologySpreadConstraints: [{topologyKey: zone, whenUnsatisfiable: ScheduleAnyway, maxSkew: 1}]",
		"containers: [{name: web, ports: [{containerPort: 53, name: domain}]}]",
		"containers: [{name: web, ports: [{containerPort: 80, name: web}]}]",
	} {
		fmt.Println(patch)
		field := []string{"topologySpreadConstraints", "containers"}[btoi(patch[0] == 'c')]
		fmt.Println("  kubectl   " + kubectl(head+patch+"}}}\n", field))
		fmt.Println("  kustomize " + kustomize(head+patch+"}}}\n", field))
	}
}

func btoi(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

func kubectl(patch, field string) string {
	before, _ := yaml.YAMLToJSON([]byte(head + spec + "}}}\n"))
	change, _ := yaml.YAMLToJSON([]byte(patch))
	made, err := strategicpatch.StrategicMergePatch(before, change, apps.Deployment{})
	return show(made, err, field)
}

func kustomize(patch, field string) string {
	files := filesys.MakeFsInMemory()
	files.WriteFile("web.yaml", []byte(head+spec+"}}}\n"))
	files.WriteFile("patch.yaml", []byte(patch))
	files.WriteFile("kustomization.yaml", []byte("resources: [web.yaml]\npatches: [{path: patch.yaml}]\n"))
	made, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(files, ".")
	if err != nil {
		return "error: " + err.Error()
	}
	text, err := made.AsYaml()
	return show(text, err, field)
}

func show(text []byte, err error, field string) string {
	var object apps.Deployment
	if err == nil {
		err = yaml.Unmarshal(text, &object)
	}
	if err != nil {
		return "error: " + err.Error()
	}
	pod := object.Spec.Template.Spec
	var part any = pod.TopologySpreadConstraints
	if field == "containers" {
		part = pod.Containers[0].Ports
	}
	out, _ := json.Marshal(part)
	return string(out)
}
GO
go mod init finding 2>/dev/null
go get sigs.k8s.io/kustomize/api@v0.21.1 k8s.io/api@v0.37.2 k8s.io/apimachinery@v0.37.2 \
    k8s.io/kube-openapi@v0.0.0-20260721132016-d427ff9ee9ad 2>log || { cat log >&2; exit 2; }
go run . > seen 2>log || { cat log >&2; exit 2; }

cat > expected <<'OUT'
topologySpreadConstraints: [{topologyKey: zone, maxSkew: 3}]
  kubectl   [{"maxSkew":3,"topologyKey":"zone","whenUnsatisfiable":"DoNotSchedule"}]
  kustomize [{"maxSkew":1,"topologyKey":"zone","whenUnsatisfiable":"DoNotSchedule"}]
topologySpreadConstraints: [{topologyKey: zone, whenUnsatisfiable: ScheduleAnyway, maxSkew: 1}]
  kubectl   [{"maxSkew":1,"topologyKey":"zone","whenUnsatisfiable":"ScheduleAnyway"}]
  kustomize [{"maxSkew":1,"topologyKey":"zone","whenUnsatisfiable":"ScheduleAnyway"},{"maxSkew":1,"topologyKey":"zone","whenUnsatisfiable":"DoNotSchedule"}]
containers: [{name: web, ports: [{containerPort: 53, name: domain}]}]
  kubectl   [{"name":"domain","containerPort":53,"protocol":"UDP"},{"name":"http","containerPort":80}]
  kustomize [{"name":"dns","containerPort":53,"protocol":"UDP"},{"name":"http","containerPort":80}]
containers: [{name: web, ports: [{containerPort: 80, name: web}]}]
  kubectl   [{"name":"dns","containerPort":53,"protocol":"UDP"},{"name":"web","containerPort":80}]
  kustomize [{"name":"dns","containerPort":53,"protocol":"UDP"},{"name":"web","containerPort":80}]
OUT
cat seen
diff -u expected seen
