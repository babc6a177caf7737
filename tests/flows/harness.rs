//! An installation in a temporary folder and the processes that run over it.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

/// How long a server may take until it accepts connections. Generous, because tests share two cores.
const START_LIMIT: Duration = Duration::from_secs(60);

/// The binary under test.
pub(crate) fn symbolon() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_symbolon"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("SYMBOLON_")) {
        command.env_remove(name);
    }
    command.stdin(Stdio::null());
    command
}

/// A fresh installation; its folder goes with it.
pub(crate) struct Installation {
    folder: tempfile::TempDir,
    pub(crate) issuer: String,
    pub(crate) verifier: String,
    pub(crate) distributor: String,
}

impl Installation {
    pub(crate) fn new() -> Self {
        let installation = Self::none();
        installation.ok(&[
            "init",
            "--issuer",
            &installation.issuer,
            "--verifier",
            &installation.verifier,
        ]);
        installation
    }

    /// An installation that is made as `arguments` say, issuer and verifier among them.
    pub(crate) fn new_with(arguments: &[&str]) -> Self {
        let after = |name: &str| {
            let position = arguments.iter().position(|argument| *argument == name).unwrap();
            arguments[position + 1].to_owned()
        };
        let installation = Self {
            issuer: after("--issuer"),
            verifier: after("--verifier"),
            ..Self::none()
        };
        installation.ok(&[&["init"], arguments].concat());
        installation
    }

    /// An empty folder.
    pub(crate) fn none() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            issuer: format!("http://127.0.0.1:{}", free_port()),
            verifier: format!("http://127.0.0.1:{}", free_port()),
            distributor: format!("http://127.0.0.1:{}", free_port()),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = symbolon();
        command.current_dir(self.folder.path()).args(arguments);
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs a command that must succeed, and returns what it printed.
    #[track_caller]
    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        self.ok_with(arguments, &[])
    }

    /// The same with further environment variables.
    #[track_caller]
    pub(crate) fn ok_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> String {
        let mut command = self.command(arguments);
        let output = command.envs(environment.iter().copied()).output().unwrap();
        assert!(
            output.status.success(),
            "symbolon {arguments:?} ended with {:?}\n{}\n{}",
            output.status.code(),
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command that must end with `code`, and returns what it said on standard error.
    #[track_caller]
    pub(crate) fn fails(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(
            output.status.code(),
            Some(code),
            "symbolon {arguments:?}\n{}\n{said}",
            String::from_utf8_lossy(&output.stdout)
        );
        assert!(!said.contains("panicked"), "{said}");
        said
    }

    #[track_caller]
    pub(crate) fn json(&self, arguments: &[&str]) -> serde_json::Value {
        serde_json::from_str(&self.ok(arguments)).unwrap()
    }

    /// Writes `count` sample people to `people.ndjson` and returns their UINs.
    pub(crate) fn sample(&self, count: u32) -> Vec<String> {
        self.ok(&[
            "records",
            "sample",
            "--count",
            &count.to_string(),
            "--seed",
            "7",
            "--out",
            "people.ndjson",
        ]);
        self.uins("people.ndjson")
    }

    /// The UINs of a file of records.
    pub(crate) fn uins(&self, file: &str) -> Vec<String> {
        fs::read_to_string(self.path(file))
            .unwrap()
            .lines()
            .map(|line| {
                let record: serde_json::Value = serde_json::from_str(line).unwrap();
                record["UIN"].as_str().unwrap().to_owned()
            })
            .collect()
    }

    pub(crate) fn serve(&self, role: Role) -> Server {
        self.serve_with(role, &[])
    }

    /// Serves with further environment variables.
    pub(crate) fn serve_with(&self, role: Role, environment: &[(&str, &str)]) -> Server {
        let (name, url) = match role {
            Role::Issuer => ("issuer", &self.issuer),
            Role::Verifier => ("verifier", &self.verifier),
            Role::Distributor => ("distributor", &self.distributor),
        };
        let log = fs::File::create(self.path(&format!("{name}.log"))).unwrap();
        let child = self
            .command(&[name, "serve"])
            .env(
                "SYMBOLON_DISTRIBUTOR_LISTEN",
                self.distributor.trim_start_matches("http://"),
            )
            .envs(environment.iter().copied())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut server = Server { child };
        let address = url.strip_prefix("http://").unwrap();
        let started = Instant::now();
        // The port is taken before the store is opened. A command that comes in between would open the store itself, and the
        // server find it taken.
        while !self.log(name).contains("listening on") || TcpStream::connect(address).is_err() {
            if let Some(status) = server.child.try_wait().unwrap() {
                panic!("{name} ended with {status}: {}", self.log(name));
            }
            assert!(
                started.elapsed() < START_LIMIT,
                "{name} does not listen: {}",
                self.log(name)
            );
            std::thread::sleep(Duration::from_millis(10));
        }
        server
    }

    pub(crate) fn log(&self, name: &str) -> String {
        fs::read_to_string(self.path(&format!("{name}.log"))).unwrap_or_default()
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Role {
    Issuer,
    Verifier,
    Distributor,
}

/// A running server, killed when it is dropped.
pub(crate) struct Server {
    child: Child,
}

impl Server {
    /// `kill -9`.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that was free a moment ago, and that nobody is given by chance until it is used: it lies below those that the system
/// gives to whoever asks for any, and no two tests of a process get the same.
pub(crate) fn free_port() -> u16 {
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    // Processes that run beside each other begin at different places.
    let start = u16::try_from(std::process::id() % u32::from(PORTS)).unwrap();
    loop {
        let step = GIVEN.fetch_add(1, Ordering::Relaxed);
        let port = FIRST_PORT + (start.wrapping_mul(31).wrapping_add(step)) % PORTS;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Linux gives ports from 32,768 on to whoever asks for any.
const FIRST_PORT: u16 = 12_000;
const PORTS: u16 = 20_000;
