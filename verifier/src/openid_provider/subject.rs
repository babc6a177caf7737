//! Who a person is to one client ([OpenID Connect Core 1.0 §8]): pairwise, so that two clients cannot tell that they have the same customer.
//!
//! The subject is a MAC over the client's sector, the issuer of the credential and the identifier that this issuer gave the person. Two
//! copies of a credential, and the one that replaces it, have the same identifier and so the same subject. The key is derived from the
//! verifier's master secret, which is a part of every backup: after a restore a bank's customers are still its customers.
//!
//! [OpenID Connect Core 1.0 §8]: https://openid.net/specs/openid-connect-core-1_0.html#SubjectIDTypes

use hkdf::Hkdf;
use sha2::Sha256;
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::symmetric::hmac_sha256;
use zeroize::Zeroizing;

use crate::name::RelyingPartyName;
use crate::request::MasterSecret;
use crate::store::TenantId;

/// Separates this key from whatever else is derived from the master secret. The number is the version of the whole derivation: with
/// another one, every person would be a stranger to every client.
const SALT: &[u8] = b"symbolon openid subject key 1";

/// The key of the subjects of one tenant. It zeroizes when dropped.
pub struct SubjectKey(Zeroizing<[u8; 32]>);

/// Whom a subject is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sector {
    /// One relying party alone.
    RelyingParty(RelyingPartyName),
    /// Every relying party whose file names this sector, as those of one group of companies may: they share their customers.
    Shared(String),
}

impl MasterSecret {
    /// The key of the subjects. The same inputs give the same key.
    #[must_use]
    pub fn derive_subject_key(&self, tenant: &TenantId) -> SubjectKey {
        let mut key = Zeroizing::new([0_u8; 32]);
        // 32 bytes are far below the 255 blocks that HKDF can expand to, which is its only error.
        let _ = Hkdf::<Sha256>::new(Some(SALT), self.expose())
            .expand(tenant.as_str().as_bytes(), key.as_mut_slice());
        SubjectKey(key)
    }
}

impl SubjectKey {
    /// The subject of the person whom `issuer` knows by `identifier`, for the clients of `sector`: 43 characters of base64url.
    #[must_use]
    pub fn subject(&self, sector: &Sector, issuer: &str, identifier: &str) -> String {
        let (kind, name) = match sector {
            Sector::RelyingParty(name) => (b'r', name.as_str()),
            Sector::Shared(name) => (b's', name.as_str()),
        };
        let mut message = Zeroizing::new(vec![kind]);
        for part in [name, issuer, identifier] {
            // Each part says how long it is, so that they cannot run into each other.
            message.extend_from_slice(&(part.len() as u64).to_be_bytes());
            message.extend_from_slice(part.as_bytes());
        }
        base64url::encode(&hmac_sha256(self.0.as_slice(), &message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(master: u8, tenant: &str) -> SubjectKey {
        let master = MasterSecret::new(Zeroizing::new([master; 32]));
        master.derive_subject_key(&TenantId::parse(tenant).unwrap())
    }

    fn bank() -> Sector {
        Sector::RelyingParty(RelyingPartyName::parse("bank").unwrap())
    }

    #[test]
    fn a_subject_depends_on_everything_that_it_is_made_of_and_on_no_border_between() {
        let subject = key(7, "default").subject(&bank(), "https://issuer.example", "12345");
        assert_eq!(
            subject,
            key(7, "default").subject(&bank(), "https://issuer.example", "12345")
        );
        let shop = Sector::RelyingParty(RelyingPartyName::parse("shop").unwrap());
        for other in [
            key(8, "default").subject(&bank(), "https://issuer.example", "12345"),
            key(7, "other").subject(&bank(), "https://issuer.example", "12345"),
            key(7, "default").subject(&shop, "https://issuer.example", "12345"),
            key(7, "default").subject(
                &Sector::Shared("bank".to_owned()),
                "https://issuer.example",
                "12345",
            ),
            key(7, "default").subject(&bank(), "https://other.example", "12345"),
            key(7, "default").subject(&bank(), "https://issuer.example", "12346"),
            key(7, "default").subject(&bank(), "https://issuer.example1", "2345"),
        ] {
            assert_ne!(other, subject);
        }
    }

    /// A customer stays a customer over upgrades and restores.
    #[test]
    fn the_derivation_of_version_1_is_frozen() {
        // Computed independently: HKDF-SHA256, HMAC-SHA256.
        assert_eq!(
            key(7, "default").subject(&bank(), "https://issuer.example", "12345"),
            "Dlz6ovA9mfeSUfyZ2ceCanmP2sxHHcrcR7WrcSSpgXY"
        );
    }
}
