//! What a bead brings: the manifests of its folders, with the values of its parameters in them.

use std::path::Path;
use std::sync::Arc;

use serde::de::IgnoredAny;
use serde_json::Value;

use super::foreign::{self, Foreign};
use super::manifest::{Form, Object, field};
use super::parameters::Values;
pub use super::piece::Piece;
use super::piece::START;
use crate::document::is_hook;
use crate::files::Tree;
use crate::report::{Diagnostic, Failure, Outcome, Place, Source};
use crate::words::argo;
use crate::yaml::{self, Data, Document, Reader};

const ELSEWHERE: &str = "a file that is no manifest belongs into another folder or a hidden one";

/// What a folder of the bundle holds.
pub struct Content {
    /// Its objects.
    pub pieces: Vec<Piece>,
    /// What it holds besides, and what may not be meant.
    pub warnings: Vec<Diagnostic>,
}

/// The objects in the manifests of a folder, with all parameters filled in. Fails with every mistake, each with its
/// place. `files` are those of the bundle.
pub fn content(files: &Tree, folder: &str, values: &Values) -> Outcome<Content> {
    let below = format!("{}/", folder.trim_start_matches("./").trim_end_matches('/'));
    let mut reading = Reading { values, pieces: Vec::new(), mistakes: Vec::new(), warnings: Vec::new() };
    let (mut hidden, mut others) = (Vec::new(), Vec::new());
    for (path, bytes) in files.iter().filter(|(path, _)| path.starts_with(&below)) {
        match Form::of(path.strip_prefix(&below).unwrap_or(path)) {
            Form::Manifest => reading.file(path, bytes),
            Form::Hidden => hidden.push(path),
            Form::Other => others.push(path),
        }
    }
    let Reading { pieces, mistakes, mut warnings, .. } = reading;
    if !mistakes.is_empty() {
        return Err(Failure::document(&below, mistakes));
    }
    if pieces.is_empty() {
        return Err(Failure::usage(format!("the folder {below} of the bundle has no manifest"))
            .hint("put *.yaml, *.yml or *.json files with Kubernetes objects there"));
    }
    for (what, left_out) in [("hidden", hidden), ("no manifests", others)] {
        if !left_out.is_empty() {
            let message = format!("{what}, and so left out: {}", left_out.join(", "));
            warnings.push(Diagnostic::warning("", message));
        }
    }
    Ok(Content { pieces, warnings })
}

/// The same of one file.
pub fn content_of_file(files: &Tree, path: &str, values: &Values) -> Outcome<Content> {
    let mut reading = Reading { values, pieces: Vec::new(), mistakes: Vec::new(), warnings: Vec::new() };
    let bytes = files.get(path).ok_or_else(|| Failure::failed(format!("`{path}` is missing")))?;
    reading.file(path, bytes);
    let Reading { pieces, mistakes, warnings, .. } = reading;
    if mistakes.is_empty() { Ok(Content { pieces, warnings }) } else { Err(Failure::document(path, mistakes)) }
}

struct Reading<'v> {
    values: &'v Values,
    pieces: Vec<Piece>,
    mistakes: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
}

impl Reading<'_> {
    fn file(&mut self, path: &str, bytes: &[u8]) {
        let text = match text(path, bytes) {
            Ok(text) => text,
            Err(mistake) => return self.mistakes.push(*mistake),
        };
        let read = match Path::new(path).extension() {
            Some(end) if end == "json" => json(path, text),
            _ => yaml::documents(path, text, Reader::Kubernetes),
        };
        match (read, foreign::template(text)) {
            (Ok(documents), _) => documents.into_iter().for_each(|document| self.document(document)),
            (Err(mistake), Some(hint)) if mistake.hint.is_none() => self.mistakes.push(mistake.hint(hint)),
            (Err(mistake), _) => self.mistakes.push(*mistake),
        }
    }

    fn document(&mut self, document: Document) {
        let node = &document.root;
        if matches!(node.data, Data::Null) {
            return;
        }
        if let Some(mistake) = no_manifest(&document) {
            return self.mistakes.push(mistake);
        }
        let before = self.mistakes.len();
        let mut object = Object::of(&document, self.values);
        let filled = object.filled(node);
        self.mistakes.append(&mut object.mistakes);
        self.warnings.append(&mut object.warnings);
        let Document { source, root } = document;
        let piece = Piece { object: filled, source, place: root.place, written: Some(Arc::new(root)) };
        if piece.object.get("items").is_some_and(Value::is_array) {
            // Argo CD takes the items out of any object, whatever its kind (argo-cd `reposerver/repository`).
            let hint = "write each of its objects as a document of its own, between lines of `---`";
            let message = "the content is a list, and permissions are those of single objects";
            self.mistakes.push(piece.mistake(message).hint(hint));
            return;
        }
        let is_named_later =
            piece.text("/metadata/name").is_empty() && !piece.text("/metadata/generateName").is_empty();
        if self.mistakes.len() == before {
            let is_missing =
                |field: &&str| piece.text(field).is_empty() && !(is_named_later && field.ends_with("name"));
            let without = ["/apiVersion", "/kind", "/metadata/name"].into_iter().find(is_missing);
            let without = without.map(|field| {
                let message = format!("the object has no `{}`", field[1..].replace('/', "."));
                piece.mistake(message).hint(ELSEWHERE)
            });
            self.mistakes.extend(without.or_else(|| piece.wrong_name()));
        }
        if is_named_later && !is_hook(&piece.object) {
            let at = piece.place_of("metadata.generateName");
            let message = "`metadata.generateName` is for hooks: Argo CD cannot compare an object without a name";
            let mistake = Diagnostic::error("metadata.generateName", message).at(&piece.source, at);
            self.mistakes.push(mistake.hint(format!("write `name`, or say by `{}` when it runs", argo::HOOK)));
        }
        self.pieces.push(piece);
    }
}

/// What a document is that no cluster takes.
fn no_manifest(document: &Document) -> Option<Diagnostic> {
    let (source, root) = (&document.source, &document.root);
    let [api_version, kind] = ["apiVersion", "kind"].map(|name| field(root, name));
    let say = |message: String, hint: &str| Some(Diagnostic::error("", message).at(source, root.place).hint(hint));
    if let Some(Foreign { what, hint }) = Foreign::of(&source.name, api_version, kind) {
        return say(format!("no object for a cluster, but {what}"), hint);
    }
    match root.data {
        Data::Map(_) if !api_version.is_empty() || !kind.is_empty() => None,
        Data::Map(_) => say("no manifest: it has neither `apiVersion` nor `kind`".to_owned(), ELSEWHERE),
        Data::List(_) => say("no manifest, but a list: a document is one object".to_owned(), ELSEWHERE),
        _ => say("no manifest, but a text: a document is one object".to_owned(), ELSEWHERE),
    }
}

/// The text of a file.
fn text<'b>(path: &str, bytes: &'b [u8]) -> Result<&'b str, Box<Diagnostic>> {
    std::str::from_utf8(bytes).map_err(|_| {
        let source = Arc::new(Source { name: path.to_owned(), text: String::new() });
        Box::new(Diagnostic::error("", "the file is not text in UTF-8").at(&source, START).hint("save it in UTF-8"))
    })
}

/// A manifest in JSON is one object to Argo CD (argo-cd `reposerver/repository`, `getObjsFromYAMLOrJSON`).
fn json(path: &str, text: &str) -> Result<Vec<Document>, Box<Diagnostic>> {
    // Argo CD drops the mark of an encoding.
    if let Err(error) = serde_json::from_str::<IgnoredAny>(text.trim_start_matches('\u{feff}')) {
        let source = Arc::new(Source { name: path.to_owned(), text: text.to_owned() });
        let line: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
        let start = line + error.column().saturating_sub(1);
        let place = Place { line: error.line(), column: error.column(), start, end: start + 1 };
        let mistake = Diagnostic::error("", format!("not valid JSON, of which a file has one object: {error}"));
        return Err(Box::new(mistake.at(&source, place)));
    }
    yaml::parse(path, text, Reader::Kubernetes).map(|document| vec![document])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tree(files: &[(&str, &str)]) -> Tree {
        let mut tree = Tree::default();
        for (path, text) in files {
            tree.insert(*path, *text).expect("free");
        }
        tree
    }

    fn said(files: &[(&str, &str)]) -> Vec<String> {
        let failure = content(&tree(files), "app", &Values::new()).err().expect("mistakes");
        failure.diagnostics.iter().map(ToString::to_string).collect()
    }

    const MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";

    #[test]
    fn mistakes_in_manifests_have_their_place() {
        let text = "kind: A\napiVersion: v1\nmetadata: {name: a}\n---\nkind: B\nspec: \"${ parameters.x }\"\n";
        assert_eq!(
            said(&[("app/a.yaml", text)]),
            [
                "app/a.yaml:6:7: the bead has no parameter `x`; it has none; what is the manifest's own is written `$${ … }`"
            ]
        );
        let nothing = content(&tree(&[]), "./other/", &Values::new()).err().expect("empty");
        assert!(nothing.message.contains("no manifest"), "{}", nothing.message);
    }

    #[test]
    fn manifests_are_what_argo_cd_reads_and_the_rest_is_named() {
        let json = "{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", \"metadata\": {\"name\": \"b\"}}";
        let files = tree(&[
            ("app/a.yaml", MAP),
            ("app/b.json", &format!("\u{feff}{json}")),
            ("app/c/d.yml", MAP),
            ("app/e.YAML", MAP),
            ("app/f.jsonnet", "{}"),
            ("app/README.md", "x"),
            ("app/.hidden/g.yaml", MAP),
            ("apps/h.yaml", "x"),
        ]);
        let found = content(&files, "app", &Values::new()).expect("content");
        let names: Vec<&str> = found.pieces.iter().map(|piece| piece.text("/metadata/name")).collect();
        assert_eq!(names, ["a", "b", "a"]);
        let warnings: Vec<String> = found.warnings.iter().map(ToString::to_string).collect();
        assert_eq!(
            warnings,
            [
                "hidden, and so left out: app/.hidden/g.yaml",
                "no manifests, and so left out: app/README.md, app/e.YAML, app/f.jsonnet",
            ]
        );
    }

    #[test]
    fn json_that_is_none_and_what_is_for_another_tool_is_told_as_that() {
        assert!(said(&[("app/a.json", "{\"a\": 1,\n}")])[0].starts_with("app/a.json:2:1: not valid JSON"));
        assert!(
            said(&[("app/a.json", "{} {}")])[0].starts_with("app/a.json:1:4: not valid JSON, of which a file has one")
        );
        let patch = "- {op: add, path: /x, value: 1}\n";
        for (path, text, words) in [
            ("app/kustomization.yaml", "resources: [a.yaml]\n", "kustomize build"),
            ("app/Kustomization", "resources: [a.yaml]\n", "kustomize build"),
            ("app/chart/Chart.yaml", "apiVersion: v2\nname: a\n", "spec.application.chart"),
            ("app/test.yaml", "apiVersion: cli.kyverno.io/v1alpha1\nkind: Test\nmetadata: {name: t}\n", "command line"),
            ("app/artifacthub-pkg.yml", "version: 1.0.0\nlabels: {a: \"${ parameters.x }\"}\n", "Artifact Hub"),
            ("app/values.yaml", "a: 1\n", "spec.application.values"),
            ("app/dashboard.json", "{\"title\": \"a\"}", "neither `apiVersion` nor `kind`"),
            ("app/patch.yaml", patch, "a list"),
            ("app/notes.yaml", "some words\n", "a text"),
            ("app/a.yaml", "kind: A\nmetadata: {name: a}\n", "has no `apiVersion`"),
            ("app/a.yaml", "apiVersion: v1\nkind: A\nmetadata:\n  name: {{ .Release.Name }}\n", "`helm template`"),
        ] {
            let told = said(&[(path, text)]);
            assert!(told.len() == 1 && told[0].starts_with(&format!("{path}:")) && told[0].contains(words), "{told:?}");
        }
    }

    #[test]
    fn a_file_in_another_encoding_is_a_mistake_in_it() {
        let mut files = tree(&[("app/b.yaml", "")]);
        files.insert("app/a.yaml", &b"a: caf\xe9\n"[..]).expect("free");
        let failure = content(&files, "app", &Values::new()).err().expect("refused");
        assert_eq!(failure.exit.code(), 2);
        assert!(failure.diagnostics[0].to_string().starts_with("app/a.yaml:1:1: the file is not text in UTF-8"));
    }

    #[test]
    fn a_number_becomes_a_text_where_a_text_is_due() {
        let values: Values = serde_json::from_value(json!({"n": 3, "on": true})).expect("values");
        let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, labels: {size: \"${ parameters.n }\"}}\nspec:\n  \
                    replicas: ${ parameters.n }\n  paused: ${parameters.on}\n  template:\n    spec:\n      containers:\n      - name: c\n        \
                    args: [\"${ parameters.n }\", \"-n=${ parameters.n }\"]\n        env: [{name: A, value: \"${ parameters.on }\"}]\n        \
                    ports: [{containerPort: \"${ parameters.n }\"}]\n";
        let files = tree(&[("app/a.yaml", text)]);
        let found = content(&files, "app", &values).unwrap_or_else(|failure| panic!("{}", failure.render()));
        let object = &found.pieces[0].object;
        assert_eq!(object["metadata"]["labels"]["size"], "3");
        assert_eq!((&object["spec"]["replicas"], &object["spec"]["paused"]), (&json!(3), &json!(true)));
        let container = &object["spec"]["template"]["spec"]["containers"][0];
        assert_eq!((&container["args"], &container["env"][0]["value"]), (&json!(["3", "-n=3"]), &json!("true")));
        assert_eq!(container["ports"][0]["containerPort"], 3);
    }

    #[test]
    fn a_text_becomes_what_its_field_takes_or_is_told() {
        let values: Values = serde_json::from_value(json!({"n": "3", "on": "true", "text": "x"})).expect("values");
        let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  replicas: ${ parameters.n }\n  paused: ${ parameters.on }\n";
        let found = content(&tree(&[("app/a.yaml", text)]), "app", &values).expect("content");
        assert_eq!(found.pieces[0].object["spec"], json!({"replicas": 3, "paused": true}));
        let quoted = text.replace("${ parameters.n }", "\"3\"").replace("${ parameters.on }", "\"x\"");
        assert_eq!(
            said(&[("app/a.yaml", &quoted)]),
            [
                "app/a.yaml:5:13: `spec.replicas` is a whole number, and `3` is not to Kubernetes (hint: take it out of the quotes)",
                "app/a.yaml:6:11: `spec.paused` is true or false, and `x` is not to Kubernetes",
            ]
        );
        // The value may be made up.
        let files = tree(&[("app/a.yaml", &text.replace("parameters.on", "parameters.text"))]);
        let told = content(&files, "app", &values).expect("content").warnings;
        assert_eq!(
            told.iter().map(ToString::to_string).collect::<Vec<_>>(),
            [
                "app/a.yaml:6:11: `spec.paused` is true or false, and what `text` puts there is not to Kubernetes (hint: let the parameter be of the type `boolean`)"
            ]
        );
    }

    #[test]
    fn the_properties_of_a_schema_are_no_fields_of_an_object() {
        let text = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: a}\nspec:\n  versions:\n  \
                    - name: v1\n    schema:\n      openAPIV3Schema:\n        properties:\n          labels: {type: object, maxProperties: 8}\n          \
                    name: {type: string, default: ok, maxLength: 63}\n          \
                    host: {default: 3}\n          matchLabels: {x-kubernetes-preserve-unknown-fields: true}\n";
        let found = content(&tree(&[("app/a.yaml", text)]), "app", &Values::new());
        let found = found.unwrap_or_else(|failure| panic!("{}", failure.render()));
        let schema = "/spec/versions/0/schema/openAPIV3Schema/properties";
        assert_eq!(found.pieces[0].object.pointer(&format!("{schema}/labels/maxProperties")), Some(&json!(8)));
        let own = text.replace("metadata: {name: a}", "metadata: {name: a, labels: {a: 8}}");
        assert!(said(&[("app/a.yaml", &own)])[0].contains("`metadata.labels.a` is a text"));
    }

    #[test]
    fn a_file_in_a_manifest_may_have_braces_of_its_own() {
        let values: Values = serde_json::from_value(json!({"branch": "main"})).expect("values");
        let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  Jenkinsfile: |\n    git checkout ${params.BRANCH} ${bundle.name}\n    \
                    $${ parameters.x } ${ parameters.branch }\n";
        let found = content(&tree(&[("app/a.yaml", text)]), "app", &values).expect("content");
        let said = found.pieces[0].text("/data/Jenkinsfile");
        assert_eq!(said, "git checkout ${params.BRANCH} ${bundle.name}\n${ parameters.x } main\n");
    }

    #[test]
    fn what_others_would_fill_in_is_told() {
        let values: Values = serde_json::from_value(json!({"size": 3})).expect("values");
        let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  a: \"{{ bundle.parameters.size }}\"\n  \
                    b: \"{{ .Values.size }}\"\n  c: \"${{ parameters.other }}\"\n  d: |\n    {{ .Values.size }}\n";
        let warnings = content(&tree(&[("app/a.yaml", text)]), "app", &values).expect("content").warnings;
        let told: Vec<String> = warnings.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].starts_with("app/a.yaml:5:6: `{{ bundle.parameters.size }}` stays as it is"), "{told:?}");
        assert!(told[1].starts_with("app/a.yaml:6:6: `{{ .Values.size }}` is for Helm"), "{told:?}");
    }

    #[test]
    fn words_that_are_no_texts_are_refused_where_texts_are_due() {
        let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: {on: x}}\ndata:\n  a: yes\n  b: 8080\n  c: \"no\"\n";
        let told = said(&[("app/a.yaml", text)]);
        assert_eq!(
            told,
            [
                "app/a.yaml:5:6: `data.a` is a text, and `yes` is none to Kubernetes (hint: put it in quotes)",
                "app/a.yaml:6:6: `data.b` is a text, and `8080` is none to Kubernetes (hint: put it in quotes)",
            ]
        );
        let told = said(&[("app/a.yaml", &MAP.replace("name: a", "name: a, namespace: y"))]);
        assert!(told[0].starts_with("app/a.yaml:3:32: `metadata.namespace` is a text, and `y` is none"), "{told:?}");
        let files = tree(&[("app/a.yaml", &text.replace("yes", "x").replace("8080", "y.z"))]);
        let warnings = content(&files, "app", &Values::new()).expect("content").warnings;
        assert!(
            warnings[0].to_string().starts_with("app/a.yaml:3:30: the key `on` is `true` to Kubernetes"),
            "{warnings:?}"
        );
        let files =
            tree(&[("app/a.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {hostNetwork: yes}\n")]);
        let found = content(&files, "app", &Values::new()).expect("content");
        assert_eq!((&found.pieces[0].object["spec"]["hostNetwork"], found.warnings.len()), (&json!(true), 0));
    }

    #[test]
    fn a_hook_may_be_named_when_it_runs() {
        let job = |metadata: &str| format!("apiVersion: batch/v1\nkind: Job\nmetadata: {{{metadata}}}\n");
        for hook in ["argocd.argoproj.io/hook: PreSync", "helm.sh/hook: 'pre-install,pre-upgrade'"] {
            let text = job(&format!("generateName: migrate-, annotations: {{{hook}}}"));
            let found = content(&tree(&[("app/a.yaml", &text)]), "app", &Values::new());
            assert_eq!(found.map(|it| it.pieces[0].title()).ok().as_deref(), Some("Job migrate-"), "{hook}");
        }
        let named =
            |begins: &str| job(&format!("generateName: {begins}, annotations: {{argocd.argoproj.io/hook: Sync}}"));
        for begins in ["Migrate_X-", "-a-", "a_b-"] {
            let told = said(&[("app/a.yaml", &named(begins))]);
            assert!(
                told.len() == 1 && told[0].starts_with(&format!("app/a.yaml:3:26: `{begins}` cannot begin the name")),
                "{told:?}"
            );
        }
        for begins in ["migrate-", "migrate", "a.b-"] {
            assert!(content(&tree(&[("app/a.yaml", &named(begins))]), "app", &Values::new()).is_ok(), "{begins}");
        }
        for metadata in [
            "generateName: a-",
            "generateName: a-, annotations: {argocd.argoproj.io/hook: Skip}",
            "generateName: a-, annotations: {helm.sh/hook: crd-install}",
        ] {
            let said = said(&[("app/a.yaml", &job(metadata))]);
            assert!(
                said.len() == 1 && said[0].starts_with("app/a.yaml:3:26: `metadata.generateName` is for hooks"),
                "{said:?}"
            );
        }
    }
}
