//! JWT VC issuer metadata (draft-25 §3): the issuer's keys, found from its identifier. They are worth what the issuer's web
//! server and its certificate are worth; whether that is enough is the policy of whoever verifies.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use symbolon_crypto::encoding::json::{self as strict_json, JsonBudget};
use symbolon_crypto::jose::jws::JwsHeader;
use symbolon_crypto::{Jwk, PublicKey};
use thiserror::Error;
use url::{Host, Url};

/// The well-known path, which goes between host and path of the issuer.
pub const ISSUER_METADATA_PATH: &str = "/.well-known/jwt-vc-issuer";
/// Longest metadata document or key set that is read, in bytes. An issuer that never forgets a key has some 300 bytes of each.
pub const MAX_ISSUER_METADATA_BYTES: usize = 64 << 10;
/// Keys of one issuer.
const MAX_KEYS: usize = 128;
/// Longest `iss` whose metadata are looked for, in bytes.
const MAX_ISSUER_BYTES: usize = 2048;

/// By which schemes metadata may be fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssuerScheme {
    /// https alone, as the specification demands.
    Https,
    /// http too, from the loopback interface: for development on one machine.
    HttpOnLoopback,
}

/// An issuer that can have no metadata: not an https URL, or one with a query, a fragment or a user name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the issuer is no https URL of host and path")]
pub struct InvalidIssuer;

/// Where the metadata of an issuer are (draft-25 §3.1). The fetcher must refuse addresses that are not public.
///
/// # Errors
/// [`InvalidIssuer`].
pub fn issuer_metadata_url(issuer: &str, scheme: IssuerScheme) -> Result<Url, InvalidIssuer> {
    // The parser would forgive blanks and line breaks, and an issuer has none.
    if issuer.len() > MAX_ISSUER_BYTES || issuer.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
        return Err(InvalidIssuer);
    }
    let mut url = Url::parse(issuer).map_err(|_| InvalidIssuer)?;
    let plain = url.username().is_empty() && url.password().is_none();
    if !plain || issuer.contains(['?', '#']) || !permits(scheme, &url) {
        return Err(InvalidIssuer);
    }
    let path = url.path().strip_suffix('/').unwrap_or(url.path());
    let path = format!("{ISSUER_METADATA_PATH}{path}");
    url.set_path(&path);
    Ok(url)
}

fn permits(scheme: IssuerScheme, url: &Url) -> bool {
    match (url.scheme(), scheme) {
        ("https", _) => url.host().is_some(),
        ("http", IssuerScheme::HttpOnLoopback) => match url.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        },
        _ => false,
    }
}

/// The metadata of an issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerMetadata {
    issuer: String,
    keys: IssuerKeys,
}

/// Where the keys of an issuer are: exactly one of the two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IssuerKeys {
    /// `jwks`: in the document.
    Within(IssuerJwks),
    /// `jwks_uri`: in a document of their own, to be fetched by the same rules.
    At(Url),
}

/// The keys of an issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerJwks(Vec<Jwk>);

/// Why a document is not the metadata of an issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum IssuerMetadataError {
    /// Over the budget.
    #[error("the issuer metadata are over their budget")]
    OverBudget,
    /// Not JSON, or not of the shape it must have.
    #[error("not issuer metadata")]
    Malformed,
    /// It is of another issuer: nothing in it may be used (§3.3).
    #[error("the metadata are of another issuer")]
    OtherIssuer,
    /// Neither `jwks` nor `jwks_uri`, or both.
    #[error("the metadata must have either jwks or jwks_uri")]
    Keys,
    /// `jwks_uri` is no URL that may be fetched.
    #[error("the jwks_uri is no https URL")]
    JwksUri,
}

/// Why an issuer has no key for a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NoIssuerKey {
    /// The header names no key, and the issuer has several that it may be.
    #[error("the credential does not say which key of its issuer signed it")]
    Ambiguous,
    /// The issuer has no such key.
    #[error("the issuer has no such key")]
    Unknown,
    /// The key is not for signatures, or not for this algorithm.
    #[error("the issuer's key is not for such signatures")]
    NotForThis,
    /// The key is of a type that is not supported.
    #[error("the issuer's key is of a type that is not supported")]
    Unsupported,
}

impl IssuerMetadata {
    /// Metadata with the keys in them. Each key should have a `kid`, which the credentials it signs name.
    #[must_use]
    pub fn with_keys(issuer: impl Into<String>, keys: Vec<Jwk>) -> Self {
        Self {
            issuer: issuer.into(),
            keys: IssuerKeys::Within(IssuerJwks(keys)),
        }
    }

    /// Reads what was found at [`issuer_metadata_url`] of `issuer`.
    ///
    /// # Errors
    /// [`IssuerMetadataError`].
    pub fn parse(document: &[u8], issuer: &str, scheme: IssuerScheme) -> Result<Self, IssuerMetadataError> {
        let document = read_object(document)?;
        match document.get("issuer") {
            Some(Value::String(named)) if named == issuer => {}
            Some(Value::String(_)) => return Err(IssuerMetadataError::OtherIssuer),
            _ => return Err(IssuerMetadataError::Malformed),
        }
        let keys = match (document.get("jwks"), document.get("jwks_uri")) {
            (Some(jwks), None) => IssuerKeys::Within(IssuerJwks::from_value(jwks)?),
            (None, Some(Value::String(uri))) => {
                let url = Url::parse(uri).map_err(|_| IssuerMetadataError::JwksUri)?;
                let plain = url.username().is_empty() && url.password().is_none();
                if !plain || !permits(scheme, &url) {
                    return Err(IssuerMetadataError::JwksUri);
                }
                IssuerKeys::At(url)
            }
            (None, Some(_)) => return Err(IssuerMetadataError::JwksUri),
            _ => return Err(IssuerMetadataError::Keys),
        };
        Ok(Self {
            issuer: issuer.to_owned(),
            keys,
        })
    }

    /// The document as an issuer serves it.
    #[must_use]
    pub fn to_value(&self) -> Value {
        match &self.keys {
            IssuerKeys::Within(jwks) => json!({ "issuer": self.issuer, "jwks": { "keys": jwks.0 } }),
            IssuerKeys::At(uri) => json!({ "issuer": self.issuer, "jwks_uri": uri.as_str() }),
        }
    }

    /// Whose they are.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Where the keys are.
    #[must_use]
    pub const fn keys(&self) -> &IssuerKeys {
        &self.keys
    }
}

impl IssuerJwks {
    /// Reads what was found at `jwks_uri`: a JWK Set ([RFC 7517 §5](https://www.rfc-editor.org/rfc/rfc7517#section-5)).
    ///
    /// # Errors
    /// [`IssuerMetadataError`].
    pub fn parse(document: &[u8]) -> Result<Self, IssuerMetadataError> {
        Self::from_value(&Value::Object(read_object(document)?))
    }

    fn from_value(jwks: &Value) -> Result<Self, IssuerMetadataError> {
        let keys = jwks.get("keys").and_then(Value::as_array);
        let keys = keys.ok_or(IssuerMetadataError::Malformed)?;
        if keys.len() > MAX_KEYS {
            return Err(IssuerMetadataError::OverBudget);
        }
        // A key of an unknown kind is ignored, as RFC 7517 says; a set with a private key in it is published by mistake, and
        // anybody may have that key.
        let keys = keys
            .iter()
            .map(|key| Jwk::deserialize(key).map_err(|_| IssuerMetadataError::Malformed));
        Ok(Self(keys.collect::<Result<_, _>>()?))
    }

    /// The key that signed a credential with this header: the one that `kid` names, or the only one that it can be.
    ///
    /// # Errors
    /// [`NoIssuerKey`].
    pub fn key_for(&self, header: &JwsHeader) -> Result<PublicKey, NoIssuerKey> {
        let algorithm = header.algorithm;
        let fits = |jwk: &&Jwk| {
            let is_for_signatures = jwk.use_.as_deref().is_none_or(|purpose| purpose == "sig");
            let is_of_algorithm = jwk
                .alg
                .as_deref()
                .is_none_or(|name| name == algorithm.jose_name());
            is_for_signatures && is_of_algorithm
        };
        let read = |jwk: &Jwk| PublicKey::from_jwk(jwk).map_err(|_| NoIssuerKey::Unsupported);
        if let Some(kid) = &header.kid {
            let mut named = self
                .0
                .iter()
                .filter(|jwk| jwk.kid.as_ref() == Some(kid))
                .peekable();
            if named.peek().is_none() {
                return Err(NoIssuerKey::Unknown);
            }
            // Keys of different algorithms may share an identifier (RFC 7517 §4.5).
            let mut reason = NoIssuerKey::NotForThis;
            for jwk in named.filter(fits) {
                match read(jwk) {
                    Ok(key) if key.algorithm() == algorithm => return Ok(key),
                    Ok(_) => {}
                    Err(unsupported) => reason = unsupported,
                }
            }
            return Err(reason);
        }
        let mut keys = (self.0.iter().filter(fits))
            .filter_map(|jwk| read(jwk).ok())
            .filter(|key| key.algorithm() == algorithm);
        match (keys.next(), keys.next()) {
            (Some(key), None) => Ok(key),
            (Some(_), Some(_)) => Err(NoIssuerKey::Ambiguous),
            (None, _) => Err(NoIssuerKey::Unknown),
        }
    }

    /// The keys.
    #[must_use]
    pub fn keys(&self) -> &[Jwk] {
        &self.0
    }
}

fn read_object(document: &[u8]) -> Result<Map<String, Value>, IssuerMetadataError> {
    let budget = JsonBudget {
        bytes: MAX_ISSUER_METADATA_BYTES,
        ..JsonBudget::MESSAGE
    };
    match strict_json::parse_value(document, budget) {
        Ok(Value::Object(document)) => Ok(document),
        Err(strict_json::JsonError::OverBudget) => Err(IssuerMetadataError::OverBudget),
        _ => Err(IssuerMetadataError::Malformed),
    }
}
