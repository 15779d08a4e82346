//! The supervisor's side of [`crate::control`].

use std::rc::Rc;

use anyhow::{Context, Result};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};

use super::backstages::Backstages;
use super::hub::Hub;
use crate::control::{Request, Response};
use crate::progress::say;

/// Answers clients for ever, all of them at the same time.
pub async fn answer(listener: &UnixListener, hubs: &[Rc<Hub>], backstages: &Rc<Backstages>) -> Result<()> {
    loop {
        let (stream, _) = listener.accept().await.context("failed to accept a client")?;
        let (hubs, backstages) = (hubs.to_vec(), Rc::clone(backstages));
        tokio::task::spawn_local(async move {
            if let Err(error) = converse(stream, &hubs, &backstages).await {
                say(&format!("a client went wrong: {error:#}"));
            }
        });
    }
}

async fn converse(stream: UnixStream, hubs: &[Rc<Hub>], backstages: &Backstages) -> Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let request = serde_json::from_str(&line).context("not a request")?;
    let response =
        respond(request, hubs, backstages).await.unwrap_or_else(|error| Response::Failed(format!("{error:#}")));
    let mut answer = serde_json::to_vec(&response)?;
    answer.push(b'\n');
    stream.write_all(&answer).await?;
    Ok(())
}

async fn respond(request: Request, hubs: &[Rc<Hub>], backstages: &Backstages) -> Result<Response> {
    let hub = |number: usize| {
        number.checked_sub(1).and_then(|index| hubs.get(index)).with_context(|| format!("there is no cluster {number}"))
    };
    Ok(match request {
        Request::Prepare { cluster, mode } => {
            hub(cluster)?.prepare(mode).await?;
            Response::Done
        }
        Request::Reset { cluster } => {
            hub(cluster)?.reset().await?;
            Response::Done
        }
        Request::Processes { cluster } => Response::Processes(hub(cluster)?.processes().await),
        Request::Service { cluster, namespace, part } => {
            Response::Port(hub(cluster)?.service_port(&namespace, Request::part(&part)?).await?)
        }
        Request::StartBackstage { location } => Response::Backstage(backstages.start(&location).await?),
        Request::StopBackstage { port } => {
            backstages.stop(port).await?;
            Response::Done
        }
    })
}
