//! The presentation itself: its proofs, and what they repeat of the request.

use serde_json::Value;
use symbolon_credential::data_integrity::{
    ExpectedProof, JsonLd, JsonLdBudget, Proof, ProofCheck, ProofPurpose, ProofRejected, VerificationKey,
    read_proofs, verify,
};
use symbolon_credential::w3c::jose::{ExpectedPresentation, JwtPresentation, PresentationRejected};
use symbolon_credential::w3c::{
    PresentedCredential, ProblemDetails, ProblemType, VerifiablePresentation, W3cBudget,
};
use symbolon_did::{DidUrl, verification_key};
use symbolon_protocol::vcalm::verify::{
    Checked, PresentationFindings, SubmittedPresentation, VerifyPresentationOptions,
    VerifyPresentationRequest,
};
use symbolon_verifier::Evidence;
use symbolon_verifier::store::StoreError;

use super::challenge::ChallengeUse;
use super::presenter::warnings;
use super::problems::rejected;
use crate::state::State;

/// What was found about a presentation, and the credentials that are still to be verified.
pub(super) struct JudgedPresentation {
    pub(super) presentation: PresentationFindings,
    pub(super) credentials: Vec<PresentedCredential>,
}

/// A presentation as it was sent.
pub(super) fn submitted_value(presentation: &SubmittedPresentation) -> Value {
    match presentation {
        SubmittedPresentation::Secured(presentation) | SubmittedPresentation::Unsecured(presentation) => {
            Value::Object(presentation.document().clone())
        }
        SubmittedPresentation::Enveloped(enveloped) => enveloped.to_value(),
    }
}

impl State {
    /// Verifies everything of a presentation but its credentials.
    pub(super) async fn verify_presenter(
        &self,
        request: &VerifyPresentationRequest,
        evidence: &Evidence<'_>,
    ) -> Result<JudgedPresentation, StoreError> {
        let options = &request.options;
        let used = match &options.challenge {
            Some(challenge) => Some(self.spend_challenge(challenge).await?),
            None => None,
        };
        let (mut findings, credentials) = match &request.presentation {
            SubmittedPresentation::Secured(presentation) => (
                self.verify_document(presentation, options, evidence),
                presentation.credentials().to_vec(),
            ),
            SubmittedPresentation::Enveloped(enveloped) => self.verify_token(enveloped.text(), options),
            SubmittedPresentation::Unsecured(presentation) => (
                PresentationFindings::default(),
                presentation.credentials().to_vec(),
            ),
        };
        if used == Some(ChallengeUse::Spent) {
            let details =
                ProblemType::InvalidChallengeError.details("the challenge was used before, or has expired");
            if let Some(checked) = &mut findings.results.challenge {
                checked.verified = false;
                checked.problem_details.push(details.clone());
            }
            findings.errors.push(details);
        }
        findings.warnings = warnings(&request.presentation, options, &credentials);
        Ok(JudgedPresentation {
            presentation: findings,
            credentials,
        })
    }

    /// The proofs within a presentation: each for itself, so that all that is wrong is told.
    fn verify_document(
        &self,
        presentation: &VerifiablePresentation,
        options: &VerifyPresentationOptions,
        evidence: &Evidence<'_>,
    ) -> PresentationFindings {
        let mut findings = PresentationFindings::default();
        let secured = Value::Object(presentation.document().clone());
        let proofs = match read_proofs(&secured) {
            Ok(proofs) => proofs,
            Err(error) => {
                findings.errors.push(rejected(error));
                return findings;
            }
        };
        let repeats = |wanted: &Option<String>, fits: &dyn Fn(&Proof, &str) -> bool, error: ProofRejected| {
            let wanted = wanted.as_deref()?;
            let input = Value::from(wanted);
            Some(if proofs.iter().all(|proof| fits(proof, wanted)) {
                Checked::passed(input)
            } else {
                Checked::failed(input, vec![rejected(error)])
            })
        };
        findings.results.challenge = repeats(
            &options.challenge,
            &|proof, wanted| proof.challenge() == Some(wanted),
            ProofRejected::Challenge,
        );
        findings.results.domain = repeats(
            &options.domain,
            &|proof, wanted| proof.domains().iter().any(|domain| domain == wanted),
            ProofRejected::Domain,
        );
        findings.results.holder = presentation.holder().map(|holder| {
            let input = Value::from(holder);
            if proofs.iter().all(|proof| controller_of(proof) == Some(holder)) {
                Checked::passed(input)
            } else {
                let detail = "the holder of the presentation is not the one whose key signed it";
                Checked::failed(
                    input,
                    vec![ProblemType::InvalidVerificationMethod.details(detail)],
                )
            }
        });
        let signature = self.verify_signatures(&secured, evidence);
        let problems: Vec<ProblemDetails> = signature.err().map(rejected).into_iter().collect();
        findings.results.proof = presentation
            .proofs()
            .into_iter()
            .map(|proof| Checked {
                verified: problems.is_empty(),
                input: Value::Object(proof.clone()),
                problem_details: problems.clone(),
            })
            .collect();
        let results = &findings.results;
        let named = [&results.challenge, &results.domain, &results.holder];
        findings.errors = named
            .into_iter()
            .flatten()
            .flat_map(|checked| checked.problem_details.iter().cloned())
            .chain(problems)
            .collect();
        findings
    }

    /// Whether the signatures are right, whatever they repeat.
    fn verify_signatures(&self, secured: &Value, evidence: &Evidence<'_>) -> Result<(), ProofRejected> {
        let deps = &self.dependencies;
        let check = ProofCheck {
            expected: ExpectedProof::Presentation {
                challenge: None,
                domain: None,
            },
            now: self.now(),
            skew: deps.policy.clock_tolerance,
        };
        let keys = |method: &str| {
            let method = DidUrl::parse(method).ok()?;
            Some(VerificationKey {
                public_key: verification_key(&method).ok()?,
                controller: method.did().as_str().to_owned(),
                purposes: vec![ProofPurpose::Authentication],
            })
        };
        let json_ld = JsonLd {
            processor: &*deps.json_ld,
            contexts: evidence.contexts(),
            budget: JsonLdBudget::DEFAULT,
        };
        verify(secured, check, &keys, &json_ld, &*deps.crypto).map(|_| ())
    }

    /// A presentation as a JWT, which names its verifier and repeats a nonce in any case.
    fn verify_token(
        &self,
        text: &str,
        options: &VerifyPresentationOptions,
    ) -> (PresentationFindings, Vec<PresentedCredential>) {
        let mut findings = PresentationFindings::default();
        let token = match JwtPresentation::parse(text, W3cBudget::DEFAULT) {
            Ok(token) => token,
            Err(error) => {
                let details = ProblemType::ParsingError.details(error.to_string());
                findings.errors.push(details);
                return (findings, Vec::new());
            }
        };
        let presentation = token.presentation();
        let credentials = presentation.credentials().to_vec();
        let expected = ExpectedPresentation {
            audience: options.domain.as_deref().unwrap_or_default(),
            nonce: options.challenge.as_deref().unwrap_or_default(),
            now: self.now(),
            max_age: self.dependencies.policy.proof_window,
            max_clock_skew: self.dependencies.policy.clock_tolerance,
        };
        let named = token.header().kid.as_deref().or_else(|| presentation.holder());
        let key = named
            .and_then(|name| DidUrl::parse(name).ok())
            .and_then(|method| verification_key(&method).ok());
        let details = match key {
            None => Some(
                ProblemType::InvalidVerificationMethod
                    .details("the key of the presentation is not one that can be found"),
            ),
            Some(key) => token
                .verify_holder(&key, &expected, &*self.dependencies.crypto)
                .err()
                .map(token_problem),
        };
        let is_about = |kind: ProblemType| {
            details
                .as_ref()
                .is_some_and(|details| details.problem == kind.url())
        };
        let checked = |text: &Option<String>, kind: ProblemType| {
            text.as_deref().map(|text| match &details {
                Some(details) if is_about(kind) => Checked::failed(Value::from(text), vec![details.clone()]),
                Some(_) => Checked::failed(Value::from(text), Vec::new()),
                None => Checked::passed(Value::from(text)),
            })
        };
        findings.results.challenge = checked(&options.challenge, ProblemType::InvalidChallengeError);
        findings.results.domain = checked(&options.domain, ProblemType::InvalidDomainError);
        findings.results.holder = presentation.holder().map(|holder| match &details {
            None => Checked::passed(Value::from(holder)),
            Some(_) => Checked::failed(Value::from(holder), Vec::new()),
        });
        findings.errors.extend(details);
        (findings, credentials)
    }
}

fn controller_of(proof: &Proof) -> Option<&str> {
    let (controller, _) = proof.verification_method().split_once('#')?;
    Some(controller)
}

fn token_problem(error: PresentationRejected) -> ProblemDetails {
    let kind = match error {
        PresentationRejected::Audience => ProblemType::InvalidDomainError,
        PresentationRejected::Nonce => ProblemType::InvalidChallengeError,
        PresentationRejected::OtherHolder => ProblemType::InvalidVerificationMethod,
        PresentationRejected::TooOld | PresentationRejected::FromTheFuture => ProblemType::RangeError,
        _ => ProblemType::CryptographicSecurityError,
    };
    kind.details(error.to_string())
}
