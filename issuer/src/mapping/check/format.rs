//! What each format asks of a configuration.

use std::collections::BTreeMap;

use serde_json::Value;
use symbolon_credential::mdoc::{DocType, ElementIdentifier, NameSpace};
use symbolon_credential::sd_jwt::Decoys;
use symbolon_credential::w3c::BASE_CONTEXT_V2;
use symbolon_crypto::SignatureAlgorithm;
use symbolon_schemas::CONTEXTS;

use super::refuse;
use crate::mapping::MappingFileError;
use crate::mapping::file::{ClaimEntry, CredentialFile, FormatName, IssuedCryptosuite, JwtAlgorithm};
use crate::mapping::target::{Target, W3cTarget};
use crate::mapping::transform::{Disclosure, Transform};
use crate::vcalm::VcalmPolicy;

/// Reads the keys of the file's format, and refuses those of others: a key that is not looked at would be taken for one that
/// works.
pub(super) fn target(file: &CredentialFile) -> Result<Target, MappingFileError> {
    let keys: [(&str, bool, &[FormatName]); 9] = [
        ("type-path", file.type_path.is_some(), &[FormatName::SdJwtVc]),
        ("decoys", file.decoys.is_some(), &[FormatName::SdJwtVc]),
        ("doctype", file.doctype.is_some(), &[FormatName::MsoMdoc]),
        (
            "device-elements",
            file.device_elements.is_some(),
            &[FormatName::MsoMdoc],
        ),
        ("types", file.types.is_some(), &W3C),
        ("context", file.context.is_some(), &W3C),
        ("vcalm", file.vcalm != VcalmPolicy::Refuse, &W3C),
        ("cryptosuite", file.cryptosuite.is_some(), &[FormatName::LdpVc]),
        (
            "signing-algorithm",
            file.signing_algorithm.is_some(),
            &[FormatName::JwtVcJson],
        ),
    ];
    for (key, is_there, formats) in keys {
        if is_there && !formats.contains(&file.format) {
            return refuse(key, "is a key of another format");
        }
    }
    Ok(match file.format {
        FormatName::SdJwtVc => {
            let Some(type_path) = file.type_path.clone() else {
                return refuse("type-path", "is missing");
            };
            check_type_path(&type_path)?;
            Target::SdJwtVc {
                type_path,
                decoys: decoys(file.decoys)?,
            }
        }
        FormatName::MsoMdoc => {
            let Some(doctype) = &file.doctype else {
                return refuse("doctype", "is missing");
            };
            match DocType::parse(doctype) {
                Ok(doc_type) => Target::MsoMdoc {
                    doc_type,
                    device_elements: device_elements(file)?,
                },
                Err(_) => return refuse("doctype", "must be 1 to 256 printable characters"),
            }
        }
        FormatName::LdpVc => {
            let Some(cryptosuite) = file.cryptosuite else {
                return refuse("cryptosuite", "is missing");
            };
            Target::LdpVc {
                w3c: w3c(file)?,
                cryptosuite,
            }
        }
        FormatName::JwtVcJson => Target::JwtVcJson {
            w3c: w3c(file)?,
            algorithm: match file.signing_algorithm {
                None | Some(JwtAlgorithm::Es256) => SignatureAlgorithm::Es256,
                Some(JwtAlgorithm::EdDsa) => SignatureAlgorithm::EdDsa,
            },
        },
    })
}

/// What the format asks of one claim.
pub(super) fn check_claim(key: &str, claim: &ClaimEntry, target: &Target) -> Result<(), MappingFileError> {
    if claim.transform == Transform::DateCompact {
        return refuse(format!("{key}.transform"), "is for cards alone");
    }
    match target {
        Target::SdJwtVc { .. } => check_sd_jwt_vc_claim(key, claim),
        Target::MsoMdoc { .. } => check_element(key, claim),
        Target::LdpVc { cryptosuite, .. } => {
            check_w3c_claim(key, claim)?;
            match cryptosuite {
                IssuedCryptosuite::EcdsaSd2023 => Ok(()),
                _ => check_always(key, claim),
            }
        }
        Target::JwtVcJson { .. } => {
            check_w3c_claim(key, claim)?;
            check_always(key, claim)
        }
    }
}

/// In a context a name means one thing: where two claims share the last part of their paths, or one's last part is another's
/// way, their values must be of one kind.
pub(super) fn check_terms(file: &CredentialFile, target: &Target) -> Result<(), MappingFileError> {
    let (Target::LdpVc { w3c, .. } | Target::JwtVcJson { w3c, .. }) = target else {
        return Ok(());
    };
    let mut terms: BTreeMap<&str, Option<&str>> = BTreeMap::new();
    for (at, claim) in file.claims.iter().enumerate() {
        let last = claim.path.len().saturating_sub(1);
        for (place, part) in claim.path.iter().enumerate() {
            let datatype = claim.transform.datatype().filter(|_| place == last);
            let one_kind = *terms.entry(part).or_insert(datatype) == datatype;
            if !one_kind || w3c.types.contains(part) {
                return refuse(
                    format!("claims[{at}].path"),
                    "has a part that names something else elsewhere",
                );
            }
        }
    }
    Ok(())
}

fn decoys(count: Option<usize>) -> Result<Decoys, MappingFileError> {
    match count {
        None | Some(0) => Ok(Decoys::None),
        Some(count) if count <= MAX_DECOYS => Ok(Decoys::PerObject(count)),
        Some(_) => refuse("decoys", "must be between 0 and 32"),
    }
}

fn device_elements(file: &CredentialFile) -> Result<Vec<(NameSpace, ElementIdentifier)>, MappingFileError> {
    let named = file.device_elements.as_deref().unwrap_or_default();
    if named.len() > MAX_DEVICE_ELEMENTS {
        return refuse("device-elements", "must have at most 16 entries");
    }
    let mut elements = Vec::with_capacity(named.len());
    for (at, (name_space, element)) in named.iter().enumerate() {
        let key = format!("device-elements[{at}]");
        // What the issuer signs itself is not the device's to say.
        let is_signed = |claim: &ClaimEntry| claim.path.first() == Some(name_space);
        if file.claims.iter().any(is_signed) {
            return refuse(key, "is in a namespace of the claims, which the issuer signs");
        }
        match (NameSpace::parse(name_space), ElementIdentifier::parse(element)) {
            (Ok(name_space), Ok(element)) => elements.push((name_space, element)),
            _ => return refuse(key, "must be a namespace and an element of it"),
        }
    }
    Ok(elements)
}

fn check_type_path(path: &str) -> Result<(), MappingFileError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let mut parts = path.split('/');
    let rest_is_plain = |parts: std::str::Split<'_, char>| {
        let mut count = 0;
        for part in parts {
            count += 1;
            if part.is_empty() || part == "." || part == ".." || !part.bytes().all(plain) {
                return 0;
            }
        }
        count
    };
    if parts.next() != Some("types") || rest_is_plain(parts) != 1 || path.len() > 128 {
        return refuse(
            "type-path",
            "must be types/ and a name of letters, digits, dots, underscores and hyphens",
        );
    }
    Ok(())
}

fn w3c(file: &CredentialFile) -> Result<W3cTarget, MappingFileError> {
    let types = match &file.types {
        Some(types) if (1..=MAX_TYPES).contains(&types.len()) => types.clone(),
        Some(_) => return refuse("types", "must have 1 to 8 entries"),
        None => return refuse("types", "is missing"),
    };
    for (at, name) in types.iter().enumerate() {
        if !is_term(name) {
            return refuse(format!("types[{at}]"), TERM);
        }
        if is_reserved_term(name) || types.iter().take(at).any(|earlier| earlier == name) {
            return refuse(format!("types[{at}]"), "is a term of VCDM 2.0, or there twice");
        }
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    match &file.context {
        Some(context) if (1..=64).contains(&context.len()) && context.bytes().all(plain) => Ok(W3cTarget {
            types,
            context: context.clone(),
        }),
        Some(_) => refuse(
            "context",
            "must be 1 to 64 letters, digits, underscores and hyphens",
        ),
        None => refuse("context", "is missing"),
    }
}

fn check_sd_jwt_vc_claim(key: &str, claim: &ClaimEntry) -> Result<(), MappingFileError> {
    // RFC 9901 §4.2.1 reserves these at every level.
    if claim
        .path
        .iter()
        .any(|part| matches!(part.as_str(), "_sd" | "..." | "_sd_alg"))
    {
        return refuse(
            format!("{key}.path"),
            "_sd, _sd_alg and ... are reserved by SD-JWT",
        );
    }
    if claim
        .path
        .first()
        .is_some_and(|first| RESERVED_CLAIMS.contains(&first.as_str()))
    {
        return refuse(format!("{key}.path"), "names a claim that the issuer itself sets");
    }
    check_no_bytes(key, claim)
}

fn check_element(key: &str, claim: &ClaimEntry) -> Result<(), MappingFileError> {
    let [name_space, element] = claim.path.as_slice() else {
        return refuse(format!("{key}.path"), "must be a namespace and an element of it");
    };
    if NameSpace::parse(name_space).is_err() || ElementIdentifier::parse(element).is_err() {
        return refuse(format!("{key}.path"), "must be a namespace and an element of it");
    }
    if claim.disclosure != Disclosure::Selectable {
        return refuse(
            format!("{key}.disclosure"),
            "the holder of an mdoc can withhold every element: must be selectable",
        );
    }
    if matches!(claim.transform, Transform::PictureDataUri { .. }) {
        return refuse(
            format!("{key}.transform"),
            "an mdoc holds pictures as picture-jpeg",
        );
    }
    Ok(())
}

fn check_w3c_claim(key: &str, claim: &ClaimEntry) -> Result<(), MappingFileError> {
    for part in &claim.path {
        if !is_term(part) {
            return refuse(format!("{key}.path"), TERM);
        }
        if is_reserved_term(part) {
            return refuse(format!("{key}.path"), "names a term of VCDM 2.0");
        }
    }
    if claim.transform == Transform::DrivingPrivileges {
        return refuse(format!("{key}.transform"), "is for mso_mdoc and dc+sd-jwt alone");
    }
    check_no_bytes(key, claim)
}

fn check_always(key: &str, claim: &ClaimEntry) -> Result<(), MappingFileError> {
    match claim.disclosure {
        Disclosure::Always => Ok(()),
        Disclosure::Selectable => refuse(
            format!("{key}.disclosure"),
            "such a credential is shown whole: must be always",
        ),
    }
}

fn check_no_bytes(key: &str, claim: &ClaimEntry) -> Result<(), MappingFileError> {
    match claim.transform {
        Transform::PictureJpeg { .. } => refuse(
            format!("{key}.transform"),
            "JSON holds pictures as picture-data-uri",
        ),
        _ => Ok(()),
    }
}

/// A name that is a term, and the end of an IRI, without further thought.
fn is_term(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Whether the base context gives the name a meaning, which no other context may change.
fn is_reserved_term(name: &str) -> bool {
    let base = CONTEXTS.iter().find(|context| context.url == BASE_CONTEXT_V2);
    let base: Option<Value> = base.and_then(|context| serde_json::from_str(context.document).ok());
    let terms = base.as_ref().and_then(|base| base.get("@context"));
    // Without the context nothing could be issued anyway.
    terms.is_none_or(|terms| terms.get(name).is_some())
}

/// Claims that SD-JWT VC §3.2.2.2 gives a meaning of their own.
const RESERVED_CLAIMS: [&str; 12] = [
    "iss",
    "sub",
    "aud",
    "iat",
    "nbf",
    "exp",
    "jti",
    "cnf",
    "vct",
    "vct#integrity",
    "aka_vcts",
    "status",
];
const W3C: [FormatName; 2] = [FormatName::LdpVc, FormatName::JwtVcJson];
const TERM: &str = "must be a letter and then letters, digits and underscores";
/// A few hide how many claims there are; each costs the holder a digest in every presentation.
const MAX_DECOYS: usize = 32;
const MAX_DEVICE_ELEMENTS: usize = 16;
const MAX_TYPES: usize = 8;
