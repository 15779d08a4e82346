//! What each verb of the command line does.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use backstack_testbed::build::recipe::{self, Lock};
use backstack_testbed::control::{self, Request, Response};
use backstack_testbed::description::{ClusterDescription, Description};
use backstack_testbed::kubelet::inside::Inside;
use backstack_testbed::paths::{Cache, default_state_dir, find_program, path_with};
use backstack_testbed::progress::{Step, say};
use backstack_testbed::repository::Repository;
use backstack_testbed::supervisor::Serve;
use backstack_testbed::{Crowd, build, testbed};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tokio::runtime::Runtime;

use crate::cli::{Dir, Verb};
use crate::with;

const DOWN_DEADLINE: Duration = Duration::from_secs(10);

/// Does what was asked; the answer is an exit code.
pub fn act(verb: Verb) -> Result<u8> {
    let done = match verb {
        Verb::Inside { reach, out, own, command } => {
            return runtime()?.block_on(Inside { reach, out, own, command }.run());
        }
        Verb::With { clusters, command } => return runtime()?.block_on(with::with(clusters, &command)),
        Verb::Build { hub_only, older } => build(hub_only, older),
        Verb::Up { clusters, dir } => up(&place(dir)?, clusters),
        Verb::Down { dir } => down(&place(dir)?),
        Verb::Reset { cluster, dir } => reset(&place(dir)?, cluster),
        Verb::Crowd { objects, applications, definitions, cluster, dir } => {
            crowd(&place(dir)?, cluster, Crowd { objects, applications, definitions })
        }
        Verb::Status { dir } => status(&place(dir)?),
        Verb::Logs { name, cluster, dir } => logs(&place(dir)?, &name, cluster),
        Verb::Env { cluster, dir } => env(&place(dir)?, cluster),
        Verb::ClusterUp { name, whole, dir } => cluster_up(&place(dir)?, &name, whole),
        Verb::ClusterDown { name, dir } => control::ask(&place(dir)?, &Request::StopCluster { name }).map(drop),
        Verb::Report(run) => run.report(),
        Verb::Serve { clusters, until_eof, temporary, porter, hub_only, dir } => {
            serve(Serve { dir: place(dir)?, clusters, until_eof, temporary, porter, locks: locks(hub_only) })
        }
    };
    done.map(|()| 0)
}

fn build(hub_only: bool, older: bool) -> Result<()> {
    let cache = Cache::locate()?;
    build::ensure(&cache, locks(hub_only))?;
    if older { build::older::ensure(&cache) } else { Ok(()) }
}

/// Whose programs are to be built.
fn locks(hub_only: bool) -> &'static [&'static Lock] {
    if hub_only { recipe::HUB } else { recipe::LOCKS }
}

/// It lives on this thread, which is what the kernel looks at when it ends our children.
fn runtime() -> Result<Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().context("failed to start the runtime")
}

/// The directory as an absolute path: servers have working directories of their own.
fn place(dir: Dir) -> Result<PathBuf> {
    let dir = match dir.dir {
        Some(dir) => dir,
        None => default_state_dir()?,
    };
    std::path::absolute(&dir).with_context(|| format!("{} is no directory", dir.display()))
}

fn serve(serve: Serve) -> Result<()> {
    runtime()?.block_on(serve.run())
}

fn up(dir: &Path, clusters: usize) -> Result<()> {
    if let Ok(description) = Description::read(dir)
        && supervisor(&description).is_some()
    {
        say(&format!("runs already in {}", dir.display()));
        return Ok(());
    }
    let cache = Cache::locate()?;
    build::ensure(&cache, recipe::HUB)?;
    let unbuilt = recipe::unbuilt(&cache);
    if !unbuilt.is_empty() {
        say(&format!("not built: {}; kwok plays their pods until `testbed build` has built them", unbuilt.join(", ")));
    }
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .with_context(|| format!("failed to create {}", dir.display()))?;
    // What an earlier testbed left must not be taken for the new one's answer.
    let _ = fs::remove_file(dir.join(backstack_testbed::description::FILE));
    let step = Step::begin("starting the testbed");
    let log = File::create(dir.join("supervisor.log"))?;
    let mut child = Command::new("setsid")
        .arg(std::env::current_exe()?)
        .args(["serve", "--hub-only", "--clusters", &clusters.to_string(), "--dir"])
        .arg(dir)
        .args(find_program("porter").map(|_| "--porter"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .context("failed to start the supervisor")?;
    match testbed::await_ready(dir, &mut child, |words| step.tick(words)) {
        Ok(_) => {
            step.end("the testbed is up");
            say("hint: eval \"$(testbed env)\"");
            Ok(())
        }
        Err(error) => {
            // Without a testbed that is up nobody needs the rest of it.
            let _ = child.kill();
            Err(error)
        }
    }
}

fn down(dir: &Path) -> Result<()> {
    let description = Description::read(dir)?;
    let Some(pid) = supervisor(&description) else {
        say("it does not run");
        return Ok(());
    };
    kill_process(pid, Signal::TERM).context("failed to stop the supervisor")?;
    let deadline = Instant::now() + DOWN_DEADLINE;
    while test_kill_process(pid).is_ok() {
        if Instant::now() > deadline {
            kill_process(pid, Signal::KILL).context("failed to kill the supervisor")?;
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// The supervisor's process, if it still is one: process ids are used again.
fn supervisor(description: &Description) -> Option<Pid> {
    let command_line = fs::read(format!("/proc/{}/cmdline", description.pid)).ok()?;
    let words: Vec<_> = command_line.split(|byte| *byte == 0).collect();
    let ours = words.contains(&&b"serve"[..]) && words.contains(&description.dir.as_os_str().as_bytes());
    let pid = Pid::from_raw(i32::try_from(description.pid).ok()?)?;
    ours.then_some(pid)
}

fn reset(dir: &Path, cluster: usize) -> Result<()> {
    let step = Step::begin(format!("resetting cluster {cluster}"));
    control::ask(dir, &Request::Reset { cluster })?;
    step.end(&format!("reset cluster {cluster}"));
    Ok(())
}

fn crowd(dir: &Path, cluster: usize, crowd: Crowd) -> Result<()> {
    let description = Description::read(dir)?;
    let step = Step::begin(format!("a crowd on cluster {cluster}"));
    runtime()?.block_on(crowd.make(&cluster_in(&description, cluster)?.kubeconfig))?;
    step.end(&format!("a crowd is on cluster {cluster}"));
    Ok(())
}

fn cluster_up(dir: &Path, name: &str, whole: bool) -> Result<()> {
    match control::ask(dir, &Request::StartCluster { name: name.to_owned(), whole })? {
        Response::Kubeconfig(kubeconfig) => Ok(writeln!(io::stdout(), "{}", kubeconfig.display())?),
        other => bail!("unexpected answer {other:?}"),
    }
}

fn status(dir: &Path) -> Result<()> {
    let description = Description::read(dir)?;
    let mut out = io::stdout().lock();
    if supervisor(&description).is_none() {
        bail!("the testbed in {} has ended", dir.display());
    }
    writeln!(out, "supervisor  {}", description.pid)?;
    writeln!(out, "git         {}", description.git.url)?;
    writeln!(out, "registry    {}", description.registry)?;
    for cluster in &description.clusters {
        writeln!(out, "cluster {}   {}", cluster.number, cluster.kubeconfig.display())?;
        let request = Request::Processes { cluster: cluster.number };
        if let Response::Processes(processes) = control::ask(dir, &request)? {
            for process in processes {
                let pid = process.pid.map_or_else(|| "-".to_owned(), |pid| pid.to_string());
                writeln!(out, "  {pid:>7}  {}/{}  {}", process.namespace, process.pod, process.state)?;
            }
        }
    }
    Ok(())
}

fn logs(dir: &Path, name: &str, cluster: usize) -> Result<()> {
    let file = format!("{name}.log");
    let places = [dir.join("clusters").join(cluster.to_string()).join("logs"), dir.join("logs"), dir.to_owned()];
    let Some(log) = places.iter().map(|place| place.join(&file)).find(|log| log.exists()) else {
        bail!("there is no log of {name}; there are {}", names(&places).join(", "));
    };
    io::copy(&mut File::open(&log)?, &mut io::stdout().lock())
        .with_context(|| format!("failed to print {}", log.display()))?;
    Ok(())
}

fn names(places: &[PathBuf]) -> Vec<String> {
    let mut names: Vec<_> = places
        .iter()
        .filter_map(|place| fs::read_dir(place).ok())
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.file_name().to_str()?.strip_suffix(".log")?.to_owned()))
        .collect();
    names.sort();
    names
}

fn env(dir: &Path, cluster: usize) -> Result<()> {
    let description = Description::read(dir)?;
    let cluster = cluster_in(&description, cluster)?;
    let mut out = io::stdout().lock();
    for (name, value) in variables(&description, cluster)? {
        writeln!(out, "export {name}='{}'", value.replace('\'', "'\\''"))?;
    }
    Ok(())
}

fn cluster_in(description: &Description, number: usize) -> Result<&ClusterDescription> {
    let mut clusters = description.clusters.iter();
    clusters.find(|cluster| cluster.number == number).with_context(|| format!("there is no cluster {number}"))
}

fn variables(description: &Description, cluster: &ClusterDescription) -> Result<Vec<(&'static str, String)>> {
    let git = &description.git;
    let hub = Repository::named(git, &format!("hub-{}", cluster.number))?;
    let show = |path: &Path| path.display().to_string();
    let mut path = path_with(&description.bin);
    let mut variables = vec![
        ("BACKSTACK_TESTBED_DIR", show(&description.dir)),
        ("KUBECONFIG", show(&cluster.kubeconfig)),
        ("HUB_REPOSITORY", hub.url()),
        ("HUB_REPOSITORY_AS_WRITER", hub.url_for(&git.writer)),
        ("HUB_REPOSITORY_AS_READER", hub.url_for(&git.reader)),
        ("GIT_WRITER", git.writer.username.clone()),
        ("GIT_WRITER_PASSWORD", git.writer.password.clone()),
        ("GIT_READER", git.reader.username.clone()),
        ("GIT_READER_PASSWORD", git.reader.password.clone()),
        ("REGISTRY", description.registry.clone()),
        ("ARGOCD_VERSION", description.argocd_version.clone()),
        ("ARGOCD_MODULE", show(&description.modules.argocd)),
        ("CROSSPLANE_MODULE", show(&description.modules.crossplane)),
        ("KYVERNO_MODULE", show(&description.modules.kyverno)),
    ];
    if let Some(porter) = &description.porter {
        variables.push(("PORTER_HOME", show(&porter.home)));
        variables.push(("PORTER_RUNTIME_DRIVER", porter.driver.clone()));
        if porter.driver == "docker" {
            // Containers have to reach the servers on this host's loopback.
            variables.push(("DOCKER_NETWORK", "host".to_owned()));
        }
        path = format!("{}:{path}", show(&porter.bin));
    }
    variables.push(("PATH", path));
    Ok(variables)
}
