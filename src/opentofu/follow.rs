//! A file that somebody writes lines to, read as it grows.

use std::fs::File;
use std::io::{self, Read as _};

/// How much may be written to it.
const LONGEST: usize = 256 << 20;
/// How much is read at a time.
const PIECE: usize = 64 << 10;

/// The lines of a file that grows.
#[derive(Debug)]
pub(super) struct Follow {
    file: File,
    /// The beginning of a line whose end is not there yet.
    begun: Vec<u8>,
    read: usize,
}

impl Follow {
    pub fn new(file: File) -> Self {
        Self { file, begun: Vec::new(), read: 0 }
    }

    /// The lines that have come since, without their ends.
    pub fn lines(&mut self) -> io::Result<Vec<Vec<u8>>> {
        let mut lines = Vec::new();
        let mut piece = vec![0; PIECE];
        while !self.is_too_long() {
            let length = self.file.read(&mut piece)?;
            if length == 0 {
                break;
            }
            self.read += length;
            let mut parts = piece[..length].split(|byte| *byte == b'\n');
            self.begun.extend(parts.next().unwrap_or_default());
            for part in parts {
                lines.push(std::mem::replace(&mut self.begun, part.to_vec()));
            }
        }
        Ok(lines)
    }

    /// Whether more was written than anybody can have meant; the rest is not read.
    pub fn is_too_long(&self) -> bool {
        self.read > LONGEST
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_line_is_told_when_its_end_is_there() {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        let mut follow = Follow::new(file.reopen().expect("opens"));
        assert!(follow.lines().expect("read").is_empty());
        file.write_all(b"one\ntw").expect("written");
        assert_eq!(follow.lines().expect("read"), [b"one"]);
        file.write_all(b"o\n\nthree").expect("written");
        assert_eq!(follow.lines().expect("read"), [&b"two"[..], b""]);
        let long = vec![b'x'; PIECE * 2];
        file.write_all(&[&long[..], b"\n"].concat()).expect("written");
        assert_eq!(follow.lines().expect("read"), [[&b"three"[..], &long].concat()]);
    }
}
