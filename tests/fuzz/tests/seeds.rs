//! What must hold before a run means anything.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use symbolon_fuzz::{Reading, TARGETS};

fn cargo_fuzz() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cargo-fuzz")
}

#[test]
fn every_seed_is_accepted_and_every_target_has_some() {
    for target in TARGETS {
        let seeds = (target.seeds)();
        assert!(!seeds.is_empty(), "{} has no seeds", target.name);
        for (number, seed) in seeds.iter().enumerate() {
            assert_eq!(
                (target.run)(seed),
                Reading::Accepted,
                "seed {number} of {}",
                target.name
            );
        }
    }
}

#[test]
fn seeds_are_the_same_every_time() {
    for target in TARGETS {
        assert!((target.seeds)() == (target.seeds)(), "{}", target.name);
    }
}

#[test]
fn names_are_unique_and_cargo_fuzz_has_each_target() {
    let names: BTreeSet<&str> = TARGETS.iter().map(|target| target.name).collect();
    assert_eq!(names.len(), TARGETS.len(), "two targets have one name");
    let manifest = fs::read_to_string(cargo_fuzz().join("Cargo.toml")).expect("cargo-fuzz has a manifest");
    let files = fs::read_dir(cargo_fuzz().join("fuzz_targets")).expect("cargo-fuzz has targets");
    let files: BTreeSet<String> = files
        .map(|entry| entry.expect("the folder can be read").path())
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    let expected: BTreeSet<String> = names.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(files, expected);
    for name in names {
        let text = fs::read_to_string(cargo_fuzz().join("fuzz_targets").join(format!("{name}.rs")));
        let text = text.expect("a target is text");
        assert!(
            text.contains(&format!("\"{name}\"")),
            "{name}.rs runs another target"
        );
        assert!(
            manifest.contains(&format!("name = \"{name}\"")),
            "{name} is not in the manifest"
        );
    }
}

#[test]
fn nothing_breaks_a_target_that_is_empty_or_short() {
    for target in TARGETS {
        let _ = (target.run)(&[]);
        for byte in 0..=255 {
            let _ = (target.run)(&[byte]);
            let _ = (target.run)(&[byte, byte]);
        }
    }
}
