//! The bag: the files of a bundle's `state` in one archive, as Porter keeps it (`packStateBag` and `unpackStateBag` in its
//! `pkg/runtime`).

use std::io::{self, Read as _};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use tar::{Archive, Builder, EntryType, Header};

use crate::input::{LARGEST, bytes_from};

/// The folder of the archive that all its files are in.
const FOLDER: &str = "porter-state/";
/// What Porter puts in the place of a bag that is not there yet.
const NONE_YET: [&[u8]; 2] = [b"", b"null"];

/// A file of the state. It holds secrets, so it can be shown to nobody.
pub(super) struct Kept {
    /// The name in `porter.yaml`.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
    /// Its permissions.
    pub mode: u32,
    /// When it was written, in seconds since 1970.
    pub modified: u64,
}

/// The files in a bag.
pub(super) fn unpacked(bag: &[u8]) -> io::Result<Vec<Kept>> {
    let mut files = Vec::new();
    if NONE_YET.contains(&bag) {
        return Ok(files);
    }
    for entry in Archive::new(GzDecoder::new(bag).take(LARGEST)).entries()? {
        let mut entry = entry?;
        if entry.header().entry_type() != EntryType::Regular {
            continue;
        }
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let name = path.strip_prefix(FOLDER).unwrap_or(&path).to_owned();
        let (mode, modified) = (entry.header().mode()?, entry.header().mtime()?);
        files.push(Kept { name, bytes: bytes_from(&mut entry)?, mode, modified });
    }
    Ok(files)
}

/// A bag with these files. One that could not be read again is none.
pub(super) fn packed(files: &[Kept]) -> io::Result<Vec<u8>> {
    let mut archive = Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    for file in files {
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Regular);
        header.set_size(file.bytes.len() as u64);
        header.set_mode(file.mode);
        header.set_mtime(file.modified);
        archive.append_data(&mut header, format!("{FOLDER}{}", file.name), file.bytes.as_slice())?;
    }
    let bag = archive.into_inner()?.finish()?;
    unpacked(&bag)?;
    Ok(bag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(name: &str, bytes: &[u8]) -> Kept {
        Kept { name: name.to_owned(), bytes: bytes.to_vec(), mode: 0o600, modified: 1_700_000_000 }
    }

    #[test]
    fn what_goes_in_comes_out() {
        let long = "n".repeat(200);
        let bag = packed(&[kept("tfstate", b"{}"), kept("a/b", b""), kept(&long, &[0, 255])]).expect("packed");
        let files = unpacked(&bag).expect("a bag");
        let seen: Vec<_> = files.iter().map(|it| (it.name.as_str(), it.bytes.as_slice(), it.mode)).collect();
        assert_eq!(seen, [("tfstate", &b"{}"[..], 0o600), ("a/b", b"", 0o600), (&long, &[0, 255], 0o600)]);
        assert!(unpacked(&packed(&[]).expect("packed")).expect("a bag").is_empty());
    }

    #[test]
    fn what_porter_has_before_the_first_run_is_no_state() {
        for bag in NONE_YET {
            assert!(unpacked(bag).expect("none yet").is_empty());
        }
    }

    #[test]
    fn what_could_not_be_read_again_is_not_packed() {
        let half = vec![0; usize::try_from(LARGEST / 2).expect("a size")];
        assert!(packed(&[kept("one", &half)]).is_ok());
        assert!(packed(&[kept("one", &half), kept("other", &half)]).is_err());
    }

    #[test]
    fn half_a_bag_is_none() {
        let bag = packed(&[kept("tfstate", &(0..=255).cycle().take(9000).collect::<Vec<u8>>())]).expect("packed");
        for bag in [&bag[..bag.len() / 2], &bag[..12], b"\n", b"no archive"] {
            assert!(unpacked(bag).is_err());
        }
    }
}
