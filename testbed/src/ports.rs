//! Free loopback ports that stay ours.
//!
//! A port taken with `bind(0)` and closed again comes from the range of outgoing connections,
//! so any connection may take it before its server listens. These ports come from below that
//! range, in blocks; a block is held by a lock on a file, which the kernel releases however
//! the holder ends. So several testbeds live side by side without knowing of each other.

use std::env;
use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

use anyhow::{Context, Result, bail};

const FIRST: u16 = 20_000;
const LAST: u16 = 32_000;
const BLOCK: u16 = 100;

/// A block of ports that no other testbed on this machine hands out.
#[derive(Debug)]
pub struct Ports {
    first: u16,
    taken: [bool; BLOCK as usize],
    _lock: File,
}

impl Ports {
    /// Takes the first block that nobody holds.
    pub fn reserve() -> Result<Self> {
        Self::reserve_in(&env::temp_dir().join("backstack-testbed-ports"))
    }

    fn reserve_in(locks: &Path) -> Result<Self> {
        fs::create_dir_all(locks)
            .with_context(|| format!("failed to create {}", locks.display()))?;
        for first in (FIRST..LAST).step_by(usize::from(BLOCK)) {
            let lock = File::create(locks.join(first.to_string()))
                .context("failed to open a port lock")?;
            if lock.try_lock().is_ok() {
                return Ok(Self {
                    first,
                    taken: [false; BLOCK as usize],
                    _lock: lock,
                });
            }
        }
        bail!("all blocks of ports are taken by other testbeds")
    }

    /// A port of the block on which nobody listens, on any address.
    pub fn take(&mut self) -> Result<u16> {
        for (offset, taken) in (0..BLOCK).zip(&mut self.taken) {
            let port = self.first + offset;
            if !*taken && is_free(port) {
                *taken = true;
                return Ok(port);
            }
        }
        bail!("no free port is left in {}+{BLOCK}", self.first)
    }

    /// Gives a port back when its server has ended.
    pub fn give_back(&mut self, port: u16) {
        if let Some(taken) = port
            .checked_sub(self.first)
            .and_then(|offset| self.taken.get_mut(usize::from(offset)))
        {
            *taken = false;
        }
    }
}

// The wildcard address conflicts with a listener on any address, so one attempt tells it all.
fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_do_not_overlap_and_ports_come_back() {
        let locks = tempfile::tempdir().expect("a directory");
        let mut one = Ports::reserve_in(locks.path()).expect("a block");
        let mut two = Ports::reserve_in(locks.path()).expect("another block");
        assert_ne!(one.first, two.first);

        let first = one.take().expect("a port");
        let second = one.take().expect("a port");
        assert_ne!(first, second);
        one.give_back(first);
        assert_eq!(one.take().expect("a port"), first);

        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, two.take().expect("a port")));
        let busy = listener.expect("free").local_addr().expect("bound").port();
        two.give_back(busy);
        // It may be free again by now; what matters is that nothing panics and a port comes.
        two.take().expect("a port");
    }

    #[test]
    fn a_busy_port_is_skipped() {
        let locks = tempfile::tempdir().expect("a directory");
        let mut ports = Ports::reserve_in(locks.path()).expect("a block");
        let port = ports.take().expect("a port");
        let _listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("free");
        ports.give_back(port);
        assert_ne!(ports.take().expect("a port"), port);
    }
}
