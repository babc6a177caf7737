//! What a configuration makes of its claims: one format, with what that format needs.

use symbolon_credential::claims_path::{ClaimsPath, PathPart};
use symbolon_credential::mdoc::{DocType, ElementIdentifier, NameSpace};
use symbolon_credential::sd_jwt::Decoys;
use symbolon_crypto::SignatureAlgorithm;

use super::CredentialConfiguration;
use super::file::{ClaimEntry, IssuedCryptosuite};

/// The format of a configuration's credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// `dc+sd-jwt`.
    SdJwtVc {
        /// Path of the credential type below the issuer identifier.
        type_path: String,
        /// Digests that stand for nothing.
        decoys: Decoys,
    },
    /// `mso_mdoc`.
    MsoMdoc {
        /// The document type.
        doc_type: DocType,
        /// The elements that the holder's device may sign of its own, such as the transactions that it authorises.
        device_elements: Vec<(NameSpace, ElementIdentifier)>,
    },
    /// `ldp_vc`.
    LdpVc {
        /// What it is.
        w3c: W3cTarget,
        /// How it is secured.
        cryptosuite: IssuedCryptosuite,
    },
    /// `jwt_vc_json`.
    JwtVcJson {
        /// What it is.
        w3c: W3cTarget,
        /// By what algorithm it is signed.
        algorithm: SignatureAlgorithm,
    },
}

/// What a W3C credential is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct W3cTarget {
    /// Its types beside `VerifiableCredential`.
    pub types: Vec<String>,
    /// The name of the issuer's context.
    pub context: String,
}

impl IssuedCryptosuite {
    /// Its name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::EddsaRdfc2022 => "eddsa-rdfc-2022",
            Self::EddsaJcs2022 => "eddsa-jcs-2022",
            Self::EcdsaRdfc2019 => "ecdsa-rdfc-2019",
            Self::EcdsaJcs2019 => "ecdsa-jcs-2019",
            Self::EcdsaSd2023 => "ecdsa-sd-2023",
        }
    }

    /// The algorithm of the key that signs.
    #[must_use]
    pub const fn algorithm(self) -> SignatureAlgorithm {
        match self {
            Self::EddsaRdfc2022 | Self::EddsaJcs2022 => SignatureAlgorithm::EdDsa,
            Self::EcdsaRdfc2019 | Self::EcdsaJcs2019 | Self::EcdsaSd2023 => SignatureAlgorithm::Es256,
        }
    }
}

impl CredentialConfiguration {
    /// The format, with what it needs.
    #[must_use]
    pub const fn target(&self) -> &Target {
        &self.target
    }

    /// What a W3C credential of this configuration is; `None` for the other formats.
    #[must_use]
    pub const fn w3c(&self) -> Option<&W3cTarget> {
        match &self.target {
            Target::LdpVc { w3c, .. } | Target::JwtVcJson { w3c, .. } => Some(w3c),
            Target::SdJwtVc { .. } | Target::MsoMdoc { .. } => None,
        }
    }

    /// Where a claim stands in the whole credential, as wallets and verifiers point at it. `None` for a path over the bounds
    /// of claims paths, which no checked configuration has.
    #[must_use]
    pub fn claims_path(&self, claim: &ClaimEntry) -> Option<ClaimsPath> {
        let subject = self.w3c().map(|_| CREDENTIAL_SUBJECT.to_owned());
        let parts = subject.into_iter().chain(claim.path.iter().cloned());
        ClaimsPath::new(parts.map(PathPart::Key).collect()).ok()
    }
}

/// The member of a W3C credential that holds the claims.
const CREDENTIAL_SUBJECT: &str = "credentialSubject";
