//! What a Bead document must be beyond its shape.

use std::collections::BTreeSet;

use super::application_rules::{HUB_NAMESPACES, OF_THE_HUB, application_rules};
use super::bead::{Bead, Package};
use super::bead_spokes_rules::spokes_rules;
use super::claimed_spoke_rules::claimed_spoke_rules;
use super::hook_rules::bead_hook_rules;
use super::own_kinds::{wrong_group, wrong_kind};
use super::secret_rules::{remedy, secret_rules};
use super::secret_type;
use crate::report::Outcome;
use crate::schema::{Mistakes, Path, Scalars, is_sha256, is_template, only_expression, read};
use crate::words::bead;

/// Where a secret of a bead belongs.
pub const IN_A_SECRET: &str = "name it under `secrets` of bead.yaml: the step gives its value, and git never has it";

/// Reads a Bead document. Fails with all mistakes, each with its place.
pub fn read_bead(name: &str, text: &str) -> Outcome<Bead> {
    let bead: Bead = read(name, text, Scalars::Strict)?;
    let mut found = mistakes(&bead);
    owned_apis(&bead, &mut found);
    secret_rules(&bead, &bead.spec.not_secret, |leak| remedy(leak, &leak.field(), IN_A_SECRET), &mut found);
    found.none_in_text(name, text)?;
    Ok(bead)
}

/// Reads one that is committed already, or of which nothing will be: whatever secrets are in it, and whatever it calls its own.
pub fn read_bead_as_it_is(name: &str, text: &str) -> Outcome<Bead> {
    let bead: Bead = read(name, text, Scalars::Strict)?;
    mistakes(&bead).none_in_text(name, text)?;
    Ok(bead)
}

fn mistakes(bead: &Bead) -> Mistakes {
    let mut found = Mistakes::default();
    identity(bead, &mut found);
    parameters(bead, &mut found);
    application(bead, &mut found);
    spokes_rules(bead, &mut found);
    bead_hook_rules(bead, &mut found);
    crossplane(bead, &mut found);
    claimed_spoke_rules(bead, &mut found);
    requirements(bead, &mut found);
    removal(bead, &mut found);
    found
}

fn identity(bead: &Bead, found: &mut Mistakes) {
    let name = &bead.metadata.name;
    if let Some((_, part)) = bead::split_part(name) {
        found.say(
            Path::new("metadata.name"),
            format!("`{name}` is how the part `{part}` of another bead is named"),
            Some("choose a name that does not end like a part"),
        );
    }
    for (index, dependency) in bead.spec.depends_on.iter().enumerate() {
        if dependency.bead == *name {
            found.say(Path::new("spec.dependsOn").index(index), "the bead depends on itself", None);
        }
    }
}

fn parameters(bead: &Bead, found: &mut Mistakes) {
    let mut names = BTreeSet::new();
    for (index, parameter) in bead.spec.parameters.iter().enumerate() {
        let at = Path::new("spec.parameters").index(index);
        let name = &parameter.name;
        if !names.insert(name) {
            found.say(at.key("name"), format!("there are two parameters `{name}`"), None);
        }
        if parameter.sensitive {
            found.say(
                at.key("sensitive"),
                format!("`{name}` is sensitive, and what parameters stand for is committed to git"),
                Some(IN_A_SECRET),
            );
        }
        if !["string", "integer", "number", "boolean"].contains(&parameter.shape.kind()) {
            found.say(
                at.key("type"),
                format!("`{name}` is of type {}, which cannot stand in a manifest", parameter.shape.kind()),
                Some("one of: string, integer, number, boolean"),
            );
        } else if let Some(Err(message)) =
            parameter.shape.default.as_ref().map(|default| parameter.shape.check(name, default))
        {
            let is_word = parameter.shape.kind() == "string";
            let hint = is_word.then_some("put it in quotes: without them it is no text to Kubernetes' reader");
            found.say(at.key("default"), format!("the default does not fit: {message}"), hint);
        }
    }
}

fn application(bead: &Bead, found: &mut Mistakes) {
    application_rules(&bead.spec.application, &bead.spec.permissions, &Path::new("spec"), &OF_THE_HUB, found);
    for (index, secret) in bead.spec.secrets.iter().enumerate() {
        if HUB_NAMESPACES.contains(&secret.namespace.as_str()) {
            found.say(
                Path::new("spec.secrets").index(index).key("namespace"),
                format!("a Secret in `{}` is the hub's own", secret.namespace),
                Some("give the bead a namespace of its own"),
            );
        }
    }
}

fn crossplane(bead: &Bead, found: &mut Mistakes) {
    let Some(crossplane) = &bead.spec.crossplane else { return };
    let lists = [
        ("providers", &crossplane.providers),
        ("functions", &crossplane.functions),
        ("configurations", &crossplane.configurations),
    ];
    for (list, packages) in lists {
        let at = Path::new("spec.crossplane").key(list);
        let mut names = BTreeSet::new();
        for (index, package) in packages.iter().enumerate() {
            let at = at.index(index).key("package");
            match package_name(package) {
                Some(name) if !names.insert(name) => {
                    found.say(at, format!("two packages would be named `{name}`"), None);
                }
                Some(_) => {}
                None => found.say(
                    at,
                    format!("`{}` is not pinned", package.package),
                    Some(
                        "write registry/path/name:tag@sha256:<64 hexadecimal digits>, or let a parameter be the digest",
                    ),
                ),
            }
        }
    }
    if crossplane.apis.is_empty() && (crossplane.definitions.is_some() || !crossplane.configurations.is_empty()) {
        found.say(
            Path::new("spec.crossplane"),
            "the bead brings composite APIs and does not name them in `apis`",
            Some("removal is guarded, and health is judged, by what `apis` names"),
        );
    }
}

/// What a bead calls its own is judged and kept by it everywhere, so it has to be able to bring it.
fn owned_apis(bead: &Bead, found: &mut Mistakes) {
    let Some(part) = &bead.spec.crossplane else { return };
    let has_packages = !part.configurations.is_empty() || !part.providers.is_empty();
    let may_define = has_packages || part.definitions.is_some() || bead.spec.application.chart.is_some();
    for (index, api) in part.apis.iter().enumerate() {
        let at = Path::new("spec.crossplane.apis").index(index);
        let kinds = [("kind", Some(&api.kind)), ("claimKind", api.claim_kind.as_ref())];
        let wrong_kinds = kinds.into_iter().filter_map(|(key, kind)| Some((key, wrong_kind(kind?)?)));
        let wrong: Vec<_> =
            wrong_group(&api.group).map(|message| ("group", message)).into_iter().chain(wrong_kinds).collect();
        for (key, message) in &wrong {
            found.say(at.key(key), message, Some("name composite APIs that the bead itself defines"));
        }
        if wrong.is_empty() && !may_define {
            let message = format!("nothing of the bead can define {}.{}", api.kind, api.group);
            let hint = "bring its XRD under `spec.crossplane.definitions`, or a package that does; what others define is \
                        named under `requires.apis`";
            found.say(at, message, Some(hint));
        }
    }
}

fn requirements(bead: &Bead, found: &mut Mistakes) {
    let spec = &bead.spec;
    for key in spec.health.keys() {
        let (group, kind) = key.split_once('_').unwrap_or(("v1", key)); // the core group has no name
        let is_group = group.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || b"-.".contains(&it));
        let is_kind = !kind.is_empty() && kind.bytes().all(|it| it.is_ascii_alphanumeric());
        if group.is_empty() || !is_group || !is_kind {
            let hint = "for a kind of the core group write `<Kind>` alone";
            found.say(Path::new("spec.health"), format!("`{key}` is not `<group>_<Kind>`"), Some(hint));
        }
    }
    for (key, present, part) in [
        ("crossplane", spec.requires.crossplane.is_some(), spec.crossplane.is_some()),
        ("kyverno", spec.requires.kyverno.is_some(), spec.kyverno.is_some() || bead.claimed_spokes().next().is_some()),
        ("backstage", spec.requires.backstage.is_some(), spec.backstage.is_some()),
    ] {
        if present && !part {
            found.say(
                Path::new("spec.requires").key(key),
                format!("the bead requires {key} and has no part for it"),
                Some("leave it out, or add the part"),
            );
        }
    }
    for (index, api) in spec.requires.apis.iter().enumerate() {
        kind(api, Path::new("spec.requires.apis").index(index), found);
    }
    for (index, secret) in spec.secrets.iter().enumerate() {
        if secret.keys.is_empty() {
            found.say(
                Path::new("spec.secrets").index(index),
                format!("the Secret `{}` has no keys", secret.name),
                None,
            );
        } else if let Some(mistake) = secret_type::mistake(&secret.secret_type, &secret.keys) {
            found.say(Path::new("spec.secrets").index(index), mistake, Some("see `type` and `keys` of the Secret"));
        }
    }
}

fn removal(bead: &Bead, found: &mut Mistakes) {
    let uninstall = &bead.spec.uninstall;
    for (index, api) in uninstall.held_by.iter().enumerate() {
        kind(api, Path::new("spec.uninstall.heldBy").index(index), found);
    }
    if uninstall.first.is_empty() && !uninstall.cleaned_up.is_empty() {
        found.say(
            Path::new("spec.uninstall.cleanedUp"),
            "no workload ends `first`, so a removal would wait for ever",
            Some("name the controller that takes these away under `uninstall.first`"),
        );
    }
    for (index, made) in uninstall.cleaned_up.iter().enumerate() {
        let at = Path::new("spec.uninstall.cleanedUp").index(index);
        if made.labels.is_empty() {
            found.say(at.key("labels"), "without labels every object of the kind would be waited for", None);
        }
        kind(&made.kind, at.key("kind"), found);
    }
}

fn kind(written: &str, at: Path, found: &mut Mistakes) {
    if written.split('/').count() != 3 || written.split('/').any(str::is_empty) {
        found.say(at, format!("`{written}` is not `group/version/Kind`"), None);
    }
}

/// The name of the package's object: the last part of its repository. `None` when tag or digest is missing.
#[must_use]
pub fn package_name(package: &Package) -> Option<&str> {
    let (reference, digest) = package.package.split_once('@')?;
    let (repository, tag) = reference.rsplit_once(':')?;
    let (_, name) = repository.rsplit_once('/')?;
    let is_fixed = ![repository, tag].iter().any(|part| is_template(part));
    let is_pinned = is_sha256(digest) || is_parameter(digest);
    (is_fixed && is_pinned && !tag.is_empty() && !tag.contains('/') && !name.is_empty()).then_some(name)
}

/// One parameter and nothing else. Its value is known, and checked, when the bead is rendered.
fn is_parameter(text: &str) -> bool {
    let name = only_expression(text).and_then(|it| it.strip_prefix(" parameters.")).map(str::trim);
    name.is_some_and(|name| !name.is_empty() && !name.contains(['$', ' ']))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str =
        "apiVersion: backstack.dev/v1alpha1\nkind: Bead\nmetadata: {name: gke}\nspec:\n  version: 0.1.0\n";

    fn said(spec: &str) -> Vec<String> {
        match read_bead("bead.yaml", &format!("{HEAD}{spec}")) {
            Ok(_) => Vec::new(),
            Err(failure) => failure.diagnostics.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn a_good_document_is_read() {
        let spec = "  application: {namespace: gke, manifests: app}\n  requires: {kubernetes: \">=1.29\"}\n";
        assert_eq!(said(spec), [""; 0]);
    }

    #[test]
    fn every_mistake_is_told_with_its_place() {
        let all = said(
            "  application: {namespace: argocd, manifests: app}\n  dependsOn: [{bead: gke}]\n  parameters:\n  \
             - {name: a, type: object}\n  - {name: a, type: integer, default: x}\n  crossplane:\n    configurations:\n    \
             - {package: \"registry.example.org/a/b:v1\"}\n  requires: {kyverno: \">=1\", apis: [x]}\n  secrets: \
             [{name: s, namespace: other, keys: []}]\n  permissions:\n    namespaces: [kube-system]\n    clusterResources:\n    \
             - {group: argoproj.io, kind: AppProject}\n    - {group: \"?\", kind: A}\n    - {group: b, kind: A, name: \"[a]\"}\n    \
             - {group: apiextensions.k8s.io, kind: CustomResourceDefinition, name: beads.backstack.dev}\n  uninstall:\n    heldBy: [Thing]\n    cleanedUp:\n    \
             - {kind: x/v1/Y, labels: {}}\n",
        );
        for (line, words) in [
            (6, "administrator of the hub"),
            (7, "depends on itself"),
            (9, "cannot stand in a manifest"),
            (10, "two parameters `a`"),
            (10, "the default does not fit"),
            (12, "does not name them in `apis`"),
            (13, "is not pinned"),
            (14, "requires kyverno and has no part"),
            (14, "is not `group/version/Kind`"),
            (15, "has no keys"),
            (17, "administrator of the hub"),
            (19, "Argo CD's own kinds"),
            (20, "named in full"),
            (21, "a name has letters"),
            (22, "on which the hub itself stands"),
            (24, "is not `group/version/Kind`"),
            (26, "would wait for ever"),
            (26, "every object of the kind"),
        ] {
            assert!(
                all.iter().any(|one| one.starts_with(&format!("bead.yaml:{line}:")) && one.contains(words)),
                "{line} {words} in {all:#?}"
            );
        }
    }

    #[test]
    fn a_bead_owns_what_it_may_define() {
        let owned = |spec: &str, group: &str| {
            let apis = format!("    apis:\n    - {{group: {group}, kind: X, plural: xs}}\n");
            said(&format!("  application: {{namespace: gke, manifests: app}}\n  crossplane:\n{spec}{apis}"))
        };
        let (definitions, nothing) = ("    definitions: apis\n", "");
        assert_eq!(owned(definitions, "e.org"), [""; 0]);
        let all = owned(nothing, "e.org");
        assert!(
            all.len() == 1 && all[0].starts_with("bead.yaml:9:") && all[0].contains("can define X.e.org"),
            "{all:#?}"
        );
        for group in ["''", "apps", "argoproj.io", "pkg.crossplane.io", "kyverno.io", "gateway.networking.k8s.io"] {
            let all = owned(definitions, group);
            assert!(
                all.len() == 1 && all[0].starts_with("bead.yaml:10:") && all[0].contains("are everybody's"),
                "{all:#?}"
            );
        }
    }

    #[test]
    fn what_a_bead_owns_is_named_and_not_a_pattern() {
        let package = format!("r.example.org/a/b:v1@sha256:{}", "0".repeat(64));
        let crossplane = format!("  crossplane:\n    configurations: [{{package: '{package}'}}]\n    apis:\n");
        let apis = "    - {group: '*.*', kind: '*', plural: things}\n    - {group: e.org, kind: X, plural: xs, claimKind: 'Y*'}\n";
        let all = said(&format!("  application: {{namespace: gke, manifests: app}}\n{crossplane}{apis}"));
        for (line, words) in [(10, "the group `*.*` is no DNS name"), (10, "the kind `*`"), (11, "the kind `Y*`")] {
            let is_it = |it: &String| it.starts_with(&format!("bead.yaml:{line}:")) && it.contains(words);
            assert_eq!(all.iter().filter(|it| is_it(it)).count(), 1, "{line} {words} in {all:#?}");
        }
        assert_eq!(all.len(), 3, "{all:#?}");
    }

    #[test]
    fn images_belong_to_a_chart_and_have_their_own_places() {
        let image = "images: [{image: 'r.example.org/a:v1', values: {repository: a}}]";
        let all = said(&format!("  application: {{namespace: gke, manifests: app, {image}}}\n"));
        assert!(all.len() == 1 && all[0].contains("the application has no chart"), "{all:#?}");
        let chart = format!("  application:\n    namespace: gke\n    chart: {{locked: a}}\n    {image}\n");
        assert_eq!(said(&chart), [""; 0]);
        let all = said(&format!("{chart}    values: {{a: x}}\n"));
        assert!(all.len() == 1 && all[0].starts_with("bead.yaml:9:"), "{all:#?}");
        assert!(all[0].contains("`a` has a value already"), "{all:#?}");
    }

    #[test]
    fn a_package_is_named_by_its_repository() {
        let digest = "0".repeat(64);
        let name = |package: &str| {
            let package = Package { package: package.to_owned(), skip_dependency_resolution: false };
            package_name(&package).map(str::to_owned)
        };
        let pinned = format!("127.0.0.1:5000/up/provider-x:v1.0.0@sha256:{digest}");
        assert_eq!(name(&pinned).as_deref(), Some("provider-x"));
        assert_eq!(name("r/p:v1@${ parameters.p-digest }").as_deref(), Some("p"));
        for wrong in ["r/p:v1", "r/p:v1@sha256:00", "r/p:v1@latest", "r/p:${ parameters.v }@${ parameters.d }"] {
            assert_eq!(name(wrong), None, "{wrong}");
        }
        assert_eq!(name(&format!("r/p@sha256:{digest}")), None);
    }
}
