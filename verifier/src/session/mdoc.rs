//! ISO mdoc: who signed it, whether they may, and which device authenticated it (ISO/IEC 18013-5, section 9).

use serde_json::Value;
use symbolon_credential::Verified;
use symbolon_credential::claims_path::{ClaimsPath, PathPart};
use symbolon_credential::mdoc::{DeviceAuthentication, Document, IssuerSigned, IssuerVerified, MdocRejected};
use symbolon_credential::w3c::HolderBinding;
use symbolon_crypto::x509::{Certificate, ChainProfile, VerifiedChain, verify_chain};
use symbolon_trust::trust_list::{AnchoredFormat, TrustedIssuer};
use symbolon_trust::validity::Validity;

use super::authorities::Authorities;
use super::context::Context;
use super::holder::Proof;
use super::judged::{Judged, Permission, StatusSource, digest};
use super::photo;
use crate::expected::Binding;
use crate::report::{Check, CheckName, CheckOutcome, CredentialFormat, Reason};

/// The namespace of mobile driving licences, whose issuing country is that of the document signer.
const LICENCE_NAME_SPACE: &str = "org.iso.18013.5.1";

/// The elements that hold a portrait: of the licence, and of documents that follow MOSIP's names.
const PORTRAITS: [&str; 4] = ["portrait", "picture", "photo", "face"];

/// Judges a document as a device presents it.
pub(super) fn judge_document<'a>(context: &Context<'_>, document: Document<'_>) -> Judged<'a> {
    let mdoc = document.issuer_signed();
    let (mut judged, issuer, chain) = match begin(context, mdoc) {
        Begun::Signed(judged, issuer, chain) => (judged, issuer, chain),
        Begun::Ended(judged) => return judged,
    };
    let document = match document.verify_issuer(&chain, context.tools.crypto) {
        Ok(document) => document,
        Err(rejected) => return refuse(judged, rejected),
    };
    judged
        .authentic
        .checks
        .push(Check::passed(CheckName::DocumentType));
    conclude(context, &mut judged, issuer, &chain, document.issuer_signed());
    let binding = HolderBinding::Key(document.issuer_signed().device_key().clone());
    context.judge_holder(&mut judged, &binding, |expected, _| {
        prove(context, document, expected)
    });
    judged
}

/// Judges an mdoc as its issuer made it: nobody proves that it is theirs.
pub(super) fn judge_issuer_signed<'a>(context: &Context<'_>, mdoc: IssuerSigned<'_>) -> Judged<'a> {
    let (mut judged, issuer, chain) = match begin(context, &mdoc) {
        Begun::Signed(judged, issuer, chain) => (judged, issuer, chain),
        Begun::Ended(judged) => return judged,
    };
    let mdoc: Verified<IssuerSigned<'_>> = match mdoc.verify(&chain, context.tools.crypto) {
        Ok(mdoc) => mdoc,
        Err(rejected) => return refuse(judged, rejected),
    };
    conclude(context, &mut judged, issuer, &chain, &mdoc);
    let binding = HolderBinding::Key(mdoc.device_key().clone());
    context.judge_holder(&mut judged, &binding, |_, _| Proof::Refuted(Reason::ProofMissing));
    judged
}

/// What is known before the issuer's signature is looked at.
enum Begun<'a, 't> {
    /// Who must have signed.
    Signed(Judged<'a>, &'t TrustedIssuer, Box<VerifiedChain>),
    /// Nobody who is trusted.
    Ended(Judged<'a>),
}

/// Finds the issuer and its document signer.
fn begin<'a, 't>(context: &Context<'t>, mdoc: &IssuerSigned<'_>) -> Begun<'a, 't> {
    let mut judged = Judged::nothing(CredentialFormat::Mdoc);
    judged.credential_type = Some(mdoc.doc_type().as_str().to_owned());
    judged.status = StatusSource::Token(mdoc.status().clone());
    let trust_list = context.trust_list_check();
    if trust_list.outcome != CheckOutcome::Passed {
        return Begun::Ended(judged.without_trust_list(trust_list));
    }
    judged.trusted.checks.push(trust_list);
    let chain: Result<Vec<Certificate>, _> = mdoc
        .certificate_chain()
        .iter()
        .map(|der| Certificate::parse(der))
        .collect();
    let Ok(chain) = chain else {
        return Begun::Ended(judged.broken(CheckName::IssuerCertificates, Reason::Malformed));
    };
    let (issuer, verified) = match signer(context, mdoc.doc_type().as_str(), &chain) {
        Signer::Of(issuer, verified) => (issuer, verified),
        Signer::NotListed => return Begun::Ended(judged.not_listed()),
        Signer::WithoutChain => {
            judged.trusted.checks.push(Check::passed(CheckName::IssuerListed));
            let ended = judged.not_authentic(CheckName::IssuerCertificates, Reason::NoChainToAnchor);
            return Begun::Ended(ended);
        }
    };
    if let Err(check) = context.judge_source(&mut judged, issuer) {
        return Begun::Ended(judged.without_trust_list(check));
    }
    judged.trusted.checks.push(Check::passed(CheckName::IssuerListed));
    judged
        .authentic
        .checks
        .push(Check::passed(CheckName::IssuerCertificates));
    Begun::Signed(judged, issuer, verified)
}

enum Signer<'t> {
    Of(&'t TrustedIssuer, Box<VerifiedChain>),
    /// No listed issuer has an authority of that name.
    NotListed,
    /// One has, and the certificates do not lead to it.
    WithoutChain,
}

/// An mdoc names no issuer: it is whose authority vouches for its signer. Where several share an authority, or several lists
/// have it, it is the one that may issue the document type, and of those one whose list can be used now.
fn signer<'t>(context: &Context<'t>, doc_type: &str, chain: &[Certificate]) -> Signer<'t> {
    let Some(last) = chain.last() else {
        return Signer::NotListed;
    };
    let is_named = |issuer: &&TrustedIssuer| {
        let mut anchors = issuer.anchors.iter();
        anchors.any(|anchor| anchor.subject_name() == last.issuer_name())
    };
    let trust_list = context.evidence.trust_list();
    let is_usable = |issuer: &TrustedIssuer| {
        let validity = trust_list.validity_of(issuer, context.now);
        matches!(validity, Validity::Current | Validity::InGrace { .. })
    };
    let mut named: Vec<&TrustedIssuer> = trust_list
        .issuers
        .iter()
        .filter(|issuer| issuer.vouches_for(AnchoredFormat::Mdoc))
        .filter(is_named)
        .collect();
    if named.is_empty() {
        return Signer::NotListed;
    }
    named.sort_by_key(|issuer| (!issuer.may_issue(doc_type), !is_usable(issuer)));
    let verified = named.into_iter().find_map(|issuer| {
        let verified = verify_chain(
            chain,
            &issuer.anchors,
            ChainProfile::DocumentSigner,
            context.now,
            context.tools.crypto,
        );
        Some((issuer, verified.ok()?))
    });
    match verified {
        Some((issuer, verified)) => Signer::Of(issuer, Box::new(verified)),
        None => Signer::WithoutChain,
    }
}

/// What follows from the issuer's signature.
fn conclude(
    context: &Context<'_>,
    judged: &mut Judged<'_>,
    issuer: &TrustedIssuer,
    chain: &VerifiedChain,
    mdoc: &IssuerSigned<'_>,
) {
    for passed in [CheckName::IssuerSignature, CheckName::Disclosures] {
        judged.authentic.checks.push(Check::passed(passed));
    }
    judged.judge_period(context, &mdoc.validity().into());
    judge_country(judged, chain, mdoc);
    judged.judge_permission(issuer, Permission::of(issuer.may_issue(mdoc.doc_type().as_str())));
    let certificates: Vec<Certificate> = mdoc
        .certificate_chain()
        .iter()
        .filter_map(|der| Certificate::parse(der).ok())
        .collect();
    judged.note(Authorities::of(context, chain, &certificates));
    // Every element may be withheld.
    let path = |name_space: &str, identifier: &str| {
        let parts = [name_space, identifier].map(|part| PathPart::Key(part.to_owned()));
        ClaimsPath::new(parts.to_vec()).ok()
    };
    let elements = mdoc.elements();
    judged.shown.disclosed = elements
        .map(|element| path(element.name_space(), element.identifier()))
        .collect();
    judged.shown.credential = digest(mdoc.mobile_security_object());
    judged.claims = mdoc.claims();
    judged.photo = mdoc
        .elements()
        .filter(|element| PORTRAITS.contains(&element.identifier()))
        .find_map(|element| photo::of_picture(element.bytes()?));
}

/// A signer of one country must not make licences of another (ISO/IEC 18013-5, section 9.3.1).
///
/// The elements that say the country are mandatory in an mDL, but its holder need not show them, and the standard has them
/// compared where they were retrieved: what was withheld cannot be read. Nothing can be claimed by withholding, since a report
/// names the authority that the certificates lead to, and shows no country beside it. Whoever needs the comparison asks for
/// `issuing_country`, as the queries of the suite do. A jurisdiction begins with its country (ISO 3166-2), so that one shown
/// alone is compared too.
fn judge_country(judged: &mut Judged<'_>, chain: &VerifiedChain, mdoc: &IssuerSigned<'_>) {
    let leaf = chain.leaf();
    let named = |identifier| {
        let element = mdoc.element(LICENCE_NAME_SPACE, identifier)?;
        Some(element.to_json())
    };
    let agrees = |element: &Value, certificate: Option<&str>| match (element, certificate) {
        (Value::String(element), Some(certificate)) => element == certificate,
        _ => false,
    };
    let (country, jurisdiction) = (named("issuing_country"), named("issuing_jurisdiction"));
    if country.is_none() && jurisdiction.is_none() {
        return;
    }
    let country_agrees = country.is_none_or(|country| agrees(&country, leaf.subject_country()));
    let jurisdiction_agrees = jurisdiction.is_none_or(|jurisdiction| {
        let country = jurisdiction.as_str().and_then(|text| text.split_once('-'));
        country.is_some_and(|(country, _)| leaf.subject_country() == Some(country))
            && (leaf.subject_state().is_none() || agrees(&jurisdiction, leaf.subject_state()))
    });
    if country_agrees && jurisdiction_agrees {
        judged
            .authentic
            .checks
            .push(Check::passed(CheckName::IssuerBinding));
    } else {
        judged.contradict(CheckName::IssuerBinding, Reason::SignerIsNotIssuer);
    }
}

fn prove(context: &Context<'_>, document: IssuerVerified<'_>, expected: &Binding) -> Proof {
    let Some(session) = &expected.session else {
        return Proof::NotChecked(Reason::RequestUnknown);
    };
    let accepted = match &session.reader_key {
        Some(reader_key) => DeviceAuthentication::SignatureOrMac { reader_key },
        None => DeviceAuthentication::SignatureOnly,
    };
    match document.verify_device(&session.transcript, accepted, context.tools.crypto) {
        Ok(document) => match expected.transactions.signed_by_device(document.device_elements()) {
            Some(transactions) => Proof::Proven {
                at: None,
                transactions,
            },
            None => Proof::Refuted(Reason::WrongTransaction),
        },
        // Only who holds the key of the session can check a MAC, or believe it.
        Err(MdocRejected::MacNotAccepted) => Proof::NotChecked(Reason::EvidenceAbsent),
        Err(MdocRejected::KeyNotAuthorized) => Proof::Refuted(Reason::WrongPurpose),
        Err(_) => Proof::Refuted(Reason::WrongSignature),
    }
}

fn refuse(judged: Judged<'_>, rejected: MdocRejected) -> Judged<'_> {
    let (name, reason) = match rejected {
        MdocRejected::DocTypeMismatch => (CheckName::DocumentType, Reason::WrongDocumentType),
        MdocRejected::DigestMissing | MdocRejected::DigestMismatch => {
            (CheckName::Disclosures, Reason::BrokenDisclosures)
        }
        MdocRejected::SignedOutsideCertificate => {
            (CheckName::IssuerSignature, Reason::SignedOutsideCertificate)
        }
        MdocRejected::NotADocumentSigner => (CheckName::IssuerCertificates, Reason::NoChainToAnchor),
        _ => (CheckName::IssuerSignature, Reason::WrongSignature),
    };
    judged.not_authentic(name, reason)
}
