//! One look at a list: what could not be read is written down with what would have been found there.

use crate::doctor::{Code, Seen, Unread};
use crate::engine::{Fault, FaultKind};
use crate::report::Outcome;

/// Everything that could not be read so far.
#[derive(Default)]
pub struct Look {
    pub unread: Vec<Unread>,
}

impl Look {
    /// What a list has brought. A credential that is none ends the look; everything else is written down.
    pub fn at<T>(&mut self, what: &str, codes: &[Code], list: Result<Vec<T>, Fault>) -> Outcome<Seen<T>> {
        match list {
            Ok(all) => Ok(Some(all)),
            Err(fault) if is_of_us(fault.kind) => Err(fault.into()),
            Err(fault) => {
                self.miss(what, fault.message, codes);
                Ok(None)
            }
        }
    }

    /// Writes down what could not be read.
    pub fn miss(&mut self, what: impl Into<String>, why: impl Into<String>, codes: &[Code]) {
        let codes = codes.iter().map(|it| it.name).collect();
        self.unread.push(Unread { what: what.into(), why: why.into(), codes, by_choice: false });
    }

    /// Writes down what nobody asked for.
    pub fn leave(&mut self, what: impl Into<String>, why: impl Into<String>, codes: &[Code]) {
        self.miss(what, why, codes);
        if let Some(left) = self.unread.last_mut() {
            left.by_choice = true;
        }
    }
}

fn is_of_us(kind: FaultKind) -> bool {
    matches!(kind, FaultKind::Unauthorized | FaultKind::Login | FaultKind::Client)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::code::ORPHANS;

    #[test]
    fn what_is_forbidden_is_written_down_and_never_empty() {
        let mut look = Look::default();
        let fault = |kind| Err::<Vec<()>, Fault>(Fault::new(kind, "list secrets", "no"));
        assert_eq!(look.at("Secrets", &[ORPHANS], fault(FaultKind::Forbidden)).expect("goes on"), None);
        assert_eq!(
            look.unread[0],
            Unread { what: "Secrets".into(), why: "no".into(), codes: vec!["orphans"], by_choice: false }
        );
        for kind in [FaultKind::Unauthorized, FaultKind::Login] {
            assert!(look.at("Secrets", &[], fault(kind)).is_err(), "{kind:?}");
        }
        assert_eq!(look.at("Secrets", &[], Ok(vec![()])).expect("read"), Some(vec![()]));
    }
}
