//! What a version would change on which spokes.

use serde::Serialize;

use super::found::on_spokes;
use super::reach::Reach;
use crate::bead::on_hub::OnHub;
use crate::document::{Bead, BeadStep, OnSpokes};
use crate::engine::Fault;
use crate::hub_repository::bead::is_for_wave;
use crate::report::Console;

/// The waves of a version, with what changes for each, and what people would not expect.
#[derive(Debug, Serialize)]
pub struct Changes {
    waves: Vec<OfWave>,
    remarks: Vec<String>,
}

/// What changes for the spokes of a wave.
#[derive(Debug, Serialize)]
struct OfWave {
    name: String,
    spokes: Vec<String>,
    files: usize,
}

impl Changes {
    /// Of a bead for which these files change; `None` where neither it nor the installed version has to do with spokes.
    pub async fn of<'p>(
        bead: &Bead,
        changed: impl Iterator<Item = &'p str>,
        hub: &OnHub,
        step: &BeadStep,
    ) -> Result<Option<Self>, Fault> {
        let name = &bead.metadata.name;
        let Some(reach) = Reach::of(bead, &hub.cluster).await? else {
            let there = on_spokes(name, &hub.cluster).await?.len();
            let refused = if step.on_spokes == OnSpokes::Refuse {
                ", and is refused as long as the step says nothing"
            } else {
                ""
            };
            let remark = format!(
                "this version of bead {name} is for no spokes, and it is on {there} of them; what becomes of that \
                                  `onSpokes` of the step says{refused}"
            );
            return Ok((there > 0).then(|| Self { waves: Vec::new(), remarks: vec![remark] }));
        };
        let changed: Vec<&str> = changed.collect();
        let of_wave = |wave: &super::reach::Wave<'_>| OfWave {
            name: wave.name.to_owned(),
            spokes: wave.to.iter().map(|it| it.spoke.clone()).collect(),
            files: changed.iter().filter(|path| is_for_wave(path, name, wave.name)).count(),
        };
        Ok(Some(Self { waves: reach.waves().iter().map(of_wave).collect(), remarks: reach.remarks() }))
    }

    /// What people read.
    pub fn tell(&self, console: &Console) {
        for OfWave { name, spokes, files } in self.waves.iter().filter(|it| !it.spokes.is_empty()) {
            console.say(format!("spokes     wave {name}: {files} files change for {}", spokes.join(", ")));
        }
        for line in &self.remarks {
            console.say(format!("warning: {line}"));
        }
    }
}
