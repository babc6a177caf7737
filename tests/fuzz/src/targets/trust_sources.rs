//! Lists of anchors that others keep: VICALs, and files of certificates.

use symbolon_crypto::SignatureAlgorithm;
use symbolon_trust::authorities::{authorities_of_file, parse_certificates, write_certificates};
use symbolon_trust::trust_list::{AnchoredFormat, CredentialTypeRule, TypeLimit};
use symbolon_trust::vical::{ParsedVical, VicalToSign};

use super::{for_part, one_of};
use crate::seeds::{DAY, NOW, TRUSTING_PROVIDER, WORLD};
use crate::{Reading, Target};

/// VICALs and certificates of issuing authorities.
pub(super) const TRUST_SOURCES: Target = Target {
    name: "trust_sources",
    run: |input| one_of(&[vical, certificates], input),
    seeds: || {
        let list = VicalToSign {
            provider: "Provider",
            date: NOW,
            issue: 7,
            next_update: NOW.plus(DAY * 30),
            authorities: vec![(&WORLD.root, vec!["org.iso.18013.5.1.mDL"])],
        };
        let chain = core::slice::from_ref(&WORLD.root);
        let prepared = list.prepare(SignatureAlgorithm::Es256, chain);
        let signed = prepared.expect("a list is prepared").finish(&[1; 64]);
        vec![
            for_part(0, signed.expect("a list is signed")),
            for_part(1, write_certificates([&WORLD.root, &WORLD.root]).into_bytes()),
            for_part(1, WORLD.root.der()),
        ]
    },
};

fn vical(input: &[u8]) -> Reading {
    let parsed = ParsedVical::parse(input);
    if let Ok(parsed) = &parsed {
        for entry in &parsed.unverified().entries {
            let _ = entry.authority(&TRUSTING_PROVIDER);
        }
    }
    let reading = Reading::of(&parsed);
    if let Ok(verified) =
        parsed.and_then(|parsed| parsed.verify(core::slice::from_ref(&WORLD.root), &TRUSTING_PROVIDER))
    {
        let issuers = verified.issuers(&TypeLimit::Any);
        assert!(issuers.iter().all(|issuer| {
            issuer.formats == [AnchoredFormat::Mdoc]
                && !issuer.credential_types.contains(&CredentialTypeRule::Any)
        }));
        let _ = verified.source(DAY, DAY).validity(NOW);
    }
    reading
}

fn certificates(input: &[u8]) -> Reading {
    let read = parse_certificates(input);
    if let Ok(certificates) = &read {
        let written = write_certificates(certificates);
        assert_eq!(
            parse_certificates(written.as_bytes()).as_ref().ok(),
            Some(certificates)
        );
        let rules = [CredentialTypeRule::Exactly("org.iso.18013.5.1.mDL".to_owned())];
        let _ = authorities_of_file(input, &rules, &TRUSTING_PROVIDER);
    }
    Reading::of(&read)
}
