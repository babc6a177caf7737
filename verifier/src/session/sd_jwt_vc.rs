//! SD-JWT VC: who issued it, whether they may, and who holds it (RFC 9901, section 7; SD-JWT VC, sections 2.4 and 3.5).

use symbolon_credential::sd_jwt::SdJwtParseError;
use symbolon_credential::sd_jwt_vc::{
    ExpectedKeyBinding, ExpectedTransactionData, HolderBinding, KeyBindingRejected, SdJwtVc, SdJwtVcError,
    check_issuer_binding,
};
use symbolon_crypto::x509::{Certificate, ChainProfile, VerifiedChain, verify_chain};
use symbolon_trust::trust_list::TrustedIssuer;

use super::Context;
use super::judged::{Judged, Permission};
use super::photo;
use crate::expected::Expected;
use crate::report::{Check, CheckName, CheckOutcome, CredentialFormat, Holder, Reason, holder_key_text};

/// The report on a text that has the form of an SD-JWT VC and breaks its rules.
pub(super) fn broken<'a>(error: &SdJwtVcError) -> Judged<'a> {
    let (name, reason) = reason_of(error);
    Judged::nothing(CredentialFormat::SdJwtVc).broken(name, reason)
}

pub(super) fn judge<'a>(context: &Context<'_>, credential: SdJwtVc<'a>) -> Judged<'a> {
    let mut judged = Judged::nothing(CredentialFormat::SdJwtVc);
    judged.credential_type = Some(credential.vct().as_str().to_owned());
    judged.status = credential.status().clone();

    let trust_list = context.trust_list_check();
    if trust_list.outcome != CheckOutcome::Passed {
        return judged.without_trust_list(trust_list);
    }
    judged.trusted.checks.push(trust_list);
    let chain: Result<Vec<Certificate>, _> = credential
        .certificate_chain()
        .iter()
        .map(|der| Certificate::parse(der))
        .collect();
    let Ok(chain) = chain else {
        return judged.broken(CheckName::IssuerCertificates, Reason::Malformed);
    };
    let Some(issuer) = named_issuer(context, &credential, &chain) else {
        return judged.not_listed();
    };
    judged.trusted.checks.push(Check::passed(CheckName::IssuerListed));

    // From here on the issuer is a known one; what is left to show is that it made this.
    if chain.is_empty() {
        return judged.not_authentic(CheckName::IssuerCertificates, Reason::Missing);
    }
    let verified = verify_chain(
        &chain,
        &issuer.anchors,
        ChainProfile::CredentialSigner,
        context.now,
        context.provider,
    );
    let Ok(verified) = verified else {
        return judged.not_authentic(CheckName::IssuerCertificates, Reason::NoChainToAnchor);
    };
    judged
        .authentic
        .checks
        .push(Check::passed(CheckName::IssuerCertificates));
    let leaf = verified.leaf();
    if check_issuer_binding(issuer.identifier.as_str(), leaf.san_uris(), leaf.san_dns()).is_err() {
        return judged.not_authentic(CheckName::IssuerBinding, Reason::SignerIsNotIssuer);
    }
    judged
        .authentic
        .checks
        .push(Check::passed(CheckName::IssuerBinding));
    let Ok(credential) = credential.verify_issuer_signature(leaf.public_key(), context.provider) else {
        return judged.not_authentic(CheckName::IssuerSignature, Reason::WrongSignature);
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
    let permitted = issuer.may_issue(credential.vct().as_str());
    judged.judge_permission(
        issuer,
        if permitted {
            Permission::Granted
        } else {
            Permission::Withheld
        },
    );
    judged.authority_key_identifiers = authority_key_identifiers(&verified, &chain);
    judged.claims = credential.claims().clone();
    // Neither says anything about the holder, and both tell copies of a credential apart.
    judged.claims.remove("cnf");
    judged.claims.remove("status");
    judged.photo = photo::of_claims(&judged.claims);
    judge_holder(context, &mut judged, &credential);
    judged.credential = Some(Box::new(credential));
    judged
}

/// The listed issuer that the credential names: by `iss`, or, where it has none, by the names in the certificate.
/// This decides only whose anchors count.
fn named_issuer<'t>(
    context: &Context<'t>,
    credential: &SdJwtVc<'_>,
    chain: &[Certificate],
) -> Option<&'t TrustedIssuer> {
    let trust_list = context.evidence.trust_list();
    match credential.issuer() {
        Some(issuer) => trust_list.issuer(issuer),
        None => chain
            .first()?
            .san_uris()
            .iter()
            .find_map(|name| trust_list.issuer(name.as_ref())),
    }
}

fn judge_holder(
    context: &Context<'_>,
    judged: &mut Judged<'_>,
    credential: &symbolon_credential::Verified<SdJwtVc<'_>>,
) {
    let (state, check) = match (context.expected, credential.holder()) {
        (Expected::Bound(binding), HolderBinding::Key(key)) => {
            let expected = ExpectedKeyBinding {
                audience: &binding.audience,
                nonce: &binding.nonce,
                now: context.now,
                max_age: context.policy.proof_window,
                max_clock_skew: context.policy.clock_tolerance,
                transaction_data: ExpectedTransactionData::None,
            };
            match credential.verify_key_binding(&expected, context.provider) {
                Ok(proof) => {
                    judged.holder_key = Some(holder_key_text(&key.thumbprint()));
                    (
                        Holder::ProvenByKey,
                        Check::passed(CheckName::KeyBinding).from(proof.issued_at),
                    )
                }
                Err(rejected) => (
                    Holder::Refuted,
                    Check::failed(CheckName::KeyBinding, proof_reason(rejected)),
                ),
            }
        }
        // A proof may be there; without the request nobody can say what it answers.
        (Expected::Unchecked | Expected::NotApplicable, HolderBinding::Key(_)) => (
            Holder::NotChecked,
            Check::absent(CheckName::KeyBinding, Reason::RequestUnknown),
        ),
        (_, HolderBinding::Unsupported) => (
            Holder::NotChecked,
            Check::absent(CheckName::KeyBinding, Reason::Malformed),
        ),
        (_, HolderBinding::None) if judged.photo.is_some() => {
            judged
                .holder
                .checks
                .push(Check::absent(CheckName::KeyBinding, Reason::NotBoundToKey));
            (Holder::CompareByEye, Check::passed(CheckName::Photo))
        }
        (_, HolderBinding::None) => (
            Holder::NotBound,
            Check::absent(CheckName::KeyBinding, Reason::NotBoundToKey),
        ),
    };
    judged.holder.state = state;
    judged.holder.checks.push(check);
}

fn authority_key_identifiers(verified: &VerifiedChain, chain: &[Certificate]) -> Vec<Vec<u8>> {
    let anchor = verified.anchor().subject_key_identifier();
    let above = chain.iter().filter_map(Certificate::authority_key_identifier);
    let mut identifiers: Vec<Vec<u8>> = above.chain(anchor).map(<[u8]>::to_vec).collect();
    identifiers.dedup();
    identifiers
}

fn reason_of(error: &SdJwtVcError) -> (CheckName, Reason) {
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
        KeyBindingRejected::SdHash | KeyBindingRejected::TransactionData => Reason::WrongHash,
        KeyBindingRejected::TooOld | KeyBindingRejected::FromTheFuture => Reason::ProofTime,
        _ => Reason::Malformed,
    }
}
