//! From the DID to the place of its log
//! ([§3.4](https://identity.foundation/didwebvh/v1.0/#the-did-to-https-transformation)).

use thiserror::Error;
use url::Host;

use crate::Did;
use crate::web::{WebScheme, is_public_name, parse_port};

/// Characters of a SHA-256 multihash in base 58.
const SCID_CHARACTERS: usize = 46;

/// The DID is no `did:webvh`, or names no host and path that a log could be served at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a did:webvh with a self-certifying identifier and a host")]
pub struct NotDidWebvh;

/// Where the log of a `did:webvh` is. The fetcher must still refuse addresses that are not public: any name may lead to any
/// address.
///
/// # Errors
/// [`NotDidWebvh`].
pub fn webvh_log_url(did: &Did, scheme: WebScheme) -> Result<String, NotDidWebvh> {
    Ok(Identifier::parse(did, scheme)?.url("did.jsonl"))
}

/// Where the proofs of the DID's witnesses are.
///
/// # Errors
/// [`NotDidWebvh`].
pub fn webvh_witness_url(did: &Did, scheme: WebScheme) -> Result<String, NotDidWebvh> {
    Ok(Identifier::parse(did, scheme)?.url("did-witness.json"))
}

/// The parts of a `did:webvh`.
pub(super) struct Identifier<'d> {
    /// The hash of the first entry of the log.
    pub(super) scid: &'d str,
    origin: String,
    path: Vec<String>,
}

impl<'d> Identifier<'d> {
    pub(super) fn parse(did: &'d Did, scheme: WebScheme) -> Result<Self, NotDidWebvh> {
        if did.method() != "webvh" {
            return Err(NotDidWebvh);
        }
        let mut segments = did.method_specific_identifier().split(':');
        let scid = segments.next().filter(|scid| is_scid(scid)).ok_or(NotDidWebvh)?;
        let origin = origin(segments.next().ok_or(NotDidWebvh)?, scheme)?;
        let path = segments.map(path_segment).collect::<Result<_, _>>()?;
        Ok(Self { scid, origin, path })
    }

    fn url(&self, file: &str) -> String {
        let folder = if self.path.is_empty() {
            ".well-known".to_owned()
        } else {
            self.path.join("/")
        };
        format!("{}/{folder}/{file}", self.origin)
    }
}

/// Whether a text has the form of a self-certifying identifier.
pub(super) fn is_scid(text: &str) -> bool {
    let of_base58 = |byte: u8| byte.is_ascii_alphanumeric() && !b"0OIl".contains(&byte);
    text.len() == SCID_CHARACTERS && text.bytes().all(of_base58)
}

/// Host and port. What follows the colon is a port, however the colon is escaped; the name is decoded once, and written as
/// DNS has it.
fn origin(text: &str, scheme: WebScheme) -> Result<String, NotDidWebvh> {
    let decoded = percent_decode(text)?;
    let (name, port) = match decoded.split_once(':') {
        Some((name, port)) => {
            let port = parse_port(port).map_err(|_| NotDidWebvh)?;
            (name.to_owned(), format!(":{port}"))
        }
        None => (decoded, String::new()),
    };
    // The URL parser would decode a second time.
    if name.contains('%') {
        return Err(NotDidWebvh);
    }
    // Bracketed and numeric hosts, in all spellings of a URL parser, are addresses.
    let Ok(Host::Domain(name)) = Host::parse(&name) else {
        return Err(NotDidWebvh);
    };
    match (name.as_str(), scheme) {
        ("localhost", WebScheme::HttpOnLocalhost) => Ok(format!("http://localhost{port}")),
        _ if is_public_name(&name) => Ok(format!("https://{name}{port}")),
        _ => Err(NotDidWebvh),
    }
}

fn path_segment(text: &str) -> Result<String, NotDidWebvh> {
    let decoded = percent_decode(text)?;
    let is_step = matches!(decoded.as_str(), "" | "." | "..");
    if is_step || decoded.contains(['/', '\\', '\0']) || decoded.trim() != decoded {
        return Err(NotDidWebvh);
    }
    let mut encoded = String::with_capacity(text.len());
    for byte in decoded.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    Ok(encoded)
}

/// Exactly once: what is an escape afterwards is a text that has a percent sign.
fn percent_decode(text: &str) -> Result<String, NotDidWebvh> {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2).ok_or(NotDidWebvh)?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(NotDidWebvh);
        }
        bytes.push(u8::from_str_radix(digits, 16).map_err(|_| NotDidWebvh)?);
        bytes.extend(rest.as_bytes());
    }
    String::from_utf8(bytes).map_err(|_| NotDidWebvh)
}
