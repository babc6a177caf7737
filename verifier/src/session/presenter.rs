//! Who presents: the proof of a whole W3C presentation, which its credentials share.

use symbolon_credential::data_integrity::{
    ExpectedProof, ProofCheck, ProofPurpose, ProofRejected, VerificationKey, VerifiedProof, verify,
};
use symbolon_credential::w3c::VerifiablePresentation;
use symbolon_credential::w3c::jose::{ExpectedPresentation, JwtPresentation, PresentationRejected};
use symbolon_crypto::{PublicKey, UnixTime};
use symbolon_did::{DidUrl, verification_key};

use super::context::Context;
use super::holder::Proof;
use super::judged::Judged;
use super::w3c::{Known, proof_reason};
use crate::expected::Binding;
use crate::report::Reason;

/// Who presents.
pub(super) enum Presenter<'a> {
    /// Nobody, or each credential has a proof of its own.
    Nobody,
    /// The holder who signed the presentation as a JWT.
    Jwt {
        presentation: Box<JwtPresentation<'a>>,
        /// What was found for keys that were asked about: two credentials of one holder cost one signature.
        proven: Vec<(PublicKey, Result<UnixTime, Reason>)>,
    },
    /// The holders whose proofs are in the presentation.
    Document {
        presentation: Box<VerifiablePresentation>,
        proven: Option<Result<Vec<ProvenKey>, (Known, Reason)>>,
    },
}

/// A key that proved a presentation.
#[derive(Clone)]
pub(super) struct ProvenKey {
    key: PublicKey,
    at: Option<UnixTime>,
}

impl<'a> Presenter<'a> {
    pub(super) fn jwt(presentation: Box<JwtPresentation<'a>>) -> Self {
        Self::Jwt {
            presentation,
            proven: Vec::new(),
        }
    }

    pub(super) fn document(presentation: Box<VerifiablePresentation>) -> Self {
        Self::Document {
            presentation,
            proven: None,
        }
    }

    /// Judges the holder of a credential that waits for the proof of the presentation.
    pub(super) fn judge_holder(&mut self, context: &Context<'_>, judged: &mut Judged<'_>) {
        let Some(binding) = judged.binding.take() else {
            return;
        };
        context.judge_holder(judged, &binding, |expected, key| {
            self.prove(context, expected, key)
        });
    }

    fn prove(&mut self, context: &Context<'_>, expected: &Binding, key: &PublicKey) -> Proof {
        match self {
            Self::Nobody => Proof::Refuted(Reason::ProofMissing),
            Self::Jwt { presentation, proven } => {
                let known = proven.iter().find(|(known, _)| known == key);
                let result = match known {
                    Some((_, result)) => *result,
                    None => {
                        let result = prove_jwt(context, presentation, expected, key);
                        proven.push((key.clone(), result));
                        result
                    }
                };
                match result {
                    Ok(at) => Proof::proven(Some(at)),
                    Err(reason) => Proof::Refuted(reason),
                }
            }
            Self::Document { presentation, proven } => {
                let proven = proven.get_or_insert_with(|| prove_document(context, presentation, expected));
                match proven {
                    Ok(keys) => match keys.iter().find(|proven| proven.key == *key) {
                        Some(proven) => Proof::proven(proven.at),
                        None => Proof::Refuted(Reason::WrongSignature),
                    },
                    Err((Known::Wrong, reason)) => Proof::Refuted(*reason),
                    Err((Known::Not, reason)) => Proof::NotChecked(*reason),
                }
            }
        }
    }
}

fn prove_jwt(
    context: &Context<'_>,
    presentation: &JwtPresentation<'_>,
    expected: &Binding,
    key: &PublicKey,
) -> Result<UnixTime, Reason> {
    let expected = ExpectedPresentation {
        audience: &expected.audience,
        nonce: &expected.nonce,
        now: context.now,
        max_age: context.policy.proof_window,
        max_clock_skew: context.policy.clock_tolerance,
    };
    presentation
        .verify_holder(key, &expected, context.tools.crypto)
        .map(|proof| proof.issued_at)
        .map_err(|rejected| match rejected {
            PresentationRejected::Signature => Reason::WrongSignature,
            PresentationRejected::OtherHolder => Reason::OtherHolder,
            PresentationRejected::Audience => Reason::WrongAudience,
            PresentationRejected::Nonce => Reason::WrongNonce,
            PresentationRejected::TooOld | PresentationRejected::FromTheFuture => Reason::ProofTime,
            _ => Reason::Malformed,
        })
}

/// Verifies every proof of a presentation, with keys that DIDs hold themselves.
fn prove_document(
    context: &Context<'_>,
    presentation: &VerifiablePresentation,
    expected: &Binding,
) -> Result<Vec<ProvenKey>, (Known, Reason)> {
    // What a careless verifier left empty must not be matched by an attacker's empty text.
    if expected.nonce.is_empty() {
        return Err((Known::Wrong, Reason::WrongNonce));
    }
    if expected.audience.is_empty() {
        return Err((Known::Wrong, Reason::WrongAudience));
    }
    if presentation.proofs().is_empty() {
        return Err((Known::Wrong, Reason::ProofMissing));
    }
    let Some(json_ld) = context.json_ld() else {
        return Err((Known::Not, Reason::Unsupported));
    };
    let secured = serde_json::Value::Object(presentation.document().clone());
    let check = ProofCheck {
        expected: ExpectedProof::Presentation {
            challenge: Some(&expected.nonce),
            domain: Some(&expected.audience),
        },
        now: context.now,
        skew: context.policy.clock_tolerance,
    };
    let lookup = |url: &str| {
        let method = DidUrl::parse(url).ok()?;
        Some(VerificationKey {
            public_key: verification_key(&method).ok()?,
            controller: method.did().as_str().to_owned(),
            purposes: vec![ProofPurpose::Authentication],
        })
    };
    let verified =
        verify(&secured, check, &lookup, &json_ld, context.tools.crypto).map_err(
            |rejected| match rejected {
                // A holder of a method whose keys would have to be looked up; who it is cannot be told here.
                ProofRejected::UnknownMethod => (Known::Not, Reason::Unsupported),
                other => proof_reason(other),
            },
        )?;
    let named = presentation.holder();
    verified
        .proofs
        .iter()
        .map(|proof| {
            if named.is_some_and(|named| named != proof.controller) {
                return Err((Known::Wrong, Reason::OtherHolder));
            }
            check_age(context, proof)?;
            let key = lookup(&proof.verification_method).ok_or((Known::Wrong, Reason::Missing))?;
            Ok(ProvenKey {
                key: key.public_key,
                at: proof.created,
            })
        })
        .collect()
}

/// A proof that says when it was made must be as fresh as one of any other format.
fn check_age(context: &Context<'_>, proof: &VerifiedProof) -> Result<(), (Known, Reason)> {
    let oldest = context
        .now
        .minus(context.policy.clock_tolerance)
        .minus(context.policy.proof_window);
    if proof.created.is_some_and(|created| created < oldest) {
        return Err((Known::Wrong, Reason::ProofTime));
    }
    Ok(())
}
