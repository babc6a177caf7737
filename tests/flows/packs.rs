//! Packs that are taken into use, changed by deltas, and kept whatever happens meanwhile.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use symbolon_crypto::UnixTime;

use crate::offline::{CARD, CARD_IN_FORCE, CARD_REVOKED, Story, let_the_clock_move};

const HELD: &str = "held.pack";

impl Story {
    fn applies(&self, file: &str) {
        self.installation.ok(&["pack", "apply", file, "--pack", HELD]);
    }

    fn refuses(&self, file: &str, reason: &str) {
        let before = fs::read(self.installation.path(HELD)).unwrap();
        let said = self
            .installation
            .fails(1, &["pack", "apply", file, "--pack", HELD]);
        assert!(said.contains(reason), "{file}: {said}");
        let after = fs::read(self.installation.path(HELD)).unwrap();
        assert!(before == after, "a refused {file} changed what is in use");
    }

    fn sequence(&self) -> u64 {
        self.inspect(HELD)["sequence"].as_u64().unwrap()
    }

    /// A later pack, in which something has changed.
    fn next_pack(&self, action: &str, name: &str) {
        let_the_clock_move();
        let uin = self.uin.as_str();
        self.installation.ok(&["credential", action, "--record", uin]);
        self.build_pack(name);
    }
}

#[test]
fn deltas_follow_one_another_and_what_does_not_follow_is_refused() {
    let story = Story::told();
    let installation = &story.installation;
    story.build_pack("1.pack");
    story.next_pack("suspend", "2.pack");
    story.next_pack("reinstate", "3.pack");
    story.next_pack("revoke", "4.pack");
    for (base, target) in [(1, 2), (2, 3), (3, 4), (2, 1)] {
        let (base_pack, target_pack) = (format!("{base}.pack"), format!("{target}.pack"));
        let out = format!("{base}-{target}.delta");
        installation.ok(&["pack", "delta", &base_pack, &target_pack, "--out", &out]);
    }
    let shown = installation.json(&["pack", "inspect", "1-2.delta", "--json"]);
    assert_eq!(
        (&shown["base_sequence"], &shown["sequence"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(shown["sections"][1]["change"], "indices", "{shown:#}");

    let said = installation.fails(1, &["pack", "apply", "1-2.delta", "--pack", HELD]);
    assert!(said.contains("none is in force"), "{said}");
    story.applies("1.pack");
    story
        .verify(&[CARD, "--pack", HELD])
        .is("genuine")
        .because(CARD_IN_FORCE);
    story.refuses(
        "2-3.delta",
        "changes the pack with sequence 2, and the pack in force has sequence 1",
    );
    story.applies("1-2.delta");
    let suspended = ["authentic", "trusted", "suspended", "compare_by_eye"];
    story
        .verify(&[CARD, "--pack", HELD])
        .is("invalid")
        .because(suspended);
    // Again, backwards, and the pack before.
    story.refuses("1-2.delta", "changes the pack with sequence 1");
    story.refuses("2-1.delta", "was seen before");
    story.refuses("1.pack", "was seen before");
    let delta = fs::read(installation.path("2-3.delta")).unwrap();
    fs::write(installation.path("cut.delta"), &delta[..delta.len() - 1]).unwrap();
    story.refuses("cut.delta", "malformed");
    let mut changed = delta.clone();
    let end = changed.len() - 3;
    changed[end] ^= 1;
    fs::write(installation.path("changed.delta"), &changed).unwrap();
    story.refuses("changed.delta", "delta");

    // Both that are missing as one.
    installation.ok(&[
        "pack",
        "compact",
        "2.pack",
        "2-3.delta",
        "3-4.delta",
        "--out",
        "2-4.delta",
    ]);
    story.applies("2-4.delta");
    assert_eq!(story.sequence(), 4);
    let held = fs::read(installation.path(HELD)).unwrap();
    assert!(
        held == fs::read(installation.path("4.pack")).unwrap(),
        "byte for byte"
    );
    story
        .verify(&[CARD, "--pack", HELD])
        .is("invalid")
        .because(CARD_REVOKED);
    let said = installation.fails(
        1,
        &[
            "pack",
            "compact",
            "1.pack",
            "1-2.delta",
            "3-4.delta",
            "--out",
            "gap.delta",
        ],
    );
    assert!(said.contains("changes the pack with sequence 3"), "{said}");

    // The applied form is a cache: without it, or with another one, the pack in use says the same.
    let form = installation.path("held.pack.applied");
    for damage in [None, Some(b"another one".as_slice())] {
        match damage {
            None => fs::remove_file(&form).unwrap(),
            Some(bytes) => fs::write(&form, bytes).unwrap(),
        }
        story
            .verify(&[CARD, "--pack", HELD])
            .is("invalid")
            .because(CARD_REVOKED);
    }
}

#[test]
fn a_partial_pack_says_what_it_does_not_cover() {
    let story = Story::told();
    let installation = &story.installation;
    let said = installation.fails(
        1,
        &["pack", "build", "--scope", "region/here", "--out", "here.pack"],
    );
    assert!(said.contains("does not define the scope"), "{said}");

    story.build_pack("whole.pack");
    let whole = story.inspect("whole.pack");
    let uri = whole["status_lists"][0]["uri"].as_str().unwrap().to_owned();
    let issuer = whole["status_lists"][0]["issuer"].as_str().unwrap().to_owned();
    assert!(uri.starts_with(&issuer));
    let path = installation.path("data/trust.json");
    let mut root: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    root["trust_list"]["scopes"] = json!({
        "region/here": [format!("{issuer}/status/")],
        "region/there": [format!("{issuer}/there/")],
    });
    fs::write(&path, serde_json::to_vec_pretty(&root).unwrap()).unwrap();
    installation.ok(&["pack", "build", "--scope", "region/here", "--out", "here.pack"]);
    installation.ok(&["pack", "build", "--scope", "region/there", "--out", "there.pack"]);
    assert_eq!(story.inspect("here.pack")["scopes"], json!(["region/here"]));
    assert_eq!(story.inspect("there.pack")["status_lists"], json!([]));

    story
        .verify(&[CARD, "--pack", "here.pack"])
        .is("genuine")
        .because(CARD_IN_FORCE);
    let unknown = ["authentic", "trusted", "unknown", "compare_by_eye"];
    let judged = story
        .verify(&[CARD, "--pack", "there.pack"])
        .is("unknown")
        .because(unknown);
    let checks = judged.report["status"]["checks"].to_string();
    assert!(checks.contains("not_covered"), "{checks}");
}

#[test]
fn a_pack_carries_the_list_of_an_issuer_that_publishes_no_section() {
    let story = Story::told();
    let installation = &story.installation;
    // Another installation plays the issuer that knows nothing of packs.
    let other = Story::told();
    other.installation.ok(&["pack", "build", "--out", "own.pack"]);
    let own = other.inspect("own.pack");
    let uri = own["status_lists"][0]["uri"].as_str().unwrap();
    let issuer = own["status_lists"][0]["issuer"].as_str().unwrap();
    let server = other.installation.serve(crate::harness::Role::Issuer);
    let output = Command::new("curl")
        .args([
            "--silent",
            "--fail",
            "-H",
            "accept: application/statuslist+jwt",
            uri,
        ])
        .output()
        .unwrap();
    server.kill();
    assert!(output.status.success(), "the list is served");
    fs::write(installation.path("list.jwt"), &output.stdout).unwrap();

    let argument = format!("{uri}=list.jwt");
    let build = [
        "pack",
        "build",
        "--verbatim",
        argument.as_str(),
        "--out",
        "with.pack",
    ];
    let said = installation.fails(1, &build);
    assert!(
        said.contains("cannot be carried"),
        "nobody trusts the other issuer yet: {said}"
    );
    let trusted: Value =
        serde_json::from_slice(&fs::read(other.installation.path("data/trust.json")).unwrap()).unwrap();
    let theirs = trusted["trust_list"]["issuers"].as_array().unwrap();
    let theirs = theirs.iter().find(|entry| entry["identifier"] == issuer).unwrap();
    let path = installation.path("data/trust.json");
    let mut root: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    root["trust_list"]["issuers"]
        .as_array_mut()
        .unwrap()
        .push(theirs.clone());
    fs::write(&path, serde_json::to_vec_pretty(&root).unwrap()).unwrap();
    installation.ok(&build);
    story.applies("with.pack");
    fs::copy(other.installation.path(CARD), installation.path("other-card.png")).unwrap();
    story
        .verify(&["other-card.png", "--pack", HELD])
        .because(CARD_IN_FORCE);
    story
        .verify(&[CARD, "--pack", HELD])
        .is("genuine")
        .because(CARD_IN_FORCE);
}

/// The clock is an argument: a pack grows old at the stated seconds and not one earlier.
#[test]
fn weeks_without_a_network_change_the_verdict_at_the_stated_seconds() {
    let story = Story::told();
    story.build_pack("national.pack");
    story.applies("national.pack");
    let shown = story.inspect(HELD);
    let time = |name: &str| UnixTime::parse_rfc3339(shown[name].as_str().unwrap()).unwrap();
    let (created, valid_until) = (time("created"), time("valid_until"));
    let week = Duration::from_secs(7 * 86_400);
    assert_eq!(valid_until, created.plus(week));
    let grace = Duration::from_secs(shown["grace_seconds"].as_u64().unwrap());
    // The issuer signed its lists a moment before the distributor signed the pack, for as long.
    let produced = shown["status_lists"][0]["produced_at"].as_str().unwrap();
    let status_until = UnixTime::parse_rfc3339(produced).unwrap().plus(week);
    let second = Duration::from_secs(1);
    let at = |now: UnixTime| story.verify(&[CARD, "--pack", HELD, "--at", &now.rfc3339()]);
    let warns = |now| {
        let judged = at(now).is("genuine").because(CARD_IN_FORCE);
        judged.report["warnings"].to_string()
    };
    for now in [created, created.plus(week / 2), status_until] {
        let warnings = warns(now);
        assert!(!warnings.contains("in_grace"), "{}: {warnings}", now.rfc3339());
    }
    for now in [valid_until.plus(second), status_until.plus(grace)] {
        let warnings = warns(now);
        let both = warnings.contains("pack_in_grace") && warnings.contains("status_in_grace");
        assert!(both, "{}: {warnings}", now.rfc3339());
    }
    at(valid_until.plus(grace + second)).refused("the pack expired");
    // A clock that is set back before the pack was made.
    at(created.minus(Duration::from_secs(301))).refused("the clock stands before");
    at(created.minus(Duration::from_secs(300))).is("genuine");
}

/// A clinic accepts a week, a bank an hour: by the rule of the type, from the configuration or a file, to the second.
#[test]
fn the_rule_of_a_type_changes_warning_and_verdict_at_its_second() {
    let story = Story::told();
    story.build_pack("national.pack");
    story.applies("national.pack");
    let produced = story.inspect(HELD)["status_lists"][0]["produced_at"].clone();
    let produced = UnixTime::parse_rfc3339(produced.as_str().unwrap()).unwrap();
    let rule = |kind: &str, when_older: &str| {
        format!("[types.{kind}]\noldest_seconds = 3600\nwhen_older = \"{when_older}\"\n")
    };
    for (file, kind, when_older) in [
        ("warn.toml", "claim_169", "warn"),
        ("unknown.toml", "claim_169", "unknown"),
        ("other.toml", "bank", "unknown"),
    ] {
        fs::write(story.installation.path(file), rule(kind, when_older)).unwrap();
    }
    let (fresh, old) = (
        produced.plus(Duration::from_secs(3_600)).rfc3339(),
        produced.plus(Duration::from_secs(3_601)).rfc3339(),
    );
    let verify = |file: &str, at: &str| {
        let arguments = [CARD, "--pack", HELD, "--freshness", file, "--at", at];
        story.verify(&arguments)
    };
    for (file, at) in [
        ("warn.toml", &fresh),
        ("unknown.toml", &fresh),
        ("other.toml", &old),
    ] {
        let judged = verify(file, at).is("genuine").because(CARD_IN_FORCE);
        assert_eq!(judged.report["warnings"], json!([]), "{file}");
    }
    let warned = verify("warn.toml", &old).is("genuine").because(CARD_IN_FORCE);
    let expected = json!([{ "warning": "status_old", "fresh_until": produced.seconds() + 3_600 }]);
    assert_eq!(warned.report["warnings"], expected);
    let unknown = ["authentic", "trusted", "unknown", "compare_by_eye"];
    let judged = verify("unknown.toml", &old).is("unknown").because(unknown);
    assert_eq!(judged.report["as_of"], json!(produced.seconds()));

    // A person reads what it is, and what to do.
    let arguments = [
        "verify",
        CARD,
        "--pack",
        HELD,
        "--freshness",
        "unknown.toml",
        "--at",
        &old,
    ];
    let said = story.installation.command(&arguments).output().unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    assert!(
        said.contains("too old to tell") && said.contains("a newer pack"),
        "{said}"
    );

    // The same rule in the configuration; a file in its place replaces it.
    let path = story.installation.path("symbolon.toml");
    let mut configuration = fs::read_to_string(&path).unwrap();
    configuration.push_str("\n[verifier.freshness.types.claim_169]\noldest_seconds = 3600\n");
    fs::write(&path, configuration).unwrap();
    story
        .verify(&[CARD, "--pack", HELD, "--at", &fresh])
        .is("genuine");
    story.verify(&[CARD, "--pack", HELD, "--at", &old]).is("unknown");
    verify("other.toml", &old).is("genuine");
    fs::write(story.installation.path("never.toml"), "oldest_seconds = 0\n").unwrap();
    let arguments = ["verify", CARD, "--pack", HELD, "--freshness", "never.toml"];
    let said = story.installation.fails(2, &arguments);
    assert!(said.contains("between one second and ten years"), "{said}");
}

/// Packs of which each may follow the one before, so that there is always something to apply.
fn packs(story: &Story, count: usize) -> Vec<String> {
    let names: Vec<String> = (0..count).map(|number| format!("{number}.pack")).collect();
    for name in &names {
        story.build_pack(name);
    }
    names
}

#[test]
fn a_kill_at_any_moment_leaves_a_pack_that_opens() {
    let story = Story::told();
    let packs = packs(&story, 12);
    story.applies(&packs[0]);
    for (number, pack) in packs.iter().enumerate().skip(1) {
        let mut child = story
            .installation
            .command(&["pack", "apply", pack, "--pack", HELD])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // From before anything was read to after everything was written.
        std::thread::sleep(Duration::from_millis(number as u64 * 12));
        child.kill().unwrap();
        child.wait().unwrap();
        story
            .verify(&[CARD, "--pack", HELD])
            .is("genuine")
            .because(CARD_IN_FORCE);
        let sequence = story.sequence();
        assert!(sequence <= number as u64 + 1, "{sequence}");
    }
    story.applies(packs.last().unwrap());
    assert_eq!(story.sequence(), packs.len() as u64);
}

#[test]
fn two_processes_that_apply_at_once_leave_the_later_pack_in_use() {
    let story = Story::told();
    let packs = packs(&story, 6);
    let apply = |pack: &str| {
        let mut command = story
            .installation
            .command(&["pack", "apply", pack, "--pack", HELD]);
        command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    };
    for pair in packs.chunks(2) {
        let mut children = [apply(&pair[1]), apply(&pair[0])];
        for child in &mut children {
            child.wait().unwrap();
        }
        let held = fs::read(story.installation.path(HELD)).unwrap();
        assert!(
            held == fs::read(story.installation.path(&pair[1])).unwrap(),
            "{pair:?}"
        );
        story
            .verify(&[CARD, "--pack", HELD])
            .is("genuine")
            .because(CARD_IN_FORCE);
    }
}

#[test]
fn a_full_disk_leaves_the_pack_before_in_use() {
    let story = Story::told();
    let packs = packs(&story, 2);
    let folder = story.installation.path("small");
    fs::create_dir(&folder).unwrap();
    let symbolon = story.installation.command(&[]);
    let program = Path::new(symbolon.get_program()).display().to_string();
    // A disk of its own in a mount namespace: a pack, its form, and then nothing more.
    let script = format!(
        "set -e
mount -t tmpfs -o size=64k tmpfs small
'{program}' pack apply {} --pack small/held.pack
head -c 1000000 /dev/zero > small/filler 2>/dev/null || true
cp small/held.pack before.pack
if '{program}' pack apply {} --pack small/held.pack 2> said.txt; then exit 9; fi
cmp small/held.pack before.pack
rm small/filler
'{program}' pack apply {} --pack small/held.pack
",
        packs[0], packs[1], packs[1]
    );
    let output = Command::new("unshare")
        .args(["-rm", "bash", "-c", &script])
        .current_dir(story.installation.folder())
        .output()
        .unwrap();
    let said = fs::read_to_string(story.installation.path("said.txt")).unwrap_or_default();
    assert!(
        output.status.success(),
        "{}\n{said}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(said.contains("cannot use the file"), "{said}");
}
