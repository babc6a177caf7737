//! JOSE and COSE messages, before anything within them is looked at.

use serde_json::{Map, json};
use symbolon_crypto::cose::{
    self, ContentKey, Mac0View, NamedContentKey, ParsedEncrypt0, ParsedSign1, Sign1Header, Sign1View,
    TagPolicy, Tagging,
};
use symbolon_crypto::encoding::cbor::{self, CborBudget, Cursor};
use symbolon_crypto::jose::jwe::{
    CompressedContent, ContentCompression, ContentEncryption, EncryptionParameters, JweBudget, JweCodec as _,
    JweHeader, PureJwe, Recipient,
};
use symbolon_crypto::jose::jws::{self, CompactJws};
use symbolon_crypto::symmetric::SymmetricKey;
use symbolon_crypto::{PublicKey, RustCryptoProvider, SecretKey, SignatureAlgorithm};

use super::{armour, for_part, one_of, with_text};
use crate::seeds::{Repeating, TRUSTING_PROVIDER, WORLD};
use crate::{Reading, Target};

const MAX_BYTES: usize = 1 << 20;
const BUDGET: JweBudget = JweBudget {
    max_bytes: MAX_BYTES,
    compression: CompressedContent::Inflated { max_bytes: MAX_BYTES },
};

/// JWS and JWE.
pub(super) const JOSE: Target = Target {
    name: "jose",
    run: |input| {
        one_of(
            &[
                |input| armour::jws(input).map_or(Reading::NOT_FOR_THE_TARGET, |text| compact_jws(&text)),
                |input| {
                    // The header of a JWE decides everything, and the rest is four opaque parts.
                    let header = symbolon_crypto::encoding::base64url::encode(input);
                    let text = format!("{header}..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA");
                    assert!(decrypt(&text).is_err(), "nobody made this one");
                    Reading::of(&JweHeader::parse(&text, BUDGET))
                },
                |input| with_text(input, |text| Reading::of(&decrypt(text).map(|_| ()))),
            ],
            input,
        )
    },
    seeds: || {
        let mut header = Map::new();
        header.insert("typ".to_owned(), json!("JWT"));
        header.insert("kid".to_owned(), json!("did:web:registry.example#1"));
        header.insert("jwk".to_owned(), json!(WORLD.holder.public().to_jwk()));
        header.insert("x5c".to_owned(), jws::x5c_value([WORLD.leaf.der()]));
        let prepared = jws::prepare(SignatureAlgorithm::Es256, &header, br#"{"a":1}"#);
        let signature = WORLD.issuer.sign(prepared.signing_input().as_bytes());
        let signed = prepared.finish(&signature);
        let recipient = Recipient {
            public_key: WORLD.issuer.public().clone(),
            key_id: Some("k".to_owned()),
        };
        let parameters = EncryptionParameters {
            content_encryption: ContentEncryption::A256Gcm,
            compression: ContentCompression::Deflate,
            party_u: b"u",
            party_v: b"v",
        };
        let encrypted = PureJwe::new(&RustCryptoProvider)
            .encrypt(br#"{"vp_token":{}}"#, &recipient, parameters, &Repeating::new(9))
            .expect("a JWE is made");
        vec![
            for_part(0, armour::parts_of_jws(&signed)),
            for_part(0, &signed),
            for_part(
                1,
                armour::parts_of_jws(&encrypted)
                    .split(|byte| *byte == b'\n')
                    .next()
                    .unwrap_or_default(),
            ),
            for_part(2, encrypted),
        ]
    },
};

fn compact_jws(text: &str) -> Reading {
    let parsed = CompactJws::parse(text, MAX_BYTES);
    if let Ok(jws) = &parsed {
        assert_eq!(jws.text(), text, "a token is kept as it came");
        let own = jws
            .header
            .jwk
            .as_ref()
            .and_then(|jwk| PublicKey::from_jwk(jwk).ok());
        let _ = jws.verify(
            &RustCryptoProvider,
            &own.unwrap_or_else(|| WORLD.issuer.public().clone()),
        );
    }
    Reading::of(&parsed.map(|_| ()))
}

fn decrypt(
    text: &str,
) -> Result<symbolon_crypto::jose::jwe::DecryptedJwe, symbolon_crypto::jose::jwe::JweError> {
    let keys = |_: Option<&str>| SecretKey::from_p256_scalar(&WORLD.issuer.secret().to_secret_bytes()).ok();
    PureJwe::new(&RustCryptoProvider).decrypt_within(text, &keys, BUDGET)
}

/// COSE_Sign1 whole and in place, COSE_Mac0 and COSE_Encrypt0.
pub(super) const COSE: Target = Target {
    name: "cose",
    run: |input| {
        one_of(
            &[
                |input| {
                    let parsed = ParsedSign1::parse(input, TagPolicy::Optional, CborBudget::DEFAULT);
                    if let Ok(message) = &parsed {
                        let _ = message.verify(&TRUSTING_PROVIDER, WORLD.issuer.public(), &[]);
                        if let Some(hint) = &message.certificates.thumbprint {
                            let _ = hint.matches(message.payload());
                        }
                    }
                    Reading::of(&parsed)
                },
                |input| {
                    let parsed = ParsedEncrypt0::parse(input, TagPolicy::Required, CborBudget::DEFAULT);
                    if let Ok(message) = &parsed {
                        let _ = message.decrypt(content_key().key(), &[]);
                    }
                    Reading::of(&parsed)
                },
                |input| {
                    in_place(input, |cursor| {
                        let view = Sign1View::read(cursor, CborBudget::DEFAULT);
                        if let Ok(view) = &view {
                            let payload = view.payload().unwrap_or_default();
                            let _ = view.verify(&TRUSTING_PROVIDER, WORLD.issuer.public(), payload);
                        }
                        Reading::of(&view.map(|_| ()))
                    })
                },
                |input| {
                    in_place(input, |cursor| {
                        let view = Mac0View::read(cursor, CborBudget::DEFAULT);
                        if let Ok(view) = &view {
                            let _ = view.verify(&SymmetricKey::new([1; 32]), b"payload");
                        }
                        Reading::of(&view.map(|_| ()))
                    })
                },
            ],
            input,
        )
    },
    seeds: || {
        let header = Sign1Header {
            key_id: Some(b"key".to_vec()),
            x5chain: vec![WORLD.leaf.der().to_vec(), WORLD.root.der().to_vec()],
            typ: Some("application/vc+cose".to_owned()),
        };
        let signed = |header: &Sign1Header, tagging| {
            cose::prepare(SignatureAlgorithm::Es256, header, b"payload".to_vec(), &[])
                .finish(vec![7; 64], tagging)
                .expect("a COSE_Sign1 is made")
        };
        let encrypted = cose::encrypt(
            &content_key(),
            b"content",
            &[],
            Tagging::Tagged,
            &Repeating::new(4),
        )
        .expect("a COSE_Encrypt0 is made");
        let chain = cose::EncodedX5Chain::new(SignatureAlgorithm::Es256, &[WORLD.leaf.der().to_vec()])
            .expect("a chain is encoded");
        let mut view = Vec::new();
        chain.write_unsigned(&mut view, Some(b"payload"));
        cbor::write::bytes(&mut view, &[7; 64]);
        let mut mac = Vec::new();
        cose::write_mac0_detached(&mut mac, &SymmetricKey::new([1; 32]), b"payload");
        vec![
            for_part(0, signed(&header, Tagging::Tagged)),
            for_part(0, signed(&Sign1Header::default(), Tagging::Untagged)),
            for_part(1, encrypted),
            for_part(2, view),
            for_part(3, mac),
        ]
    },
};

fn in_place(input: &[u8], read: impl FnOnce(&mut Cursor<'_>) -> Reading) -> Reading {
    match Cursor::new(input, CborBudget::DEFAULT) {
        Ok(mut cursor) => read(&mut cursor),
        Err(error) => Reading::refused(&error),
    }
}

fn content_key() -> NamedContentKey {
    let key = ContentKey::from_bytes(&[9; 32]).expect("32 bytes are a key");
    NamedContentKey::new("face", key).expect("a key has a name")
}
