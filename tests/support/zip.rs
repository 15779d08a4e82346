//! Archives that a test makes.

/// An archive of files as they are (APPNOTE.TXT, 4.3).
pub fn zip(files: &[(String, &[u8])]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    let mode = (0o100_755_u32 << 16).to_le_bytes(); // a file that can be run
    for (name, content) in files {
        let mut crc = flate2::Crc::new();
        crc.update(content);
        let (size, length) = (u32::try_from(content.len()).expect("small"), u16::try_from(name.len()).expect("short"));
        let about: Vec<u8> = [
            &[20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0][..],
            &crc.sum().to_le_bytes(),
            &size.to_le_bytes(),
            &size.to_le_bytes(),
            &length.to_le_bytes(),
            &[0, 0],
        ]
        .concat();
        let at = u32::try_from(archive.len()).expect("small").to_le_bytes();
        directory.extend([&b"PK\x01\x02\x14\x03"[..], &about, &[0; 6], &mode, &at, name.as_bytes()].concat());
        archive.extend([&b"PK\x03\x04"[..], &about, name.as_bytes(), content].concat());
    }
    let (at, size) = (archive.len(), directory.len());
    let number = |number: usize| u32::try_from(number).expect("small").to_le_bytes();
    let count = u16::try_from(files.len()).expect("few").to_le_bytes();
    archive.extend(directory);
    archive.extend([&b"PK\x05\x06\0\0\0\0"[..], &count, &count, &number(size), &number(at), &[0, 0]].concat());
    archive
}
