#!/bin/sh
# github.com/argoproj/argo-cd/v3 v3.6.1, applicationset/generators and applicationset/utils
#
# An ApplicationSet with goTemplate and `missingkey=error` reads a label that a cluster may have or not.
#
# Guess:    `dig`, as its documentation says (GoTemplate.md: "unset parameters are an error … use template functions like
#           `dig` to do the lookup with a default"), since what it says holds for the parameters of a list.
# Happens:  it holds for a list. For labels of clusters `dig` fails whether the label is there or not, since they are a
#           map[string]string and it takes them for a map[string]any. A cluster without any labels would do, but none is
#           without: the label that makes its Secret one of a cluster is among them. So are annotations, once there are any.
#           `index` gives nothing for a label that is not there, also with `missingkey=error`, and `default` does the rest.
# Matters:  to who chooses a folder, a version or a size by a label of the cluster. One template that fails ends the whole
#           set before it makes or changes anything, for every cluster.
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
	"strings"

	"github.com/argoproj/argo-cd/v3/applicationset/generators"
	"github.com/argoproj/argo-cd/v3/applicationset/utils"
	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
)

var set = &v1alpha1.ApplicationSet{Spec: v1alpha1.ApplicationSetSpec{
	GoTemplate: true, GoTemplateOptions: []string{"missingkey=error"}}}

func show(of, template string, params map[string]any) {
	text, err := (&utils.Render{}).Replace(template, params, true, set.Spec.GoTemplateOptions)
	if err != nil {
		_, why, _ := strings.Cut(err.Error(), "error calling ")
		text = "fails: " + why
	}
	fmt.Printf("%-26s %-52s %s\n", of, template, text)
}

// What the generator makes of a cluster's Secret with these labels beside the one that it has to have.
func cluster(labels map[string]string) map[string]any {
	labels["argocd.argoproj.io/secret-type"] = "cluster"
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "a", Namespace: "argocd", Labels: labels},
		Data:       map[string][]byte{"name": []byte("a"), "server": []byte("https://a")},
	}
	client := fake.NewClientBuilder().WithObjects(secret).Build()
	only := metav1.LabelSelector{MatchLabels: map[string]string{"argocd.argoproj.io/secret-type": "cluster"}}
	made, err := generators.NewClusterGenerator(client, "argocd").GenerateParams(
		&v1alpha1.ApplicationSetGenerator{Clusters: &v1alpha1.ClusterGenerator{Selector: only}}, set, nil)
	if err != nil {
		panic(err)
	}
	return made[0]
}

// The same as an element of a list.
func element(labels map[string]string) map[string]any {
	text, _ := json.Marshal(map[string]any{"name": "a", "metadata": map[string]any{"labels": labels}})
	list := &v1alpha1.ListGenerator{Elements: []apiextensionsv1.JSON{{Raw: text}}}
	made, err := generators.NewListGenerator().GenerateParams(&v1alpha1.ApplicationSetGenerator{List: list}, set, nil)
	if err != nil {
		panic(err)
	}
	return made[0]
}

func main() {
	dig := `{{ dig "labels" "ring" "rest" .metadata }}`
	index := `{{ index .metadata.labels "ring" | default "rest" }}`
	for _, ring := range []string{"canary", ""} {
		labels := func() map[string]string {
			if ring == "" {
				return map[string]string{"env": "prod"}
			}
			return map[string]string{"env": "prod", "ring": ring}
		}
		what := map[bool]string{true: "without the label", false: "with it"}[ring == ""]
		show("list, "+what, dig, element(labels()))
		show("cluster, "+what, dig, cluster(labels()))
		show("cluster, "+what, index, cluster(labels()))
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
go get github.com/argoproj/argo-cd/v3@v3.6.1 k8s.io/kubernetes@v1.37.2 2>log || { cat log >&2; exit 2; }
go run . > seen

cat > expected <<'OUT'
list, with it              {{ dig "labels" "ring" "rest" .metadata }}           canary
cluster, with it           {{ dig "labels" "ring" "rest" .metadata }}           fails: dig: interface conversion: interface {} is map[string]string, not map[string]interface {}
cluster, with it           {{ index .metadata.labels "ring" | default "rest" }} canary
list, without the label    {{ dig "labels" "ring" "rest" .metadata }}           rest
cluster, without the label {{ dig "labels" "ring" "rest" .metadata }}           fails: dig: interface conversion: interface {} is map[string]string, not map[string]interface {}
cluster, without the label {{ index .metadata.labels "ring" | default "rest" }} rest
OUT
cat seen
diff -u expected seen
