//! The mobile security object: what the issuer signs.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256, Sha384, Sha512};
use symbolon_crypto::encoding::cbor::{Cursor, write};
use symbolon_crypto::{PublicKey, UnixTime};

use super::names::{DocType, ElementIdentifier, NameSpace};
use super::read::{MdocBudget, MdocError, malformed, missing};
use super::validity::MdocValidity;
use super::value::TDATE;
use crate::status::{CredentialStatus, StatusReference};

/// How elements are digested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DigestAlgorithm {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl DigestAlgorithm {
    /// Its name in `digestAlgorithm`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::Sha256, Self::Sha384, Self::Sha512]
            .into_iter()
            .find(|algorithm| algorithm.name() == name)
    }

    /// The length of a digest, in bytes.
    pub(super) const fn length(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// Writes the digest of `bytes` as a byte string.
    pub(super) fn write_digest(self, out: &mut Vec<u8>, bytes: &[u8]) {
        match self {
            Self::Sha256 => write::bytes(out, &Sha256::digest(bytes)),
            Self::Sha384 => write::bytes(out, &Sha384::digest(bytes)),
            Self::Sha512 => write::bytes(out, &Sha512::digest(bytes)),
        }
    }

    /// Whether `digest` is the one of `bytes`.
    pub(super) fn is_digest(self, digest: &[u8], bytes: &[u8]) -> bool {
        match self {
            Self::Sha256 => Sha256::digest(bytes).as_slice() == digest,
            Self::Sha384 => Sha384::digest(bytes).as_slice() == digest,
            Self::Sha512 => Sha512::digest(bytes).as_slice() == digest,
        }
    }
}

/// What the device key may sign of its own (`keyAuthorizations`); nothing by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyAuthorizations {
    name_spaces: Vec<String>,
    elements: Vec<(String, String)>,
}

impl KeyAuthorizations {
    /// Whether the device may sign this element.
    #[must_use]
    pub fn covers(&self, name_space: &str, element: &str) -> bool {
        self.name_spaces.iter().any(|one| one == name_space)
            || self
                .elements
                .iter()
                .any(|(space, name)| space == name_space && name == element)
    }

    /// The authorisation of single elements, each a namespace and a name.
    #[must_use]
    pub fn of_elements(elements: Vec<(NameSpace, ElementIdentifier)>) -> Self {
        let texts = |(space, name): (NameSpace, ElementIdentifier)| {
            (space.as_str().to_owned(), name.as_str().to_owned())
        };
        Self {
            name_spaces: Vec::new(),
            elements: elements.into_iter().map(texts).collect(),
        }
    }

    /// Whether nothing is authorised.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.name_spaces.is_empty() && self.elements.is_empty()
    }

    /// Writes the map. Its members must not be empty.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let mut by_space: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (space, name) in &self.elements {
            by_space.entry(space).or_default().push(name);
        }
        write::map(
            out,
            usize::from(!self.name_spaces.is_empty()) + usize::from(!by_space.is_empty()),
        );
        if !self.name_spaces.is_empty() {
            write::text(out, "nameSpaces");
            write::array(out, self.name_spaces.len());
            for space in &self.name_spaces {
                write::text(out, space);
            }
        }
        if !by_space.is_empty() {
            write::text(out, "dataElements");
            write::map(out, by_space.len());
            for (space, names) in by_space {
                write::text(out, space);
                write::array(out, names.len());
                for name in names {
                    write::text(out, name);
                }
            }
        }
    }

    fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        let mut read = Self::default();
        for _ in 0..cursor.map()? {
            match cursor.text()? {
                "nameSpaces" => {
                    for _ in 0..cursor.array()? {
                        read.name_spaces.push(cursor.text()?.to_owned());
                    }
                }
                "dataElements" => {
                    for _ in 0..cursor.map()? {
                        let space = cursor.text()?;
                        for _ in 0..cursor.array()? {
                            read.elements.push((space.to_owned(), cursor.text()?.to_owned()));
                        }
                    }
                }
                _ => {
                    cursor.item()?;
                }
            }
        }
        Some(read)
    }
}

/// The digests of one namespace, in the order of their identifiers.
type Digests<'a> = Vec<(u64, &'a [u8])>;

/// The mobile security object, read.
#[derive(Clone)]
pub(super) struct MobileSecurityObject<'a> {
    pub(super) digest_algorithm: DigestAlgorithm,
    pub(super) doc_type: DocType,
    pub(super) validity: MdocValidity,
    pub(super) status: CredentialStatus,
    pub(super) device_key: PublicKey,
    pub(super) key_authorizations: KeyAuthorizations,
    value_digests: Vec<(&'a str, Digests<'a>)>,
}

impl<'a> MobileSecurityObject<'a> {
    /// Reads the payload of `issuerAuth`: tag 24 around the encoded object.
    pub(super) fn read(payload: &'a [u8], budget: MdocBudget) -> Result<Self, MdocError> {
        const WHOLE: &str = "MobileSecurityObject";
        let mut outer = Cursor::new(payload, budget.cbor)?;
        outer.expect_tag(24).ok_or(malformed(WHOLE))?;
        let mut cursor = Cursor::new(outer.bytes().ok_or(malformed(WHOLE))?, budget.cbor)?;

        let (mut version, mut algorithm, mut digests, mut device) = (None, None, None, None);
        let (mut doc_type, mut validity, mut status) = (None, None, None);
        for _ in 0..cursor.map().ok_or(malformed(WHOLE))? {
            match cursor.text().ok_or(malformed(WHOLE))? {
                "version" => version = Some(cursor.text().ok_or(malformed("version"))?),
                "digestAlgorithm" => {
                    let name = cursor.text().ok_or(malformed("digestAlgorithm"))?;
                    algorithm = Some(DigestAlgorithm::from_name(name).ok_or(MdocError::DigestAlgorithm)?);
                }
                "valueDigests" => digests = Some(read_digests(&mut cursor).ok_or(malformed("valueDigests"))?),
                "deviceKeyInfo" => device = Some(read_device_key_info(&mut cursor)?),
                "docType" => {
                    let text = cursor.text().ok_or(malformed("docType"))?;
                    doc_type = Some(DocType::parse(text).map_err(|_| malformed("docType"))?);
                }
                "validityInfo" => validity = Some(read_validity(&mut cursor)?),
                "status" => status = Some(read_status(&mut cursor).ok_or(malformed("status"))?),
                _ => {
                    cursor.item().ok_or(malformed(WHOLE))?;
                }
            }
        }
        if !is_version_1(version.ok_or(missing("version"))?) {
            return Err(MdocError::Version { structure: WHOLE });
        }
        let digest_algorithm = algorithm.ok_or(missing("digestAlgorithm"))?;
        let value_digests = digests.ok_or(missing("valueDigests"))?;
        let mut all = value_digests.iter().flat_map(|(_, digests)| digests);
        if all.any(|(_, digest)| digest.len() != digest_algorithm.length()) {
            return Err(MdocError::DigestLength);
        }
        let (device_key, key_authorizations) = device.ok_or(missing("deviceKeyInfo"))?;
        Ok(Self {
            digest_algorithm,
            doc_type: doc_type.ok_or(missing("docType"))?,
            validity: validity.ok_or(missing("validityInfo"))?,
            status: status.unwrap_or(CredentialStatus::NotTracked),
            device_key,
            key_authorizations,
            value_digests,
        })
    }

    /// The digests of a namespace.
    pub(super) fn digests(&self, name_space: &str) -> Option<&Digests<'a>> {
        self.value_digests
            .iter()
            .find(|(name, _)| *name == name_space)
            .map(|(_, digests)| digests)
    }
}

/// Whether a version is of the first major one, whose minor ones add and change nothing.
#[must_use]
pub fn is_version_1(version: &str) -> bool {
    version
        .strip_prefix("1.")
        .is_some_and(|minor| !minor.is_empty() && minor.bytes().all(|byte| byte.is_ascii_digit()))
}

fn read_digests<'a>(cursor: &mut Cursor<'a>) -> Option<Vec<(&'a str, Digests<'a>)>> {
    let mut all = Vec::new();
    for _ in 0..cursor.map()? {
        let name_space = cursor.text()?;
        let mut digests = Vec::new();
        for _ in 0..cursor.map()? {
            digests.push((cursor.unsigned()?, cursor.bytes()?));
        }
        digests.sort_unstable_by_key(|(identifier, _)| *identifier);
        all.push((name_space, digests));
    }
    Some(all)
}

fn read_device_key_info(cursor: &mut Cursor<'_>) -> Result<(PublicKey, KeyAuthorizations), MdocError> {
    const WHOLE: &str = "deviceKeyInfo";
    let (mut key, mut authorizations) = (None, KeyAuthorizations::default());
    for _ in 0..cursor.map().ok_or(malformed(WHOLE))? {
        match cursor.text().ok_or(malformed(WHOLE))? {
            "deviceKey" => {
                key = Some(PublicKey::from_cose_key(cursor).map_err(|_| MdocError::DeviceKey)?);
            }
            "keyAuthorizations" => {
                authorizations = KeyAuthorizations::read(cursor).ok_or(malformed("keyAuthorizations"))?;
            }
            _ => {
                cursor.item().ok_or(malformed(WHOLE))?;
            }
        }
    }
    Ok((key.ok_or(missing("deviceKey"))?, authorizations))
}

fn read_validity(cursor: &mut Cursor<'_>) -> Result<MdocValidity, MdocError> {
    const WHOLE: &str = "validityInfo";
    let (mut signed, mut valid_from, mut valid_until, mut expected_update) = (None, None, None, None);
    for _ in 0..cursor.map().ok_or(malformed(WHOLE))? {
        match cursor.text().ok_or(malformed(WHOLE))? {
            "signed" => signed = Some(read_tdate(cursor, "signed")?),
            "validFrom" => valid_from = Some(read_tdate(cursor, "validFrom")?),
            "validUntil" => valid_until = Some(read_tdate(cursor, "validUntil")?),
            "expectedUpdate" => expected_update = Some(read_tdate(cursor, "expectedUpdate")?),
            _ => {
                cursor.item().ok_or(malformed(WHOLE))?;
            }
        }
    }
    let validity = MdocValidity {
        signed: signed.ok_or(missing("signed"))?,
        valid_from: valid_from.ok_or(missing("validFrom"))?,
        valid_until: valid_until.ok_or(missing("validUntil"))?,
        expected_update,
    };
    if validity.is_in_order() {
        Ok(validity)
    } else {
        Err(MdocError::ValidityOrder)
    }
}

fn read_tdate(cursor: &mut Cursor<'_>, member: &'static str) -> Result<UnixTime, MdocError> {
    cursor.expect_tag(TDATE).ok_or(MdocError::NotTdate { member })?;
    let text = cursor.text().ok_or(MdocError::NotTdate { member })?;
    UnixTime::parse_rfc3339(text).map_err(|_| malformed(member))
}

fn read_status(cursor: &mut Cursor<'_>) -> Option<CredentialStatus> {
    let mut status = CredentialStatus::OtherMechanism;
    for _ in 0..cursor.map()? {
        if cursor.text()? != "status_list" {
            cursor.item()?;
            continue;
        }
        let (mut index, mut uri) = (None, None);
        for _ in 0..cursor.map()? {
            match cursor.text()? {
                "idx" => index = Some(cursor.unsigned()?),
                "uri" => uri = Some(cursor.text()?),
                _ => {
                    cursor.item()?;
                }
            }
        }
        status = CredentialStatus::StatusList(StatusReference::new(uri?, index?).ok()?);
    }
    Some(status)
}
