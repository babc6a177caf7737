//! Whom a trust list believes: for what, until when, and why.

use std::collections::BTreeMap;

use serde::Serialize;
use symbolon_crypto::UnixTime;
use symbolon_crypto::x509::Certificate;
use symbolon_trust::trust_list::{
    AnchoredFormat, CredentialTypeRule, IssuerIdentifier, RegisteredRelyingParty, SourceName, TrustList,
    TrustedIssuer,
};
use symbolon_trust::validity::Validity;

use crate::commands::show;

/// Everything that a trust list says of whom to believe, at one moment.
#[derive(Debug, Serialize)]
pub struct Listing {
    sequence: u64,
    issued_at: String,
    valid_until: String,
    state: State,
    issuers: Vec<ListedIssuer>,
    sources: BTreeMap<SourceName, ListedSource>,
    relying_parties: ListedParties,
}

/// What the age of a list means.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Current,
    InGrace,
    Expired,
    NotYetIssued,
}

impl State {
    const fn of(validity: Validity) -> Self {
        match validity {
            Validity::Current => Self::Current,
            Validity::InGrace { .. } => Self::InGrace,
            Validity::Expired { .. } => Self::Expired,
            Validity::NotYetIssued => Self::NotYetIssued,
        }
    }

    /// What becomes of credentials then.
    const fn words(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::InGrace => "expired, in grace: used with a warning",
            Self::Expired => "expired: nothing is known by it",
            Self::NotYetIssued => "from the future: the clock is wrong, nothing is known by it",
        }
    }
}

#[derive(Debug, Serialize)]
struct ListedIssuer {
    identifier: String,
    name: String,
    types: Vec<String>,
    /// Empty for every format.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    formats: Vec<AnchoredFormat>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<SourceName>,
    state: State,
    anchors: Vec<ListedAnchor>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dids: Vec<String>,
    claim169_keys: usize,
}

#[derive(Debug, Serialize)]
struct ListedAnchor {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    sha256: String,
    valid_until: String,
}

#[derive(Debug, Serialize)]
struct ListedSource {
    kind: &'static str,
    provider: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    issue: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<String>,
    grace_seconds: u64,
    state: State,
}

#[derive(Debug, Serialize)]
struct ListedParties {
    anchors: Vec<ListedAnchor>,
    registered: Vec<RegisteredRelyingParty>,
}

/// Whom a list believes at `now`.
#[must_use]
pub fn believed(list: &TrustList, now: UnixTime) -> Listing {
    let sources = list.sources.iter().map(|(name, source)| {
        let listed = ListedSource {
            kind: source.kind.name(),
            provider: source.provider.clone(),
            issue: source.issue,
            issued_at: source.issued_at.map(UnixTime::rfc3339),
            valid_until: source.valid_until.map(UnixTime::rfc3339),
            grace_seconds: source.grace.as_secs(),
            state: State::of(source.validity(now)),
        };
        (name.clone(), listed)
    });
    let parties = &list.relying_parties;
    Listing {
        sequence: list.sequence,
        issued_at: list.issued_at.rfc3339(),
        valid_until: list.valid_until.rfc3339(),
        state: State::of(list.validity(now)),
        issuers: list
            .issuers
            .iter()
            .map(|issuer| listed_issuer(list, issuer, now))
            .collect(),
        sources: sources.collect(),
        relying_parties: ListedParties {
            anchors: parties.anchors.iter().map(listed_anchor).collect(),
            registered: parties.registered.clone(),
        },
    }
}

fn listed_issuer(list: &TrustList, issuer: &TrustedIssuer, now: UnixTime) -> ListedIssuer {
    // Without the list itself its sources say nothing either.
    let state = match State::of(list.validity(now)) {
        unusable @ (State::Expired | State::NotYetIssued) => unusable,
        _ => State::of(list.validity_of(issuer, now)),
    };
    ListedIssuer {
        identifier: issuer.identifier.as_str().to_owned(),
        name: issuer.name.clone(),
        types: issuer
            .credential_types
            .iter()
            .cloned()
            .map(String::from)
            .collect(),
        formats: issuer.formats.clone(),
        source: issuer.source.clone(),
        state,
        anchors: issuer.anchors.iter().map(listed_anchor).collect(),
        dids: issuer.dids.iter().map(|did| did.as_str().to_owned()).collect(),
        claim169_keys: issuer.claim169_keys.len(),
    }
}

fn listed_anchor(certificate: &Certificate) -> ListedAnchor {
    let identifier = IssuerIdentifier::of_certificate(certificate);
    let sha256 = identifier.as_str().rsplit(':').next().unwrap_or_default();
    ListedAnchor {
        name: certificate.subject_common_name().map(str::to_owned),
        sha256: sha256.to_owned(),
        valid_until: certificate.not_after().rfc3339(),
    }
}

impl Listing {
    /// For a person.
    pub fn print(&self) {
        show::line(&format!(
            "trust list {} of {}, valid until {}: {}",
            self.sequence,
            self.issued_at,
            self.valid_until,
            self.state.words()
        ));
        for (name, source) in &self.sources {
            let issue = source
                .issue
                .map(|issue| format!(" number {issue}"))
                .unwrap_or_default();
            let until = source.valid_until.as_deref().unwrap_or("further notice");
            show::line(&format!(
                "source {name}: {}{issue} of {}, valid until {until}: {}",
                source.kind,
                source.provider,
                source.state.words()
            ));
        }
        for issuer in &self.issuers {
            issuer.print();
        }
        for anchor in &self.relying_parties.anchors {
            anchor.print("relying parties under");
        }
        for party in &self.relying_parties.registered {
            show::line(&format!("relying party {} ({})", party.name, party.identifier));
            for credential in &party.credentials {
                let claims = match credential.claims.as_slice() {
                    [] => "every claim".to_owned(),
                    claims => claims
                        .iter()
                        .map(ToString::to_string)
                        .collect::<Vec<_>>()
                        .join(", "),
                };
                let (format, types) = (credential.format.name(), credential.types.join(", "));
                show::line(&format!("  may ask for {format} {types}: {claims}"));
            }
        }
    }
}

impl ListedIssuer {
    fn print(&self) {
        show::line(&format!("{}  {}", self.name, self.identifier));
        let formats: Vec<&str> = self.formats.iter().map(|format| format.name()).collect();
        let formats = match formats.as_slice() {
            [] => "in every format".to_owned(),
            some => format!("as {}", some.join(", ")),
        };
        let every = String::from(CredentialTypeRule::Any);
        let types = match self.types.contains(&every) {
            true => "every type".to_owned(),
            false => self.types.join(", "),
        };
        show::line(&format!("  for {types} {formats}"));
        let by = match &self.source {
            Some(source) => format!("the source {source}"),
            None => "the trust list".to_owned(),
        };
        show::line(&format!("  by {by}: {}", self.state.words()));
        for anchor in &self.anchors {
            anchor.print("  under");
        }
        for did in &self.dids {
            show::line(&format!("  under {did}"));
        }
        if self.claim169_keys > 0 {
            show::line(&format!("  {} keys of Claim 169 codes", self.claim169_keys));
        }
    }
}

impl ListedAnchor {
    fn print(&self, relation: &str) {
        let name = self.name.as_deref().unwrap_or("a certificate without a name");
        let short: String = self.sha256.chars().take(16).collect();
        show::line(&format!(
            "{relation} {name}, {short}…, until {}",
            self.valid_until
        ));
    }
}
