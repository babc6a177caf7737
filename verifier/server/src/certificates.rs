//! The certificates of relying parties: their own, by which wallets know them, and those that say what they are registered to ask
//! for.

use std::collections::BTreeMap;
use std::sync::Arc;

use symbolon_crypto::x509::Certificate;
use symbolon_protocol::openid4vp::client_id::ClientIdKind;
use symbolon_protocol::openid4vp::profile::PresentationProfile;
use symbolon_protocol::openid4vp::registration_certificate::{
    REGISTRATION_CERTIFICATE_FORMAT, RegistrationCertificate,
};
use symbolon_protocol::openid4vp::verifier_info::VerifierInfo;
use symbolon_verifier::haip;
use symbolon_verifier::name::RelyingPartyName;
use symbolon_verifier::relying_party::CertificateChoice;
use symbolon_verifier::store::RequestRecord;
use thiserror::Error;
use url::Url;

use crate::configuration::VerifierConfiguration;
use crate::identities::Identities;
use crate::quota::Quota;
use crate::relying_party::OpenedRelyingParty;
use crate::server::StartError;
use crate::state::{Dependencies, RequestSigner, State};

/// Takes up the certificates of relying parties: those that sign their requests, and those that say what they are registered for.
pub(crate) fn certify(
    parties: BTreeMap<RelyingPartyName, Arc<OpenedRelyingParty>>,
    configuration: &VerifierConfiguration,
    dependencies: &Dependencies,
) -> Result<BTreeMap<RelyingPartyName, Arc<OpenedRelyingParty>>, StartError> {
    let mut certified = BTreeMap::new();
    for (name, party) in parties {
        let of_party = |problem| StartError::Certificate {
            name: name.clone(),
            problem,
        };
        let signer = match party.document.certificate {
            CertificateChoice::Verifier => None,
            CertificateChoice::Own => {
                let signer = dependencies.relying_party_signers.get(&name);
                let signer = signer.ok_or_else(|| of_party(CertificateProblem::Missing))?;
                let leaf = signer.chain.first();
                let leaf = leaf.ok_or_else(|| of_party(CertificateProblem::Missing))?;
                if !names_origin(leaf, configuration) {
                    return Err(of_party(CertificateProblem::OtherName));
                }
                if configuration.profile == PresentationProfile::Haip {
                    haip::check_chain(&signer.chain)?;
                }
                Some((Identities::of(configuration, leaf)?, signer.clone()))
            }
        };
        let access = signer.as_ref().map_or(&dependencies.signer, |(_, signer)| signer);
        let access = access.chain.first().ok_or(StartError::NoCertificate)?;
        let registration = match dependencies.registration_certificates.get(&name) {
            None => None,
            Some(text) => {
                let read = RegistrationCertificate::read_unverified(text.trim());
                let read = read.map_err(|_| of_party(CertificateProblem::Registration))?;
                if access.subject_organization_identifier() != Some(read.asks_as()) {
                    return Err(of_party(CertificateProblem::RegistrationOfAnother));
                }
                Some(VerifierInfo {
                    format: REGISTRATION_CERTIFICATE_FORMAT.to_owned(),
                    data: text.trim().into(),
                    credential_ids: None,
                })
            }
        };
        let opened = OpenedRelyingParty {
            name: party.name.clone(),
            document: party.document.clone(),
            quota: Quota::default(),
            signer,
            registration,
        };
        certified.insert(name, Arc::new(opened));
    }
    Ok(certified)
}

/// Whether wallets find the verifier's address in a certificate, to which all answers go.
pub(crate) fn names_origin(leaf: &Certificate, configuration: &VerifierConfiguration) -> bool {
    let identifier = configuration.identifier.url();
    let same_origin =
        |uri: &String| Url::parse(uri).is_ok_and(|uri| uri.origin() == identifier.url().origin());
    let same_host = |name: &String| name.eq_ignore_ascii_case(identifier.host());
    leaf.san_dns().iter().any(same_host) || leaf.san_uris().iter().any(same_origin)
}

/// Why the certificates of a relying party are not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CertificateProblem {
    /// It is to have its own, and has none.
    #[error("certificate = \"own\", and it has none: symbolon relying-party certificate makes one")]
    Missing,
    /// Wallets would refuse its requests.
    #[error("its certificate does not name the verifier's identifier, where its answers go")]
    OtherName,
    /// No registration certificate.
    #[error("registration_certificate is no registration certificate")]
    Registration,
    /// A registration certificate of another.
    #[error("registration_certificate is about another than the certificate that signs its requests")]
    RegistrationOfAnother,
}

impl State {
    /// Who signs the requests of a relying party that call the verifier so, and by which names. A DID, and what wallets have registered, are the
    /// verifier's.
    pub(crate) fn signer_of(
        &self,
        party: Option<&RelyingPartyName>,
        kind: ClientIdKind,
    ) -> (&Identities, &RequestSigner) {
        let own = party.and_then(|name| self.relying_parties.get(name)?.signer.as_ref());
        match (own, kind) {
            (Some((identities, signer)), ClientIdKind::X509Hash | ClientIdKind::X509SanDns) => {
                (identities, signer)
            }
            _ => (&self.identities, &self.dependencies.signer),
        }
    }

    /// What others attest about who asks. Only what is signed under a certificate can be held against it.
    pub(crate) fn verifier_info(&self, record: &RequestRecord) -> Vec<VerifierInfo> {
        let certified = matches!(
            record.choices.client_id_prefix,
            ClientIdKind::X509Hash | ClientIdKind::X509SanDns
        );
        let registration = self.party_of(record).and_then(|party| party.registration.clone());
        registration.filter(|_| certified).into_iter().collect()
    }
}
