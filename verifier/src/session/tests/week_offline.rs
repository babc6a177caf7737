//! A phone without a network, by the clock argument: verdicts and warnings change exactly at the stated seconds.

use core::time::Duration;

use symbolon_crypto::{RustCryptoProvider, SignatureAlgorithm, UnixTime};
use symbolon_trust::pack::{
    CompactStatusList, Pack, PackBuilder, PackTimes, StatusSection, StatusSectionInput,
};
use symbolon_trust::status_list::Status as Listed;
use symbolon_trust::testing::{DAY, NOW};
use symbolon_trust::trust_list::TrustList;

use super::world::{SECOND, VCT, World, bound, run};
use crate::policy::{FreshnessDocument, FreshnessRules, TypeFreshnessDocument, WhenOlder};
use crate::report::{Reason, Report, Standing, Verdict, Warning};
use crate::{Evidence, PackAbsence, Policy};

const fn after(duration: Duration) -> UnixTime {
    UnixTime::from_seconds(NOW.seconds() + duration.as_secs().cast_signed())
}

const HOUR: Duration = Duration::from_secs(3_600);
/// When the pack was made, an hour after the issuer had signed its list.
const CREATED: UnixTime = after(HOUR);
/// The rule of the type: two days.
const FRESH_UNTIL: UnixTime = after(DAY.saturating_mul(2));
const LIST_UNTIL: UnixTime = after(DAY.saturating_mul(4));
const PACK_UNTIL: UnixTime = after(DAY.saturating_mul(5));
const TRUST_UNTIL: UnixTime = after(DAY.saturating_mul(6));
/// What list, pack and trust list are tolerated for.
const GRACE: Duration = DAY.saturating_mul(4);
/// Of the credential that does not outlive the week.
const CREDENTIAL_UNTIL: UnixTime = after(DAY.saturating_mul(7));

struct Phone {
    world: World,
    trust_list: TrustList,
    pack: Vec<u8>,
    policy: Policy,
}

impl Phone {
    fn new(listed: Listed, rule_of: &str, when_older: WhenOlder) -> Self {
        let world = World::new();
        let mut trust_list = world.trust_list();
        trust_list.valid_until = TRUST_UNTIL;
        trust_list.grace = GRACE;
        let input = StatusSectionInput {
            produced_at: NOW,
            valid_until: LIST_UNTIL,
            grace: GRACE,
            x5chain: core::slice::from_ref(&world.issuer.status_certificate),
        };
        let list = CompactStatusList::of_list(&world.uri(), &world.list(listed), None).unwrap();
        let prepared = StatusSection::prepare(&input, vec![list], SignatureAlgorithm::Es256).unwrap();
        let key = &world.issuer.status_key;
        let signature = key.sign(&prepared.request(key.handle()));
        let section = prepared.finish(&signature).unwrap();
        let times = PackTimes {
            created: CREATED,
            valid_until: PACK_UNTIL,
            grace: GRACE,
        };
        let builder = PackBuilder::new(1, times, world.registry.trust_section(&trust_list));
        let pack = world.registry.sign_pack(builder.with_status(section));
        let rule = TypeFreshnessDocument {
            oldest_seconds: 2 * 86_400,
            when_older,
        };
        let freshness = FreshnessDocument {
            types: [(rule_of.to_owned(), rule)].into(),
            ..FreshnessDocument::default()
        };
        let policy = Policy::RELYING_PARTY.with_freshness(FreshnessRules::new(&freshness).unwrap());
        Self {
            world,
            trust_list,
            pack,
            policy,
        }
    }

    fn judge(&self, expires: UnixTime, now: UnixTime) -> Report {
        let root = self.world.registry.root_of_trust(self.trust_list.clone());
        let pack = Pack::open(&self.pack, &root, &RustCryptoProvider, now, None);
        let evidence = match &pack {
            Ok(pack) => Evidence::offline(pack),
            Err(_) => Evidence::offline_without_pack(PackAbsence::Refused, &root.trust_list, &[], None),
        };
        let mut credential = self.world.template();
        credential.expires = Some(expires);
        let issued = self.world.issue(&credential);
        let text = self
            .world
            .present_with(&issued, &["given_name"], |claims| claims.issued_at = now);
        let (policy, provider) = (self.policy.clone(), &self.world.provider);
        run(
            &text,
            bound(),
            policy,
            evidence,
            &Default::default(),
            provider,
            now,
        )
        .report
    }

    /// What is told of a credential that outlives everything.
    fn told(&self, now: UnixTime) -> (Verdict, Standing, Vec<Warning>) {
        let report = self.judge(NOW.plus(DAY * 30), now);
        (report.verdict, report.standing(), report.warnings)
    }
}

#[test]
fn verdict_and_warnings_change_at_the_stated_seconds_and_not_one_earlier() {
    let phone = Phone::new(Listed::Valid, VCT, WhenOlder::Warn);
    let old = Warning::StatusOld {
        fresh_until: FRESH_UNTIL,
    };
    let list = Warning::StatusInGrace {
        expired_at: LIST_UNTIL,
    };
    let pack = Warning::PackInGrace {
        expired_at: PACK_UNTIL,
    };
    let trust = Warning::TrustListInGrace {
        expired_at: TRUST_UNTIL,
    };
    let refused = Warning::PackRefused;
    let good = (Verdict::Valid, Standing::InForce);
    let dark = (Verdict::Unknown, Standing::NotKnown);
    // The last second of each state, and the first of the next.
    let skew = Duration::from_secs(300);
    let changes: [(UnixTime, (Verdict, Standing), &[Warning]); 16] = [
        (CREATED.minus(skew + SECOND), dark, &[refused]),
        (CREATED.minus(skew), good, &[]),
        (FRESH_UNTIL, good, &[]),
        (FRESH_UNTIL.plus(SECOND), good, &[old]),
        (LIST_UNTIL, good, &[old]),
        (LIST_UNTIL.plus(SECOND), good, &[list, old]),
        (PACK_UNTIL, good, &[list, old]),
        (PACK_UNTIL.plus(SECOND), good, &[pack, list, old]),
        (TRUST_UNTIL, good, &[pack, list, old]),
        (TRUST_UNTIL.plus(SECOND), good, &[trust, pack, list, old]),
        (LIST_UNTIL.plus(GRACE), good, &[trust, pack, list, old]),
        (
            LIST_UNTIL.plus(GRACE + SECOND),
            (Verdict::Unknown, Standing::TooOld),
            &[trust, pack],
        ),
        (
            PACK_UNTIL.plus(GRACE),
            (Verdict::Unknown, Standing::TooOld),
            &[trust, pack],
        ),
        (PACK_UNTIL.plus(GRACE + SECOND), dark, &[trust, refused]),
        (TRUST_UNTIL.plus(GRACE), dark, &[trust, refused]),
        (TRUST_UNTIL.plus(GRACE + SECOND), dark, &[refused]),
    ];
    for (now, (verdict, standing), warnings) in changes {
        let told = phone.told(now);
        assert_eq!(
            told,
            (verdict, standing, warnings.to_vec()),
            "{} seconds after the list",
            now.since(NOW).as_secs()
        );
    }
}

#[test]
fn a_credential_expires_at_its_second_however_fresh_the_pack_is() {
    let phone = Phone::new(Listed::Valid, VCT, WhenOlder::Warn);
    let tolerance = Policy::RELYING_PARTY.clock_tolerance;
    let last = CREDENTIAL_UNTIL.plus(tolerance).minus(SECOND);
    assert_eq!(phone.judge(CREDENTIAL_UNTIL, last).verdict, Verdict::Valid);
    let expired = phone.judge(CREDENTIAL_UNTIL, last.plus(SECOND));
    assert_eq!(expired.verdict, Verdict::Invalid);
    assert!(expired.failed_because(Reason::Expired));
}

#[test]
fn where_the_rule_demands_it_old_knowledge_is_none_and_of_other_types_it_is() {
    let strict = Phone::new(Listed::Valid, VCT, WhenOlder::Unknown);
    assert_eq!(
        strict.told(FRESH_UNTIL),
        (Verdict::Valid, Standing::InForce, Vec::new())
    );
    let told = strict.told(FRESH_UNTIL.plus(SECOND));
    assert_eq!(told, (Verdict::Unknown, Standing::TooOld, Vec::new()));
    // It is told how old it is, though it does not count.
    let report = strict.judge(NOW.plus(DAY * 30), FRESH_UNTIL.plus(SECOND));
    assert_eq!(report.as_of, Some(NOW));

    let other = Phone::new(Listed::Valid, "urn:example:bank", WhenOlder::Unknown);
    let told = other.told(FRESH_UNTIL.plus(SECOND));
    assert_eq!(told, (Verdict::Valid, Standing::InForce, Vec::new()));
}

#[test]
fn bad_news_is_never_too_old() {
    for (listed, standing) in [
        (Listed::Invalid, Standing::Revoked),
        (Listed::Suspended, Standing::Suspended),
    ] {
        for when_older in [WhenOlder::Warn, WhenOlder::Unknown] {
            let phone = Phone::new(listed, VCT, when_older);
            for now in [FRESH_UNTIL, FRESH_UNTIL.plus(SECOND), LIST_UNTIL] {
                assert_eq!(phone.told(now), (Verdict::Invalid, standing, Vec::new()));
            }
        }
    }
}
