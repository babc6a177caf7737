//! The keys of a trusted issuer: verification methods of its DIDs, and the keys of its metadata.
//!
//! A document says which key may sign, never who is believed: only documents of issuers that the trust list knows are
//! looked at, and where the list has the document of a DID, nobody fetches another.

use symbolon_credential::sd_jwt_vc::{
    IssuerJwks, IssuerKeys, IssuerMetadata, IssuerMetadataError, IssuerScheme, NoIssuerKey,
    issuer_metadata_url,
};
use symbolon_crypto::PublicKey;
use symbolon_crypto::jose::jws::JwsHeader;
use symbolon_did::{Did, DidUrl, MethodError, PublishedDocument, Relationship, verification_key};
use symbolon_trust::trust_list::TrustedIssuer;

use super::Want;
use super::context::Context;
use super::found::Found;
use crate::evidence::DocumentEvidence;
use crate::report::Reason;

/// Which addresses may be asked at all is the fetcher's to say; the identifier is the trust list's.
const SCHEME: IssuerScheme = IssuerScheme::HttpOnLoopback;

/// What is known of a key.
pub(super) enum KeyAnswer {
    /// It is the issuer's, for this use.
    Key(PublicKey),
    /// It is in a document that can be asked for.
    Wanted(Want),
    /// The document could not be had, so nobody can tell.
    Unknown(Reason),
    /// It is not the issuer's, or not for this use.
    Refused(Reason),
}

impl Context<'_> {
    /// The key of a verification method of one of the issuer's DIDs, for signing credentials.
    pub(super) fn assertion_key(
        &self,
        issuer: &TrustedIssuer,
        method: &DidUrl,
        found: &mut Found,
    ) -> KeyAnswer {
        let did = method.did();
        if !issuer.dids.contains(did) {
            return KeyAnswer::Refused(Reason::SignerIsNotIssuer);
        }
        if matches!(did.method(), "key" | "jwk") {
            return verification_key(method).map_or(KeyAnswer::Refused(Reason::Missing), KeyAnswer::Key);
        }
        if !found.documents.contains_key(did) && !found.unwitnessed.contains_key(did) {
            match self.evidence.trust_list().did_documents.get(did) {
                Some(listed) => {
                    let read = PublishedDocument::from_value(listed, did).map_err(|_| Reason::Malformed);
                    found.documents.insert(did.clone(), read);
                }
                None if self.may_ask() && is_published(did) => {
                    return KeyAnswer::Wanted(Want::DidDocument { did: did.clone() });
                }
                None => return KeyAnswer::Unknown(Reason::EvidenceAbsent),
            }
        }
        if found.unwitnessed.contains_key(did) {
            return if self.may_ask() {
                KeyAnswer::Wanted(Want::DidWitnessProofs { did: did.clone() })
            } else {
                KeyAnswer::Unknown(Reason::EvidenceAbsent)
            };
        }
        match found.documents.get(did) {
            Some(Ok(document)) => match document.key(method, Relationship::AssertionMethod) {
                Ok(key) => KeyAnswer::Key(key.clone()),
                Err(MethodError::OtherUse) => KeyAnswer::Refused(Reason::WrongPurpose),
                Err(MethodError::OtherController) => KeyAnswer::Refused(Reason::SignerIsNotIssuer),
                Err(MethodError::UnsupportedKey) => KeyAnswer::Unknown(Reason::Unsupported),
                Err(_) => KeyAnswer::Refused(Reason::Missing),
            },
            Some(Err(reason)) => KeyAnswer::Unknown(*reason),
            None => KeyAnswer::Unknown(Reason::EvidenceAbsent),
        }
    }

    /// The key of an issuer's metadata that a token with this header names.
    pub(super) fn published_key(&self, issuer: &TrustedIssuer, header: &JwsHeader) -> KeyAnswer {
        let identifier = issuer.identifier.as_str();
        let Ok(url) = issuer_metadata_url(identifier, SCHEME) else {
            return KeyAnswer::Refused(Reason::Missing);
        };
        let metadata = match self.issuer_document(url.as_str()) {
            Ok(document) => IssuerMetadata::parse(document, identifier, SCHEME),
            Err(answer) => return *answer,
        };
        let set = match metadata.as_ref().map(IssuerMetadata::keys) {
            Ok(IssuerKeys::Within(set)) => Ok(set.clone()),
            Ok(IssuerKeys::At(url)) => match self.issuer_document(url.as_str()) {
                Ok(document) => IssuerJwks::parse(document),
                Err(answer) => return *answer,
            },
            Err(error) => Err(*error),
        };
        match set.map(|set| set.key_for(header)) {
            Ok(Ok(key)) => KeyAnswer::Key(key),
            Ok(Err(NoIssuerKey::Unsupported)) => KeyAnswer::Unknown(Reason::Unsupported),
            Ok(Err(NoIssuerKey::NotForThis)) => KeyAnswer::Refused(Reason::WrongPurpose),
            Ok(Err(_)) => KeyAnswer::Refused(Reason::Missing),
            // A host of several issuers may serve the metadata of another by mistake; they say nothing about this one.
            Err(IssuerMetadataError::OtherIssuer) => KeyAnswer::Unknown(Reason::EvidenceOfAnotherIssuer),
            Err(IssuerMetadataError::OverBudget) => KeyAnswer::Unknown(Reason::OverBudget),
            Err(_) => KeyAnswer::Unknown(Reason::Malformed),
        }
    }

    fn issuer_document(&self, url: &str) -> Result<&[u8], Box<KeyAnswer>> {
        let answer = match self.evidence.issuer_document(url) {
            Some(DocumentEvidence::Document(bytes)) => return Ok(bytes),
            None if self.may_ask() => KeyAnswer::Wanted(Want::IssuerDocument { url: url.to_owned() }),
            Some(DocumentEvidence::Absent) | None => KeyAnswer::Unknown(Reason::EvidenceAbsent),
        };
        Err(Box::new(answer))
    }
}

/// Whether the documents of a DID are published, by a method that is known here.
fn is_published(did: &Did) -> bool {
    matches!(did.method(), "web" | "webvh")
}
