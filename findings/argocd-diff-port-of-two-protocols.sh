#!/bin/sh
# github.com/argoproj/argo-cd/gitops-engine/v3 v3.6.1, pkg/diff (without server-side diff and structured merge diff)
#
# A Service for DNS: port 53 by TCP and by UDP, with names of their own, as Kubernetes asks. Live it has TCP only; then
# UDP is added in git.
#
# Guess:    the comparison sees the missing port and the Application is OutOfSync. A strategic merge patch knows a port
#           by its number alone, which has given kubectl trouble; that shows when they are applied, at worst.
# Happens:  the comparison itself is such a patch. It says that nothing is to be modified, whether the last applied
#           configuration has UDP, has not, or is not there: the Application is Synced, and self-heal has nothing to do.
#           When live has UDP only it does see a difference, and predicts a Service with TCP only. When both are live
#           and git drops UDP it predicts no ports at all.
# Matters:  to who believes "Synced" of any list that is merged by a key that is not unique: a Service's ports, a
#           container's ports (DNS, HTTP/3, SIP). It is how an Application is compared unless it or the controller asks
#           for server-side diff or server-side apply.
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
	"strings"

	"github.com/argoproj/argo-cd/gitops-engine/v3/pkg/diff"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func service(protocols string) *unstructured.Unstructured {
	ports := []any{}
	for _, p := range strings.Fields(protocols) {
		ports = append(ports, map[string]any{"name": "dns-" + strings.ToLower(p), "port": int64(53), "protocol": p})
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Service",
		"metadata": map[string]any{"name": "dns", "namespace": "team"},
		"spec":     map[string]any{"selector": map[string]any{"app": "dns"}, "ports": ports},
	}}
}

func main() {
	for _, c := range []struct{ git, live, last string }{
		{"TCP UDP", "TCP", "TCP"},
		{"TCP UDP", "TCP", "TCP UDP"},
		{"TCP UDP", "TCP", ""},
		{"TCP UDP", "UDP", "UDP"},
		{"TCP", "TCP UDP", "TCP UDP"},
	} {
		live := service(c.live)
		if c.last != "" {
			last, _ := json.Marshal(service(c.last).Object)
			live.SetAnnotations(map[string]string{corev1.LastAppliedConfigAnnotation: string(last)})
		}
		result, err := diff.Diff(context.Background(), service(c.git), live)
		if err != nil {
			panic(err)
		}
		var predicted corev1.Service
		if err := json.Unmarshal(result.PredictedLive, &predicted); err != nil {
			panic(err)
		}
		names := []string{}
		for _, p := range predicted.Spec.Ports {
			names = append(names, string(p.Protocol))
		}
		fmt.Printf("git %-8s live %-8s last applied %-8s modified %-6v predicted %v\n",
			c.git, c.live, c.last, result.Modified, names)
	}
}
GO
# Its go.mod replaces the modules of Kubernetes, which holds for its own builds only, so it is said here again.
go mod init finding 2>/dev/null
for m in api apiextensions-apiserver apimachinery apiserver cli-runtime client-go cloud-provider cluster-bootstrap \
	component-base component-helpers controller-manager cri-api cri-client cri-streaming csi-translation-lib \
	dynamic-resource-allocation endpointslice externaljwt kms kube-aggregator kube-controller-manager kube-proxy \
	kube-scheduler kubectl kubelet metrics mount-utils pod-security-admission streaming; do
	go mod edit -replace "k8s.io/$m=k8s.io/$m@v0.37.2"
done
go mod edit -require k8s.io/kubernetes@v1.37.2
go get github.com/argoproj/argo-cd/gitops-engine/v3@v3.6.1 k8s.io/kubernetes@v1.37.2 2>log || { cat log >&2; exit 2; }
go run . > seen

cat > expected <<'OUT'
git TCP UDP  live TCP      last applied TCP      modified false  predicted [TCP]
git TCP UDP  live TCP      last applied TCP UDP  modified false  predicted [TCP]
git TCP UDP  live TCP      last applied          modified false  predicted [TCP]
git TCP UDP  live UDP      last applied UDP      modified true   predicted [TCP]
git TCP      live TCP UDP  last applied TCP UDP  modified true   predicted []
OUT
cat seen
diff -u expected seen
