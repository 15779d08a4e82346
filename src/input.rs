//! What is read whole: documents, steps, credentials. None of them is large, so whoever hands over something endless is
//! told so, and the memory of the machine is not filled with it.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The largest input, in bytes: some hundred times as much as a large document.
pub const LARGEST: u64 = 64 << 20;

/// The bytes of a file.
pub fn bytes_of(path: &Path) -> io::Result<Vec<u8>> {
    bytes_from(File::open(path)?)
}

/// The text of a file.
pub fn text_of(path: &Path) -> io::Result<String> {
    text(bytes_of(path)?)
}

/// The bytes of a stream, up to its end.
pub fn bytes_from(stream: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    stream.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= LARGEST) { Ok(bytes) } else { Err(too_large()) }
}

/// What is said of an input that is larger.
#[must_use]
pub fn too_large() -> io::Error {
    io::Error::other(format!("it is larger than {} MiB", LARGEST >> 20))
}

fn text(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endless_input_is_an_error() {
        let said = bytes_of(Path::new("/dev/zero")).expect_err("endless").to_string();
        assert_eq!(said, "it is larger than 64 MiB");
        assert_eq!(bytes_from(&b"short"[..]).expect("read"), b"short");
        assert!(text_of(Path::new("/proc/self/exe")).is_err());
    }
}
