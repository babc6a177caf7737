//! What a person does about a presentation afterwards: asks the verifier to erase what it was shown, reports it, keeps the receipts.
//!
//! A wallet prepares these messages and sends none: the person's own mail, browser or telephone does, under the person's name
//! ([CIR 2024/2982, articles 6 and 7], EUDI TS7 and TS8). Nothing is in them that the history does not hold: names of claims, never values.
//!
//! [CIR 2024/2982, articles 6 and 7]: https://eur-lex.europa.eu/eli/reg_impl/2024/2982/oj

mod receipts;
mod words;

use serde::Serialize;
use symbolon_crypto::UnixTime;
use url::Url;

use crate::error::WalletError;
use crate::identifiers::HistoryId;
use crate::language::Languages;
use crate::ports::Change;
use crate::record::{
    DataRequest, DataRequestKind, DisclosedCredential, HistoryEntry, HistoryEvent, VerifierRecord,
};
use crate::wallet::Wallet;
use words::Words;

/// A message to send, and the ways to send it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PreparedDataRequest {
    /// The entry of the history that it is about.
    pub entry: HistoryId,
    /// What it asks for.
    pub kind: DataRequestKind,
    /// The language that it is written in: `en`, `fr`, `ar` or `hi`.
    pub language: &'static str,
    /// Who it goes to, by name: the verifier, or the authority that watches over it.
    pub to: String,
    /// The ways to send it; empty where nobody told the wallet any.
    pub channels: Vec<Channel>,
    /// The subject of a message.
    pub subject: String,
    /// The message.
    pub body: String,
}

/// A way to send a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Channel {
    /// By e-mail: the link opens a draft.
    Email {
        /// The address.
        address: String,
        /// `mailto:` with subject and message.
        link: String,
    },
    /// By a form on a page.
    Web {
        /// The page.
        url: String,
    },
    /// By telephone.
    Telephone {
        /// The number.
        number: String,
    },
}

impl Channel {
    /// The channel of an address as registrations write them: a URL, an e-mail address, a telephone number.
    fn of(address: &str, subject: &str, body: &str) -> Option<Self> {
        let address = address.trim();
        if let Some(number) = address.strip_prefix("tel:") {
            return telephone(number);
        }
        let mail = address.strip_prefix("mailto:").unwrap_or(address);
        if !mail.contains([':', '/', '?', '&', ' ']) && mail.contains('@') {
            let link = Url::parse(&format!("mailto:{mail}")).ok()?;
            let headers = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("subject", subject)
                .append_pair("body", body)
                .finish();
            return Some(Self::Email {
                address: mail.to_owned(),
                // Mail programs take a plus sign for itself (RFC 6068 §5), and addresses have some of their own.
                link: format!("{link}?{}", headers.replace('+', "%20")),
            });
        }
        match Url::parse(address) {
            Ok(url) if url.scheme() == "https" => Some(Self::Web { url: url.into() }),
            Ok(_) => None,
            Err(_) => telephone(address),
        }
    }

    /// Where it leads.
    #[must_use]
    pub fn address(&self) -> &str {
        match self {
            Self::Email { address, .. } => address,
            Self::Web { url } => url,
            Self::Telephone { number } => number,
        }
    }
}

fn telephone(number: &str) -> Option<Channel> {
    let allowed = |one: char| one.is_ascii_digit() || "+-() ".contains(one);
    let sound = number.chars().all(allowed) && number.chars().any(|one| one.is_ascii_digit());
    sound.then(|| Channel::Telephone {
        number: number.trim().to_owned(),
    })
}

impl Wallet {
    /// Prepares the request to erase what a presentation showed, or the report of whoever asked for it, in the first of these languages that
    /// there is a text in, else in English: choose the language of whoever is to read it. Nothing is sent: when the person has sent it, call
    /// [`Wallet::note_data_request`].
    ///
    /// # Errors
    /// [`WalletError::NotFound`] when there is no such entry, or nobody was asked or shown anything by it.
    pub async fn prepare_data_request(
        &self,
        entry: HistoryId,
        kind: DataRequestKind,
        languages: &Languages,
    ) -> Result<PreparedDataRequest, WalletError> {
        let words = Words::of(languages);
        let entry = self.history_entry(entry).await?;
        let (verifier, disclosed) = match (&entry.event, kind) {
            (
                HistoryEvent::Presented {
                    verifier, disclosed, ..
                },
                _,
            ) => (verifier, &disclosed[..]),
            // Whoever was shown nothing has nothing to erase.
            (HistoryEvent::Declined { verifier }, DataRequestKind::Report) => (verifier, &[][..]),
            _ => return Err(WalletError::NotFound),
        };
        let contact = verifier.contact.as_deref();
        let (to, addresses) = match kind {
            DataRequestKind::Deletion => (
                name_of(verifier),
                contact.map_or(Vec::new(), |contact| contact.support.clone()),
            ),
            DataRequestKind::Report => (
                words.authority.to_owned(),
                contact.map_or(Vec::new(), |contact| contact.supervisory_authority.clone()),
            ),
        };
        let subject = match kind {
            DataRequestKind::Deletion => words.deletion_subject.to_owned(),
            DataRequestKind::Report => words.fill(words.report_subject, &[("verifier", &name_of(verifier))]),
        };
        let body = message(words, kind, &entry, verifier, disclosed);
        let channels = addresses
            .iter()
            .filter_map(|address| Channel::of(address, &subject, &body))
            .collect();
        Ok(PreparedDataRequest {
            entry: entry.id,
            kind,
            language: words.language,
            to,
            channels,
            subject,
            body,
        })
    }

    /// The person has sent it: the history says so from now on.
    ///
    /// # Errors
    /// [`WalletError::NotFound`] when there is no such entry.
    pub async fn note_data_request(
        &self,
        entry: HistoryId,
        kind: DataRequestKind,
        sent_to: Option<&Channel>,
        now: UnixTime,
    ) -> Result<(), WalletError> {
        let mut entry = self.history_entry(entry).await?;
        entry.data_requests.push(DataRequest {
            kind,
            at: now,
            sent_to: sent_to.map(|channel| channel.address().to_owned()),
        });
        let change = Change::PutHistory(Box::new(entry));
        Ok(self.ports.store.commit(vec![change]).await?)
    }

    async fn history_entry(&self, id: HistoryId) -> Result<HistoryEntry, WalletError> {
        let entries = self.ports.store.history().await?;
        entries
            .into_iter()
            .find(|entry| entry.id == id)
            .ok_or(WalletError::NotFound)
    }
}

/// What a verifier is called: by its registrar, by its certificate, else by its identifier.
fn name_of(verifier: &VerifierRecord) -> String {
    let registered = verifier
        .contact
        .as_deref()
        .and_then(|contact| contact.name.clone());
    registered
        .or_else(|| verifier.name.clone())
        .unwrap_or_else(|| verifier.client_id.clone())
}

/// The message, line by line.
fn message(
    words: &Words,
    kind: DataRequestKind,
    entry: &HistoryEntry,
    verifier: &VerifierRecord,
    disclosed: &[DisclosedCredential],
) -> String {
    let opening = match kind {
        DataRequestKind::Deletion => words.deletion_opening,
        DataRequestKind::Report => words.report_opening,
    };
    let contact = verifier.contact.as_deref();
    let mut lines = vec![
        opening.to_owned(),
        String::new(),
        words.fill(words.asked_by, &[("verifier", &name_of(verifier))]),
        words.fill(words.identifier, &[("identifier", &verifier.client_id)]),
    ];
    if let Some(subject) = contact.and_then(|contact| contact.subject.as_deref()) {
        lines.push(words.fill(words.registered_as, &[("subject", subject)]));
    }
    let at = entry.at.rfc3339().to_string();
    lines.push(words.fill(words.when, &[("time", &at)]));
    lines.push(words.fill(words.reference, &[("reference", &entry.id.to_string())]));
    if let Some(purpose) = contact.and_then(|contact| contact.purpose_in(words.language)) {
        lines.push(words.fill(words.purpose, &[("purpose", purpose)]));
    }
    for credential in disclosed {
        let claims = credential.claims.join(words.between_claims);
        let shown = [("type", credential.credential_type.as_str()), ("claims", &claims)];
        lines.push(words.fill(words.shown, &shown));
    }
    if disclosed.is_empty() {
        lines.push(words.nothing_shown.to_owned());
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_page_a_mailbox_or_a_number() {
        let of = |address: &str| Channel::of(address, "a & b", "one\ntwo + three");
        let Some(Channel::Email { address, link }) = of("mailto:privacy@clinic.example") else {
            panic!("no mailbox")
        };
        assert_eq!(address, "privacy@clinic.example");
        assert_eq!(
            link,
            "mailto:privacy@clinic.example?subject=a%20%26%20b&body=one%0Atwo%20%2B%20three"
        );
        let Some(Channel::Email { link, .. }) = of("clinic+privacy@clinic.example") else {
            panic!("no mailbox")
        };
        assert!(
            link.starts_with("mailto:clinic+privacy@clinic.example?subject=a%20"),
            "{link}"
        );
        assert!(matches!(
            of("privacy@clinic.example"),
            Some(Channel::Email { .. })
        ));
        assert!(matches!(
            of("https://clinic.example/erasure"),
            Some(Channel::Web { .. })
        ));
        for number in ["tel:+49 30 123", "+49-30-123"] {
            assert!(matches!(of(number), Some(Channel::Telephone { .. })), "{number}");
        }
        // What would open something else is no channel.
        for other in [
            "http://clinic.example",
            "javascript:alert(1)",
            "a@b.example?cc=c@d.example",
            "tel:",
            "nobody",
        ] {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
