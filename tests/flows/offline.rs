//! `symbolon verify` where there is no network: in a network namespace of its own, in which nothing can be reached, not
//! even the machine itself.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use symbolon_crypto::UnixTime;

use crate::harness::{Installation, Role};
use crate::story;

pub(crate) const CARD: &str = "card.png";
const PRESENTATION: &str = "evidence/presentation.json";
const REQUEST: &str = "evidence/request.jwt";

/// A way into a network namespace without any network.
pub(crate) struct Island {
    unshare: &'static [&'static str],
}

impl Island {
    /// Finds a way, and proves that from there a listener of this machine cannot be reached.
    ///
    /// Without one the test fails: a test of offline use that runs with a network shows nothing.
    pub(crate) fn find() -> Self {
        let works = |unshare: &&[&str]| {
            let output = Command::new("unshare")
                .args(*unshare)
                .arg("true")
                .stderr(Stdio::null())
                .status();
            output.is_ok_and(|status| status.success())
        };
        let ways: [&'static [&'static str]; 2] = [&["-n"], &["-rn"]];
        let unshare = ways
            .into_iter()
            .find(works)
            .expect("neither `unshare -n` nor `unshare -rn` gives a network namespace");
        let island = Self { unshare };
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let connect = format!(
            "exec 3<>/dev/tcp/127.0.0.1/{}",
            listener.local_addr().unwrap().port()
        );
        let connects = |mut command: Command| {
            let output = command.arg("-c").arg(&connect).output().unwrap();
            output.status.success()
        };
        assert!(
            connects(Command::new("bash")),
            "the listener of this test is not reached at all"
        );
        assert!(
            !connects(island.command(Path::new("bash"))),
            "the namespace reaches the machine's loopback"
        );
        island
    }

    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new("unshare");
        command.args(self.unshare).arg(program);
        command
    }
}

/// An installation whose resident has a credential, a presentation and a card; no server runs any more.
pub(crate) struct Story {
    pub(crate) installation: Installation,
    island: Island,
    pub(crate) uin: String,
}

impl Story {
    pub(crate) fn told() -> Self {
        let island = Island::find();
        let installation = Installation::new();
        let issuer = installation.serve(Role::Issuer);
        let verifier = installation.serve(Role::Verifier);
        let uin = story::import_people(&installation);
        story::receive(&installation, &uin);
        story::present(&installation);
        story::print_card(&installation, &uin);
        issuer.kill();
        verifier.kill();
        Self {
            installation,
            island,
            uin,
        }
    }

    pub(crate) fn build_pack(&self, name: &str) {
        self.installation.ok(&["pack", "build", "--out", name]);
    }

    pub(crate) fn inspect(&self, pack: &str) -> Value {
        self.installation.json(&["pack", "inspect", pack, "--json"])
    }

    /// Runs `symbolon verify` without a network.
    pub(crate) fn verify(&self, arguments: &[&str]) -> Judged {
        let symbolon = self.installation.command(&[]);
        let mut command = self.island.command(Path::new(symbolon.get_program()));
        for (name, _) in symbolon.get_envs() {
            command.env_remove(name);
        }
        let output = command
            .current_dir(self.installation.folder())
            .stdin(Stdio::null())
            .arg("verify")
            .args(arguments)
            .arg("--json")
            .output()
            .unwrap();
        Judged::of(arguments, &output)
    }

    pub(crate) fn card(&self, pack: &str) -> Judged {
        self.verify(&[CARD, "--pack", pack])
    }

    fn presentation(&self, pack: &str) -> Judged {
        self.verify(&[PRESENTATION, "--request", REQUEST, "--pack", pack])
    }

    /// Judges with a memory of packs that has seen none: beside a copy of the root of trust in a folder of its own.
    fn anew(&self, folder: &str, arguments: &[&str]) -> Judged {
        let path = self.installation.path(folder);
        fs::create_dir(&path).unwrap();
        let trust = path.join("trust.json");
        fs::copy(self.installation.path("data/trust.json"), &trust).unwrap();
        let trust = trust.to_str().unwrap();
        self.verify(&[arguments, &["--trust", trust]].concat())
    }
}

/// What `symbolon verify --json` answered.
pub(crate) struct Judged {
    arguments: String,
    code: Option<i32>,
    pub(crate) report: Value,
    said: String,
}

impl Judged {
    fn of(arguments: &[&str], output: &Output) -> Self {
        let said = String::from_utf8(output.stderr.clone()).unwrap();
        assert!(!said.contains("panicked"), "{said}");
        let report = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{arguments:?}: no JSON report ({error}): {said}"));
        Self {
            arguments: format!("{arguments:?}"),
            code: output.status.code(),
            report,
            said,
        }
    }

    /// The verdict and the exit status that goes with it.
    #[track_caller]
    pub(crate) fn is(self, verdict: &str) -> Self {
        let code = match verdict {
            "valid" | "genuine" => 0,
            "invalid" => 1,
            _ => 3,
        };
        assert_eq!(
            (self.report["verdict"].as_str(), self.code),
            (Some(verdict), Some(code)),
            "{}\n{}\n{:#}",
            self.arguments,
            self.said,
            self.report
        );
        self
    }

    /// The states of the four axes: authentic, trusted, status, holder.
    #[track_caller]
    pub(crate) fn because(self, axes: [&str; 4]) -> Self {
        let states = ["authentic", "trusted", "status", "holder"].map(|axis| {
            assert!(self.report[axis]["checks"].is_array(), "{axis} has no checks");
            self.report[axis]["state"].as_str().unwrap()
        });
        assert_eq!(states, axes, "{}\n{:#}", self.arguments, self.report);
        self
    }

    /// The pack was refused, for the reason that was told.
    #[track_caller]
    pub(crate) fn refused(self, reason: &str) -> Self {
        assert!(
            self.said.contains("the pack is refused: ") && self.said.contains(reason),
            "{} said {:?}, not {reason:?}",
            self.arguments,
            self.said
        );
        assert!(self.report["as_of"].is_null(), "a refused pack dates nothing");
        self.is("unknown")
    }

    fn as_of(&self) -> i64 {
        self.report["as_of"].as_i64().unwrap()
    }
}

const IN_FORCE: [&str; 4] = ["authentic", "trusted", "good", "proven_by_key"];
pub(crate) const CARD_IN_FORCE: [&str; 4] = ["authentic", "trusted", "good", "compare_by_eye"];
const REVOKED: [&str; 4] = ["authentic", "trusted", "revoked", "proven_by_key"];
pub(crate) const CARD_REVOKED: [&str; 4] = ["authentic", "trusted", "revoked", "compare_by_eye"];

/// More than the clocks of distributor and verifier are allowed to disagree.
const CLOCKS_APART: Duration = Duration::from_secs(3600);

/// Status lists are dated in whole seconds.
pub(crate) fn let_the_clock_move() {
    std::thread::sleep(Duration::from_millis(1100));
}

#[test]
fn revocation_reaches_an_offline_verifier_with_the_next_pack_and_cannot_be_taken_back() {
    let story = Story::told();
    story.build_pack("old.pack");
    let before = story
        .presentation("old.pack")
        .is("valid")
        .because(IN_FORCE)
        .as_of();
    let card = story.card("old.pack").is("genuine").because(CARD_IN_FORCE);
    assert_eq!(card.as_of(), before);
    assert!(
        card.report["photo"]["base64"].is_string(),
        "a person compares the photo"
    );

    let_the_clock_move();
    let uin = story.uin.as_str();
    story.installation.ok(&["credential", "revoke", "--record", uin]);
    assert_eq!(story.presentation("old.pack").is("valid").as_of(), before);
    assert_eq!(story.card("old.pack").is("genuine").as_of(), before);

    story.build_pack("new.pack");
    let after = story
        .presentation("new.pack")
        .is("invalid")
        .because(REVOKED)
        .as_of();
    assert!(after > before, "as of {after}, before {before}");
    assert_eq!(
        story.card("new.pack").is("invalid").because(CARD_REVOKED).as_of(),
        after
    );

    story.presentation("old.pack").refused("was seen before");
    story.card("old.pack").refused("was seen before");
    // The refusal of the old one takes nothing from the new one.
    story.card("new.pack").is("invalid").because(CARD_REVOKED);
}

#[test]
fn what_is_missing_offline_makes_the_verdict_unknown() {
    let story = Story::told();
    story.build_pack("national.pack");

    let unknown = ["authentic", "trusted", "unknown", "compare_by_eye"];
    story.verify(&[CARD]).is("unknown").because(unknown);
    let unknown = ["authentic", "trusted", "unknown", "proven_by_key"];
    story
        .verify(&[PRESENTATION, "--request", REQUEST])
        .is("unknown")
        .because(unknown);
    let unbound = ["authentic", "trusted", "good", "not_checked"];
    story
        .verify(&[PRESENTATION, "--pack", "national.pack"])
        .is("unknown")
        .because(unbound);

    // What the wallet saved is what the verifier received.
    story
        .verify(&["shown.json", "--request", REQUEST, "--pack", "national.pack"])
        .is("valid")
        .because(IN_FORCE);

    let created = story.inspect("national.pack")["created"]
        .as_str()
        .unwrap()
        .to_owned();
    let before = UnixTime::parse_rfc3339(&created)
        .unwrap()
        .minus(CLOCKS_APART)
        .rfc3339();
    story
        .anew("clock", &[CARD, "--pack", "national.pack", "--at", &before])
        .refused("the clock stands before");
    story
        .anew(
            "clock-right",
            &[CARD, "--pack", "national.pack", "--at", &created],
        )
        .is("genuine");
}

#[test]
fn an_offline_verifier_refuses_what_another_party_signed_or_damaged() {
    let story = Story::told();
    story.build_pack("national.pack");
    let pack = fs::read(story.installation.path("national.pack")).unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(story.installation.path(name), bytes).unwrap();

    let mut places: Vec<usize> = (0..pack.len()).step_by(pack.len() / 12).collect();
    places.push(pack.len() - 1);
    for (number, place) in places.into_iter().enumerate() {
        let mut flipped = pack.clone();
        flipped[place] ^= 0x10;
        write("flipped.pack", &flipped);
        story
            .anew(&format!("flipped-{number}"), &[CARD, "--pack", "flipped.pack"])
            .refused("");
    }
    write("cut.pack", &pack[..pack.len() - 1]);
    story
        .anew("cut", &[CARD, "--pack", "cut.pack"])
        .refused("the pack is cut short");
    write("empty.pack", b"");
    story.anew("empty", &[CARD, "--pack", "empty.pack"]).refused("");
    write("long.pack", &[pack.as_slice(), b"\0"].concat());
    story
        .anew("long", &[CARD, "--pack", "long.pack"])
        .refused("followed by further bytes");

    let other = Installation::new();
    let stranger = story::import_people(&other);
    story::print_card(&other, &stranger);
    other.ok(&["pack", "build", "--out", "other.pack"]);
    let bring = |name: &str, to: &str| -> PathBuf {
        let path = story.installation.path(to);
        fs::copy(other.path(name), &path).unwrap();
        path
    };
    bring("other.pack", "other.pack");
    bring("card.png", "stranger.png");
    story
        .anew("other", &[CARD, "--pack", "other.pack"])
        .refused("a registry that the root of trust does not name");

    let strange = story
        .verify(&["stranger.png", "--pack", "national.pack"])
        .is("invalid");
    assert_eq!(
        strange.report["trusted"]["state"], "not_trusted",
        "{:#}",
        strange.report
    );
    assert_eq!(
        strange.report["claims"],
        serde_json::json!({}),
        "a stranger's claims are shown"
    );

    // None of the refused packs was remembered in place of the good one.
    story.card("national.pack").is("genuine").because(CARD_IN_FORCE);
    story.presentation("national.pack").is("valid").because(IN_FORCE);
}
