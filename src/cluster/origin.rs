//! Whose is a cluster? Pure.
//!
//! Only what an installation has made may it destroy. A state of `OpenTofu` is no proof of that: what was imported into it is
//! in it, too.

use std::time::Duration;

use jiff::Timestamp;

use super::mark::Mark;
use super::record::{Phase, Record};

/// By how much the clock of a cluster may be behind ours. Clocks that are set by NTP differ by less than a second, one that
/// nobody sets drifts by minutes in a month; and a cluster that somebody else has made a few minutes before is no case of real
/// life, since nothing of it was in the state either.
const SKEW: Duration = Duration::from_secs(5 * 60);

/// A cluster that answers.
pub struct Live<'l> {
    /// The UID of its `kube-system`.
    pub uid: &'l str,
    /// When that was made.
    pub created: Option<Timestamp>,
    /// The mark on it, of whichever installation.
    pub mark: Option<&'l Mark>,
}

/// What is known of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is the one of the record.
    Known,
    /// This installation has made it.
    Made,
    /// It was there, for this reason.
    Adopted(&'static str),
    /// It is not the one of the record, and nothing was made in its place.
    Another,
}

/// Holds the cluster against the record. `holds` says whether what makes it holds anything: a module with data sources alone
/// has made nothing.
pub fn judge(record: &Record, holds: bool, live: &Live<'_>) -> Verdict {
    if record.uid.as_deref() == Some(live.uid) {
        return Verdict::Known;
    }
    if !matches!(record.phase, Phase::Making | Phase::Unfinished) {
        return Verdict::Another;
    }
    let is_older = live.created.is_none_or(|created| created < record.since - SKEW);
    let is_of_another = live.mark.is_some_and(|it| !it.is_by(record));
    match () {
        () if record.uid.is_some() && (!record.from_nothing || !holds || is_older || is_of_another) => Verdict::Another,
        () if !record.from_nothing => Verdict::Adopted("there were resources before this installation began"),
        () if !holds => Verdict::Adopted("nothing of it was made here, it was only looked up"),
        () if is_older => Verdict::Adopted("it is older than this installation"),
        () if is_of_another => Verdict::Adopted("another installation has made it"),
        () => Verdict::Made,
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::{By, Versions};
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(minute * 60).expect("a time")
    }

    fn record(phase: Phase, from_nothing: bool, uid: Option<&str>) -> Record {
        Record {
            format: 1,
            by: By::OpenTofu,
            installation: "hub".to_owned(),
            phase,
            from_nothing,
            since: at(100),
            origin: None,
            uid: uid.map(str::to_owned),
            made_as: Some("lineage".to_owned()),
            way: None,
            versions: Versions::default(),
        }
    }

    #[test]
    fn only_what_was_begun_from_nothing_and_is_no_older_was_made() {
        use Phase::{Destroyed, Destroying, Making, Standing, Unfinished};
        let live = |uid, created, mark| Live { uid, created, mark };
        let new = || live("new", Some(at(101)), None);
        let adopted = |verdict: &Verdict| matches!(verdict, Verdict::Adopted(_));
        for phase in [Making, Unfinished] {
            assert_eq!(judge(&record(phase, true, None), true, &new()), Verdict::Made);
            let replaced = record(phase, true, Some("old"));
            assert_eq!(judge(&replaced, true, &new()), Verdict::Made, "made anew in its place");
            assert_eq!(judge(&replaced, true, &live("x", Some(at(0)), None)), Verdict::Another, "not made anew");
            assert_eq!(judge(&replaced, true, &live("old", Some(at(0)), None)), Verdict::Known);
            assert!(adopted(&judge(&record(phase, false, None), true, &new())), "imported");
            assert!(adopted(&judge(&record(phase, true, None), false, &new())), "data sources alone");
            assert!(adopted(&judge(&record(phase, true, None), true, &live("x", Some(at(94)), None))), "older");
            assert!(adopted(&judge(&record(phase, true, None), true, &live("x", None, None))), "of unknown age");
            assert_eq!(judge(&record(phase, true, None), true, &live("x", Some(at(96)), None)), Verdict::Made, "skew");
            let marked = |made_as: &str, installation: &str| {
                let mark =
                    Mark { uid: "x".to_owned(), made_as: made_as.to_owned(), installation: installation.to_owned() };
                judge(&record(phase, true, None), true, &Live { uid: "x", created: Some(at(101)), mark: Some(&mark) })
            };
            assert!(adopted(&marked("another", "hub")));
            assert!(adopted(&marked("lineage", "another")), "made as the same, by another installation");
            assert_eq!(marked("lineage", "hub"), Verdict::Made);
        }
        for phase in [Standing, Destroying, Destroyed] {
            assert_eq!(judge(&record(phase, true, Some("old")), true, &new()), Verdict::Another);
            assert_eq!(judge(&record(phase, true, Some("new")), true, &new()), Verdict::Known);
        }
    }
}
