//! Where everything is in the hub repository: what a file is, by its path, and its path, by what it is. Pure.

/// What the Application `root` syncs: all Applications and projects.
pub const ROOT: &str = "root";
/// The Applications, each a file.
pub const APPLICATIONS: &str = "root/apps";
/// The projects, each a file.
pub const PROJECTS: &str = "root/projects";
/// What the Application `argocd` syncs: Argo CD itself.
pub const ARGOCD: &str = "argocd";
/// The components of the hub, each a folder.
pub const COMPONENTS: &str = "components";
/// The beads, each a folder.
pub const BEADS: &str = "beads";
/// What the probe of every spoke syncs.
pub const PROBE: &str = "spokes/probe";
/// What Backstage reads.
pub const BACKSTAGE: &str = "backstage";
/// The beads in Backstage's catalog; the `*.yaml` here are read by Backstage, folders below are not.
pub const CATALOG: &str = "backstage/beads";

/// The Hub document that the repository was rendered from.
pub const HUB_FILE: &str = "hub.yaml";
/// What the last render of the hub wrote.
pub const LOCK_FILE: &str = "lock.yaml";
/// What the hub is made of, for people.
pub const README: &str = "README.md";
/// The project of claims.
pub const CLAIMS_PROJECT: &str = "root/projects/claims.yaml";
/// The settings of Argo CD.
pub const ARGOCD_CM: &str = "argocd/configmap-argocd-cm.yaml";

/// In the folder of a bead: the Applications of its parts.
pub const APPS: &str = "apps";
/// In that folder: the namespace of the application.
const NAMESPACE: &str = "namespace.yaml";
/// In that folder: what the files begin with that have rights of Kyverno.
const RIGHT: &str = "right-";
/// In the folder of a bead: what comes to spokes.
const SPOKES: &str = "spokes";
/// In the folder of the Applications: the set that makes those on spokes.
const SPOKE_SET: &str = "spokes.yaml";
/// In the folder of a component: its hooks, beside the chart.
const HOOKS: &str = "hooks";
/// In the folder of a component or bead: its chart, where it is not fetched from elsewhere.
pub const CHART: &str = "chart";

/// A file of the hub repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RepoFile<'p> {
    /// The Hub document.
    Hub,
    /// The lock of the hub.
    Lock,
    /// The README.
    Readme,
    /// An object of Argo CD, by the name of its file.
    Argocd(&'p str),
    /// The Application that syncs all others.
    Root,
    /// An Application below the root, by its name.
    Application(&'p str),
    /// A project, by its name.
    Project(&'p str),
    /// What the probe of a spoke brings there.
    Probe,
    /// The definition of the kind `Bead`.
    BeadDefinition,
    /// A bead as the cluster shows it, by its name.
    BeadObject(&'p str),
    /// The Helm values of a component.
    Values(&'p str),
    /// A file of the chart of a component.
    Chart(&'p str, &'p str),
    /// What a component has beside its chart for its hooks, by the name of the file.
    Hook(&'p str, &'p str),
    /// A file of a bead.
    Bead(&'p str, BeadFile<'p>),
    /// The entry of a bead in Backstage's catalog.
    Entry(&'p str),
    /// A file of a bead's own entities in Backstage's catalog.
    Entities(&'p str, &'p str),
}

/// A file in the folder of a bead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BeadFile<'p> {
    /// The Bead document.
    Document,
    /// The lock of the bead.
    Lock,
    /// The Application of a part, by the name of the part.
    Application(&'p str),
    /// The namespace of the application, beside the Applications.
    Namespace,
    /// A right of Kyverno, beside the Applications.
    Right(&'p str),
    /// The Helm values of the application.
    Values,
    /// A file of the chart of the application.
    Chart(&'p str),
    /// A manifest of a part, by the name of the part and of its file.
    Manifest(&'p str, &'p str),
    /// The set that makes the Applications on spokes.
    SpokeSet,
    /// The Helm values of the application on spokes.
    SpokeValues,
    /// A file of the chart of the application on spokes.
    SpokeChart(&'p str),
    /// A manifest for spokes, by the name of their wave and of its file.
    OnSpokes(&'p str, &'p str),
}

impl<'p> RepoFile<'p> {
    /// What the file at this path is; `None` for one that is not a hub's.
    #[must_use]
    pub fn of(path: &'p str) -> Option<Self> {
        let parts: Vec<&str> = path.splitn(4, '/').collect();
        Some(match parts[..] {
            [HUB_FILE] => Self::Hub,
            [LOCK_FILE] => Self::Lock,
            [README] => Self::Readme,
            [ARGOCD, _, ..] => Self::Argocd(path.strip_prefix(ARGOCD)?.strip_prefix('/')?),
            [ROOT, "root.yaml"] => Self::Root,
            [ROOT, "apps", file] => Self::Application(stem(file)?),
            [ROOT, "projects", file] => Self::Project(stem(file)?),
            ["spokes", "probe", "configmap.yaml"] => Self::Probe,
            [ROOT, "crds", "beads.yaml"] => Self::BeadDefinition,
            [ROOT, "beads", file] => Self::BeadObject(stem(file)?),
            [COMPONENTS, name, "values.yaml"] => Self::Values(name),
            [COMPONENTS, name, CHART, file] => Self::Chart(name, file),
            [COMPONENTS, name, HOOKS, file] => Self::Hook(name, file),
            [BEADS, name, ..] => Self::Bead(name, BeadFile::of(&parts[2..])?),
            [BACKSTAGE, "beads", file] => Self::Entry(stem(file)?),
            [BACKSTAGE, "beads", name, file] => Self::Entities(name, file),
            _ => return None,
        })
    }

    /// Its path.
    #[must_use]
    pub fn path(self) -> String {
        match self {
            Self::Hub => HUB_FILE.to_owned(),
            Self::Lock => LOCK_FILE.to_owned(),
            Self::Readme => README.to_owned(),
            Self::Argocd(file) => format!("{ARGOCD}/{file}"),
            Self::Root => format!("{ROOT}/root.yaml"),
            Self::Application(name) => format!("{APPLICATIONS}/{name}.yaml"),
            Self::Project(name) => format!("{PROJECTS}/{name}.yaml"),
            Self::Probe => format!("{PROBE}/configmap.yaml"),
            Self::BeadDefinition => format!("{ROOT}/crds/beads.yaml"),
            Self::BeadObject(name) => format!("{ROOT}/beads/{name}.yaml"),
            Self::Values(name) => format!("{COMPONENTS}/{name}/values.yaml"),
            Self::Chart(name, file) => format!("{}/{file}", chart_of_component(name)),
            Self::Hook(name, file) => format!("{}/{file}", hooks_of_component(name)),
            Self::Bead(name, file) => format!("{}/{}", folder_of_bead(name), file.path()),
            Self::Entry(name) => format!("{CATALOG}/{name}.yaml"),
            Self::Entities(name, file) => format!("{CATALOG}/{name}/{file}"),
        }
    }
}

impl<'p> BeadFile<'p> {
    /// What the file is whose path in the folder of its bead has these parts.
    fn of(parts: &[&'p str]) -> Option<Self> {
        Some(match *parts {
            ["bead.yaml"] => Self::Document,
            ["lock.yaml"] => Self::Lock,
            ["values.yaml"] => Self::Values,
            [APPS, NAMESPACE] => Self::Namespace,
            [APPS, file] if file.starts_with(RIGHT) => Self::Right(stem(file)?.strip_prefix(RIGHT)?),
            [APPS, SPOKE_SET] => Self::SpokeSet,
            [APPS, file] => Self::Application(stem(file)?),
            [CHART, file] => Self::Chart(file),
            [SPOKES, "values.yaml"] => Self::SpokeValues,
            [SPOKES, inside] => match inside.split_once('/')? {
                (CHART, file) => Self::SpokeChart(file),
                (wave, file) => Self::OnSpokes(wave, file),
            },
            [part, file] => Self::Manifest(part, file),
            _ => return None,
        })
    }

    fn path(self) -> String {
        match self {
            Self::Document => "bead.yaml".to_owned(),
            Self::Lock => "lock.yaml".to_owned(),
            Self::Values => "values.yaml".to_owned(),
            Self::Application(part) => format!("{APPS}/{part}.yaml"),
            Self::Namespace => format!("{APPS}/{NAMESPACE}"),
            Self::Right(name) => format!("{APPS}/{RIGHT}{name}.yaml"),
            Self::Chart(file) => format!("{CHART}/{file}"),
            Self::Manifest(part, file) => format!("{part}/{file}"),
            Self::SpokeSet => format!("{APPS}/{SPOKE_SET}"),
            Self::SpokeValues => format!("{SPOKES}/values.yaml"),
            Self::SpokeChart(file) => format!("{SPOKES}/{CHART}/{file}"),
            Self::OnSpokes(wave, file) => format!("{SPOKES}/{wave}/{file}"),
        }
    }
}

/// The folder of a bead.
#[must_use]
pub fn folder_of_bead(name: &str) -> String {
    format!("{BEADS}/{name}")
}

/// The folder in which a bead has what comes to spokes: a folder for each wave, or the chart.
#[must_use]
pub fn folder_on_spokes(bead: &str) -> String {
    format!("{}/{SPOKES}", folder_of_bead(bead))
}

/// The folder of the chart of a component.
#[must_use]
pub fn chart_of_component(name: &str) -> String {
    format!("{COMPONENTS}/{name}/{CHART}")
}

/// The folder of the hooks of a component.
#[must_use]
pub fn hooks_of_component(name: &str) -> String {
    format!("{COMPONENTS}/{name}/{HOOKS}")
}

/// Whether a path is below a folder.
#[must_use]
pub fn is_below(folder: &str, path: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

fn stem(file: &str) -> Option<&str> {
    file.strip_suffix(".yaml")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_is_that_of_its_file() {
        for (file, path) in [
            (RepoFile::Hub, "hub.yaml"),
            (RepoFile::Lock, "lock.yaml"),
            (RepoFile::Readme, "README.md"),
            (RepoFile::Argocd("configmap-argocd-cm.yaml"), ARGOCD_CM),
            (RepoFile::Root, "root/root.yaml"),
            (RepoFile::Application("a"), "root/apps/a.yaml"),
            (RepoFile::Project("p"), "root/projects/p.yaml"),
            (RepoFile::Probe, "spokes/probe/configmap.yaml"),
            (RepoFile::BeadDefinition, "root/crds/beads.yaml"),
            (RepoFile::BeadObject("b"), "root/beads/b.yaml"),
            (RepoFile::Values("c"), "components/c/values.yaml"),
            (RepoFile::Chart("c", "templates/x.yaml"), "components/c/chart/templates/x.yaml"),
            (RepoFile::Hook("c", "job-c-x.yaml"), "components/c/hooks/job-c-x.yaml"),
            (RepoFile::Bead("b", BeadFile::Document), "beads/b/bead.yaml"),
            (RepoFile::Bead("b", BeadFile::Lock), "beads/b/lock.yaml"),
            (RepoFile::Bead("b", BeadFile::Values), "beads/b/values.yaml"),
            (RepoFile::Bead("b", BeadFile::Application("apis")), "beads/b/apps/apis.yaml"),
            (RepoFile::Bead("b", BeadFile::Namespace), "beads/b/apps/namespace.yaml"),
            (RepoFile::Bead("b", BeadFile::Right("role")), "beads/b/apps/right-role.yaml"),
            (RepoFile::Bead("b", BeadFile::Chart("Chart.yaml")), "beads/b/chart/Chart.yaml"),
            (RepoFile::Bead("b", BeadFile::Manifest("apis", "xrd-x.yaml")), "beads/b/apis/xrd-x.yaml"),
            (RepoFile::Bead("b", BeadFile::SpokeSet), "beads/b/apps/spokes.yaml"),
            (RepoFile::Bead("b", BeadFile::SpokeValues), "beads/b/spokes/values.yaml"),
            (RepoFile::Bead("b", BeadFile::SpokeChart("templates/x.yaml")), "beads/b/spokes/chart/templates/x.yaml"),
            (
                RepoFile::Bead("b", BeadFile::OnSpokes("rest", "configmap-x.yaml")),
                "beads/b/spokes/rest/configmap-x.yaml",
            ),
            (RepoFile::Entry("b"), "backstage/beads/b.yaml"),
            (RepoFile::Entities("b", "more/x.yaml"), "backstage/beads/b/more/x.yaml"),
        ] {
            assert_eq!(file.path(), path);
            assert_eq!(RepoFile::of(path), Some(file), "{path}");
        }
    }

    #[test]
    fn a_file_of_nobody_is_none() {
        for path in [
            "",
            "a.yaml",
            "argocd",
            "root/apps/a.txt",
            "root/x.yaml",
            "components/c/x",
            "beads/b",
            "beads/b/x",
            "beads/b/spokes/x",
        ] {
            assert_eq!(RepoFile::of(path), None, "{path}");
        }
    }

    #[test]
    fn a_folder_is_no_prefix_of_a_name() {
        assert!(is_below("root", "root/root.yaml"));
        assert!(!is_below("root", "rooted/x") && !is_below("root", "root"));
    }
}
