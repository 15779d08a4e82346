//! What lies in folders of manifests and is for another tool: what it is, and where it belongs. Pure.

use std::sync::LazyLock;

use regex::Regex;

use crate::schema::matches;
use crate::words::{crossplane, kyverno};

/// What a file or a document is, and what to do with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Foreign {
    /// What it is.
    pub what: &'static str,
    /// What to do with it.
    pub hint: &'static str,
}

const ELSEWHERE: &str = "put it into another folder";
const HIDE_TESTS: &str = "put it with what it is tried on into another folder, or into a hidden one (`.test`)";
/// What to do with a chart.
pub const RENDER_CHART: &str =
    "name it in `spec.application.chart`, or put what `helm template` prints into the folder";
const BUILD: &str = "put what `kustomize build` prints into the folder, and the kustomization elsewhere";
const RENDER_TEMPLATE: &str = "it is a template of Helm, which renders no manifests here: name its chart in `spec.application.chart`, or put what \
                               `helm template` prints into the folder";
const OF_NODES: &str = "a file of settings for Kubernetes' own programs";

/// How templates of Helm begin an action.
static HELM: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\{\{(-|\s*(\.|\$|/\*|(if|else|end|range|with|include|template|define|block|tpl|toYaml|lookup)\b))")
        .expect("compiled by the tests")
});
/// What they are filled with.
static VALUES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\{\{-?\s*\$?\.(Values|Release|Chart|Capabilities)\b[\w.]*(\s*\}\})?").expect("compiled by the tests")
});

/// Groups that no API server serves.
const GROUPS: [(&str, &str, &str); 18] = [
    (kyverno::TESTS, "what Kyverno's command line tests policies with", HIDE_TESTS),
    (kyverno::CHAINSAW, "a test of Chainsaw", HIDE_TESTS),
    ("kuttl.dev", "a test of KUTTL", HIDE_TESTS),
    (crossplane::PACKAGE_FILE, "the metadata of a package, which is named in `spec.crossplane`", ELSEWHERE),
    ("meta.dev.upbound.io", "the metadata of a package, which is named in `spec.crossplane`", ELSEWHERE),
    ("kustomize.config.k8s.io", "for kustomize, which is not run here", BUILD),
    ("backstage.io", "an entity of Backstage's catalog", "its folder is `spec.backstage.entities`"),
    ("scaffolder.backstage.io", "an entity of Backstage's catalog", "its folder is `spec.backstage.entities`"),
    ("kind.x-k8s.io", "a cluster for the program kind", ELSEWHERE),
    ("k3d.io", "a cluster for the program k3d", ELSEWHERE),
    ("eksctl.io", "a cluster for the program eksctl", ELSEWHERE),
    ("skaffold", "for Skaffold, which is not run here", ELSEWHERE),
    ("apiserver.config.k8s.io", OF_NODES, ELSEWHERE),
    ("audit.k8s.io", OF_NODES, ELSEWHERE),
    ("kubeadm.k8s.io", OF_NODES, ELSEWHERE),
    ("kubelet.config.k8s.io", OF_NODES, ELSEWHERE),
    ("kubeproxy.config.k8s.io", OF_NODES, ELSEWHERE),
    ("kubescheduler.config.k8s.io", OF_NODES, ELSEWHERE),
];

/// Files without an `apiVersion` that are known by their names; `*` stands for anything.
const FILES: [(&str, &str, &str); 14] = [
    ("Chart.yaml", "a chart, which is not rendered here", RENDER_CHART),
    ("Kustomization", "a kustomization, which is not built here", BUILD),
    ("kustomization.yaml", "a kustomization, which is not built here", BUILD),
    ("kustomization.yml", "a kustomization, which is not built here", BUILD),
    ("artifacthub-pkg.y*ml", "the metadata of a package on Artifact Hub", ELSEWHERE),
    ("artifacthub-repo.y*ml", "the metadata of a repository on Artifact Hub", ELSEWHERE),
    ("kyverno-test.y*ml", "what Kyverno's command line tests policies with", HIDE_TESTS),
    ("values*.y*ml", "the values of a chart", "`spec.application.values` takes them beside `spec.application.chart`"),
    ("values.schema.json", "the schema of a chart's values", ELSEWHERE),
    ("helmfile.y*ml", "for Helmfile, which is not run here", ELSEWHERE),
    ("compose*.y*ml", "for Docker Compose, which is not run here", ELSEWHERE),
    ("docker-compose*.y*ml", "for Docker Compose, which is not run here", ELSEWHERE),
    ("porter.yaml", "a bundle of Porter", ELSEWHERE),
    ("package*.json", "for npm, which is not run here", ELSEWHERE),
];

impl Foreign {
    /// What a document is, by its `apiVersion` and `kind`, or by the name of its file where it lacks one of them.
    pub fn of(path: &str, api_version: &str, kind: &str) -> Option<Self> {
        if (api_version, kind) == ("v1", "Config") {
            return Some(Self { what: "a kubeconfig", hint: "keep it out of git: who has it has the cluster" });
        }
        let name = path.rsplit('/').next().unwrap_or(path);
        let (group, is_of_file) =
            (api_version.split('/').next().unwrap_or_default(), api_version.is_empty() || kind.is_empty());
        let by_group = GROUPS.iter().find(|(it, ..)| *it == group);
        let by_file = || FILES.iter().find(|(it, ..)| is_of_file && matches(it, name));
        by_group.or_else(by_file).map(|(_, what, hint)| Self { what, hint })
    }
}

/// What is to be done with a text that is no YAML for its double braces; `None` of one without any.
pub fn template(text: &str) -> Option<&'static str> {
    if HELM.is_match(text) {
        return Some(RENDER_TEMPLATE);
    }
    text.contains("{{").then_some("`{{` opens two mappings in YAML: put a text with it in quotes")
}

/// What only Helm fills in, in the text of a manifest.
pub fn word_of_helm(text: &str) -> Option<&str> {
    VALUES.find(text).map(|it| it.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_for_another_tool_is_known_by_group_or_by_file() {
        for (path, api_version, kind, what) in [
            ("a/kustomization.yaml", "", "", "a kustomization"),
            ("a/base.yaml", "kustomize.config.k8s.io/v1alpha1", "Component", "for kustomize"),
            ("Chart.yaml", "v2", "", "a chart"),
            ("values-prod.yaml", "", "", "the values of a chart"),
            ("artifacthub-pkg.yml", "", "", "Artifact Hub"),
            ("x/kyverno-test.yaml", "", "", "Kyverno's command line"),
            ("t.yaml", "cli.kyverno.io/v1alpha1", "Values", "Kyverno's command line"),
            ("t.yaml", "chainsaw.kyverno.io/v1alpha1", "Test", "Chainsaw"),
            ("00-assert.yaml", "kuttl.dev/v1beta1", "TestAssert", "KUTTL"),
            ("crossplane.yaml", "meta.pkg.crossplane.io/v1", "Configuration", "spec.crossplane"),
            ("catalog-info.yaml", "backstage.io/v1alpha1", "Component", "Backstage"),
            ("kind.yaml", "kind.x-k8s.io/v1alpha4", "Cluster", "kind"),
            ("config.yaml", "v1", "Config", "a kubeconfig"),
            ("docker-compose.override.yml", "", "", "Docker Compose"),
            ("skaffold.yaml", "skaffold/v4beta11", "Config", "Skaffold"),
        ] {
            let found = Foreign::of(path, api_version, kind).unwrap_or_else(|| panic!("{path}"));
            assert!(found.what.contains(what), "{path}: {}", found.what);
        }
        for (path, api_version, kind) in [
            ("values.yaml", "v1", "ConfigMap"),
            ("kustomization.yaml", "kustomize.toolkit.fluxcd.io/v1", "Kustomization"),
            ("config.yaml", "operator.example.org/v1", "Config"),
            ("other.yaml", "", ""),
        ] {
            assert_eq!(Foreign::of(path, api_version, kind), None, "{path}");
        }
    }

    #[test]
    fn templates_are_told_from_texts_with_braces() {
        for text in
            ["name: {{ .Release.Name }}", "{{- if .Values.x }}", "a: {{ include \"x\" . }}", "{{ range $i := .x }}"]
        {
            assert_eq!(template(text), Some(RENDER_TEMPLATE), "{text}");
        }
        assert!(template("a: {{ request.object }}").is_some_and(|hint| hint.contains("quotes")));
        assert_eq!(template("a: b: c"), None);
        assert_eq!(word_of_helm("x-{{ .Release.Name }}-{{.Values.a}}"), Some("{{ .Release.Name }}"));
        assert_eq!(word_of_helm("{{ request.object }} {{ .password }} ${{ values.a }}"), None);
    }
}
