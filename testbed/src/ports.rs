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
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, bail};

// Below 32768, where Linux begins with the ports of outgoing connections (`ip_local_port_range`).
const FIRST: u16 = 20_000;
const LAST: u16 = 32_000;
const BLOCK: u16 = 100;

/// A block of ports that no other testbed on this machine hands out.
#[derive(Clone, Debug)]
pub struct Ports {
    first: u16,
    taken: Arc<Mutex<[bool; BLOCK as usize]>>,
    _lock: Arc<File>,
}

/// One port; it goes back to its block when this is dropped.
#[derive(Debug)]
pub struct Port {
    number: u16,
    block: Ports,
}

impl Ports {
    /// Takes the first block that nobody holds.
    pub fn reserve() -> Result<Self> {
        Self::reserve_in(&env::temp_dir().join("backstack-testbed-ports"))
    }

    fn reserve_in(locks: &Path) -> Result<Self> {
        fs::create_dir_all(locks).with_context(|| format!("failed to create {}", locks.display()))?;
        for first in (FIRST..LAST).step_by(usize::from(BLOCK)) {
            let lock = File::create(locks.join(first.to_string())).context("failed to open a port lock")?;
            if lock.try_lock().is_ok() {
                return Ok(Self { first, taken: Arc::new(Mutex::new([false; BLOCK as usize])), _lock: Arc::new(lock) });
            }
        }
        bail!("all blocks of ports are taken by other testbeds")
    }

    /// A port of the block on which nobody listens, on any address.
    pub fn take(&self) -> Result<Port> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        for (number, taken) in (self.first..).zip(taken.iter_mut()) {
            if !*taken && is_free(number) {
                *taken = true;
                return Ok(Port { number, block: self.clone() });
            }
        }
        bail!("no free port is left in {}+{BLOCK}", self.first)
    }
}

impl Port {
    /// The port's number.
    #[must_use]
    pub fn number(&self) -> u16 {
        self.number
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        let mut taken = self.block.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(taken) = taken.get_mut(usize::from(self.number - self.block.first)) {
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
        let one = Ports::reserve_in(locks.path()).expect("a block");
        let two = Ports::reserve_in(locks.path()).expect("another block");
        assert_ne!(one.first, two.first);

        let first = one.take().expect("a port");
        let second = one.take().expect("a port");
        assert_ne!(first.number(), second.number());
        let number = first.number();
        drop(first);
        assert_eq!(one.take().expect("a port").number(), number);
    }

    #[test]
    fn a_busy_port_is_skipped() {
        let locks = tempfile::tempdir().expect("a directory");
        let ports = Ports::reserve_in(locks.path()).expect("a block");
        let number = ports.take().expect("a port").number();
        let _listener = TcpListener::bind((Ipv4Addr::LOCALHOST, number)).expect("free");
        assert_ne!(ports.take().expect("a port").number(), number);
    }
}
