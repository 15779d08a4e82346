//! What an application and its permissions must be beyond their shape, on the hub or on a spoke.

use super::bead_application::{ApplicationPart, ClusterResource, Permissions};
use super::chart_version;
use super::component_rules::{AtComponent, image_rules};
use super::crd::is_definition_of_hub;
use super::ignored::ignored_rules;
use crate::schema::{Mistakes, Path};
use crate::words::{argo, spoke};

/// Namespaces of which a bead would rule the hub.
pub const HUB_NAMESPACES: [&str; 2] = [argo::NAMESPACE, "kube-system"];
/// Namespaces of which a bead would rule a spoke: also where the account of the hub's Argo CD is, and its probe.
pub const SPOKE_NAMESPACES: [&str; 4] =
    [argo::NAMESPACE, spoke::ACCOUNT_NAMESPACE, spoke::PROBE_NAMESPACE, "kube-system"];

/// The namespaces of the hub, and what it is called.
pub(super) const OF_THE_HUB: Ruled = Ruled { title: "hub", namespaces: &HUB_NAMESPACES };
/// Those of a spoke.
pub(super) const OF_A_SPOKE: Ruled = Ruled { title: "spoke", namespaces: &SPOKE_NAMESPACES };

/// A cluster on which some namespaces are not for beads.
pub(super) struct Ruled {
    title: &'static str,
    namespaces: &'static [&'static str],
}

/// Says what is wrong with an application and with its permissions; both are below `at`.
pub(super) fn application_rules(
    application: &ApplicationPart,
    permissions: &Permissions,
    at: &Path,
    ruled: &Ruled,
    found: &mut Mistakes,
) {
    images(application, at.key("application"), found);
    if let Some((message, hint)) = application.chart.as_ref().and_then(chart_version::mistake) {
        found.say(at.below("application.chart.version"), message, Some(hint));
    }
    ignored_rules(&application.ignore_differences, &at.below("application.ignoreDifferences"), found);
    let own = std::iter::once((at.below("application.namespace"), &application.namespace));
    let others = permissions.namespaces.iter().enumerate();
    let others = others.map(|(index, name)| (at.below("permissions.namespaces").index(index), name));
    for (at, name) in own.chain(others) {
        if ruled.namespaces.contains(&name.as_str()) {
            found.say(
                at,
                format!("a bead that may write into `{name}` is an administrator of the {}", ruled.title),
                Some("give the bead a namespace of its own"),
            );
        }
    }
    for (index, resource) in permissions.cluster_resources.iter().enumerate() {
        cluster_resource(resource, at.below("permissions.clusterResources").index(index), found);
    }
}

fn images(application: &ApplicationPart, at: Path, found: &mut Mistakes) {
    if application.chart.is_none() && !application.images.is_empty() {
        found.say(
            at.key("images"),
            "`images` says where the values of a chart name images, and the application has no chart",
            Some("leave it out: the images of manifests are found in them"),
        );
    }
    image_rules(&application.values, &application.images, &mut AtComponent { found, at });
}

fn cluster_resource(resource: &ClusterResource, at: Path, found: &mut Mistakes) {
    // Argo CD takes all three for patterns (`filepath.Match`).
    let is_plain = |text: &str, more: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c));
    if !is_plain(&resource.group, ".-") || !is_plain(&resource.kind, "") {
        found.say(at, "group and kind are named in full", Some("only `name` takes `*`"));
    } else if !is_plain(&resource.name, ".-:*") {
        found.say(at.key("name"), "a name has letters, digits, `.`, `-`, `:`, and `*` for any characters", None);
    } else if argo::is_own(&resource.group, &resource.kind) {
        found.say(at, "a bead does not write Argo CD's own kinds", None);
    } else if resource.kind == "CustomResourceDefinition" && is_definition_of_hub(&resource.name) {
        found.say(at.key("name"), format!("`{}` is a definition on which the hub itself stands", resource.name), None);
    }
}
