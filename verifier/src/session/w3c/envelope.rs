//! Credentials as JWTs and COSE messages (VC-JOSE-COSE, sections 3 and 4).

use symbolon_credential::claims_path::ElementPlaces;
use symbolon_credential::sd_jwt_vc::check_issuer_binding;
use symbolon_credential::w3c::cose::CoseCredential;
use symbolon_credential::w3c::jose::{IssuerKey, JwtCredential};
use symbolon_crypto::PublicKey;
use symbolon_crypto::jose::jws::JwsHeader;
use symbolon_crypto::x509::{Certificate, ChainProfile, verify_chain};
use symbolon_trust::trust_list::TrustedIssuer;

use super::{IssuerProof, Proven, Secured};
use crate::report::{CheckName, Reason};
use crate::session::authorities::Authorities;
use crate::session::context::Context;
use crate::session::found::Found;
use crate::session::issuer_keys::KeyAnswer;

pub(super) fn prove_jwt<'a>(
    context: &Context<'_>,
    issuer: &TrustedIssuer,
    token: Box<JwtCredential<'a>>,
    found: &mut Found,
) -> IssuerProof<'a> {
    let located = locate(context, issuer, &token.issuer_key(), Some(token.header()), found);
    let signer = match located {
        Ok(signer) => signer,
        Err(Unlocated::Wanted(want)) => {
            return IssuerProof::Waits {
                secured: Secured::Jwt(token),
                want,
            };
        }
        Err(Unlocated::Is(refused)) => return *refused,
    };
    let (validity, binding) = (*token.validity(), token.holder_binding().clone());
    match token.verify_issuer_signature(&signer.key, context.tools.crypto) {
        Ok(token) => signer.proven(Proven {
            credential: token.credential().clone(),
            validity,
            binding,
            element_places: ElementPlaces::AsIssued,
        }),
        Err(_) => signer.wrong_signature(),
    }
}

pub(super) fn prove_cose<'a>(
    context: &Context<'_>,
    issuer: &TrustedIssuer,
    message: Box<CoseCredential>,
    found: &mut Found,
) -> IssuerProof<'a> {
    let located = locate(context, issuer, &message.issuer_key(), None, found);
    let signer = match located {
        Ok(signer) => signer,
        Err(Unlocated::Wanted(want)) => {
            return IssuerProof::Waits {
                secured: Secured::Cose(message),
                want,
            };
        }
        Err(Unlocated::Is(refused)) => return *refused,
    };
    match message.verify_issuer_signature(&signer.key, context.tools.crypto) {
        Ok(message) => {
            let credential = message.credential().clone();
            signer.proven(Proven {
                validity: *credential.validity(),
                binding: credential.holder_binding(),
                element_places: ElementPlaces::AsIssued,
                credential,
            })
        }
        Err(_) => signer.wrong_signature(),
    }
}

/// The key that must have signed, and what was checked to find it.
struct Signer {
    key: PublicKey,
    passed: Vec<CheckName>,
    authorities: Authorities,
}

enum Unlocated {
    Wanted(crate::session::Want),
    Is(Box<IssuerProof<'static>>),
}

impl Signer {
    fn proven<'a>(mut self, proven: Proven) -> IssuerProof<'a> {
        self.passed.push(CheckName::IssuerSignature);
        IssuerProof::Proven {
            passed: self.passed,
            proven: Box::new(proven),
            authorities: self.authorities,
        }
    }

    fn wrong_signature<'a>(self) -> IssuerProof<'a> {
        IssuerProof::Refused {
            passed: self.passed,
            check: CheckName::IssuerSignature,
            reason: Reason::WrongSignature,
        }
    }
}

/// Finds the key that the header names, as one of the issuer's. `header` is that of a JWT.
fn locate(
    context: &Context<'_>,
    issuer: &TrustedIssuer,
    key: &IssuerKey<'_>,
    header: Option<&JwsHeader>,
    found: &mut Found,
) -> Result<Signer, Unlocated> {
    let answer = match key {
        IssuerKey::VerificationMethod(method) => context.assertion_key(issuer, method, found),
        IssuerKey::Metadata(_) => match header {
            Some(header) => context.published_key(issuer, header),
            // The metadata are those of JWTs.
            None => KeyAnswer::Unknown(Reason::Unsupported),
        },
        IssuerKey::Certificates(chain) => return certified(context, issuer, chain),
    };
    let unlocated = |proof| Unlocated::Is(Box::new(proof));
    match answer {
        KeyAnswer::Key(key) => Ok(Signer {
            key,
            passed: vec![CheckName::IssuerKey, CheckName::IssuerBinding],
            authorities: Authorities::default(),
        }),
        KeyAnswer::Wanted(want) => Err(Unlocated::Wanted(want)),
        KeyAnswer::Unknown(reason) => Err(unlocated(IssuerProof::Unknown {
            passed: Vec::new(),
            check: CheckName::IssuerKey,
            reason,
        })),
        KeyAnswer::Refused(reason) => Err(unlocated(IssuerProof::Refused {
            passed: Vec::new(),
            check: CheckName::IssuerKey,
            reason,
        })),
    }
}

fn certified(context: &Context<'_>, issuer: &TrustedIssuer, chain: &[Vec<u8>]) -> Result<Signer, Unlocated> {
    let refuse = |passed, check, reason| {
        Unlocated::Is(Box::new(IssuerProof::Refused {
            passed,
            check,
            reason,
        }))
    };
    let chain: Vec<Certificate> = chain
        .iter()
        .map(|der| Certificate::parse(der))
        .collect::<Result<_, _>>()
        .map_err(|_| refuse(Vec::new(), CheckName::IssuerCertificates, Reason::Malformed))?;
    let verified = verify_chain(
        &chain,
        &issuer.anchors,
        ChainProfile::CredentialSigner,
        context.now,
        context.tools.crypto,
    )
    .map_err(|_| refuse(Vec::new(), CheckName::IssuerCertificates, Reason::NoChainToAnchor))?;
    let leaf = verified.leaf();
    check_issuer_binding(issuer.identifier.as_str(), leaf.san_uris(), leaf.san_dns()).map_err(|_| {
        let passed = vec![CheckName::IssuerCertificates];
        refuse(passed, CheckName::IssuerBinding, Reason::SignerIsNotIssuer)
    })?;
    Ok(Signer {
        key: leaf.public_key().clone(),
        passed: vec![CheckName::IssuerCertificates, CheckName::IssuerBinding],
        authorities: Authorities::of(context, &verified, &chain),
    })
}
