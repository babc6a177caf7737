//! How clients are let in.

use utoipa::openapi::SecurityRequirement;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};

/// A scheme of security.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Security {
    /// The token of whoever runs the installation.
    AdministrationToken,
    /// The key of a relying party, which the operator made.
    RelyingPartyKey,
    /// An access token that whoever has it may use ([RFC 6750](https://www.rfc-editor.org/rfc/rfc6750)).
    BearerAccessToken,
    /// An access token that is bound to a key ([RFC 9449 §7](https://www.rfc-editor.org/rfc/rfc9449#section-7)).
    DpopAccessToken,
    /// The proof of that key ([RFC 9449 §4](https://www.rfc-editor.org/rfc/rfc9449#section-4)).
    DpopProof,
    /// The attestation of a wallet by its provider ([OpenID4VCI appendix E]).
    ///
    /// [OpenID4VCI appendix E]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#appendix-E
    ClientAttestation,
    /// The proof of the attested key.
    ClientAttestationProof,
}

impl Security {
    const fn name(self) -> &'static str {
        match self {
            Self::AdministrationToken => "administrationToken",
            Self::RelyingPartyKey => "relyingPartyKey",
            Self::BearerAccessToken => "bearerAccessToken",
            Self::DpopAccessToken => "dpopAccessToken",
            Self::DpopProof => "dpopProof",
            Self::ClientAttestation => "clientAttestation",
            Self::ClientAttestationProof => "clientAttestationProof",
        }
    }

    fn scheme(self) -> SecurityScheme {
        let bearer = |description: &str| {
            let mut scheme = Http::new(HttpAuthScheme::Bearer);
            scheme.description = Some(description.to_owned());
            SecurityScheme::Http(scheme)
        };
        let field = |name: &str, description: &str| {
            SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(name, description)))
        };
        match self {
            Self::AdministrationToken => bearer("The token of the operator, which `symbolon init` made."),
            Self::RelyingPartyKey => {
                bearer("The key of a relying party, which `symbolon relying-party key` made.")
            }
            Self::BearerAccessToken => bearer("An access token of the token endpoint (RFC 6750)."),
            Self::DpopAccessToken => field(
                "Authorization",
                "`DPoP` and an access token that is bound to a key (RFC 9449, section 7).",
            ),
            Self::DpopProof => field(
                "DPoP",
                "A proof of the key, for this very request (RFC 9449, section 4).",
            ),
            Self::ClientAttestation => field(
                "OAuth-Client-Attestation",
                "The attestation of the wallet by its provider (OpenID4VCI 1.0, appendix E).",
            ),
            Self::ClientAttestationProof => field(
                "OAuth-Client-Attestation-PoP",
                "A proof of the attested key (OpenID4VCI 1.0, appendix E).",
            ),
        }
    }

    pub(super) fn requirement(all_of: &[Self]) -> SecurityRequirement {
        let mut requirement = SecurityRequirement::default();
        for scheme in all_of {
            requirement = requirement.add(scheme.name(), Vec::<String>::new());
        }
        requirement
    }

    pub(super) fn declared(self) -> (&'static str, SecurityScheme) {
        (self.name(), self.scheme())
    }
}
