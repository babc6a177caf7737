//! What a registrar has written down of who asks, and what is asked beyond it ([OpenID4VP §5.11], ETSI TS 119 475).
//!
//! [OpenID4VP §5.11]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-5.11

use serde_json::json;
use symbolon_credential::claims_path::ClaimsPath;
use symbolon_crypto::UnixTime;
use symbolon_protocol::dcql::QueryId;
use symbolon_protocol::foreign_text::steers;
use symbolon_protocol::openid4vp::registration_certificate::{
    OverAsked, REGISTRATION_CERTIFICATE_FORMAT, RegisteredClaim, RegisteredCredential,
    RegistrationCertificate, RegistrationRefused, VerifiedRegistration, over_asked, over_asked_of,
};
use symbolon_protocol::openid4vp::request_object::{ClientProof, VerifiedRequest};
use symbolon_trust::trust_list::{AnchoredFormat, RegisteredCredential as AccreditedCredential};

use crate::language::Languages;
use crate::policy::OverAsking;
use crate::record::{RegisteredPurpose, VerifierContact};
use crate::wallet::Wallet;

/// What is known of a verifier beside who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Registration {
    /// It brings no registration certificate, or the wallet knows no registrars; and the registry has written down nothing of it.
    NotShown,
    /// It brings one that is not to be believed. Tell the person: somebody may pass himself off as registered.
    Refused(RegistrationRefused),
    /// A registrar, or the registry itself, vouches for what it may ask for.
    Registered(Box<RegisteredUse>),
}

/// What a verifier is registered for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisteredUse {
    /// The name that it is registered under.
    pub name: String,
    /// Its identifier: the `sub` of the registration certificate, or the `organizationIdentifier` that the registry knows it by.
    pub subject: String,
    /// What it asks for credentials for, in the language of the person.
    pub purpose: Option<String>,
    /// The same in every language that the registrar wrote it in.
    pub purposes: Vec<String>,
    /// Who registered it: the common name of the registrar's authority; nobody else where it stands in the trust list itself.
    pub registrar: Option<String>,
    /// What it asks for beyond what is registered; empty for nothing. Warn of it.
    pub over_asked: Vec<OverAskedCredential>,
}

/// What is asked of one credential beyond what is registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverAskedCredential {
    /// The credential query.
    pub query: QueryId,
    /// The claims that are not registered; `None` where the credential itself is not.
    pub claims: Option<Vec<ClaimsPath>>,
}

/// What the verifier says of itself. Nobody vouches for it: show it as its own words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VerifierClaims {
    /// What it calls itself.
    pub name: Option<String>,
    /// What it says that it asks for.
    pub purpose: Option<String>,
}

/// The longest of these words that are shown, in characters.
const MAX_CLAIMED_CHARACTERS: usize = 200;

impl VerifierClaims {
    pub(super) fn of(verified: &VerifiedRequest) -> Self {
        let metadata = &verified.request().client_metadata;
        Self {
            name: metadata.client_name.as_deref().and_then(own_words),
            purpose: metadata.purpose.as_deref().and_then(own_words),
        }
    }
}

/// A text of a stranger's, for a person to read: without anything that would begin a line or turn what stands beside it around, so
/// that it cannot pass for words of the wallet's. `None` where nothing is left of it.
fn own_words(text: &str) -> Option<String> {
    let text: String = text
        .chars()
        .filter(|one| !steers(*one))
        .take(MAX_CLAIMED_CHARACTERS)
        .collect();
    Some(text).filter(|text| !text.trim().is_empty())
}

impl Registration {
    /// Whether the wallet answers such a verifier where nobody may be asked.
    pub(super) fn is_within(&self, rule: OverAsking) -> bool {
        match (rule, self) {
            (OverAsking::Shown, _) | (OverAsking::Refused, Self::NotShown) => true,
            (OverAsking::Refused, Self::Refused(_)) => false,
            (OverAsking::Refused, Self::Registered(registered)) => registered.over_asked.is_empty(),
        }
    }
}

impl Wallet {
    /// What registrars say of who asks. A certificate counts for the credentials that it is about, and where it is bound to the
    /// certificate that signed the request.
    pub(super) fn registration(
        &self,
        verified: &VerifiedRequest,
        languages: &Languages,
        now: UnixTime,
    ) -> Registration {
        let anchors = &self.policy.relying_parties.registrars;
        let request = verified.request();
        let shown: Vec<_> = request
            .verifier_info
            .iter()
            .filter(|info| info.format == REGISTRATION_CERTIFICATE_FORMAT)
            .collect();
        if anchors.is_empty() || shown.is_empty() {
            return self.accreditation(verified, languages);
        }
        let ClientProof::Certificate {
            certificate: access, ..
        } = verified.proof()
        else {
            return Registration::Refused(RegistrationRefused::NotTheVerifiers);
        };
        let mut believed: Vec<VerifiedRegistration> = Vec::with_capacity(shown.len());
        for info in &shown {
            let Some(text) = info.data.as_str() else {
                return Registration::Refused(RegistrationRefused::Malformed);
            };
            let crypto = self.ports.crypto.as_ref();
            match RegistrationCertificate::verify(text, anchors, access, now, crypto) {
                Ok(verified) => believed.push(verified),
                Err(refused) => return Registration::Refused(refused),
            }
        }
        let mut beyond = Vec::new();
        for query in request.dcql_query.credentials() {
            let about: Vec<&RegistrationCertificate> = shown
                .iter()
                .zip(&believed)
                .filter(|(info, _)| info.is_about(&query.id))
                .map(|(_, verified)| verified.certificate())
                .collect();
            let claims = match over_asked(query, &about) {
                None => continue,
                Some(OverAsked::Credential) => None,
                Some(OverAsked::Claims(claims)) => Some(claims),
            };
            beyond.push(OverAskedCredential {
                query: query.id.clone(),
                claims,
            });
        }
        let Some(first) = believed.first() else {
            return Registration::NotShown;
        };
        let certificate = first.certificate();
        // What one certificate covers must not be asked for in the name or for the purpose of another.
        let is_another = |one: &VerifiedRegistration| {
            one.certificate().sub != certificate.sub || one.anchor() != first.anchor()
        };
        if believed.iter().any(is_another) {
            return Registration::Refused(RegistrationRefused::NotTheVerifiers);
        }
        let is_of_all = |purpose: &str| {
            let mut all = believed.iter();
            all.all(|one| one.certificate().purpose.iter().any(|text| text.value == purpose))
        };
        let purpose = languages.choose(&certificate.purpose, |text| Some(text.lang.as_str()));
        Registration::Registered(Box::new(RegisteredUse {
            name: certificate.name.clone(),
            subject: certificate.sub.clone(),
            purposes: certificate
                .purpose
                .iter()
                .filter(|text| is_of_all(&text.value))
                .map(|text| text.value.clone())
                .collect(),
            purpose: purpose.map(|text| text.value.clone()),
            registrar: first.anchor().subject_common_name().map(str::to_owned),
            over_asked: beyond,
        }))
    }
}

impl Wallet {
    /// What the trust list itself says of who asks, by the organisation in the certificate that signed the request.
    fn accreditation(&self, verified: &VerifiedRequest, languages: &Languages) -> Registration {
        let ClientProof::Certificate {
            certificate: access, ..
        } = verified.proof()
        else {
            return Registration::NotShown;
        };
        let organization = access.subject_organization_identifier();
        let mut parties = self.policy.relying_parties.accredited.iter();
        let Some(party) = parties.find(|party| organization == Some(party.identifier.as_str())) else {
            return Registration::NotShown;
        };
        let credentials: Vec<RegisteredCredential> = party
            .credentials
            .iter()
            .flat_map(accredited_credentials)
            .collect();
        let mut over_asked = Vec::new();
        for query in verified.request().dcql_query.credentials() {
            let claims = match over_asked_of(query, &credentials) {
                None => continue,
                Some(OverAsked::Credential) => None,
                Some(OverAsked::Claims(claims)) => Some(claims),
            };
            over_asked.push(OverAskedCredential {
                query: query.id.clone(),
                claims,
            });
        }
        let purpose = languages.choose(&party.purposes, |text| Some(text.lang.as_str()));
        Registration::Registered(Box::new(RegisteredUse {
            name: party.name.clone(),
            subject: party.identifier.clone(),
            purpose: purpose.map(|text| text.value.clone()),
            purposes: party.purposes.iter().map(|text| text.value.clone()).collect(),
            registrar: None,
            over_asked,
        }))
    }
}

/// An entry of the trust list as queries are compared with it. An mdoc query is for one document type, so each makes one.
fn accredited_credentials(entry: &AccreditedCredential) -> Vec<RegisteredCredential> {
    let claim: Vec<RegisteredClaim> = entry
        .claims
        .iter()
        .map(|path| RegisteredClaim { path: path.clone() })
        .collect();
    let registered = |meta| RegisteredCredential {
        format: entry.format.name().to_owned(),
        meta,
        claim: claim.clone(),
    };
    match entry.format {
        AnchoredFormat::SdJwtVc => vec![registered(json!({ "vct_values": entry.types }))],
        AnchoredFormat::Mdoc => {
            let types = entry.types.iter();
            types
                .map(|doc_type| registered(json!({ "doctype_value": doc_type })))
                .collect()
        }
        AnchoredFormat::LdpVc | AnchoredFormat::JwtVc => {
            let types: Vec<[&String; 1]> = entry.types.iter().map(|one| [one]).collect();
            vec![registered(json!({ "type_values": types }))]
        }
        // No query asks for them.
        AnchoredFormat::CoseVc | AnchoredFormat::Claim169 => Vec::new(),
    }
}

impl Wallet {
    /// Where the verifier can be reached afterwards: by what a registrar has written down that is believed, and by the addresses in its
    /// certificate. Of whom nothing is proven there is nothing.
    pub(super) fn contact(&self, verified: &VerifiedRequest, now: UnixTime) -> Option<Box<VerifierContact>> {
        let ClientProof::Certificate {
            certificate: access, ..
        } = verified.proof()
        else {
            return None;
        };
        let anchors = &self.policy.relying_parties.registrars;
        let crypto = self.ports.crypto.as_ref();
        let infos = verified.request().verifier_info.iter();
        let registration = infos
            .filter(|info| info.format == REGISTRATION_CERTIFICATE_FORMAT && !anchors.is_empty())
            .filter_map(|info| info.data.as_str())
            .find_map(|text| RegistrationCertificate::verify(text, anchors, access, now, crypto).ok());
        let mut contact = VerifierContact {
            support: access.san_uris().to_vec(),
            ..VerifierContact::default()
        };
        if let Some(registration) = &registration {
            let certificate = registration.certificate();
            let authority = certificate.supervisory_authority.as_ref();
            contact.name = Some(certificate.name.clone());
            contact.subject = Some(certificate.sub.clone());
            contact.country = authority
                .and_then(|authority| authority.country.clone())
                .or_else(|| Some(certificate.country.clone()));
            contact.purposes = certificate
                .purpose
                .iter()
                .map(|purpose| RegisteredPurpose {
                    language: purpose.lang.clone(),
                    text: purpose.value.clone(),
                })
                .collect();
            // What the registrar says comes first.
            contact
                .support
                .splice(0..0, certificate.support_uri.iter().cloned());
            contact.supervisory_authority = authority
                .into_iter()
                .flat_map(|authority| authority.contacts())
                .cloned()
                .collect();
        }
        (contact != VerifierContact::default()).then(|| Box::new(contact))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_stranger_stay_on_their_line_and_turn_nothing_around() {
        let shown = own_words("Bank\u{202e}knaB\u{2028}registered\u{2067}\n as a \u{2069}bank");
        assert_eq!(shown.as_deref(), Some("BankknaBregistered as a bank"));
        assert_eq!(own_words("بنك\u{200f}!").as_deref(), Some("بنك\u{200f}!"));
        assert_eq!(own_words("\u{202e} \u{2069}"), None);
        let long = own_words(&"a".repeat(300)).unwrap();
        assert_eq!(long.chars().count(), MAX_CLAIMED_CHARACTERS);
    }
}
