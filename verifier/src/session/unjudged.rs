//! A presentation taken apart into its credentials, and what becomes of each.

use symbolon_credential::claim169::{Claim169Error, LockedClaim169, ParsedClaim169};
use symbolon_credential::mdoc::{Document, IssuerSigned};
use symbolon_credential::sd_jwt::SdJwtParseError;
use symbolon_credential::sd_jwt_vc::{SdJwtVc, SdJwtVcError};
use symbolon_credential::w3c::cose::CoseCredentialError;
use symbolon_credential::w3c::jose::{JwtCredentialError, JwtPresentationError};
use symbolon_credential::w3c::{EnvelopeType, EnvelopedCredential, NotConforming, PresentedCredential};
use symbolon_credential::{Input, NotRecognised, Presented};
use symbolon_crypto::jose::jws::JwsError;

use super::Want;
use super::context::Context;
use super::found::Found;
use super::judged::Judged;
use super::presenter::Presenter;
use super::w3c::Secured;
use super::{claim169, mdoc, sd_jwt_vc, w3c};
use crate::report::{CheckName, CredentialFormat, Reason};

/// A credential that was not looked at yet.
pub(super) enum Unjudged<'a> {
    SdJwtVc(Box<SdJwtVc<'a>>),
    Document(Box<Document<'a>>),
    IssuerSigned(Box<IssuerSigned<'a>>),
    W3c(Secured<'a>),
    /// In its envelope, whose kind is supported or not.
    Envelope(EnvelopedCredential),
    Claim169(Box<ParsedClaim169>),
    LockedClaim169(Box<LockedClaim169>),
    /// It has the form of a format and breaks its rules.
    Broken {
        format: CredentialFormat,
        check: CheckName,
        reason: Reason,
    },
}

/// What became of a credential.
pub(super) enum Judgement<'a> {
    Made(Box<Judged<'a>>),
    /// A key of its issuer has to be asked for first.
    Waits {
        unjudged: Unjudged<'a>,
        want: Want,
    },
}

impl<'a> Unjudged<'a> {
    /// Judges everything that the credential and the trust list decide by themselves.
    pub(super) fn judge(self, context: &Context<'_>, found: &mut Found) -> Judgement<'a> {
        let judgement = match self {
            Self::SdJwtVc(credential) => sd_jwt_vc::judge(context, credential),
            Self::Document(document) => Judgement::made(mdoc::judge_document(context, *document)),
            Self::IssuerSigned(mdoc) => Judgement::made(mdoc::judge_issuer_signed(context, *mdoc)),
            Self::W3c(secured) => w3c::judge(context, secured, found),
            Self::Envelope(envelope) => judge_envelope(context, envelope, found),
            Self::Claim169(card) => Judgement::made(claim169::judge(context, *card)),
            Self::LockedClaim169(card) => Judgement::made(claim169::judge_locked(context, &card)),
            Self::Broken {
                format,
                check,
                reason,
            } => Judgement::made(Judged::nothing(format).broken(check, reason)),
        };
        match judgement {
            Judgement::Made(mut judged) => {
                judged.warnings.extend(context.warnings());
                Judgement::Made(judged)
            }
            waits @ Judgement::Waits { .. } => waits,
        }
    }
}

impl<'a> Judgement<'a> {
    pub(super) fn made(judged: Judged<'a>) -> Self {
        Self::Made(Box::new(judged))
    }
}

/// Takes an input apart.
pub(super) fn read<'a>(input: &'a Input<'_>) -> Result<(Vec<Unjudged<'a>>, Presenter<'a>), NotRecognised> {
    let one = |credential| (vec![credential], Presenter::Nobody);
    Ok(match input.read() {
        Ok(Presented::SdJwtVc(credential)) => one(Unjudged::SdJwtVc(credential)),
        Ok(Presented::DeviceResponse(response)) => {
            let documents = response.documents().iter().cloned();
            let documents = documents.map(|document| Unjudged::Document(Box::new(document)));
            (documents.collect(), Presenter::Nobody)
        }
        Ok(Presented::IssuerSigned(mdoc)) => one(Unjudged::IssuerSigned(mdoc)),
        Ok(Presented::Credential(credential)) => one(Unjudged::W3c(Secured::Embedded(credential))),
        Ok(Presented::JwtCredential(credential)) => one(Unjudged::W3c(Secured::Jwt(credential))),
        Ok(Presented::CoseCredential(credential)) => one(Unjudged::W3c(Secured::Cose(credential))),
        Ok(Presented::Envelope(envelope)) => one(Unjudged::Envelope(envelope)),
        Ok(Presented::Claim169(card)) => one(Unjudged::Claim169(card)),
        Ok(Presented::LockedClaim169(card)) => one(Unjudged::LockedClaim169(card)),
        Ok(Presented::Presentation(presentation)) => (
            presented(presentation.credentials()),
            Presenter::document(presentation),
        ),
        Ok(Presented::JwtPresentation(presentation)) => (
            presented(presentation.credentials()),
            Presenter::jwt(presentation),
        ),
        Err(error) => one(broken(error)?),
    })
}

fn presented<'a>(credentials: &[PresentedCredential]) -> Vec<Unjudged<'a>> {
    credentials
        .iter()
        .map(|credential| match credential {
            PresentedCredential::Embedded(credential) => Unjudged::W3c(Secured::Embedded(credential.clone())),
            PresentedCredential::Enveloped(envelope) => Unjudged::Envelope(envelope.clone()),
        })
        .collect()
}

/// Opens an envelope and judges what is in it.
fn judge_envelope<'a>(
    context: &Context<'_>,
    envelope: EnvelopedCredential,
    found: &mut Found,
) -> Judgement<'a> {
    let format = match envelope.kind() {
        EnvelopeType::VcJwt => CredentialFormat::JwtVc,
        EnvelopeType::VcCose => CredentialFormat::CoseVc,
        // A presentation of the W3C's cannot carry the key binding that an SD-JWT needs.
        _ => {
            let judged = Judged::nothing(CredentialFormat::SdJwtVc);
            return Judgement::made(judged.unsupported(CheckName::DataModel));
        }
    };
    let want = match Secured::open(&envelope) {
        Ok(secured) => match w3c::judge(context, secured, found) {
            Judgement::Made(judged) => return Judgement::made(judged.without_credential()),
            Judgement::Waits { want, .. } => want,
        },
        Err((check, reason)) => return Judgement::made(Judged::nothing(format).broken(check, reason)),
    };
    Judgement::Waits {
        unjudged: Unjudged::Envelope(envelope),
        want,
    }
}

/// What has the form of a format and breaks its rules is a report; what has the form of none is an error.
fn broken<'a>(error: NotRecognised) -> Result<Unjudged<'a>, NotRecognised> {
    let (format, (check, reason)) = match &error {
        NotRecognised::SdJwtVc(refused) if !is_some_other_text(refused) => {
            (CredentialFormat::SdJwtVc, sd_jwt_vc::reason_of(refused))
        }
        NotRecognised::W3c(refused) if *refused != NotConforming::NotJson => {
            (CredentialFormat::LdpVc, w3c::not_conforming(*refused))
        }
        NotRecognised::JwtCredential(refused)
            if !matches!(refused, JwtCredentialError::Jws(JwsError::OverBudget)) =>
        {
            (CredentialFormat::JwtVc, w3c::jwt_reason(*refused))
        }
        NotRecognised::JwtPresentation(refused)
            if !matches!(refused, JwtPresentationError::Jws(JwsError::OverBudget)) =>
        {
            (CredentialFormat::JwtVc, w3c::presentation_reason(*refused))
        }
        NotRecognised::CoseCredential(refused) if *refused != CoseCredentialError::OverBudget => {
            (CredentialFormat::CoseVc, w3c::cose_reason(*refused))
        }
        // Any capital letters are Base45; what does not even inflate is no card.
        NotRecognised::Claim169(refused)
            if !matches!(refused, Claim169Error::NotZlib | Claim169Error::OverBudget) =>
        {
            let judged = (CheckName::IssuerSignature, Reason::Malformed);
            (CredentialFormat::Claim169, judged)
        }
        _ => return Err(error),
    };
    Ok(Unjudged::Broken {
        format,
        check,
        reason,
    })
}

/// Whether a text has a tilde in it and is no credential for all that.
fn is_some_other_text(error: &SdJwtVcError) -> bool {
    matches!(
        error,
        SdJwtVcError::Parse(
            SdJwtParseError::NotAnSdJwt
                | SdJwtParseError::OverBudget
                | SdJwtParseError::IssuerJwt(JwsError::Malformed | JwsError::OverBudget)
        )
    )
}
