//! The rules of the credential's type (SD-JWT VC, section 6).

use symbolon_credential::sd_jwt_vc::{CredentialView, TypeMetadata};

use super::context::Context;
use super::judged::Judged;
use crate::evidence::TypeMetadataEvidence;
use crate::policy::TypeMetadataPolicy;
use crate::report::{Authentic, Check, CheckName, Reason};

pub(super) enum MetadataAnswer {
    /// The metadata are needed, unknown, and can be asked for.
    Wanted { vct: String },
    /// There is nothing left to do.
    Judged,
}

pub(super) fn judge_type_metadata(context: &Context<'_>, judged: &mut Judged<'_>) -> MetadataAnswer {
    let Some(credential) = &judged.credential else {
        return MetadataAnswer::Judged;
    };
    if context.policy.type_metadata == TypeMetadataPolicy::Ignored {
        return MetadataAnswer::Judged;
    }
    let vct = credential.vct().as_str();
    let evidence = context.evidence;
    let metadata = match (
        evidence.trust_list().type_metadata.get(vct),
        evidence.type_metadata(vct),
    ) {
        // The registry has signed this one; the credential's hash is over the document as it is served.
        (Some(listed), _) => TypeMetadata::from_value(listed.clone()).map_err(|_| Reason::Malformed),
        (None, Some(TypeMetadataEvidence::Document(document))) => match credential.type_integrity() {
            Ok(Some(integrity)) if !integrity.matches(document) => Err(Reason::WrongHash),
            Ok(_) => TypeMetadata::parse(document).map_err(|_| Reason::Malformed),
            Err(_) => Err(Reason::Malformed),
        },
        (None, None) if context.may_ask() => {
            return MetadataAnswer::Wanted { vct: vct.to_owned() };
        }
        (None, Some(TypeMetadataEvidence::Absent) | None) => Err(Reason::EvidenceAbsent),
    };
    let (state, check) = match metadata.map(|metadata| metadata.check(credential, CredentialView::Presented))
    {
        Ok(Ok(())) => (Authentic::Authentic, Check::passed(CheckName::TypeMetadata)),
        Ok(Err(_)) => (
            Authentic::NotAuthentic,
            Check::failed(CheckName::TypeMetadata, Reason::MetadataViolated),
        ),
        Err(reason @ Reason::EvidenceAbsent) => {
            (Authentic::Unknown, Check::absent(CheckName::TypeMetadata, reason))
        }
        Err(reason) => (Authentic::Unknown, Check::failed(CheckName::TypeMetadata, reason)),
    };
    judged.authentic.state = state;
    judged.authentic.checks.push(check);
    MetadataAnswer::Judged
}
