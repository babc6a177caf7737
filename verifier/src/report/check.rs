//! Single checks: what was looked at, by which section of which specification, with what outcome.

use serde::{Deserialize, Serialize};
use symbolon_crypto::UnixTime;

use super::CredentialFormat;

/// One check of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What was checked.
    pub name: CheckName,
    /// The section that demands it.
    pub section: String,
    /// What came out.
    #[serde(flatten)]
    pub outcome: CheckOutcome,
    /// The time of the evidence it rests on, where that is not the presentation itself.
    pub evidence_from: Option<UnixTime>,
}

impl Check {
    /// A check that passed.
    pub(crate) fn passed(name: CheckName) -> Self {
        Self::new(name, CheckOutcome::Passed)
    }

    /// A check that failed.
    pub(crate) fn failed(name: CheckName, reason: Reason) -> Self {
        Self::new(name, CheckOutcome::Failed { reason })
    }

    /// A check for which there was no evidence.
    pub(crate) fn absent(name: CheckName, reason: Reason) -> Self {
        Self::new(name, CheckOutcome::Absent { reason })
    }

    /// The same check, made of a credential of that format, whose own specification demands it.
    pub(crate) fn of(mut self, format: CredentialFormat) -> Self {
        self.name.section_in(format).clone_into(&mut self.section);
        self
    }

    /// The same check, resting on evidence of that time.
    pub(crate) fn from(mut self, time: UnixTime) -> Self {
        self.evidence_from = Some(time);
        self
    }

    fn new(name: CheckName, outcome: CheckOutcome) -> Self {
        Self {
            name,
            section: name.section().to_owned(),
            outcome,
            evidence_from: None,
        }
    }
}

/// What came out of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum CheckOutcome {
    /// As it should be.
    Passed,
    /// Not as it should be.
    Failed {
        /// Why.
        reason: Reason,
    },
    /// Not checked, for want of evidence or of a request.
    Absent {
        /// What was missing.
        reason: Reason,
    },
}

macro_rules! check_names {
    ($($(#[$doc:meta])* $name:ident => $section:literal,)*) => {
        /// What a check looks at.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum CheckName { $($(#[$doc])* $name,)* }

        impl CheckName {
            /// The section that demands the check.
            #[must_use]
            pub fn section(self) -> &'static str {
                match self { $(Self::$name => $section,)* }
            }
        }
    };
}

check_names! {
    /// The issuer's certificates lead to one of its anchors.
    IssuerCertificates => "SD-JWT VC, section 3.5; RFC 5280, section 6",
    /// No certificate of the issuer's signer was taken back.
    CertificateRevocation => "RFC 5280, section 6.3",
    /// The issuer's key is known.
    IssuerKey => "MOSIP QR code 1.2.0; RFC 9052, section 3.1",
    /// The issuer named in the credential is the one that signed.
    IssuerBinding => "SD-JWT VC, section 3.5",
    /// The document follows the data model of its format.
    DataModel => "VC Data Model 2.0, section 4",
    /// The document type that the device states is the one that the issuer signed.
    DocumentType => "ISO/IEC 18013-5, section 9.3.1",
    /// The issuer's signature.
    IssuerSignature => "RFC 9901, section 7.1; RFC 9052, section 4.4",
    /// Every disclosure belongs to a signed digest, and nothing hides behind another.
    Disclosures => "RFC 9901, section 7.1",
    /// The time between `nbf` and `exp`.
    ValidityPeriod => "RFC 7519, sections 4.1.4 and 4.1.5; RFC 8392, sections 3.1.4 and 3.1.5",
    /// The type metadata agree with the credential.
    TypeMetadata => "SD-JWT VC, section 6",
    /// A trust list can be used.
    TrustList => "Symbolon trust list 1",
    /// The trust list names the issuer.
    IssuerListed => "Symbolon trust list 1",
    /// The trust list lets the issuer make this type.
    CredentialTypeAllowed => "Symbolon trust list 1",
    /// The offline pack can be used.
    OfflinePack => "Symbolon offline pack 1, section 7",
    /// The credential names a status list.
    StatusReference => "Token Status List, section 6",
    /// The status list is the issuer's.
    StatusListSignature => "Token Status List, section 8.3",
    /// The state of the credential.
    CredentialStatus => "Token Status List, sections 7.1 and 8.3",
    /// The holder's proof of possession, for this verifier and this request.
    KeyBinding => "RFC 9901, section 7.3; OpenID4VP, section 8.6",
    /// A photo to compare.
    Photo => "MOSIP QR code 1.2.0, key 62",
    /// An encrypted code opens with a key at hand.
    Decryption => "RFC 9052, section 5.2; MOSIP QR code 1.2.0",
    /// The codes that were shown together are of one card.
    CardCodes => "MOSIP QR code 1.2.0; RFC 8392, sections 3.1.1 and 3.1.2",
}

impl CheckName {
    /// The section that demands the check of a credential of that format.
    #[must_use]
    pub fn section_in(self, format: CredentialFormat) -> &'static str {
        use CredentialFormat::{Claim169, CoseVc, JwtVc, LdpVc, Mdoc, SdJwtVc};
        match (format, self) {
            (Mdoc, Self::IssuerCertificates) => "ISO/IEC 18013-5, section 9.3.3 and annex B",
            (Mdoc, Self::IssuerBinding) => "ISO/IEC 18013-5, section 9.3.1",
            (Mdoc, Self::IssuerSignature) => "ISO/IEC 18013-5, sections 9.1.2.4 and 9.3.1",
            (Mdoc, Self::Disclosures) => "ISO/IEC 18013-5, sections 9.1.2.5 and 9.3.1",
            (Mdoc, Self::ValidityPeriod) => "ISO/IEC 18013-5, sections 9.1.2.4 and 9.3.1",
            (Mdoc, Self::KeyBinding) => "ISO/IEC 18013-5, section 9.1.3; OpenID4VP, appendix B.2",
            (Mdoc, Self::Photo) => "ISO/IEC 18013-5, section 7.2.1",
            (LdpVc | JwtVc | CoseVc, Self::IssuerKey) => "Controlled Identifiers 1.0, sections 2.3 and 3.3",
            (LdpVc | JwtVc | CoseVc, Self::IssuerCertificates) => {
                "VC-JOSE-COSE, section 4; RFC 5280, section 6"
            }
            (LdpVc | JwtVc | CoseVc, Self::IssuerBinding) => "VC Data Model 2.0, section 4.7",
            (LdpVc, Self::IssuerSignature) => "VC Data Integrity 1.0, section 4.4",
            (JwtVc, Self::IssuerSignature) => "VC-JOSE-COSE, section 3.1",
            (CoseVc, Self::IssuerSignature) => "VC-JOSE-COSE, section 3.3",
            (LdpVc | JwtVc | CoseVc, Self::ValidityPeriod) => "VC Data Model 2.0, section 4.9",
            (LdpVc | JwtVc | CoseVc, Self::StatusReference) => {
                "VC Data Model 2.0, section 4.10; Bitstring Status List 1.0, section 2.1"
            }
            (LdpVc | JwtVc | CoseVc, Self::StatusListSignature | Self::CredentialStatus) => {
                "Bitstring Status List 1.0, section 3.2"
            }
            (LdpVc, Self::KeyBinding) => "VC Data Integrity 1.0, section 4.4; OpenID4VP, appendix B.1.3.2",
            (JwtVc | CoseVc, Self::KeyBinding) => "VC-JOSE-COSE, section 3.1.2; OpenID4VP, appendix B.1.3.1",
            (LdpVc | JwtVc | CoseVc, Self::Photo) => "VC Data Model 2.0, section 4.8",
            (SdJwtVc, Self::IssuerKey) => "SD-JWT VC, section 3.5",
            (SdJwtVc | Claim169 | Mdoc | LdpVc | JwtVc | CoseVc, _) => self.section(),
        }
    }
}

/// Why a check failed or was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// Depends on a check that did not pass.
    NotReached,
    /// The credential does not have what this check needs.
    Missing,
    /// It cannot be read.
    Malformed,
    /// The signature does not verify.
    WrongSignature,
    /// The certificates do not lead to an anchor.
    NoChainToAnchor,
    /// The authority took back a certificate of the signer.
    CertificateRevoked,
    /// The authority took back a certificate of whoever signed the status list.
    StatusSignerRevoked,
    /// The signer is not the issuer that the credential names.
    SignerIsNotIssuer,
    /// Of another kind: a token of one use presented for another.
    WrongType,
    /// Disclosures break a rule of their format.
    BrokenDisclosures,
    /// Its time is over.
    Expired,
    /// Its time has not come.
    NotYetValid,
    /// The trust list does not name the issuer.
    UnknownIssuer,
    /// The trust list does not let the issuer make this type.
    TypeNotAllowed,
    /// The metadata of the type forbid what is presented.
    MetadataViolated,
    /// No evidence could be had.
    EvidenceAbsent,
    /// The status list is none of those that the partial pack covers: another pack has it.
    NotCovered,
    /// The status list is in the pack, and its proof is of a kind that nothing here can verify.
    NotProvableHere,
    /// The evidence is older than policy or its signer allows.
    EvidenceTooOld,
    /// The evidence was offered and refused.
    EvidenceRefused,
    /// Another issuer's statement.
    EvidenceOfAnotherIssuer,
    /// The index lies behind the end of the list.
    IndexOutOfRange,
    /// The list has a value without a meaning here.
    UnknownStatusValue,
    /// Suspended.
    Suspended,
    /// Revoked.
    Revoked,
    /// The request that the proof answers is not known.
    RequestUnknown,
    /// The proof is missing.
    ProofMissing,
    /// The proof answers another request.
    WrongNonce,
    /// The proof is made for another verifier.
    WrongAudience,
    /// The proof is about another set of disclosures.
    WrongHash,
    /// The proof authorises a transaction that was not asked for.
    WrongTransaction,
    /// The proof was made too long ago or in the future.
    ProofTime,
    /// The request did not ask for one.
    NotAsked,
    /// The credential is bound to a key, and the presentation cannot prove it.
    NotBoundToKey,
    /// It is encrypted, and the key that it names is not at hand.
    KeyNotAtHand,
    /// It is encrypted, and the key that it names does not open it.
    DoesNotOpen,
    /// The codes are of different cards.
    OtherCard,
    /// The device states another document type than the issuer signed.
    WrongDocumentType,
    /// The issuer signed when the certificate of its signer was not valid.
    SignedOutsideCertificate,
    /// The key may not be used for this, or the proof says that it is for something else.
    WrongPurpose,
    /// A context that is neither the W3C's nor in the trust list: nobody here knows what the document says.
    UnknownContext,
    /// The document brings meaning of its own, or says things that its proof does not cover.
    NotCoveredByProof,
    /// Too large, or too much work.
    OverBudget,
    /// A kind of key, proof or envelope that is not supported here.
    Unsupported,
    /// The presentation names another holder than the one that made it.
    OtherHolder,
}
