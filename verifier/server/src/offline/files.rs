//! The files of the page: what was built, and what goes around it.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use axum::body::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use symbolon_pages::answer::{ICON, STYLE as PAGE_STYLE};
use symbolon_pages::{TemplateError, context};
use symbolon_verdict_page::{STYLE, TELLING, VerdictPages};
use symbolon_verifier::ask::AskList;
use symbolon_verifier::policy::FreshnessDocument;
use thiserror::Error;

/// The page itself.
pub(super) const TEMPLATE: (&str, &str) = ("offline.html", include_str!("templates/offline.html"));

const SCRIPT: &str = "text/javascript; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";

/// What stands around what was built, under the address that has its version in it.
const AROUND: [(&str, &str, &str); 15] = [
    ("offline.js", SCRIPT, include_str!("offline.js")),
    ("asking.js", SCRIPT, include_str!("asking.js")),
    ("camera.js", SCRIPT, include_str!("../camera.js")),
    ("onboarding.js", SCRIPT, include_str!("onboarding.js")),
    ("packs.js", SCRIPT, include_str!("packs.js")),
    ("pictures.js", SCRIPT, include_str!("pictures.js")),
    ("scanner.js", SCRIPT, include_str!("scanner.js")),
    ("versions.js", SCRIPT, include_str!("versions.js")),
    ("verifier.js", SCRIPT, include_str!("verifier.js")),
    ("worker.js", SCRIPT, include_str!("worker.js")),
    ("keep.js", SCRIPT, include_str!("keep.js")),
    ("telling.js", SCRIPT, TELLING),
    ("style.css", CSS, PAGE_STYLE),
    ("verdict.css", CSS, STYLE),
    ("icon.svg", "image/svg+xml", ICON),
];

/// The names of what is built, which one imports the other by.
const LIBRARY: &str = "symbolon_offline_page_bg.wasm";
const GLUE: &str = "symbolon_offline_page.js";

/// How old what is known of a status may be, for the verifier in the page.
const FRESHNESS: &str = "freshness.json";

/// What people can be asked for, for the verifier in the page.
const ASKS: &str = "asks.json";

/// What the caches of every version are called first.
const FAMILY: &str = "symbolon-offline-";

/// The largest file that is taken for what the build made.
const MAX_BUILT_BYTES: u64 = 32 << 20;

/// The verifier as WebAssembly, and what JavaScript loads it by.
pub struct BuiltPage {
    library: Vec<u8>,
    glue: Vec<u8>,
}

/// Why what was built cannot be used.
#[derive(Debug, Error)]
#[error("{path}: what verifier/offline-page/build makes cannot be read")]
pub struct UnreadablePage {
    /// Which file.
    path: PathBuf,
    /// Why.
    #[source]
    source: io::Error,
}

impl BuiltPage {
    /// Reads a folder that `verifier/offline-page/build` has filled.
    ///
    /// # Errors
    /// [`UnreadablePage`] when one of the two files is not there, or larger than any that is built.
    pub fn read(folder: &Path) -> Result<Self, UnreadablePage> {
        let read = |name: &str| {
            let path = folder.join(name);
            let size = |path: &Path| std::fs::metadata(path).map(|file| file.len());
            match size(&path) {
                Ok(size) if size > MAX_BUILT_BYTES => Err(io::ErrorKind::FileTooLarge.into()),
                Ok(_) => std::fs::read(&path),
                Err(error) => Err(error),
            }
            .map_err(|source| UnreadablePage { path, source })
        };
        Ok(Self {
            library: read(LIBRARY)?,
            glue: read(GLUE)?,
        })
    }

    /// Whether a folder has what is built in it.
    #[must_use]
    pub fn is_in(folder: &Path) -> bool {
        folder.join(LIBRARY).is_file()
    }
}

/// A file under the address with the version.
pub(super) struct Asset {
    pub(super) media_type: &'static str,
    pub(super) plain: Bytes,
    pub(super) gzip: Bytes,
}

/// Everything that a browser keeps.
pub(super) struct Site {
    /// What the addresses of assets begin with: a digest of all of them.
    pub(super) version: String,
    pub(super) assets: BTreeMap<&'static str, Asset>,
    /// By the tag of their language.
    pub(super) pages: BTreeMap<String, Bytes>,
    pub(super) service_worker: Bytes,
    pub(super) manifest: Bytes,
}

impl Site {
    pub(super) fn new(
        pages: &VerdictPages,
        built: BuiltPage,
        freshness: &FreshnessDocument,
        asks: &AskList,
    ) -> Result<Self, TemplateError> {
        let mut plain: BTreeMap<&'static str, (&'static str, Bytes)> = AROUND
            .into_iter()
            .map(|(name, media_type, text)| (name, (media_type, Bytes::from_static(text.as_bytes()))))
            .collect();
        plain.insert(LIBRARY, ("application/wasm", built.library.into()));
        plain.insert(GLUE, (SCRIPT, built.glue.into()));
        plain.insert(
            FRESHNESS,
            ("application/json", json!(freshness).to_string().into()),
        );
        plain.insert(ASKS, ("application/json", json!(asks).to_string().into()));
        let version = digest(
            plain
                .iter()
                .flat_map(|(name, (_, bytes))| [name.as_bytes(), bytes.as_ref()]),
        );

        let mut rendered = BTreeMap::new();
        for language in pages.translations().all() {
            let values = context! { version => version.as_str() };
            let html = pages.render(TEMPLATE.0, language, values)?;
            rendered.insert(language.tag.clone(), Bytes::from(html));
        }
        let manifest = manifest(&version);
        let mut files: Vec<String> = rendered.keys().map(|tag| format!("/offline/{tag}")).collect();
        files.extend(plain.keys().map(|name| format!("/offline/{version}/{name}")));
        files.push("/offline/manifest.webmanifest".to_owned());
        // Pages may change where no asset does: the verifier's name stands on them.
        let whole = digest(
            [version.as_bytes(), manifest.as_ref()]
                .into_iter()
                .chain(rendered.values().map(|html| html.as_ref())),
        );
        let service_worker = format!(
            "const FAMILY = {}, VERSION = {}, FILES = {};\n{}",
            json!(FAMILY),
            json!(format!("{FAMILY}{whole}")),
            json!(files),
            include_str!("sw.js")
        );
        let assets = plain.into_iter().map(|(name, (media_type, plain))| {
            let gzip = gzip(&plain);
            let asset = Asset {
                media_type,
                plain,
                gzip,
            };
            (name, asset)
        });
        Ok(Self {
            assets: assets.collect(),
            version,
            pages: rendered,
            service_worker: service_worker.into(),
            manifest,
        })
    }
}

/// What a phone puts on its home screen ([Web Application Manifest](https://www.w3.org/TR/appmanifest/)).
fn manifest(version: &str) -> Bytes {
    let manifest = json!({
        "name": "Symbolon",
        "start_url": "/offline/",
        "scope": "/offline/",
        "display": "standalone",
        "theme_color": "#0b5563",
        "background_color": "#eef3f4",
        "icons": [{ "src": format!("/offline/{version}/icon.svg"), "sizes": "any", "type": "image/svg+xml" }],
    });
    manifest.to_string().into()
}

/// A digest of parts, each with its length, in 32 hexadecimal digits.
fn digest<'p>(parts: impl Iterator<Item = &'p [u8]>) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    let digest: [u8; 32] = digest.finalize().into();
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// Writing to memory does not fail.
fn gzip(bytes: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let written = encoder.write_all(bytes).and_then(|()| encoder.finish());
    written.unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(library: &[u8], verifier: &str) -> Site {
        let pages = VerdictPages::new(&[TEMPLATE], verifier).unwrap();
        let built = BuiltPage {
            library: library.to_vec(),
            glue: b"export default 1".to_vec(),
        };
        let asks = AskList {
            verifier: verifier.to_owned(),
            asks: Vec::new(),
        };
        Site::new(&pages, built, &FreshnessDocument::default(), &asks).unwrap()
    }

    #[test]
    fn another_library_is_another_version_and_another_name_another_cache() {
        let (one, other, renamed) = (site(b"a", "Shop"), site(b"b", "Shop"), site(b"a", "Clinic"));
        assert_eq!(one.version.len(), 32);
        assert_ne!(one.version, other.version);
        assert_ne!(one.version, renamed.version, "wallets are told the name");
        assert_ne!(one.service_worker, renamed.service_worker);
        assert_eq!(one.service_worker, site(b"a", "Shop").service_worker);
    }

    #[test]
    fn the_service_worker_keeps_every_page_and_every_file_that_pages_name() {
        let site = site(b"a", "Shop");
        let keeper = String::from_utf8(site.service_worker.to_vec()).unwrap();
        for (tag, html) in &site.pages {
            assert!(keeper.contains(&format!("\"/offline/{tag}\"")));
            let html = String::from_utf8(html.to_vec()).unwrap();
            for (at, _) in html.match_indices("\"/offline/") {
                let address: String = html[at..].chars().skip(1).take_while(|end| *end != '"').collect();
                assert!(
                    keeper.contains(&format!("\"{address}\"")),
                    "{address} is not kept"
                );
            }
        }
        for (name, _, text) in AROUND {
            for part in text.split("\"./").skip(1) {
                let imported: String = part.chars().take_while(|end| *end != '"').collect();
                assert!(
                    site.assets.contains_key(imported.as_str()),
                    "{name} imports {imported}"
                );
            }
        }
    }

    #[test]
    fn the_page_has_nothing_inline_and_names_nobody_else() {
        let source = TEMPLATE.1.to_ascii_lowercase();
        for forbidden in [
            "style=", "<style", "onclick", "onload", "|safe", "| safe", "http:", "https:",
        ] {
            assert!(!source.contains(forbidden), "{forbidden}");
        }
    }
}
