//! The rules of the credential's type (SD-JWT VC, section 6).

use symbolon_credential::sd_jwt_vc::{
    CredentialView, KnownTypeMetadata, TypeMetadataError, TypeMetadataReference, TypeMetadataResolution,
    VerifiableCredentialType, resolve_type_metadata,
};

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
    let resolution = match TypeMetadataReference::of(credential) {
        Ok(reference) => {
            resolve_type_metadata(reference, |reference| known(context, reference)).map_err(reason_of)
        }
        Err(_) => Err(Reason::Malformed),
    };
    let metadata = match resolution {
        Ok(TypeMetadataResolution::Done(metadata)) => Ok(metadata),
        Ok(TypeMetadataResolution::Wants(reference)) => {
            let vct = reference.vct.as_str();
            if context.evidence.type_metadata(vct).is_none() && context.may_ask() {
                return MetadataAnswer::Wanted { vct: vct.to_owned() };
            }
            Err(Reason::EvidenceAbsent)
        }
        Err(reason) => Err(reason),
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

/// A document that is at hand: the one of the trust list, which the registry has signed, or one that was fetched.
fn known<'d>(context: &Context<'d>, reference: &TypeMetadataReference) -> Option<KnownTypeMetadata<'d>> {
    let vct = reference.vct.as_str();
    if let Some(listed) = context.evidence.trust_list().type_metadata.get(vct) {
        return Some(KnownTypeMetadata::Vouched(listed));
    }
    match context.evidence.type_metadata(vct)? {
        TypeMetadataEvidence::Document(document) => Some(KnownTypeMetadata::Served(document)),
        TypeMetadataEvidence::Absent => None,
    }
}

const fn reason_of(error: TypeMetadataError) -> Reason {
    match error {
        TypeMetadataError::Integrity => Reason::WrongHash,
        TypeMetadataError::OverBudget => Reason::OverBudget,
        _ => Reason::Malformed,
    }
}

/// The types that a type extends, as the registry has it. What a type's own publisher serves is not asked: whoever may issue one
/// type could call it an extension of another.
pub(super) fn extended_types(context: &Context<'_>, vct: &VerifiableCredentialType) -> Vec<String> {
    let reference = TypeMetadataReference {
        vct: vct.clone(),
        integrity: None,
    };
    let listed = |reference: &TypeMetadataReference| {
        let known = &context.evidence.trust_list().type_metadata;
        known.get(reference.vct.as_str()).map(KnownTypeMetadata::Vouched)
    };
    match resolve_type_metadata(reference, listed) {
        Ok(TypeMetadataResolution::Done(metadata)) => {
            let extended = metadata.extended.iter();
            extended.map(|vct| vct.as_str().to_owned()).collect()
        }
        Ok(TypeMetadataResolution::Wants(_)) | Err(_) => Vec::new(),
    }
}
