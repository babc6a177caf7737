//! Clients that a wallet provider attests ([OAuth 2.0 Attestation-Based Client Authentication], [OpenID4VCI appendix E]).
//!
//! Two JWTs come with a request, in header fields of their own. In the *attestation* the provider of the wallet says:
//! the holder of this key is a genuine instance of this client. In the *proof of possession* the instance shows, for
//! this server and now, that it holds the key.
//!
//! Drafts before the eighth wanted `iss` in both JWTs, and some peers still do. So it is written and never asked for.
//!
//! [OAuth 2.0 Attestation-Based Client Authentication]: https://datatracker.ietf.org/doc/draft-ietf-oauth-attestation-based-client-auth/
//! [OpenID4VCI appendix E]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#appendix-E

mod challenge;
mod create;
mod error;
mod verify;

use symbolon_crypto::SignatureAlgorithm;

pub use challenge::{AttestationChallenge, ChallengeResponse};
pub use create::{AttestationContents, AttesterName, prepare_attestation, prepare_proof_of_possession};
pub use error::AttestationError;
pub use verify::{AttestationExpectations, AttesterKey, TrustedAttesters, VerifiedClientAttestation, verify};

/// The header field of the attestation.
pub const ATTESTATION_HEADER: &str = "OAuth-Client-Attestation";

/// The header field of the proof of possession.
pub const PROOF_OF_POSSESSION_HEADER: &str = "OAuth-Client-Attestation-PoP";

/// The header field in which a server gives a challenge with another answer.
pub const CHALLENGE_HEADER: &str = "OAuth-Client-Attestation-Challenge";

/// The `typ` of an attestation.
pub const ATTESTATION_TYPE: &str = "oauth-client-attestation+jwt";

/// The `typ` of a proof of possession.
pub const PROOF_OF_POSSESSION_TYPE: &str = "oauth-client-attestation-pop+jwt";

/// The longest attestation that is read, in bytes: room for a certificate chain in its header.
pub const MAX_ATTESTATION_BYTES: usize = 16 * 1024;

/// The longest proof of possession that is read, in bytes.
pub const MAX_PROOF_OF_POSSESSION_BYTES: usize = 4 * 1024;

/// The longest challenge that is read, in bytes.
pub const MAX_CHALLENGE_BYTES: usize = 512;

/// The longest answer of a challenge endpoint that is read, in bytes.
pub const MAX_CHALLENGE_RESPONSE_BYTES: usize = 4 * 1024;

/// The longest name of a wallet, in characters. It is shown to the resident.
pub const MAX_WALLET_NAME_CHARACTERS: usize = 128;

/// The algorithms of both JWTs.
pub const ATTESTATION_ALGORITHMS: &[SignatureAlgorithm] = &[
    SignatureAlgorithm::Es256,
    SignatureAlgorithm::Es384,
    SignatureAlgorithm::EdDsa,
];

#[cfg(test)]
mod tests;
