//! What strangers can and cannot do, played through.

use std::collections::HashMap;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;
use symbolon_crypto::UnixTime;
use symbolon_crypto::testing::SeededRandomness;

use super::*;
use crate::record::{IdRecord, Uin};
use crate::secret::{InstallationSecret, SecretDigest};

const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);
const RESIDENT: &str = "2345678901";
const NOBODY: &str = "9999999999";

/// A register of one resident, every budget, and every message that was sent.
struct Desk {
    secret: InstallationSecret,
    randomness: SeededRandomness,
    record: IdRecord,
    budgets: HashMap<String, SendBudget>,
    messages: Vec<(UnixTime, DueMessage)>,
}

/// A browser at the sign-in page.
struct Browser {
    digest: SecretDigest,
    sign_in: SignIn,
}

impl Desk {
    fn new(seed: u64) -> Self {
        let randomness = SeededRandomness::new(seed);
        Self {
            secret: InstallationSecret::make(&randomness).unwrap(),
            randomness,
            record: serde_json::from_value(json!({ "UIN": RESIDENT, "phone": "6352000147" })).unwrap(),
            budgets: HashMap::new(),
            messages: Vec::new(),
        }
    }

    fn browser(&self, name: &str, now: UnixTime) -> Browser {
        Browser {
            digest: SecretDigest::of(name),
            sign_in: SignIn::start(now),
        }
    }

    fn ask(&mut self, browser: &mut Browser, number: &str, now: UnixTime) -> Result<(), AskRefusal> {
        let typed = ResidentNumber::parse(number).unwrap();
        let record = (number == RESIDENT).then_some(&self.record);
        let key = SignIn::budget_of(&self.secret, &typed, record)
            .as_str()
            .to_owned();
        let budget = self.budgets.get(&key).cloned().unwrap_or(SendBudget::FRESH);
        let ask = Ask {
            session: &browser.digest,
            typed: &typed,
            record,
            budget: &budget,
            channel: Channel::Phone,
        };
        let asked = browser.sign_in.ask(&ask, &self.secret, now, &self.randomness)?;
        browser.sign_in = asked.sign_in;
        self.budgets.insert(key, asked.budget);
        self.messages.extend(asked.message.map(|message| (now, message)));
        Ok(())
    }

    fn enter(&mut self, browser: &mut Browser, code: &str, now: UnixTime) -> Result<Entry, EntryRefusal> {
        let key = browser
            .sign_in
            .typed()
            .map(|(_, key)| key.as_str().to_owned())
            .ok_or(EntryRefusal::NotAsked)?;
        let budget = self.budgets.get(&key).cloned().unwrap_or(SendBudget::FRESH);
        let typed = OneTimeCode::typed(code);
        let entered = browser
            .sign_in
            .enter(&typed, &browser.digest, &budget, &self.secret, now)?;
        browser.sign_in = entered.sign_in;
        if let Some(budget) = entered.budget {
            self.budgets.insert(key, budget);
        }
        Ok(entered.outcome)
    }

    fn key(&self) -> String {
        let typed = ResidentNumber::parse(RESIDENT).unwrap();
        SignIn::budget_of(&self.secret, &typed, Some(&self.record))
            .as_str()
            .to_owned()
    }

    /// The newest message, as the resident reads it.
    fn newest(&self) -> String {
        self.messages.last().unwrap().1.code.expose().to_owned()
    }
}

fn uin(digits: &str) -> Uin {
    Uin::parse(digits).unwrap()
}

#[test]
fn the_code_that_was_sent_signs_in_once_and_only_where_it_was_asked_for() {
    let mut desk = Desk::new(1);
    let (mut mine, mut other) = (desk.browser("mine", NOW), desk.browser("other", NOW));
    desk.ask(&mut mine, RESIDENT, NOW).unwrap();
    let code = desk.newest();
    desk.ask(&mut other, RESIDENT, NOW).unwrap();
    assert_eq!(desk.enter(&mut other, &code, NOW), Ok(Entry::Wrong));
    let right = Entry::Right {
        record: uin(RESIDENT),
    };
    assert_eq!(desk.enter(&mut mine, &code, NOW), Ok(right));
    assert!(matches!(
        mine.sign_in.page(NOW),
        SignInPage::Identified { record, method: SignInMethod::OneTimeCode } if record.as_str() == RESIDENT
    ));
    assert_eq!(desk.enter(&mut mine, &code, NOW), Err(EntryRefusal::NotAsked));
}

#[test]
fn a_code_and_a_sign_in_end_with_their_time() {
    let mut desk = Desk::new(2);
    let mut mine = desk.browser("mine", NOW);
    desk.ask(&mut mine, RESIDENT, NOW).unwrap();
    let code = desk.newest();
    let late = NOW.plus(CODE_LIFETIME);
    assert_eq!(desk.enter(&mut mine, &code, late), Err(EntryRefusal::CodeExpired));
    desk.ask(&mut mine, RESIDENT, late).unwrap();
    let code = desk.newest();
    let too_late = NOW.plus(SIGN_IN_LIFETIME);
    assert_eq!(desk.enter(&mut mine, &code, too_late), Err(EntryRefusal::Expired));
    assert_eq!(desk.ask(&mut mine, RESIDENT, too_late), Err(AskRefusal::Expired));
}

#[test]
fn a_dead_code_stays_dead_and_the_next_one_works() {
    let mut desk = Desk::new(3);
    let mut mine = desk.browser("mine", NOW);
    desk.ask(&mut mine, RESIDENT, NOW).unwrap();
    let dead = desk.newest();
    let mut now = NOW;
    for _ in 1..MAX_CODE_FAILURES {
        assert_eq!(desk.enter(&mut mine, "not a code", now), Ok(Entry::Wrong));
        assert!(matches!(
            desk.enter(&mut mine, &dead, now),
            Err(EntryRefusal::TooEarly { .. })
        ));
        now = now.plus(Duration::from_secs(16));
    }
    assert_eq!(desk.enter(&mut mine, "not a code", now), Ok(Entry::Exhausted));
    assert_eq!(desk.enter(&mut mine, &dead, now), Err(EntryRefusal::Exhausted));
    desk.ask(&mut mine, RESIDENT, now).unwrap();
    let code = desk.newest();
    assert_eq!(
        desk.enter(&mut mine, &code, now),
        Ok(Entry::Right {
            record: uin(RESIDENT)
        })
    );
}

#[test]
fn one_sign_in_asks_three_times_with_a_pause() {
    let mut desk = Desk::new(4);
    let mut mine = desk.browser("mine", NOW);
    let mut now = NOW;
    for _ in 0..MAX_ASKS {
        desk.ask(&mut mine, RESIDENT, now).unwrap();
        let refusal = desk.ask(&mut mine, RESIDENT, now).unwrap_err();
        assert!(
            matches!(refusal, AskRefusal::TooEarly { .. } | AskRefusal::TooOften),
            "{refusal}"
        );
        now = now.plus(Duration::from_secs(30));
    }
    assert_eq!(desk.ask(&mut mine, RESIDENT, now), Err(AskRefusal::TooOften));
    // Starting over forgets the number and not how often was asked.
    mine.sign_in = mine.sign_in.start_over();
    assert_eq!(mine.sign_in.page(now), SignInPage::Number);
    assert_eq!(desk.ask(&mut mine, RESIDENT, now), Err(AskRefusal::TooOften));
}

#[test]
fn whoever_is_identified_or_at_the_provider_gets_no_code() {
    let mut desk = Desk::new(5);
    let mut mine = desk.browser("mine", NOW);
    mine.sign_in = mine
        .sign_in
        .identified(uin(RESIDENT), SignInMethod::OpenIdProvider);
    assert_eq!(desk.ask(&mut mine, RESIDENT, NOW), Err(AskRefusal::NotNeeded));
    assert_eq!(mine.sign_in.start_over(), mine.sign_in);
}

#[test]
fn the_dead_and_the_unreachable_are_sent_nothing_and_nobody_sees_it() {
    for (field, value) in [("declaredAsDeceased", "Y"), ("phone", "none")] {
        let mut desk = Desk::new(6);
        desk.record = desk.record.clone().with_field(field, value.into());
        let mut mine = desk.browser("mine", NOW);
        desk.ask(&mut mine, RESIDENT, NOW).unwrap();
        assert!(desk.messages.is_empty(), "{field}");
        assert!(matches!(
            mine.sign_in.page(NOW),
            SignInPage::Code {
                length: CodeLength::Short,
                ..
            }
        ));
    }
}

/// What a page can show of a sign-in.
fn shown(browser: &Browser, now: UnixTime) -> String {
    match browser.sign_in.page(now) {
        SignInPage::Code {
            shown,
            length,
            ask_again,
        } => {
            format!(
                "{:?} {} {length:?} {ask_again:?}",
                shown.channel(),
                shown.text().chars().count()
            )
        }
        other => format!("{other:?}"),
    }
}

#[test]
fn a_stranger_all_day_neither_floods_nor_locks_out_nor_is_let_in() {
    // Every ten seconds a new browser asks in the resident's name, and each guesses as often as it may.
    let mut desk = Desk::new(7);
    let day = 24 * 3_600;
    for second in (0..day).step_by(10) {
        let now = NOW.plus(Duration::from_secs(second));
        let mut stranger = desk.browser(&format!("stranger {second}"), now);
        desk.ask(&mut stranger, RESIDENT, now).unwrap();
        for guess in ["000000", "000000000000"] {
            assert!(!matches!(
                desk.enter(&mut stranger, guess, now),
                Ok(Entry::Right { .. })
            ));
        }
    }
    assert!(
        desk.messages.len() <= 20,
        "{} messages in a day",
        desk.messages.len()
    );
    // In the middle of it the resident signs in with the last message, though none of it was asked for by this browser.
    let now = NOW.plus(Duration::from_secs(day));
    let mut mine = desk.browser("mine", now);
    desk.ask(&mut mine, RESIDENT, now).unwrap();
    let code = desk.newest();
    assert_eq!(
        desk.enter(&mut mine, &code, now),
        Ok(Entry::Right {
            record: uin(RESIDENT)
        })
    );
    // That code is used up, also for whoever read it over the resident's shoulder.
    let mut thief = desk.browser("thief", now);
    let before = desk.messages.len();
    desk.ask(&mut thief, RESIDENT, now).unwrap();
    assert!(!matches!(
        desk.enter(&mut thief, &code, now),
        Ok(Entry::Right { .. })
    ));
    assert_eq!(
        desk.messages.len(),
        before + 1,
        "after a success the resident is served as before"
    );
}

#[test]
fn a_stranger_who_waits_for_room_in_the_bucket_gets_few_messages_too() {
    // The cleverest: asks exactly when a message would go out.
    let mut desk = Desk::new(8);
    for second in 0..24 * 3_600_u64 {
        let now = NOW.plus(Duration::from_secs(second));
        let key = desk.key();
        let budget = desk.budgets.get(&key).cloned().unwrap_or(SendBudget::FRESH);
        if !matches!(budget.ask(now), Sending::AlreadySent { .. }) {
            let mut stranger = desk.browser(&format!("stranger {second}"), now);
            desk.ask(&mut stranger, RESIDENT, now).unwrap();
        }
    }
    assert!(
        desk.messages.len() <= 24,
        "{} messages in a day",
        desk.messages.len()
    );
}

/// One thing that somebody does in the resident's name.
#[derive(Debug, Clone)]
enum Act {
    Ask(u8),
    Guess(u8, u32),
    StartOver(u8),
    Wait(u16),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => (0_u8..6).prop_map(Act::Ask),
        3 => (0_u8..6, 0_u32..1_000_000).prop_map(|(browser, guess)| Act::Guess(browser, guess)),
        1 => (0_u8..6).prop_map(Act::StartOver),
        2 => (0_u16..1_200).prop_map(Act::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever strangers did before: a resident who comes now and has the telephone gets in, and a wrong code never does.
    #[test]
    fn nothing_that_strangers_do_keeps_the_resident_out(acts in prop::collection::vec(act(), 0..80), seed in 0_u64..1_000) {
        let mut desk = Desk::new(seed);
        let mut now = NOW;
        let mut browsers: Vec<Browser> = (0..6).map(|name| desk.browser(&format!("stranger {name}"), now)).collect();
        for (round, act) in acts.into_iter().enumerate() {
            match act {
                Act::Ask(at) => {
                    let browser = &mut browsers[usize::from(at)];
                    if now >= browser.sign_in.expires_at {
                        *browser = desk.browser(&format!("stranger {at} {round}"), now);
                    }
                    let _ = desk.ask(browser, RESIDENT, now);
                }
                Act::Guess(at, guess) => {
                    let guess = format!("{guess:06}");
                    let known = desk.messages.iter().any(|(_, message)| message.code.expose() == guess);
                    let outcome = desk.enter(&mut browsers[usize::from(at)], &guess, now);
                    let right = matches!(outcome, Ok(Entry::Right { .. }));
                    prop_assert!(!right || known);
                }
                Act::StartOver(at) => {
                    let browser = &mut browsers[usize::from(at)];
                    browser.sign_in = browser.sign_in.start_over();
                }
                Act::Wait(seconds) => now = now.plus(Duration::from_secs(u64::from(seconds))),
            }
        }
        let mut mine = desk.browser("mine", now);
        desk.ask(&mut mine, RESIDENT, now).unwrap();
        let code = desk.newest();
        prop_assert_eq!(desk.enter(&mut mine, &code, now), Ok(Entry::Right { record: uin(RESIDENT) }));
    }

    /// Step by step the same is shown and answered for a number of nobody.
    #[test]
    fn a_number_of_nobody_looks_like_anybodys(acts in prop::collection::vec(act(), 0..60), seed in 0_u64..1_000) {
        let (mut real, mut empty) = (Desk::new(seed), Desk::new(seed));
        let mut now = NOW;
        let browsers = |desk: &Desk| -> Vec<Browser> { (0..6).map(|name| desk.browser(&format!("{name}"), NOW)).collect() };
        let (mut of_real, mut of_empty) = (browsers(&real), browsers(&empty));
        for act in acts {
            match act {
                Act::Ask(at) => {
                    let at = usize::from(at);
                    let answers = (real.ask(&mut of_real[at], RESIDENT, now), empty.ask(&mut of_empty[at], NOBODY, now));
                    prop_assert_eq!(answers.0, answers.1);
                }
                Act::Guess(at, guess) => {
                    let (at, guess) = (usize::from(at), format!("{guess:06}"));
                    let answers = (real.enter(&mut of_real[at], &guess, now), empty.enter(&mut of_empty[at], &guess, now));
                    // A guess that is right by chance is the resident's own code, one in a million.
                    prop_assume!(!matches!(answers.0, Ok(Entry::Right { .. })));
                    prop_assert_eq!(answers.0, answers.1);
                }
                Act::StartOver(at) => {
                    let at = usize::from(at);
                    of_real[at].sign_in = of_real[at].sign_in.start_over();
                    of_empty[at].sign_in = of_empty[at].sign_in.start_over();
                }
                Act::Wait(seconds) => now = now.plus(Duration::from_secs(u64::from(seconds))),
            }
            for (one, other) in of_real.iter().zip(&of_empty) {
                prop_assert_eq!(shown(one, now), shown(other, now));
            }
        }
        prop_assert!(empty.messages.is_empty());
    }
}

#[test]
fn even_the_right_code_of_nobody_lets_nobody_in() {
    // Whoever could read the store's secrets would still find nobody behind the number.
    let desk = Desk::new(9);
    let digest = SecretDigest::of("mine");
    let typed = ResidentNumber::parse(NOBODY).unwrap();
    let ask = Ask {
        session: &digest,
        typed: &typed,
        record: None,
        budget: &SendBudget::FRESH,
        channel: Channel::Phone,
    };
    // The same randomness again gives the code that nobody was sent.
    let start = SignIn::start(NOW);
    let asked = start
        .ask(&ask, &desk.secret, NOW, &SeededRandomness::new(1))
        .unwrap();
    assert!(asked.message.is_none());
    let code = OneTimeCode::make(CodeLength::Short, &SeededRandomness::new(1)).unwrap();
    let entered = asked
        .sign_in
        .enter(&code, &digest, &asked.budget, &desk.secret, NOW)
        .unwrap();
    assert_eq!(entered.outcome, Entry::Wrong);
}

#[test]
fn a_sign_in_reads_back_from_its_storage() {
    let mut desk = Desk::new(10);
    let mut mine = desk.browser("mine", NOW);
    for round in 0..2_u64 {
        let json = serde_json::to_string(&mine.sign_in).unwrap();
        assert_eq!(serde_json::from_str::<SignIn>(&json).unwrap(), mine.sign_in);
        desk.ask(&mut mine, RESIDENT, NOW.plus(Duration::from_secs(60 * round)))
            .unwrap();
    }
    let code = desk.newest();
    let json = serde_json::to_string(&mine.sign_in).unwrap();
    assert!(!json.contains(&code), "no code is stored");
    let budget = serde_json::to_string(desk.budgets.values().next().unwrap()).unwrap();
    assert!(!budget.contains(RESIDENT), "no number is stored with a budget");
}

/// The stored forms, frozen: a version that writes or reads them otherwise owes a migration.
#[test]
fn the_forms_of_this_release_are_frozen() {
    const TAG: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    for stage in [
        r#""started""#,
        r#"{"code-sent":{"typed":"2345678901","record":"2345678901","budget":"00","shown":{"channel":"phone","ending":"47"},"own":{"tag":"TAG","expires_at":9},"tries":{"some":{"failures":1,"not_before":8}}}}"#,
        r#"{"code-sent":{"typed":"9999999999","record":null,"budget":"00","shown":{"channel":"email","ending":null},"own":null,"tries":"none"}}"#,
        r#"{"at-provider":"TAG"}"#,
        r#"{"identified":{"record":"2345678901","method":"one-time-code"}}"#,
    ] {
        let text = format!(r#"{{"expires_at":900,"asks":1,"ask_not_before":30,"stage":{stage}}}"#)
            .replace("TAG", TAG);
        let value: SignIn = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&value).unwrap(), text);
    }
    for text in [
        r#"{"empty_at":5,"unanswered":1}"#,
        r#"{"empty_at":5,"unanswered":4,"shared":{"tag":"TAG","expires_at":9}}"#,
    ] {
        let text = text.replace("TAG", TAG);
        let value: SendBudget = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&value).unwrap(), text);
    }
}
