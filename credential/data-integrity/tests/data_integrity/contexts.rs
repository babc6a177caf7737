//! The shipped contexts are the published ones.

use sha2::{Digest as _, Sha256};

/// Of `credentials/v2`, `data-integrity/v2`, `multikey/v1` and `jwk/v1`, VCDM 2.0 §B.1 and CID 1.0 publish the digests.
const DIGESTS: &[(&str, &str)] = &[
    (
        "https://www.w3.org/2018/credentials/v1",
        "ab4ddd9a531758807a79a5b450510d61ae8d147eab966cc9a200c07095b0cdcc",
    ),
    (
        "https://www.w3.org/ns/credentials/v2",
        "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734",
    ),
    (
        "https://www.w3.org/ns/credentials/undefined-terms/v2",
        "82dab514ba44eb18f5d1b0f638c5e140c6a556fbfb5089601bdc0fa5eb8b2581",
    ),
    (
        "https://w3id.org/security/data-integrity/v1",
        "b5d829bd09aa7c42abc6efa0c8ed7635313b5487f37ccfce3ecd149ca9418554",
    ),
    (
        "https://w3id.org/security/data-integrity/v2",
        "67f21e6e33a6c14e5ccfd2fc7865f7474fb71a04af7e94136cb399dfac8ae8f4",
    ),
    (
        "https://w3id.org/security/multikey/v1",
        "ba2c182de2d92f7e47184bcca8fcf0beaee6d3986c527bf664c195bbc7c58597",
    ),
    (
        "https://w3id.org/security/jwk/v1",
        "0f14b62f6071aafe00df265770ea0c7508e118247d79b7d861a406d2aa00bece",
    ),
    (
        "https://w3id.org/security/suites/ed25519-2020/v1",
        "b9e1ab971fd8bf2c7553e0c4a9438e0b9450afde1ea1ca5b2492368b9f549588",
    ),
    (
        "https://w3id.org/security/v1",
        "abaf97e107d1925503c433dcaf3ffd2831697cacc1ed2a293e1bc8030d5bcb47",
    ),
    (
        "https://w3id.org/security/v2",
        "611bd81151d5efe53ec9aed78f5a813e577287bc9451ee26d6879b1b8b46bc3b",
    ),
    (
        "https://www.w3.org/ns/did/v1",
        "4f3eae5568c9c5f036a082088f9e192019ee06faa78973c87ff91d5421b88dad",
    ),
];

#[test]
fn contexts_are_byte_for_byte_those_that_were_published() {
    let shipped: Vec<(&str, String)> = symbolon_schemas::CONTEXTS
        .iter()
        .map(|context| {
            let digest = Sha256::digest(context.document);
            (
                context.url,
                digest.iter().map(|byte| format!("{byte:02x}")).collect(),
            )
        })
        .collect();
    let expected: Vec<(&str, String)> = DIGESTS
        .iter()
        .map(|(url, digest)| (*url, (*digest).to_owned()))
        .collect();
    assert_eq!(shipped, expected);
}
