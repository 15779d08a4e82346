//! Variables of our environment that are for nobody else.
//!
//! Most programs are given a list of what they need. A login program of a kubeconfig may need anything of its cloud's, and is
//! given all but these.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

static NAMES: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// From now on these variables are not passed on.
pub fn withhold<'a>(names: impl IntoIterator<Item = &'a str>) {
    let mut all = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    all.extend(names.into_iter().map(str::to_owned));
}

/// The variables that are not passed on, ordered by name.
#[must_use]
pub fn withheld() -> Vec<String> {
    NAMES.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
}
