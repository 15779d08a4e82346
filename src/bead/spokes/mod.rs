//! A bead on spokes: where it comes to, how a version gets there, how it is there, and its way out.

mod changes;
mod deliver;
mod found;
mod leave;
mod reach;
mod told;
mod unfinished;
mod verify;

pub use changes::Changes;
pub use deliver::{Bringing, before, judge};
pub use found::on_spokes;
pub use leave::Leaving;
pub use reach::{Reach, Wave};
pub use told::Told;
pub use unfinished::{unfinished, unfinished_in_git};
pub use verify::verify;
