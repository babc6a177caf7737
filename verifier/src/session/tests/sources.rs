//! Lists of authorities beside the trust list: what each may vouch for, and until when.

use symbolon_credential::status::StatusReference;
use symbolon_crypto::{RustCryptoProvider, UnixTime};
use symbolon_trust::pack::{
    Pack, PackBuilder, PackError, PackTimes, PackTools, VerbatimForm, VerbatimSection, apply,
};
use symbolon_trust::status_list::Status as Listed;
use symbolon_trust::testing::{DAY, NOW, TestIssuingAuthority, TestVicalProvider};
use symbolon_trust::trust_list::{
    AnchoredFormat, IssuerIdentifier, RootOfTrust, SourceName, TrustList, TypeLimit,
};
use symbolon_trust::vical::ParsedVical;

use super::mdoc_world::{DOC_TYPE, LICENCE, MdocWorld};
use super::w3c_world::{Form, W3cWorld};
use super::world::{Network, SECOND, bound};
use crate::report::{Reason, Report, Status, Trusted, Verdict, Warning};
use crate::{Evidence, Expected, Policy, StatusEvidence};

/// Where an authority that nobody has an address of keeps its status list.
const LIST: &str = "https://lists.licensing.example/1";

/// A verifier whose trust list knows nobody, and a VICAL with the authority of [`MdocWorld`].
struct Abroad {
    world: MdocWorld,
    provider: TestVicalProvider,
}

impl Abroad {
    fn new() -> Self {
        Self {
            world: MdocWorld::new(),
            provider: TestVicalProvider::new(800),
        }
    }

    /// The trust list, valid for a year, with a VICAL of `issue` that lists the authority for `doc_types`.
    fn with_vical(&self, list: &mut TrustList, name: &str, date: UnixTime, doc_types: &[&str]) {
        let entries = [(self.world.authority.root(), doc_types)];
        let bytes = self.provider.vical(1, date, date.plus(DAY * 30), &entries);
        let roots = core::slice::from_ref(self.provider.root());
        let vical = ParsedVical::parse(&bytes)
            .unwrap()
            .verify(roots, &RustCryptoProvider)
            .unwrap();
        let source = vical.source(DAY, DAY * 7);
        let issuers = vical.issuers(&TypeLimit::Any);
        list.add_source(SourceName::parse(name).unwrap(), source, issuers)
            .unwrap();
    }

    fn empty(&self) -> TrustList {
        let mut list = self
            .world
            .world
            .registry
            .trust_list(Vec::new(), NOW.minus(DAY * 60));
        list.valid_until = NOW.plus(DAY * 365);
        list
    }

    fn trust_list(&self) -> TrustList {
        let mut list = self.empty();
        self.with_vical(&mut list, "vical", NOW, &[LICENCE]);
        list
    }

    /// A presentation of a licence without a status.
    fn licence(&self) -> Vec<u8> {
        let mut licence = self.world.licence("SN");
        licence.status = None;
        self.world.present(&self.world.authority.issue(&licence))
    }

    fn verify(&self, trust_list: &TrustList, now: UnixTime) -> Report {
        let licence = self.licence();
        self.world
            .verify_against(&licence, bound(), Policy::RELYING_PARTY, now, trust_list)
    }
}

#[test]
fn a_vical_vouches_for_the_document_types_that_it_gives_an_authority() {
    let abroad = Abroad::new();
    let report = abroad.verify(&abroad.trust_list(), NOW);
    assert_eq!(report.verdict, Verdict::Valid, "{report:?}");
    let issuer = report.issuer.unwrap();
    let identifier = IssuerIdentifier::of_certificate(abroad.world.authority.root());
    assert_eq!(issuer.identifier, identifier.as_str());
    assert_eq!(issuer.source.unwrap().as_str(), "vical");

    let mut other = abroad.empty();
    abroad.with_vical(&mut other, "vical", NOW, &[DOC_TYPE]);
    let report = abroad.verify(&other, NOW);
    assert_eq!(
        (report.verdict, report.trusted.state),
        (Verdict::Invalid, Trusted::NotTrusted)
    );
    assert!(report.failed_because(Reason::TypeNotAllowed));

    let report = abroad.verify(&abroad.empty(), NOW);
    assert!(report.failed_because(Reason::UnknownIssuer));
}

/// Row 30 of the attacks, for a list that is not the registry's own.
#[test]
fn a_source_is_used_in_its_grace_with_a_warning_and_then_nothing_is_known() {
    let abroad = Abroad::new();
    let list = abroad.trust_list();
    let expired_at = NOW.plus(DAY * 30);
    // The licence itself is valid for thirty days.
    let mut licence = abroad.world.licence("SN");
    licence.status = None;
    licence.validity.valid_until = NOW.plus(DAY * 300);
    let licence = abroad.world.present(&abroad.world.authority.issue(&licence));
    let at = |now| {
        abroad
            .world
            .verify_against(&licence, bound(), Policy::RELYING_PARTY, now, &list)
    };
    for (now, verdict, warned) in [
        (NOW, Verdict::Valid, false),
        (expired_at, Verdict::Valid, false),
        (expired_at.plus(SECOND), Verdict::Valid, true),
        (expired_at.plus(DAY * 7), Verdict::Valid, true),
        (expired_at.plus(DAY * 7).plus(SECOND), Verdict::Unknown, false),
    ] {
        let report = at(now);
        let warnings = if warned {
            vec![Warning::TrustListInGrace { expired_at }]
        } else {
            Vec::new()
        };
        assert_eq!((report.verdict, report.warnings), (verdict, warnings), "{now:?}");
    }
    let report = at(expired_at.plus(DAY * 8));
    assert!(report.failed_because(Reason::EvidenceTooOld));
    assert!(report.claims.is_empty());
    // A clock that is far behind is noticed.
    let report = at(NOW.minus(DAY));
    assert_eq!(report.verdict, Verdict::Unknown);
    assert!(report.failed_because(Reason::NotYetValid));
}

#[test]
fn of_two_lists_with_one_authority_the_one_that_holds_counts() {
    let abroad = Abroad::new();
    let mut list = abroad.empty();
    abroad.with_vical(&mut list, "old", NOW.minus(DAY * 50), &[LICENCE]);
    assert_eq!(abroad.verify(&list, NOW).verdict, Verdict::Unknown);
    abroad.with_vical(&mut list, "young", NOW, &[LICENCE]);
    let report = abroad.verify(&list, NOW);
    assert_eq!(report.verdict, Verdict::Valid);
    assert_eq!(report.issuer.unwrap().source.unwrap().as_str(), "young");
    // One that holds and does not list the type takes nothing from one that does.
    let mut list = abroad.empty();
    abroad.with_vical(&mut list, "other-type", NOW, &[DOC_TYPE]);
    abroad.with_vical(&mut list, "young", NOW, &[LICENCE]);
    assert_eq!(abroad.verify(&list, NOW).verdict, Verdict::Valid);
}

/// An anchor vouches for the formats that it was pinned for, and for no other.
#[test]
fn an_anchor_for_one_format_vouches_for_no_other() {
    let world = MdocWorld::new();
    let presented = world.present(&world.authority.issue(&world.template()));
    let text = world.world.presentation();
    let with = |mut list: TrustList, format| {
        list.issuers[0].formats = vec![format];
        list
    };
    let mdoc = |list: &TrustList| world.verify_against(&presented, bound(), Policy::RELYING_PARTY, NOW, list);
    let sd_jwt = |list: &TrustList| {
        world
            .world
            .verify_with(&text, bound(), Policy::RELYING_PARTY, list, NOW)
    };
    let unlisted = |report: &Report| {
        assert_eq!(report.verdict, Verdict::Invalid);
        assert!(report.failed_because(Reason::UnknownIssuer), "{report:?}");
    };
    assert_eq!(
        mdoc(&with(world.trust_list(), AnchoredFormat::Mdoc)).verdict,
        Verdict::Valid
    );
    unlisted(&mdoc(&with(world.trust_list(), AnchoredFormat::SdJwtVc)));
    let list = world.world.trust_list();
    assert_eq!(
        sd_jwt(&with(list.clone(), AnchoredFormat::SdJwtVc)).verdict,
        Verdict::Valid
    );
    unlisted(&sd_jwt(&with(list, AnchoredFormat::Mdoc)));

    let w3c = W3cWorld::new();
    for (form, own, other) in [
        (Form::Eddsa, AnchoredFormat::LdpVc, AnchoredFormat::JwtVc),
        (Form::Jwt, AnchoredFormat::JwtVc, AnchoredFormat::CoseVc),
        (Form::Cose, AnchoredFormat::CoseVc, AnchoredFormat::LdpVc),
    ] {
        let presented = w3c.presentation(form);
        let judged = |format| w3c.verify_against(&presented, &with(w3c.trust_list(), format));
        assert_eq!(judged(own).verdict, Verdict::Valid, "{form:?}");
        unlisted(&judged(other));
    }

    let card = super::card::claims(&world.world);
    let card = world.world.issuer.claim169_key.sign_card(&card).qr_text();
    let judged = |format| {
        let list = with(world.world.trust_list(), format);
        world
            .world
            .verify_with(&card, Expected::Unchecked, Policy::RELYING_PARTY, &list, NOW)
    };
    assert_eq!(judged(AnchoredFormat::Claim169).trusted.state, Trusted::Trusted);
    unlisted(&judged(AnchoredFormat::Mdoc));
}

/// Rows 27 and 28: its lists are told by their signature alone, which must be under the very certificate.
#[test]
fn the_status_list_of_an_authority_is_signed_under_its_own_certificate() {
    let abroad = Abroad::new();
    let list = abroad.trust_list();
    let mut licence = abroad.world.licence("SN");
    licence.status = Some(StatusReference::new(LIST, super::world::INDEX).unwrap());
    let licence = abroad.world.present(&abroad.world.authority.issue(&licence));
    let judge = |token: String| {
        let network = Network {
            status_lists: [(LIST.to_owned(), StatusEvidence::Token(token))].into(),
            ..Network::default()
        };
        let question = abroad
            .world
            .question(&licence, bound(), Policy::RELYING_PARTY, NOW);
        let (mut reports, _) = question.ask(Evidence::online(&list), &network);
        reports.remove(0)
    };
    let states = |status| abroad.world.world.list(status);
    let own = |status| abroad.world.authority.status_token(LIST, &states(status), NOW);
    assert_eq!(judge(own(Listed::Valid)).verdict, Verdict::Valid);
    assert_eq!(judge(own(Listed::Invalid)).status.state, Status::Revoked);

    let other = TestIssuingAuthority::new(990).status_token(LIST, &states(Listed::Valid), NOW);
    let report = judge(other);
    assert_eq!(
        (report.verdict, report.status.state),
        (Verdict::Unknown, Status::Unknown)
    );
    assert!(report.failed_because(Reason::NoChainToAnchor));
    let issuer = &abroad.world.world.issuer;
    let report = judge(issuer.status_token(LIST, &states(Listed::Valid), NOW));
    assert_eq!(report.verdict, Verdict::Unknown);
}

#[test]
fn a_pack_brings_its_sources_with_their_limits() {
    let abroad = Abroad::new();
    let registry = &abroad.world.world.registry;
    let root = registry.root_of_trust(abroad.empty());
    let offline = |list: &TrustList, now| {
        let pack = registry.pack(1, list, Vec::new(), NOW);
        let pack = Pack::open(&pack, &root, &RustCryptoProvider, now, None).unwrap();
        let licence = abroad.licence();
        let question = abroad
            .world
            .question(&licence, bound(), Policy::RELYING_PARTY, now);
        question
            .ask(Evidence::offline(&pack), &Network::default())
            .0
            .remove(0)
    };
    let list = abroad.trust_list();
    assert_eq!(offline(&list, NOW).verdict, Verdict::Valid);
    let mut narrow = abroad.empty();
    abroad.with_vical(&mut narrow, "vical", NOW, &[DOC_TYPE]);
    assert!(offline(&narrow, NOW).failed_because(Reason::TypeNotAllowed));
    let mut old = abroad.empty();
    abroad.with_vical(&mut old, "vical", NOW.minus(DAY * 40), &[LICENCE]);
    assert_eq!(offline(&old, NOW).verdict, Verdict::Unknown);
}

fn open<'a>(bytes: &'a [u8], root: &RootOfTrust) -> Result<Pack<'a>, PackError> {
    Pack::open(bytes, root, &RustCryptoProvider, NOW, None)
}

/// Of an authority that has no address its signature says whose list it is, in a pack as on the network.
#[test]
fn a_pack_carries_the_status_lists_of_an_authority_that_is_known_by_its_certificate() {
    let abroad = Abroad::new();
    let registry = &abroad.world.world.registry;
    let list = abroad.trust_list();
    let root = registry.root_of_trust(abroad.empty());
    let mut licence = abroad.world.licence("SN");
    licence.status = Some(StatusReference::new(LIST, super::world::INDEX).unwrap());
    let licence = abroad.world.present(&abroad.world.authority.issue(&licence));
    let states = |status| abroad.world.world.list(status);
    let pack_of = |list: &TrustList, uri: &str, token: &str| {
        let times = PackTimes {
            created: NOW,
            valid_until: NOW.plus(DAY),
            grace: DAY,
        };
        let section = VerbatimSection::new(uri, VerbatimForm::TokenJwt, token.as_bytes()).unwrap();
        let builder = PackBuilder::new(1, times, registry.trust_section(list));
        registry.sign_pack(builder.with_verbatim(section))
    };
    let judge = |pack: &Pack<'_>| {
        let question = abroad
            .world
            .question(&licence, bound(), Policy::RELYING_PARTY, NOW);
        let (mut reports, wanted) = question.ask(Evidence::offline(pack), &Network::default());
        assert_eq!(wanted, []);
        reports.remove(0)
    };
    let own = |status| abroad.world.authority.status_token(LIST, &states(status), NOW);
    for (status, verdict, state) in [
        (Listed::Valid, Verdict::Valid, Status::Good),
        (Listed::Invalid, Verdict::Invalid, Status::Revoked),
    ] {
        let bytes = pack_of(&list, LIST, &own(status));
        let tools = PackTools::new(&RustCryptoProvider);
        let held = apply(&bytes, None, &root, tools, NOW, None).unwrap();
        let sealed = Pack::open_applied(&held.pack, &held.form, &root, tools, NOW, &held.memory).unwrap();
        assert!(sealed.is_sealed());
        for pack in [open(&bytes, &root).unwrap(), sealed] {
            let report = judge(&pack);
            assert_eq!((report.verdict, report.status.state), (verdict, state));
        }
    }

    // Another authority that is believed, at this address: its list says nothing of these credentials.
    let other = TestIssuingAuthority::new(990);
    let mut both = list.clone();
    let entries: [(&_, &[&str]); 1] = [(other.root(), &[LICENCE])];
    let vical = abroad.provider.vical(1, NOW, NOW.plus(DAY * 30), &entries);
    let vical = ParsedVical::parse(&vical).unwrap();
    let roots = core::slice::from_ref(abroad.provider.root());
    let vical = vical.verify(roots, &RustCryptoProvider).unwrap();
    let name = SourceName::parse("other").unwrap();
    let (source, issuers) = (vical.source(DAY, DAY * 7), vical.issuers(&TypeLimit::Any));
    both.add_source(name, source, issuers).unwrap();
    let token = other.status_token(LIST, &states(Listed::Valid), NOW);
    let bytes = pack_of(&both, LIST, &token);
    let report = judge(&open(&bytes, &root).unwrap());
    assert_eq!(report.verdict, Verdict::Unknown);
    assert!(report.failed_because(Reason::EvidenceOfAnotherIssuer));

    // One whom nobody believes, a forged one, and one at the address of an issuer that has one.
    assert!(matches!(
        open(&pack_of(&list, LIST, &token), &root),
        Err(PackError::StatusListOfNobody)
    ));
    let mut forged = own(Listed::Valid);
    let last = forged.pop().unwrap();
    forged.insert(forged.rfind('.').unwrap() + 1, last);
    assert!(matches!(
        open(&pack_of(&list, LIST, &forged), &root),
        Err(PackError::StatusListToken(_))
    ));
    let mut with_owner = list.clone();
    let owner = &abroad.world.world.issuer;
    with_owner.issuers.push(owner.entry(Vec::new()));
    // An issuer that has an address signs no lists elsewhere.
    let elsewhere = owner.status_token(LIST, &states(Listed::Valid), NOW);
    assert!(matches!(
        open(&pack_of(&with_owner, LIST, &elsewhere), &root),
        Err(PackError::StatusListOfNobody)
    ));
    let owned = owner.status_uri(7);
    let token = abroad
        .world
        .authority
        .status_token(&owned, &states(Listed::Valid), NOW);
    assert!(matches!(
        open(&pack_of(&with_owner, &owned, &token), &root),
        Err(PackError::StatusListToken(_))
    ));
}
