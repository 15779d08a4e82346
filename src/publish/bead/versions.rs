//! New versions against the ranges that installed beads name: of a bead, and of what the hub runs. Pure.

use std::collections::BTreeMap;

use crate::document::{Bead, Component, ComponentImage, Hub, HubClaims, fits, read_hub_as_it_is};
use crate::files::Snapshot;
use crate::hub_repository::bead::{Beads, Installed, installed};
use crate::hub_repository::layout::{BeadFile, HUB_FILE, LOCK_FILE, RepoFile};
use crate::hub_repository::{HubLock, LockedAsset};
use crate::object::str_at;
use crate::report::Outcome;
use crate::schema::ImageReference;
use crate::vendor::is_same;
use crate::yaml;

/// The description of a chart.
const CHART: &str = "Chart.yaml";

/// The beads that need this one, but not in this version, a line each.
#[must_use]
pub fn outgrown(beads: &Beads, bead: &Bead) -> Vec<String> {
    let (name, version) = (&bead.metadata.name, &bead.spec.version);
    let mut lines = Vec::new();
    for (other, there) in beads.iter().filter(|(other, _)| *other != name) {
        let needs = there.bead.spec.depends_on.iter().filter(|need| need.bead == *name && !need.takes(version));
        let has = &there.bead.spec.version;
        lines.extend(needs.map(|need| {
            let range = need.version.as_deref().unwrap_or("*");
            format!("bead {other} {has} depends on bead {name} {range}, and this is {version}")
        }));
    }
    lines
}

/// What a hub runs, as its repository tells.
#[derive(Debug)]
pub struct Runs {
    hub: Hub,
    assets: Vec<LockedAsset>,
    /// The charts in the repository, by component.
    charts: BTreeMap<String, ChartVersions>,
}

/// What a chart says of versions.
#[derive(Debug)]
struct ChartVersions {
    /// Its own.
    chart: String,
    /// That of the program that it deploys.
    program: String,
}

/// What the versions of a new render mean to the beads of a hub.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Foreseen {
    /// What a bead cannot live with, a line each.
    pub unfit: Vec<String>,
    /// What cannot be held against a bead, a line each.
    pub unknown: Vec<String>,
}

/// What is known of the version of a program before it runs.
#[derive(PartialEq)]
enum Version<'h> {
    /// The hub does not bring it.
    Absent,
    /// This one.
    Is(String),
    /// The version of the chart of this component, which is another matter.
    OfChart(&'h Component),
}

impl Runs {
    /// Reads the Hub document, the lock and the charts of a hub repository; `None` where it has no document or lock.
    pub fn read<'f>(file: impl Fn(&str) -> Option<&'f [u8]>) -> Outcome<Option<Self>> {
        let Some((document, lock)) = file(HUB_FILE).zip(file(LOCK_FILE)) else { return Ok(None) };
        let hub = read_hub_as_it_is("hub.yaml of the hub repository", &String::from_utf8_lossy(document))?;
        let chart = |component: &Component| {
            let path = RepoFile::Chart(&component.name, CHART).path();
            Some((component.name.clone(), ChartVersions::read(file(&path)?)?))
        };
        let charts = hub.spec.components.iter().filter_map(chart).collect();
        Ok(Some(Self { charts, assets: HubLock::read(lock)?.assets, hub }))
    }

    /// The claims of the hub.
    #[must_use]
    pub fn claims(&self) -> Option<&HubClaims> {
        self.hub.spec.claims.as_ref()
    }

    /// The programs of the hub, as their charts or assets are called, each with its version as far as the files tell it. That of a
    /// chart from elsewhere is none of its program.
    #[must_use]
    pub fn programs(&self) -> BTreeMap<String, Option<String>> {
        let argocd = ("argocd".to_owned(), Some(self.hub.spec.argocd.version.clone()));
        let of_component = |component: &Component| {
            let name = program(component).to_owned();
            let version = match self.version_of(component, &name) {
                Version::Is(version) => Some(version),
                Version::Absent | Version::OfChart(_) => None,
            };
            (name, version)
        };
        self.hub.spec.components.iter().map(of_component).chain([argocd]).collect()
    }

    /// The programs of its components, each with the Application that deploys it.
    pub fn deployed(&self) -> impl Iterator<Item = (String, String)> {
        self.hub.spec.components.iter().map(|it| (program(it).to_owned(), it.name.clone()))
    }

    /// What this is to the beads, as far as it was not so before: a run that changes nothing is in nobody's way.
    #[must_use]
    pub fn foresee(&self, before: Option<&Self>, beads: &Beads) -> Foreseen {
        let mut foreseen = Foreseen::default();
        for (name, installed) in beads {
            let requires = &installed.bead.spec.requires;
            for (program, range) in
                [("Argo CD", &requires.argocd), ("Crossplane", &requires.crossplane), ("Kyverno", &requires.kyverno)]
            {
                let Some(range) = range else { continue };
                let version = self.version(program);
                if before.is_some_and(|before| before.version(program) == version) {
                    continue;
                }
                match version {
                    Version::Is(version) if fits(&version, range) != Some(true) => {
                        foreseen.unfit.push(format!("bead {name} requires {program} {range}, and this is {version}"));
                    }
                    Version::OfChart(component) => foreseen.unknown.push(format!(
                        "bead {name} requires {program} {range}; which one the chart of component {} brings is not known \
                         before it runs",
                        component.name
                    )),
                    Version::Absent if before.is_some() => foreseen.unfit.push(format!(
                        "bead {name} requires {program} {range}, which the hub would not bring any more"
                    )),
                    Version::Is(_) | Version::Absent => {}
                }
            }
            let gone = requires
                .backstage
                .iter()
                .flat_map(|it| &it.actions)
                .filter(|action| before.is_none_or(|before| before.offers(action)) && !self.offers(action));
            foreseen.unfit.extend(gone.map(|action| {
                format!("bead {name} requires the scaffolder action {action}, which `spec.backstage.actions` lacks now")
            }));
        }
        foreseen
    }

    fn offers(&self, action: &str) -> bool {
        self.hub.spec.backstage.iter().flat_map(|it| &it.actions).any(|it| it == action)
    }

    /// The version of a program that beads require. Of one that a chart deploys the image tells, else the lock, unless it has
    /// the version of the chart: then the chart tells.
    fn version(&self, program: &str) -> Version<'_> {
        if program == "Argo CD" {
            return Version::Is(self.hub.spec.argocd.version.clone());
        }
        let name = program.to_lowercase();
        let is_it = |it: &&Component| {
            [Some(&it.name), it.chart.locked.as_ref(), it.chart.name.as_ref()]
                .into_iter()
                .flatten()
                .any(|it| *it == name)
        };
        let Some(component) = self.hub.spec.components.iter().find(is_it) else { return Version::Absent };
        self.version_of(component, &name)
    }

    fn version_of<'h>(&'h self, component: &'h Component, name: &str) -> Version<'h> {
        let of_image = image_version(&component.images, name);
        let locked = || self.assets.iter().find(|it| Some(&it.name) == component.chart.locked.as_ref());
        let of_chart = |locked: &LockedAsset| {
            let chart = self.charts.get(&component.name).filter(|it| is_same(&it.chart, &locked.version));
            chart.and_then(ChartVersions::of_program)
        };
        match of_image.or_else(|| locked().map(|it| of_chart(it).unwrap_or(&it.version).to_owned())) {
            Some(version) => Version::Is(version),
            None => Version::OfChart(component),
        }
    }
}

impl ChartVersions {
    fn read(text: &[u8]) -> Option<Self> {
        let chart = yaml::manifests(CHART, std::str::from_utf8(text).ok()?).ok()?.into_iter().next()?;
        let [chart, program] = ["/version", "/appVersion"].map(|field| str_at(&chart, field).to_owned());
        Some(Self { chart, program })
    }

    /// The version of the program; none where it is no version, or one that only a release fills in, as 0.0.1 in the source
    /// tree of Crossplane.
    fn of_program(&self) -> Option<&str> {
        let is_filled_in = !self.program.trim_start_matches('v').starts_with("0.0.");
        Some(self.program.as_str()).filter(|it| is_filled_in && fits(it, "*").is_some())
    }
}

/// The programs that the files of a hub repository bring, each with its version as far as they tell it.
pub fn programs(files: &Snapshot) -> Outcome<BTreeMap<String, Option<String>>> {
    let file = |path: &str| files.get(path).and_then(Option::as_deref);
    let of_bead = |it: &Installed| {
        let (program, version) = program_of(&it.bead)?;
        let of_chart = || {
            let path = RepoFile::Bead(&it.bead.metadata.name, BeadFile::Chart(CHART)).path();
            ChartVersions::read(file(&path)?)?.of_program().map(str::to_owned)
        };
        Some((program, version.or_else(of_chart)))
    };
    let mut programs: BTreeMap<String, Option<String>> = installed(files)?.values().filter_map(of_bead).collect();
    programs.extend(Runs::read(file)?.iter().flat_map(Runs::programs));
    Ok(programs)
}

/// The program that a component deploys, as its chart is called.
fn program(component: &Component) -> &str {
    component.chart.program().unwrap_or(&component.name)
}

/// The version of a program, by the tag of the image that has its name.
fn image_version(images: &[ComponentImage], program: &str) -> Option<String> {
    let images = images.iter().filter_map(|it| ImageReference::parse(&it.image));
    let mut tags = images.filter(|it| it.repository.ends_with(&format!("/{program}"))).filter_map(|it| it.tag);
    tags.find(|tag| fits(tag, "*").is_some())
}

/// The program that a bead deploys as a chart, with its version as far as its document tells it.
#[must_use]
pub fn program_of(bead: &Bead) -> Option<(String, Option<String>)> {
    let application = &bead.spec.application;
    let chart = application.chart.as_ref()?;
    let program = chart.program()?.to_owned();
    let version = image_version(&application.images, &program);
    Some((program, version))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::read_bead;
    use crate::hub_repository::bead::Installed;

    const REMOTE: &str = "chart: {repository: 'https://charts.example.org', name: crossplane, version: 2.1.0}";

    fn beads(spec: &str) -> Beads {
        let text = format!(
            "apiVersion: backstack.dev/v1alpha1\nkind: Bead\nmetadata: {{name: b}}\nspec:\n  version: 1.0.0\n  \
             application: {{namespace: b, manifests: app}}\n  crossplane: {{}}\n  {spec}\n"
        );
        let bead = read_bead("bead.yaml", &text).unwrap_or_else(|failure| panic!("{}", failure.render()));
        BTreeMap::from([("b".to_owned(), Installed { bead, parts: Vec::new() })])
    }

    /// A hub with this Argo CD, and with Crossplane as this component has it.
    fn runs(argocd: &str, crossplane: &str, locked: &str) -> Runs {
        let document = format!(
            "apiVersion: backstack.dev/v1alpha1\nkind: Hub\nmetadata: {{name: demo}}\nspec:\n  argocd: {{version: \
             {argocd}}}\n  components: [{{name: xp, namespace: xp, {crossplane}}}]\n  backstage: {{actions: ['a:{argocd}']}}\n"
        );
        let lock = format!(
            "apiVersion: backstack.dev/v1alpha1\nkind: HubLock\ntool: 0.1.0\nclusterUid: u\nassets: [{{name: crossplane, \
             version: {locked}, sha256: 'sha256:{}'}}]\nfiles: {{}}\n",
            "0".repeat(64)
        );
        runs_of(&document, &lock, "")
    }

    fn runs_of(document: &str, lock: &str, chart: &str) -> Runs {
        let file = |path: &str| match path {
            HUB_FILE => Some(document.as_bytes()),
            LOCK_FILE => Some(lock.as_bytes()),
            "components/xp/chart/Chart.yaml" => Some(chart.as_bytes()),
            _ => None,
        };
        Runs::read(file).unwrap_or_else(|failure| panic!("{}", failure.render())).expect("a hub")
    }

    /// The lock has the version of the chart where that is what was downloaded, and of the project where it is its source tree.
    #[test]
    fn the_chart_tells_the_version_of_its_program_where_the_lock_has_that_of_the_chart() {
        let document = "apiVersion: backstack.dev/v1alpha1\nkind: Hub\nmetadata: {name: demo}\nspec:\n  argocd: {version: 3.6.1}\n  \
            components: [{name: xp, namespace: xp, chart: {locked: kyverno}}]\n";
        for (locked, chart, app, told) in [
            ("3.9.1", "3.9.1", "v1.19.1", "v1.19.1"),
            ("1.19.1", "3.9.1", "v1.19.0", "1.19.1"),
            ("2.1.0", "0.0.1", "0.0.1", "2.1.0"),
            ("0.0.1", "0.0.1", "0.0.1", "0.0.1"),
            ("3.9.1", "3.9.1", "latest", "3.9.1"),
        ] {
            let lock = format!(
                "apiVersion: backstack.dev/v1alpha1\nkind: HubLock\ntool: 0.1.0\nclusterUid: u\nassets: [{{name: kyverno, version: \
                 {locked}, sha256: 'sha256:{}'}}]\nfiles: {{}}\n",
                "0".repeat(64)
            );
            let chart = format!("name: kyverno\nversion: {chart}\nappVersion: {app}\n");
            let programs = runs_of(document, &lock, &chart).programs();
            assert_eq!(programs["kyverno"].as_deref(), Some(told), "{locked} {chart}");
        }
    }

    #[test]
    fn only_a_new_version_that_does_not_fit_is_unfit() {
        let beads = beads(
            "requires: {argocd: '>=3.6, <4', crossplane: '>=2, <3', backstage: {actions: ['a:3.6.1']}}\n  \
                           backstage: {locations: ['https://x.example.org']}",
        );
        let image = "chart: {locked: crossplane}, images: [{image: 'r.example.org/up/crossplane:v3.0.0', values: {repository: \
                     i}}]";
        let locked = "chart: {locked: crossplane}";
        let before = runs("3.6.1", locked, "2.1.0");
        let unfit = |after: &Runs| after.foresee(Some(&before), &beads).unfit;
        assert_eq!(unfit(&runs("3.6.1", locked, "2.2.0")), [""; 0]);
        assert_eq!(unfit(&runs("3.6.1", locked, "3.0.0")), ["bead b requires Crossplane >=2, <3, and this is 3.0.0"]);
        assert_eq!(unfit(&runs("3.6.1", image, "2.1.0")), ["bead b requires Crossplane >=2, <3, and this is v3.0.0"]);
        assert_eq!(
            unfit(&runs("4.0.0", locked, "2.1.0")),
            [
                "bead b requires Argo CD >=3.6, <4, and this is 4.0.0",
                "bead b requires the scaffolder action a:3.6.1, which `spec.backstage.actions` lacks now"
            ]
        );
        let broken = runs("4.0.0", locked, "3.0.0");
        assert_eq!(broken.foresee(Some(&broken), &beads), Foreseen::default(), "nothing is new");
        assert_eq!(broken.foresee(None, &beads).unfit.len(), 3);
    }

    #[test]
    fn a_program_that_leaves_the_hub_is_unfit_and_one_that_it_never_brought_is_not() {
        let beads = beads("requires: {crossplane: '>=2'}");
        let with = runs("3.6.1", "chart: {locked: crossplane}", "2.1.0");
        let without = runs("3.6.1", "chart: {locked: other}", "2.1.0");
        assert_eq!(
            without.foresee(Some(&with), &beads).unfit,
            ["bead b requires Crossplane >=2, which the hub would not bring any more"]
        );
        // A bead may bring it.
        assert_eq!(without.foresee(Some(&without), &beads), Foreseen::default());
        assert_eq!(without.foresee(None, &beads), Foreseen::default());
    }

    #[test]
    fn the_version_of_a_chart_is_not_taken_for_that_of_its_program() {
        let beads = beads("requires: {crossplane: '>=1, <2'}");
        let (locked, remote) =
            (runs("3.6.1", "chart: {locked: crossplane}", "1.20.0"), runs("3.6.1", REMOTE, "1.20.0"));
        let foreseen = remote.foresee(Some(&locked), &beads);
        assert_eq!(foreseen.unfit, [""; 0]);
        assert!(foreseen.unknown.len() == 1 && foreseen.unknown[0].contains("component xp"), "{foreseen:?}");
        assert_eq!(remote.foresee(Some(&remote), &beads), Foreseen::default());
    }
}
