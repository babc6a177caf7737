//! Packs on their way: from distributor to shop, from shop to neighbour, and what is left in force when something goes wrong.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::{Installation, Role, Server};
use crate::offline::Island;
use crate::story;

/// An operator with a card in the hands of a resident, and its distributor.
pub(crate) struct Operator {
    pub(crate) installation: Installation,
    issuer: Option<Server>,
    distributor: Option<Server>,
    pub(crate) uin: String,
}

impl Operator {
    pub(crate) fn new() -> Self {
        let installation = Installation::new();
        let issuer = Some(installation.serve(Role::Issuer));
        let uin = story::import_people(&installation);
        story::print_card(&installation, &uin);
        let distributor = Some(installation.serve(Role::Distributor));
        let operator = Self {
            installation,
            issuer,
            distributor,
            uin,
        };
        operator.await_pack();
        operator
    }

    /// Publishes anew: a distributor makes a pack when it starts.
    pub(crate) fn publish(&mut self) {
        self.stopped(|_| ());
    }

    /// Does something while no server runs, and publishes anew.
    pub(crate) fn stopped(&mut self, work: impl FnOnce(&Installation)) {
        let before = self.index()["packs"][0]["sequence"].as_u64();
        self.distributor.take().unwrap().kill();
        self.issuer.take().unwrap().kill();
        work(&self.installation);
        self.issuer = Some(self.installation.serve(Role::Issuer));
        self.distributor = Some(self.installation.serve(Role::Distributor));
        let started = Instant::now();
        while self.index()["packs"][0]["sequence"].as_u64() == before {
            assert!(started.elapsed() < Duration::from_secs(60), "no newer pack");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn await_pack(&self) {
        let started = Instant::now();
        while self.index()["packs"][0]["sequence"].is_null() {
            assert!(
                started.elapsed() < Duration::from_secs(60),
                "no pack: {}",
                self.installation.log("distributor")
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub(crate) fn index_url(&self) -> String {
        format!("{}/packs/packs.json", self.installation.distributor)
    }

    fn index(&self) -> Value {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let answer = reqwest::get(self.index_url()).await.unwrap();
            answer.json().await.unwrap()
        })
    }

    /// The text of the onboarding code, and its fingerprint.
    fn onboarding(&self) -> (String, String) {
        let printed = self
            .installation
            .ok(&["pack", "onboarding-qr", "--index", &self.index_url()]);
        let text = printed
            .lines()
            .find(|line| line.starts_with("UR:SYMBOLON-ONBOARDING/"));
        let fingerprint = printed
            .lines()
            .find_map(|line| line.strip_prefix("fingerprint  "));
        (text.unwrap().to_owned(), fingerprint.unwrap().to_owned())
    }

    /// A machine that has nothing, after it has joined.
    pub(crate) fn shop(&self) -> Shop {
        let folder = Installation::none();
        let (text, fingerprint) = self.onboarding();
        let joined = folder.ok(&["pack", "join", &text, "--fingerprint", &fingerprint]);
        assert!(joined.contains("is in force"), "{joined}");
        fs::copy(self.installation.path("card.png"), folder.path("card.png")).unwrap();
        Shop(folder)
    }

    pub(crate) fn end(self) {
        for server in self.issuer.into_iter().chain(self.distributor) {
            server.kill();
        }
    }
}

/// A machine without an installation.
pub(crate) struct Shop(pub(crate) Installation);

impl Shop {
    pub(crate) fn pull(&self) -> Value {
        self.0.json(&["pack", "pull", "--json"])
    }

    /// What the shop says of the card where nothing can be reached, and as of when.
    pub(crate) fn judge(&self, island: &Island) -> (String, i64) {
        let symbolon = self.0.command(&[]);
        let mut command = island.command(Path::new(symbolon.get_program()));
        for (name, _) in symbolon.get_envs() {
            command.env_remove(name);
        }
        let output = command
            .current_dir(self.0.folder())
            .stdin(Stdio::null())
            .args(["verify", "card.png", "--json"])
            .output()
            .unwrap();
        let report: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
        (
            report["verdict"].as_str().unwrap().to_owned(),
            report["as_of"].as_i64().unwrap_or_default(),
        )
    }

    pub(crate) fn in_force(&self) -> Vec<u8> {
        fs::read(self.0.path("packs/current.pack")).unwrap()
    }
}

#[test]
fn a_revocation_reaches_a_shop_by_a_delta_and_its_neighbour_by_a_screen() {
    let island = Island::find();
    let mut operator = Operator::new();
    let (shop, neighbour) = (operator.shop(), operator.shop());
    let (verdict, before) = shop.judge(&island);
    assert_eq!(verdict, "genuine");
    assert_eq!(shop.pull()["outcome"], "up_to_date");

    // Status lists are dated in whole seconds.
    std::thread::sleep(Duration::from_millis(1_100));
    operator
        .installation
        .ok(&["credential", "revoke", "--record", &operator.uin]);
    operator.publish();
    let pulled = shop.pull();
    assert_eq!(
        (&pulled["outcome"], &pulled["way"]),
        (&"renewed".into(), &"delta".into())
    );
    let whole = operator.index()["packs"][0]["full"]["bytes"].as_u64().unwrap();
    assert!(
        pulled["bytes"].as_u64().unwrap() < whole / 2,
        "{pulled} of {whole}"
    );
    let (verdict, after) = shop.judge(&island);
    assert_eq!(verdict, "invalid");
    assert!(after > before);
    operator.end();

    // The neighbour has no network any more.
    assert_eq!(neighbour.judge(&island).0, "genuine");
    neighbour.0.ok(&["pack", "state", "--qr", "state.png"]);
    fs::copy(neighbour.0.path("state.png"), shop.0.path("state.png")).unwrap();
    let shown = shop
        .0
        .ok(&["pack", "show", "--qr", "frames", "--since", "state.png"]);
    assert!(shown.contains("what changed"), "{shown}");
    let frames = neighbour.0.path("frames");
    fs::create_dir(&frames).unwrap();
    for (at, frame) in fs::read_dir(shop.0.path("frames")).unwrap().enumerate() {
        // Every third frame is lost.
        if at % 3 != 0 {
            let frame = frame.unwrap();
            fs::copy(frame.path(), frames.join(frame.file_name())).unwrap();
        }
    }
    let received = neighbour.0.ok(&["pack", "receive", "frames"]);
    assert!(received.contains("is in force"), "{received}");
    assert_eq!(neighbour.in_force(), shop.in_force(), "byte for byte");
    assert_eq!(neighbour.judge(&island), ("invalid".to_owned(), after));
    let again = shop
        .0
        .ok(&["pack", "show", "--qr", "again.gif", "--since", "state.png"]);
    assert!(again.contains("what changed"), "{again}");
}

#[test]
fn nobody_is_believed_for_a_code_alone() {
    let operator = Operator::new();
    let (text, fingerprint) = operator.onboarding();
    let shop = Installation::none();
    let said = shop.fails(1, &["pack", "join", &text]);
    assert!(said.contains("--fingerprint"), "{said}");
    let wrong = fingerprint.replace(|digit: char| digit.is_ascii_digit(), "1");
    let said = shop.fails(1, &["pack", "join", &text, "--fingerprint", &wrong]);
    assert!(said.contains("not the operator's"), "{said}");

    // Somebody else's code, with the operator's fingerprint read out beside it.
    let other = Operator::new();
    let (forged, _) = other.onboarding();
    shop.fails(1, &["pack", "join", &forged, "--fingerprint", &fingerprint]);
    assert!(!shop.path("packs").exists());

    // The right code, and a server that serves another root of trust.
    let root = operator.installation.path("data/trust.json");
    let mut changed: Value = serde_json::from_slice(&fs::read(&root).unwrap()).unwrap();
    changed["trust_list"]["issuers"][0]["name"] = "Somebody else".into();
    let server = Scripted::serving(vec![
        ("/packs/packs.json", operator.index().to_string().into_bytes()),
        ("/packs/root-of-trust.json", changed.to_string().into_bytes()),
    ]);
    let printed = operator.installation.ok(&[
        "pack",
        "onboarding-qr",
        "--index",
        &server.url("/packs/packs.json"),
    ]);
    let text = printed.lines().find(|line| line.starts_with("UR:")).unwrap();
    let said = shop.fails(1, &["pack", "join", text, "--fingerprint", &fingerprint]);
    assert!(said.contains("another root of trust"), "{said}");
    operator.end();
    other.end();
}

#[test]
fn whatever_ends_a_pull_leaves_the_last_good_pack_in_force() {
    let island = Island::find();
    let mut operator = Operator::new();
    let shop = operator.shop();
    let good = shop.in_force();
    std::thread::sleep(Duration::from_millis(1_100));
    operator
        .installation
        .ok(&["credential", "revoke", "--record", &operator.uin]);
    operator.publish();

    // A distributor that stops in the middle of the file, for ever.
    let mut index = operator.index();
    index["packs"][0]["deltas"] = Value::Array(Vec::new());
    let name = index["packs"][0]["full"]["name"].as_str().unwrap().to_owned();
    let file = operator.installation.path("data/published-packs").join(&name);
    let new = fs::read(file).unwrap();
    let path = format!("/packs/{name}");
    let slow = Scripted::stopping(vec![
        ("/packs/packs.json", index.to_string().into_bytes()),
        (&path, new.clone()),
    ]);
    let address = slow.url("/packs/packs.json");
    let mut killed = shop
        .0
        .command(&["pack", "pull", &address])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let started = Instant::now();
    while downloaded(&shop) == 0 {
        assert!(
            started.elapsed() < Duration::from_secs(30),
            "nothing was downloaded"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert_eq!(shop.in_force(), good);
    assert_eq!(shop.judge(&island).0, "genuine");

    // A disk that is full: the system lets no file grow beyond four kilobytes.
    let honest = Scripted::serving(vec![
        ("/packs/packs.json", index.to_string().into_bytes()),
        (&path, new.clone()),
    ]);
    let full = limited(&shop, &["pack", "pull", &honest.url("/packs/packs.json")]);
    assert_eq!(
        full.status.code(),
        Some(1),
        "{}",
        String::from_utf8_lossy(&full.stderr)
    );
    assert_eq!(shop.in_force(), good);
    assert_eq!(downloaded(&shop), 0, "what was there makes room again");

    // A pack that another distributor signed, one that was changed, one that was cut, an old one under a new number.
    let other = Operator::new();
    let other_index = other.index();
    let other_name = other_index["packs"][0]["full"]["name"].as_str().unwrap();
    let strange = fs::read(other.installation.path("data/published-packs").join(other_name)).unwrap();
    let mut flipped = new.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    for (lie, bytes) in [
        ("strange", strange),
        ("flipped", flipped),
        ("cut", new[..new.len() - 1].to_vec()),
        ("long", [new.as_slice(), b"\0"].concat()),
        ("old", good.clone()),
        ("nothing", b"{}".to_vec()),
    ] {
        let mut lying = index.clone();
        let full = &mut lying["packs"][0]["full"];
        full["bytes"] = bytes.len().into();
        full["sha256"] = digest(&bytes).into();
        let server = Scripted::serving(vec![
            ("/packs/packs.json", lying.to_string().into_bytes()),
            (&path, bytes),
        ]);
        let output = shop.0.run(&["pack", "pull", &server.url("/packs/packs.json")]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        // The pack in force is no lie, whatever number the index gives it, and changes nothing.
        let expected = if lie == "old" { 0 } else { 1 };
        assert_eq!(output.status.code(), Some(expected), "{lie}: {said}");
        assert_eq!(shop.in_force(), good, "{lie}");
        assert_eq!(shop.judge(&island).0, "genuine", "{lie}");
    }
    other.end();

    // Nobody is there.
    let output = shop
        .0
        .run(&["pack", "pull", "http://127.0.0.1:9/packs/packs.json"]);
    assert_eq!(
        output.status.code(),
        Some(3),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );

    // Two at once, from the operator.
    let pulls: Vec<_> = (0..2)
        .map(|_| {
            shop.0
                .command(&["pack", "pull", "--json"])
                .stdout(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    let outcomes: Vec<Output> = pulls
        .into_iter()
        .map(|pull| pull.wait_with_output().unwrap())
        .collect();
    assert!(outcomes.iter().all(|output| output.status.success()));
    assert_eq!(shop.in_force(), new);
    assert_eq!(shop.judge(&island).0, "invalid");
    operator.end();
}

fn digest(bytes: &[u8]) -> String {
    symbolon_trust::distribution::Digest::of(bytes).to_string()
}

/// The bytes of unfinished downloads.
fn downloaded(shop: &Shop) -> u64 {
    let found = fs::read_dir(shop.0.path("packs/downloads")).unwrap();
    found
        .filter_map(|entry| {
            let entry = entry.unwrap();
            let is_tag = entry.path().extension().is_some();
            (!is_tag).then(|| entry.metadata().map_or(0, |data| data.len()))
        })
        .sum()
}

/// Runs a command whose files cannot grow, and that is told so instead of being killed.
fn limited(shop: &Shop, arguments: &[&str]) -> Output {
    let symbolon = shop.0.command(&[]);
    let mut command = Command::new("bash");
    for (name, _) in symbolon.get_envs() {
        command.env_remove(name);
    }
    command
        .current_dir(shop.0.folder())
        .stdin(Stdio::null())
        .args(["-c", "trap '' XFSZ; ulimit -f 4; exec \"$0\" \"$@\""])
        .arg(symbolon.get_program())
        .args(arguments)
        .output()
        .unwrap()
}

/// A server that serves files, each in one answer to one connection.
pub(crate) struct Scripted {
    address: String,
}

impl Scripted {
    pub(crate) fn serving(files: Vec<(&str, Vec<u8>)>) -> Self {
        Self::answering(files, false)
    }

    /// Serves files that say where they are served.
    pub(crate) fn serving_where<'f>(files: impl FnOnce(&str) -> Vec<(&'f str, Vec<u8>)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let files = files(&format!("http://{}", listener.local_addr().unwrap()));
        Self::answering_by(listener, files, false)
    }

    /// Sends no more than half of any file but the index, and then nothing.
    fn stopping(files: Vec<(&str, Vec<u8>)>) -> Self {
        Self::answering(files, true)
    }

    fn answering(files: Vec<(&str, Vec<u8>)>, stops: bool) -> Self {
        Self::answering_by(TcpListener::bind("127.0.0.1:0").unwrap(), files, stops)
    }

    fn answering_by(listener: TcpListener, files: Vec<(&str, Vec<u8>)>, stops: bool) -> Self {
        let address = listener.local_addr().unwrap().to_string();
        let files: Vec<(String, Vec<u8>)> = files
            .into_iter()
            .map(|(path, content)| (path.to_owned(), content))
            .collect();
        std::thread::spawn(move || {
            let mut open = Vec::new();
            for connection in listener.incoming() {
                let Ok(mut connection) = connection else { return };
                let mut request = vec![0; 4_096];
                let read = connection.read(&mut request).unwrap_or(0);
                let request = String::from_utf8_lossy(&request[..read]).into_owned();
                let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
                let content = files
                    .iter()
                    .find(|(of, _)| *of == path)
                    .map(|(_, content)| content);
                let head = |status: &str, length: usize| {
                    format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n")
                };
                let Some(content) = content else {
                    let _ = connection.write_all(head("404 Not Found", 0).as_bytes());
                    continue;
                };
                let _ = connection.write_all(head("200 OK", content.len()).as_bytes());
                if stops && !path.ends_with(".json") {
                    let _ = connection.write_all(&content[..content.len() / 2]);
                    open.push(connection);
                } else {
                    let _ = connection.write_all(content);
                }
            }
        });
        Self { address }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}
