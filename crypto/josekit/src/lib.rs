//! JWE on the servers, over [josekit](https://docs.rs/josekit) and OpenSSL.
//!
//! The header is read by `symbolon-crypto` before josekit sees anything, so what is refused there is refused here:
//! `zip` unless the caller takes it, `crit`, algorithms other than ECDH-ES with AES-GCM, keys off the curve, duplicate members.

use josekit::jwe::{ECDH_ES, JweCompression, JweContext, JweHeader as JosekitHeader};
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::jose::jwe::{
    DecryptedJwe, EncryptionParameters, JweBudget, JweCodec, JweError, JweHeader, KeyLookup, Recipient,
};
use symbolon_crypto::{PublicKey, Randomness, SignatureAlgorithm};
use zeroize::Zeroizing;

/// Length of an AES-GCM nonce, in bytes ([RFC 7518 §5.3](https://www.rfc-editor.org/rfc/rfc7518#section-5.3)).
const NONCE_BYTES: usize = 12;
/// Length of an AES-GCM tag, in bytes.
const TAG_BYTES: usize = 16;

/// What josekit would accept beyond the suite's set.
const UNUSED_CONTENT_ENCRYPTIONS: [&str; 4] = ["A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512", "A192GCM"];

/// JWE by josekit. Ephemeral keys and nonces come from OpenSSL's randomness, whatever source the caller passes.
#[derive(Debug, Clone)]
pub struct JosekitJwe {
    context: JweContext,
}

impl Default for JosekitJwe {
    fn default() -> Self {
        Self::new()
    }
}

impl JosekitJwe {
    /// A codec with compression and all unused algorithms removed.
    #[must_use]
    pub fn new() -> Self {
        let mut context = JweContext::new();
        // A few kilobytes may inflate to gigabytes, and josekit knows no limit: it hands on what is compressed as it is.
        context.remove_compression(DEFLATE);
        context.add_compression(Box::new(HandedOn));
        for name in UNUSED_CONTENT_ENCRYPTIONS {
            context.remove_content_encryption(name);
        }
        Self { context }
    }
}

const DEFLATE: &str = "DEF";

/// Leaves compressed content to `symbolon-crypto`, which inflates within a limit.
#[derive(Debug, Clone, Copy)]
struct HandedOn;

impl JweCompression for HandedOn {
    fn name(&self) -> &str {
        DEFLATE
    }

    fn compress(&self, message: &[u8]) -> Result<Vec<u8>, std::io::Error> {
        Ok(message.to_vec())
    }

    fn decompress(&self, message: &[u8]) -> Result<Vec<u8>, std::io::Error> {
        Ok(message.to_vec())
    }

    fn box_clone(&self) -> Box<dyn JweCompression> {
        Box::new(*self)
    }
}

impl JweCodec for JosekitJwe {
    fn encrypt(
        &self,
        payload: &[u8],
        recipient: &Recipient,
        parameters: EncryptionParameters<'_>,
        _randomness: &dyn Randomness,
    ) -> Result<String, JweError> {
        let PublicKey::P256(_) = recipient.public_key else {
            return Err(JweError::Encryption);
        };
        let key = recipient
            .public_key
            .to_subject_public_key_info()
            .map_err(|_| JweError::Encryption)?;
        let mut encrypter = ECDH_ES
            .encrypter_from_der(key)
            .map_err(|_| JweError::Encryption)?;
        if !parameters.party_u.is_empty() {
            encrypter.set_agreement_partyuinfo(parameters.party_u);
        }
        if !parameters.party_v.is_empty() {
            encrypter.set_agreement_partyvinfo(parameters.party_v);
        }
        let mut header = JosekitHeader::new();
        header.set_content_encryption(parameters.content_encryption.jose_name());
        if let Some(key_id) = &recipient.key_id {
            header.set_key_id(key_id);
        }
        if let Some(zip) = parameters.compression.jose_name() {
            header.set_compression(zip);
        }
        let content = parameters.compression.compress(payload);
        self.context
            .serialize_compact(&content, &header, &encrypter)
            .map_err(|_| JweError::Encryption)
    }

    fn decrypt_within(
        &self,
        text: &str,
        keys: &KeyLookup<'_>,
        budget: JweBudget,
    ) -> Result<DecryptedJwe, JweError> {
        let header = JweHeader::parse(text, budget)?;
        check_form(text)?;
        let key = keys(header.key_id.as_deref()).ok_or(JweError::UnknownKey)?;
        if key.algorithm() != SignatureAlgorithm::Es256 {
            return Err(JweError::Decryption);
        }
        let key = key.to_pkcs8_der().map_err(|_| JweError::Decryption)?;
        let decrypter = ECDH_ES
            .decrypter_from_der(key.as_slice())
            .map_err(|_| JweError::Decryption)?;
        let (payload, _) = self
            .context
            .deserialize_compact(text, &decrypter)
            .map_err(|_| JweError::Decryption)?;
        Ok(DecryptedJwe {
            payload: header.expand(Zeroizing::new(payload), budget)?,
            key_id: header.key_id,
            content_encryption: header.content_encryption,
        })
    }
}

/// Checks the parts behind the header: no encrypted key, a nonce and a tag of full length, strict base64url.
///
/// OpenSSL checks as many bytes of a tag as it is given and josekit passes on what it finds, so that one in 256
/// forgeries with a tag of one byte would be decrypted.
fn check_form(text: &str) -> Result<(), JweError> {
    let mut parts = text.split('.').skip(1);
    let (Some(""), Some(nonce), Some(ciphertext), Some(tag), None) = (
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
    ) else {
        return Err(JweError::Malformed);
    };
    let length = |text| {
        base64url::decode(text)
            .map(|bytes| bytes.len())
            .map_err(|_| JweError::Malformed)
    };
    length(ciphertext)?;
    if length(nonce)? == NONCE_BYTES && length(tag)? == TAG_BYTES {
        Ok(())
    } else {
        Err(JweError::Malformed)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};
    use symbolon_crypto::jose::jwe::{CompressedContent, ContentCompression, ContentEncryption, PureJwe};
    use symbolon_crypto::testing::SeededRandomness;
    use symbolon_crypto::{RustCryptoProvider, SecretKey};

    use super::*;

    const METHODS: [ContentEncryption; 2] = [ContentEncryption::A128Gcm, ContentEncryption::A256Gcm];

    fn key(seed: u64) -> SecretKey {
        SecretKey::generate(SignatureAlgorithm::Es256, &SeededRandomness::new(seed)).unwrap()
    }

    fn recipient(key: &SecretKey) -> Recipient {
        Recipient {
            public_key: key.public_key(),
            key_id: Some("1".to_owned()),
        }
    }

    fn parameters(content_encryption: ContentEncryption) -> EncryptionParameters<'static> {
        EncryptionParameters {
            content_encryption,
            compression: ContentCompression::Plain,
            party_u: b"u",
            party_v: b"v",
        }
    }

    fn encrypted(codec: &dyn JweCodec, payload: &[u8]) -> String {
        let parameters = parameters(ContentEncryption::A256Gcm);
        codec
            .encrypt(
                payload,
                &recipient(&key(1)),
                parameters,
                &SeededRandomness::new(2),
            )
            .unwrap()
    }

    fn outcome(codec: &dyn JweCodec, text: &str) -> Result<Vec<u8>, JweError> {
        codec
            .decrypt(text, &|_| Some(key(1)), 64 << 10)
            .map(|decrypted| decrypted.payload.to_vec())
    }

    #[test]
    fn josekit_and_pure_rust_read_each_other() {
        let (josekit, pure) = (JosekitJwe::new(), PureJwe::new(&RustCryptoProvider));
        let codecs: [&dyn JweCodec; 2] = [&josekit, &pure];
        for (seed, content_encryption) in (1..20).zip(METHODS.into_iter().cycle()) {
            let key_seed = seed + 100;
            let payload: Vec<u8> = (0..=u8::MAX)
                .cycle()
                .take(usize::try_from(seed).unwrap() * 37 - 37)
                .collect();
            for (writer, reader) in [(0, 0), (0, 1), (1, 0)] {
                for (party_u, party_v) in [(b"".as_slice(), b"".as_slice()), (b"wallet", b"nonce")] {
                    for compression in [ContentCompression::Plain, ContentCompression::Deflate] {
                        let parameters = EncryptionParameters {
                            content_encryption,
                            compression,
                            party_u,
                            party_v,
                        };
                        let text = codecs[writer]
                            .encrypt(
                                &payload,
                                &recipient(&key(key_seed)),
                                parameters,
                                &SeededRandomness::new(seed),
                            )
                            .unwrap();
                        let keys = |key_id: Option<&str>| (key_id == Some("1")).then(|| key(key_seed));
                        let read = codecs[reader]
                            .decrypt_within(&text, &keys, inflating(payload.len()))
                            .unwrap();
                        assert_eq!(read.payload.as_slice(), payload);
                        assert_eq!(read.key_id.as_deref(), Some("1"));
                        assert_eq!(read.content_encryption, content_encryption);
                    }
                }
            }
        }
    }

    fn inflating(max_bytes: usize) -> JweBudget {
        JweBudget {
            max_bytes: 64 << 10,
            compression: CompressedContent::Inflated { max_bytes },
        }
    }

    #[test]
    fn compressed_content_has_a_limit_of_its_own() {
        let (josekit, pure) = (JosekitJwe::new(), PureJwe::new(&RustCryptoProvider));
        let codecs: [&dyn JweCodec; 2] = [&josekit, &pure];
        let compressed = EncryptionParameters {
            compression: ContentCompression::Deflate,
            ..parameters(ContentEncryption::A256Gcm)
        };
        for codec in codecs {
            let bomb = codec
                .encrypt(
                    &vec![0; 1 << 20],
                    &recipient(&key(1)),
                    compressed,
                    &SeededRandomness::new(2),
                )
                .unwrap();
            assert!(bomb.len() < 4096);
            for reader in codecs {
                let outcome = |budget| {
                    reader
                        .decrypt_within(&bomb, &|_| Some(key(1)), budget)
                        .map(|decrypted| decrypted.payload.len())
                };
                assert_eq!(outcome(inflating(1 << 20)), Ok(1 << 20));
                assert_eq!(outcome(inflating((1 << 20) - 1)), Err(JweError::OverBudget));
                let refused = JweBudget {
                    max_bytes: 64 << 10,
                    compression: CompressedContent::Refused,
                };
                assert_eq!(outcome(refused), Err(JweError::Algorithm));
            }
        }
    }

    #[test]
    fn a_jwe_is_never_the_same_twice() {
        assert_ne!(
            encrypted(&JosekitJwe::new(), b"text"),
            encrypted(&JosekitJwe::new(), b"text")
        );
    }

    #[test]
    fn refuses_what_was_changed_as_pure_rust_does() {
        let (josekit, pure) = (JosekitJwe::new(), PureJwe::new(&RustCryptoProvider));
        let text = encrypted(&josekit, b"a payload");
        for position in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[position] = if changed[position] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(outcome(&josekit, &changed).is_err(), "character {position}");
            assert!(outcome(&pure, &changed).is_err(), "character {position}");
        }
        for end in 0..text.len() {
            assert!(outcome(&josekit, &text[..end]).is_err(), "cut at {end}");
        }
    }

    #[test]
    fn refuses_a_shortened_tag() {
        let josekit = JosekitJwe::new();
        let text = encrypted(&josekit, b"a payload");
        let (before, tag) = text.rsplit_once('.').unwrap();
        let tag = base64url::decode(tag).unwrap();
        for bytes in 0..TAG_BYTES {
            let shortened = format!("{before}.{}", base64url::encode(&tag[..bytes]));
            assert_eq!(
                outcome(&josekit, &shortened),
                Err(JweError::Malformed),
                "{bytes} bytes"
            );
        }
    }

    #[test]
    fn refuses_compression_and_other_algorithms() {
        let josekit = JosekitJwe::new();
        let text = encrypted(&josekit, b"a payload");
        let (header, rest) = text.split_once('.').unwrap();
        let header: Map<String, Value> = serde_json::from_slice(&base64url::decode(header).unwrap()).unwrap();
        for (name, value) in [
            ("zip", json!("DEF")),
            ("alg", json!("ECDH-ES+A256KW")),
            ("alg", json!("dir")),
            ("enc", json!("A192GCM")),
            ("enc", json!("A256CBC-HS512")),
            ("crit", json!(["exp"])),
        ] {
            let mut header = header.clone();
            header.insert(name.to_owned(), value);
            let header = base64url::encode(Value::Object(header).to_string().as_bytes());
            assert_eq!(
                outcome(&josekit, &format!("{header}.{rest}")),
                Err(JweError::Algorithm),
                "{name}"
            );
        }
    }

    #[test]
    fn refuses_keys_it_cannot_use_and_texts_over_budget() {
        let josekit = JosekitJwe::new();
        let randomness = SeededRandomness::new(3);
        let ed25519 = SecretKey::generate(SignatureAlgorithm::EdDsa, &randomness).unwrap();
        let encryption = josekit.encrypt(b"", &recipient(&ed25519), parameters(METHODS[0]), &randomness);
        assert_eq!(encryption, Err(JweError::Encryption));

        let text = encrypted(&josekit, b"a payload");
        let refusal = |key: Option<SecretKey>, max_bytes| {
            let key = std::cell::Cell::new(key);
            josekit.decrypt(&text, &|_| key.take(), max_bytes).err()
        };
        assert_eq!(refusal(None, 4096), Some(JweError::UnknownKey));
        assert_eq!(refusal(Some(ed25519), 4096), Some(JweError::Decryption));
        assert_eq!(refusal(Some(key(9)), 4096), Some(JweError::Decryption));
        assert_eq!(refusal(Some(key(1)), text.len() - 1), Some(JweError::OverBudget));
    }
}
