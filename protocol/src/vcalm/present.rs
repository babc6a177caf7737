//! `/presentations` (VCALM, section Presenting): creating one (201), listing what is kept, showing and deleting one.

use serde::Serialize;
use serde_json::Value;
use symbolon_credential::data_integrity::{Cryptosuite, ProofPurpose};
use symbolon_credential::w3c::{DataModelVersion, NotConforming, VerifiablePresentation};
use symbolon_crypto::UnixTime;
use symbolon_did::DidUrl;

use super::problem::RequestRefused;
use super::request::{DOCUMENT_BUDGET, Members, Options};

/// The one type of proof that is made here.
const PROOF_TYPE: &str = "DataIntegrityProof";

/// A presentation that is to be signed.
#[derive(Debug, Clone, PartialEq)]
pub struct CreatePresentationRequest {
    /// The presentation, without a proof.
    pub presentation: VerifiablePresentation,
    /// How it is to be signed.
    pub options: PresentOptions,
}

/// The options of the request. Every one may be left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PresentOptions {
    /// The suite of the proof.
    pub cryptosuite: Option<Cryptosuite>,
    /// The key of the proof.
    pub verification_method: Option<DidUrl>,
    /// The time of the proof.
    pub created: Option<UnixTime>,
    /// What the verifier asked to be repeated. Without it nothing keeps the presentation from being shown again.
    pub challenge: Option<String>,
    /// The verifier it is for.
    pub domain: Option<String>,
}

impl CreatePresentationRequest {
    /// Reads the body of a request. The purpose of the proof is `authentication` and nothing else: the description's
    /// default, `assertionMethod`, would make the holder vouch for what the credentials say.
    ///
    /// # Errors
    /// [`RequestRefused`]; VCDM 1.1 is read elsewhere and never written.
    pub fn parse(body: &[u8]) -> Result<Self, RequestRefused> {
        let mut members = Members::parse(body)?;
        let document = members.take_object("presentation")?;
        let options = members.take_options()?;
        members.end()?;
        if document.contains_key("proof") {
            return Err(RequestRefused::AlreadySecured);
        }
        let options = read_options(options)?;
        let presentation = VerifiablePresentation::from_value(Value::Object(document), DOCUMENT_BUDGET)?;
        if presentation.version() != DataModelVersion::V2_0 {
            return Err(NotConforming::BaseContext.into());
        }
        Ok(Self {
            presentation,
            options,
        })
    }
}

fn read_options(mut options: Options) -> Result<PresentOptions, RequestRefused> {
    let refused = |option: &'static str| RequestRefused::Option { option };
    for (option, only) in [
        ("type", PROOF_TYPE),
        ("proofPurpose", ProofPurpose::Authentication.name()),
    ] {
        if options.take_text(option)?.is_some_and(|text| text != only) {
            return Err(refused(option));
        }
    }
    let cryptosuite = options
        .take_text("cryptosuite")?
        .map(|name| Cryptosuite::from_name(&name).ok_or(refused("cryptosuite")))
        .transpose()?;
    let verification_method = options
        .take_text("verificationMethod")?
        .map(|url| DidUrl::parse(&url).map_err(|_| refused("verificationMethod")))
        .transpose()?;
    let created = options
        .take_text("created")?
        .map(|time| UnixTime::parse_rfc3339(&time).map_err(|_| refused("created")))
        .transpose()?;
    let parsed = PresentOptions {
        cryptosuite,
        verification_method,
        created,
        challenge: options.take_text("challenge")?,
        domain: options.take_text("domain")?,
    };
    options.end()?;
    Ok(parsed)
}

/// The answer of `POST /presentations`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreatePresentationResponse {
    /// The presentation with its proof.
    pub verifiable_presentation: Value,
}

/// Which presentations `GET /presentations` lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListedPresentations {
    /// Those without a proof.
    Unsecured,
    /// Those with one.
    Secured,
    /// All.
    All,
}

impl ListedPresentations {
    /// Reads the query of the URL: `type`, once or several times; all without it.
    ///
    /// # Errors
    /// [`RequestRefused::UnknownMember`] for another parameter, [`RequestRefused::Member`] for a value that is none.
    pub fn parse(query: Option<&str>) -> Result<Self, RequestRefused> {
        let mut listed = None;
        for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            if name != "type" {
                return Err(RequestRefused::UnknownMember);
            }
            let one = match value.as_ref() {
                "presentations" => Self::Unsecured,
                "verifiablepresentations" => Self::Secured,
                "all" => Self::All,
                _ => return Err(RequestRefused::Member { member: "type" }),
            };
            listed = match listed {
                None => Some(one),
                Some(earlier) if earlier == one => Some(one),
                Some(_) => Some(Self::All),
            };
        }
        Ok(listed.unwrap_or(Self::All))
    }
}
