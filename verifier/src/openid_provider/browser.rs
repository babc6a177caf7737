//! What ties a sign-in to the browser that began it, and marks what was used.

use hkdf::Hkdf;
use sha2::Sha256;
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::symmetric::hmac_sha256;
use zeroize::Zeroizing;

use super::record::SignInId;
use crate::request::MasterSecret;
use crate::store::{Nonce, TenantId};

/// Separates the keys of browsers from whatever else is derived from the master secret.
const BROWSER_KEY_SALT: &[u8] = b"symbolon openid browser key 1";
/// Separates these marks from every other use of HMAC.
const MARK_PURPOSE: &[u8] = b"symbolon openid used once 1";

impl MasterSecret {
    /// What the browser that began a sign-in is given, and has to bring again. Nobody else ever sees it.
    #[must_use]
    pub fn derive_sign_in_key(&self, tenant: &TenantId, sign_in: &SignInId) -> Zeroizing<String> {
        let mut key = Zeroizing::new([0_u8; 32]);
        // Identifiers hold no zero byte, so the parts cannot run into each other.
        let info = [tenant.as_str().as_bytes(), &[0], sign_in.as_str().as_bytes()].concat();
        // 32 bytes are far below the 255 blocks that HKDF can expand to, which is its only error.
        let _ = Hkdf::<Sha256>::new(Some(BROWSER_KEY_SALT), self.expose()).expand(&info, key.as_mut_slice());
        Zeroizing::new(base64url::encode(&*key))
    }
}

/// What a client may use once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UsedOnce<'a> {
    /// A client assertion, by client and `jti`.
    Assertion {
        /// The client.
        client: &'a str,
        /// The `jti`.
        jti: &'a str,
    },
    /// A DPoP proof, by the thumbprint of its key and its `jti`.
    DpopProof {
        /// The thumbprint.
        key: &'a str,
        /// The `jti`.
        jti: &'a str,
    },
}

impl UsedOnce<'_> {
    /// The mark that is spent in the store. A `jti` is the client's text, of any length and with any characters; the mark is a digest.
    #[must_use]
    pub fn mark(self) -> Option<Nonce> {
        let (kind, whose, jti) = match self {
            Self::Assertion { client, jti } => (b'a', client, jti),
            Self::DpopProof { key, jti } => (b'd', key, jti),
        };
        let length = (whose.len() as u64).to_be_bytes();
        let message = [&[kind], &length[..], whose.as_bytes(), jti.as_bytes()].concat();
        Nonce::parse(&base64url::encode(&hmac_sha256(MARK_PURPOSE, &message))).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_key_depends_on_all_of_it() {
        let key = |master: u8, tenant: &str, sign_in: &str| {
            let master = MasterSecret::new(Zeroizing::new([master; 32]));
            let (tenant, sign_in) = (
                TenantId::parse(tenant).unwrap(),
                SignInId::parse(sign_in).unwrap(),
            );
            master.derive_sign_in_key(&tenant, &sign_in).to_string()
        };
        let one = key(1, "t", "s");
        assert_eq!((one.len(), &one), (43, &key(1, "t", "s")));
        for other in [key(2, "t", "s"), key(1, "u", "s"), key(1, "t", "r")] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn a_mark_is_of_one_kind_one_client_and_one_name() {
        let mark = |client, jti| UsedOnce::Assertion { client, jti }.mark().unwrap();
        assert_eq!(mark("bank", "1"), mark("bank", "1"));
        assert_ne!(mark("bank", "1"), mark("bank1", ""));
        assert_ne!(mark("bank", "1"), mark("shop", "1"));
        let proof = UsedOnce::DpopProof {
            key: "bank",
            jti: "1",
        };
        assert_ne!(mark("bank", "1"), proof.mark().unwrap());
    }
}
