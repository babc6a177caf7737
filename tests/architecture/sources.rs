use std::fs;
use std::path::{Path, PathBuf};

use crate::{LAYERS, Purity};

/// What the source of a pure crate may not name. Addresses as values (`std::net::IpAddr`) are no input or output.
const FORBIDDEN: &[&str] = &[
    "std::fs",
    "std::process",
    "std::env::",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "SystemTime::now",
    "Instant::now",
    "thread_rng",
    "OsRng",
    "getrandom::",
    "include_bytes!(\"/",
];

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The folder of each package of the table, relative to the root.
pub(crate) fn folder(package: &str) -> &str {
    match package {
        "symbolon-http" => "protocol/http",
        "symbolon-pages" => "protocol/pages",
        "symbolon-qr-picture" => "protocol/qr-picture",
        "symbolon-qr-reader" => "protocol/qr-reader",
        "symbolon-data-integrity" => "credential/data-integrity",
        "symbolon-crypto-aws-lc" => "crypto/aws-lc",
        "symbolon-crypto-josekit" => "crypto/josekit",
        "symbolon-issuer-server" => "issuer/server",
        "symbolon-wallet-store" => "wallet-core/store",
        "symbolon-wallet-server" => "wallet-core/server",
        "symbolon-verifier-server" => "verifier/server",
        "symbolon-verdict-page" => "verifier/verdict-page",
        "symbolon-offline-page" => "verifier/offline-page",
        "symbolon-trust-server" => "trust/server",
        "symbolon-trust-store" => "trust/store",
        other => other.strip_prefix("symbolon-").unwrap_or(other),
    }
}

/// Every Rust file below `folder`.
pub(crate) fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|_| panic!("{} is a folder", folder.display())) {
            let path = entry.expect("the folder can be read").path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The part of a source file that is shipped: everything before its tests, without comments.
fn shipped(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .take_while(|(_, line)| !line.trim_start().starts_with("#[cfg(test)]"))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .map(|(index, line)| (index + 1, line))
}

#[test]
fn pure_crates_name_no_ambient_input_or_output() {
    let mut wrong = Vec::new();
    for layer in LAYERS.iter().filter(|layer| layer.purity == Purity::Pure) {
        let files = rust_files(&root().join(folder(layer.package)).join("src"));
        assert!(!files.is_empty(), "{} has sources", layer.package);
        for file in files {
            // Files that are compiled for tests alone.
            if file.components().any(|part| part.as_os_str() == "tests")
                || file
                    .file_name()
                    .is_some_and(|name| name == "tests.rs" || name == "testing.rs")
            {
                continue;
            }
            let text = fs::read_to_string(&file).expect("a source file is text");
            for (line, content) in shipped(&text) {
                for word in FORBIDDEN.iter().filter(|word| content.contains(**word)) {
                    wrong.push(format!("{}:{line} names {word}", file.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_crate_uses_the_lints_of_the_workspace() {
    for layer in LAYERS {
        let manifest = root().join(folder(layer.package)).join("Cargo.toml");
        let text = fs::read_to_string(&manifest).unwrap_or_else(|_| panic!("{} exists", manifest.display()));
        assert!(
            text.contains("[lints]\nworkspace = true"),
            "{} has its own lints",
            layer.package
        );
    }
}

/// A server's routes come from [`DescribedRouter`](../../protocol/http/src/openapi/router.rs) alone: what axum is told by itself would be
/// served and not described.
#[test]
fn no_server_has_a_route_beside_its_description() {
    let servers = ["issuer/server", "verifier/server", "wallet-core/server"];
    let mut wrong = Vec::new();
    for file in servers
        .map(|server| rust_files(&root().join(server).join("src")))
        .concat()
    {
        let text = fs::read_to_string(&file).expect("a source file is text");
        for (line, content) in shipped(&text) {
            if ["axum::routing", "routing::", "route_service", "MethodRouter"]
                .iter()
                .any(|word| content.contains(word))
            {
                wrong.push(format!("{}:{line} {content}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
