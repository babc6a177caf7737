//! The names of types and claims, by the issuer's metadata or by type metadata.

use symbolon_credential::claims_path::ClaimsPath;
use symbolon_credential::sd_jwt_vc::{
    ClaimMetadata, KnownTypeMetadata, TypeMetadata, TypeMetadataReference, TypeMetadataResolution,
    TypeRendering, VerifiableCredentialType, resolve_type_metadata,
};

use crate::language::Languages;
use crate::policy::WalletPolicy;
use crate::record::{ClaimDisplay, HeldContent, HeldCredential, LocalizedName};

/// Claim names of one credential, in the order in which they are to be shown.
pub(crate) struct ClaimNames {
    names: Vec<(ClaimsPath, Vec<LocalizedName>)>,
    /// How many parts of a path are the same for every claim and say nothing to a person: the namespace, the subject.
    framing_parts: usize,
}

impl ClaimNames {
    /// The names that the issuer gave with the credential; where it gave none, those of the type metadata that the policy
    /// carries, together with those of the types that it extends.
    pub(crate) fn of(credential: &HeldCredential, policy: &WalletPolicy) -> Self {
        let framing_parts = match credential.content {
            HeldContent::SdJwtVc { .. } => 0,
            HeldContent::MsoMdoc { .. } | HeldContent::LdpVc { .. } | HeldContent::JwtVcJson { .. } => 1,
        };
        let names = if credential.display.claims.is_empty() {
            let metadata = type_metadata(credential, policy);
            let claims = metadata.into_iter().flat_map(|metadata| metadata.claims);
            claims.map(from_type_metadata).collect()
        } else {
            credential.display.claims.iter().map(from_issuer).collect()
        };
        Self { names, framing_parts }
    }

    /// The place of a claim in the order, and its name; a claim without a name is called by its path.
    pub(crate) fn place_and_name(&self, path: &ClaimsPath, languages: &Languages) -> (usize, String) {
        let found = self
            .names
            .iter()
            .enumerate()
            .find(|(_, (pattern, _))| pattern.matches(path));
        let place = found.map_or(usize::MAX, |(place, _)| place);
        let name = found
            .and_then(|(_, (_, names))| languages.choose(names, |name| name.locale.as_deref()))
            .map_or_else(|| self.words(path), |name| name.name.clone());
        (place, name)
    }

    fn words(&self, path: &ClaimsPath) -> String {
        let own = path.parts().get(self.framing_parts..).unwrap_or_default();
        ClaimsPath::new(own.to_vec()).map_or_else(|_| path.to_string(), |own| own.to_string())
    }
}

/// A type as it is shown in one language.
pub(crate) struct ShownType {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) rendering: TypeRendering,
}

impl ShownType {
    /// How the credential's type is shown, by the type metadata that the policy carries.
    pub(crate) fn of(
        credential: &HeldCredential,
        policy: &WalletPolicy,
        languages: &Languages,
    ) -> Option<Self> {
        let metadata = type_metadata(credential, policy)?;
        let display = languages.choose(&metadata.display, |display| Some(display.locale.as_str()))?;
        Some(Self {
            name: display.name.clone(),
            description: display.description.clone(),
            rendering: display.rendering(),
        })
    }
}

/// The type metadata of an SD-JWT VC, if the policy carries those of its type and of every type that this one extends. Metadata
/// in error are not used, not even for display (draft-ietf-oauth-sd-jwt-vc §4.6).
fn type_metadata(credential: &HeldCredential, policy: &WalletPolicy) -> Option<TypeMetadata> {
    let HeldContent::SdJwtVc { .. } = credential.content else {
        return None;
    };
    metadata_of_type(&credential.credential_type, policy)
}

fn metadata_of_type(vct: &str, policy: &WalletPolicy) -> Option<TypeMetadata> {
    let reference = TypeMetadataReference {
        vct: VerifiableCredentialType::parse(vct).ok()?,
        integrity: None,
    };
    let known = |wanted: &TypeMetadataReference| {
        let document = policy.type_metadata.get(wanted.vct.as_str())?;
        Some(KnownTypeMetadata::Vouched(document))
    };
    match resolve_type_metadata(reference, known) {
        Ok(TypeMetadataResolution::Done(metadata)) => Some(metadata),
        Ok(TypeMetadataResolution::Wants(_)) | Err(_) => None,
    }
}

/// The types that the type of an SD-JWT VC extends, by the type metadata that the policy carries.
pub(crate) fn extended_types(credential: &HeldCredential, policy: &WalletPolicy) -> Vec<String> {
    let extended = type_metadata(credential, policy).map(|metadata| metadata.extended);
    let extended = extended.unwrap_or_default();
    extended.iter().map(|vct| vct.as_str().to_owned()).collect()
}

/// The types that extend one of these, by the type metadata that the policy carries, whether a credential of them is held or not.
pub(crate) fn types_extending(types: &[String], policy: &WalletPolicy) -> Vec<String> {
    let extends = |vct: &&String| {
        let extended = metadata_of_type(vct, policy).map(|metadata| metadata.extended);
        let mut extended = extended.iter().flatten();
        extended.any(|extended| types.iter().any(|one| one == extended.as_str()))
    };
    policy.type_metadata.keys().filter(extends).cloned().collect()
}

fn from_issuer(claim: &ClaimDisplay) -> (ClaimsPath, Vec<LocalizedName>) {
    (claim.path.clone(), claim.names.clone())
}

fn from_type_metadata(claim: ClaimMetadata) -> (ClaimsPath, Vec<LocalizedName>) {
    let names = claim.display.into_iter().map(|display| LocalizedName {
        locale: Some(display.locale),
        name: display.label,
    });
    (claim.path, names.collect())
}
