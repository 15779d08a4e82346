//! The programs on disk.

use std::fs;
use std::path::Path;

use anyhow::Result;

use crate::peers;
use crate::report::{OURS, Report, Row};

/// A bundle carries a mixin twice, and up to six times in its image.
const BOUND: f64 = 12.0;

/// Adds the sizes.
pub fn measure(program: &Path, report: &mut Report) -> Result<()> {
    let mut add = |name: &str, program: &Path, bound| -> Result<()> {
        let bytes = u32::try_from(fs::metadata(program)?.len())?;
        report.add(Row {
            what: "program on disk".to_owned(),
            program: name.to_owned(),
            value: f64::from(bytes) / 1e6,
            unit: "MB",
            spread: None,
            bound,
        });
        Ok(())
    };
    add(OURS, program, Some(BOUND))?;
    for peer in peers::mixins().iter().chain(&peers::installers()) {
        add(&peer.name, &peer.program, None)?;
    }
    Ok(())
}
