//! One more address of a server: an API server can be as many clusters as are wanted, and each of them can be gone alone.

use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::{Context, Result};

/// Whatever connects to its port talks to the server behind it; nobody does while it is shut, and any more when it is dropped.
#[derive(Debug)]
pub struct Gate {
    address: SocketAddr,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    is_gone: AtomicBool,
    is_shut: AtomicBool,
    connections: AtomicUsize,
    open: Mutex<Vec<TcpStream>>,
}

impl Gate {
    /// One before a port of this loopback.
    pub fn before(port: u16) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("failed to open a port")?;
        let address = listener.local_addr().context("a listener without an address")?;
        let state: Arc<State> = Arc::default();
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if shared.is_gone.load(Ordering::SeqCst) {
                    return; // the listener goes with it
                }
                if shared.is_shut.load(Ordering::SeqCst) {
                    continue; // whoever comes is sent away
                }
                shared.connections.fetch_add(1, Ordering::SeqCst);
                // The server may be gone before its gate; the client is then told at once.
                let _ = shared.lead(client, port);
            }
        });
        Ok(Self { address, state })
    }

    /// Its port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Ends what is open, and sends away whoever comes.
    pub fn shut(&self) {
        self.state.is_shut.store(true, Ordering::SeqCst);
        self.state.hang_up();
    }

    /// Lets everybody through again.
    pub fn open(&self) {
        self.state.is_shut.store(false, Ordering::SeqCst);
    }

    /// How often somebody has connected.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }
}

impl State {
    fn lead(&self, client: TcpStream, port: u16) -> io::Result<()> {
        let server = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.extend([client.try_clone()?, server.try_clone()?]);
        drop(open);
        let (client_too, server_too) = (client.try_clone()?, server.try_clone()?);
        thread::spawn(move || pass_on(client, server));
        thread::spawn(move || pass_on(server_too, client_too));
        Ok(())
    }

    fn hang_up(&self) {
        for stream in self.open.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

fn pass_on(mut from: TcpStream, mut to: TcpStream) {
    // Either side may hang up at any time; both are then closed.
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Both);
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.state.is_gone.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address); // wakes it
        self.state.hang_up();
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use super::*;

    #[test]
    fn it_leads_to_the_server_until_it_is_shut() {
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("open");
        let gate = Gate::before(server.local_addr().expect("bound").port()).expect("a gate");
        let address = gate.address;
        let mut client = TcpStream::connect(address).expect("connected");
        let (mut answering, _) = server.accept().expect("led on");
        client.write_all(b"hello").expect("sent");
        let mut heard = [0; 5];
        answering.read_exact(&mut heard).expect("read");
        assert_eq!((&heard, gate.connections()), (b"hello", 1));

        drop(gate);
        assert_eq!(client.read(&mut heard).unwrap_or_default(), 0, "what was open is closed");
        let refused = (0..100).any(|_| {
            thread::sleep(std::time::Duration::from_millis(10));
            TcpStream::connect(address).is_err()
        });
        assert!(refused, "nobody is there any more");
    }
}
