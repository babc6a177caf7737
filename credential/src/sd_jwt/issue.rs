//! Issuing ([RFC 9901 §4.1, §4.2](https://www.rfc-editor.org/rfc/rfc9901.html#section-4)): claims in, payload and
//! disclosures out, ready to be signed.

use serde_json::{Map, Value};
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::jose::jws::{EncodedHeader, PreparedJws};
use symbolon_crypto::signing::{KeyHandle, SignatureRequest};
use symbolon_crypto::{Randomness, RandomnessUnavailable, SignatureAlgorithm};
use thiserror::Error;

use super::digest::DigestAlgorithm;
use super::write::{Members, write_json};
use super::{ELEMENT, SD, SD_ALG};
use crate::claims_path::{ClaimsPath, PathPart, PathSelectionError};

/// 128 bits, the minimum that [RFC 9901 §9.3](https://www.rfc-editor.org/rfc/rfc9901.html#section-9.3) recommends.
const SALT_BYTES: usize = 16;
/// Depth of the claims that may be issued; deeper ones would be refused by our own reader.
const MAX_DEPTH: usize = 16;
/// Room for the payload and for a disclosure as they usually are.
const USUAL_PAYLOAD_BYTES: usize = 1536;
const USUAL_DISCLOSURE_BYTES: usize = 160;

/// Digests of nothing, among the digests of claims ([RFC 9901 §4.2.5](https://www.rfc-editor.org/rfc/rfc9901.html#section-4.2.5)).
/// They hide how many claims there are from whoever sees a presentation. Arrays get none, though the RFC allows it: no
/// configuration of the issuer discloses the elements of a list one by one. A claim that is a list is shown whole or not at
/// all, so that its length is in no presentation that withholds it.
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
        let claims = ClaimsToConceal {
            registered: &[],
            claims: &self.claims,
            selectable: &self.selectable,
            decoys: self.decoys,
            digest_algorithm: self.digest_algorithm,
        };
        claims.prepare(header, randomness)
    }
}

/// Claims as they are written: nothing of them is copied.
pub(crate) struct ClaimsToConceal<'c> {
    /// Claims that come before the others and have other names.
    pub(crate) registered: &'c [(&'static str, Value)],
    pub(crate) claims: &'c Map<String, Value>,
    pub(crate) selectable: &'c [ClaimsPath],
    pub(crate) decoys: Decoys,
    pub(crate) digest_algorithm: DigestAlgorithm,
}

impl ClaimsToConceal<'_> {
    pub(crate) fn prepare(
        &self,
        header: &EncodedHeader,
        randomness: &dyn Randomness,
    ) -> Result<PreparedSdJwt, IssueError> {
        for (position, path) in self.selectable.iter().enumerate() {
            path.check(|name| self.claim(name))
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
            disclosures: String::with_capacity(self.selectable.len() * USUAL_DISCLOSURE_BYTES),
            array: Vec::with_capacity(USUAL_DISCLOSURE_BYTES),
        };
        let mut payload = Vec::with_capacity(USUAL_PAYLOAD_BYTES);
        let registered = self.registered.iter().map(|(name, value)| (*name, value));
        let claims = self.claims.iter().map(|(name, value)| (name.as_str(), value));
        let mut members = Members::begin(&mut payload);
        let digests = concealer.members(registered.chain(claims), &patterns, MAX_DEPTH, &mut members)?;
        // RFC 9901 §4.1.1: without digests there is nothing for an algorithm to apply to.
        if digests == Digests::Written || !concealer.disclosures.is_empty() {
            write_json(members.value_of(SD_ALG), self.digest_algorithm.name());
        }
        members.end();
        let disclosures = concealer.disclosures;
        Ok(PreparedSdJwt {
            jwt: header.prepare_with_room(&payload, disclosures.len().saturating_add(1)),
            disclosures,
        })
    }

    fn claim(&self, name: &str) -> Option<&Value> {
        let registered = self.registered.iter().find(|(own, _)| *own == name);
        registered
            .map(|(_, value)| value)
            .or_else(|| self.claims.get(name))
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

/// Whether an object got a member with digests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Digests {
    None,
    Written,
}

/// Writes claims and disclosures as text, in one go: a tree of the claims that are left would be built only to be written.
struct Concealer<'r> {
    algorithm: DigestAlgorithm,
    decoys: Decoys,
    salts: Salts<'r>,
    disclosures: String,
    /// The disclosure that is being made.
    array: Vec<u8>,
}

impl Concealer<'_> {
    fn members<'c>(
        &mut self,
        claims: impl Iterator<Item = (&'c str, &'c Value)>,
        patterns: &[&[PathPart]],
        depth: usize,
        members: &mut Members<'_>,
    ) -> Result<Digests, IssueError> {
        let depth = depth.checked_sub(1).ok_or(IssueError::TooDeep)?;
        let mut digests = Vec::new();
        for (name, value) in claims {
            if matches!(name, SD | ELEMENT | SD_ALG) {
                return Err(IssueError::ReservedClaimName);
            }
            let (concealed, below) =
                descend(patterns, |part| matches!(part, PathPart::Key(key) if key == name));
            if concealed {
                digests.push(self.disclose(Some(name), value, &below, depth)?);
            } else {
                self.value(value, &below, depth, members.value_of(name))?;
            }
        }
        if digests.is_empty() {
            return Ok(Digests::None);
        }
        if let Decoys::PerObject(count) = self.decoys {
            for _ in 0..count {
                let nothing = [self.salts.next()?, self.salts.next()?].concat();
                digests.push(self.algorithm.digest(&base64url::encode(&nothing)));
            }
        }
        // Sorted, so that their order says nothing about the order of the claims (RFC 9901 §4.2.4.1).
        digests.sort_unstable();
        let out = members.value_of(SD);
        let mut separator = b'[';
        for digest in digests {
            out.extend_from_slice(&[separator, b'"']);
            out.extend_from_slice(digest.as_bytes());
            out.push(b'"');
            separator = b',';
        }
        out.push(b']');
        Ok(Digests::Written)
    }

    fn value(
        &mut self,
        value: &Value,
        patterns: &[&[PathPart]],
        depth: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), IssueError> {
        match value {
            Value::Object(object) => {
                let mut members = Members::begin(out);
                let claims = object.iter().map(|(name, value)| (name.as_str(), value));
                self.members(claims, patterns, depth, &mut members)?;
                members.end();
            }
            Value::Array(array) => {
                let depth = depth.checked_sub(1).ok_or(IssueError::TooDeep)?;
                out.push(b'[');
                for (index, element) in (0_u64..).zip(array) {
                    if index > 0 {
                        out.push(b',');
                    }
                    let (concealed, below) = descend(patterns, |part| match part {
                        PathPart::All => true,
                        PathPart::Index(wanted) => *wanted == index,
                        PathPart::Key(_) => false,
                    });
                    if concealed {
                        let digest = self.disclose(None, element, &below, depth)?;
                        let mut members = Members::begin(out);
                        write_json(members.value_of(ELEMENT), digest.as_str());
                        members.end();
                    } else {
                        self.value(element, &below, depth, out)?;
                    }
                }
                out.push(b']');
            }
            plain => write_json(out, plain),
        }
        Ok(())
    }

    /// Writes a disclosure and returns its digest.
    fn disclose(
        &mut self,
        name: Option<&str>,
        value: &Value,
        patterns: &[&[PathPart]],
        depth: usize,
    ) -> Result<String, IssueError> {
        // Disclosures within this one are written and salted before it.
        let mut json = Vec::new();
        self.value(value, patterns, depth, &mut json)?;
        let salt = self.salts.next()?;
        self.array.clear();
        self.array.extend_from_slice(b"[\"");
        base64url::encode_into_bytes(&salt, &mut self.array);
        self.array.extend_from_slice(b"\",");
        if let Some(name) = name {
            write_json(&mut self.array, name);
            self.array.push(b',');
        }
        self.array.extend_from_slice(&json);
        self.array.push(b']');
        self.disclosures.push('~');
        let start = self.disclosures.len();
        base64url::encode_into(&self.array, &mut self.disclosures);
        Ok(self
            .algorithm
            .digest(self.disclosures.get(start..).unwrap_or_default()))
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
