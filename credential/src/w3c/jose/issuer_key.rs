//! Which key of the issuer signed, as the header says it
//! ([VC-JOSE-COSE §4](https://www.w3.org/TR/vc-jose-cose/#key-discovery)).

use symbolon_did::{Did, DidUrl};

/// Where the key of the issuer is to be found. It is a hint of the signer's: the key must be found there as one of the
/// *issuer's*, in the DID document for `assertionMethod`, in the issuer's metadata, or under an anchor of the issuer's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IssuerKey<'c> {
    /// A verification method of the issuer's DID.
    VerificationMethod(DidUrl),
    /// Certificates, leaf first, as DER. The leaf must name the issuer.
    Certificates(&'c [Vec<u8>]),
    /// A key of the issuer's metadata, by its `kid` if there is one. The issuer is an `https` URL.
    Metadata(Option<&'c str>),
}

/// The key that is named belongs to somebody else, or none is named where one must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::w3c) struct NotTheIssuersKey;

/// Reads `kid` and `x5c` as the key of `issuer`. A relative `kid` is resolved against the issuer only where the token
/// itself says the issuer as well (`iss`).
pub(in crate::w3c) fn issuer_key<'c>(
    issuer: &str,
    kid: Option<&'c str>,
    certificates: &'c [Vec<u8>],
    iss_is_there: bool,
) -> Result<IssuerKey<'c>, NotTheIssuersKey> {
    if let Ok(did) = Did::parse(issuer) {
        // A chain cannot speak for a DID; its document says which keys do.
        let kid = kid.ok_or(NotTheIssuersKey)?;
        let method = match kid.strip_prefix('#') {
            Some(fragment) if iss_is_there => did.with_fragment(fragment),
            _ => DidUrl::parse(kid),
        }
        .map_err(|_| NotTheIssuersKey)?;
        return if *method.did() == did && method.fragment().is_some() {
            Ok(IssuerKey::VerificationMethod(method))
        } else {
            Err(NotTheIssuersKey)
        };
    }
    // A DID that signs for a URL: it may say so about any URL.
    if kid.is_some_and(|kid| kid.starts_with("did:")) {
        return Err(NotTheIssuersKey);
    }
    if !certificates.is_empty() {
        return Ok(IssuerKey::Certificates(certificates));
    }
    let absolute = kid.is_some_and(|kid| kid.contains("://"));
    let below_issuer = kid
        .and_then(|kid| kid.strip_prefix(issuer))
        .is_some_and(|rest| rest.starts_with(['#', '/', '?']));
    if absolute && !below_issuer {
        return Err(NotTheIssuersKey);
    }
    Ok(IssuerKey::Metadata(kid))
}
