//! The keys of a trusted issuer: verification methods of its DIDs, and the keys of its metadata.
//!
//! A document says which key may sign, never who is believed: only documents of issuers that the trust list knows are
//! looked at, and where the list has the document of a DID, nobody fetches another.

use symbolon_credential::sd_jwt_vc::{
    IssuerJwks, IssuerKeys, IssuerMetadata, IssuerMetadataError, IssuerScheme, NoIssuerKey,
    issuer_metadata_url,
};
use symbolon_crypto::jose::jws::JwsHeader;
use symbolon_crypto::{PublicKey, RsaPublicKey};
use symbolon_did::{
    ControlledDocument, Did, DidUrl, MethodError, MethodLocation, PublishedDocument, Relationship,
    rsa_key_at, verification_key,
};
use symbolon_trust::trust_list::TrustedIssuer;

use super::Want;
use super::context::Context;
use super::found::Found;
use crate::evidence::DocumentEvidence;
use crate::report::Reason;

/// Which addresses may be asked at all is the fetcher's to say; the identifier is the trust list's.
const SCHEME: IssuerScheme = IssuerScheme::HttpOnLoopback;

/// What is known of a key.
pub(super) enum KeyAnswer<K = PublicKey> {
    /// It is the issuer's, for this use.
    Key(K),
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
        let document = match self.did_document(did, found) {
            Ok(document) => document,
            Err(answer) => return *answer,
        };
        match document.key(method, Relationship::AssertionMethod) {
            Ok(key) => KeyAnswer::Key(key.clone()),
            Err(error) => not_the_issuers(error),
        }
    }

    /// The RSA key of a verification method of the issuer, for signing credentials: of one of its DIDs, or, where the issuer
    /// is no DID, of its identifier.
    pub(super) fn rsa_assertion_key(
        &self,
        issuer: &TrustedIssuer,
        method: &str,
        found: &mut Found,
    ) -> KeyAnswer<RsaPublicKey> {
        let Ok(method) = DidUrl::parse(method) else {
            return self.rsa_key_of_identifier(issuer.identifier.as_str(), method);
        };
        if !issuer.dids.contains(method.did()) {
            return KeyAnswer::Refused(Reason::SignerIsNotIssuer);
        }
        // A did:key or did:jwk of RSA is nobody's who is in a trust list.
        if matches!(method.did().method(), "key" | "jwk") {
            return KeyAnswer::Unknown(Reason::Unsupported);
        }
        let document = match self.did_document(method.did(), found) {
            Ok(document) => document,
            Err(answer) => return *answer,
        };
        match document.rsa_key(&method, Relationship::AssertionMethod) {
            Ok(key) => KeyAnswer::Key(key.clone()),
            Err(error) => not_the_issuers(error),
        }
    }

    fn rsa_key_of_identifier(&self, identifier: &str, method: &str) -> KeyAnswer<RsaPublicKey> {
        let listed = match self.issuer_document(identifier) {
            Ok(document) => ControlledDocument::parse(document, identifier),
            Err(answer) => return *answer,
        };
        let Ok(listed) = listed else {
            return KeyAnswer::Unknown(Reason::Malformed);
        };
        let key = match listed.assertion_method(method) {
            Ok(MethodLocation::Within(key)) => Ok(key),
            Ok(MethodLocation::Elsewhere) if method.starts_with("https://") => {
                match self.issuer_document(method) {
                    Ok(document) => rsa_key_at(document, method, identifier),
                    Err(answer) => return *answer,
                }
            }
            Ok(MethodLocation::Elsewhere) => Err(MethodError::Unknown),
            Err(error) => Err(error),
        };
        key.map_or_else(not_the_issuers, KeyAnswer::Key)
    }

    /// The document of one of the issuer's DIDs, of the trust list or as it was fetched.
    fn did_document<'f, K>(
        &self,
        did: &Did,
        found: &'f mut Found,
    ) -> Result<&'f PublishedDocument, Box<KeyAnswer<K>>> {
        let found = self.look_up(did, found)?;
        match found.documents.get(did) {
            Some(Ok(document)) => Ok(document),
            Some(Err(reason)) => Err(Box::new(KeyAnswer::Unknown(*reason))),
            None => Err(Box::new(KeyAnswer::Unknown(Reason::EvidenceAbsent))),
        }
    }

    fn look_up<'f, K>(&self, did: &Did, found: &'f mut Found) -> Result<&'f Found, Box<KeyAnswer<K>>> {
        let answer = |answer| Err(Box::new(answer));
        if !found.documents.contains_key(did) && !found.unwitnessed.contains_key(did) {
            match self.evidence.trust_list().did_documents.get(did) {
                Some(listed) => {
                    let read = PublishedDocument::from_value(listed, did).map_err(|_| Reason::Malformed);
                    found.documents.insert(did.clone(), read);
                }
                None if self.may_ask() && is_published(did) => {
                    return answer(KeyAnswer::Wanted(Want::DidDocument { did: did.clone() }));
                }
                None => return answer(KeyAnswer::Unknown(Reason::EvidenceAbsent)),
            }
        }
        if found.unwitnessed.contains_key(did) {
            return answer(if self.may_ask() {
                KeyAnswer::Wanted(Want::DidWitnessProofs { did: did.clone() })
            } else {
                KeyAnswer::Unknown(Reason::EvidenceAbsent)
            });
        }
        Ok(found)
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

    fn issuer_document<K>(&self, url: &str) -> Result<&[u8], Box<KeyAnswer<K>>> {
        let answer = match self.evidence.issuer_document(url) {
            Some(DocumentEvidence::Document(bytes)) => return Ok(bytes),
            None if self.may_ask() => KeyAnswer::Wanted(Want::IssuerDocument { url: url.to_owned() }),
            Some(DocumentEvidence::Absent) | None => KeyAnswer::Unknown(Reason::EvidenceAbsent),
        };
        Err(Box::new(answer))
    }
}

/// Why a document gives no key, as what is known of the key.
const fn not_the_issuers<K>(error: MethodError) -> KeyAnswer<K> {
    match error {
        MethodError::OtherUse => KeyAnswer::Refused(Reason::WrongPurpose),
        MethodError::OtherController => KeyAnswer::Refused(Reason::SignerIsNotIssuer),
        MethodError::UnsupportedKey => KeyAnswer::Unknown(Reason::Unsupported),
        _ => KeyAnswer::Refused(Reason::Missing),
    }
}

/// Whether the documents of a DID are published, by a method that is known here.
fn is_published(did: &Did) -> bool {
    matches!(did.method(), "web" | "webvh")
}
