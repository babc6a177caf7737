//! W3C credentials: who issued one, and whether they may (VC Data Model 2.0; the proof is Data Integrity, JOSE or COSE).
//!
//! The key is one that the credential's own issuer lets assert things, and the issuer is one of the trust list: a proof by
//! any other key, however right, is somebody else's word.

mod data_integrity;
mod envelope;
mod legacy_rsa;
mod reasons;
mod spelling;

use serde_json::{Map, Value, json};
use symbolon_credential::claims_path::ElementPlaces;
use symbolon_credential::w3c::cose::CoseCredential;
use symbolon_credential::w3c::jose::JwtCredential;
use symbolon_credential::w3c::{EnvelopeType, EnvelopedCredential, HolderBinding, VerifiableCredential};
use symbolon_credential::{Validity, w3c::W3cBudget};
use symbolon_trust::trust_list::{TrustList, TrustedIssuer};

use super::Want;
use super::authorities::Authorities;
use super::context::Context;
use super::found::Found;
use super::judged::{Judged, Permission, StatusSource, digest};
use super::photo;
use super::unjudged::{Judgement, Unjudged};
use crate::report::{Check, CheckName, CheckOutcome, CredentialFormat, Reason};

pub(super) use self::data_integrity::{Known, proof_reason};
pub(super) use self::reasons::{cose_reason, jwt_reason, not_conforming, presentation_reason};

/// A credential with what secures it.
pub(super) enum Secured<'a> {
    /// By proofs within.
    Embedded(Box<VerifiableCredential>),
    /// As a JWT.
    Jwt(Box<JwtCredential<'a>>),
    /// As a COSE message.
    Cose(Box<CoseCredential>),
}

/// A credential that its issuer was found to have made.
pub(super) struct Proven {
    pub(super) credential: VerifiableCredential,
    pub(super) validity: Validity,
    binding: HolderBinding,
    element_places: ElementPlaces,
}

/// What was found about who made a credential.
pub(super) enum IssuerProof<'a> {
    Proven {
        passed: Vec<CheckName>,
        proven: Box<Proven>,
        authorities: Authorities,
    },
    /// A key has to be asked for first.
    Waits { secured: Secured<'a>, want: Want },
    Refused {
        passed: Vec<CheckName>,
        check: CheckName,
        reason: Reason,
    },
    /// Nobody here can tell.
    Unknown {
        passed: Vec<CheckName>,
        check: CheckName,
        reason: Reason,
    },
}

impl IssuerProof<'_> {
    fn refused(passed: &[CheckName], check: CheckName, reason: Reason) -> Self {
        Self::Refused {
            passed: passed.to_vec(),
            check,
            reason,
        }
    }

    fn unknown(passed: &[CheckName], check: CheckName, reason: Reason) -> Self {
        Self::Unknown {
            passed: passed.to_vec(),
            check,
            reason,
        }
    }
}

impl<'a> Secured<'a> {
    /// Opens an envelope of a kind that is verified here.
    pub(super) fn open(envelope: &'a EnvelopedCredential) -> Result<Self, (CheckName, Reason)> {
        match (envelope.kind(), envelope.text()) {
            (EnvelopeType::VcJwt, Some(text)) => JwtCredential::parse(text, W3cBudget::DEFAULT)
                .map(|credential| Self::Jwt(Box::new(credential)))
                .map_err(jwt_reason),
            (EnvelopeType::VcCose, _) => CoseCredential::parse(envelope.bytes(), W3cBudget::DEFAULT)
                .map(|credential| Self::Cose(Box::new(credential)))
                .map_err(cose_reason),
            _ => Err((CheckName::DataModel, Reason::Unsupported)),
        }
    }

    pub(super) fn credential(&self) -> &VerifiableCredential {
        match self {
            Self::Embedded(credential) => credential,
            Self::Jwt(token) => token.credential(),
            Self::Cose(message) => message.credential(),
        }
    }

    pub(super) const fn format(&self) -> CredentialFormat {
        match self {
            Self::Embedded(_) => CredentialFormat::LdpVc,
            Self::Jwt(_) => CredentialFormat::JwtVc,
            Self::Cose(_) => CredentialFormat::CoseVc,
        }
    }

    /// Whether one of the issuer's keys made this.
    pub(super) fn prove(
        self,
        context: &Context<'_>,
        issuer: &TrustedIssuer,
        found: &mut Found,
    ) -> IssuerProof<'a> {
        match self {
            Self::Embedded(credential) => data_integrity::prove(context, issuer, credential, found),
            Self::Jwt(token) => envelope::prove_jwt(context, issuer, token, found),
            Self::Cose(message) => envelope::prove_cose(context, issuer, message, found),
        }
    }
}

/// The listed issuer that a credential names: by one of its DIDs, or by its identifier.
pub(super) fn named_issuer<'t>(
    trust_list: &'t TrustList,
    credential: &VerifiableCredential,
) -> Option<&'t TrustedIssuer> {
    match credential.issuer_did() {
        Some(did) => trust_list.issuer_with_did(&did),
        None => trust_list.issuer(credential.issuer()),
    }
}

pub(super) fn judge<'a>(context: &Context<'_>, secured: Secured<'a>, found: &mut Found) -> Judgement<'a> {
    let mut judged = Judged::nothing(secured.format());
    judged.credential_type = secured.credential().specific_types().next().map(str::to_owned);
    judged.status = StatusSource::Entries(secured.credential().status_entries().to_vec());

    let trust_list = context.trust_list_check();
    if trust_list.outcome != CheckOutcome::Passed {
        return Judgement::made(judged.without_trust_list(trust_list));
    }
    judged.trusted.checks.push(trust_list);
    let named = named_issuer(context.evidence.trust_list(), secured.credential());
    let Some(issuer) = named.filter(|issuer| issuer.vouches_for(judged.format.anchored())) else {
        return Judgement::made(judged.not_listed());
    };
    if let Err(check) = context.judge_source(&mut judged, issuer) {
        return Judgement::made(judged.without_trust_list(check));
    }
    judged.trusted.checks.push(Check::passed(CheckName::IssuerListed));
    judged.authentic.checks.push(Check::passed(CheckName::DataModel));
    let pass = |judged: &mut Judged<'_>, passed: Vec<CheckName>| {
        judged
            .authentic
            .checks
            .extend(passed.into_iter().map(Check::passed));
    };
    let (proven, authorities) = match secured.prove(context, issuer, found) {
        IssuerProof::Proven {
            passed,
            proven,
            authorities,
        } => {
            pass(&mut judged, passed);
            (*proven, authorities)
        }
        IssuerProof::Waits { secured, want } => {
            return Judgement::Waits {
                unjudged: Unjudged::W3c(secured),
                want,
            };
        }
        IssuerProof::Refused {
            passed,
            check,
            reason,
        } => {
            pass(&mut judged, passed);
            return Judgement::made(judged.not_authentic(check, reason));
        }
        IssuerProof::Unknown {
            passed,
            check,
            reason,
        } => {
            pass(&mut judged, passed);
            return Judgement::made(judged.not_known(check, reason));
        }
    };
    // As the proof has it, which may cover less than was held up.
    judged.credential_type = proven.credential.specific_types().next().map(str::to_owned);
    judged.judge_period(context, &proven.validity);
    judged.judge_permission(issuer, permission(issuer, &proven.credential));
    judged.note(authorities);
    judged.shown.credential = identity(&proven.credential);
    judged.shown.element_places = proven.element_places;
    judged.type_iris = type_iris(context, &proven.credential);
    judged.claims = claims(proven.credential.into_document());
    judged.photo = photo::of_subject(&judged.claims);
    judged.binding = Some(proven.binding);
    Judgement::made(judged)
}

/// Whether the issuer may make every type that the credential says it has: with one that it may make, another could be
/// brought along.
fn permission(issuer: &TrustedIssuer, credential: &VerifiableCredential) -> Permission {
    let mut types = credential.specific_types().peekable();
    if types.peek().is_none() {
        // It says that it is a credential and nothing more, so that is the type which must be allowed.
        return Permission::of(issuer.may_issue("VerifiableCredential"));
    }
    Permission::of(types.all(|name| issuer.may_issue(name)))
}

/// The types as queries name them. One without a meaning everywhere is one that no query can ask for; and which types an
/// issuer may make, the trust list says by their names, out of which a context within the document could make any other type.
fn type_iris(context: &Context<'_>, credential: &VerifiableCredential) -> Vec<String> {
    if credential.contexts().iter().any(Value::is_object) {
        return Vec::new();
    }
    credential
        .expanded_types(context.evidence.contexts())
        .unwrap_or_default()
}

/// What tells a credential from others, whoever wrote its document anew: the name that its issuer gave it and its places in status
/// lists. One that has neither is told by what it says.
fn identity(credential: &VerifiableCredential) -> Vec<u8> {
    let mut places: Vec<Value> = credential
        .bitstring_status_entries()
        .map(|entry| json!([entry.list, entry.index]))
        .collect();
    places.sort_by_cached_key(Value::to_string);
    let identity = if credential.id().is_none() && places.is_empty() {
        let mut document = Value::Object(claims(credential.document().clone()));
        document.sort_all_objects();
        document
    } else {
        json!([credential.issuer(), credential.id(), places])
    };
    digest(identity.to_string().as_bytes())
}

/// What the issuer says, without what tells copies of a credential apart.
fn claims(mut document: Map<String, Value>) -> Map<String, Value> {
    for linking in ["proof", "credentialStatus"] {
        document.shift_remove(linking);
    }
    document
}
