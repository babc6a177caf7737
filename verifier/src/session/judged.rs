//! What has been proven about a presentation, apart from its status.

use sha2::{Digest as _, Sha256};
use symbolon_credential::claim169::Cwt;
use symbolon_credential::sd_jwt_vc::SdJwtVc;
use symbolon_credential::status::CredentialStatus;
use symbolon_credential::w3c::{HolderBinding, StatusEntry};
use symbolon_credential::{Validity, ValidityRejected, Verified};
use symbolon_crypto::x509::SignerChain;
use symbolon_trust::trust_list::TrustedIssuer;

use super::authorities::Authorities;
use super::context::Context;
use crate::policy::{CLAIM_169_TYPE, FreshnessRule, FreshnessRules};
use crate::reliance::StatusPlace;
use crate::report::{
    Authentic, Axis, Check, CheckName, CredentialFormat, Holder, Issuer, Photo, Reason, Shown, Trusted,
    Warning,
};

/// The three axes that a presentation and a trust list decide by themselves, and what the fourth needs.
pub(super) struct Judged<'a> {
    pub(super) format: CredentialFormat,
    pub(super) credential_type: Option<String>,
    pub(super) type_iris: Vec<String>,
    pub(super) issuer: Option<Issuer>,
    pub(super) authentic: Axis<Authentic>,
    pub(super) trusted: Axis<Trusted>,
    pub(super) holder: Axis<Holder>,
    pub(super) status: StatusSource,
    pub(super) warnings: Vec<Warning>,
    pub(super) claims: serde_json::Map<String, serde_json::Value>,
    pub(super) photo: Option<Photo>,
    pub(super) authority_key_identifiers: Vec<Vec<u8>>,
    pub(super) holder_key: Option<String>,
    /// What a query is compared with beside the claims.
    pub(super) shown: Shown,
    /// What binds it, where the proof is that of the whole presentation and is still to be looked at.
    pub(super) binding: Option<HolderBinding>,
    /// The credential itself, for the rules of its type.
    pub(super) credential: Option<Box<Verified<SdJwtVc<'a>>>>,
    pub(super) type_metadata_judged: bool,
    /// The certificates of its signer, where it has some.
    pub(super) signer: Option<SignerChain>,
    pub(super) revocation_judged: bool,
    /// The claims of a card's code, for judging it together with the others.
    pub(super) card: Option<Box<Verified<Cwt>>>,
}

/// Where the status of a credential is kept.
pub(super) enum StatusSource {
    /// In a token status list, or nowhere.
    Token(CredentialStatus),
    /// In the entries of a W3C credential.
    Entries(Vec<StatusEntry>),
}

impl StatusSource {
    /// The places that say whether the credential is in force.
    pub(super) fn places(&self) -> Vec<StatusPlace> {
        match self {
            Self::Token(CredentialStatus::StatusList(reference)) => {
                vec![StatusPlace::of_reference(reference)]
            }
            Self::Token(CredentialStatus::NotTracked | CredentialStatus::OtherMechanism) => Vec::new(),
            Self::Entries(entries) => entries.iter().filter_map(StatusPlace::of_entry).collect(),
        }
    }
}

impl Judged<'_> {
    /// A presentation about which nothing has been proven yet.
    pub(super) fn nothing(format: CredentialFormat) -> Self {
        Self {
            format,
            credential_type: None,
            type_iris: Vec::new(),
            issuer: None,
            authentic: Axis {
                state: Authentic::NotAuthentic,
                checks: Vec::new(),
            },
            trusted: Axis {
                state: Trusted::NotTrusted,
                checks: Vec::new(),
            },
            holder: Axis {
                state: Holder::NotChecked,
                checks: Vec::new(),
            },
            status: StatusSource::Token(CredentialStatus::NotTracked),
            warnings: Vec::new(),
            claims: serde_json::Map::new(),
            photo: None,
            authority_key_identifiers: Vec::new(),
            holder_key: None,
            shown: Shown::default(),
            binding: None,
            credential: None,
            type_metadata_judged: false,
            signer: None,
            revocation_judged: false,
            card: None,
        }
    }

    /// Notes the authorities above the signer, for a query that accepts some only.
    pub(super) fn note(&mut self, authorities: Authorities) {
        self.authority_key_identifiers = authorities.key_identifiers;
        self.shown.trusted_lists = authorities.trusted_lists;
        self.signer = authorities.signer;
    }

    /// How old what is said of its status may be. A printed card has no type, and one rule for all.
    pub(super) fn freshness(&self, rules: &FreshnessRules) -> FreshnessRule {
        match self.format {
            CredentialFormat::Claim169 => rules.of_types([CLAIM_169_TYPE]),
            _ => {
                let types = self.credential_type.iter().chain(&self.type_iris);
                rules.of_types(types.map(String::as_str))
            }
        }
    }

    /// Whether the issuer is trusted and this is what it made.
    pub(super) fn is_believed(&self) -> bool {
        self.authentic.state == Authentic::Authentic && self.trusted.state == Trusted::Trusted
    }

    /// The presentation is broken, whoever issued it. Whether the issuer is trusted was not reached.
    pub(super) fn broken(mut self, name: CheckName, reason: Reason) -> Self {
        self.authentic.checks.push(Check::failed(name, reason));
        self.not_reached()
    }

    /// No trust list can be used: nothing can be told.
    pub(super) fn without_trust_list(mut self, check: Check) -> Self {
        self.trusted.checks.push(check);
        self.trusted.state = Trusted::Unknown;
        self.authentic
            .checks
            .push(Check::absent(CheckName::IssuerSignature, Reason::NotReached));
        self.authentic.state = Authentic::Unknown;
        self.holder
            .checks
            .push(Check::absent(CheckName::KeyBinding, Reason::NotReached));
        self
    }

    /// The issuer is not on the trust list. Its signature is not looked at: there is no key to believe.
    pub(super) fn not_listed(mut self) -> Self {
        self.trusted
            .checks
            .push(Check::failed(CheckName::IssuerListed, Reason::UnknownIssuer));
        self.authentic
            .checks
            .push(Check::absent(CheckName::IssuerSignature, Reason::NotReached));
        self.authentic.state = Authentic::Unknown;
        self.holder
            .checks
            .push(Check::absent(CheckName::KeyBinding, Reason::NotReached));
        self
    }

    /// A check of the issuer's making failed.
    pub(super) fn not_authentic(mut self, name: CheckName, reason: Reason) -> Self {
        self.authentic.checks.push(Check::failed(name, reason));
        self.authentic.state = Authentic::NotAuthentic;
        self.holder
            .checks
            .push(Check::absent(CheckName::KeyBinding, Reason::NotReached));
        self
    }

    /// Nobody here can tell whether the issuer made it.
    pub(super) fn not_known(mut self, name: CheckName, reason: Reason) -> Self {
        self.authentic.checks.push(Check::absent(name, reason));
        self.authentic.state = Authentic::Unknown;
        // Nor whether an issuer who may make it did.
        self.trusted.state = Trusted::Unknown;
        self.trusted.checks.push(Check::absent(
            CheckName::CredentialTypeAllowed,
            Reason::NotReached,
        ));
        self.holder
            .checks
            .push(Check::absent(CheckName::KeyBinding, Reason::NotReached));
        self
    }

    /// It is of a kind that is not verified here.
    pub(super) fn unsupported(mut self, name: CheckName) -> Self {
        self.trusted.state = Trusted::Unknown;
        self.trusted
            .checks
            .push(Check::absent(CheckName::IssuerListed, Reason::NotReached));
        self.not_known(name, Reason::Unsupported)
    }

    /// The same, of a credential that is gone: with nothing of it that could be asked later.
    pub(super) fn without_credential<'b>(self) -> Judged<'b> {
        Judged {
            format: self.format,
            credential_type: self.credential_type,
            type_iris: self.type_iris,
            issuer: self.issuer,
            authentic: self.authentic,
            trusted: self.trusted,
            holder: self.holder,
            status: self.status,
            warnings: self.warnings,
            claims: self.claims,
            photo: self.photo,
            authority_key_identifiers: self.authority_key_identifiers,
            holder_key: self.holder_key,
            shown: self.shown,
            binding: self.binding,
            credential: None,
            type_metadata_judged: true,
            signer: self.signer,
            revocation_judged: self.revocation_judged,
            card: self.card,
        }
    }

    /// A check of what the issuer signed failed, whoever holds it.
    pub(super) fn contradict(&mut self, name: CheckName, reason: Reason) {
        self.authentic.checks.push(Check::failed(name, reason));
        self.authentic.state = Authentic::NotAuthentic;
    }

    /// Whether now lies between `nbf` and `exp`. The last of the checks that make a credential authentic.
    pub(super) fn judge_period(&mut self, context: &Context<'_>, validity: &Validity) {
        self.shown.validity = *validity;
        let check = match validity.check(context.now, context.policy.clock_tolerance) {
            Ok(()) => {
                self.authentic.state = Authentic::Authentic;
                Check::passed(CheckName::ValidityPeriod)
            }
            Err(ValidityRejected::NotYetValid { .. }) => {
                Check::failed(CheckName::ValidityPeriod, Reason::NotYetValid)
            }
            Err(_) => Check::failed(CheckName::ValidityPeriod, Reason::Expired),
        };
        self.authentic.checks.push(check);
    }

    /// Whether the trust list lets the issuer make this type.
    pub(super) fn judge_permission(&mut self, issuer: &TrustedIssuer, permission: Permission) {
        self.issuer = Some(Issuer {
            identifier: issuer.identifier.as_str().to_owned(),
            name: issuer.name.clone(),
            source: issuer.source.clone(),
        });
        let check = match permission {
            Permission::Granted => {
                self.trusted.state = Trusted::Trusted;
                Check::passed(CheckName::CredentialTypeAllowed)
            }
            Permission::Withheld => Check::failed(CheckName::CredentialTypeAllowed, Reason::TypeNotAllowed),
        };
        self.trusted.checks.push(check);
    }

    fn not_reached(mut self) -> Self {
        self.trusted.state = Trusted::Unknown;
        self.trusted
            .checks
            .push(Check::absent(CheckName::IssuerListed, Reason::NotReached));
        self.holder
            .checks
            .push(Check::absent(CheckName::KeyBinding, Reason::NotReached));
        self
    }
}

/// What tells a credential from others, of what its issuer signed.
pub(super) fn digest(signed: &[u8]) -> Vec<u8> {
    Sha256::digest(signed).to_vec()
}

/// Whether the trust list lets an issuer make a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Permission {
    Granted,
    Withheld,
}

impl Permission {
    pub(super) const fn of(may_issue: bool) -> Self {
        if may_issue { Self::Granted } else { Self::Withheld }
    }
}
