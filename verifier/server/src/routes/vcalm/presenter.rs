//! Who presents, as far as the caller has to be warned: VCALM leaves it to the coordinator whether a presentation that is
//! in order may be shown by whoever signed it (a parent, a guardian), and to say whom and what it was asked for.

use symbolon_credential::data_integrity::read_proofs;
use symbolon_credential::sd_jwt_vc::HolderBinding;
use symbolon_credential::w3c::cose::CoseCredential;
use symbolon_credential::w3c::jose::{JwtCredential, JwtPresentation};
use symbolon_credential::w3c::{
    EnvelopeType, PresentedCredential, ProblemDetails, ProblemType, VerifiableCredential, W3cBudget,
};
use symbolon_crypto::PublicKey;
use symbolon_did::{DidUrl, verification_key};
use symbolon_protocol::vcalm::VcalmProblem;
use symbolon_protocol::vcalm::verify::{SubmittedPresentation, VerifyPresentationOptions};

/// Somebody who signed a presentation.
struct Signer {
    did: String,
    /// Where the DID holds it: two DIDs may be of one key.
    key: Option<PublicKey>,
}

impl Signer {
    fn of(method: &str) -> Option<Self> {
        let method = DidUrl::parse(method).ok()?;
        Some(Self {
            did: method.did().as_str().to_owned(),
            key: verification_key(&method).ok(),
        })
    }
}

/// What the caller must be told that is no error: nothing was expected of the proof, or a credential is about somebody else
/// than who signed. Of a presentation that nobody signed there is nothing to say.
pub(super) fn warnings(
    presentation: &SubmittedPresentation,
    options: &VerifyPresentationOptions,
    credentials: &[PresentedCredential],
) -> Vec<ProblemDetails> {
    let Some(signers) = signers(presentation) else {
        return Vec::new();
    };
    let mut warnings = Vec::new();
    if options.challenge.is_none() {
        warnings.push(
            ProblemType::InvalidChallengeError.details(
                "no challenge was given, so nothing shows that the presentation was not shown before",
            ),
        );
    }
    if options.domain.is_none() {
        warnings.push(
            ProblemType::InvalidDomainError
                .details("no domain was given, so the presentation may have been made for somebody else"),
        );
    }
    if !credentials
        .iter()
        .all(|credential| is_about(credential, &signers))
    {
        warnings.push(
            VcalmProblem::PresenterNotSubject
                .details("a credential is about somebody else than who signed the presentation"),
        );
    }
    warnings
}

/// Who signed; `None` where nobody did.
fn signers(presentation: &SubmittedPresentation) -> Option<Vec<Signer>> {
    match presentation {
        SubmittedPresentation::Unsecured(_) => None,
        SubmittedPresentation::Secured(presentation) => {
            let document = serde_json::Value::Object(presentation.document().clone());
            let proofs = read_proofs(&document).unwrap_or_default();
            Some(
                proofs
                    .iter()
                    .filter_map(|proof| Signer::of(proof.verification_method()))
                    .collect(),
            )
        }
        SubmittedPresentation::Enveloped(enveloped) => {
            let token = JwtPresentation::parse(enveloped.text(), W3cBudget::DEFAULT).ok();
            let signer = token.and_then(|token| {
                let named = token.header().kid.clone();
                let named = named.or_else(|| token.presentation().holder().map(str::to_owned));
                Signer::of(&named?)
            });
            Some(signer.into_iter().collect())
        }
    }
}

/// Whether a credential is about one of the signers, or about nobody who has a name. One that cannot be read is somebody
/// else's: whoever is told so finds the reason among the errors.
fn is_about(credential: &PresentedCredential, signers: &[Signer]) -> bool {
    match credential {
        PresentedCredential::Embedded(credential) => names_one(credential, signers),
        PresentedCredential::Enveloped(enveloped) => match (enveloped.kind(), enveloped.text()) {
            (EnvelopeType::VcJwt, Some(text)) => JwtCredential::parse(text, W3cBudget::DEFAULT)
                .is_ok_and(|token| names_one(token.credential(), signers)),
            (EnvelopeType::VcCose, _) => CoseCredential::parse(enveloped.bytes(), W3cBudget::DEFAULT)
                .is_ok_and(|message| names_one(message.credential(), signers)),
            _ => false,
        },
    }
}

fn names_one(credential: &VerifiableCredential, signers: &[Signer]) -> bool {
    let names: Vec<&str> = credential
        .subjects()
        .iter()
        .filter_map(|subject| subject.get("id")?.as_str())
        .collect();
    let bound = match credential.holder_binding() {
        HolderBinding::Key(key) => Some(key),
        _ => None,
    };
    names.is_empty()
        || signers
            .iter()
            .any(|signer| names.contains(&signer.did.as_str()) || (bound.is_some() && signer.key == bound))
}
