//! What was found when the spokes of a hub were asked, and what the hub is called for it. Pure.

use crate::argocd::{Answer, Asked, State};
use crate::engine::Fault;
use crate::report::{Failure, Outcome};

/// What was found of the clusters that Argo CD knows.
#[derive(Debug, Default)]
pub struct Answers {
    /// What is told of each.
    pub of_each: Vec<Asked>,
    /// Those to which Argo CD does not come, each with the reason; so are the others.
    silent: Vec<String>,
    /// Those that could not be asked.
    refused: Vec<String>,
    /// Those for whose answer there was no time.
    late: Vec<String>,
    /// Why nobody knows which clusters there are.
    unknown: Option<Fault>,
}

/// What was found of one of them.
#[derive(Debug)]
pub enum Found {
    /// Argo CD has come there, at this time.
    Comes {
        /// As Argo CD writes it.
        at: String,
        /// Why it is not noted on the spoke's Secret.
        unnoted: Option<Fault>,
    },
    /// Argo CD does not come there.
    Silent(String),
    /// It is not to be asked.
    LeftAlone(&'static str),
    /// There was no time to ask it, or to wait for its answer: nobody knows.
    Late(String),
    /// The hub did not let us ask it: nobody knows.
    Refused(Fault),
}

impl Found {
    /// What an answer says, by whether a spoke was given all the time that one may take.
    pub fn by(answer: Result<Answer, Fault>, had_its_time: bool) -> Self {
        match answer {
            Ok(Answer::Proven(at)) => Self::Comes { at, unnoted: None },
            Ok(Answer::Late(why)) if !had_its_time => Self::Late(format!("not known: {why}, and no time was left")),
            Ok(Answer::Silent(why) | Answer::Late(why) | Answer::NoProbe(why)) => Self::Silent(why),
            Err(fault) if fault.tried.is_some() => Self::Late(format!("not known: {fault}")),
            Err(fault) => Self::Refused(fault),
        }
    }

    fn told(self) -> (State, String) {
        match self {
            Self::Comes { at, unnoted } => {
                let unnoted = unnoted.map_or_else(String::new, |fault| format!("; that is not noted: {fault}"));
                (State::Holds, format!("a sync that was asked for has succeeded there at {at}{unnoted}"))
            }
            Self::Silent(why) => (State::Fails, why),
            Self::LeftAlone(why) => (State::NotProbed, why.to_owned()),
            Self::Late(why) => (State::NotProbed, why),
            Self::Refused(fault) => (State::NotProbed, format!("not known: {fault}")),
        }
    }
}

impl Answers {
    /// Those of these clusters.
    pub fn of(all: impl Iterator<Item = (String, Found)>) -> Self {
        let mut answers = Self::default();
        for (spoke, found) in all {
            let trouble = match &found {
                Found::Comes { .. } | Found::LeftAlone(_) => None,
                Found::Silent(_) => Some(&mut answers.silent),
                Found::Refused(_) => Some(&mut answers.refused),
                Found::Late(_) => Some(&mut answers.late),
            };
            let (state, detail) = found.told();
            if let Some(list) = trouble {
                list.push(format!("{spoke}: {detail}"));
            }
            answers.of_each.push(Asked { spoke, state, detail });
        }
        answers
    }

    /// None, where nobody knows which clusters there are.
    pub fn of_unknown(fault: Fault) -> Self {
        Self { unknown: Some(fault), ..Self::default() }
    }

    /// A spoke to which Argo CD does not come is a failure that names it, and so is one of which nobody knows.
    pub fn demand(&self) -> Outcome<()> {
        if let Some(fault) = &self.unknown {
            return Err(
                Failure::from(fault.clone()).context("the handover holds, but nobody knows which spokes there are")
            );
        }
        let count = self.silent.len() + self.refused.len() + self.late.len();
        let clusters = |count| {
            if count == 1 { "a cluster that it knows".to_owned() } else { format!("{count} clusters that it knows") }
        };
        let failure = match (self.silent.len(), self.refused.len()) {
            (0, 0) if count == 0 => return Ok(()),
            (0, 0) => Failure::deadline(format!(
                "the handover holds, but there was no time to see whether Argo CD comes to {}",
                clusters(count)
            ))
            .hint("give the step a longer `timeout`: a spoke that does not answer takes a minute, and only some are asked at a time"),
            (0, _) => Failure::failed(format!("the handover holds, but whether Argo CD comes to {} could not be asked", clusters(count)))
                .hint("whoever verifies a hub has to read and patch the Applications in argocd, and nothing may deny it"),
            (silent, _) => Failure::failed(format!("the handover holds, but Argo CD does not come to {}", clusters(silent))).hint(
                "what Argo CD says of them is of the past: mend each, or its credential by the installation of the spoke, or take it \
                 out (`onUninstall: leave` waits for no spoke); a Secret that says nothing is to be mended or deleted",
            ),
        };
        Err(failure.details([&self.silent[..], &self.refused, &self.late].concat()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::FaultKind;
    use crate::report::Exit;

    fn comes() -> Found {
        Found::Comes { at: "2026-11-29T12:00:00Z".to_owned(), unnoted: None }
    }

    fn denied() -> Fault {
        Fault::new(FaultKind::Forbidden, "patch Application argocd/spoke-b", "denied")
    }

    fn answers(all: impl IntoIterator<Item = Found>) -> Answers {
        Answers::of(["a", "b", "c", "d"].map(str::to_owned).into_iter().zip(all))
    }

    #[test]
    fn who_was_not_to_be_asked_is_no_failure_and_who_was_silent_is_named() {
        assert!(answers([comes(), Found::LeftAlone("not asked")]).demand().is_ok());
        let failure = answers([Found::Silent("dial tcp".to_owned()), comes()]).demand().expect_err("silent");
        assert_eq!(failure.details, ["a: dial tcp"]);
        assert!(failure.hint.is_some_and(|it| it.contains("onUninstall: leave")));
    }

    #[test]
    fn who_had_not_its_time_is_not_called_dead() {
        let late = || Answer::Late("Argo CD has not begun the sync, within 12 s".to_owned());
        assert!(matches!(Found::by(Ok(late()), true), Found::Silent(_)));
        let answers = answers([comes(), Found::by(Ok(late()), false)]);
        assert_eq!(answers.of_each[1].state, State::NotProbed);
        let failure = answers.demand().expect_err("late");
        assert_eq!(failure.exit, Exit::Deadline);
        assert!(failure.details[0].starts_with("b: not known: Argo CD has not begun"), "{:?}", failure.details);
    }

    #[test]
    fn what_is_refused_about_one_is_said_of_that_one() {
        let unnoted = Found::Comes { at: String::new(), unnoted: Some(denied()) };
        let answers = answers([unnoted, Found::by(Err(denied()), true), comes(), Found::Silent("dial tcp".to_owned())]);
        let states: Vec<State> = answers.of_each.iter().map(|it| it.state).collect();
        assert_eq!(states, [State::Holds, State::NotProbed, State::Holds, State::Fails]);
        assert!(
            answers.of_each[0].detail.ends_with("; that is not noted: cannot patch Application argocd/spoke-b: denied")
        );
        let failure = answers.demand().expect_err("silent");
        let refused = "b: not known: cannot patch Application argocd/spoke-b: denied";
        assert_eq!(failure.details, ["d: dial tcp", refused]);
    }

    #[test]
    fn a_spoke_that_could_not_be_asked_is_not_well() {
        let failure = answers([comes(), Found::Refused(denied())]).demand().expect_err("refused");
        assert_eq!((failure.exit, failure.details.len()), (Exit::Failed, 1));
        assert!(Answers::of_unknown(denied()).demand().is_err());
    }
}
