//! The programs on disk.

use std::fs;
use std::path::Path;

use anyhow::Result;

use crate::peers;
use crate::report::{Bound, Measure, OURS, Report};

/// A bundle carries a mixin twice, and up to six times in its image.
const BOUND: f64 = 12.0;

/// Adds the sizes.
pub fn measure(program: &Path, report: &mut Report) -> Result<()> {
    report.section("On disk");
    let mut add = |name: &str, program: &Path, bound| -> Result<()> {
        let bytes = u32::try_from(fs::metadata(program)?.len())?;
        report.add("program", Measure::Size, name, f64::from(bytes) / 1e6, bound);
        Ok(())
    };
    add(OURS, program, Some(Bound::most(BOUND, Measure::Size)))?;
    for peer in peers::mixins().iter().chain(&peers::installers()) {
        add(&peer.name, &peer.program, None)?;
    }
    Ok(())
}
