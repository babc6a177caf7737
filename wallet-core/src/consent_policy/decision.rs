//! What a policy says of a request and of an offer.

use symbolon_protocol::dcql::HolderBinding;
use symbolon_protocol::format::CredentialFormat;
use symbolon_protocol::openid4vp::client_id::ClientId;
use symbolon_protocol::openid4vp::registration_certificate::covers_path;

use super::ConsentPolicy;
use super::document::{
    ConsentPolicyDocument, OfferDecision, OfferRule, Otherwise, PermittedCredential, PersonAddress,
    PresentationDecision, PresentationRule, VerifierConditions,
};
use crate::policy::SpentCopies;
use crate::present::{
    Answerable, AskedCredential, CandidateCredential, Choice, ConsentRequest, RegisteredUse, Registration,
};
use crate::receive::OfferShown;
use crate::record::{VerifierEvidence, VerifierRecord};

/// Who brought a request or an offer to the wallet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BroughtBy {
    /// Anybody who reaches it. Whoever brings a request may have begun the session at the verifier, and goes on in it; whoever brings an
    /// offer may have had it made for somebody else.
    Anybody,
    /// Its owner, or a program that has proven to act for its owner.
    Owner,
}

/// One request, as wallets of either rule for spent copies show it.
#[derive(Debug, Clone, Copy)]
pub struct Views<'r> {
    /// By a wallet that shows each copy once ([`SpentCopies::Refused`]).
    pub once: &'r ConsentRequest,
    /// By one that shows the last copy again ([`SpentCopies::ShownAgain`]); the same where no rule does
    /// ([`ConsentPolicy::shows_spent_copies`]).
    pub again: &'r ConsentRequest,
}

/// What a policy says of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConsentVerdict {
    /// A rule permits to show this, which is the smallest answer.
    Share {
        /// What is shown.
        choice: Choice,
        /// What becomes of copies that were shown before: answer by a wallet of this rule, which holds to it also where a copy is shown
        /// to somebody else in between.
        spent_copies: SpentCopies,
        /// The name of the rule.
        rule: String,
    },
    /// Somebody has to decide.
    Hold,
    /// Nothing is shown.
    Refuse,
}

/// What a policy says of an offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OfferVerdict {
    /// A rule takes it.
    Receive {
        /// The file with the transaction code, where the rule has one.
        transaction_code_file: Option<String>,
    },
    /// Somebody has to decide.
    Hold,
    /// It is not taken.
    Refuse,
}

impl From<Otherwise> for ConsentVerdict {
    fn from(otherwise: Otherwise) -> Self {
        match otherwise {
            Otherwise::Refuse => Self::Refuse,
            Otherwise::Hold => Self::Hold,
        }
    }
}

impl ConsentPolicy {
    /// What becomes of a request to the wallet of `person`.
    #[must_use]
    pub fn decide(
        &self,
        views: Views<'_>,
        person: Option<&PersonAddress>,
        brought_by: BroughtBy,
    ) -> ConsentVerdict {
        let request = views.once;
        let ConsentPolicyDocument { presentations, .. } = &self.0;
        let registered = match &request.registration {
            Registration::NotShown => None,
            Registration::Refused(_) => return presentations.over_asking.into(),
            Registration::Registered(registered) if !registered.over_asked.is_empty() => {
                return presentations.over_asking.into();
            }
            Registration::Registered(registered) => Some(&**registered),
        };
        for rule in &presentations.rules {
            if rule.person.as_ref() != person
                || !rule.verifier.are_met(&request.verifier, registered)
                || !has_purpose(rule, registered)
            {
                continue;
            }
            // What is not held must not make a difference that a verifier could see at once.
            let verdict = match rule.decision {
                PresentationDecision::Share => shared(rule, views, brought_by),
                PresentationDecision::Hold => is_about(rule, request).then_some(ConsentVerdict::Hold),
                PresentationDecision::Refuse => is_about(rule, request).then_some(ConsentVerdict::Refuse),
            };
            if let Some(verdict) = verdict {
                return verdict;
            }
        }
        presentations.otherwise.into()
    }

    /// What becomes of an offer to the wallet of `person`. One by reference may be of several issuers, and is taken only where each
    /// of them would be.
    #[must_use]
    pub fn decide_offer(
        &self,
        offer: &OfferShown,
        person: Option<&PersonAddress>,
        brought_by: BroughtBy,
    ) -> OfferVerdict {
        let offers = &self.0.offers;
        let is_about = |rule: &&OfferRule| {
            rule.person.as_ref() == person
                && !offer.issuers.is_empty()
                && offer
                    .issuers
                    .iter()
                    .all(|issuer| rule.issuers.contains(&issuer.identifier))
        };
        match (offers.rules.iter().find(is_about), offers.otherwise) {
            (Some(rule), _) => match rule.decision {
                OfferDecision::Receive if brought_by == BroughtBy::Anybody && !rule.receives_for_anybody => {
                    OfferVerdict::Hold
                }
                OfferDecision::Receive => OfferVerdict::Receive {
                    transaction_code_file: rule.transaction_code_file.clone(),
                },
                OfferDecision::Hold => OfferVerdict::Hold,
                OfferDecision::Refuse => OfferVerdict::Refuse,
            },
            (None, Otherwise::Hold) => OfferVerdict::Hold,
            (None, Otherwise::Refuse) => OfferVerdict::Refuse,
        }
    }

    /// The files with transaction codes that rules name.
    pub fn transaction_code_files(&self) -> impl Iterator<Item = &str> {
        self.0
            .offers
            .rules
            .iter()
            .filter_map(|rule| rule.transaction_code_file.as_deref())
    }
}

impl VerifierConditions {
    /// Whether every condition holds. Of somebody for whom nothing vouches, only the client identifier counts: it is the address of
    /// the answer, or the DID whose key signed.
    fn are_met(&self, verifier: &VerifierRecord, registered: Option<&RegisteredUse>) -> bool {
        let vouched = !verifier.evidence.is_unverified();
        let authority = match &verifier.evidence {
            VerifierEvidence::CertificateHash { authority }
            | VerifierEvidence::CertificateHost { authority, .. }
            | VerifierEvidence::Reader { authority } => authority.as_deref(),
            _ => None,
        };
        let kind = ClientId::parse(&verifier.client_id).map(|id| id.prefix().kind());
        let is_kind = self.prefixes.is_empty() || kind.is_ok_and(|kind| self.prefixes.contains(&kind));
        let subject = registered.map(|registered| registered.subject.as_str());
        let registrar = registered.and_then(|registered| registered.registrar.as_deref());
        let name = verifier.name.as_deref().filter(|_| vouched);
        is_kind
            && is_one_of(&self.client_ids, Some(&verifier.client_id))
            && is_one_of(&self.names, name)
            && is_one_of(&self.authorities, authority)
            && is_one_of(&self.registered, subject)
            && is_one_of(&self.registrars, registrar)
            && (vouched || !self.client_ids.is_empty())
    }
}

/// Whether there is no condition, or one of the values is there.
fn is_one_of(accepted: &[String], value: Option<&str>) -> bool {
    accepted.is_empty() || value.is_some_and(|value| accepted.iter().any(|one| one == value))
}

fn has_purpose(rule: &PresentationRule, registered: Option<&RegisteredUse>) -> bool {
    let purposes = registered.map_or(&[][..], |registered| &registered.purposes);
    rule.purposes.is_empty() || purposes.iter().any(|purpose| rule.purposes.contains(purpose))
}

/// Whether a rule that holds or refuses is about what is asked for. What is held makes no difference, and what it says none either: a query may
/// name values, and whether the rule refuses at once would tell the verifier whether they are those.
fn is_about(rule: &PresentationRule, request: &ConsentRequest) -> bool {
    let is_of_rule = |asked: &String| rule.credentials.iter().any(|own| is_type(own, asked));
    // A request for any type, or for the type that another one extends, finds that one all the same.
    let finds = |asked: &AskedCredential| {
        let mut types = asked.type_alternatives.iter().flatten();
        asked.is_of_any_type() || types.any(is_of_rule) || asked.extending_types.iter().any(is_of_rule)
    };
    rule.credentials.is_empty() || request.asked.iter().any(finds)
}

/// What a rule that shares says; nothing where it does not permit all that is asked for.
fn shared(rule: &PresentationRule, views: Views<'_>, brought_by: BroughtBy) -> Option<ConsentVerdict> {
    let for_anybody =
        rule.answers_for_anybody && (rule.authorises_for_anybody || views.once.transactions.is_empty());
    if brought_by == BroughtBy::Anybody && !for_anybody {
        return is_within(rule, views.once).then_some(ConsentVerdict::Hold);
    }
    let request = match rule.spent_copies {
        SpentCopies::Refused => views.once,
        SpentCopies::ShownAgain => views.again,
    };
    let choice = request.smallest_choice()?;
    permits(rule, request, &choice).then(|| ConsentVerdict::Share {
        choice,
        spent_copies: rule.spent_copies,
        rule: rule.name.clone(),
    })
}

/// Whether all that is asked for, held or not, is within a rule.
fn is_within(rule: &PresentationRule, request: &ConsentRequest) -> bool {
    let mut transactions = request.transactions.iter();
    transactions.all(|shown| rule.transaction_types.contains(&shown.transaction_type))
        && request.asked.iter().all(|asked| is_permitted_to_ask(rule, asked))
}

/// Whether a rule permits all that the answer would disclose and authorise.
fn permits(rule: &PresentationRule, request: &ConsentRequest, choice: &Choice) -> bool {
    if !matches!(request.answerable, Answerable::With(_)) || choice.is_empty() {
        return false;
    }
    let credentials = choice.iter().all(|(query, chosen)| {
        let asked = request.asked.iter().find(|asked| asked.query == *query);
        asked.is_some_and(|asked| {
            chosen.iter().all(|id| {
                let candidate = asked
                    .candidates
                    .iter()
                    .find(|candidate| candidate.credential.id == *id);
                candidate.is_some_and(|candidate| permits_credential(rule, asked, candidate))
            })
        })
    });
    // What is asked for counts beside what would be shown: an alternative that the rule does not permit would otherwise tell the verifier,
    // by being refused or not, whether it is held and what it says.
    credentials && is_within(rule, request)
}

/// Whether a rule permits to ask for this at all: no type beyond those of the rule, also not as an alternative, and no claim beyond those of
/// the rule.
fn is_permitted_to_ask(rule: &PresentationRule, asked: &AskedCredential) -> bool {
    let is_permitted = |types: &Vec<String>| {
        let mut permitted = rule.credentials.iter();
        permitted.any(|permitted| types.iter().any(|asked| is_type(permitted, asked)))
    };
    if !asked.type_alternatives.iter().all(is_permitted) {
        return false;
    }
    rule.credentials.iter().any(|permitted| {
        let is_of_type = asked
            .type_alternatives
            .iter()
            .flatten()
            .any(|asked| is_type(permitted, asked));
        let mut claims = asked.claims.iter();
        is_of_type
            && (permitted.all_claims
                || claims.all(|claim| permitted.claims.iter().any(|own| covers_path(own, &claim.path))))
    })
}

/// The types of W3C credentials are asked for as IRIs, and held by their names.
fn is_type(permitted: &PermittedCredential, asked: &str) -> bool {
    let name = asked.rsplit(['#', '/']).next();
    permitted.credential_type == asked || name == Some(permitted.credential_type.as_str())
}

fn permits_credential(
    rule: &PresentationRule,
    asked: &AskedCredential,
    candidate: &CandidateCredential,
) -> bool {
    // An mdoc is always shown by its device.
    let unbound = asked.holder_binding == HolderBinding::Absent
        && candidate.credential.format != CredentialFormat::MsoMdoc;
    let permits = |permitted: &PermittedCredential| {
        let of_issuer = permitted.issuers.is_empty()
            || permitted
                .issuers
                .iter()
                .any(|issuer| issuer.as_str() == candidate.credential.issuer);
        let claims = permitted.all_claims
            || candidate.discloses.iter().all(|shown| {
                permitted
                    .claims
                    .iter()
                    .any(|claim| covers_path(claim, &shown.path))
            });
        permitted.credential_type == candidate.credential.credential_type && of_issuer && claims
    };
    (!unbound || rule.without_holder_binding) && rule.credentials.iter().any(permits)
}
