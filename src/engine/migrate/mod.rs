//! Having every object of a CRD stored in one version, so that the versions before it can go.
//!
//! A CRD may not lose a version in which objects were ever stored (`status.storedVersions`), and the API server believes
//! that list without a look: one that is shortened too early leaves objects that nobody can read. So an object at a time is
//! written anew as it is, which stores it in the version that is stored now, and the list is shortened when all of them
//! were.
//!
//! Pure: [`plan`] (what is to be done, if it can be), [`fields`] (who owns which fields, said of the version that stays).

pub mod by_hand;
pub mod by_kubernetes;
pub mod fields;
pub mod objects;
pub mod plan;
pub mod status;
