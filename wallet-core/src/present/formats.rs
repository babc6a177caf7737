//! Which credentials a verifier can read ([OpenID4VP §11.1, appendix B]).
//!
//! [OpenID4VP §11.1, appendix B]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#appendix-B

use symbolon_credential::data_integrity::Cryptosuite;
use symbolon_crypto::SignatureAlgorithm;
use symbolon_crypto::x509::Certificate;
use symbolon_protocol::openid4vp::vp_formats::{DataIntegrityAlgorithms, VpFormats};

use super::selected::presentation_suite;
use crate::hold::Opened;

/// The type of every proof that names a cryptosuite.
const DATA_INTEGRITY_PROOF: &str = "DataIntegrityProof";

/// Whether the verifier reads the format of a credential, its issuer's algorithm, and the one that the `holder` signs with. A
/// format that it does not list it does not read.
pub(super) fn reads(formats: &VpFormats, opened: &Opened<'_>, holder: SignatureAlgorithm) -> bool {
    match opened {
        Opened::SdJwtVc(opened) => formats
            .sd_jwt_vc
            .as_ref()
            .is_some_and(|algorithms| algorithms.accept(opened.sd_jwt.issuer_jwt().header.algorithm, holder)),
        Opened::MsoMdoc(opened) => {
            let issuer = opened
                .issuer_signed
                .certificate_chain()
                .first()
                .and_then(|der| Certificate::parse(der).ok())
                .map(|certificate| certificate.public_key().algorithm());
            match (&formats.mso_mdoc, issuer) {
                (Some(algorithms), Some(issuer)) => {
                    algorithms.accept(issuer.cose_value(), holder.cose_value())
                }
                _ => false,
            }
        }
        Opened::LdpVc(opened) => formats.ldp_vc.as_ref().is_some_and(|algorithms| {
            reads_proof(algorithms, &opened.cryptosuite)
                && reads_proof(algorithms, presentation_suite(holder).name())
        }),
        Opened::JwtVcJson(opened) => formats.jwt_vc_json.as_ref().is_some_and(|algorithms| {
            algorithms.accept(opened.token.header().algorithm) && algorithms.accept(holder)
        }),
    }
}

fn reads_proof(algorithms: &DataIntegrityAlgorithms, name: &str) -> bool {
    if name == Cryptosuite::Ed25519Signature2020.name() {
        algorithms.accept(name, None)
    } else {
        algorithms.accept(DATA_INTEGRITY_PROOF, Some(name))
    }
}
