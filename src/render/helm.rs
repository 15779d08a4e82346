//! A chart in the hub repository, as Argo CD renders it: by Helm, where Helm is at hand.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::files::{Snapshot, Tree};
use crate::hub_repository::layout::is_below;
use crate::object::{annotation, str_at, strings};
use crate::process::{Program, TemporaryFolder, on_path};
use crate::report::{Failure, Outcome};
use crate::words::argo;
use crate::yaml;

const HELM: &str = "helm";
/// Where the values are put beside the chart.
const VALUES: &str = "values.yaml";
/// What Helm runs at a moment of a release, and never keeps as a part of it.
pub(super) const HOOK: &str = "helm.sh/hook";
/// What Helm writes above what it made of a template.
const MADE_OF: &str = "# Source: ";
/// Where Helm keeps what it remembers and looks for plugins.
const HOMES: [&str; 8] = [
    "HOME",
    "HELM_CACHE_HOME",
    "HELM_CONFIG_HOME",
    "HELM_DATA_HOME",
    "HELM_PLUGINS",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
];
/// How long a chart may take. Rendering is a matter of a second or two; a template can go on for ever.
const PATIENCE: Duration = Duration::from_secs(60);

/// A chart in the hub repository with what it is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HelmRelease {
    /// The files of the chart.
    pub chart: Tree,
    /// The values that the hub repository gives it.
    pub values: Vec<u8>,
    /// The name of the release.
    pub name: String,
    /// The namespace that it is deployed to.
    pub namespace: String,
}

/// The cluster that a chart is rendered for. Where nothing is known of it, it is the one that Helm thinks of.
#[derive(Debug, Clone, Default)]
pub struct Capabilities {
    /// The version of the API server.
    pub version: String,
    /// What it serves, as `group/version/Kind`.
    pub apis: Vec<String>,
}

/// What Helm made of a template.
#[derive(Debug, Clone)]
pub struct Made {
    /// The objects, those in lists, too.
    pub objects: Vec<Value>,
    /// The path of the template, from the name of the chart on.
    pub template: String,
    /// The text that has the objects.
    pub text: String,
}

/// Whether Helm is there to render charts; why not.
pub fn helm_at_hand() -> Result<(), String> {
    if on_path(HELM) { Ok(()) } else { Err("`helm` is not on PATH".to_owned()) }
}

impl HelmRelease {
    /// The chart of an Application, where these files have it and all that it is given; else why they do not.
    pub(crate) fn of(application: &Value, files: &Snapshot) -> Result<Self, &'static str> {
        let first = application.pointer("/spec/sources/0").filter(|it| is_kept_here(it));
        let source = first.or_else(|| application.pointer("/spec/source")).ok_or("its chart comes from elsewhere")?;
        if !is_as_we_render_it(source) {
            return Err("the Application has settings of its own");
        }
        let folder = str_at(source, "/path");
        let mut chart = Tree::default();
        for (path, bytes) in files.iter().filter(|(path, _)| is_below(folder, path)) {
            let below = path.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/')).unwrap_or_default();
            let bytes = bytes.as_ref().ok_or("a file of its chart is a link")?;
            chart.insert(below, bytes).map_err(|_| "a file of its chart has a path of its own kind")?;
        }
        chart.get("Chart.yaml").ok_or("its chart is a folder of people's")?;
        Ok(Self {
            chart,
            values: Self::values_of(application, files).ok_or("its values are not there")?,
            name: str_at(source, "/helm/releaseName").to_owned(),
            namespace: str_at(application, "/spec/destination/namespace").to_owned(),
        })
    }

    /// The values that the hub repository gives a chart, wherever that is.
    pub(crate) fn values_of(application: &Value, files: &Snapshot) -> Option<Vec<u8>> {
        let source = application.pointer("/spec/sources/0").or_else(|| application.pointer("/spec/source"))?;
        let path = strings(source, "/helm/valueFiles").next()?.trim_start_matches("$values").trim_start_matches('/');
        files.get(path)?.as_deref().map(<[u8]>::to_vec)
    }

    /// What Argo CD makes of it on such a cluster and keeps; the reason where that cannot be told here.
    pub async fn objects(&self, on: &Capabilities, deadline: Instant) -> Outcome<Result<Vec<Value>, String>> {
        let all = self.rendered(on, deadline).await?;
        let kept = |object: &Value| annotation(object, HOOK).is_none();
        Ok(all.map(|all| all.into_iter().flat_map(|made| made.objects).filter(kept).collect()))
    }

    /// The same with what it makes for a while only, at a moment of a release. Tests of Helm it does not run.
    pub async fn with_hooks(&self, on: &Capabilities, deadline: Instant) -> Outcome<Result<Vec<Made>, String>> {
        let mut all = self.rendered(on, deadline).await?;
        all.iter_mut().flatten().for_each(|made| made.objects.retain(|object| !is_test(object)));
        Ok(all)
    }

    /// The chart is a stranger's, so Helm has a home of its own that is empty, and nothing of the settings and plugins of
    /// whoever runs it. Without a cluster and with the charts that are there it asks nobody.
    async fn rendered(&self, on: &Capabilities, deadline: Instant) -> Outcome<Result<Vec<Made>, String>> {
        let home = TemporaryFolder::new("helm")?;
        let chart = home.path().join("chart");
        self.chart.iter().try_for_each(|(path, bytes)| write(&chart.join(path), bytes))?;
        let values = home.path().join(VALUES);
        write(&values, &self.values)?;
        let args = ["template", self.name.as_str(), "chart", "--values", VALUES, "--include-crds"];
        let place = ["--namespace", self.namespace.as_str()];
        let version = (!on.version.is_empty()).then_some(["--kube-version", on.version.as_str()]);
        let apis = on.apis.iter().flat_map(|api| ["--api-versions", api.as_str()]);
        let program = HOMES.iter().fold(Program::new(HELM).dir(home.path()), |program, key| {
            let folder = home.path().join("home").join(key);
            program.env(key, folder)
        });
        let program = program.args(args).args(place).args(version.into_iter().flatten()).args(apis);
        let ended = match program.run(deadline.min(Instant::now() + PATIENCE)).await {
            Ok(ended) => ended,
            Err(failure) => return Ok(Err(failure.message)),
        };
        if !ended.status.success() {
            let why = ended.stderr.lines().find(|line| line.contains("Error")).unwrap_or("helm template failed");
            return Ok(Err(why.to_owned()));
        }
        Ok(made(&String::from_utf8_lossy(&ended.stdout)))
    }
}

/// What Helm made, by template. It begins each with a line that names the template, behind one that ends what is above.
fn made(all: &str) -> Result<Vec<Made>, String> {
    let (all, between) = (format!("\n{all}"), format!("\n---\n{MADE_OF}"));
    let of_template = |(at, part): (usize, &str)| {
        let (template, text) = part.split_once('\n').filter(|_| at > 0).unwrap_or(("", part));
        let objects = yaml::manifests(&format!("what Helm made of {template}"), text);
        let objects = flat(objects.map_err(|failure| failure.message)?);
        Ok(Made { objects, template: template.trim().to_owned(), text: text.to_owned() })
    };
    all.split(&between).enumerate().map(of_template).collect()
}

/// Whether Argo CD leaves an object alone, as a test of Helm. Where it has a hook of Argo CD's own, that one counts
/// (gitops-engine `pkg/sync/hook/hook.go`).
fn is_test(object: &Value) -> bool {
    let has_own = object.pointer("/metadata/annotations").is_some_and(|all| all.get(argo::HOOK).is_some());
    let are_tests = |hooks: &str| hooks.split(',').all(|it| it.trim().starts_with("test"));
    !has_own && annotation(object, HOOK).is_some_and(are_tests)
}

/// The objects in lists, too, as Argo CD takes them.
fn flat(objects: Vec<Value>) -> Vec<Value> {
    let single = |object: Value| match object.get("items").and_then(Value::as_array) {
        Some(items) => items.clone(),
        None => vec![object],
    };
    objects.into_iter().flat_map(single).filter(Value::is_object).collect()
}

/// Whether this source of several is a chart in the hub repository: values of its own repository have no name before them.
pub(crate) fn is_kept_here(source: &Value) -> bool {
    strings(source, "/helm/valueFiles").all(|file| file.starts_with('/')) && !str_at(source, "/path").is_empty()
}

/// Whether Helm is given no more than the name and the one file of values that we render; people may have added more.
fn is_as_we_render_it(source: &Value) -> bool {
    let settings = source.get("helm").and_then(Value::as_object);
    settings.is_some_and(|all| all.keys().all(|key| ["releaseName", "valueFiles"].contains(&key.as_str())))
        && strings(source, "/helm/valueFiles").count() == 1
}

fn write(path: &Path, bytes: &[u8]) -> Outcome<()> {
    let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
    folder
        .and_then(|()| fs::write(path, bytes))
        .map_err(|error| Failure::failed(format!("failed to write {}, which Helm reads: {error}", path.display())))
}
