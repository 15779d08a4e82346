#!/bin/sh
# github.com/argoproj/argo-cd/v3 v3.6.1, applicationset/controllers/template
#
# An ApplicationSet prunes and heals everywhere but where it first goes by hand: the generator of production has a template of
# its own with `prune: false`, `selfHeal: false`, `enabled: false`.
#
# Guess:    production has false, as Template.md says: "If both templates contain the same field, the generator's field
#           value will be used." These fields are pointers, so false is not the same as not said.
# Happens:  they come out true. The templates are merged by mergo, which looks through a pointer and fills in what is empty;
#           false is, as are 0 and an empty list. True over false, as `allowEmpty` here, and text over text are as written.
#           A `templatePatch`, which holds for the whole set, has all of it as written.
# Matters:  to who holds a stage back by a generator's template: it syncs on its own, and prunes, without an error or an
#           event; the ApplicationSet, when read, says false.
set -eu
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
cd "$dir"
export GOTOOLCHAIN=go1.27.3 GOFLAGS="-mod=mod"

cat > set.yaml <<'YAML'
metadata: {name: app, namespace: argocd}
spec:
  goTemplate: true
  generators:
    - list:
        elements: [{stage: test}]
    - list:
        elements: [{stage: production}]
        template:
          metadata: {}
          spec:
            project: production
            destination: {}
            syncPolicy:
              automated: {enabled: false, prune: false, selfHeal: false, allowEmpty: true}
              retry: {limit: 0}
              syncOptions: []
  template:
    metadata: {name: "app-{{ .stage }}"}
    spec:
      project: default
      source: {repoURL: https://git.example.org/team/app, path: "deploy/{{ .stage }}"}
      destination: {name: "{{ .stage }}", namespace: app}
      syncPolicy:
        automated: {enabled: true, prune: true, selfHeal: true, allowEmpty: false}
        retry: {limit: 5}
        syncOptions: [CreateNamespace=true]
YAML
cat > patch.yaml <<'YAML'
spec:
  syncPolicy:
    automated: {enabled: false, prune: false, selfHeal: false, allowEmpty: true}
    retry: {limit: 0}
    syncOptions: []
YAML
cat > main.go <<'GO'
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/argoproj/argo-cd/v3/applicationset/controllers/template"
	"github.com/argoproj/argo-cd/v3/applicationset/generators"
	"github.com/argoproj/argo-cd/v3/applicationset/utils"
	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	log "github.com/sirupsen/logrus"
	"sigs.k8s.io/yaml"
)

func generate(set v1alpha1.ApplicationSet) {
	quiet := log.New()
	quiet.SetOutput(io.Discard)
	apps, _, err := template.GenerateApplications(log.NewEntry(quiet), set,
		map[string]generators.Generator{"List": generators.NewListGenerator()}, &utils.Render{}, nil)
	check(err)
	for _, app := range apps {
		policy, err := json.Marshal(app.Spec.SyncPolicy)
		check(err)
		fmt.Println(app.Name, "of project", app.Spec.Project)
		fmt.Println("  is to sync by itself:", app.Spec.SyncPolicy.IsAutomatedSyncEnabled())
		fmt.Println(" ", string(policy))
	}
}

func main() {
	text, err := os.ReadFile("set.yaml")
	check(err)
	var set v1alpha1.ApplicationSet
	check(yaml.UnmarshalStrict(text, &set))
	generate(set)

	fmt.Println("the same by templatePatch:")
	patch, err := os.ReadFile("patch.yaml")
	check(err)
	asText := string(patch)
	set.Spec.Generators[1].List.Template = v1alpha1.ApplicationSetTemplate{}
	set.Spec.Generators = set.Spec.Generators[1:]
	set.Spec.TemplatePatch = &asText
	generate(set)
}

func check(err error) {
	if err != nil {
		panic(err)
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
app-test of project default
  is to sync by itself: true
  {"automated":{"prune":true,"selfHeal":true,"allowEmpty":false,"enabled":true},"syncOptions":["CreateNamespace=true"],"retry":{"limit":5}}
app-production of project production
  is to sync by itself: true
  {"automated":{"prune":true,"selfHeal":true,"allowEmpty":true,"enabled":true},"syncOptions":["CreateNamespace=true"],"retry":{"limit":5}}
the same by templatePatch:
app-production of project default
  is to sync by itself: false
  {"automated":{"prune":false,"selfHeal":false,"allowEmpty":true,"enabled":false},"retry":{}}
OUT
cat seen
diff -u expected seen
