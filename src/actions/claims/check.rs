//! `claims check`: everything about the claims in a checkout that can be known before they are merged.

use std::time::Duration;

use super::hub::{Hub, Source};
use super::report::Report;
use super::tell::tell;
use super::{files, live, offline};
use crate::claims::orders::look;
use crate::cli::ClaimsCheck;
use crate::engine::Deadline;
use crate::report::{Console, Failure, Outcome, OutputForm};
use crate::schema::Marks;

/// How long it may take, hub, programs and all.
const PATIENCE: Duration = Duration::from_secs(300);

/// Reads the claims as Argo CD would, holds them against what the hub offers, and tells every mistake at its place.
pub async fn check(args: &ClaimsCheck, form: OutputForm, console: &Console) -> Outcome<()> {
    let deadline = Deadline::after(PATIENCE);
    let Hub { shown, offer, source } = Hub::of(args, deadline, console).await?;
    let files = files::read(&args.folder, &offer.path)?;
    let mut marks = Marks::of(&args.not_secret);
    let findings = look(&files.orders, &offer, &mut marks);
    let mut report = Report::of(shown, &files, &offer, findings);
    report.left_out = files.left_out;
    report.unused_marks = marks.unused();
    match source {
        Source::Repository(policies) => offline::look(&mut report, &files.orders, &offer, &policies, deadline).await?,
        Source::Cluster(cluster) => live::look(&mut report, &files.orders, &cluster).await?,
    }
    report.mistakes.extend(files.mistakes);
    report.sort();
    tell(&report, form, console)?;
    match report.mistakes.len() {
        0 => Ok(()),
        1 => Err(Failure::failed("the claims have 1 mistake")),
        count => Err(Failure::failed(format!("the claims have {count} mistakes"))),
    }
}
