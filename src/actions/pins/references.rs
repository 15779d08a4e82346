//! The images and packages that a file names, and where: in the documents, in the values and manifests among them, in manifests of
//! their own, and in `porter.yaml`. Pure.

use super::text_file::{Role, TextFile};
use crate::object::group;
use crate::render::image_places;
use crate::schema::{ImageReference, is_template, plain};
use crate::words::kyverno::has_policies;
use crate::yaml::{Data, Node};

/// A reference to an image or a package, and where it stands.
pub struct Reference<'f> {
    /// The scalar; where its parts are values of their own, their mapping.
    pub node: &'f Node,
    /// The reference, without a digest that a parameter gives.
    pub image: ImageReference,
    /// Whether it is a Crossplane package.
    pub is_package: bool,
    /// How it is written.
    pub form: Form,
}

/// How a reference is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As one text.
    Whole,
    /// By repository, tag and digest, as Porter has it.
    OfBundle,
    /// By repository and tag, as most charts have it; what else a chart takes is not known.
    OfChart,
}

/// What names an image or a package in a way that no registry can be asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// What stands there.
    pub name: String,
    /// The word for what it is.
    pub kind: &'static str,
    /// Where it stands: `hub.yaml:7`.
    pub at: String,
    /// Why nobody is asked.
    pub why: &'static str,
}

/// What stands where an image or a package is named.
struct Mention<'f> {
    node: &'f Node,
    text: String,
    is_package: bool,
    form: Form,
}

impl Mention<'_> {
    /// What a registry can be asked about.
    fn image(&self) -> Option<ImageReference> {
        reference_of(&self.text).filter(|it| !self.may_be_elsewhere(it))
    }

    /// Whether only the chart knows the registry: `docker.io` is that of names without one, before which charts put their own.
    fn may_be_elsewhere(&self, image: &ImageReference) -> bool {
        let names_it = ["docker.io/", "index.docker.io/"].iter().any(|it| self.text.starts_with(it));
        self.form == Form::OfChart && image.registry == "docker.io" && !names_it
    }
}

/// Every reference of a file that has a tag or a digest.
pub fn references(file: &TextFile) -> Vec<Reference<'_>> {
    let all = mentions(file).into_iter().filter_map(|it| it.image().map(|image| (it, image)));
    all.map(|(Mention { node, is_package, form, .. }, image)| Reference { node, image, is_package, form }).collect()
}

/// What a file names, and nobody can be asked about.
pub fn unread(file: &TextFile) -> Vec<Unread> {
    let all = mentions(file).into_iter().filter(|it| it.image().is_none());
    let told = |it: Mention<'_>| Unread {
        why: why_unread(&it),
        kind: if it.is_package { "package" } else { "image" },
        at: file.at(it.node),
        name: it.text,
    };
    all.map(told).collect()
}

fn why_unread(mention: &Mention<'_>) -> &'static str {
    let text = mention.text.as_str();
    if is_template(text) {
        "a parameter gives it"
    } else if text.starts_with([':', '@']) {
        "the chart has its repository"
    } else if reference_of(text).is_some() {
        "the chart may have its registry"
    } else if ImageReference::parse(text).is_some() {
        "it has neither a tag nor a digest"
    } else {
        "it is no reference to an image"
    }
}

/// A reference with a tag or a digest, of which a parameter may give the digest.
pub fn reference_of(text: &str) -> Option<ImageReference> {
    ImageReference::parse(without_parameter(text).0).filter(|it| it.tag.is_some() || it.digest.is_some())
}

/// A reference as far as it is written, and the parameter that gives its digest, with the `@` before it.
pub fn without_parameter(text: &str) -> (&str, &str) {
    text.split_at(text.find("@${").unwrap_or(text.len()))
}

fn mentions(file: &TextFile) -> Vec<Mention<'_>> {
    let root = &file.document.root;
    match file.role {
        Role::Lock => Vec::new(),
        Role::Porter => {
            let images = root.get("images").map(Node::entries).unwrap_or_default();
            images.iter().filter_map(|(_, node)| parts(file, node, Form::OfBundle)).collect()
        }
        Role::Hub | Role::Bead => {
            let mut found = Vec::new();
            below(file, root, &mut found);
            let known: Vec<usize> = found.iter().map(|it| it.node.place.start).collect();
            found.extend(of_manifests(root).into_iter().filter(|it| !known.contains(&it.node.place.start)));
            found
        }
        Role::Manifest => of_manifests(root),
    }
}

/// Where a key of a document, or of values in it, says that it is one.
fn below<'f>(file: &TextFile, node: &'f Node, found: &mut Vec<Mention<'f>>) {
    node.items().iter().for_each(|it| below(file, it, found));
    for (key, value) in node.entries() {
        let key = key.text.as_str();
        let is_package = key == "package";
        let is_image = key == "image" || key.ends_with("Image");
        let mention = match value.text() {
            Some(text) if key == "image" || (is_package || is_image) && text.contains('/') => {
                Some(Mention { node: value, text: text.to_owned(), is_package, form: Form::Whole })
            }
            None if is_image => parts(file, value, Form::OfChart),
            _ => None,
        };
        match mention {
            Some(mention) => found.extend(Some(mention).filter(|it| !it.text.is_empty())),
            None => below(file, value, found),
        }
    }
}

/// A reference whose parts are values of their own. A chart has a tag of its own where none is written.
fn parts<'f>(file: &TextFile, node: &'f Node, form: Form) -> Option<Mention<'f>> {
    let at = |key: &str| scalar(file, node.get(key)?).filter(|text| !text.is_empty());
    let part = |mark: char, key: &str| at(key).map(|it| format!("{mark}{it}")).unwrap_or_default();
    let (tag, digest) = (part(':', "tag"), part('@', "digest"));
    let name = match (at("repository"), form) {
        (None, Form::OfBundle) => return None,
        (name, _) => name.unwrap_or_default(),
    };
    if form == Form::OfChart && tag.is_empty() && digest.is_empty() {
        return None;
    }
    let registry = at("registry").filter(|_| !name.is_empty()).map(|it| format!("{it}/")).unwrap_or_default();
    Some(Mention { node, text: format!("{registry}{name}{tag}{digest}"), is_package: false, form })
}

/// A scalar as it is written: `1.10` is no number to a registry.
fn scalar<'f>(file: &'f TextFile, node: &'f Node) -> Option<&'f str> {
    match &node.data {
        Data::Text(text) => Some(text),
        Data::Number(_) => Some(node.written(&file.document.source)),
        _ => None,
    }
}

/// What the manifests in a document name. Policies of Kyverno have patterns there.
fn of_manifests(root: &Node) -> Vec<Mention<'_>> {
    let value = plain(root);
    if has_policies(group(&value)) {
        return Vec::new();
    }
    let mention = |place: String| {
        let node = at_pointer(root, &place)?;
        let text = node.text()?.to_owned();
        let is_package = place.ends_with("/package");
        Some(Mention { node, text, is_package, form: Form::Whole })
    };
    image_places(&value).into_iter().filter_map(mention).collect()
}

fn at_pointer<'n>(root: &'n Node, pointer: &str) -> Option<&'n Node> {
    pointer.split('/').skip(1).try_fold(root, |node, step| match step.parse::<usize>() {
        Ok(index) if !node.items().is_empty() => node.items().get(index),
        _ => node.get(&step.replace("~1", "/").replace("~0", "~")),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::yaml::{Reader, parse};

    fn file(role: Role, text: &str) -> TextFile {
        let document = parse("a.yaml", text, Reader::Kubernetes).expect("YAML");
        TextFile { name: "a.yaml".to_owned(), role, document }
    }

    fn names(file: &TextFile) -> Vec<String> {
        references(file).iter().map(|it| it.image.to_string()).collect()
    }

    fn whys(file: &TextFile) -> Vec<&'static str> {
        unread(file).iter().map(|it| it.why).collect()
    }

    #[test]
    fn manifests_name_images_where_a_registry_is_asked() {
        let pod = file(
            Role::Manifest,
            "apiVersion: v1\nkind: Pod\nspec:\n  containers: [{image: 'r.example.org/a:1.0.0'}, {image: '${ parameters.image }'}, {image: b}]\n",
        );
        assert_eq!(names(&pod), ["r.example.org/a:1.0.0"]);
        assert_eq!(whys(&pod), ["a parameter gives it", "it has neither a tag nor a digest"]);
        assert_eq!(unread(&pod)[0].at, "a.yaml:4");
        let provider = file(
            Role::Manifest,
            "apiVersion: pkg.crossplane.io/v1\nkind: Provider\nspec: {package: 'r.example.org/p:v1.0.0'}\n",
        );
        assert!(references(&provider)[0].is_package);
        let policy = "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nspec: {rules: [{validate: {pattern: {spec: {containers: [{image: '*:1'}]}}}}]}\n";
        assert!(whys(&file(Role::Manifest, policy)).is_empty());
    }

    #[test]
    fn charts_have_the_parts_of_a_reference_apart() {
        let values = file(
            Role::Hub,
            "values:\n  image: {registry: r.example.org, repository: a/b, tag: 1.10}\n  sidecarImage: {repository: r.example.org/c, tag: 1.0.0}\n  other:\n    \
             image: {tag: 2.0.0}\n  own: {image: {repository: r.example.org/d}}\n",
        );
        assert_eq!(names(&values), ["r.example.org/a/b:1.10", "r.example.org/c:1.0.0"]);
        assert_eq!(whys(&values), ["the chart has its repository"]);
    }

    #[test]
    fn a_registry_that_a_chart_may_have_is_not_guessed() {
        let values = file(
            Role::Hub,
            "a: {image: {repository: team/app, tag: 1.0.0}}\nb: {image: {registry: '', repository: app, tag: 1.0.0}}\n\
             c: {image: {registry: docker.io, repository: team/app, tag: 1.0.0}}\nd: {image: {repository: docker.io/team/own, tag: 1.0.0}}\n\
             e: {image: 'team/whole:1.0.0'}\n",
        );
        assert_eq!(
            names(&values),
            ["docker.io/team/app:1.0.0", "docker.io/team/own:1.0.0", "docker.io/team/whole:1.0.0"]
        );
        assert_eq!(whys(&values), ["the chart may have its registry"; 2]);
        assert_eq!((unread(&values)[0].name.as_str(), unread(&values)[0].at.as_str()), ("team/app:1.0.0", "a.yaml:1"));
        let porter = file(Role::Porter, "images: {app: {repository: team/app, tag: 1.0.0}}\n");
        assert_eq!(names(&porter), ["docker.io/team/app:1.0.0"]);
    }

    #[test]
    fn a_manifest_among_values_is_looked_at_once() {
        let values = file(
            Role::Hub,
            "extra:\n- apiVersion: x.example.org/v1\n  kind: Thing\n  spec: {image: 'r.example.org/a:1', imageName: 'r.example.org/b:1'}\n",
        );
        assert_eq!(names(&values), ["r.example.org/a:1", "r.example.org/b:1"]);
    }

    #[test]
    fn keys_are_found_by_pointers() {
        let root = file(Role::Hub, "a/b: {'0': x}\nlist: [z]\n").document.root;
        let text = |pointer: &str| at_pointer(&root, pointer).and_then(Node::text);
        assert_eq!((text("/a~1b/0"), text("/list/0"), text("/none")), (Some("x"), Some("z"), None));
        assert_eq!(Value::from("z"), plain(root.get("list").expect("there"))[0]);
    }
}
