//! Certificates and chains of many makes, and what becomes of each.

mod certificates;
mod chains;
mod issuing;
mod requests;
mod revocation;

use std::sync::Arc;

use x509_cert::der::asn1::{Ia5String, ObjectIdentifier, OctetString};
use x509_cert::der::flagset::FlagSet;
use x509_cert::der::{Decode as _, Encode as _};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::constraints::name::GeneralSubtree;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{BasicConstraints, KeyUsages, NameConstraints, SubjectAltName};
use x509_cert::name::Name;

use super::issue::{Template, Validity, common_name};
use super::*;
use crate::algorithm::SignatureAlgorithm;
use crate::key::SecretKey;
use crate::provider::RustCryptoProvider;
use crate::signing::{KeyDescription, KeyHandle, SoftwareKey};
use crate::testing::SeededRandomness;
use crate::time::UnixTime;

const NOT_BEFORE: UnixTime = UnixTime::from_seconds(1_700_000_000);
const NOW: UnixTime = UnixTime::from_seconds(1_750_000_000);
const NOT_AFTER: UnixTime = UnixTime::from_seconds(1_900_000_000);
const VALIDITY: Validity = Validity {
    not_before: NOT_BEFORE,
    not_after: NOT_AFTER,
};

/// Somebody with a key.
struct Party {
    key: SoftwareKey,
    randomness: SeededRandomness,
}

impl Party {
    fn new(seed: u64, algorithm: SignatureAlgorithm) -> Self {
        let randomness = SeededRandomness::new(seed);
        let secret = SecretKey::generate(algorithm, &randomness).unwrap();
        let key = SoftwareKey::new(
            KeyHandle::new(format!("key-{seed}")),
            secret,
            Arc::new(RustCryptoProvider),
        );
        Self { key, randomness }
    }

    fn p256(seed: u64) -> Self {
        Self::new(seed, SignatureAlgorithm::Es256)
    }

    fn description(&self) -> KeyDescription {
        KeyDescription {
            handle: self.key.handle().clone(),
            public_key: self.key.public_key().clone(),
        }
    }
}

/// A certificate that a test bends before it is signed.
struct Draft {
    subject: &'static str,
    validity: Validity,
    basic_constraints: BasicConstraints,
    key_usage: FlagSet<KeyUsages>,
    extensions: Vec<Extension>,
}

impl Draft {
    fn leaf(subject: &'static str) -> Self {
        Self {
            subject,
            validity: VALIDITY,
            basic_constraints: BasicConstraints {
                ca: false,
                path_len_constraint: None,
            },
            key_usage: KeyUsages::DigitalSignature.into(),
            extensions: Vec::new(),
        }
    }

    fn authority(subject: &'static str) -> Self {
        Self {
            basic_constraints: BasicConstraints {
                ca: true,
                path_len_constraint: None,
            },
            key_usage: KeyUsages::KeyCertSign.into(),
            ..Self::leaf(subject)
        }
    }

    fn valid(mut self, not_before: i64, not_after: i64) -> Self {
        self.validity = Validity {
            not_before: UnixTime::from_seconds(not_before),
            not_after: UnixTime::from_seconds(not_after),
        };
        self
    }

    fn path_length(mut self, length: u8) -> Self {
        self.basic_constraints.path_len_constraint = Some(length);
        self
    }

    fn with_key_usage(mut self, usage: impl Into<FlagSet<KeyUsages>>) -> Self {
        self.key_usage = usage.into();
        self
    }

    fn with(mut self, oid: &str, criticality: Criticality, value: Vec<u8>) -> Self {
        self.extensions.push(Extension {
            extn_id: ObjectIdentifier::new(oid).unwrap(),
            critical: matches!(criticality, Criticality::Critical),
            extn_value: OctetString::new(value).unwrap(),
        });
        self
    }

    fn named(self, names: Vec<GeneralName>) -> Self {
        self.with(
            "2.5.29.17",
            Criticality::Ordinary,
            SubjectAltName(names).to_der().unwrap(),
        )
    }

    fn constrained(self, permitted: Vec<GeneralName>, excluded: Vec<GeneralName>) -> Self {
        let subtrees = |names: Vec<GeneralName>| {
            let subtree = |base| GeneralSubtree {
                base,
                minimum: 0,
                maximum: None,
            };
            (!names.is_empty()).then(|| names.into_iter().map(subtree).collect())
        };
        let constraints = NameConstraints {
            permitted_subtrees: subtrees(permitted),
            excluded_subtrees: subtrees(excluded),
        };
        self.with("2.5.29.30", Criticality::Critical, constraints.to_der().unwrap())
    }

    fn for_purposes(self, purposes: &[&str]) -> Self {
        let purposes: Vec<_> = purposes
            .iter()
            .map(|oid| ObjectIdentifier::new(oid).unwrap())
            .collect();
        self.with("2.5.29.37", Criticality::Ordinary, purposes.to_der().unwrap())
    }

    fn self_signed(self, party: &Party) -> Certificate {
        let name = common_name(self.subject).unwrap();
        self.sign(name, party, party)
    }

    fn signed_by(self, issuer: &Certificate, issuer_party: &Party, party: &Party) -> Certificate {
        self.sign(
            Name::from_der(issuer.subject_name()).unwrap(),
            issuer_party,
            party,
        )
    }

    fn sign(self, issuer: Name, issuer_party: &Party, party: &Party) -> Certificate {
        let template = Template {
            issuer,
            issuer_key_identifier: None,
            subject: common_name(self.subject).unwrap(),
            public_key: party.key.public_key(),
            validity: self.validity,
            basic_constraints: self.basic_constraints,
            key_usage: self.key_usage,
            extensions: self.extensions,
        };
        let der = template
            .issue(
                &issuer_party.description(),
                &issuer_party.key,
                &issuer_party.randomness,
            )
            .unwrap();
        Certificate::parse(&der).unwrap()
    }
}

enum Criticality {
    Critical,
    Ordinary,
}

fn dns(name: &str) -> GeneralName {
    GeneralName::DnsName(Ia5String::new(name).unwrap())
}

fn uri(name: &str) -> GeneralName {
    GeneralName::UniformResourceIdentifier(Ia5String::new(name).unwrap())
}

fn verify(chain: &[Certificate], anchors: &[Certificate]) -> Result<VerifiedChain, ChainError> {
    verify_chain(
        chain,
        anchors,
        ChainProfile::CredentialSigner,
        NOW,
        &RustCryptoProvider,
    )
}
