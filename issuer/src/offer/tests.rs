use super::*;

const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);

fn later(seconds: u64) -> UnixTime {
    NOW.plus(Duration::from_secs(seconds))
}

fn configuration(name: &str) -> ConfigurationId {
    ConfigurationId::parse(name).unwrap()
}

fn entry() -> OfferEntry {
    OfferEntry {
        record: Uin::parse("2345678901").unwrap(),
        configurations: vec![configuration("A"), configuration("B")],
        delivery: OfferDelivery::ByReference,
        device: OfferDevice::OtherDevice,
        tx_code: TxCodePolicy::Required,
        grant: Some(SecretDigest::of("code")),
        code_offer: None,
        address: Some("0123456789abcdef0123456789abcdef".parse().unwrap()),
        made_at: NOW,
        expires_at: later(60),
        forgotten_at: later(600),
        cancelled: None,
    }
}

fn credential(digit: char) -> CredentialId {
    digit.to_string().repeat(32).parse().unwrap()
}

#[test]
fn the_state_is_the_furthest_thing_that_happened() {
    let mut history = OfferHistory::default();
    let state = |history: &OfferHistory, at| entry().state(history, at);
    assert_eq!(state(&history, NOW), OfferState::Made);
    history.fetched_at = Some(NOW);
    assert_eq!(state(&history, later(59)), OfferState::Fetched);
    assert_eq!(state(&history, later(60)), OfferState::Expired);
    history.begun_at = Some(NOW);
    assert_eq!(state(&history, NOW), OfferState::Started);
    assert_eq!(
        state(&history, later(60)),
        OfferState::Expired,
        "an authorization that went nowhere"
    );
    history.refused_at = Some(NOW);
    assert_eq!(state(&history, NOW), OfferState::Refused);
    assert_eq!(state(&history, later(60)), OfferState::Refused);
    history.taken_up_at = Some(NOW);
    assert_eq!(state(&history, later(60)), OfferState::Started);
    history.issued.push((credential('1'), configuration("A")));
    assert_eq!(state(&history, later(60)), OfferState::Issued);
    let cancelled = entry().cancelled(CancellationCause::Operator, NOW).unwrap();
    assert_eq!(cancelled.state(&history, NOW), OfferState::Cancelled);
    assert_eq!(cancelled.cancelled(CancellationCause::Restore, NOW), None);
}

#[test]
fn configurations_count_and_copies_do_not() {
    let mut history = OfferHistory::default();
    assert_eq!(history.issued_of(&entry()), 0);
    for (digit, name) in [('1', "A"), ('2', "A"), ('3', "Other")] {
        history.issued.push((credential(digit), configuration(name)));
    }
    assert_eq!(history.issued_of(&entry()), 1);
}

#[test]
fn a_restore_ends_what_could_still_have_been_taken_up_and_nothing_else() {
    let mut history = OfferHistory::default();
    let ended = entry().restored(&history, NOW).unwrap();
    let cause = CancellationCause::Restore;
    assert_eq!(ended.cancelled, Some(Cancellation { at: NOW, cause }));
    assert_eq!(ended.restored(&history, NOW), None);
    assert_eq!(entry().restored(&history, later(60)), None, "it has expired");
    history.issued.push((credential('1'), configuration("A")));
    assert_eq!(entry().restored(&history, NOW), None, "it says what was issued");
}

#[test]
fn the_stored_form_is_frozen() {
    let cancelled = entry().cancelled(CancellationCause::Operator, NOW).unwrap();
    for (entry, frozen) in [(entry(), FROZEN), (cancelled, CANCELLED)] {
        assert_eq!(serde_json::to_string(&entry).unwrap(), frozen);
        assert_eq!(serde_json::from_str::<OfferEntry>(frozen).unwrap(), entry);
    }
}

const FROZEN: &str = r#"{"record":"2345678901","configurations":["A","B"],"delivery":"by-reference","device":"other-device","tx_code":"required","grant":"VpTQii5T_8rgwxA-Wtb2B2q9lg6x-KVldwQLwQKPcCs","address":"0123456789abcdef0123456789abcdef","made_at":1800000000,"expires_at":1800000060,"forgotten_at":1800000600}"#;
const CANCELLED: &str = r#"{"record":"2345678901","configurations":["A","B"],"delivery":"by-reference","device":"other-device","tx_code":"required","grant":"VpTQii5T_8rgwxA-Wtb2B2q9lg6x-KVldwQLwQKPcCs","address":"0123456789abcdef0123456789abcdef","made_at":1800000000,"expires_at":1800000060,"forgotten_at":1800000600,"cancelled":{"at":1800000000,"cause":"operator"}}"#;
