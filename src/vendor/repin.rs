//! What is said where a lock pins a digest that is not of its version.

use crate::document::Asset;

/// What to do where the digest and the version in a lock are not of one thing.
#[must_use]
pub fn to_pin(asset: &Asset) -> String {
    let Asset { name, version, .. } = asset;
    format!("`backstack pin {name}@{version} --repin` pins the version that is named, with its digest")
}
