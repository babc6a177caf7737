//! `POST /credentials/verify` and `POST /presentations/verify` (VCALM, section Verifying): what is asked.
//!
//! `checks`, an option of the VC API before it was VCALM, is still sent by the test suites of the W3C. It is understood as
//! the checks that the caller wants at least; every check is made whatever it says.

mod result;

use serde_json::{Map, Value};
use symbolon_credential::w3c::{
    EnvelopedCredential, EnvelopedPresentation, PresentedCredential, VerifiableCredential,
    VerifiablePresentation,
};

pub use self::result::{
    Checked, CheckedStatus, CredentialFindings, CredentialReport, CredentialResults, PresentationFindings,
    PresentationReport, PresentationResults,
};
use super::problem::RequestRefused;
use super::request::{DOCUMENT_BUDGET, Members, Options};

/// The names that `checks` may hold.
const CHECKS: [&str; 3] = ["proof", "credentialStatus", "credentialSchema"];

/// Whether an answer repeats something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Return {
    /// It does.
    Included,
    /// It does not.
    LeftOut,
}

impl Return {
    fn read(flag: Option<bool>, otherwise: Self) -> Self {
        match flag {
            None => otherwise,
            Some(true) => Self::Included,
            Some(false) => Self::LeftOut,
        }
    }
}

/// A credential to be verified.
#[derive(Debug, Clone, PartialEq)]
pub struct VerifyCredentialRequest {
    /// The credential, which conforms to the data model and has a proof or an envelope.
    pub credential: PresentedCredential,
    /// What the answer holds.
    pub options: VerifyCredentialOptions,
}

/// What the answer about a credential holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifyCredentialOptions {
    /// `returnResults`: each step. Left out unless asked for.
    pub results: Return,
    /// `returnProblemDetails`: what is wrong. Included unless declined, because a bare no helps nobody.
    pub problem_details: Return,
    /// `returnCredential`: the credential. Left out unless asked for.
    pub credential: Return,
}

impl VerifyCredentialRequest {
    /// Reads the body of a request.
    ///
    /// # Errors
    /// [`RequestRefused`].
    pub fn parse(body: &[u8]) -> Result<Self, RequestRefused> {
        let mut members = Members::parse(body)?;
        let document = members.take_object("verifiableCredential")?;
        let mut options = members.take_options()?;
        members.end()?;
        take_checks(&mut options)?;
        let parsed = VerifyCredentialOptions {
            results: Return::read(options.take_flag("returnResults")?, Return::LeftOut),
            problem_details: Return::read(options.take_flag("returnProblemDetails")?, Return::Included),
            credential: Return::read(options.take_flag("returnCredential")?, Return::LeftOut),
        };
        options.end()?;
        Ok(Self {
            credential: read_credential(document)?,
            options: parsed,
        })
    }
}

fn read_credential(document: Map<String, Value>) -> Result<PresentedCredential, RequestRefused> {
    if EnvelopedCredential::is_one(&document) {
        let enveloped = EnvelopedCredential::from_value(&Value::Object(document))?;
        return Ok(PresentedCredential::Enveloped(enveloped));
    }
    let credential = VerifiableCredential::from_value(Value::Object(document))?;
    if credential.proofs().is_empty() {
        return Err(RequestRefused::NotSecured);
    }
    Ok(PresentedCredential::Embedded(Box::new(credential)))
}

/// A presentation to be verified.
#[derive(Debug, Clone, PartialEq)]
pub struct VerifyPresentationRequest {
    /// The presentation.
    pub presentation: SubmittedPresentation,
    /// What its proof must repeat, and what the answer holds.
    pub options: VerifyPresentationOptions,
}

/// A presentation in one of its forms.
#[derive(Debug, Clone, PartialEq)]
pub enum SubmittedPresentation {
    /// `verifiablePresentation` with its proof within.
    Secured(Box<VerifiablePresentation>),
    /// `verifiablePresentation` in an envelope.
    Enveloped(EnvelopedPresentation),
    /// `presentation`, which nobody signed: its credentials alone are verified.
    Unsecured(Box<VerifiablePresentation>),
}

/// What the proof of a presentation must repeat, and what the answer holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyPresentationOptions {
    /// `challenge`: one that this instance gave out, or one of the caller's own.
    pub challenge: Option<String>,
    /// `domain`: whom the presentation must be for.
    pub domain: Option<String>,
    /// `returnPresentation`: the presentation. Left out unless asked for.
    pub presentation: Return,
}

impl VerifyPresentationRequest {
    /// Reads the body of a request.
    ///
    /// # Errors
    /// [`RequestRefused`].
    pub fn parse(body: &[u8]) -> Result<Self, RequestRefused> {
        let mut members = Members::parse(body)?;
        let unsecured = match members.take("presentation") {
            None => None,
            Some(Value::Object(document)) => Some(document),
            Some(_) => {
                return Err(RequestRefused::Member {
                    member: "presentation",
                });
            }
        };
        let document = match unsecured {
            None => Document::Secured(members.take_object("verifiablePresentation")?),
            Some(document) => Document::Unsecured(document),
        };
        let mut options = members.take_options()?;
        members.end()?;
        take_checks(&mut options)?;
        let parsed = VerifyPresentationOptions {
            challenge: options.take_text("challenge")?,
            domain: options.take_text("domain")?,
            presentation: Return::read(options.take_flag("returnPresentation")?, Return::LeftOut),
        };
        options.end()?;
        Ok(Self {
            presentation: document.read()?,
            options: parsed,
        })
    }
}

enum Document {
    Secured(Map<String, Value>),
    Unsecured(Map<String, Value>),
}

impl Document {
    fn read(self) -> Result<SubmittedPresentation, RequestRefused> {
        let read = |document| VerifiablePresentation::from_value(Value::Object(document), DOCUMENT_BUDGET);
        match self {
            Self::Secured(document) if EnvelopedPresentation::is_one(&document) => {
                let enveloped = EnvelopedPresentation::from_value(&Value::Object(document))?;
                Ok(SubmittedPresentation::Enveloped(enveloped))
            }
            Self::Secured(document) => {
                let presentation = read(document)?;
                if presentation.proofs().is_empty() {
                    return Err(RequestRefused::NotSecured);
                }
                Ok(SubmittedPresentation::Secured(Box::new(presentation)))
            }
            Self::Unsecured(document) => {
                // A proof that nobody looks at would be taken for one that was verified.
                if document.contains_key("proof") {
                    return Err(RequestRefused::AlreadySecured);
                }
                Ok(SubmittedPresentation::Unsecured(Box::new(read(document)?)))
            }
        }
    }
}

fn take_checks(options: &mut Options) -> Result<(), RequestRefused> {
    let known = |check: &Value| check.as_str().is_some_and(|name| CHECKS.contains(&name));
    match options.take("checks") {
        None => Ok(()),
        Some(Value::Array(checks)) if checks.len() <= CHECKS.len() && checks.iter().all(known) => Ok(()),
        Some(_) => Err(RequestRefused::Option { option: "checks" }),
    }
}
