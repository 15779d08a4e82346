//! The verb of a claims repository: the check that its pull requests get.

mod check;
mod files;
mod hub;
mod live;
mod offline;
mod report;
mod tell;

pub use check::check;
pub use tell::FORMS;
