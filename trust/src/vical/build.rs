//! Writing a VICAL, for registries that hand out their authorities in the form of the standard.

use symbolon_crypto::cose::{self, PreparedSign1, Sign1Header, Tagging};
use symbolon_crypto::encoding::cbor::write;
use symbolon_crypto::signing::{KeyHandle, SignatureRequest};
use symbolon_crypto::x509::Certificate;
use symbolon_crypto::{SignatureAlgorithm, UnixTime};
use thiserror::Error;

/// The only version of the form.
const VERSION: &str = "1.0";

/// What a VICAL is to say.
#[derive(Debug, Clone)]
pub struct VicalToSign<'a> {
    /// Who keeps it.
    pub provider: &'a str,
    /// When it is issued.
    pub date: UnixTime,
    /// The number of the issue, higher than that of the one before.
    pub issue: u64,
    /// Before when the next one comes.
    pub next_update: UnixTime,
    /// The authorities, each with the document types that it is listed for.
    pub authorities: Vec<(&'a Certificate, Vec<&'a str>)>,
}

/// Why a VICAL is not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BuildVicalError {
    /// An authority without a subject key identifier or without document types.
    #[error("an authority has no subject key identifier or no document types")]
    Entry,
    /// The chain of the signer is empty.
    #[error("the certificates of the signer are missing")]
    EmptyChain,
    /// The signature has not the length of its algorithm.
    #[error("the signature has the wrong length")]
    Signature,
}

/// A VICAL that lacks its signature.
#[derive(Debug)]
pub struct PreparedVical {
    sign1: PreparedSign1,
    algorithm: SignatureAlgorithm,
}

impl VicalToSign<'_> {
    /// Prepares the list, to be signed with `algorithm` by the key of the leaf of `chain`.
    ///
    /// # Errors
    /// [`BuildVicalError`].
    pub fn prepare(
        &self,
        algorithm: SignatureAlgorithm,
        chain: &[Certificate],
    ) -> Result<PreparedVical, BuildVicalError> {
        if chain.is_empty() {
            return Err(BuildVicalError::EmptyChain);
        }
        let header = Sign1Header {
            x5chain: chain
                .iter()
                .map(|certificate| certificate.der().to_vec())
                .collect(),
            ..Sign1Header::default()
        };
        Ok(PreparedVical {
            sign1: cose::prepare(algorithm, &header, self.payload()?, &[]),
            algorithm,
        })
    }

    fn payload(&self) -> Result<Vec<u8>, BuildVicalError> {
        let mut out = Vec::new();
        write::map(&mut out, 6);
        member(&mut out, "version", VERSION);
        member(&mut out, "vicalProvider", self.provider);
        date(&mut out, "date", self.date);
        write::text(&mut out, "vicalIssueID");
        write::unsigned(&mut out, self.issue);
        date(&mut out, "nextUpdate", self.next_update);
        write::text(&mut out, "certificateInfos");
        write::array(&mut out, self.authorities.len());
        for (certificate, doc_types) in &self.authorities {
            entry(&mut out, certificate, doc_types)?;
        }
        Ok(out)
    }
}

fn entry(out: &mut Vec<u8>, certificate: &Certificate, doc_types: &[&str]) -> Result<(), BuildVicalError> {
    let key_identifier = certificate
        .subject_key_identifier()
        .ok_or(BuildVicalError::Entry)?;
    if doc_types.is_empty() {
        return Err(BuildVicalError::Entry);
    }
    let texts = [
        ("issuingAuthority", certificate.subject_common_name()),
        ("issuingCountry", certificate.subject_country()),
        ("stateOrProvinceName", certificate.subject_state()),
    ];
    let said = texts.iter().filter(|(_, text)| text.is_some()).count();
    write::map(out, said.saturating_add(6));
    write::text(out, "certificate");
    write::bytes(out, certificate.der());
    write::text(out, "serialNumber");
    write::tag(out, 2);
    write::bytes(out, certificate.serial_number());
    write::text(out, "ski");
    write::bytes(out, key_identifier);
    write::text(out, "docType");
    write::array(out, doc_types.len());
    for doc_type in doc_types {
        write::text(out, doc_type);
    }
    for (name, text) in texts {
        if let Some(text) = text {
            member(out, name, text);
        }
    }
    date(out, "notBefore", certificate.not_before());
    date(out, "notAfter", certificate.not_after());
    Ok(())
}

fn member(out: &mut Vec<u8>, name: &str, text: &str) {
    write::text(out, name);
    write::text(out, text);
}

fn date(out: &mut Vec<u8>, name: &str, time: UnixTime) {
    write::text(out, name);
    write::tag(out, 0);
    write::text(out, &time.rfc3339());
}

impl PreparedVical {
    /// What the signer of the list has to sign.
    #[must_use]
    pub fn request(&self, key: KeyHandle) -> SignatureRequest {
        self.sign1.request(key)
    }

    /// The list, without the tag, as the standard has it.
    ///
    /// # Errors
    /// [`BuildVicalError::Signature`].
    pub fn finish(self, signature: &[u8]) -> Result<Vec<u8>, BuildVicalError> {
        if signature.len() != self.algorithm.signature_bytes() {
            return Err(BuildVicalError::Signature);
        }
        self.sign1
            .finish(signature.to_vec(), Tagging::Untagged)
            .map_err(|_| BuildVicalError::Signature)
    }
}
