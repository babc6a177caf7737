//! What a client is told of a person: of the claims that the policy's mapping makes, those that it asked for.

use serde_json::{Map, Value};
use symbolon_crypto::UnixTime;
use symbolon_protocol::oauth::scope::Scope;
use symbolon_protocol::openid_connect::claims_request::{ClaimsRequest, RequestedClaims, VERIFIED_CLAIMS};
use symbolon_protocol::openid_connect::identity_assurance::{VerifiedClaims, VerifiedClaimsRequest};

use super::client::OpenIdScope;

/// The claims that standard scope values ask for ([OpenID Connect Core 1.0 §5.4]).
///
/// [OpenID Connect Core 1.0 §5.4]: https://openid.net/specs/openid-connect-core-1_0.html#ScopeClaims
const SCOPE_CLAIMS: [(&str, &[&str]); 4] = [
    (
        "profile",
        &[
            "name",
            "family_name",
            "given_name",
            "middle_name",
            "nickname",
            "preferred_username",
            "profile",
            "picture",
            "website",
            "gender",
            "birthdate",
            "zoneinfo",
            "locale",
            "updated_at",
        ],
    ),
    ("email", &["email", "email_verified"]),
    ("address", &["address"]),
    ("phone", &["phone_number", "phone_number_verified"]),
];

/// What there is to tell of a person.
pub(super) struct PersonClaims {
    verified: Vec<VerifiedClaims>,
    plain: Map<String, Value>,
}

impl PersonClaims {
    pub(super) fn new(verified: Vec<VerifiedClaims>) -> Self {
        let mut plain = Map::new();
        for set in &verified {
            for (name, value) in &set.claims {
                // Where two credentials say a claim, the first one of the policy counts.
                plain.entry(name.clone()).or_insert_with(|| value.clone());
            }
        }
        Self { verified, plain }
    }

    /// What was asked for in one place, and not a claim more.
    pub(super) fn requested(&self, asked: &RequestedClaims, now: UnixTime) -> Map<String, Value> {
        let mut told = Map::new();
        for (name, wanted) in &asked.claims {
            if let Some(value) = self.plain.get(name).filter(|value| wanted.takes(value)) {
                told.insert(name.clone(), value.clone());
            }
        }
        let request = asked.verified_claims.as_ref();
        // It was read when the request came.
        let request = request.and_then(|value| VerifiedClaimsRequest::parse(value).ok());
        if let Some(verified) = request.and_then(|request| request.fulfil(&self.verified, now)) {
            told.insert(VERIFIED_CLAIMS.to_owned(), verified);
        }
        told
    }

    /// What the userinfo endpoint answers: what was asked for there, what the scope's values stand for, and what the client's file says
    /// that it is told in any case. Verified claims that were asked for stand alone, as the client wanted them.
    pub(super) fn user_info(
        &self,
        asked: &RequestedClaims,
        granted: &Scope,
        scope: &OpenIdScope,
        now: UnixTime,
    ) -> Map<String, Value> {
        let mut told = self.requested(asked, now);
        let of_scope = SCOPE_CLAIMS
            .iter()
            .filter(|(value, _)| granted.contains(value))
            .flat_map(|(_, claims)| claims.iter().copied());
        let names = of_scope.chain(scope.document.claims.iter().map(String::as_str));
        for name in names {
            // One that was asked for with other values than it has is not told after all.
            if let Some(value) = self.plain.get(name).filter(|_| !asked.claims.contains_key(name)) {
                told.insert(name.to_owned(), value.clone());
            }
        }
        if scope.document.verified_claims
            && asked.verified_claims.is_none()
            && let Some(verified) = VerifiedClaims::all(&self.verified)
        {
            told.insert(VERIFIED_CLAIMS.to_owned(), verified);
        }
        told
    }
}

/// Whether the value is a standard one that stands for claims.
pub(super) fn is_standard_scope(value: &str) -> bool {
    SCOPE_CLAIMS.iter().any(|(own, _)| *own == value)
}

/// The standard scope values that stand for claims.
pub(super) fn standard_scopes() -> impl Iterator<Item = &'static str> {
    SCOPE_CLAIMS.iter().map(|(value, _)| *value)
}

/// Whether what is asked of verified claims reads.
pub(super) fn reads_verified_claims(claims: &ClaimsRequest) -> bool {
    [&claims.id_token, &claims.userinfo]
        .into_iter()
        .filter_map(|place| place.verified_claims.as_ref())
        .all(|value| VerifiedClaimsRequest::parse(value).is_ok())
}
