//! An API server that is further away: every byte takes half of a round trip longer, in either direction.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::Value;
use tempfile::NamedTempFile;

/// How much is taken from a connection at once.
const PIECE: usize = 64 * 1024;

/// A way to a server that takes longer. TLS goes through it as it is. Nobody comes through any more when it is dropped.
#[derive(Debug)]
pub struct Distance {
    address: SocketAddr,
    kubeconfig: NamedTempFile,
    is_gone: Arc<AtomicBool>,
}

impl Distance {
    /// One to the server that this kubeconfig leads to, with so much more for each round trip.
    pub fn to(kubeconfig: &Path, round_trip: Duration) -> Result<Self> {
        let text = fs::read(kubeconfig).with_context(|| format!("failed to read {}", kubeconfig.display()))?;
        let mut config: Value = serde_json::from_slice(&text).context("the kubeconfig is no JSON")?;
        let server = &mut config["clusters"][0]["cluster"]["server"];
        let port = server.as_str().and_then(|it| it.rsplit(':').next()).and_then(|it| it.parse().ok());
        let port = port.context("the address of the server has no port")?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("failed to open a port")?;
        let address = listener.local_addr().context("a listener without an address")?;
        *server = format!("https://{address}").into();
        let file = NamedTempFile::new().context("failed to make a file")?;
        fs::write(file.path(), config.to_string()).context("failed to write the kubeconfig")?;
        let is_gone = Arc::new(AtomicBool::new(false));
        let ends = Arc::clone(&is_gone);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if ends.load(Ordering::SeqCst) {
                    return; // the listener goes with it
                }
                // The server may be gone; the client is then told at once.
                let _ = lead(client, port, round_trip);
            }
        });
        Ok(Self { address, kubeconfig: file, is_gone })
    }

    /// The kubeconfig that leads this way.
    #[must_use]
    pub fn kubeconfig(&self) -> &Path {
        self.kubeconfig.path()
    }
}

fn lead(client: TcpStream, port: u16, round_trip: Duration) -> io::Result<()> {
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    // To connect takes a round trip of its own, which a client of the loopback does not see.
    let begins = Instant::now() + round_trip;
    for stream in [&client, &server] {
        stream.set_nodelay(true)?;
    }
    let half = round_trip / 2;
    for (from, to) in [(client.try_clone()?, server.try_clone()?), (server, client)] {
        let (sends, comes) = channel();
        thread::spawn(move || take(from, &sends, begins));
        thread::spawn(move || give(to, &comes, half));
    }
    Ok(())
}

/// Takes what comes, and notes when; what comes before the connection stands comes then.
fn take(mut from: TcpStream, sends: &Sender<(Instant, Vec<u8>)>, begins: Instant) {
    let mut piece = vec![0; PIECE];
    while let Ok(length @ 1..) = from.read(&mut piece) {
        if sends.send((Instant::now().max(begins), piece[..length].to_vec())).is_err() {
            return; // the other side has hung up
        }
    }
}

/// Gives it on, each piece after this time.
fn give(mut to: TcpStream, comes: &Receiver<(Instant, Vec<u8>)>, half: Duration) {
    for (came, piece) in comes {
        thread::sleep((came + half).saturating_duration_since(Instant::now()));
        if to.write_all(&piece).is_err() {
            break;
        }
    }
    // Either side may hang up at any time; both are then closed.
    let _ = to.shutdown(Shutdown::Both);
}

impl Drop for Distance {
    fn drop(&mut self) {
        self.is_gone.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address); // wakes it
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_trip_takes_longer_and_the_first_one_twice_as_long() {
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("open");
        let address = server.local_addr().expect("bound");
        thread::spawn(move || {
            let (mut stream, _) = server.accept().expect("led on");
            let mut heard = [0; 5];
            while stream.read_exact(&mut heard).is_ok() {
                stream.write_all(&heard).expect("answered");
            }
        });
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("kubeconfig");
        let config = serde_json::json!({"clusters": [{"cluster": {"server": format!("https://{address}")}}]});
        fs::write(&file, config.to_string()).expect("written");
        let round_trip = Duration::from_millis(40);
        let distance = Distance::to(&file, round_trip).expect("a way");
        let leads: Value = serde_json::from_slice(&fs::read(distance.kubeconfig()).expect("a file")).expect("JSON");
        assert_eq!(leads["clusters"][0]["cluster"]["server"], format!("https://{}", distance.address));

        let mut client = TcpStream::connect(distance.address).expect("connected");
        for least in [2 * round_trip, round_trip] {
            let began = Instant::now();
            client.write_all(b"hello").expect("sent");
            let mut heard = [0; 5];
            client.read_exact(&mut heard).expect("answered");
            assert_eq!(&heard, b"hello");
            assert!(began.elapsed() >= least, "{:?}", began.elapsed());
        }
    }
}
