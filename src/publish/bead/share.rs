//! One commit of several by which a version of a bead comes to its spokes.

use super::publish::HubRepository;
use crate::document::Bead;
use crate::files::Tree;
use crate::git::{Access, Published};
use crate::report::Outcome;

/// What a commit brings of a bead.
#[derive(Debug, Clone, Copy)]
pub struct Share<'a> {
    /// The rendered files.
    pub files: &'a Tree,
    /// The wave of spokes up to which they come.
    pub wave: &'a str,
    /// The files of this run's commit before it, and the wave up to which they came.
    pub after: Option<(&'a Tree, &'a str)>,
}

impl HubRepository {
    /// The files of the commit on top of this one. Fails where somebody has taken back what the commit before has brought:
    /// another run, or a removal, that has begun while it was waited for.
    pub fn with(&self, bead: &Bead, share: Share<'_>, access: &Access) -> Outcome<Tree> {
        if let Some((files, wave)) = share.after {
            self.still_with(bead, Share { files, wave, after: None }, access)?;
        }
        self.up_to_wave(bead, share.files, share.wave)
    }

    /// What the branch holds after that commit; fails where somebody has taken anything of it back.
    pub fn still_with(&self, bead: &Bead, share: Share<'_>, access: &Access) -> Outcome<Published> {
        let (name, files) = (&bead.metadata.name, self.up_to_wave(bead, share.files, share.wave)?);
        self.has_kept(name, &files, access)?;
        self.plan(name, &files)?.kept(access)
    }
}
