//! The forge that everybody shares. Whoever uses it has an account of their own.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep, timeout};

use crate::git::{self, Credential};
use crate::gitea::Gitea;
use crate::loopback;
use crate::paths::{Cache, path_with};
use crate::ports::{Port, Ports};
use crate::process::{Process, Spec};
use crate::progress::{say, seconds};

/// It makes some hundred tables to begin with.
const DEADLINE: Duration = Duration::from_secs(120);
/// The one who makes the accounts of all others.
const KEEPER: &str = "keeper";

/// Not there until somebody asks for it.
pub struct GiteaServer {
    program: PathBuf,
    bin: PathBuf,
    /// Where its module lies: templates of pages are files beside the program.
    module: PathBuf,
    dir: PathBuf,
    logs: PathBuf,
    running: Mutex<Option<Running>>,
}

struct Running {
    gitea: Gitea,
    process: Process,
    _ports: [Port; 2],
}

impl GiteaServer {
    /// One whose files will be below `dir`.
    pub fn new(cache: &Cache, module: &Path, dir: &Path) -> Self {
        Self {
            program: cache.bin("gitea"),
            bin: cache.bin_dir(),
            module: module.to_owned(),
            dir: dir.join("gitea"),
            logs: dir.join("logs"),
            running: Mutex::default(),
        }
    }

    /// How it is reached; starts it for the first who asks.
    pub async fn reached(&self) -> Result<Gitea> {
        let mut running = self.running.lock().await;
        if let Some(running) = running.as_ref() {
            return Ok(running.gitea.clone());
        }
        let started = self.start().await.context("failed to start Gitea")?;
        Ok(running.insert(started).gitea.clone())
    }

    async fn start(&self) -> Result<Running> {
        let began = Instant::now();
        ensure!(self.program.exists(), "it is not built");
        // Of a start that has failed there may be some of it, which the programs below would not write anew.
        if self.dir.exists() {
            fs::remove_dir_all(&self.dir).context("failed to remove what a start has left")?;
        }
        DirBuilder::new().recursive(true).mode(0o700).create(&self.dir)?;
        let ports = Ports::reserve()?;
        let (http, ssh) = (ports.take()?, ports.take()?);
        let host_key = self.dir.join("host");
        output(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-C", "gitea", "-f"]).arg(&host_key))?;
        let user = output(Command::new("id").arg("-un"))?;
        let settings = self.settings(http.number(), ssh.number(), user.trim());
        fs::write(self.dir.join("app.ini"), settings).context("failed to write app.ini")?;

        let keeper = Credential { username: KEEPER.to_owned(), password: git::password()? };
        self.to_its_end(&["migrate"]).await?;
        let account = ["--username", KEEPER, "--password", &keeper.password, "--email", "keeper@localhost"];
        let create = ["admin", "user", "create", "--admin", "--must-change-password=false"];
        self.to_its_end(&[&create[..], &account].concat()).await?;
        let mut process = Process::spawn(&self.spec(&["web"]))?;
        until_healthy(&mut process, http.number()).await?;
        say(&format!("gitea is up after {}", seconds(began.elapsed())));
        let public = fs::read_to_string(host_key.with_extension("pub")).context("failed to read the host key")?;
        let gitea = Gitea {
            port: http.number(),
            ssh: format!("ssh://{}@127.0.0.1:{}", user.trim(), ssh.number()),
            known_hosts: format!("[127.0.0.1]:{} {public}", ssh.number()),
            keeper,
            log: self.logs.join("gitea.log"),
        };
        Ok(Running { gitea, process, _ports: [http, ssh] })
    }

    fn spec(&self, args: &[&str]) -> Spec {
        let mut spec = Spec::new("gitea", &self.program, &self.logs).args(args.iter().copied());
        let dir = self.dir.display().to_string();
        spec = spec.args(["--config".to_owned(), format!("{dir}/app.ini")]);
        let env = [("PATH", path_with(&self.bin)), ("HOME", dir.clone()), ("GITEA_WORK_DIR", dir)];
        spec.env = Some(env.map(|(name, value)| (name.to_owned(), value)).into());
        spec.cwd = Some(self.dir.clone());
        spec
    }

    async fn to_its_end(&self, args: &[&str]) -> Result<()> {
        let mut process = Process::spawn(&self.spec(args))?;
        let ended = timeout(DEADLINE, process.wait()).await;
        let status = ended.with_context(|| format!("gitea {} has not ended after {DEADLINE:?}", args[0]))??;
        ensure!(status.success(), process.obituary(status));
        Ok(())
    }

    fn settings(&self, http: u16, ssh: u16, user: &str) -> String {
        format!(
            "APP_NAME = testbed\nRUN_MODE = prod\nRUN_USER = {user}\nI_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true\n\
             [server]\nHTTP_ADDR = 127.0.0.1\nHTTP_PORT = {http}\nROOT_URL = http://127.0.0.1:{http}/\nDOMAIN = 127.0.0.1\n\
             OFFLINE_MODE = true\nSTATIC_ROOT_PATH = {module}\nSTART_SSH_SERVER = true\nSSH_DOMAIN = 127.0.0.1\n\
             SSH_LISTEN_HOST = 127.0.0.1\nSSH_PORT = {ssh}\nSSH_LISTEN_PORT = {ssh}\nSSH_SERVER_HOST_KEYS = {dir}/host\n\
             [database]\nDB_TYPE = sqlite3\nPATH = {dir}/gitea.db\n\
             [repository]\nROOT = {dir}/repositories\nDEFAULT_BRANCH = main\n\
             [security]\nINSTALL_LOCK = true\n\
             [service]\nDISABLE_REGISTRATION = true\n\
             [log]\nMODE = console\nLEVEL = Warn\n\
             [actions]\nENABLED = false\n\
             [cron]\nENABLED = false\n",
            module = self.module.display(),
            dir = self.dir.display(),
        )
    }

    /// Returns with an error as soon as it has ended.
    pub async fn watch_over(&self) -> Result<()> {
        loop {
            if let Some(running) = self.running.lock().await.as_mut() {
                super::check([&mut running.process])?;
            }
            sleep(super::PULSE).await;
        }
    }
}

async fn until_healthy(process: &mut Process, port: u16) -> Result<()> {
    let deadline = Instant::now() + DEADLINE;
    while !matches!(loopback::get_status(port, "/api/healthz").await, Ok(200)) {
        if let Some(status) = process.ended()? {
            return Err(process.obituary(status));
        }
        ensure!(Instant::now() < deadline, "it is not healthy after {DEADLINE:?}");
        sleep(super::PULSE).await;
    }
    Ok(())
}

fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("failed to start {command:?}"))?;
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}
