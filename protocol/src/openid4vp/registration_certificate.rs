//! Registration certificates of relying parties (WRPRC, [ETSI TS 119 475 §5.2]): what a registrar has written down that a relying party
//! may ask for, and for what purpose. They come in `verifier_info`.
//!
//! [ETSI TS 119 475 §5.2]: https://www.etsi.org/deliver/etsi_ts/119400_119499/119475/

use core::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use symbolon_credential::claims_path::{ClaimsPath, PathPart};
use symbolon_crypto::jose::jws::{self, CompactJws, PreparedJws};
use symbolon_crypto::x509::{Certificate, ChainError, ChainProfile, verify_chain};
use symbolon_crypto::{CryptoProvider, SignatureAlgorithm, UnixTime};
use thiserror::Error;

use super::request_object::CLOCK_TOLERANCE;
use crate::dcql::{CredentialQuery, DcqlQuery, Meta};

/// The `format` in `verifier_info` (ETSI TS 119 472-2).
pub const REGISTRATION_CERTIFICATE_FORMAT: &str = "registration_cert";

/// The `typ` of a registration certificate that is a JWT.
pub const REGISTRATION_CERTIFICATE_TYPE: &str = "rc-wrp+jwt";

/// The entitlement of those who ask for credentials to provide a service (ETSI TS 119 475, annex A.2).
pub const SERVICE_PROVIDER: &str = "https://uri.etsi.org/19475/Entitlement/Service_Provider";

/// The longest certificate that is read, in bytes.
pub const MAX_REGISTRATION_CERTIFICATE_BYTES: usize = 64 * 1024;

/// How long a certificate is good at most: twelve months (GEN-5.2.4-08).
pub const MAX_REGISTRATION_VALIDITY: Duration = Duration::from_secs(366 * 86_400);

const MAX_CREDENTIALS: usize = 64;
const MAX_LANGUAGES: usize = 64;
const MAX_CONTACTS: usize = 32;
const MAX_TEXT_BYTES: usize = 1_024;

/// What is written down of a relying party. Members beyond these are not looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistrationCertificate {
    /// The name that it trades under.
    pub name: String,
    /// Its identifier, the `organizationIdentifier` of its access certificate, such as `VATDE-123456789`.
    pub sub: String,
    /// Its country, ISO 3166-1.
    pub country: String,
    /// Where the registry answers.
    pub registry_uri: String,
    /// What it is entitled to; never empty.
    pub entitlements: Vec<String>,
    /// What it asks for credentials for, by language.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub purpose: Vec<LocalizedText>,
    /// What it may ask for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub credentials: Vec<RegisteredCredential>,
    /// Where it takes requests to erase data: web addresses, e-mail addresses, telephone numbers.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "one_or_many"
    )]
    pub support_uri: Vec<String>,
    /// The authority that watches over it. The first edition of the specification calls it `dpa`.
    #[serde(default, alias = "dpa", skip_serializing_if = "Option::is_none")]
    pub supervisory_authority: Option<SupervisoryAuthority>,
    /// Who asks in its name, where somebody does; the access certificate is then theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intermediary: Option<Intermediary>,
    /// When it was made.
    pub iat: UnixTime,
    /// Until when it is good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exp: Option<UnixTime>,
}

/// The authority that takes reports of a relying party.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupervisoryAuthority {
    /// Its country, ISO 3166-1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Its web addresses.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "one_or_many"
    )]
    pub uri: Vec<String>,
    /// Its e-mail addresses.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "one_or_many"
    )]
    pub email: Vec<String>,
    /// Its telephone numbers.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "one_or_many"
    )]
    pub phone: Vec<String>,
}

impl SupervisoryAuthority {
    /// Every way to reach it.
    pub fn contacts(&self) -> impl Iterator<Item = &String> {
        self.uri.iter().chain(&self.email).chain(&self.phone)
    }
}

/// The editions of the specification write a text or a list of them.
fn one_or_many<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::String(text) => Ok(vec![text]),
        list => serde_json::from_value(list).map_err(serde::de::Error::custom),
    }
}

/// A text in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalizedText {
    /// The language, BCP 47.
    pub lang: String,
    /// The text.
    pub value: String,
}

/// A credential that may be asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisteredCredential {
    /// Its format, by the name of DCQL.
    pub format: String,
    /// Its types, as in DCQL.
    pub meta: Value,
    /// The claims that may be asked for; every one without. The specification writes `claim` for the list.
    #[serde(default, alias = "claims", skip_serializing_if = "Vec::is_empty")]
    pub claim: Vec<RegisteredClaim>,
}

/// A claim that may be asked for, with all that is below it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisteredClaim {
    /// Where it stands.
    pub path: ClaimsPath,
}

/// Who asks in the name of a relying party.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intermediary {
    /// Its identifier, that of its access certificate.
    pub sub: String,
}

/// A certificate whose signature, time and owner were checked; only [`RegistrationCertificate::verify`] makes one.
#[derive(Debug, Clone)]
pub struct VerifiedRegistration {
    certificate: RegistrationCertificate,
    anchor: Certificate,
}

/// What is asked for beyond what is registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OverAsked {
    /// A credential of a type that is not registered.
    Credential,
    /// Claims that are not.
    Claims(Vec<ClaimsPath>),
}

/// Why a registration certificate is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RegistrationRefused {
    /// No JWT of this kind, or claims that break a rule of it.
    #[error("the registration certificate is malformed")]
    Malformed,
    /// Another kind of JWT.
    #[error("the registration certificate has not the type {REGISTRATION_CERTIFICATE_TYPE}")]
    WrongType,
    /// Its signer is under no anchor of registrars.
    #[error("the registration certificate is of no registrar that is trusted")]
    Chain(#[source] ChainError),
    /// The signature is wrong.
    #[error("the signature of the registration certificate is wrong")]
    Signature,
    /// It is over, from the future, or good for longer than a year.
    #[error("the registration certificate is not valid now")]
    Time,
    /// It is somebody else's: its subject is not who signed the request.
    #[error("the registration certificate is not the verifier's")]
    NotTheVerifiers,
}

impl RegistrationCertificate {
    /// Prepares a certificate, which the registrar then has signed by the key of the first certificate of `chain`.
    #[must_use]
    pub fn prepare(&self, chain: &[Certificate], algorithm: SignatureAlgorithm) -> PreparedJws {
        let mut header = Map::new();
        header.insert("typ".to_owned(), json!(REGISTRATION_CERTIFICATE_TYPE));
        // The claimed time of signing of a JAdES baseline signature (GEN-5.2.1-04).
        header.insert("iat".to_owned(), json!(self.iat));
        header.insert(
            "x5c".to_owned(),
            jws::x5c_value(chain.iter().map(Certificate::der)),
        );
        jws::prepare(algorithm, &header, json!(self).to_string().as_bytes())
    }

    /// Verifies a certificate: type, signature under an anchor of registrars, time, and that it is about whoever holds `access`, the
    /// certificate that signed the request (GEN-5.1.1-04).
    ///
    /// # Errors
    /// [`RegistrationRefused`].
    pub fn verify(
        text: &str,
        anchors: &[Certificate],
        access: &Certificate,
        now: UnixTime,
        crypto: &dyn CryptoProvider,
    ) -> Result<VerifiedRegistration, RegistrationRefused> {
        use RegistrationRefused as Refused;
        let jws =
            CompactJws::parse(text, MAX_REGISTRATION_CERTIFICATE_BYTES).map_err(|_| Refused::Malformed)?;
        jws.expect_type(REGISTRATION_CERTIFICATE_TYPE)
            .map_err(|_| Refused::WrongType)?;
        let ders = jws.header.x5c.as_ref().ok_or(Refused::Malformed)?;
        let chain: Vec<Certificate> = ders
            .iter()
            .map(|der| Certificate::parse(der))
            .collect::<Result<_, _>>()
            .map_err(|_| Refused::Malformed)?;
        let verified = verify_chain(&chain, anchors, ChainProfile::Registrar, now, crypto);
        let verified = verified.map_err(Refused::Chain)?;
        jws.verify(crypto, verified.leaf().public_key())
            .map_err(|_| Refused::Signature)?;
        let certificate: Self = jws.payload_json().map_err(|_| Refused::Malformed)?;
        certificate.check()?;
        if !certificate.is_current(now) {
            return Err(Refused::Time);
        }
        let owner = match &certificate.intermediary {
            Some(intermediary) => &intermediary.sub,
            None => &certificate.sub,
        };
        if access.subject_organization_identifier() != Some(owner.as_str()) {
            return Err(Refused::NotTheVerifiers);
        }
        Ok(VerifiedRegistration {
            certificate,
            anchor: verified.anchor().clone(),
        })
    }

    /// Reads a certificate without believing it, for whoever sends it.
    ///
    /// # Errors
    /// [`RegistrationRefused::Malformed`] and [`RegistrationRefused::WrongType`].
    pub fn read_unverified(text: &str) -> Result<Self, RegistrationRefused> {
        let malformed = |_| RegistrationRefused::Malformed;
        let jws = CompactJws::parse(text, MAX_REGISTRATION_CERTIFICATE_BYTES).map_err(malformed)?;
        jws.expect_type(REGISTRATION_CERTIFICATE_TYPE)
            .map_err(|_| RegistrationRefused::WrongType)?;
        let certificate: Self = jws.payload_json().map_err(|_| RegistrationRefused::Malformed)?;
        certificate.check()?;
        Ok(certificate)
    }

    /// Whose access certificate signs the requests: the relying party's own, or that of who asks in its name.
    #[must_use]
    pub fn asks_as(&self) -> &str {
        self.intermediary
            .as_ref()
            .map_or(&self.sub, |intermediary| &intermediary.sub)
    }

    fn check(&self) -> Result<(), RegistrationRefused> {
        let authority = self.supervisory_authority.iter();
        let contacts: Vec<&String> = self
            .support_uri
            .iter()
            .chain(authority.flat_map(SupervisoryAuthority::contacts))
            .collect();
        let texts = [&self.name, &self.sub, &self.country, &self.registry_uri];
        let texts = texts.into_iter().chain(contacts.iter().copied());
        let purposes = self.purpose.iter().flat_map(|text| [&text.lang, &text.value]);
        let sound = texts
            .chain(purposes)
            .all(|text| (1..=MAX_TEXT_BYTES).contains(&text.len()) && !text.chars().any(char::is_control))
            && is_semantic_identifier(&self.sub)
            && !self.entitlements.is_empty()
            && contacts.len() <= MAX_CONTACTS
            && self.purpose.len() <= MAX_LANGUAGES
            && self.credentials.len() <= MAX_CREDENTIALS;
        if sound
            && self
                .credentials
                .iter()
                .all(|credential| credential.query().is_some())
        {
            Ok(())
        } else {
            Err(RegistrationRefused::Malformed)
        }
    }

    fn is_current(&self, now: UnixTime) -> bool {
        let last = self.iat.plus(MAX_REGISTRATION_VALIDITY);
        let until = self.exp.unwrap_or(last);
        self.iat <= now.plus(CLOCK_TOLERANCE) && now <= until.plus(CLOCK_TOLERANCE) && until <= last
    }
}

impl VerifiedRegistration {
    /// What is written down.
    #[must_use]
    pub const fn certificate(&self) -> &RegistrationCertificate {
        &self.certificate
    }

    /// The anchor of the registrar.
    #[must_use]
    pub const fn anchor(&self) -> &Certificate {
        &self.anchor
    }
}

/// What a credential query asks for beyond all of these certificates together; `None` for nothing.
#[must_use]
pub fn over_asked(asked: &CredentialQuery, registered: &[&RegistrationCertificate]) -> Option<OverAsked> {
    over_asked_of(
        asked,
        registered.iter().flat_map(|certificate| &certificate.credentials),
    )
}

/// What a credential query asks for beyond all of these credentials together, wherever they are registered; `None` for nothing.
#[must_use]
pub fn over_asked_of<'r>(
    asked: &CredentialQuery,
    registered: impl IntoIterator<Item = &'r RegisteredCredential>,
) -> Option<OverAsked> {
    let of_type: Vec<CredentialQuery> = registered
        .into_iter()
        .filter_map(RegisteredCredential::query)
        .filter(|registered| covers_type(&registered.meta, &asked.meta))
        .collect();
    if of_type.is_empty() {
        return Some(OverAsked::Credential);
    }
    if of_type.iter().any(|registered| registered.claims.is_none()) {
        return None;
    }
    let is_registered = |path: &ClaimsPath| {
        let mut claims = of_type
            .iter()
            .flat_map(|registered| registered.claims.iter().flatten());
        claims.any(|claim| covers_path(&claim.path, path))
    };
    let claims = asked.claims.iter().flatten().map(|claim| &claim.path);
    let beyond: Vec<ClaimsPath> = claims.filter(|path| !is_registered(path)).cloned().collect();
    (!beyond.is_empty()).then_some(OverAsked::Claims(beyond))
}

impl RegisteredCredential {
    /// What a query asks for, to be registered.
    ///
    /// # Errors
    /// [`RegistrationRefused::Malformed`] never, as a query can be written.
    pub fn of_query(query: &CredentialQuery) -> Result<Self, RegistrationRefused> {
        let malformed = |_| RegistrationRefused::Malformed;
        let value = serde_json::to_value(query).map_err(malformed)?;
        serde_json::from_value(value).map_err(malformed)
    }

    /// The same as a query; `None` when it is none.
    fn query(&self) -> Option<CredentialQuery> {
        let mut query = json!({"id": "registered", "format": self.format, "meta": self.meta});
        if !self.claim.is_empty() {
            query
                .as_object_mut()?
                .insert("claims".to_owned(), json!(self.claim));
        }
        let query = json!({"credentials": [query]}).to_string();
        DcqlQuery::parse(query.as_bytes())
            .ok()?
            .credentials()
            .first()
            .cloned()
    }
}

/// Whether everything that `asked` may be answered with is of a registered type.
fn covers_type(registered: &Meta, asked: &Meta) -> bool {
    match (registered, asked) {
        (Meta::SdJwtVc { vct_values: known }, Meta::SdJwtVc { vct_values: asked }) => {
            asked.iter().all(|vct| known.contains(vct))
        }
        (
            Meta::W3c {
                format: known_format,
                type_values: known,
            },
            Meta::W3c { format, type_values },
        ) => {
            known_format == format
                && type_values.iter().all(|asked| {
                    let mut known = known.iter();
                    known.any(|types| types.iter().all(|one| asked.contains(one)))
                })
        }
        (Meta::AnyType { format }, asked) => *format == asked.format(),
        (known, asked) => known == asked,
    }
}

/// Whether a path is the registered one, or leads on from it.
#[must_use]
pub fn covers_path(registered: &ClaimsPath, asked: &ClaimsPath) -> bool {
    let (registered, asked) = (registered.parts(), asked.parts());
    registered.len() <= asked.len()
        && registered.iter().zip(asked).all(|pair| match pair {
            (PathPart::All, PathPart::Index(_)) => true,
            (one, other) => one == other,
        })
}

/// Three letters and a country, or two letters of a national scheme, a colon and a country; a hyphen and the identifier (ETSI EN
/// 319 412-1, 5.1.3 and 5.1.4).
fn is_semantic_identifier(text: &str) -> bool {
    let Some((prefix, identifier)) = text.split_once('-') else {
        return false;
    };
    let upper = |part: &str| part.bytes().all(|byte| byte.is_ascii_uppercase());
    let scheme = match prefix.split_once(':') {
        Some((scheme, country)) => scheme.len() == 2 && upper(scheme) && country.len() == 2 && upper(country),
        None => prefix.len() == 5 && upper(prefix),
    };
    scheme && !identifier.is_empty() && text.len() <= 64
}

#[cfg(test)]
mod tests;
