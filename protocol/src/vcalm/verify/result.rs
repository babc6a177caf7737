//! What is answered.
//!
//! `verified` is true exactly when nothing is among the errors. Errors are what makes a document worthless to whoever
//! relies on it: broken cryptography, a document that is not one, an issuer that nobody vouches for, and, as the
//! specification's example of an expired credential has it, a status or a validity period that forbids its use.
//! `problemDetails` holds all of them, as the OpenAPI description has it; `errors` and `warnings` hold them apart, as the
//! text of the specification and its test suites have it.

use serde::Serialize;
use serde_json::{Map, Value};
use symbolon_credential::w3c::ProblemDetails;

use super::{Return, VerifyCredentialOptions};

/// What was found about a credential.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CredentialFindings {
    /// What makes it unusable.
    pub errors: Vec<ProblemDetails>,
    /// What a person should know beside that.
    pub warnings: Vec<ProblemDetails>,
    /// Each step.
    pub results: CredentialResults,
}

/// The steps of verifying a credential, by the members of the data model.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CredentialResults {
    /// `validFrom`, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Checked>,
    /// `validUntil`, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Checked>,
    /// Each `credentialSchema`.
    pub credential_schema: Vec<Checked>,
    /// Each `credentialStatus`.
    pub credential_status: Vec<CheckedStatus>,
    /// Each `proof`.
    pub proof: Vec<Checked>,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Checked {
    /// Whether it is as it should be.
    pub verified: bool,
    /// What was looked at.
    pub input: Value,
    /// What is wrong with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problem_details: Vec<ProblemDetails>,
}

/// One status entry that was looked at.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckedStatus {
    /// The value in the list, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<u64>,
    /// Whether it is as it should be.
    pub verified: bool,
    /// The entry.
    pub input: Value,
}

/// The answer of `/credentials/verify`, and of each credential of a presentation.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CredentialReport {
    /// Whether nothing is wrong.
    pub verified: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    credential: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem_details: Option<Vec<ProblemDetails>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<ProblemDetails>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<ProblemDetails>,
    #[serde(skip_serializing_if = "Option::is_none")]
    results: Option<CredentialResults>,
}

impl CredentialReport {
    /// The answer about `credential` as it was sent.
    #[must_use]
    pub fn new(findings: CredentialFindings, options: VerifyCredentialOptions, credential: Value) -> Self {
        let CredentialFindings {
            errors,
            warnings,
            results,
        } = findings;
        let verified = errors.is_empty();
        let told = Told::new(errors, warnings, options.problem_details);
        Self {
            verified,
            credential: included(options.credential, credential),
            problem_details: told.all,
            errors: told.errors,
            warnings: told.warnings,
            results: included(options.results, results),
        }
    }
}

/// What was found about a presentation, beside its credentials.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PresentationFindings {
    /// What makes it unusable.
    pub errors: Vec<ProblemDetails>,
    /// What a person should know beside that.
    pub warnings: Vec<ProblemDetails>,
    /// Each step.
    pub results: PresentationResults,
}

/// The steps of verifying a presentation itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PresentationResults {
    /// The option `challenge`, against every proof.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub challenge: Option<Checked>,
    /// The option `domain`, against every proof.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<Checked>,
    /// `holder`, against the keys of the proofs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holder: Option<Checked>,
    /// Each `proof`.
    pub proof: Vec<Checked>,
}

/// The answer of `/presentations/verify`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PresentationReport {
    /// Whether nothing is wrong, neither with the presentation nor with any of its credentials.
    pub verified: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    verifiable_presentation: Option<Value>,
    problem_details: Vec<ProblemDetails>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<ProblemDetails>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<ProblemDetails>,
    results: Results,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Results {
    presentation: PresentationResults,
    credentials: Vec<CredentialReport>,
}

impl PresentationReport {
    /// The answer about `presentation` as it was sent. `credentials` are its credentials with what was found about each,
    /// in their order.
    #[must_use]
    pub fn new(
        findings: PresentationFindings,
        credentials: Vec<(Value, CredentialFindings)>,
        presentation: Option<Value>,
    ) -> Self {
        let PresentationFindings {
            errors,
            warnings,
            results,
        } = findings;
        let options = VerifyCredentialOptions {
            results: Return::Included,
            problem_details: Return::Included,
            credential: Return::Included,
        };
        let credentials: Vec<CredentialReport> = credentials
            .into_iter()
            .map(|(credential, findings)| CredentialReport::new(findings, options, credential))
            .collect();
        let verified = errors.is_empty() && credentials.iter().all(|credential| credential.verified);
        // A reader that looks at `errors` alone must see what is wrong with the credentials too.
        let mut all_errors = errors.clone();
        all_errors.extend(
            credentials
                .iter()
                .flat_map(|credential| credential.errors.iter().cloned()),
        );
        Self {
            verified,
            verifiable_presentation: presentation,
            problem_details: errors.iter().chain(&warnings).cloned().collect(),
            errors: all_errors,
            warnings,
            results: Results {
                presentation: results,
                credentials,
            },
        }
    }
}

/// Problems as an answer tells them.
struct Told {
    all: Option<Vec<ProblemDetails>>,
    errors: Vec<ProblemDetails>,
    warnings: Vec<ProblemDetails>,
}

impl Told {
    fn new(errors: Vec<ProblemDetails>, warnings: Vec<ProblemDetails>, choice: Return) -> Self {
        match choice {
            Return::Included => Self {
                all: Some(errors.iter().chain(&warnings).cloned().collect()),
                errors,
                warnings,
            },
            Return::LeftOut => Self {
                all: None,
                errors: Vec::new(),
                warnings: Vec::new(),
            },
        }
    }
}

fn included<T>(choice: Return, value: T) -> Option<T> {
    match choice {
        Return::Included => Some(value),
        Return::LeftOut => None,
    }
}

impl Checked {
    /// Something that is as it should be.
    #[must_use]
    pub const fn passed(input: Value) -> Self {
        Self {
            verified: true,
            input,
            problem_details: Vec::new(),
        }
    }

    /// Something that is not.
    #[must_use]
    pub const fn failed(input: Value, problem_details: Vec<ProblemDetails>) -> Self {
        Self {
            verified: false,
            input,
            problem_details,
        }
    }
}

impl CredentialResults {
    /// The results of a credential about which nothing was found out yet: its members, each not verified.
    #[must_use]
    pub fn unverified(document: &Map<String, Value>) -> Self {
        let one = |name: &str| {
            document
                .get(name)
                .map(|value| Checked::failed(value.clone(), Vec::new()))
        };
        Self {
            valid_from: one("validFrom"),
            valid_until: one("validUntil"),
            credential_schema: values(document, "credentialSchema")
                .map(|value| Checked::failed(value.clone(), Vec::new()))
                .collect(),
            credential_status: values(document, "credentialStatus")
                .map(|value| CheckedStatus {
                    value: None,
                    verified: false,
                    input: value.clone(),
                })
                .collect(),
            proof: values(document, "proof")
                .map(|value| Checked::failed(value.clone(), Vec::new()))
                .collect(),
        }
    }
}

/// The values of a member that holds one or a list of them.
fn values<'d>(document: &'d Map<String, Value>, member: &str) -> core::slice::Iter<'d, Value> {
    let values: &'d [Value] = match document.get(member) {
        None => &[],
        Some(Value::Array(items)) => items,
        Some(one) => core::slice::from_ref(one),
    };
    values.iter()
}
