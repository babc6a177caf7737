//! Issuing ([RFC 9901 §4.1, §4.2](https://www.rfc-editor.org/rfc/rfc9901.html#section-4)): claims in, payload and
//! disclosures out, ready to be signed.

use serde_json::{Map, Value};
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::jose::jws::{EncodedHeader, PreparedJws};
use symbolon_crypto::signing::{KeyHandle, SignatureRequest};
use symbolon_crypto::{Randomness, RandomnessUnavailable, SignatureAlgorithm};
use thiserror::Error;

use super::digest::DigestAlgorithm;
use super::{ELEMENT, SD, SD_ALG};
use crate::claims_path::{ClaimsPath, PathPart, PathSelectionError};

/// 128 bits, the minimum that [RFC 9901 §9.3](https://www.rfc-editor.org/rfc/rfc9901.html#section-9.3) recommends.
const SALT_BYTES: usize = 16;
/// Depth of the claims that may be issued; deeper ones would be refused by our own reader.
const MAX_DEPTH: usize = 16;

/// Digests of nothing, among the digests of claims ([RFC 9901 §4.2.5](https://www.rfc-editor.org/rfc/rfc9901.html#section-4.2.5)).
/// They hide how many claims there are from whoever sees a presentation. Arrays get none: the order of an array's
/// elements must stay, so a decoy would show by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decoys {
    /// No decoys.
    None,
    /// This many in every object that has digests.
    PerObject(usize),
}

/// Claims, and which of them the holder may withhold.
#[derive(Clone)]
pub struct SdJwtClaims {
    claims: Map<String, Value>,
    selectable: Vec<ClaimsPath>,
    decoys: Decoys,
    digest_algorithm: DigestAlgorithm,
}

/// Why claims cannot be issued. All of these are the caller's, but for the missing randomness.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum IssueError {
    /// A claim is named `_sd`, `...`, or `_sd_alg`.
    #[error("a claim has a name that the format reserves")]
    ReservedClaimName,
    /// A path marks as selectable what is not there.
    #[error("selectable path {position} selects none of the claims")]
    NothingSelected {
        /// Which of the paths, from zero.
        position: usize,
        /// What the path met.
        #[source]
        source: PathSelectionError,
    },
    /// The claims are nested too deeply.
    #[error("the claims are nested deeper than {MAX_DEPTH}")]
    TooDeep,
    /// No salts can be made.
    #[error(transparent)]
    Randomness(#[from] RandomnessUnavailable),
}

impl SdJwtClaims {
    /// Claims that are all disclosed always, until [`SdJwtClaims::selectable`] marks some.
    #[must_use]
    pub fn new(claims: Map<String, Value>) -> Self {
        Self {
            claims,
            selectable: Vec::new(),
            decoys: Decoys::None,
            digest_algorithm: DigestAlgorithm::default(),
        }
    }

    /// Makes whatever `path` selects selectively disclosable: a claim, a member of a nested object, an array element.
    /// Parents and children may both be marked; each then has a disclosure of its own.
    #[must_use]
    pub fn selectable(mut self, path: ClaimsPath) -> Self {
        self.selectable.push(path);
        self
    }

    /// Adds decoys.
    #[must_use]
    pub const fn decoys(mut self, decoys: Decoys) -> Self {
        self.decoys = decoys;
        self
    }

    /// Uses another digest algorithm than SHA-256.
    #[must_use]
    pub const fn digest_algorithm(mut self, algorithm: DigestAlgorithm) -> Self {
        self.digest_algorithm = algorithm;
        self
    }

    /// Salts and hashes the selectable claims, and builds what is to be signed. `header` holds the JWS header without
    /// `alg`.
    ///
    /// # Errors
    /// [`IssueError`].
    pub fn prepare(
        &self,
        algorithm: SignatureAlgorithm,
        header: &Map<String, Value>,
        randomness: &dyn Randomness,
    ) -> Result<PreparedSdJwt, IssueError> {
        self.prepare_under(&EncodedHeader::new(algorithm, header), randomness)
    }

    /// As [`SdJwtClaims::prepare`], with a header that was encoded before.
    ///
    /// # Errors
    /// [`IssueError`].
    pub fn prepare_under(
        &self,
        header: &EncodedHeader,
        randomness: &dyn Randomness,
    ) -> Result<PreparedSdJwt, IssueError> {
        for (position, path) in self.selectable.iter().enumerate() {
            path.select(&self.claims)
                .map_err(|source| IssueError::NothingSelected { position, source })?;
        }
        let patterns: Vec<&[PathPart]> = self.selectable.iter().map(ClaimsPath::parts).collect();
        let mut concealer = Concealer {
            algorithm: self.digest_algorithm,
            decoys: self.decoys,
            salts: Salts {
                randomness,
                block: [0; Salts::BLOCK_BYTES],
                next: Salts::BLOCK_BYTES,
            },
            disclosures: String::new(),
        };
        let mut payload = concealer.object(&self.claims, &patterns, MAX_DEPTH)?;
        // RFC 9901 §4.1.1: without digests there is nothing for an algorithm to apply to.
        if !concealer.disclosures.is_empty() || payload.contains_key(SD) {
            payload.insert(SD_ALG.to_owned(), Value::from(self.digest_algorithm.name()));
        }
        let payload = Value::Object(payload).to_string();
        Ok(PreparedSdJwt {
            jwt: header.prepare(payload.as_bytes()),
            disclosures: concealer.disclosures,
        })
    }
}

/// An SD-JWT that lacks the issuer's signature.
#[derive(Clone)]
pub struct PreparedSdJwt {
    jwt: PreparedJws,
    /// Every disclosure with a `~` in front of it.
    disclosures: String,
}

impl PreparedSdJwt {
    /// What the issuer's key has to sign.
    #[must_use]
    pub fn request(&self, key: KeyHandle) -> SignatureRequest {
        self.jwt.request(key)
    }

    /// What has to be signed, for a driver that signs without a request.
    #[must_use]
    pub fn signing_input(&self) -> &str {
        self.jwt.signing_input()
    }

    /// The SD-JWT with every disclosure; it ends with `~`.
    #[must_use]
    pub fn finish(self, signature: &[u8]) -> String {
        let mut text = self.jwt.finish(signature);
        text.reserve(self.disclosures.len().saturating_add(1));
        text.push_str(&self.disclosures);
        text.push('~');
        text
    }
}

/// Salts, drawn from the source in blocks because a call to it may cost more than the bytes.
struct Salts<'r> {
    randomness: &'r dyn Randomness,
    block: [u8; Salts::BLOCK_BYTES],
    next: usize,
}

impl Salts<'_> {
    const BLOCK_BYTES: usize = 16 * SALT_BYTES;

    fn next(&mut self) -> Result<[u8; SALT_BYTES], RandomnessUnavailable> {
        if self.next >= Self::BLOCK_BYTES {
            self.randomness.fill(&mut self.block)?;
            self.next = 0;
        }
        let mut salt = [0; SALT_BYTES];
        let end = self.next.saturating_add(SALT_BYTES);
        salt.copy_from_slice(self.block.get(self.next..end).ok_or(RandomnessUnavailable)?);
        self.next = end;
        Ok(salt)
    }
}

struct Concealer<'r> {
    algorithm: DigestAlgorithm,
    decoys: Decoys,
    salts: Salts<'r>,
    disclosures: String,
}

impl Concealer<'_> {
    fn object(
        &mut self,
        object: &Map<String, Value>,
        patterns: &[&[PathPart]],
        depth: usize,
    ) -> Result<Map<String, Value>, IssueError> {
        let depth = depth.checked_sub(1).ok_or(IssueError::TooDeep)?;
        let mut visible = Map::with_capacity(object.len());
        let mut digests = Vec::new();
        for (name, value) in object {
            if matches!(name.as_str(), SD | ELEMENT | SD_ALG) {
                return Err(IssueError::ReservedClaimName);
            }
            let (concealed, below) =
                descend(patterns, |part| matches!(part, PathPart::Key(key) if key == name));
            let value = self.value(value, &below, depth)?;
            if concealed {
                digests.push(self.disclose(Some(name), &value)?);
            } else {
                visible.insert(name.clone(), value);
            }
        }
        if !digests.is_empty() {
            if let Decoys::PerObject(count) = self.decoys {
                for _ in 0..count {
                    let nothing = [self.salts.next()?, self.salts.next()?].concat();
                    digests.push(self.algorithm.digest(&base64url::encode(&nothing)));
                }
            }
            // Sorted, so that their order says nothing about the order of the claims (RFC 9901 §4.2.4.1).
            digests.sort_unstable();
            visible.insert(SD.to_owned(), Value::from(digests));
        }
        Ok(visible)
    }

    fn value(&mut self, value: &Value, patterns: &[&[PathPart]], depth: usize) -> Result<Value, IssueError> {
        match value {
            Value::Object(object) => self.object(object, patterns, depth).map(Value::Object),
            Value::Array(array) => {
                let depth = depth.checked_sub(1).ok_or(IssueError::TooDeep)?;
                let mut elements = Vec::with_capacity(array.len());
                for (index, element) in (0_u64..).zip(array) {
                    let (concealed, below) = descend(patterns, |part| match part {
                        PathPart::All => true,
                        PathPart::Index(wanted) => *wanted == index,
                        PathPart::Key(_) => false,
                    });
                    let element = self.value(element, &below, depth)?;
                    elements.push(if concealed {
                        let digest = self.disclose(None, &element)?;
                        Value::Object(Map::from_iter([(ELEMENT.to_owned(), Value::from(digest))]))
                    } else {
                        element
                    });
                }
                Ok(Value::Array(elements))
            }
            plain => Ok(plain.clone()),
        }
    }

    /// Writes a disclosure and returns its digest.
    fn disclose(&mut self, name: Option<&str>, value: &Value) -> Result<String, IssueError> {
        let salt = base64url::encode(&self.salts.next()?);
        let json = match name {
            Some(name) => format!("[\"{salt}\",{},{value}]", Value::from(name)),
            None => format!("[\"{salt}\",{value}]"),
        };
        let encoded = base64url::encode(json.as_bytes());
        self.disclosures.push('~');
        self.disclosures.push_str(&encoded);
        Ok(self.algorithm.digest(&encoded))
    }
}

/// The patterns that go through a child, one part shorter, and whether one of them ends there.
fn descend<'p>(
    patterns: &[&'p [PathPart]],
    goes_through: impl Fn(&PathPart) -> bool,
) -> (bool, Vec<&'p [PathPart]>) {
    let mut ends = false;
    let mut below = Vec::new();
    for pattern in patterns {
        if let Some((first, rest)) = pattern.split_first()
            && goes_through(first)
        {
            if rest.is_empty() {
                ends = true
            } else {
                below.push(rest)
            }
        }
    }
    (ends, below)
}
