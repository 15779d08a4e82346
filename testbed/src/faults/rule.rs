//! Which requests go wrong.

use super::fault::Fault;

/// A fault, and the requests that it is for: all of them, unless it is told less. Each request is counted by every rule that it
/// fits, whichever one then holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    fault: Fault,
    method: Option<&'static str>,
    is_write: Option<bool>,
    part: Option<String>,
    skip: usize,
    times: usize,
    met: usize,
}

impl Rule {
    /// This for every request.
    #[must_use]
    pub fn all(fault: Fault) -> Self {
        Self { fault, method: None, is_write: None, part: None, skip: 0, times: usize::MAX, met: 0 }
    }

    /// Only requests of this method.
    #[must_use]
    pub fn of(self, method: &'static str) -> Self {
        Self { method: Some(method), ..self }
    }

    /// Only requests that may change something.
    #[must_use]
    pub fn writes(self) -> Self {
        Self { is_write: Some(true), ..self }
    }

    /// Only requests that change nothing.
    #[must_use]
    pub fn reads(self) -> Self {
        Self { is_write: Some(false), ..self }
    }

    /// Only requests that have this in their path with its query.
    #[must_use]
    pub fn at(self, part: &str) -> Self {
        Self { part: Some(part.to_owned()), ..self }
    }

    /// Not for the first so many that fit.
    #[must_use]
    pub fn after(self, skip: usize) -> Self {
        Self { skip, ..self }
    }

    /// For so many that fit, and no more.
    #[must_use]
    pub fn times(self, times: usize) -> Self {
        Self { times, ..self }
    }

    /// What becomes of a request that comes now.
    pub(super) fn meets(&mut self, method: &str, path: &str) -> Option<Fault> {
        let is_of_sort = self.is_write.is_none_or(|it| it == is_write(method, path));
        let is_named =
            self.method.is_none_or(|it| it == method) && self.part.as_ref().is_none_or(|it| path.contains(it));
        if !(is_of_sort && is_named) {
            return None;
        }
        let place = self.met;
        self.met += 1;
        let is_meant = place >= self.skip && place - self.skip < self.times;
        is_meant.then(|| self.fault.clone())
    }
}

/// Whether a request may change something: reviews are posted, and change nothing.
#[must_use]
pub fn is_write(method: &str, path: &str) -> bool {
    method != "GET" && !path.starts_with("/apis/authorization.k8s.io/")
}

#[cfg(test)]
mod tests {
    use super::super::fault::End;
    use super::*;

    #[test]
    fn a_rule_is_for_the_requests_that_it_names() {
        let fault = Fault::Instead(End::Cut);
        let mut rule = Rule::all(fault.clone()).of("PATCH").at("configmaps").after(1).times(2);
        let mut hits = |method: &str, path: &str| rule.meets(method, path).is_some();
        let told = [
            hits("GET", "/configmaps/a"),
            hits("PATCH", "/secrets/a"),
            hits("PATCH", "/configmaps/a"),
            hits("PATCH", "/configmaps/a"),
            hits("PATCH", "/configmaps/a"),
            hits("PATCH", "/configmaps/a"),
        ];
        assert_eq!(told, [false, false, false, true, true, false]);
        assert_eq!(Rule::all(fault.clone()).meets("GET", "/"), Some(fault.clone()));
        let review = ("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews");
        assert_eq!(Rule::all(fault.clone()).writes().meets(review.0, review.1), None);
        assert_eq!(Rule::all(fault.clone()).reads().meets(review.0, review.1), Some(fault));
    }
}
