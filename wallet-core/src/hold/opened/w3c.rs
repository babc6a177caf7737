//! A W3C credential, read: a document with its proof, or a JWT.

use serde_json::{Map, Value};
use symbolon_credential::claims_path::{ClaimsPath, PathPart};
use symbolon_credential::data_integrity::ecdsa_sd_2023::{self, DeriveError, JsonPointer, derive};
use symbolon_credential::data_integrity::{JsonLd, read_proofs};
use symbolon_credential::w3c::jose::JwtCredential;
use symbolon_credential::w3c::{VerifiableCredential, W3cBudget};

use super::{PersonalClaim, collect};
use crate::error::WalletError;
use crate::hold::shown::Disclosable;

/// A document with its proof.
pub(crate) struct OpenedLdpVc<'a> {
    pub(crate) document: Map<String, Value>,
    /// The name of the cryptosuite, or the type of a legacy proof.
    pub(crate) cryptosuite: String,
    pub(crate) securing: Securing,
    pub(crate) json_ld: Option<JsonLd<'a>>,
}

/// How much of a document its proof lets the holder withhold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Securing {
    /// Nothing.
    Whole,
    /// Statement by statement (`ecdsa-sd-2023`).
    Selective,
}

/// A JWT. Nothing of it can be withheld.
pub(crate) struct OpenedJwtVc<'a> {
    pub(crate) token: JwtCredential<'a>,
}

impl<'a> OpenedLdpVc<'a> {
    pub(super) fn open(document: &str, json_ld: Option<JsonLd<'a>>) -> Option<Self> {
        let credential = VerifiableCredential::parse(document.as_bytes(), W3cBudget::DEFAULT).ok()?;
        let document = Value::Object(credential.into_document());
        let proofs = read_proofs(&document).ok()?;
        let cryptosuite = proofs.first()?.cryptosuite_name().to_owned();
        let Value::Object(document) = document else {
            return None;
        };
        Some(Self {
            document,
            securing: match cryptosuite == ecdsa_sd_2023::CRYPTOSUITE {
                true => Securing::Selective,
                false => Securing::Whole,
            },
            cryptosuite,
            json_ld,
        })
    }

    /// The claims about the person in `shown`: the document itself or what was derived of it.
    pub(crate) fn personal_claims(
        &self,
        shown: &Map<String, Value>,
    ) -> Result<Vec<PersonalClaim>, WalletError> {
        let mut claims = personal_claims_of(shown);
        if self.securing == Securing::Selective && self.json_ld.is_some() {
            let mandatory = match self.derive(&[]) {
                Ok(Value::Object(mandatory)) => personal_claims_of(&mandatory),
                Ok(_) | Err(Some(DeriveError::NothingSelected)) => Vec::new(),
                Err(_) => return Err(WalletError::StoreDamaged),
            };
            for claim in &mut claims {
                if !mandatory.contains(claim) {
                    claim.disclosable = Disclosable::Selectively;
                }
            }
        }
        Ok(claims)
    }

    /// Shows what is mandatory and what `pointers` select. Without a JSON-LD processor there is no reason to give.
    pub(crate) fn derive(&self, pointers: &[JsonPointer]) -> Result<Value, Option<DeriveError>> {
        let Some(json_ld) = self.json_ld else {
            return Err(None);
        };
        derive(&Value::Object(self.document.clone()), pointers, json_ld).map_err(Some)
    }
}

impl<'a> OpenedJwtVc<'a> {
    pub(super) fn open(text: &'a str) -> Option<Self> {
        let token = JwtCredential::parse(text, W3cBudget::DEFAULT).ok()?;
        Some(Self { token })
    }

    pub(crate) fn document(&self) -> &Map<String, Value> {
        self.token.credential().document()
    }

    pub(crate) fn personal_claims(&self) -> Vec<PersonalClaim> {
        personal_claims_of(self.document())
    }
}

/// The claims about the person in a document, as of one that is always shown whole.
fn personal_claims_of(document: &Map<String, Value>) -> Vec<PersonalClaim> {
    let mut found = Vec::new();
    for (name, value) in document {
        if !TECHNICAL_MEMBERS.contains(&name.as_str()) {
            collect(&mut vec![PathPart::Key(name.clone())], value, &mut found);
        }
    }
    found
        .into_iter()
        .filter(|(path, _)| !is_about_the_document(path))
        .map(|(path, value)| PersonalClaim {
            path,
            value: value.clone(),
            disclosable: Disclosable::Always,
        })
        .collect()
}

/// Types, and the holder's own key, which is the name of the subject.
fn is_about_the_document(path: &ClaimsPath) -> bool {
    let is = |part: Option<&PathPart>, name: &str| matches!(part, Some(PathPart::Key(key)) if key == name);
    match path.parts() {
        [subject, id] if is(Some(subject), SUBJECT) && is(Some(id), "id") => true,
        parts => is(parts.last(), "type"),
    }
}

/// The member that holds the claims.
const SUBJECT: &str = "credentialSubject";

/// Members about the credential itself, which the summary tells in words, and claims of the JWT around it.
const TECHNICAL_MEMBERS: &[&str] = &[
    "@context",
    "id",
    "type",
    "issuer",
    "validFrom",
    "validUntil",
    "issuanceDate",
    "expirationDate",
    "credentialStatus",
    "credentialSchema",
    "relatedResource",
    "refreshService",
    "proof",
    "iss",
    "sub",
    "iat",
    "nbf",
    "exp",
    "jti",
    "cnf",
];
