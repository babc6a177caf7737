//! Issuing an mdoc.

use symbolon_crypto::cose::{CoseError, EncodedX5Chain, signature_structure};
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::encoding::cbor::write;
use symbolon_crypto::signing::{KeyHandle, SignatureRequest, ToBeSigned};
use symbolon_crypto::{PublicKey, Randomness, RandomnessUnavailable, SignatureAlgorithm, UnixTime};
use thiserror::Error;

use super::mobile_security_object::{DigestAlgorithm, KeyAuthorizations};
use super::names::{DocType, ElementIdentifier, NameSpace};
use super::validity::MdocValidity;
use super::value::{ElementValue, TDATE};
use crate::status::StatusReference;

/// Bytes of `random` in an element: as many as a key has, and no fewer than ISO/IEC 18013-5 §9.1.2.5 asks for.
const RANDOM_BYTES: usize = 16;

/// The header of every mdoc that one document signer signs, encoded once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerAuthHeader(EncodedX5Chain);

impl IssuerAuthHeader {
    /// The header for a key of `algorithm` with this chain: DER, the document signer first, the root left out.
    ///
    /// # Errors
    /// [`IssueMdocError::CertificateChain`].
    pub fn new(algorithm: SignatureAlgorithm, chain: &[Vec<u8>]) -> Result<Self, IssueMdocError> {
        EncodedX5Chain::new(algorithm, chain)
            .map(Self)
            .map_err(|_: CoseError| IssueMdocError::CertificateChain)
    }
}

/// How digests are numbered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DigestIds {
    /// In the order of the elements.
    Sequential,
    /// In random order, so that a number does not tell which elements were withheld.
    Shuffled,
}

/// An mdoc as it is to be issued.
#[derive(Clone)]
pub struct MdocToIssue {
    /// Its document type.
    pub doc_type: DocType,
    /// Its elements.
    pub elements: Vec<(NameSpace, Vec<(ElementIdentifier, ElementValue)>)>,
    /// When it is valid.
    pub validity: MdocValidity,
    /// Where its status is kept.
    pub status: Option<StatusReference>,
    /// The key of the holder's device.
    pub device_key: PublicKey,
    /// What the device may sign of its own.
    pub key_authorizations: KeyAuthorizations,
    /// How elements are digested.
    pub digest_algorithm: DigestAlgorithm,
    /// How digests are numbered.
    pub digest_ids: DigestIds,
}

/// Why an mdoc was not issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum IssueMdocError {
    /// No certificate, or more than a reader takes.
    #[error("issuerAuth needs a certificate chain of one to six certificates")]
    CertificateChain,
    /// A namespace without elements, or none at all.
    #[error("an mdoc needs namespaces, each with an element")]
    NoElements,
    /// A namespace, or an element of one, twice.
    #[error("a namespace or element is there twice")]
    Repeated,
    /// `signed`, `validFrom` and `validUntil` in another order, or a time that has no text.
    #[error("the times of validity are not in order")]
    Validity,
    /// No randomness.
    #[error(transparent)]
    Randomness(#[from] RandomnessUnavailable),
    /// A signature of another length than the algorithm's.
    #[error("the signature has the wrong length")]
    Signature,
}

/// An mdoc that lacks its signature.
pub struct PreparedMdoc {
    /// `IssuerSigned` up to the signature.
    issuer_signed: Vec<u8>,
    to_be_signed: ToBeSigned,
}

impl MdocToIssue {
    /// Salts and digests the elements and prepares the signature.
    ///
    /// # Errors
    /// [`IssueMdocError`].
    pub fn prepare(
        &self,
        header: &IssuerAuthHeader,
        randomness: &dyn Randomness,
    ) -> Result<PreparedMdoc, IssueMdocError> {
        self.check()?;
        let count = self
            .elements
            .iter()
            .map(|(_, elements)| elements.len())
            .sum::<usize>();
        // One draw for everything: 16 bytes of salt and 8 to shuffle for each element.
        let mut random = vec![0; count.saturating_mul(RANDOM_BYTES + 8)];
        randomness.fill(&mut random)?;
        let (salts, order) = random.split_at(count.saturating_mul(RANDOM_BYTES));
        let mut salts = salts.chunks_exact(RANDOM_BYTES);
        let mut order = order.chunks_exact(8);

        let mut out = Vec::with_capacity(4096 + self.length_of_bytes());
        write::map(&mut out, 2);
        write::text(&mut out, "nameSpaces");
        write::map(&mut out, self.elements.len());
        let mut mso = Vec::with_capacity(512 + count * 40);
        self.write_object_head(&mut mso);
        let mut item = Vec::with_capacity(128);
        for (name_space, elements) in &self.elements {
            write::text(&mut out, name_space.as_str());
            write::array(&mut out, elements.len());
            write::text(&mut mso, name_space.as_str());
            write::map(&mut mso, elements.len());
            let identifiers = self.identifiers(elements.len(), &mut order);
            let mut digests = vec![0..0; elements.len()];
            for ((identifier, value), digest_id) in elements.iter().zip(&identifiers) {
                item.clear();
                write_item(
                    &mut item,
                    *digest_id,
                    salts.next().unwrap_or_default(),
                    identifier,
                    value,
                );
                let start = out.len();
                write::encoded_item(&mut out, &item);
                if let Some(place) = digests.get_mut(*digest_id) {
                    *place = start..out.len();
                }
            }
            for (digest_id, place) in digests.into_iter().enumerate() {
                write::unsigned(&mut mso, digest_id as u64);
                self.digest_algorithm
                    .write_digest(&mut mso, out.get(place).unwrap_or_default());
            }
        }
        self.write_object_tail(&mut mso);

        let mut payload = Vec::with_capacity(mso.len() + 8);
        write::encoded_item(&mut payload, &mso);
        write::text(&mut out, "issuerAuth");
        header.0.write_unsigned(&mut out, Some(&payload));
        Ok(PreparedMdoc {
            issuer_signed: out,
            to_be_signed: signature_structure(header.0.algorithm(), &payload),
        })
    }

    fn check(&self) -> Result<(), IssueMdocError> {
        if self.elements.is_empty() || self.elements.iter().any(|(_, elements)| elements.is_empty()) {
            return Err(IssueMdocError::NoElements);
        }
        let mut names: Vec<&str> = self.elements.iter().map(|(name, _)| name.as_str()).collect();
        if has_repetition(&mut names) {
            return Err(IssueMdocError::Repeated);
        }
        for (_, elements) in &self.elements {
            let mut names: Vec<&str> = elements.iter().map(|(name, _)| name.as_str()).collect();
            if has_repetition(&mut names) {
                return Err(IssueMdocError::Repeated);
            }
        }
        let validity = &self.validity;
        let times = [validity.signed, validity.valid_from, validity.valid_until];
        let update = validity.expected_update;
        if !validity.is_in_order()
            || times
                .into_iter()
                .chain(update)
                .any(|time| time.rfc3339().is_empty())
        {
            return Err(IssueMdocError::Validity);
        }
        Ok(())
    }

    /// How many bytes of pictures and the like there are, so that the buffer need not grow.
    fn length_of_bytes(&self) -> usize {
        let all = self.elements.iter().flat_map(|(_, elements)| elements);
        all.map(|(_, value)| match value {
            ElementValue::Bytes(bytes) => bytes.len(),
            _ => 128,
        })
        .sum()
    }

    /// The digest identifiers of `count` elements: a permutation of the numbers below it.
    fn identifiers<'r>(&self, count: usize, order: &mut impl Iterator<Item = &'r [u8]>) -> Vec<usize> {
        let mut identifiers: Vec<usize> = (0..count).collect();
        if self.digest_ids == DigestIds::Shuffled {
            for last in (1..count).rev() {
                let draw = order.next().and_then(|bytes| bytes.first_chunk::<8>());
                let draw = u64::from_be_bytes(draw.copied().unwrap_or_default());
                // 64 bits modulo some dozens: the bias is far below what anybody could observe.
                let other = usize::try_from(draw % (last as u64 + 1)).unwrap_or_default();
                identifiers.swap(last, other);
            }
        }
        identifiers
    }

    /// The members of the mobile security object up to the digests.
    fn write_object_head(&self, out: &mut Vec<u8>) {
        write::map(out, if self.status.is_some() { 7 } else { 6 });
        write::text(out, "version");
        write::text(out, "1.0");
        write::text(out, "digestAlgorithm");
        write::text(out, self.digest_algorithm.name());
        write::text(out, "valueDigests");
        write::map(out, self.elements.len());
    }

    /// The members behind the digests.
    fn write_object_tail(&self, out: &mut Vec<u8>) {
        write::text(out, "deviceKeyInfo");
        let authorizes = !self.key_authorizations.is_empty();
        write::map(out, if authorizes { 2 } else { 1 });
        write::text(out, "deviceKey");
        self.device_key.write_cose_key(out);
        if authorizes {
            write::text(out, "keyAuthorizations");
            self.key_authorizations.write(out);
        }
        write::text(out, "docType");
        write::text(out, self.doc_type.as_str());
        write::text(out, "validityInfo");
        let validity = &self.validity;
        write::map(out, if validity.expected_update.is_some() { 4 } else { 3 });
        write_tdate(out, "signed", validity.signed);
        write_tdate(out, "validFrom", validity.valid_from);
        write_tdate(out, "validUntil", validity.valid_until);
        if let Some(update) = validity.expected_update {
            write_tdate(out, "expectedUpdate", update);
        }
        if let Some(status) = &self.status {
            write::text(out, "status");
            write::map(out, 1);
            write::text(out, "status_list");
            write::map(out, 2);
            write::text(out, "idx");
            write::unsigned(out, status.index());
            write::text(out, "uri");
            write::text(out, status.uri());
        }
    }
}

impl PreparedMdoc {
    /// What the document signer `key` has to sign.
    #[must_use]
    pub fn request(&self, key: KeyHandle) -> SignatureRequest {
        self.to_be_signed.by(key)
    }

    /// The encoded `IssuerSigned`.
    ///
    /// # Errors
    /// [`IssueMdocError::Signature`].
    pub fn finish(mut self, signature: &[u8]) -> Result<Vec<u8>, IssueMdocError> {
        if signature.len() != self.to_be_signed.algorithm.signature_bytes() {
            return Err(IssueMdocError::Signature);
        }
        write::bytes(&mut self.issuer_signed, signature);
        Ok(self.issuer_signed)
    }

    /// The encoded `IssuerSigned` as base64url: the `credential` of OpenID4VCI (appendix A.2).
    ///
    /// # Errors
    /// [`IssueMdocError::Signature`].
    pub fn finish_base64url(self, signature: &[u8]) -> Result<String, IssueMdocError> {
        self.finish(signature).map(|bytes| base64url::encode(&bytes))
    }
}

fn write_item(
    out: &mut Vec<u8>,
    digest_id: usize,
    random: &[u8],
    identifier: &ElementIdentifier,
    value: &ElementValue,
) {
    write::map(out, 4);
    write::text(out, "digestID");
    write::unsigned(out, digest_id as u64);
    write::text(out, "random");
    write::bytes(out, random);
    write::text(out, "elementIdentifier");
    write::text(out, identifier.as_str());
    write::text(out, "elementValue");
    value.write(out);
}

fn write_tdate(out: &mut Vec<u8>, name: &str, time: UnixTime) {
    write::text(out, name);
    write::tag(out, TDATE);
    write::text(out, &time.rfc3339());
}

fn has_repetition(names: &mut [&str]) -> bool {
    names.sort_unstable();
    names
        .windows(2)
        .any(|pair| matches!(pair, [one, other] if one == other))
}
