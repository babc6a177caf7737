//! The values in the store.

use serde::{Deserialize, Serialize};
use symbolon_credential::Validity;
use symbolon_crypto::UnixTime;

use crate::answer::AnswerCheck;
use crate::choices::RequestChoices;
use crate::digital_credentials::DigitalCredentialsOffer;
use crate::name::{PolicyName, RelyingPartyName};
use crate::policy::{PolicyDecision, PolicyOutcome};
use crate::report::{Report, Verdict};
use crate::transaction::AuthorizedTransaction;

/// The longest identifier, in bytes.
pub const MAX_IDENTIFIER_BYTES: usize = 128;

/// Declares an identifier that is URL-safe and bounded.
macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Takes an identifier: 1 to 128 characters of `A-Z a-z 0-9 - _`.
            ///
            /// # Errors
            /// [`InvalidIdentifier`](crate::store::InvalidIdentifier) for any other text.
            pub fn parse(text: &str) -> Result<Self, $crate::store::InvalidIdentifier> {
                let url_safe = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
                if text.is_empty() || text.len() > $crate::store::MAX_IDENTIFIER_BYTES || !url_safe {
                    return Err($crate::store::InvalidIdentifier);
                }
                Ok(Self(text.to_owned()))
            }

            /// The identifier as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::store::InvalidIdentifier;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(identifier: $name) -> Self {
                identifier.0
            }
        }
    };
}
pub(crate) use identifier;

identifier! {
    /// Whose data it is, where one installation serves several.
    TenantId
}
identifier! {
    /// The identifier of a presentation request; it stands in the request's URL, so it is random.
    RequestId
}
identifier! {
    /// The identifier of an announcement by webhook, the same for every try.
    DeliveryId
}

impl DeliveryId {
    /// The identifier of the announcement that a request has expired, of which each request has one; `None` where the request's own
    /// is too long for one with a prefix.
    #[must_use]
    pub fn of_expiry(request: &RequestId) -> Option<Self> {
        Self::parse(&format!("msg_expired_{request}")).ok()
    }
}
identifier! {
    /// The nonce of a request: fresh, at least 128 bits, URL-safe ([OpenID4VP §5.2]).
    ///
    /// [OpenID4VP §5.2]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-5.2
    Nonce
}

/// The text is not an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier of 1 to 128 url-safe characters")]
pub struct InvalidIdentifier;

/// A presentation request, as it was made. Its encryption key is derived, not stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestRecord {
    /// Whose request it is.
    pub tenant: TenantId,
    /// Its identifier.
    pub id: RequestId,
    /// Its nonce.
    pub nonce: Nonce,
    /// Its `state`, which the response repeats.
    pub state: Nonce,
    /// The client identifier with its prefix, which a holder's proof names as audience.
    pub client_id: String,
    /// What was asked for: a DCQL query.
    pub dcql_query: serde_json::Value,
    /// When it was made.
    pub created_at: UnixTime,
    /// The last second in which it may be answered.
    pub expires_at: UnixTime,
    /// Where the browser that began goes after the answer.
    pub return_to: Option<String>,
    /// How it is made and answered; before there was a choice, as by default.
    #[serde(default)]
    pub choices: RequestChoices,
    /// The scope that stands for the query, where one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Which page of the verifier's own it is shown on, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<PageFlow>,
    /// Who asked; the operator without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relying_party: Option<RelyingPartyName>,
    /// The policy that decides about the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyName>,
    /// What is offered to the browser of a page, where anything is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digital_credentials: Option<DigitalCredentialsOffer>,
    /// The last second in which anything of it is kept; `expires_at` without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_until: Option<UnixTime>,
    /// The transactions that the answer is to authorise, as the strings of `transaction_data`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transaction_data: Vec<String>,
}

impl RequestRecord {
    /// The last second in which anything of the request is kept.
    #[must_use]
    pub fn kept_until(&self) -> UnixTime {
        self.kept_until.unwrap_or(self.expires_at)
    }
}

/// The pages of the verifier's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageFlow {
    /// Browser and wallet are on one device: a button leads to the wallet, and the wallet leads back.
    SameDevice,
    /// The wallet is on another device: the page shows a QR code and waits.
    CrossDevice,
}

/// The result of a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PresentationResult {
    /// When the response came.
    pub received_at: UnixTime,
    /// What came of it.
    pub outcome: ResultOutcome,
    /// The code that the holder's browser brings back in a flow on one device. Without it the result is not shown
    /// there: it binds the browser that asked to the wallet that answered.
    pub response_code: Option<Nonce>,
}

/// What came of a response.
///
/// Tagged from outside: claims may hold fractions, and those do not survive an inner tag in every build of serde_json.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ResultOutcome {
    /// A presentation came; each credential has its report.
    Presented {
        /// The reports, each with the identifier of the query it answers.
        reports: Vec<StoredReport>,
        /// Whether the answer is what was asked for.
        answer: AnswerCheck,
        /// How the policy of the request decided, where it has one. The reports hold then what the policy keeps.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        decision: Option<PolicyDecision>,
        /// The transactions that the answer authorises, where the request has any.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        transactions: Vec<AuthorizedTransaction>,
    },
    /// The wallet answered with an error, most often because the holder declined.
    Declined {
        /// The error code, one of the specification's.
        error: DeclineCode,
    },
}

impl ResultOutcome {
    /// Whether there is anything in it about the person who answered.
    #[must_use]
    pub const fn tells_of_somebody(&self) -> bool {
        match self {
            Self::Presented { .. } => true,
            Self::Declined { .. } => false,
        }
    }

    /// Whether a check failed.
    #[must_use]
    pub fn is_refuted(&self) -> bool {
        match self {
            Self::Presented {
                reports,
                answer,
                decision,
                ..
            } => Self::refutes(
                decision.as_ref(),
                *answer,
                reports.iter().map(|stored| &stored.report),
            ),
            Self::Declined { .. } => false,
        }
    }

    /// Whether these refute a presentation. For want of evidence nothing is refuted: a credential that is not known to be good has no
    /// claims, and so cannot be what was asked for.
    pub fn refutes<'r>(
        decision: Option<&PolicyDecision>,
        answer: AnswerCheck,
        reports: impl Iterator<Item = &'r Report> + Clone,
    ) -> bool {
        let not_satisfied = decision.is_some_and(|decision| decision.outcome == PolicyOutcome::NotSatisfied);
        let has = |verdict| reports.clone().any(|report| report.verdict == verdict);
        not_satisfied || has(Verdict::Invalid) || !answer.is_as_asked() && !has(Verdict::Unknown)
    }
}

/// The report of one presented credential.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredReport {
    /// The identifier of the credential query that it answers.
    pub query_id: String,
    /// The report.
    pub report: Report,
    /// From when to when its issuer says that it is valid, where the policy makes verified claims of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validity: Option<CredentialPeriod>,
}

/// The time of a credential, as its issuer says it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialPeriod {
    /// When it was issued, or, where it does not say that, from when on it is valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_at: Option<UnixTime>,
    /// From when on it is no longer valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<UnixTime>,
}

impl CredentialPeriod {
    /// The period of a credential that was verified.
    #[must_use]
    pub fn of(validity: &Validity) -> Self {
        Self {
            issued_at: validity.issued_at.or(validity.not_before),
            expires_at: validity.expires,
        }
    }
}

/// Why a wallet presented nothing ([OpenID4VP §8.5]). A code outside the list is stored as [`Self::Other`], never as
/// the wallet's own text.
///
/// [OpenID4VP §8.5]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-8.5
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeclineCode {
    /// The holder declined, or has nothing that fits.
    AccessDenied,
    /// The wallet found the request wrong.
    InvalidRequest,
    /// The wallet does not accept this verifier.
    InvalidClient,
    /// The wallet has none of the formats.
    VpFormatsNotSupported,
    /// The wallet cannot answer now.
    WalletUnavailable,
    /// The wallet knows no query for a scope.
    InvalidScope,
    /// The wallet does not know the method by which to fetch the request.
    InvalidRequestUriMethod,
    /// The wallet does not understand what it should confirm.
    InvalidTransactionData,
    /// The wallet answers with other things than presentations.
    UnsupportedResponseType,
    /// The wallet failed.
    ServerError,
    /// Any other code.
    Other,
}
