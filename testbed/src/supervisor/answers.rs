//! The supervisor's side of [`crate::control`].

use std::rc::Rc;

use anyhow::{Context, Result};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};

use super::backstages::Backstages;
use super::gitea::GiteaServer;
use super::guests::Guests;
use super::hub::Hub;
use super::shared_api::SharedApi;
use super::snapshots::Snapshots;
use crate::control::{Request, Response};
use crate::kubelet::part::Part;
use crate::progress::say;

/// What clients may ask about.
#[derive(Clone)]
pub struct Supervised {
    pub hubs: Vec<Rc<Hub>>,
    pub backstages: Rc<Backstages>,
    pub snapshots: Rc<Snapshots>,
    pub shared_api: Rc<SharedApi>,
    pub gitea: Rc<GiteaServer>,
    pub guests: Rc<Guests>,
}

/// Answers clients for ever, all of them at the same time.
pub async fn answer(listener: &UnixListener, supervised: Supervised) -> Result<()> {
    loop {
        let (stream, _) = listener.accept().await.context("failed to accept a client")?;
        let supervised = supervised.clone();
        tokio::task::spawn_local(async move {
            if let Err(error) = supervised.converse(stream).await {
                say(&format!("a client went wrong: {error:#}"));
            }
        });
    }
}

impl Supervised {
    async fn converse(&self, stream: UnixStream) -> Result<()> {
        let mut stream = BufReader::new(stream);
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        let request = serde_json::from_str(&line).context("not a request")?;
        let response = self.respond(request).await.unwrap_or_else(|error| Response::Failed(format!("{error:#}")));
        let mut answer = serde_json::to_vec(&response)?;
        answer.push(b'\n');
        stream.write_all(&answer).await?;
        Ok(())
    }

    fn hub(&self, number: usize) -> Result<&Hub> {
        let hub = number.checked_sub(1).and_then(|index| self.hubs.get(index));
        hub.map(Rc::as_ref).with_context(|| format!("there is no cluster {number}"))
    }

    async fn respond(&self, request: Request) -> Result<Response> {
        Ok(match request {
            Request::Prepare { cluster, mode, from } => {
                let from = from.map(|name| self.snapshots.find(&name)).transpose()?;
                self.hub(cluster)?.prepare(mode, from.as_deref()).await?;
                Response::Done
            }
            Request::Record { cluster, name } => {
                self.snapshots.record(&name, self.hub(cluster)?).await?;
                Response::Done
            }
            Request::Snapshots => Response::Names(self.snapshots.names()),
            Request::SharedApi => Response::Kubeconfig(self.shared_api.kubeconfig().await?),
            Request::Gitea => Response::Gitea(Box::new(self.gitea.reached().await?)),
            Request::Reset { cluster } => {
                self.hub(cluster)?.reset().await?;
                Response::Done
            }
            Request::Processes { cluster } => Response::Processes(self.hub(cluster)?.processes().await),
            Request::Service { cluster, namespace, part } => {
                Response::Port(self.hub(cluster)?.service_port(&namespace, part_of_argocd(&part)?).await?)
            }
            Request::StartCluster { name, whole } => Response::Kubeconfig(self.guests.start(&name, whole).await?),
            Request::StopCluster { name } => {
                self.guests.stop(&name).await;
                Response::Done
            }
            Request::Clusters => Response::Names(self.guests.names().await),
            Request::StartBackstage { location } => Response::Backstage(self.backstages.start(&location).await?),
            Request::StopBackstage { port } => {
                self.backstages.stop(port).await?;
                Response::Done
            }
        })
    }
}

fn part_of_argocd(label: &str) -> Result<Part> {
    Part::from_label(label).with_context(|| format!("{label} is no part of Argo CD"))
}
