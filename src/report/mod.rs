//! What people see: diagnostics, failures, progress, tables, redaction.
//!
//! Everything for people goes to stderr, through [`Console`], which redacts every known secret; stdout is
//! Porter's protocol. This room knows nothing of Porter, Kubernetes or git.

mod answer;
mod color;
mod console;
mod count;
mod diagnostic;
mod failure;
mod forge;
mod forms;
mod live;
mod log;
mod output_form;
mod paint;
mod panic;
mod redact;
mod scrub;
mod table;
mod terminal;
mod text_diff;
mod timeline;
mod wipe;

pub use answer::{answer, answer_to_people, hand_on, is_for_a_person};
pub use color::choose_colors;
pub use console::Console;
pub use count::counted;
pub use diagnostic::{Diagnostic, Place, Severity, Source};
pub use failure::{Exit, Failure, Outcome};
pub use forge::{Ruled, as_annotation, as_issue, as_json, as_sarif};
pub use live::leave_terminal;
pub use log::log_to_stderr;
pub use output_form::OutputForm;
pub use panic::redact_panics;
pub use redact::{Secrets, forget_secrets, redact, remember_secret};
pub use scrub::scrub;
pub use table::Table;
pub use text_diff::text_diff;
pub use timeline::{record_timeline, write_timeline};
pub use wipe::wipe;
