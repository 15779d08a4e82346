//! A chart of a Helm repository or of a registry: what its archive is goes into the lock, and the documents take it from there; one
//! that Argo CD fetches from a registry gets its version and digest.

use super::asset::{as_found, demand_the_same, digests, lines_of, tell, write_asset};
use super::folder::{Folder, locked_chart};
use super::plan::Plan;
use super::text_file::TextFile;
use super::upstream::{Upstream, chart_reference};
use super::ways::Ways;
use crate::document::{Asset, AssetForm};
use crate::report::{Failure, Outcome};
use crate::schema::{ImageReference, address, closest, is_dns_label};
use crate::vendor::fetch::OCI;
use crate::vendor::helm_index::{Published, published};
use crate::yaml::Node;

/// A chart, and where it comes from.
pub struct ChartOf<'a> {
    /// Its name.
    pub name: &'a str,
    /// The address of the repository.
    pub repository: &'a str,
    /// The version that it moves from; any where none is named.
    pub from: Option<&'a str>,
}

impl ChartOf<'_> {
    /// Who tells its versions.
    pub fn upstream(&self) -> Outcome<Upstream> {
        let repository = self.repository.trim_end_matches('/').to_owned();
        if let Some((what, _)) = address::secret_in(&repository) {
            return Err(Failure::usage(format!("there is {what}: that of --repository"))
                .hint("give the login by `--netrc-file`, or by `--mirror` and `--mirror-login`"));
        }
        if repository.starts_with(OCI) {
            return Ok(Upstream::Tags(self.reference("0.0.0")?));
        }
        if repository.starts_with("https://") || repository.starts_with("http://") {
            return Ok(Upstream::Index { repository, chart: self.name.to_owned() });
        }
        Err(Failure::usage(format!("`{}` is no address of charts", address::shown(self.repository)))
            .hint("write `https://HOST/PATH` of a Helm repository, or `oci://REGISTRY/PATH`"))
    }

    fn reference(&self, version: &str) -> Outcome<ImageReference> {
        chart_reference(self.repository, self.name, version).map_err(|text| {
            Failure::usage(format!("{OCI}{text} is no address of a chart"))
                .hint("write `oci://REGISTRY/PATH`, in small letters")
        })
    }
}

/// Pins a chart in a version.
pub async fn pin(folder: &Folder, of: &ChartOf<'_>, version: &str, ways: &Ways, plan: &mut Plan) -> Outcome<()> {
    match of.upstream()? {
        Upstream::Tags(_) => from_registry(folder, of, version, ways, plan).await,
        _ => from_index(folder, of, version, ways, plan).await,
    }
}

async fn from_index(folder: &Folder, of: &ChartOf<'_>, version: &str, ways: &Ways, plan: &mut Plan) -> Outcome<()> {
    ways.demand_closed(of.repository)?;
    let (mirror, scratch) = (ways.mirror.as_deref(), ways.scratch.path());
    let all = published(of.repository, of.name, mirror, &ways.login, scratch, Ways::deadline()).await?;
    let version = version.trim_start_matches('v');
    let is_it = |it: &&Published| it.version.trim_start_matches('v') == version;
    let Some(entry) = all.iter().find(is_it) else {
        let known: Vec<&str> = all.iter().map(|it| it.version.as_str()).collect();
        let failure = Failure::failed(format!(
            "{} has no {} {version}; nothing was changed",
            address::shown(of.repository),
            of.name
        ));
        return Err(match closest(version, &known) {
            Some(near) => failure.hint(format!("did you mean {near}?")),
            None => failure.hint("`backstack outdated` tells which versions there are"),
        });
    };
    if entry.url.is_none() {
        let shown = address::shown(of.repository);
        return Err(Failure::failed(format!(
            "{shown} names no web server that has the archive of {} {version}; nothing was changed",
            of.name
        ))
        .hint(format!("give the registry that has it: `--repository {OCI}REGISTRY/PATH`")));
    }
    let repository = Some(of.repository.trim_end_matches('/').to_owned());
    locked(folder, of, version, entry, repository, ways, plan).await?;
    for file in folder.documents() {
        for node in charts(file).filter(|it| is_of(it, "repository", of)) {
            let locked = ("locked", of.name);
            let changes = file.document.replace_keys(node, "repository", locked, &["name", "version", "digest"])?;
            for change in changes {
                plan.change(&file.name, change);
            }
        }
    }
    Ok(())
}

async fn from_registry(folder: &Folder, of: &ChartOf<'_>, version: &str, ways: &Ways, plan: &mut Plan) -> Outcome<()> {
    let reference = of.reference(version)?;
    let all = folder.documents().flat_map(|file| charts(file).map(move |node| (file, node)));
    let uses: Vec<_> = all.filter(|(_, node)| is_of(node, "oci", of)).collect();
    if uses.is_empty() {
        let entry = Published { version: version.to_owned(), url: Some(format!("{OCI}{reference}")), digest: None };
        return locked(folder, of, version.trim_start_matches('v'), &entry, None, ways, plan).await;
    }
    let digest = ways.registry().manifest(&reference).await?.digest;
    for (file, node) in uses {
        let at = |key: &str| node.get(key).and_then(Node::text).unwrap_or_default();
        let is_same = at("version") == version;
        if is_same && !["", &digest].contains(&at("digest")) && !ways.repin {
            return Err(moved(&reference, at("digest"), &digest));
        }
        plan.tell("pin", format!("{} {version}, from {OCI}{reference} ({})", of.name, file.at(node)));
        plan.tell("digest", format!("{digest} of its manifest in the registry"));
        for (key, value) in [("version", version), ("digest", &digest)] {
            if at(key) != value {
                plan.change(&file.name, file.document.set_key(node, key, value)?);
            }
        }
    }
    Ok(())
}

/// A tag that has become another thing.
pub fn moved(reference: &ImageReference, pinned: &str, now: &str) -> Failure {
    Failure::refused(format!("{reference} is another one than it was; nothing was changed"))
        .details([format!("pinned:   {pinned}"), format!("registry: {now}")])
        .hint("somebody has moved the tag: where that was meant to be, add `--repin`")
}

/// Writes the archive of a chart into the lock.
async fn locked(
    folder: &Folder,
    of: &ChartOf<'_>,
    version: &str,
    entry: &Published,
    repository: Option<String>,
    ways: &Ways,
    plan: &mut Plan,
) -> Outcome<()> {
    if !is_dns_label(of.name) {
        return Err(Failure::usage(format!("`{}` cannot be the name of a pin", of.name))
            .hint("names in lock.yaml have small letters, digits and `-`"));
    }
    let wanted = asset(of.name, version, entry, repository.as_deref())?;
    let (found, origin) = ways.fetch(&wanted).await?;
    let wanted = as_found(wanted, &found);
    if let (Some(told), Some(download)) = (&entry.digest, &wanted.download)
        && *told != download.sha256
    {
        let message = format!(
            "the archive of {} {version} has the digest {}, and its index says {told}; nothing was changed",
            of.name, download.sha256
        );
        return Err(
            Failure::failed(message).hint("the index or the archive is not what was published: ask who keeps them")
        );
    }
    match folder.assets().find(|(_, it, _)| it.name == of.name && it.form == AssetForm::Chart) {
        Some((_, before, _)) if before.module.is_some() => {
            return Err(Failure::usage(format!("lock.yaml pins {} by a Go module; nothing was changed", of.name))
                .hint(format!(
                    "write `backstack pin {}@{version}` for that, or take its entry out of lock.yaml first",
                    of.name
                )));
        }
        Some((file, before, node)) => {
            demand_the_same(before, &wanted, ways)?;
            write_asset(&file.document, node, &wanted, plan)?;
            tell(before, &wanted, &found, &origin, plan);
            return Ok(());
        }
        None => plan.add_to_lock(lines_of(&wanted)),
    }
    plan.tell("pin", format!("{} {version}, from {origin}", of.name));
    digests(&wanted, &found, plan);
    let takes = |file: &TextFile| file.parts().into_iter().any(|part| locked_chart(part) == Some(of.name));
    let names = |file: &TextFile| charts(file).any(|it| is_of(it, "repository", of));
    if !folder.documents().any(|file| takes(file) || names(file)) {
        plan.tell("unused", format!("no document takes it yet: write `chart: {{locked: {}}}`", of.name));
    }
    Ok(())
}

/// A chart in a lock, of which only the download is not known yet.
fn asset(name: &str, version: &str, entry: &Published, repository: Option<&str>) -> Outcome<Asset> {
    let fields = serde_json::json!({
        "name": name, "type": "chart", "version": version, "sha256": "", "url": entry.url, "repository": repository,
    });
    serde_json::from_value(fields)
        .map_err(|error| Failure::failed(format!("{name} {version} cannot be pinned: {error}")))
}

fn charts(file: &TextFile) -> impl Iterator<Item = &Node> {
    file.parts().into_iter().filter_map(|part| part.get("chart"))
}

/// Whether a chart comes from there by this key.
fn is_of(chart: &Node, key: &str, of: &ChartOf<'_>) -> bool {
    let at = |key: &str| chart.get(key).and_then(Node::text).map(|it| it.trim_end_matches('/'));
    let is_moved = of.from.is_none_or(|from| at("version") == Some(from));
    is_moved && at("name") == Some(of.name) && at(key) == Some(of.repository.trim_end_matches('/'))
}
