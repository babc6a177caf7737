//! One credential of one format: from mapped claims to what a key has to sign, and on to the credential.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use symbolon_credential::claims_path::{ClaimsPath, PathPart};
use symbolon_credential::data_integrity::ecdsa_sd_2023::{BaseProof, JsonPointer, PreparedBaseProof};
use symbolon_credential::data_integrity::{
    Cryptosuite, JsonLd, JsonLdBudget, PreparedProof, ProofOptions, ProofPurpose, prepare,
};
use symbolon_credential::mdoc::{
    DigestAlgorithm, DigestIds, DocType, ElementIdentifier, ElementValue, KeyAuthorizations, MdocToIssue,
    MdocValidity, NameSpace, PreparedMdoc,
};
use symbolon_credential::sd_jwt::{Decoys, PreparedSdJwt};
use symbolon_credential::sd_jwt_vc::CredentialToIssue;
use symbolon_credential::w3c::jose::prepare_credential;
use symbolon_credential::w3c::{CredentialDocument, IssuerDescription, LanguageText, VerifiableCredential};
use symbolon_crypto::jose::jws::PreparedJws;
use symbolon_crypto::signing::SignatureRequest;
use symbolon_crypto::{PublicKey, SignatureAlgorithm, UnixTime};
use symbolon_did::did_key;
use symbolon_protocol::openid4vci::credential::IssuedCredential;

use super::prepare::IssuanceMaterial;
use super::refusal::IssuanceFailure;
use crate::assertion::AssertionKey;
use crate::credential_record::CredentialKind;
use crate::index::StatusIndex;
use crate::mapping::{
    Copies, CredentialConfiguration, Disclosure, IssuanceTimes, IssuedCryptosuite, MappedClaim, MappedValue,
    Target, W3cTarget,
};
use crate::profile::PublishedType;

/// The elements of an mdoc by namespace.
type Elements = Vec<(NameSpace, Vec<(ElementIdentifier, ElementValue)>)>;

/// What all credentials of one request share: everything but the holder's key and the place of the status.
pub(super) struct Plan<'a> {
    material: &'a IssuanceMaterial<'a>,
    times: IssuanceTimes,
    content: Content<'a>,
}

enum Content<'a> {
    SdJwtVc {
        published: &'a PublishedType,
        claims: Map<String, Value>,
        selectable: Vec<ClaimsPath>,
        decoys: Decoys,
    },
    Mdoc {
        doc_type: &'a DocType,
        device_elements: &'a [(NameSpace, ElementIdentifier)],
        elements: Elements,
    },
    W3c {
        w3c: &'a W3cTarget,
        context: String,
        claims: Map<String, Value>,
        securing: Securing,
    },
}

/// How a W3C credential is secured.
pub(crate) enum Securing {
    Whole(Cryptosuite, SignatureAlgorithm),
    /// With pointers to what the holder cannot withhold.
    Selective(Vec<JsonPointer>),
    Jwt(SignatureAlgorithm),
}

impl Securing {
    /// How a target secures; selective disclosure begins without pointers. `None` for a format that is none of the W3C's.
    pub(crate) const fn of(target: &Target) -> Option<Self> {
        match target {
            Target::LdpVc { cryptosuite, .. } => {
                let suite = match cryptosuite {
                    IssuedCryptosuite::EddsaRdfc2022 => Cryptosuite::EddsaRdfc2022,
                    IssuedCryptosuite::EddsaJcs2022 => Cryptosuite::EddsaJcs2022,
                    IssuedCryptosuite::EcdsaRdfc2019 => Cryptosuite::EcdsaRdfc2019,
                    IssuedCryptosuite::EcdsaJcs2019 => Cryptosuite::EcdsaJcs2019,
                    IssuedCryptosuite::EcdsaSd2023 => return Some(Self::Selective(Vec::new())),
                };
                Some(Self::Whole(suite, cryptosuite.algorithm()))
            }
            Target::JwtVcJson { algorithm, .. } => Some(Self::Jwt(*algorithm)),
            Target::SdJwtVc { .. } | Target::MsoMdoc { .. } => None,
        }
    }
}

/// A credential that lacks its signature.
pub(crate) enum PreparedCredential {
    SdJwtVc(PreparedSdJwt),
    Mdoc(PreparedMdoc),
    Whole(Box<PreparedProof>),
    Selective(Box<PreparedBaseProof>),
    Jwt(PreparedJws),
}

/// The kind of credential that a configuration gives.
pub(crate) const fn kind(target: &Target) -> CredentialKind {
    match target {
        Target::SdJwtVc { .. } => CredentialKind::SdJwtVc,
        Target::MsoMdoc { .. } => CredentialKind::Mdoc,
        Target::LdpVc { .. } => CredentialKind::LdpVc,
        Target::JwtVcJson { .. } => CredentialKind::JwtVc,
    }
}

impl<'a> Plan<'a> {
    /// Brings mapped claims into the form of their format.
    pub(super) fn new(
        configuration: &'a CredentialConfiguration,
        mapped: Vec<MappedClaim>,
        times: IssuanceTimes,
        copies: Copies,
        material: &'a IssuanceMaterial<'a>,
    ) -> Result<Self, IssuanceFailure> {
        let content = match configuration.target() {
            Target::SdJwtVc { decoys, .. } => Content::SdJwtVc {
                published: material
                    .profile
                    .published_type(configuration.id())
                    .ok_or(IssuanceFailure::NotOfThisIssuer)?,
                selectable: selectable_paths(&mapped)?,
                claims: tree(mapped, MappedValue::to_json),
                decoys: *decoys,
            },
            Target::MsoMdoc {
                doc_type,
                device_elements,
            } => Content::Mdoc {
                doc_type,
                device_elements,
                elements: elements(&mapped)?,
            },
            target @ (Target::LdpVc { w3c, .. } | Target::JwtVcJson { w3c, .. }) => {
                let securing = match Securing::of(target) {
                    Some(Securing::Selective(_)) => Securing::Selective(mandatory_pointers(&mapped, copies)?),
                    Some(securing) => securing,
                    None => return Err(IssuanceFailure::NotOfThisIssuer),
                };
                w3c_content(configuration, w3c, mapped, securing, material)?
            }
        };
        Ok(Self {
            material,
            times,
            content,
        })
    }

    /// Prepares the credential for a holder's key and a place in a status list, if it has one, and says what is to be signed.
    pub(super) fn prepare(
        &self,
        key: PublicKey,
        place: Option<StatusIndex>,
    ) -> Result<(PreparedCredential, SignatureRequest), IssuanceFailure> {
        match &self.content {
            Content::SdJwtVc {
                published,
                claims,
                selectable,
                decoys,
            } => self.prepare_sd_jwt_vc(published, claims, selectable, *decoys, key, place),
            Content::Mdoc {
                doc_type,
                device_elements,
                elements,
            } => self.prepare_mdoc((doc_type, device_elements), elements, key, place),
            Content::W3c {
                w3c,
                context,
                claims,
                securing,
            } => {
                let signer = self.material.assertion_key(securing)?;
                let document = self.document(w3c, context, claims, signer, &key, place)?;
                self.material
                    .secure(document, securing, signer, self.times.issued_at)
            }
        }
    }

    fn prepare_sd_jwt_vc(
        &self,
        published: &PublishedType,
        claims: &Map<String, Value>,
        selectable: &[ClaimsPath],
        decoys: Decoys,
        key: PublicKey,
        place: Option<StatusIndex>,
    ) -> Result<(PreparedCredential, SignatureRequest), IssuanceFailure> {
        let profile = self.material.profile;
        let mut claims = claims.clone();
        claims.insert(
            "vct#integrity".to_owned(),
            Value::from(published.integrity.as_str()),
        );
        let credential = CredentialToIssue {
            vct: published.vct.clone(),
            issuer: Some(profile.identifier().as_str().to_owned()),
            issued_at: Some(self.times.issued_at),
            not_before: None,
            expires: Some(self.times.expires_at),
            status: place.map(|place| profile.status_reference(place)).transpose()?,
            holder: Some(key),
            claims,
            selectable: selectable.to_vec(),
            decoys,
        };
        let signer = self.material.signers.sd_jwt_vc();
        let prepared = credential.prepare_under(&signer.header, self.material.randomness)?;
        let request = prepared.request(signer.handle.clone());
        Ok((PreparedCredential::SdJwtVc(prepared), request))
    }

    fn prepare_mdoc(
        &self,
        (doc_type, device_elements): (&DocType, &[(NameSpace, ElementIdentifier)]),
        elements: &Elements,
        device_key: PublicKey,
        place: Option<StatusIndex>,
    ) -> Result<(PreparedCredential, SignatureRequest), IssuanceFailure> {
        let mdoc = MdocToIssue {
            doc_type: doc_type.clone(),
            elements: elements.clone(),
            validity: MdocValidity {
                signed: self.times.issued_at,
                valid_from: self.times.issued_at,
                valid_until: self.times.expires_at,
                expected_update: None,
            },
            status: place
                .map(|place| self.material.profile.status_reference(place))
                .transpose()?,
            device_key,
            key_authorizations: KeyAuthorizations::of_elements(device_elements.to_vec()),
            digest_algorithm: DigestAlgorithm::Sha256,
            digest_ids: DigestIds::Shuffled,
        };
        let signer = self.material.signers.mdoc().ok_or(IssuanceFailure::NoKey)?;
        let prepared = mdoc.prepare(&signer.header, self.material.randomness)?;
        let request = prepared.request(signer.handle.clone());
        Ok((PreparedCredential::Mdoc(prepared), request))
    }

    fn document(
        &self,
        w3c: &W3cTarget,
        context: &str,
        claims: &Map<String, Value>,
        signer: &AssertionKey,
        key: &PublicKey,
        place: Option<StatusIndex>,
    ) -> Result<VerifiableCredential, IssuanceFailure> {
        let profile = self.material.profile;
        let document = CredentialDocument {
            contexts: vec![context.to_owned()],
            types: w3c.types.clone(),
            // An identifier would let everybody who sees the credential recognise it.
            id: None,
            issuer: IssuerDescription {
                id: signer.did().clone(),
                name: vec![LanguageText {
                    value: profile.name().to_owned(),
                    language: None,
                    direction: None,
                }],
            },
            name: Vec::new(),
            description: Vec::new(),
            valid_from: Some(self.times.issued_at),
            valid_until: Some(self.times.expires_at),
            holder: Some(did_key(key)?),
            claims: claims.clone(),
            status: place.map_or_else(Vec::new, |place| profile.bitstring_entries(place)),
            schemas: Vec::new(),
            further: Map::new(),
        };
        Ok(document.build()?)
    }
}

impl<'a> IssuanceMaterial<'a> {
    /// The key that secures in this way.
    pub(crate) fn assertion_key(&self, securing: &Securing) -> Result<&'a AssertionKey, IssuanceFailure> {
        let algorithm = match securing {
            Securing::Whole(_, algorithm) | Securing::Jwt(algorithm) => *algorithm,
            Securing::Selective(_) => SignatureAlgorithm::Es256,
        };
        let keys = self.signers.assertion();
        keys.with_algorithm(algorithm).ok_or(IssuanceFailure::NoKey)
    }

    /// Prepares the proof or the token of a document, and says what is to be signed.
    pub(crate) fn secure(
        &self,
        document: VerifiableCredential,
        securing: &Securing,
        signer: &AssertionKey,
        issued_at: UnixTime,
    ) -> Result<(PreparedCredential, SignatureRequest), IssuanceFailure> {
        let json_ld = JsonLd {
            processor: self.json_ld,
            contexts: self.profile.context_table(),
            budget: JsonLdBudget::DEFAULT,
        };
        let handle = signer.handle().clone();
        // The time of the proof is that of the credential: a finer one would tell holders apart.
        let created = Some(issued_at);
        match securing {
            Securing::Jwt(algorithm) => {
                let prepared = prepare_credential(&document, *algorithm, signer.json_web_key(), &[])?;
                let request = prepared.request(handle);
                Ok((PreparedCredential::Jwt(prepared), request))
            }
            Securing::Whole(cryptosuite, _) => {
                let options = ProofOptions {
                    cryptosuite: *cryptosuite,
                    verification_method: signer.multikey().to_string(),
                    purpose: ProofPurpose::AssertionMethod,
                    created,
                    expires: None,
                    domain: None,
                    challenge: None,
                };
                let document = Value::Object(document.into_document());
                let prepared = prepare(&document, &options, signer.public_key(), &json_ld)?;
                let request = prepared.signature_request(handle);
                Ok((PreparedCredential::Whole(Box::new(prepared)), request))
            }
            Securing::Selective(mandatory) => {
                let document = Value::Object(document.into_document());
                let proof = BaseProof {
                    document: &document,
                    mandatory,
                    verification_method: &signer.multikey().to_string(),
                    created,
                    expires: None,
                };
                let prepared = proof.prepare(json_ld, self.crypto, self.randomness)?;
                let request = prepared.signature_request(handle);
                Ok((PreparedCredential::Selective(Box::new(prepared)), request))
            }
        }
    }
}

impl PreparedCredential {
    /// The credential as it goes into a credential response.
    pub(crate) fn finish(self, signature: &[u8]) -> Result<IssuedCredential, IssuanceFailure> {
        let document = |value| match value {
            Value::Object(members) => Ok(IssuedCredential::Object(members)),
            _ => Err(IssuanceFailure::NotAnObject),
        };
        match self {
            Self::SdJwtVc(prepared) => Ok(IssuedCredential::Text(prepared.finish(signature))),
            Self::Mdoc(prepared) => Ok(IssuedCredential::Text(prepared.finish_base64url(signature)?)),
            Self::Jwt(prepared) => Ok(IssuedCredential::Text(prepared.finish(signature))),
            Self::Whole(prepared) => document(prepared.finish(signature)),
            Self::Selective(prepared) => document(prepared.finish(signature)?),
        }
    }
}

fn w3c_content<'a>(
    configuration: &CredentialConfiguration,
    w3c: &'a W3cTarget,
    mapped: Vec<MappedClaim>,
    securing: Securing,
    material: &IssuanceMaterial<'_>,
) -> Result<Content<'a>, IssuanceFailure> {
    let issuer = material.profile.identifier().as_str();
    Ok(Content::W3c {
        w3c,
        context: configuration
            .context_url(issuer)
            .ok_or(IssuanceFailure::NotOfThisIssuer)?,
        claims: tree(mapped, MappedValue::to_json_ld),
        securing,
    })
}

/// What the holder of a credential can never withhold: who issued it, when it is valid, where its status is, to whom it was
/// issued, and the claims that are always disclosed.
fn mandatory_pointers(mapped: &[MappedClaim], copies: Copies) -> Result<Vec<JsonPointer>, IssuanceFailure> {
    let always = mapped
        .iter()
        .filter(|claim| claim.disclosure == Disclosure::Always)
        .map(|claim| format!("/credentialSubject/{}", claim.path.join("/")));
    let of_the_issuer = ["/issuer", "/validFrom", "/validUntil", "/credentialSubject/id"];
    let status = (copies == Copies::Lasting).then_some("/credentialStatus");
    of_the_issuer
        .into_iter()
        .chain(status)
        .map(str::to_owned)
        .chain(always)
        .map(|pointer| JsonPointer::parse(&pointer).map_err(|_| IssuanceFailure::ClaimPath))
        .collect()
}

/// The elements of each namespace, in the order of the configuration.
fn elements(mapped: &[MappedClaim]) -> Result<Elements, IssuanceFailure> {
    let mut all: Elements = Vec::new();
    for claim in mapped {
        let [name_space, element] = claim.path.as_slice() else {
            return Err(IssuanceFailure::ClaimPath);
        };
        let name_space = NameSpace::parse(name_space).map_err(|_| IssuanceFailure::ClaimPath)?;
        let element = ElementIdentifier::parse(element).map_err(|_| IssuanceFailure::ClaimPath)?;
        let value = (element, claim.value.to_element());
        match all.iter_mut().find(|(known, _)| *known == name_space) {
            Some((_, elements)) => elements.push(value),
            None => all.push((name_space, vec![value])),
        }
    }
    Ok(all)
}

/// The selectable claims, and the objects that hold nothing but selectable claims: a verifier that asks for an age is not even
/// shown that there is an address ([RFC 9901 §4.2.6], recursive disclosures).
///
/// [RFC 9901 §4.2.6]: https://www.rfc-editor.org/rfc/rfc9901.html#section-4.2.6
fn selectable_paths(mapped: &[MappedClaim]) -> Result<Vec<ClaimsPath>, IssuanceFailure> {
    let always = |prefix: &[String]| {
        mapped
            .iter()
            .any(|claim| claim.disclosure == Disclosure::Always && claim.path.starts_with(prefix))
    };
    let mut selectable: BTreeSet<&[String]> = BTreeSet::new();
    for claim in mapped
        .iter()
        .filter(|claim| claim.disclosure == Disclosure::Selectable)
    {
        let prefixes = (1..claim.path.len()).filter_map(|length| claim.path.get(..length));
        selectable.extend(prefixes.filter(|prefix| !always(prefix)));
        selectable.insert(&claim.path);
    }
    selectable
        .into_iter()
        .map(|path| {
            let parts = path.iter().map(|part| PathPart::Key(part.clone())).collect();
            ClaimsPath::new(parts).map_err(|_| IssuanceFailure::ClaimPath)
        })
        .collect()
}

/// The claims as nested objects. The configuration was checked: no path leads through another's value.
fn tree(mapped: Vec<MappedClaim>, write: impl Fn(&MappedValue) -> Value) -> Map<String, Value> {
    let mut root = Map::new();
    for claim in mapped {
        insert(&mut root, &claim.path, write(&claim.value));
    }
    root
}

fn insert(object: &mut Map<String, Value>, path: &[String], value: Value) {
    match path {
        [] => {}
        [name] => {
            object.insert(name.clone(), value);
        }
        [name, rest @ ..] => {
            let child = object
                .entry(name.clone())
                .or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(child) = child {
                insert(child, rest, value);
            }
        }
    }
}
