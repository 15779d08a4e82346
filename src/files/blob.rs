//! A file as git keeps it: bytes, and whether they may be run. It knows no other mode.

use std::fs;
use std::io;
use std::ops::Deref;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use bytes::Bytes;

/// The content of a file and its mode.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Blob {
    /// What is in it, the same in every copy.
    pub bytes: Bytes,
    /// Whether it may be run: mode 100755, and 100644 where not.
    pub is_executable: bool,
}

impl Blob {
    /// The file with this mode, as a file system or an archive tells it. What its owner may run is executable, as for git.
    #[must_use]
    pub fn with_mode(self, mode: u32) -> Self {
        Self { is_executable: mode & 0o100 != 0, ..self }
    }

    /// Writes it to a file. Who may read it may run it, where it may be run, as in a checkout by git.
    pub fn write(&self, place: &Path) -> io::Result<()> {
        fs::write(place, &self.bytes)?;
        let before = fs::metadata(place)?.permissions().mode();
        let to_run = if self.is_executable { before >> 2 & 0o111 } else { 0 };
        let mode = before & !0o111 | to_run;
        if mode == before { Ok(()) } else { fs::set_permissions(place, fs::Permissions::from_mode(mode)) }
    }

    /// The mode that git gives a file.
    #[must_use]
    pub const fn mode(is_executable: bool) -> &'static str {
        if is_executable { "100755" } else { "100644" }
    }
}

/// Most of what is asked of a file is about its bytes.
impl Deref for Blob {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl From<Vec<u8>> for Blob {
    fn from(bytes: Vec<u8>) -> Self {
        // Without the room to grow that it was written with.
        Self { bytes: bytes.into_boxed_slice().into(), is_executable: false }
    }
}

impl From<&[u8]> for Blob {
    fn from(bytes: &[u8]) -> Self {
        bytes.to_vec().into()
    }
}

impl From<String> for Blob {
    fn from(text: String) -> Self {
        text.into_bytes().into()
    }
}

impl From<&str> for Blob {
    fn from(text: &str) -> Self {
        text.as_bytes().into()
    }
}

impl From<&Self> for Blob {
    fn from(file: &Self) -> Self {
        file.clone()
    }
}
