//! Consent by a policy: what a wallet answers where no person looks at a screen, and what it puts before somebody who will.
//!
//! A policy is a list of rules. Whatever no rule permits is refused, or, where the policy says so, waits for a person. What a rule
//! permits is compared with what would be disclosed, not with what was asked for: a format that can only be shown whole discloses
//! more than the question.

mod decision;
mod document;
mod error;
#[cfg(test)]
mod tests;

use core::time::Duration;

use symbolon_protocol::openid4vp::client_id::{ClientId, ClientIdKind};

pub use decision::{BroughtBy, ConsentVerdict, OfferVerdict, Views};
pub use document::{
    CONSENT_POLICY_VERSION, ConsentPolicyDocument, OfferDecision, OfferRule, OfferRules, Otherwise,
    PermittedCredential, PersonAddress, PresentationDecision, PresentationRule, PresentationRules,
    ServedPerson, VerifierConditions, WaitingLimits,
};
pub use error::{ConsentPolicyDefect, ConsentPolicyError, NotAnAddress};

use crate::policy::SpentCopies;

/// The most rules of one kind.
const MAX_RULES: usize = 1_000;
/// How long somebody may be waited for, in seconds: longer than a minute, and no longer than a wallet remembers an open request.
const WAITING_SECONDS: core::ops::RangeInclusive<u64> = 60..=86_400;
/// How many requests may wait at once.
const WAITING_REQUESTS: core::ops::RangeInclusive<usize> = 1..=10_000;

/// A policy whose every key was checked; only [`ConsentPolicy::check`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentPolicy(ConsentPolicyDocument);

impl ConsentPolicy {
    /// Checks a document.
    ///
    /// # Errors
    /// [`ConsentPolicyError`], which names the key.
    pub fn check(document: ConsentPolicyDocument) -> Result<Self, ConsentPolicyError> {
        use ConsentPolicyDefect as Defect;
        let refuse = |key: &str, defect| Err(ConsentPolicyError::new(key, defect));
        if document.version != CONSENT_POLICY_VERSION {
            return refuse("version", Defect::Version);
        }
        if !WAITING_SECONDS.contains(&document.waiting.seconds) {
            return refuse("waiting.seconds", Defect::OutOfRange);
        }
        if !WAITING_REQUESTS.contains(&document.waiting.requests) {
            return refuse("waiting.requests", Defect::OutOfRange);
        }
        for (position, person) in document.people.iter().enumerate() {
            let mut before = document.people.iter().take(position);
            if before.any(|other| other.address == person.address) {
                return refuse(&format!("people[{position}].address"), Defect::Twice);
            }
        }
        if document.presentations.rules.len() > MAX_RULES {
            return refuse("presentations.rules", Defect::TooMany);
        }
        if document.offers.rules.len() > MAX_RULES {
            return refuse("offers.rules", Defect::TooMany);
        }
        for (position, rule) in document.presentations.rules.iter().enumerate() {
            let key = format!("presentations.rules[{position}]");
            check_name(
                &key,
                &rule.name,
                document
                    .presentations
                    .rules
                    .iter()
                    .take(position)
                    .map(|rule| &rule.name),
            )?;
            check_presentation(&key, rule, &document.people)?;
        }
        for (position, rule) in document.offers.rules.iter().enumerate() {
            let key = format!("offers.rules[{position}]");
            check_name(
                &key,
                &rule.name,
                document.offers.rules.iter().take(position).map(|rule| &rule.name),
            )?;
            check_person(&key, rule.person.as_ref(), &document.people)?;
            if rule.issuers.is_empty() {
                return refuse(&format!("{key}.issuers"), Defect::NamesNobody);
            }
            if rule.receives_for_anybody && rule.decision != OfferDecision::Receive {
                return refuse(&format!("{key}.receives_for_anybody"), Defect::NothingToSay);
            }
        }
        Ok(Self(document))
    }

    /// Whose wallets are reached, beside the first person's.
    #[must_use]
    pub fn people(&self) -> &[ServedPerson] {
        &self.0.people
    }

    /// How long a person is waited for.
    #[must_use]
    pub const fn waiting_time(&self) -> Duration {
        Duration::from_secs(self.0.waiting.seconds)
    }

    /// How many requests may wait at once, and as many offers.
    #[must_use]
    pub const fn waiting_requests(&self) -> usize {
        self.0.waiting.requests
    }

    /// Whether a rule shows credentials again whose copies were each shown to somebody.
    #[must_use]
    pub fn shows_spent_copies(&self) -> bool {
        let mut rules = self.0.presentations.rules.iter();
        rules.any(|rule| rule.spent_copies == SpentCopies::ShownAgain)
    }

    /// Whether somebody may be asked about requests for more than is registered.
    #[must_use]
    pub const fn over_asking(&self) -> Otherwise {
        self.0.presentations.over_asking
    }
}

fn check_name<'a>(
    key: &str,
    name: &str,
    mut before: impl Iterator<Item = &'a String>,
) -> Result<(), ConsentPolicyError> {
    let key = format!("{key}.name");
    if name.trim().is_empty() || name.chars().any(char::is_control) {
        return Err(ConsentPolicyError::new(&key, ConsentPolicyDefect::Empty));
    }
    if before.any(|other| other == name) {
        return Err(ConsentPolicyError::new(&key, ConsentPolicyDefect::Twice));
    }
    Ok(())
}

fn check_person(
    key: &str,
    person: Option<&PersonAddress>,
    people: &[ServedPerson],
) -> Result<(), ConsentPolicyError> {
    match person {
        Some(address) if !people.iter().any(|served| served.address == *address) => Err(
            ConsentPolicyError::new(&format!("{key}.person"), ConsentPolicyDefect::UnknownPerson),
        ),
        _ => Ok(()),
    }
}

fn check_presentation(
    key: &str,
    rule: &PresentationRule,
    people: &[ServedPerson],
) -> Result<(), ConsentPolicyError> {
    use ConsentPolicyDefect as Defect;
    let refuse = |member: &str, defect| Err(ConsentPolicyError::new(&format!("{key}.{member}"), defect));
    check_person(key, rule.person.as_ref(), people)?;
    let verifier = &rule.verifier;
    if verifier.is_empty() {
        return refuse("verifier", Defect::NamesNobody);
    }
    for (position, id) in verifier.client_ids.iter().enumerate() {
        if ClientId::parse(id).is_err() {
            return refuse(&format!("verifier.client_ids[{position}]"), Defect::ClientId);
        }
    }
    // Whoever has such an identifier is anybody: only the whole identifier says who.
    let says_nothing = |kind: &ClientIdKind| {
        matches!(
            kind,
            ClientIdKind::RedirectUri | ClientIdKind::DecentralizedIdentifier
        )
    };
    if rule.decision == PresentationDecision::Share
        && verifier.prefixes.iter().any(says_nothing)
        && verifier.client_ids.is_empty()
        && verifier.names.is_empty()
    {
        return refuse("verifier.prefixes", Defect::NamesAnybody);
    }
    if rule.authorises_for_anybody && !rule.answers_for_anybody {
        return refuse("authorises_for_anybody", Defect::AnswersNobody);
    }
    if rule.decision != PresentationDecision::Share {
        if rule.answers_for_anybody {
            return refuse("answers_for_anybody", Defect::NothingToSay);
        }
        if rule.spent_copies == SpentCopies::ShownAgain {
            return refuse("spent_copies", Defect::NothingToSay);
        }
    }
    if rule.decision == PresentationDecision::Share && rule.credentials.is_empty() {
        return refuse("credentials", Defect::Empty);
    }
    for (position, credential) in rule.credentials.iter().enumerate() {
        let member = format!("credentials[{position}]");
        if credential.credential_type.trim().is_empty() {
            return refuse(&format!("{member}.type"), Defect::Empty);
        }
        if credential.all_claims && !credential.claims.is_empty() {
            return refuse(&format!("{member}.claims"), Defect::Contradiction);
        }
    }
    Ok(())
}
