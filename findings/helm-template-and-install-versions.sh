#!/bin/sh
# helm.sh/helm/v4 v4.3.1
#
# A chart asks for `kubeVersion: ">=1.29.0"`, and a template compares .Capabilities.KubeVersion.Version with the same
# range. The cluster calls itself v1.33.4-gke.1245000, as managed clusters do with suffixes of their own.
#
# Guess:    `helm template --kube-version v1.33.4-gke.1245000` decides as `helm install` on that cluster does: both no,
#           since such a version reads as a pre-release, or both yes, since `helm template` cuts the suffix off.
# Happens:  `helm template` cuts the suffix off for `kubeVersion` and accepts the chart, but compares with the suffix in
#           the template, which takes the branch for clusters older than 1.29. `helm install` cuts nothing off and
#           refuses the chart. On v1.33.4 all say yes.
# Matters:  to who renders or tests charts for managed clusters with the cluster's own version: the chart that passed is
#           refused by the cluster, and what was rendered is not what a cluster of that age should get.
set -eu
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
cd "$dir"
export GOTOOLCHAIN=go1.27.3 GOFLAGS="-mod=mod"

cat > main.go <<'GO'
package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/chart/common"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	release "helm.sh/helm/v4/pkg/release/v1"
	"k8s.io/cli-runtime/pkg/genericclioptions"
)

func main() {
	for _, version := range []string{"v1.33.4", "v1.33.4-gke.1245000"} {
		fmt.Printf("%-20s helm template: %s\n", version, render(version, false))
		fmt.Printf("%-20s helm install:  %s\n", version, render(version, true))
	}
}

func render(version string, cluster bool) string {
	// What Helm asks a cluster for before it renders.
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Path {
		case "/version":
			fmt.Fprintf(w, `{"major":"1","minor":"33","gitVersion":%q}`, version)
		case "/api":
			fmt.Fprint(w, `{"kind":"APIVersions","versions":["v1"]}`)
		case "/apis":
			fmt.Fprint(w, `{"kind":"APIGroupList","apiVersion":"v1","groups":[]}`)
		case "/api/v1":
			fmt.Fprint(w, `{"kind":"APIResourceList","groupVersion":"v1","resources":[]}`)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer server.Close()

	flags := genericclioptions.NewConfigFlags(false)
	flags.APIServer = &server.URL
	config := action.NewConfiguration()
	check(config.Init(flags, "team", "memory"))
	install := action.NewInstall(config)
	install.ReleaseName, install.Namespace = "r", "team"
	if cluster { // as --dry-run=server
		install.DryRunStrategy = action.DryRunServer
	} else {
		install.DryRunStrategy = action.DryRunClient
		kube, err := common.ParseKubeVersion(version)
		check(err)
		install.KubeVersion = kube
	}
	made, err := install.Run(&chart.Chart{
		Metadata: &chart.Metadata{APIVersion: "v2", Name: "c", Version: "1.0.0", KubeVersion: ">=1.29.0"},
		Templates: []*common.File{{Name: "templates/notes.yaml", Data: []byte(
			`# since 1.29: {{ semverCompare ">=1.29.0" .Capabilities.KubeVersion.Version }}`)}},
	}, nil)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%q", made.(*release.Release).Manifest)
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
v1.33.4              helm template: "---\n# Source: c/templates/notes.yaml\n# since 1.29: true\n"
v1.33.4              helm install:  "---\n# Source: c/templates/notes.yaml\n# since 1.29: true\n"
v1.33.4-gke.1245000  helm template: "---\n# Source: c/templates/notes.yaml\n# since 1.29: false\n"
v1.33.4-gke.1245000  helm install:  chart requires kubeVersion: >=1.29.0 which is incompatible with Kubernetes v1.33.4-gke.1245000
OUT
cat seen
diff -u expected seen
