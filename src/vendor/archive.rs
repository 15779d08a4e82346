//! The archive of a chart, unpacked into memory: entry by entry, and never past its bound.
//!
//! Only files are taken. Whatever would be written elsewhere or bring in content of another place (links, devices, paths that
//! lead out) makes the archive one that is refused.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Component, Path};

use flate2::read::MultiGzDecoder;
use tar::{Archive, Entry, EntryType};

use crate::files::{Bound, Tree};
use crate::report::{Failure, Outcome};

/// What a block of an archive has in bytes, and so the header of each entry.
const BLOCK: u64 = 512;
/// Below this nobody is harmed, however it is packed.
const HARMLESS: u64 = 16 << 20;

/// The files of the archive of a chart, without the one folder that they are in, which is named after the chart.
pub fn unpack(archive: &Path, name: &str, bound: Bound) -> Outcome<Tree> {
    let refused = |why: String| Failure::failed(format!("{name} is not the archive of a chart: {why}"));
    let broken = |error: io::Error| refused(error.to_string());
    let file = File::open(archive).map_err(broken)?;
    let packed = file.metadata().map_err(broken)?.len();
    // Each entry has a header, a second one where its name is long, and is filled up to a whole block.
    let overhead = 8 * BLOCK * (bound.files as u64 + 1);
    let most = (bound.bytes + overhead).min(HARMLESS.max(packed.saturating_mul(bound.ratio)));
    let stream = Bounded { inner: MultiGzDecoder::new(BufReader::new(file)), left: most, most };
    let mut files = Tree::default();
    let (mut entries, mut bytes) = (0, 0);
    for entry in Archive::new(stream).entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        entries += 1;
        bytes += entry.size();
        if entries > bound.files || bytes > bound.bytes || entry.size() > bound.file {
            return Err(refused(format!("it has more than {bound}")));
        }
        if let Some(path) = path_of_file(&entry).map_err(refused)? {
            let mut content = Vec::new();
            entry.read_to_end(&mut content).map_err(broken)?;
            files.insert(path, content).map_err(|failure| refused(failure.message))?;
        }
    }
    Ok(files)
}

/// The path of an entry that is a file; `None` for what has no content.
fn path_of_file<R: Read>(entry: &Entry<'_, R>) -> Result<Option<String>, String> {
    let shown = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
    let kind = entry.header().entry_type();
    if kind == EntryType::XGlobalHeader {
        return Ok(None); // a remark of `git archive`
    }
    if kind != EntryType::Regular && kind != EntryType::Directory {
        return Err(format!("`{shown}` is neither a file nor a folder"));
    }
    let path = entry.path().map_err(|error| error.to_string())?;
    let mut parts = Vec::new();
    for component in path.components() {
        match (component, component.as_os_str().to_str()) {
            (Component::Normal(_), Some(part)) => parts.push(part),
            (Component::CurDir, _) => {}
            _ => return Err(format!("`{shown}` leads out of its folder")),
        }
    }
    match (kind, parts.split_first()) {
        (EntryType::Directory, _) => Ok(None),
        (_, Some((_, rest))) if !rest.is_empty() => Ok(Some(rest.join("/"))),
        _ => Err(format!("`{shown}` is in no folder")),
    }
}

/// A stream that ends with an error, not with its end, when it gives more than it may.
struct Bounded<R> {
    inner: R,
    left: u64,
    most: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into)?;
        let most = self.most;
        let too_much = || io::Error::other(format!("it is more than {most} bytes when it is unpacked"));
        self.left = self.left.checked_sub(read as u64).ok_or_else(too_much)?;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use tar::{Builder, Header};

    use super::*;

    fn header(kind: EntryType, size: u64) -> Header {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(size);
        header.set_mode(0o644);
        header
    }

    /// An archive of entries, whose names are put in as they are.
    fn packed(entries: &[(&str, EntryType, &[u8])]) -> Vec<u8> {
        let mut archive = Builder::new(GzEncoder::new(Vec::new(), Compression::best()));
        for (name, kind, content) in entries {
            let mut header = header(*kind, content.len() as u64);
            header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
            if kind.is_symlink() || kind.is_hard_link() {
                header.set_link_name("/etc/passwd").expect("a name");
            }
            header.set_cksum();
            archive.append(&header, *content).expect("packed");
        }
        archive.into_inner().and_then(GzEncoder::finish).expect("packed")
    }

    fn unpacked(bytes: &[u8], bound: Bound) -> Result<Vec<String>, String> {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(bytes).expect("written");
        let files = unpack(file.path(), "it", bound).map_err(|failure| failure.message)?;
        Ok(files.iter().map(|(path, bytes)| format!("{path}={}", String::from_utf8_lossy(bytes))).collect())
    }

    #[test]
    fn a_chart_is_unpacked_without_its_folder() {
        let long = format!("c/{}/t.yaml", "long".repeat(60));
        let mut archive = Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
        let mut remark = header(EntryType::XGlobalHeader, 0);
        archive.append_data(&mut remark, "pax_global_header", io::empty()).expect("packed");
        archive.append_data(&mut header(EntryType::Directory, 0), "c/", io::empty()).expect("packed");
        archive.append_data(&mut header(EntryType::Regular, 3), "./c/Chart.yaml", &b"a: "[..]).expect("packed");
        archive.append_data(&mut header(EntryType::Regular, 1), &long, &b"x"[..]).expect("packed");
        let bytes = archive.into_inner().and_then(GzEncoder::finish).expect("packed");
        let files = unpacked(&bytes, Bound::default()).expect("a chart");
        assert_eq!(files, ["Chart.yaml=a: ".to_owned(), format!("{}/t.yaml=x", "long".repeat(60))]);
    }

    #[test]
    fn what_is_no_file_or_leads_elsewhere_is_refused() {
        let file = EntryType::Regular;
        for (name, kind, why) in [
            ("c/../../x", file, "leads out of its folder"),
            ("/etc/x", file, "leads out of its folder"),
            ("../c/", EntryType::Directory, "leads out of its folder"),
            ("x", file, "is in no folder"),
            ("c/link", EntryType::Symlink, "is neither a file nor a folder"),
            ("c/link", EntryType::Link, "is neither a file nor a folder"),
            ("c/device", EntryType::Char, "is neither a file nor a folder"),
            ("c/pipe", EntryType::Fifo, "is neither a file nor a folder"),
            ("c/other", EntryType::Continuous, "is neither a file nor a folder"),
            ("c/.git/config", file, "cannot be the path of a file"),
        ] {
            let message = unpacked(&packed(&[(name, kind, b"")]), Bound::default()).expect_err(name);
            assert!(message.contains(why), "{name}: {message}");
        }
        let twice = packed(&[("c/a", file, b"1"), ("c/a", file, b"2")]);
        assert!(unpacked(&twice, Bound::default()).expect_err("twice").contains("two different things"));
    }

    #[test]
    fn no_more_is_unpacked_than_the_bound() {
        let file = EntryType::Regular;
        let three = packed(&[("c/a", file, b"12345"), ("c/b", file, b"12345"), ("c/d", file, b"1")]);
        let bound = Bound { bytes: 11, file: 5, files: 3, ..Bound::default() };
        assert_eq!(unpacked(&three, bound).expect("just").len(), 3);
        for less in [Bound { bytes: 10, ..bound }, Bound { file: 4, ..bound }, Bound { files: 2, ..bound }] {
            assert!(unpacked(&three, less).expect_err("too much").contains("it has more than"), "{less}");
        }
    }

    /// Three megabytes that became three gigabytes: whatever the headers say, it is given up in time.
    #[test]
    fn what_is_packed_out_of_all_measure_is_given_up() {
        let bomb = packed(&[("c/a", EntryType::Regular, &vec![0; 40 << 20])]);
        assert!(bomb.len() < 50_000, "{}", bomb.len());
        let roomy = Bound { bytes: 1 << 40, file: 1 << 40, ..Bound::default() };
        let message = unpacked(&bomb, roomy).expect_err("a bomb");
        assert!(message.contains("it is more than 16777216 bytes when it is unpacked"), "{message}");
        // Who pins its size means it.
        let pinned = Bound { bytes: 40 << 20, file: 40 << 20, ratio: u64::MAX, ..Bound::default() };
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), &bomb).expect("written");
        assert_eq!(unpack(file.path(), "it", pinned).expect("as pinned").len(), 1);
        // What a header names is read over, and counts as well.
        let name = packed(&[("././@LongLink", EntryType::GNULongName, &vec![b'x'; 40 << 20])]);
        assert!(unpacked(&name, roomy).expect_err("a name").contains("when it is unpacked"));
    }

    #[test]
    fn half_an_archive_is_none() {
        let whole = packed(&[("c/a", EntryType::Regular, b"12345")]);
        unpacked(&whole[..whole.len() / 2], Bound::default()).expect_err("half");
        unpacked(b"no archive", Bound::default()).expect_err("none");
    }
}
