//! Signed issuer metadata ([OpenID4VCI §12.2.3]): the metadata as the claims of a JWT, `application/jwt`.
//!
//! [OpenID4VCI §12.2.3]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-12.2.3

use serde_json::{Map, Value};
use symbolon_credential::sd_jwt_vc::check_issuer_binding;
use symbolon_crypto::encoding::json::{self, JsonBudget};
use symbolon_crypto::jose::jws::{self, CompactJws, PreparedJws};
use symbolon_crypto::x509::{Certificate, ChainProfile, verify_chain};
use symbolon_crypto::{CryptoProvider, SignatureAlgorithm, UnixTime};
use thiserror::Error;

use super::metadata::{IssuerMetadata, IssuerMetadataError, MAX_METADATA_BYTES};
use super::proof::PROOF_TOLERANCE;
use crate::identifier::{IssuerIdentifier, UrlPolicy};

/// The `typ` of signed metadata.
pub const SIGNED_METADATA_TYPE: &str = "openidvci-issuer-metadata+jwt";

/// The claims that a signature adds to the metadata.
const ADDED: [&str; 4] = ["iss", "sub", "iat", "exp"];

/// Prepares the JWT of `metadata`, whose certificates (leaf first, without the anchor) go into its header.
///
/// # Errors
/// [`SignedMetadataError::Unwritable`] when the metadata hold a configuration that cannot be published.
pub fn prepare(
    metadata: &IssuerMetadata,
    algorithm: SignatureAlgorithm,
    chain: &[Certificate],
    issued_at: UnixTime,
    expires_at: UnixTime,
) -> Result<PreparedJws, SignedMetadataError> {
    let Ok(Value::Object(mut claims)) = serde_json::to_value(metadata) else {
        return Err(SignedMetadataError::Unwritable);
    };
    let issuer = metadata.credential_issuer.as_str();
    claims.insert("iss".to_owned(), issuer.into());
    claims.insert("sub".to_owned(), issuer.into());
    claims.insert("iat".to_owned(), issued_at.seconds().into());
    claims.insert("exp".to_owned(), expires_at.seconds().into());
    let mut header = Map::new();
    header.insert("typ".to_owned(), SIGNED_METADATA_TYPE.into());
    let chain = chain.iter().map(Certificate::der);
    header.insert("x5c".to_owned(), jws::x5c_value(chain));
    Ok(jws::prepare(
        algorithm,
        &header,
        Value::Object(claims).to_string().as_bytes(),
    ))
}

/// The longest JWT that is read, in bytes: the metadata in base64url, and certificates.
pub const MAX_SIGNED_METADATA_BYTES: usize = MAX_METADATA_BYTES.saturating_mul(2);

/// Verifies signed metadata of `expected` under one of `anchors`. The signer's certificate must name the issuer: who signs for one
/// issuer of an anchor does not sign for another.
///
/// # Errors
/// [`SignedMetadataError`].
pub fn verify(
    text: &str,
    expected: &IssuerIdentifier,
    policy: UrlPolicy,
    anchors: &[Certificate],
    now: UnixTime,
    crypto: &dyn CryptoProvider,
) -> Result<IssuerMetadata, SignedMetadataError> {
    let jws =
        CompactJws::parse(text, MAX_SIGNED_METADATA_BYTES).map_err(|_| SignedMetadataError::Malformed)?;
    jws.expect_type(SIGNED_METADATA_TYPE)
        .map_err(|_| SignedMetadataError::WrongType)?;
    let chain = jws.header.x5c.as_ref().ok_or(SignedMetadataError::NoChain)?;
    let chain = chain
        .iter()
        .map(|der| Certificate::parse(der).map_err(|_| SignedMetadataError::Untrusted))
        .collect::<Result<Vec<_>, _>>()?;
    let verified = verify_chain(&chain, anchors, ChainProfile::CredentialSigner, now, crypto)
        .map_err(|_| SignedMetadataError::Untrusted)?;
    let leaf = verified.leaf();
    check_issuer_binding(expected.as_str(), leaf.san_uris(), leaf.san_dns())
        .map_err(|_| SignedMetadataError::Untrusted)?;
    jws.verify(crypto, leaf.public_key())
        .map_err(|_| SignedMetadataError::Signature)?;
    let budget = JsonBudget {
        bytes: MAX_METADATA_BYTES,
        ..JsonBudget::DEFAULT
    };
    let mut claims: Map<String, Value> =
        json::parse(&jws.payload, budget).map_err(|_| SignedMetadataError::Malformed)?;
    if claims.get("sub").and_then(Value::as_str) != Some(expected.as_str()) {
        return Err(SignedMetadataError::WrongSubject);
    }
    let issued_at = time(&claims, "iat").ok_or(SignedMetadataError::NoIssuedAt)?;
    let expired = match claims.get("exp") {
        None => false,
        Some(_) => now >= time(&claims, "exp").ok_or(SignedMetadataError::Malformed)?,
    };
    if issued_at > now.plus(PROOF_TOLERANCE) || expired {
        return Err(SignedMetadataError::Stale);
    }
    for name in ADDED {
        claims.remove(name);
    }
    let document = Value::Object(claims).to_string();
    Ok(IssuerMetadata::parse(document.as_bytes(), expected, policy)?)
}

fn time(claims: &Map<String, Value>, name: &str) -> Option<UnixTime> {
    claims.get(name)?.as_i64().map(UnixTime::from_seconds)
}

/// Why signed metadata were not made or were refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SignedMetadataError {
    /// They cannot be written.
    #[error("the issuer metadata cannot be written")]
    Unwritable,
    /// Over budget, or no JWT.
    #[error("the signed metadata are malformed")]
    Malformed,
    /// Another type of JWT.
    #[error("the signed metadata have not the type {SIGNED_METADATA_TYPE}")]
    WrongType,
    /// No certificates.
    #[error("the signed metadata have no certificate chain")]
    NoChain,
    /// Certificates that nobody trusted vouches for, or that name somebody else.
    #[error("the signer of the metadata is not trusted")]
    Untrusted,
    /// The signature is wrong.
    #[error("the signature of the metadata is wrong")]
    Signature,
    /// They are about somebody else.
    #[error("the signed metadata are about another issuer")]
    WrongSubject,
    /// No `iat`.
    #[error("the signed metadata have no iat")]
    NoIssuedAt,
    /// Expired, or of the future.
    #[error("the signed metadata have expired or are from the future")]
    Stale,
    /// What they say.
    #[error(transparent)]
    Metadata(#[from] IssuerMetadataError),
}
