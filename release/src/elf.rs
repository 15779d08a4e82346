//! Whether a program for Linux is static: it asks for no loader and for no library.
//!
//! A static program that can be placed anywhere (static-pie) has a dynamic section all the same; it holds relocations.

use std::ops::Range;

use anyhow::{Context, Result, ensure};

const DYNAMIC: u32 = 2;
const INTERPRETER: u32 = 3;
const NEEDED: u64 = 1;

/// What the program needs besides itself; nothing when it is static.
pub fn needs(program: &[u8]) -> Result<Vec<&'static str>> {
    ensure!(program.starts_with(b"\x7fELF\x02\x01"), "not a 64-bit little-endian ELF program");
    let (table, size, count) = (word(program, 32)?, half(program, 54)?, half(program, 56)?);
    let mut needs = Vec::new();
    for index in 0..u64::from(count) {
        let header = place(table + index * u64::from(size))?;
        let segment = word(program, header + 8)?..word(program, header + 8)? + word(program, header + 32)?;
        match u32::from_le_bytes(bytes(program, header)?) {
            INTERPRETER => needs.push("a loader"),
            DYNAMIC if asks_for_libraries(program, segment)? => needs.push("shared libraries"),
            _ => {}
        }
    }
    Ok(needs)
}

fn asks_for_libraries(program: &[u8], segment: Range<u64>) -> Result<bool> {
    for entry in segment.step_by(16) {
        if word(program, place(entry)?)? == NEEDED {
            return Ok(true);
        }
    }
    Ok(false)
}

fn place(offset: u64) -> Result<usize> {
    usize::try_from(offset).context("an offset is out of range")
}

fn word(program: &[u8], at: usize) -> Result<u64> {
    bytes(program, at).map(u64::from_le_bytes)
}

fn half(program: &[u8], at: usize) -> Result<u16> {
    bytes(program, at).map(u16::from_le_bytes)
}

fn bytes<const N: usize>(program: &[u8], at: usize) -> Result<[u8; N]> {
    program.get(at..).and_then(|rest| rest.first_chunk().copied()).context("the program is cut off")
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::process::Command;

    use super::needs;

    /// A program of the compiler at hand.
    fn compiled(flags: &[&str]) -> Vec<u8> {
        let folder = tempfile::tempdir().expect("a folder");
        let (source, program) = (folder.path().join("main.rs"), folder.path().join("main"));
        fs::write(&source, "fn main() {}").expect("written");
        let status = Command::new("rustc").args(flags).arg("-o").arg(&program).arg(&source).status();
        assert!(status.expect("rustc starts").success());
        fs::read(program).expect("a program")
    }

    #[test]
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    fn a_static_program_needs_nothing() {
        assert_eq!(needs(&compiled(&[])).expect("a program"), ["a loader", "shared libraries"]);
        assert!(needs(&compiled(&["-Ctarget-feature=+crt-static"])).expect("a program").is_empty());
    }

    #[test]
    fn other_files_are_refused() {
        assert!(needs(b"#!/bin/sh").is_err());
        assert!(needs(b"\x7fELF\x02\x01").is_err());
    }
}
