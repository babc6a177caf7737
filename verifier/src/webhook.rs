//! Signatures of webhooks, by [Standard Webhooks](https://www.standardwebhooks.com): HMAC-SHA-256 over identifier, time and body.
//!
//! The secret is *derived* from the verifier's master secret, so that none is stored; a relying party is told its own once. Why this
//! scheme: `docs/adr/0016`.

use hkdf::Hkdf;
use sha2::Sha256;
use symbolon_crypto::UnixTime;
use symbolon_crypto::encoding::base64;
use symbolon_crypto::symmetric::hmac_sha256;
use zeroize::Zeroizing;

use crate::name::RelyingPartyName;
use crate::request::MasterSecret;
use crate::store::{DeliveryId, TenantId};

/// The header with the identifier of the message.
pub const ID_HEADER: &str = "webhook-id";
/// The header with the time of the try, in seconds.
pub const TIMESTAMP_HEADER: &str = "webhook-timestamp";
/// The header with the signature.
pub const SIGNATURE_HEADER: &str = "webhook-signature";

/// What every secret begins with.
const SECRET_PREFIX: &str = "whsec_";
/// Separates these secrets from whatever else is derived from the master secret.
const SALT: &[u8] = b"symbolon webhook secret 1";

/// The secret that signs the webhooks of one relying party. It zeroizes when dropped.
pub struct WebhookSecret(Zeroizing<[u8; 32]>);

impl MasterSecret {
    /// The secret of a relying party's webhooks. The same inputs give the same secret.
    #[must_use]
    pub fn derive_webhook_secret(
        &self,
        tenant: &TenantId,
        relying_party: &RelyingPartyName,
        version: u32,
    ) -> WebhookSecret {
        let mut secret = Zeroizing::new([0_u8; 32]);
        // Neither name holds a zero byte, so the parts cannot run into each other.
        let info = [
            tenant.as_str().as_bytes(),
            &[0],
            relying_party.as_str().as_bytes(),
            &[0],
            &version.to_be_bytes(),
        ]
        .concat();
        // 32 bytes are far below the 255 blocks that HKDF can expand to, which is its only error.
        let _ = Hkdf::<Sha256>::new(Some(SALT), self.expose()).expand(&info, secret.as_mut_slice());
        WebhookSecret(secret)
    }
}

impl WebhookSecret {
    /// The secret as receivers are told it, to be shown once.
    #[must_use]
    pub fn expose(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("{SECRET_PREFIX}{}", base64::encode(self.0.as_slice())))
    }

    /// The value of [`SIGNATURE_HEADER`].
    #[must_use]
    pub fn sign(&self, id: &DeliveryId, at: UnixTime, body: &[u8]) -> String {
        sign(self.0.as_slice(), id.as_str(), at, body)
    }
}

fn sign(secret: &[u8], id: &str, at: UnixTime, body: &[u8]) -> String {
    let head = format!("{id}.{}.", at.seconds());
    let signature = hmac_sha256(secret, &[head.as_bytes(), body].concat());
    format!("v1,{}", base64::encode(&signature))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification.
    #[test]
    fn signs_as_standard_webhooks_has_it() {
        let secret = base64::decode("plJ3nmyCDGBKInavdOK15jsl").unwrap();
        let body = br#"{"event_type":"ping","data":{"success":true}}"#;
        let signature = sign(
            &secret,
            "msg_loFOjxBNrRLzqYUf",
            UnixTime::from_seconds(1_731_705_121),
            body,
        );
        assert_eq!(signature, "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=");
    }

    /// A receiver keeps its secret over upgrades.
    #[test]
    fn a_secret_depends_on_whose_it_is_and_stays() {
        let derive = |master: u8, tenant: &str, party: &str, version: u32| {
            let master = MasterSecret::new(Zeroizing::new([master; 32]));
            let secret = master.derive_webhook_secret(
                &TenantId::parse(tenant).unwrap(),
                &RelyingPartyName::parse(party).unwrap(),
                version,
            );
            secret.expose().to_string()
        };
        let secret = derive(7, "default", "bank", 1);
        for other in [
            derive(8, "default", "bank", 1),
            derive(7, "other", "bank", 1),
            derive(7, "default", "shop", 1),
            derive(7, "default", "bank", 2),
        ] {
            assert_ne!(other, secret);
        }
        // Computed independently: HKDF-SHA256.
        assert_eq!(secret, "whsec_Wqe7uyPL1+mU+T88HfGZvbkzgGRYnjjfhQLbauQsfFY=");
    }
}
