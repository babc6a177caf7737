//! The keys of a trusted issuer: verification methods of its DIDs, and the keys of its metadata.
//!
//! A document says which key may sign, never who is believed: only documents of issuers that the trust list knows are
//! looked at, and where the list has the document of a DID, nobody fetches another.

use symbolon_crypto::encoding::json::{self, JsonBudget};
use symbolon_crypto::{Jwk, PublicKey};
use symbolon_did::{Did, DidUrl, MethodError, PublishedDocument, Relationship, verification_key};
use symbolon_trust::trust_list::TrustedIssuer;

use super::Want;
use super::context::Context;
use super::found::Found;
use crate::evidence::DocumentEvidence;
use crate::report::Reason;

/// The longest metadata document or key set, in bytes. A hundred keys take a third of it.
const MAX_ISSUER_DOCUMENT: JsonBudget = JsonBudget {
    bytes: 64 << 10,
    depth: 16,
    items: 4_000,
};

/// Where the metadata of an issuer are, between its host and its path
/// ([SD-JWT VC §4](https://datatracker.ietf.org/doc/draft-ietf-oauth-sd-jwt-vc/)).
const WELL_KNOWN: &str = "/.well-known/jwt-vc-issuer";

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
        if !found.documents.contains_key(did) {
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

    /// The key that an issuer publishes in its metadata under `kid`, or its only one.
    pub(super) fn published_key(&self, issuer: &TrustedIssuer, kid: Option<&str>) -> KeyAnswer {
        let Some(url) = metadata_url(issuer.identifier.as_str()) else {
            return KeyAnswer::Refused(Reason::Missing);
        };
        let metadata = match self.issuer_document(&url) {
            Ok(document) => document,
            Err(answer) => return answer,
        };
        // The metadata of another issuer, which a host of several may serve by mistake, say nothing about this one.
        if metadata.get("issuer").and_then(serde_json::Value::as_str) != Some(issuer.identifier.as_str()) {
            return KeyAnswer::Unknown(Reason::EvidenceOfAnotherIssuer);
        }
        let keys = match (
            metadata.get("jwks"),
            metadata.get("jwks_uri").and_then(|uri| uri.as_str()),
        ) {
            (Some(keys), None) => keys.clone(),
            (None, Some(uri)) => match self.issuer_document(uri) {
                Ok(document) => document,
                Err(answer) => return answer,
            },
            _ => return KeyAnswer::Unknown(Reason::Malformed),
        };
        key_of_set(&keys, kid)
    }

    fn issuer_document(&self, url: &str) -> Result<serde_json::Value, KeyAnswer> {
        match self.evidence.issuer_document(url) {
            Some(DocumentEvidence::Document(bytes)) => json::parse_value(bytes, MAX_ISSUER_DOCUMENT)
                .map_err(|_| KeyAnswer::Unknown(Reason::Malformed)),
            Some(DocumentEvidence::Absent) => Err(KeyAnswer::Unknown(Reason::EvidenceAbsent)),
            None if self.may_ask() => Err(KeyAnswer::Wanted(Want::IssuerDocument { url: url.to_owned() })),
            None => Err(KeyAnswer::Unknown(Reason::EvidenceAbsent)),
        }
    }
}

/// Whether the documents of a DID are published, by a method that is known here.
fn is_published(did: &Did) -> bool {
    matches!(did.method(), "web" | "webvh")
}

fn key_of_set(keys: &serde_json::Value, kid: Option<&str>) -> KeyAnswer {
    let Some(keys) = keys.get("keys").and_then(serde_json::Value::as_array) else {
        return KeyAnswer::Unknown(Reason::Malformed);
    };
    // A key of a kind that is not supported is no fault of the set.
    let usable: Vec<Jwk> = keys
        .iter()
        .filter_map(|key| serde_json::from_value::<Jwk>(key.clone()).ok())
        .filter(|key| key.use_.as_deref().is_none_or(|purpose| purpose == "sig"))
        .collect();
    let mut named = usable.iter().filter(|key| match kid {
        Some(kid) => key.kid.as_deref() == Some(kid),
        None => keys.len() == 1,
    });
    match (named.next(), named.next()) {
        (Some(key), None) => {
            PublicKey::from_jwk(key).map_or(KeyAnswer::Unknown(Reason::Unsupported), KeyAnswer::Key)
        }
        _ => KeyAnswer::Refused(Reason::Missing),
    }
}

/// The URL of an issuer's metadata: the well-known path stands between its host and its own path.
fn metadata_url(issuer: &str) -> Option<String> {
    let (scheme, rest) = issuer.split_once("://")?;
    let (authority, path) = match rest.split_once('/') {
        Some((authority, path)) => (authority, path.trim_end_matches('/')),
        None => (rest, ""),
    };
    let separator = if path.is_empty() { "" } else { "/" };
    Some(format!("{scheme}://{authority}{WELL_KNOWN}{separator}{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_well_known_path_stands_between_host_and_path() {
        for (issuer, url) in [
            (
                "https://issuer.example",
                "https://issuer.example/.well-known/jwt-vc-issuer",
            ),
            (
                "https://issuer.example/",
                "https://issuer.example/.well-known/jwt-vc-issuer",
            ),
            (
                "https://issuer.example:8443/tenant/1",
                "https://issuer.example:8443/.well-known/jwt-vc-issuer/tenant/1",
            ),
        ] {
            assert_eq!(metadata_url(issuer).as_deref(), Some(url));
        }
    }
}
