//! SD-JWT VC: who issued it, whether they may, and who holds it (RFC 9901, section 7; SD-JWT VC, sections 2.4 and 3.5).

use symbolon_credential::claims_path::ClaimsPath;
use symbolon_credential::sd_jwt::SdJwtParseError;
use symbolon_credential::sd_jwt_vc::{
    ExpectedKeyBinding, ExpectedTransactionData, KeyBindingRejected, SdJwtVc, SdJwtVcError,
    check_issuer_binding,
};
use symbolon_crypto::PublicKey;
use symbolon_crypto::x509::{Certificate, ChainProfile, verify_chain};
use symbolon_trust::trust_list::TrustedIssuer;

use super::authorities::Authorities;
use super::context::Context;
use super::holder::Proof;
use super::issuer_keys::KeyAnswer;
use super::judged::{Judged, Permission, StatusSource, digest};
use super::photo;
use super::type_metadata::extended_types;
use super::unjudged::{Judgement, Unjudged};
use crate::expected::Binding;
use crate::report::{Check, CheckName, CheckOutcome, CredentialFormat, Reason};

pub(super) fn judge<'a>(context: &Context<'_>, credential: Box<SdJwtVc<'a>>) -> Judgement<'a> {
    let mut judged = Judged::nothing(CredentialFormat::SdJwtVc);
    judged.credential_type = Some(credential.vct().as_str().to_owned());
    judged.status = StatusSource::Token(credential.status().clone());

    let trust_list = context.trust_list_check();
    if trust_list.outcome != CheckOutcome::Passed {
        return Judgement::made(judged.without_trust_list(trust_list));
    }
    judged.trusted.checks.push(trust_list);
    let chain: Result<Vec<Certificate>, _> = credential
        .certificate_chain()
        .iter()
        .map(|der| Certificate::parse(der))
        .collect();
    let Ok(chain) = chain else {
        return Judgement::made(judged.broken(CheckName::IssuerCertificates, Reason::Malformed));
    };
    let Some(issuer) = named_issuer(context, &credential, &chain) else {
        return Judgement::made(judged.not_listed());
    };
    if let Err(check) = context.judge_source(&mut judged, issuer) {
        return Judgement::made(judged.without_trust_list(check));
    }
    judged.trusted.checks.push(Check::passed(CheckName::IssuerListed));

    // From here on the issuer is a known one; what is left to show is that it made this.
    let (key, authorities) = if chain.is_empty() {
        match context.published_key(issuer, credential.header()) {
            KeyAnswer::Key(key) => {
                judged.authentic.checks.push(Check::passed(CheckName::IssuerKey));
                (key, Authorities::default())
            }
            KeyAnswer::Wanted(want) => {
                return Judgement::Waits {
                    unjudged: Unjudged::SdJwtVc(credential),
                    want,
                };
            }
            KeyAnswer::Unknown(reason) => {
                return Judgement::made(judged.not_known(CheckName::IssuerKey, reason));
            }
            KeyAnswer::Refused(reason) => {
                return Judgement::made(judged.not_authentic(CheckName::IssuerKey, reason));
            }
        }
    } else {
        match judge_chain(context, &mut judged, issuer, &chain) {
            Ok(signer) => (signer.key, signer.authorities),
            Err((name, reason)) => return Judgement::made(judged.not_authentic(name, reason)),
        }
    };
    let Ok(credential) = credential.verify_issuer_signature(&key, context.tools.crypto) else {
        return Judgement::made(judged.not_authentic(CheckName::IssuerSignature, Reason::WrongSignature));
    };
    judged
        .authentic
        .checks
        .push(Check::passed(CheckName::IssuerSignature));
    judged
        .authentic
        .checks
        .push(Check::passed(CheckName::Disclosures));
    judged.judge_period(context, credential.validity());
    judged.judge_permission(
        issuer,
        Permission::of(issuer.may_issue(credential.vct().as_str())),
    );
    judged.note(authorities);
    judged.shown.extended_types = extended_types(context, credential.vct());
    judged.shown.disclosed = Some(disclosed(&credential));
    judged.shown.element_places = credential.processed().element_places();
    judged.shown.credential = digest(credential.sd_jwt().issuer_jwt().signing_input.as_bytes());
    judged.claims = credential.claims().clone();
    // Neither says anything about the holder, and both tell copies of a credential apart.
    judged.claims.remove("cnf");
    judged.claims.remove("status");
    judged.photo = photo::of_claims(&judged.claims);
    context.judge_holder(&mut judged, credential.holder(), |binding, _| {
        prove(context, &credential, binding)
    });
    judged.credential = Some(Box::new(credential));
    Judgement::made(judged)
}

fn disclosed(credential: &SdJwtVc<'_>) -> Vec<ClaimsPath> {
    let disclosed = credential.processed().disclosed.iter();
    disclosed.map(|claim| claim.path.clone()).collect()
}

/// A signer whose certificates lead to an anchor of the issuer.
struct Certified {
    key: PublicKey,
    authorities: Authorities,
}

/// Whether the certificates lead to the issuer's anchors and name it.
fn judge_chain(
    context: &Context<'_>,
    judged: &mut Judged<'_>,
    issuer: &TrustedIssuer,
    chain: &[Certificate],
) -> Result<Certified, (CheckName, Reason)> {
    let verified = verify_chain(
        chain,
        &issuer.anchors,
        ChainProfile::CredentialSigner,
        context.now,
        context.tools.crypto,
    )
    .map_err(|_| (CheckName::IssuerCertificates, Reason::NoChainToAnchor))?;
    judged
        .authentic
        .checks
        .push(Check::passed(CheckName::IssuerCertificates));
    let leaf = verified.leaf();
    check_issuer_binding(issuer.identifier.as_str(), leaf.san_uris(), leaf.san_dns())
        .map_err(|_| (CheckName::IssuerBinding, Reason::SignerIsNotIssuer))?;
    judged
        .authentic
        .checks
        .push(Check::passed(CheckName::IssuerBinding));
    Ok(Certified {
        key: leaf.public_key().clone(),
        authorities: Authorities::of(context, &verified, chain),
    })
}

/// The listed issuer that the credential names: by `iss`, or, where it has none, by the names in the certificate.
/// This decides only whose anchors count.
fn named_issuer<'t>(
    context: &Context<'t>,
    credential: &SdJwtVc<'_>,
    chain: &[Certificate],
) -> Option<&'t TrustedIssuer> {
    let listed = |identifier: &str| context.issuer_for(CredentialFormat::SdJwtVc, identifier);
    match credential.issuer() {
        Some(issuer) => listed(issuer),
        None => chain.first()?.san_uris().iter().find_map(|name| listed(name)),
    }
}

fn prove(
    context: &Context<'_>,
    credential: &symbolon_credential::Verified<SdJwtVc<'_>>,
    binding: &Binding,
) -> Proof {
    let strings = binding.transactions.strings();
    let expected = ExpectedKeyBinding {
        audience: &binding.audience,
        nonce: &binding.nonce,
        now: context.now,
        max_age: context.policy.proof_window,
        max_clock_skew: context.policy.clock_tolerance,
        transaction_data: ExpectedTransactionData::Among(&strings),
    };
    match credential.verify_key_binding(&expected, context.tools.crypto) {
        Ok(proof) => Proof::Proven {
            at: Some(proof.issued_at),
            transactions: proof
                .transactions
                .iter()
                .filter_map(|one| {
                    binding
                        .transactions
                        .proof(one.position, one.hash.clone(), one.algorithm)
                })
                .collect(),
        },
        Err(rejected) => Proof::Refuted(proof_reason(rejected)),
    }
}

/// Which check a text fails that has the form of an SD-JWT VC and breaks its rules.
pub(super) fn reason_of(error: &SdJwtVcError) -> (CheckName, Reason) {
    match error {
        SdJwtVcError::WrongType => (CheckName::IssuerSignature, Reason::WrongType),
        SdJwtVcError::Parse(SdJwtParseError::KeyBindingType) => (CheckName::KeyBinding, Reason::WrongType),
        SdJwtVcError::Parse(SdJwtParseError::KeyBindingJwt(_)) => (CheckName::KeyBinding, Reason::Malformed),
        SdJwtVcError::Process(_)
        | SdJwtVcError::SelectivelyDisclosed { .. }
        | SdJwtVcError::Parse(
            SdJwtParseError::MalformedDisclosure { .. } | SdJwtParseError::ReservedClaimName { .. },
        ) => (CheckName::Disclosures, Reason::BrokenDisclosures),
        _ => (CheckName::IssuerSignature, Reason::Malformed),
    }
}

fn proof_reason(rejected: KeyBindingRejected) -> Reason {
    match rejected {
        KeyBindingRejected::Missing => Reason::ProofMissing,
        KeyBindingRejected::NotBound | KeyBindingRejected::UnsupportedKey => Reason::NotBoundToKey,
        KeyBindingRejected::Signature => Reason::WrongSignature,
        KeyBindingRejected::Audience => Reason::WrongAudience,
        KeyBindingRejected::Nonce => Reason::WrongNonce,
        KeyBindingRejected::SdHash => Reason::WrongHash,
        KeyBindingRejected::TransactionData => Reason::WrongTransaction,
        KeyBindingRejected::TooOld | KeyBindingRejected::FromTheFuture => Reason::ProofTime,
        _ => Reason::Malformed,
    }
}
