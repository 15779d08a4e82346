//! `bead check`: what of a bead can be looked at without a hub, and what is left to servers.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::chart::{look_at_charts, tell as tell_of_chart};
use super::files::{BeadFiles, parameters};
use super::render::{claims_somewhere, somewhere};
use crate::document::{Bead, BeadParameter, Chart, Shape, bare_ranges, doubt_of_chart};
use crate::render::bead::{BeadInput, Piece, RenderedBead, Written};
use crate::render::{self, Capabilities};
use crate::report::{Console, Diagnostic, Outcome, answer, counted};
use crate::upgrade::going;

/// How long Helm may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Reads document and content, renders them, and holds them against the bead's permissions. Says what the bead can do
/// beyond them.
pub async fn check(folder: &Path, given: &[String], as_json: bool, console: &Console) -> Outcome<()> {
    let files = BeadFiles::read_what_is_there(folder)?;
    for download in &files.missing {
        console.say(format!("warning: the download {download} is not in assets/; `backstack vendor` brings it"));
    }
    let input = input(&files, given)?;
    let mut rendered = render::bead::render(&input)?;
    let end = Instant::now() + PATIENCE;
    let of_versions = bare_ranges(&files.bead).into_iter().chain(doubts_of_charts(&files.bead));
    rendered.warnings.extend(of_versions.map(|it| files.placed(it)));
    let unseen = look_at_charts(&files.bead, &mut rendered, &Capabilities::default(), end).await?;
    let going = told_of_going(rendered.pieces().chain(&rendered.of_charts));
    rendered.warnings.extend(going);
    rendered.warnings = rendered.warnings.into_iter().map(|it| it.in_folder(folder)).collect();
    let (name, version) = (&files.bead.metadata.name, &files.bead.spec.version);
    let on_spokes = files.bead.spec.spokes.as_ref().map(|_| "spokes");
    let parts: Vec<&str> = rendered.parts.iter().map(|part| part.name()).chain(on_spokes).collect();
    tell(&rendered, &parts, console);
    console.done("check", format!("nothing wrong found in what was looked at of bead {name} {version}"));
    for chart in &unseen {
        tell_of_chart(chart, console);
    }
    let left = left_to_servers(&files.bead, given);
    console.say(format!("not looked at: {}", left.join("; ")));
    if as_json {
        let unseen: Vec<&String> = unseen.iter().chain(&left).collect();
        let document = json!({"name": name, "version": version, "parts": parts, "files": rendered.tree.len(),
            "privileges": rendered.privileges, "unseenCharts": rendered.unseen.values().collect::<Vec<_>>(), "notLookedAt": unseen,
            "missingDownloads": files.missing, "unusedMarks": rendered.unused_marks,
            "warnings": rendered.warnings.iter().map(as_value).collect::<Vec<_>>()});
        return answer(&format!("{document:#}\n"));
    }
    Ok(())
}

/// What may come of the versions of its charts.
fn doubts_of_charts(bead: &Bead) -> Vec<Diagnostic> {
    let of_chart = |(at, chart): (String, &Chart)| {
        let hint = "give its `digest`, or pin the archive in `lock.yaml` and take it by `locked`";
        doubt_of_chart(chart).map(|doubt| Diagnostic::warning(at.clone(), format!("`{at}`: {doubt}")).hint(hint))
    };
    let charts = bead.applications().filter_map(|(at, it)| Some((format!("{at}.chart"), it.chart.as_ref()?)));
    charts.filter_map(of_chart).collect()
}

/// What is not looked at here, since only servers know it, or who installs the bead.
fn left_to_servers(bead: &Bead, given: &[String]) -> Vec<String> {
    let mut left = vec!["whether an API server takes the fields of its objects".to_owned()];
    let mut say = |is_so: bool, what: &str| left.extend(is_so.then(|| what.to_owned()));
    if let Some(part) = &bead.spec.crossplane {
        let packages = [part.providers.len(), part.functions.len(), part.configurations.len()];
        say(packages.iter().any(|count| *count > 0), "what is in its packages");
        say(part.definitions.is_some(), "what functions make of a Composition");
    }
    say(bead.spec.kyverno.is_some(), "whether Kyverno takes its policies");
    let made_up: Vec<String> = made_up(bead, given).map(|it| format!("`{}`", it.name)).collect();
    if !made_up.is_empty() {
        left.push(format!("the values of {}, which are made up here; give them by `--param`", made_up.join(", ")));
    }
    left
}

/// The parameters that have no value but the one that is made up for them.
fn made_up<'b>(bead: &'b Bead, given: &[String]) -> impl Iterator<Item = &'b BeadParameter> {
    let is_given = |name: &str| given.iter().any(|pair| pair.split('=').next() == Some(name));
    bead.spec.parameters.iter().filter(move |it| it.shape.default.is_none() && !is_given(&it.name))
}

/// What is to be said of content that is right.
#[derive(Debug)]
pub struct Looked {
    /// The marks in the document that excuse nothing.
    pub unused_marks: Vec<String>,
    /// Manifests that make themselves hooks and would not run again, or lose their log.
    pub hooks: Vec<Diagnostic>,
    /// Manifests of kinds that a next version no longer has.
    pub going: Vec<Diagnostic>,
    /// What stands where an image is named, and is no reference to one.
    pub images: Vec<Diagnostic>,
}

/// What is wrong with the content of a bead, or what is to be said of it. Values that are made up may be refused where real ones
/// would not; so where some are needed, only secrets are looked for, and entities for Backstage, which have no parameters in them.
pub fn look_at_content(files: &BeadFiles) -> Outcome<Looked> {
    let input = input(files, &[])?;
    if files.bead.spec.parameters.iter().all(|it| it.shape.default.is_some()) {
        let rendered = render::bead::render(&input)?;
        let (going, images) = (told_of_going(rendered.pieces()), rendered.image_doubts());
        return Ok(Looked { hooks: rendered.hook_doubts(), unused_marks: rendered.unused_marks, going, images });
    }
    let written = Written::read(&input);
    let (going, images) = match &written {
        Ok(it) => (told_of_going(it.pieces()), wrong_images(it, &files.bead)),
        Err(_) => (Vec::new(), Vec::new()), // one that cannot be read has none: its mistakes are told elsewhere
    };
    let unused_marks = match written.and_then(|it| it.secrets()) {
        Err(failure) if !failure.message.starts_with(render::bead::SECRETS) => Vec::new(),
        answer => answer?,
    };
    let looked = Looked { unused_marks, hooks: Vec::new(), going, images };
    files.wrong_entities(Some(&claims_somewhere())).map_or(Ok(looked), Err)
}

/// What stands for an image and is none, unless a value that is made up stands in it.
fn wrong_images(written: &Written<'_>, bead: &Bead) -> Vec<Diagnostic> {
    let mut doubts = written.image_doubts();
    let made_up: Vec<String> = made_up(bead, &[]).map(|it| format!("parameters.{}", it.name)).collect();
    let written = |it: &Diagnostic| Some(it.source.as_ref()?.text.get(it.place?.start..it.place?.end)?.to_owned());
    doubts.retain(|it| written(it).is_none_or(|text| !made_up.iter().any(|parameter| text.contains(parameter))));
    doubts
}

/// The objects whose kind is going, each at its place.
fn told_of_going<'p>(pieces: impl Iterator<Item = &'p Piece>) -> Vec<Diagnostic> {
    let told = pieces.filter_map(|piece| {
        let (until, remedy) = going(&piece.object)?;
        let message = format!("{}: {until}", piece.title());
        Some(Diagnostic::warning("", message).at(&piece.source, piece.place).hint(remedy))
    });
    told.collect()
}

/// What is rendered for a hub somewhere. A parameter that has no value gets one of its type, since only the bead's content is looked at.
fn input(files: &BeadFiles, given: &[String]) -> Outcome<BeadInput> {
    let mut values = parameters(given)?;
    for BeadParameter { name, shape, .. } in made_up(&files.bead, given) {
        values.insert(name.clone(), sample(name, shape));
    }
    let mut input = files.input(values, somewhere(), Some(claims_somewhere()))?;
    forget_patterns(&mut input.bead.spec.parameters, given);
    Ok(input)
}

fn tell(rendered: &RenderedBead, parts: &[&str], console: &Console) {
    console.done("render", format!("{}, parts: {}", counted(rendered.tree.len(), "file"), parts.join(", ")));
    for privilege in &rendered.privileges {
        console.done("privilege", privilege);
    }
    for warning in &rendered.warnings {
        console.say(warning.render());
    }
    for mark in &rendered.unused_marks {
        console.say(format!("warning: `{mark}` is marked as no secret, and nothing there looks like one"));
    }
}

/// A warning for programs: what is not known is left out.
fn as_value(warning: &Diagnostic) -> Value {
    let mut value = json!({"message": warning.message});
    if let (Some(source), Some(place)) = (&warning.source, warning.place) {
        value["file"] = source.name.as_str().into();
        value["line"] = place.line.into();
        value["column"] = place.column.into();
    }
    if let Some(hint) = &warning.hint {
        value["hint"] = hint.as_str().into();
    }
    value
}

/// A value of the type that the shape allows, as far as one can be made up.
fn sample(name: &str, shape: &Shape) -> Value {
    let made_up = match shape.kind() {
        "boolean" => vec![true.into()],
        // By way of its text, in which a whole number is an integer.
        "integer" | "number" => {
            let limits = [shape.minimum, shape.maximum].into_iter().flatten();
            limits.filter_map(|it| it.to_string().parse().ok()).chain([1.into()]).collect()
        }
        _ => vec!["x".repeat(shape.min_length.unwrap_or(1).max(1)).into(), format!("sha256:{}", "0".repeat(64)).into()],
    };
    let mut candidates: Vec<Value> = shape.allowed.iter().flatten().cloned().chain(made_up).collect();
    let fitting = candidates.iter().position(|value| shape.check(name, value).is_ok());
    candidates.swap_remove(fitting.unwrap_or_default())
}

/// Made-up values cannot be made to match a pattern.
fn forget_patterns(parameters: &mut [BeadParameter], given: &[String]) {
    for parameter in parameters {
        if !given.iter().any(|pair| pair.split('=').next() == Some(parameter.name.as_str())) {
            parameter.shape.pattern = None;
        }
    }
}
