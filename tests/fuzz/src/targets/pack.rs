//! Trust lists, and the offline pack with everything in it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::json;
use sha2::{Digest as _, Sha256};
use symbolon_crypto::testing::revocation::{RevocationListDraft, authority};
use symbolon_crypto::x509::Certificate;
use symbolon_crypto::x509::issue::Validity;
use symbolon_crypto::{SignatureAlgorithm, UnixTime};
use symbolon_trust::compact_set::{self, CompactSet};
use symbolon_trust::pack::{
    BitstringUris, CompactStatusList, Delta, Pack, PackBuilder, PackTimes, PackTools, RevocationSection,
    StatusSection, StatusSectionInput, TrustSection, VerbatimForm, VerbatimSection, delta,
};
use symbolon_trust::status_list::{Status, TokenStatusList};
use symbolon_trust::trust_list::{
    CredentialTypeRule, IssuerIdentifier, RelyingParties, RootOfTrust, TRUST_LIST_VERSION, TrustList,
    TrustedIssuer,
};

use super::{armour, for_part, one_of, status_lists, w3c};
use crate::seeds::{DAY, ISSUER, NOW, Signer, TRUSTING_PROVIDER, WORLD};
use crate::{Reading, Target};

/// Trust lists and roots of trust.
pub(super) const TRUST_LIST: Target = Target {
    name: "trust_list",
    run: |input| {
        one_of(
            &[
                |input| {
                    let list = TrustList::parse(input);
                    if let Ok(list) = &list {
                        let written = list.to_json().expect("a list that was read can be written");
                        assert_eq!(TrustList::parse(&written).as_ref().ok(), Some(list));
                        let _ = (
                            list.validity(NOW),
                            list.issuer(ISSUER),
                            list.issuer_of_status_list(status_lists::LIST),
                        );
                    }
                    Reading::of(&list)
                },
                |input| Reading::of(&RootOfTrust::parse(input).map(|_| ())),
            ],
            input,
        )
    },
    seeds: || {
        let root = root_of_trust();
        vec![
            for_part(0, root.trust_list.to_json().expect("a list is written")),
            for_part(1, root.to_json().expect("a root is written")),
        ]
    },
};

/// Packs, and the sets of indices in them.
pub(super) const PACK: Target = Target {
    name: "pack",
    run: |input| {
        one_of(
            &[
                |input| {
                    let pack = Pack::open(input, &ROOT_OF_TRUST, &TRUSTING_PROVIDER, NOW, None);
                    if let Ok(pack) = &pack {
                        let _ = (pack.status(status_lists::LIST, 7), pack.last_seen(None));
                        for list in pack.status_lists() {
                            for (_, set) in list.states() {
                                let _ = set.iter().take(10_000).count();
                            }
                        }
                    }
                    Reading::of(&pack.map(|_| ()))
                },
                // Sections are hashed, so a change to one is made before the hashes are.
                |input| {
                    let list = TrustSection::from_published(trust_section().to_vec());
                    let section = StatusSection::from_published(input.to_vec());
                    let pack = packed(list, [section]);
                    let pack = Pack::open(&pack, &ROOT_OF_TRUST, &TRUSTING_PROVIDER, NOW, None);
                    if let Ok(pack) = &pack {
                        let _ = (
                            pack.status(status_lists::LIST, 7),
                            pack.status(status_lists::LIST, u64::MAX),
                        );
                    }
                    Reading::of(&pack.map(|_| ()))
                },
                |input| {
                    let list = TrustSection::from_published(input.to_vec());
                    let pack = packed(list, []);
                    Reading::of(&Pack::open(&pack, &ROOT_OF_TRUST, &TRUSTING_PROVIDER, NOW, None).map(|_| ()))
                },
                |input| {
                    let set = match CompactSet::open(input) {
                        Ok(set) => set,
                        Err(error) => return Reading::refused(&error),
                    };
                    for value in [
                        0,
                        1,
                        7,
                        set.universe() / 2,
                        set.universe().wrapping_sub(1),
                        u64::MAX,
                    ] {
                        let _ = set.contains(value);
                    }
                    let members: Result<Vec<u64>, _> = set.iter().take(100_000).collect();
                    if set.check_every_code().is_ok()
                        && let Ok(members) = members
                        && members.len() < 100_000
                    {
                        let again =
                            compact_set::build(&members, set.universe()).expect("a set can be built again");
                        let again = CompactSet::open(&again).expect("a set that was built can be opened");
                        for member in members.iter().step_by(97) {
                            assert_eq!(
                                (set.contains(*member), again.contains(*member)),
                                (Ok(true), Ok(true))
                            );
                        }
                        assert!(
                            again.iter().eq(members.into_iter().map(Ok)),
                            "a set that is built reads the same"
                        );
                    }
                    Reading::Accepted
                },
                // A delta of a pack that is known; whatever it makes is no pack that nobody signed.
                |input| {
                    let made = Delta::parse(input).and_then(|delta| {
                        let _ = delta.changes();
                        delta.apply(base())
                    });
                    if let Ok(made) = &made {
                        let opened = Pack::open(made, &ROOT_OF_TRUST, &TRUSTING_PROVIDER, NOW, None);
                        let _ = opened.map(|pack| pack.last_seen(None));
                    }
                    Reading::of(&made.map(|_| ()))
                },
                // The status list of an issuer that publishes no section.
                |input| match armour::jws(input) {
                    Some(token) => verbatim(VerbatimForm::TokenJwt, token.as_bytes()),
                    None => Reading::NOT_FOR_THE_TARGET,
                },
                |input| verbatim(VerbatimForm::TokenCwt, input),
                // The form in which a pack was applied, as somebody else may have written it: under its own seal.
                |input| {
                    let opened = Pack::open(base(), &ROOT_OF_TRUST, &TRUSTING_PROVIDER, NOW, None)
                        .expect("the base opens");
                    let mut memory = opened.last_seen(None);
                    memory.seal = Some(Sha256::digest(input).into());
                    let tools = PackTools::new(&TRUSTING_PROVIDER);
                    let again = Pack::open_applied(base(), input, &ROOT_OF_TRUST, tools, NOW, &memory);
                    let again = again.expect("a form that does not fit is no reason to do without the pack");
                    let _ = again.status(status_lists::LIST, 7);
                    Reading::Accepted
                },
                revocation_list,
            ],
            input,
        )
    },
    seeds: || {
        let few = compact_set::build(&[7, 8, 4000], 1 << 12).expect("a set is built");
        let many: Vec<u64> = (0..20_000).map(|index| index * 37).collect();
        let of_form_1 = compact_set::build_form_1(&many, 1 << 20).expect("a set is built");
        let many = compact_set::build(&many, 1 << 20).expect("a set is built");
        let runs: Vec<u64> = (0..1 << 15).filter(|index| index % 160 < 90).collect();
        let runs = compact_set::build(&runs, 1 << 15).expect("a set is built");
        let whole = packed(
            TrustSection::from_published(trust_section().to_vec()),
            [StatusSection::from_published(status_section(
                &status_lists::list(),
            ))],
        );
        vec![
            for_part(0, whole),
            for_part(1, status_section(&status_lists::list())),
            for_part(1, status_section(&list_of_runs())),
            for_part(2, trust_section()),
            for_part(3, few),
            for_part(3, many),
            for_part(3, of_form_1),
            for_part(3, runs),
            for_part(4, delta(base(), &later()).expect("a delta is made")),
            for_part(4, delta(base(), &changed()).expect("a delta is made")),
            for_part(5, armour::parts_of_jws(&status_lists::token())),
            for_part(6, status_lists::cwt()),
            for_part(7, form()),
            for_part(8, revocation_section()),
        ]
    },
};

/// The issuer of the seeds, as a trust list has it.
pub(super) fn issuer() -> TrustedIssuer {
    TrustedIssuer {
        identifier: IssuerIdentifier::parse(ISSUER).expect("an identifier"),
        name: "Registry".to_owned(),
        credential_types: vec![
            CredentialTypeRule::Any,
            CredentialTypeRule::Exactly("org.iso.18013.5.1.mDL".to_owned()),
        ],
        anchors: vec![WORLD.root.clone(), AUTHORITY.1.clone()],
        claim169_keys: vec![WORLD.edwards.public().to_jwk()],
        status_prefix: Some("https://registry.example/".to_owned()),
        dids: vec![w3c::issuer_did()],
        formats: Vec::new(),
        source: None,
    }
}

static ROOT_OF_TRUST: LazyLock<RootOfTrust> = LazyLock::new(root_of_trust);

fn root_of_trust() -> RootOfTrust {
    let did = w3c::issuer_did();
    RootOfTrust {
        registry_keys: vec![WORLD.issuer.public().to_jwk()],
        pack_keys: vec![WORLD.issuer.public().to_jwk()],
        trust_list: TrustList {
            version: TRUST_LIST_VERSION,
            sequence: 0,
            issued_at: NOW,
            valid_until: NOW.plus(DAY),
            grace: DAY,
            issuers: vec![issuer()],
            relying_parties: RelyingParties::default(),
            type_metadata: BTreeMap::from([("urn:type".to_owned(), json!({"vct": "urn:type"}))]),
            did_documents: BTreeMap::from([(did.clone(), json!({"id": did.as_str()}))]),
            etsi_trusted_lists: Vec::new(),
            pack_keys: Vec::new(),
            scopes: std::collections::BTreeMap::new(),
            sources: std::collections::BTreeMap::new(),
            contexts: BTreeMap::from([(
                "https://registry.example/contexts/1".to_owned(),
                json!({"@context": {"name": "https://schema.org/name"}}),
            )]),
        },
    }
}

fn trust_section() -> &'static [u8] {
    static SECTION: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let prepared = TrustSection::prepare(&ROOT_OF_TRUST.trust_list, WORLD.issuer.public())
            .expect("a trust section is prepared");
        let signature = WORLD.issuer.sign(&prepared.request(WORLD.issuer.handle()).bytes);
        prepared
            .finish(&signature)
            .expect("a trust section is finished")
            .as_bytes()
            .to_vec()
    });
    &SECTION
}

/// A list whose shortest set is one of runs.
fn list_of_runs() -> TokenStatusList {
    let mut list = status_lists::list();
    for index in (0..list.len()).filter(|index| index % 64 < 40) {
        list.set(index, Status::Invalid).expect("an index of the list");
    }
    list
}

fn status_section(list: &TokenStatusList) -> Vec<u8> {
    let bitstring = BitstringUris {
        revocation: "https://registry.example/status/1/revocation",
        suspension: "https://registry.example/status/1/suspension",
    };
    let list = CompactStatusList::of_list(status_lists::LIST, list, Some(bitstring));
    let input = StatusSectionInput {
        produced_at: NOW,
        valid_until: NOW.plus(DAY),
        grace: DAY,
        x5chain: core::slice::from_ref(&WORLD.status_leaf),
    };
    let lists = vec![list.expect("a list is compacted")];
    let prepared = StatusSection::prepare(&input, lists, SignatureAlgorithm::Es256)
        .expect("a status section is prepared");
    let signature = WORLD.issuer.sign(&prepared.request(WORLD.issuer.handle()).bytes);
    prepared
        .finish(&signature)
        .expect("a status section is finished")
        .as_bytes()
        .to_vec()
}

fn base() -> &'static [u8] {
    static BASE: LazyLock<Vec<u8>> = LazyLock::new(|| {
        packed(
            TrustSection::from_published(trust_section().to_vec()),
            [StatusSection::from_published(status_section(
                &status_lists::list(),
            ))],
        )
    });
    &BASE
}

/// The pack with another list.
fn changed() -> Vec<u8> {
    packed(
        TrustSection::from_published(trust_section().to_vec()),
        [StatusSection::from_published(status_section(&list_of_runs()))],
    )
}

/// The pack without its status section.
fn later() -> Vec<u8> {
    packed(TrustSection::from_published(trust_section().to_vec()), [])
}

fn form() -> Vec<u8> {
    let opened = Pack::open(base(), &ROOT_OF_TRUST, &TRUSTING_PROVIDER, NOW, None).expect("the base opens");
    opened.applied_form(&ROOT_OF_TRUST, None).0
}

/// A verbatim list, as a distributor checks it and as a reader does.
fn verbatim(form: VerbatimForm, body: &[u8]) -> Reading {
    let _ = VerbatimForm::recognise(body);
    let section = VerbatimSection::new(status_lists::LIST, form, body).expect("the address of a list is one");
    let checked = section.check(&ROOT_OF_TRUST.trust_list, PackTools::new(&TRUSTING_PROVIDER), NOW);
    let trust = TrustSection::from_published(trust_section().to_vec());
    let pack = PackBuilder::new(1, times(), trust)
        .with_verbatim(section)
        .prepare(WORLD.issuer.public())
        .expect("a pack is prepared")
        .finish(&[7; 64])
        .expect("a pack is finished");
    let opened = Pack::open(&pack, &ROOT_OF_TRUST, &TRUSTING_PROVIDER, NOW, None);
    assert!(
        checked.is_err() || opened.is_ok(),
        "what may be packed can be read"
    );
    if let Ok(pack) = &opened {
        let _ = pack.status(status_lists::LIST, 7);
        let _ = pack.applied_form(&ROOT_OF_TRUST, None);
    }
    Reading::of(&checked)
}

/// A revocation list of certificates, as a distributor checks it and as a reader does.
fn revocation_list(section: &[u8]) -> Reading {
    let section = match RevocationSection::from_bytes(section.to_vec()) {
        Ok(section) => section,
        Err(error) => return Reading::refused(&error),
    };
    let checked = section.check(&ROOT_OF_TRUST.trust_list, &TRUSTING_PROVIDER, NOW);
    let trust = TrustSection::from_published(trust_section().to_vec());
    let pack = PackBuilder::new(1, times(), trust)
        .with_revocation_list(section)
        .prepare(WORLD.issuer.public())
        .expect("a pack is prepared")
        .finish(&[7; 64])
        .expect("a pack is finished");
    let opened = Pack::open(&pack, &ROOT_OF_TRUST, &TRUSTING_PROVIDER, NOW, None);
    assert_eq!(
        checked.is_ok(),
        opened.is_ok(),
        "what may be packed, and nothing else, can be read"
    );
    if let Ok(opened) = &opened {
        let (form, memory) = opened.applied_form(&ROOT_OF_TRUST, None);
        let tools = PackTools::new(&TRUSTING_PROVIDER);
        let again = Pack::open_applied(&pack, &form, &ROOT_OF_TRUST, tools, NOW, &memory);
        assert!(
            again.is_ok_and(|again| again.is_sealed()),
            "what was accepted opens by its seal"
        );
    }
    Reading::of(&checked.map(|_| ()))
}

/// An authority that may sign revocation lists.
static AUTHORITY: LazyLock<(Signer, Certificate)> = LazyLock::new(|| {
    let signer = Signer::new(SignatureAlgorithm::Es256, 11);
    let validity = Validity {
        not_before: NOW.minus(DAY * 30),
        not_after: NOW.plus(DAY * 30),
    };
    let certificate = authority("Authority of the seeds", validity, &signer.key, None);
    (signer, certificate)
});

fn revocation_section() -> Vec<u8> {
    let (signer, root) = &*AUTHORITY;
    let draft = RevocationListDraft::of(root, NOW, NOW.plus(DAY)).revoking(&WORLD.status_leaf, NOW, Some(1));
    let der = draft.sign(&signer.description, &signer.key);
    let section = RevocationSection::new("http://registry.example/root.crl", &der, &[], root);
    section.expect("a section is made").as_bytes().to_vec()
}

/// A pack of these sections, with their hashes. Its signature is none; the provider does not mind.
fn packed(trust: TrustSection, sections: impl IntoIterator<Item = StatusSection>) -> Vec<u8> {
    sections
        .into_iter()
        .fold(PackBuilder::new(1, times(), trust), PackBuilder::with_status)
        .prepare(WORLD.issuer.public())
        .expect("a pack is prepared")
        .finish(&[7; 64])
        .expect("a pack is finished")
}

const fn times() -> PackTimes {
    PackTimes {
        created: NOW,
        valid_until: UnixTime::from_seconds(NOW.seconds() + 86_400),
        grace: DAY,
    }
}
