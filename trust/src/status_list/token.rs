//! The signed JWT that publishes a list (Token Status List, sections 5.1 and 8.3).

use core::time::Duration;

use serde::{Deserialize, Serialize};
use symbolon_crypto::encoding::json::{self, JsonBudget};
use symbolon_crypto::jose::jws::{self, CompactJws, PreparedJws};
use symbolon_crypto::signing::{KeyHandle, SignatureRequest};
use symbolon_crypto::x509::{Certificate, ChainError, SignerChain};
use symbolon_crypto::{CryptoProvider, SignatureAlgorithm, UnixTime};

use super::signer::{NotAStatusSigner, StatusSigner};
use super::{BitsPerStatus, CompressedStatusList, DecodeListError, IndexOutOfRange, Status, TokenStatusList};
use crate::trust_list::{IssuerIdentifier, TrustedIssuer};
use crate::validity::CLOCK_TOLERANCE;

/// The `typ` of a status list token.
pub const STATUS_LIST_TYP: &str = "statuslist+jwt";

/// What a status list token says beside the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusListClaims {
    /// The URI of the list, equal to the `uri` in credentials. `sub` on the wire.
    pub uri: String,
    /// When the list was made: the "as of" of every answer.
    pub issued_at: UnixTime,
    /// After this second the token is worthless.
    pub expires_at: Option<UnixTime>,
    /// How long a verifier may keep the token before it asks again, in whole seconds above zero on the wire.
    pub time_to_live: Option<Duration>,
    /// Where the URIs of all lists of the issuer are listed (section 9.2).
    pub aggregation_uri: Option<String>,
}

/// How much of a token is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusListBudget {
    /// The longest compact JWT, in bytes.
    pub max_token_bytes: usize,
    /// The longest list after inflating, in bytes.
    pub max_inflated_bytes: usize,
}

impl StatusListBudget {
    /// Room for a list of a hundred million one-bit states, which is more than issuers put into one list; its
    /// inflated form takes 12.5 MB.
    pub const LARGEST_SHARD: Self = Self {
        max_token_bytes: 8 << 20,
        max_inflated_bytes: 16 << 20,
    };
}

/// A status list token that waits for the signature of the status key.
#[derive(Debug)]
pub struct PreparedStatusListToken(PreparedJws);

impl PreparedStatusListToken {
    /// Prepares the token of a list. `x5c` is the status signer's chain, leaf first, without the anchor.
    ///
    /// # Errors
    /// [`PrepareStatusListError`] when the time to live is below a second, or the chain is empty.
    pub fn prepare(
        claims: &StatusListClaims,
        list: &TokenStatusList,
        algorithm: SignatureAlgorithm,
        x5c: &[Certificate],
    ) -> Result<Self, PrepareStatusListError> {
        Self::prepare_compressed(claims, &list.compressed(), algorithm, x5c)
    }

    /// The same of a list that was compressed before.
    ///
    /// # Errors
    /// As [`PreparedStatusListToken::prepare`].
    pub fn prepare_compressed(
        claims: &StatusListClaims,
        list: &CompressedStatusList,
        algorithm: SignatureAlgorithm,
        x5c: &[Certificate],
    ) -> Result<Self, PrepareStatusListError> {
        let ttl = claims.time_to_live.map(|ttl| ttl.as_secs());
        if ttl == Some(0) {
            return Err(PrepareStatusListError::TimeToLiveBelowOneSecond);
        }
        if x5c.is_empty() {
            return Err(PrepareStatusListError::EmptyChain);
        }
        let mut header = serde_json::Map::new();
        header.insert("typ".to_owned(), STATUS_LIST_TYP.into());
        header.insert("x5c".to_owned(), jws::x5c_value(x5c.iter().map(Certificate::der)));
        let wire = WireClaims {
            sub: claims.uri.clone(),
            iat: claims.issued_at,
            exp: claims.expires_at,
            ttl,
            status_list: WireList {
                bits: u64::from(list.bits().count()),
                lst: list.encode(),
                aggregation_uri: claims.aggregation_uri.clone(),
            },
        };
        let payload = serde_json::to_vec(&wire).map_err(|_| PrepareStatusListError::Serialization)?;
        Ok(Self(jws::prepare(algorithm, &header, &payload)))
    }

    /// What the status key has to sign.
    #[must_use]
    pub fn request(&self, key: KeyHandle) -> SignatureRequest {
        self.0.request(key)
    }

    /// Completes the token: the body of `application/statuslist+jwt`.
    #[must_use]
    pub fn finish(self, signature: &[u8]) -> String {
        self.0.finish(signature)
    }
}

/// A token whose form is right and whose signature has not been looked at. It answers nothing.
#[derive(Debug)]
pub struct StatusListToken<'a> {
    jws: CompactJws<'a>,
    claims: WireClaims,
    budget: StatusListBudget,
}

impl<'a> StatusListToken<'a> {
    /// Reads a token's form: compact JWS, `typ`, the claims that must be there. The list is not inflated yet: that is
    /// work for what has been signed.
    ///
    /// # Errors
    /// [`StatusListError`] when the form is wrong or over budget.
    pub fn parse(token: &'a str, budget: StatusListBudget) -> Result<Self, StatusListError> {
        let jws = CompactJws::parse(token, budget.max_token_bytes).map_err(|_| StatusListError::NotAJws)?;
        // Every JWT of the suite has its own typ, so that none passes for another.
        jws.expect_type(STATUS_LIST_TYP)
            .map_err(|_| StatusListError::WrongType)?;
        let json_budget = JsonBudget {
            bytes: budget.max_token_bytes,
            depth: 16,
            items: 1_000,
        };
        let claims: WireClaims =
            json::parse(&jws.payload, json_budget).map_err(|_| StatusListError::Claims)?;
        if claims.ttl == Some(0) || BitsPerStatus::from_count(claims.status_list.bits).is_none() {
            return Err(StatusListError::Claims);
        }
        Ok(Self { jws, claims, budget })
    }

    /// Verifies the token as the list at `uri`, made by `issuer`, and inflates it.
    ///
    /// The signer is the leaf of `x5c`, under one of the issuer's anchors, with the key usage for status lists, and
    /// names the issuer. `uri` is the one in the credential, whose own signature has been verified before.
    ///
    /// # Errors
    /// [`StatusListError`], one variant for each refusal. Whoever meets one knows nothing about the credential.
    pub fn verify(
        self,
        uri: &str,
        issuer: &TrustedIssuer,
        provider: &dyn CryptoProvider,
        now: UnixTime,
    ) -> Result<VerifiedStatusList, StatusListError> {
        if now.plus(CLOCK_TOLERANCE) < self.claims.iat {
            return Err(StatusListError::IssuedInTheFuture {
                issued_at: self.claims.iat,
            });
        }
        if let Some(expired_at) = self.claims.exp.filter(|exp| *exp <= now) {
            return Err(StatusListError::Expired { expired_at });
        }
        self.prove(uri, issuer, provider, now).map(|(list, _)| list)
    }

    /// The certificates of whoever signed the token, leaf first. Nothing is proven about them.
    pub(crate) fn certificates(&self) -> Result<Vec<Certificate>, StatusListError> {
        let chain = self.jws.header.x5c.as_deref().unwrap_or_default();
        chain
            .iter()
            .map(|der| Certificate::parse(der))
            .collect::<Result<_, _>>()
            .map_err(|_| StatusListError::Certificates)
    }

    /// When the token says it was made. Not believed before it is proven.
    pub(crate) fn claimed_issued_at(&self) -> UnixTime {
        self.claims.iat
    }

    /// Verifies the token as [`StatusListToken::verify`] does, with a signer whose certificates held at the time `at`, and
    /// whatever its age; beside the list, when the first of these certificates ends.
    pub(crate) fn prove(
        self,
        uri: &str,
        issuer: &TrustedIssuer,
        provider: &dyn CryptoProvider,
        at: UnixTime,
    ) -> Result<(VerifiedStatusList, UnixTime), StatusListError> {
        let chain = self.certificates()?;
        let claims = self.claims;
        if claims.sub != uri {
            return Err(StatusListError::OtherSubject);
        }
        if !issuer.owns_status_list(uri) {
            return Err(StatusListError::NotTheIssuersList);
        }
        let signer = StatusSigner::of_chain(&chain, issuer, at, provider)?;
        self.jws
            .verify(provider, &signer.key)
            .map_err(|_| StatusListError::Signature)?;
        let bits = BitsPerStatus::from_count(claims.status_list.bits).ok_or(StatusListError::Claims)?;
        let list = TokenStatusList::decode(bits, &claims.status_list.lst, self.budget.max_inflated_bytes)
            .map_err(StatusListError::List)?;
        let list = VerifiedStatusList {
            uri: claims.sub,
            issuer: issuer.identifier.clone(),
            issued_at: claims.iat,
            expires_at: claims.exp,
            time_to_live: claims.ttl.map(Duration::from_secs),
            aggregation_uri: claims.status_list.aggregation_uri,
            signer: signer.chain,
            list,
        };
        Ok((list, signer.until))
    }
}

impl From<NotAStatusSigner> for StatusListError {
    fn from(error: NotAStatusSigner) -> Self {
        match error {
            NotAStatusSigner::Chain(error) => Self::Chain(error),
            NotAStatusSigner::OfAnotherIssuer => Self::SignerIsNotTheIssuer,
        }
    }
}

/// A list that its issuer has signed. Made by verifying a token alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedStatusList {
    pub(super) uri: String,
    pub(super) issuer: IssuerIdentifier,
    pub(super) issued_at: UnixTime,
    pub(super) expires_at: Option<UnixTime>,
    pub(super) time_to_live: Option<Duration>,
    pub(super) aggregation_uri: Option<String>,
    pub(super) signer: SignerChain,
    pub(super) list: TokenStatusList,
}

impl VerifiedStatusList {
    /// The URI of the list.
    #[must_use]
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// The issuer whose list it is.
    #[must_use]
    pub fn issuer(&self) -> &IssuerIdentifier {
        &self.issuer
    }

    /// When it was made: the "as of" of every answer.
    #[must_use]
    pub fn issued_at(&self) -> UnixTime {
        self.issued_at
    }

    /// From when on it is worthless.
    #[must_use]
    pub fn expires_at(&self) -> Option<UnixTime> {
        self.expires_at
    }

    /// How long it may be kept before asking again.
    #[must_use]
    pub fn time_to_live(&self) -> Option<Duration> {
        self.time_to_live
    }

    /// The certificates under which it was signed. Whether one was revoked since is not asked here.
    #[must_use]
    pub const fn signer(&self) -> &SignerChain {
        &self.signer
    }

    /// Where the issuer lists the URIs of all its lists.
    #[must_use]
    pub fn aggregation_uri(&self) -> Option<&str> {
        self.aggregation_uri.as_deref()
    }

    /// Whether the list says what held at `time`: a server that knows no past answers a question about it with the list of today, which
    /// says nothing about that time (section 8.4).
    #[must_use]
    pub fn covers(&self, time: UnixTime) -> bool {
        self.issued_at <= time && self.expires_at.is_none_or(|expires_at| time < expires_at)
    }

    /// The states.
    #[must_use]
    pub fn list(&self) -> &TokenStatusList {
        &self.list
    }

    /// The state of the credential at `index`.
    ///
    /// # Errors
    /// [`IndexOutOfRange`] behind the end of the list: the credential is to be refused.
    pub fn status(&self, index: u64) -> Result<Status, IndexOutOfRange> {
        self.list.get(index)
    }
}

/// Why a token cannot be prepared. Each is a mistake of the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PrepareStatusListError {
    /// `ttl` counts whole seconds above zero.
    #[error("the time to live is below one second")]
    TimeToLiveBelowOneSecond,
    /// There is no certificate to name the signer by.
    #[error("the certificate chain of the status signer is empty")]
    EmptyChain,
    /// The claims cannot be written as JSON or CBOR.
    #[error("the status list claims cannot be written")]
    Serialization,
    /// A signature of another length than the algorithm's.
    #[error("the signature has the wrong length")]
    Signature,
}

/// Why a token is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StatusListError {
    /// No compact JWS, or, as a CWT, no COSE_Sign1; or longer than allowed.
    #[error("the status list token is not a signed token within its budget")]
    NotAJws,
    /// Another kind of token.
    #[error("the token is not of the type {STATUS_LIST_TYP}")]
    WrongType,
    /// A claim is missing or of the wrong form.
    #[error("the claims of the status list token are malformed")]
    Claims,
    /// The list at another URI.
    #[error("the status list token is about another list")]
    OtherSubject,
    /// The URI is not one at which this issuer publishes.
    #[error("the status list is not the issuer's to sign")]
    NotTheIssuersList,
    /// Made in the future.
    #[error("the status list was issued in the future ({})", issued_at.rfc3339())]
    IssuedInTheFuture {
        /// When it says it was made.
        issued_at: UnixTime,
    },
    /// Expired.
    #[error("the status list expired at {}", expired_at.rfc3339())]
    Expired {
        /// When it expired.
        expired_at: UnixTime,
    },
    /// An `x5c` that holds something else than certificates.
    #[error("the certificates of the status list token cannot be read")]
    Certificates,
    /// The chain leads to no anchor of the issuer, or its leaf is no status signer.
    #[error("the chain of the status signer does not hold")]
    Chain(#[source] ChainError),
    /// The certificate names somebody else.
    #[error("the certificate of the status signer does not name the issuer")]
    SignerIsNotTheIssuer,
    /// The signature is wrong.
    #[error("the signature of the status list token is wrong")]
    Signature,
    /// The list itself cannot be read.
    #[error("the status list cannot be read")]
    List(#[source] DecodeListError),
}

#[derive(Debug, Serialize, Deserialize)]
struct WireClaims {
    sub: String,
    iat: UnixTime,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    exp: Option<UnixTime>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ttl: Option<u64>,
    status_list: WireList,
}

#[derive(Debug, Serialize, Deserialize)]
struct WireList {
    bits: u64,
    lst: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    aggregation_uri: Option<String>,
}
