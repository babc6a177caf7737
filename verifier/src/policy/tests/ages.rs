use proptest::prelude::*;
use time::{Date, Duration, Month};

use super::super::age::{completed_years, day, parse_date};
use super::*;

fn over_18(offset: i16) -> PresentationPolicy {
    policy(json!({
        "utc_offset_minutes": offset,
        "credentials": [identity(json!({
            "age": {"over": 18, "claims": [["age_equal_or_over", "18"]], "birth_date": ["birthdate"]},
        }))],
    }))
}

fn age_of(policy: &PresentationPolicy, claims: Value, now: UnixTime) -> RuleOutcome {
    let mut report = report(IDENTITY, REGISTRY, claims);
    report.as_of = Some(now);
    let reports = presented(&[("identity", report)]);
    outcome(&policy.decide(&reports, AnswerCheck::AsAsked, now), Rule::Age)
}

#[test]
fn a_birthday_counts_from_its_first_minute() {
    let policy = over_18(0);
    let born = json!({"birthdate": "2008-06-15"});
    for (now, wanted) in [
        ("2026-06-14T23:59:59Z", failed(RuleReason::NotOldEnough)),
        ("2026-06-15T00:00:00Z", RuleOutcome::Passed),
    ] {
        let now = UnixTime::parse_rfc3339(now).unwrap();
        assert_eq!(age_of(&policy, born.clone(), now), wanted, "{now:?}");
    }
}

#[test]
fn the_day_is_that_of_the_place_and_not_of_greenwich() {
    let born = json!({"birthdate": "2008-06-15"});
    let now = |text: &str| UnixTime::parse_rfc3339(text).unwrap();
    let kolkata = over_18(330);
    assert_eq!(
        age_of(&kolkata, born.clone(), now("2026-06-14T18:30:00Z")),
        RuleOutcome::Passed
    );
    let lima = over_18(-300);
    assert_eq!(
        age_of(&lima, born, now("2026-06-15T04:59:59Z")),
        failed(RuleReason::NotOldEnough)
    );
}

#[test]
fn who_was_born_on_a_leap_day_is_of_age_on_the_first_of_march() {
    let policy = over_18(0);
    let born = json!({"birthdate": "2008-02-29"});
    for (today, wanted) in [
        ("2026-02-28", failed(RuleReason::NotOldEnough)),
        ("2026-03-01", RuleOutcome::Passed),
        // A leap year has the day.
        ("2028-02-29", RuleOutcome::Passed),
    ] {
        assert_eq!(age_of(&policy, born.clone(), at_day(today)), wanted, "{today}");
    }
    let twenty = policy_over(20);
    assert_eq!(
        age_of(&twenty, born.clone(), at_day("2028-02-28")),
        failed(RuleReason::NotOldEnough)
    );
    assert_eq!(age_of(&twenty, born, at_day("2028-02-29")), RuleOutcome::Passed);
}

fn policy_over(over: u8) -> PresentationPolicy {
    one(json!({"age": {"over": over, "birth_date": ["birthdate"]}}))
}

#[test]
fn a_claim_that_says_so_is_enough_and_one_that_denies_it_is_outlived() {
    let policy = over_18(0);
    let now = at_day("2026-06-15");
    let says = |truth: bool| json!({"age_equal_or_over": {"18": truth}});
    assert_eq!(age_of(&policy, says(true), now), RuleOutcome::Passed);
    assert_eq!(
        age_of(&policy, says(false), now),
        failed(RuleReason::NotOldEnough)
    );
    // The credential was issued before the birthday.
    let both = json!({"age_equal_or_over": {"18": false}, "birthdate": "2008-06-15"});
    assert_eq!(age_of(&policy, both, now), RuleOutcome::Passed);
    assert_eq!(age_of(&policy, json!({}), now), failed(RuleReason::Missing));
    // Only the truth value says so.
    let text = json!({"age_equal_or_over": {"18": "true"}});
    assert_eq!(age_of(&policy, text, now), failed(RuleReason::Missing));
}

#[test]
fn what_is_no_full_date_says_nothing() {
    let policy = over_18(0);
    for text in [
        "1990",
        "1990-02",
        "1990-02-30",
        "02/03/1990",
        "1990-2-3",
        "+990-02-03",
        "",
    ] {
        let born = json!({ "birthdate": text });
        assert_eq!(
            age_of(&policy, born, at_day("2026-06-15")),
            failed(RuleReason::UnreadableDate),
            "{text}"
        );
    }
    let number = json!({"birthdate": 1990});
    assert_eq!(
        age_of(&policy, number, at_day("2026-06-15")),
        failed(RuleReason::UnreadableDate)
    );
    let to_come = json!({"birthdate": "2027-01-01"});
    assert_eq!(
        age_of(&policy, to_come, at_day("2026-06-15")),
        failed(RuleReason::NotOldEnough)
    );
}

fn any_date() -> impl Strategy<Value = Date> {
    (1900..2100_i32, 0..366_i64).prop_map(|(year, days)| {
        Date::from_calendar_date(year, Month::January, 1).unwrap() + Duration::days(days)
    })
}

proptest! {
    /// Counted the slow way: how many anniversaries have come, the one of a leap day on the first of March.
    #[test]
    fn completed_years_are_the_anniversaries_that_have_come(born in any_date(), today in any_date()) {
        let anniversaries = (born.year() + 1..=today.year())
            .filter(|year| {
                let that_day = Date::from_calendar_date(*year, born.month(), born.day())
                    .unwrap_or_else(|_| Date::from_calendar_date(*year, Month::March, 1).unwrap());
                that_day <= today
            })
            .count();
        let wanted = (today >= born).then(|| u16::try_from(anniversaries).unwrap());
        prop_assert_eq!(completed_years(born, today), wanted);
    }

    /// Nobody grows younger.
    #[test]
    fn age_never_falls(born in any_date(), today in any_date(), later in 0..20_000_i64) {
        let after = today + Duration::days(later);
        prop_assert!(completed_years(born, after) >= completed_years(born, today));
    }

    #[test]
    fn a_date_reads_as_it_is_written(date in any_date()) {
        let text = format!("{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day());
        prop_assert_eq!(parse_date(&text), Some(date));
    }

    #[test]
    fn any_clock_has_a_day_or_none(seconds in any::<i64>(), offset in any::<i16>()) {
        let _ = day(UnixTime::from_seconds(seconds), offset);
    }
}
