use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use symbolon_crypto::{Randomness, RandomnessUnavailable, UnixTime};

use super::*;
use crate::authorization::{TokenMaterial, TokenTerms};
use crate::identifiers::ConfigurationId;
use crate::record::Uin;
use crate::secret::InstallationSecret;

#[derive(Default)]
struct Counting(AtomicU64);

impl Randomness for Counting {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomnessUnavailable> {
        for byte in bytes {
            *byte = (self.0.fetch_add(0x9e37_79b9, Ordering::Relaxed) >> 16) as u8;
        }
        Ok(())
    }
}

const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);

fn later(seconds: u64) -> UnixTime {
    NOW.plus(Duration::from_secs(seconds))
}

fn secret(randomness: &Counting) -> InstallationSecret {
    InstallationSecret::make(randomness).unwrap()
}

fn plan(tx_code: TxCodePolicy) -> OfferPlan {
    OfferPlan {
        record: Uin::parse("2345678901").unwrap(),
        configurations: vec![ConfigurationId::parse("NationalIdentity").unwrap()],
        tx_code,
        lifetime: Duration::from_secs(3_600),
        credentials_each: 2,
    }
}

struct Offered {
    randomness: Counting,
    secret: InstallationSecret,
    offer: PlannedOffer,
}

impl Offered {
    fn new(tx_code: TxCodePolicy) -> Self {
        let randomness = Counting::default();
        let secret = secret(&randomness);
        let offer = plan(tx_code).make(&secret, NOW, &randomness).unwrap();
        Self {
            randomness,
            secret,
            offer,
        }
    }

    /// Tries once and keeps what the store would keep.
    fn try_code(&mut self, tx_code: Option<&str>, now: UnixTime) -> Result<AccessGrant, TokenRefusal> {
        let request = TokenRequestParts {
            code_digest: self.offer.code.digest(),
            tx_code,
            client: None,
            dpop: None,
            details: None,
        };
        let material = TokenMaterial {
            terms: TokenTerms {
                credentials_each: 0,
                access_lifetime: ACCESS_TOKEN_LIFETIME,
                refresh_lifetime: None,
            },
            secret: &self.secret,
            randomness: &self.randomness,
            now,
        };
        match self.offer.grant.redeem(&request, &material).unwrap() {
            Redemption::Granted { grant, access, .. } => {
                self.offer.grant = grant;
                Ok(access)
            }
            Redemption::Refused { refusal, grant } => {
                if let Some(grant) = grant {
                    self.offer.grant = grant;
                }
                Err(refusal)
            }
        }
    }
}

#[test]
fn a_code_is_redeemed_once_and_not_after_its_time() {
    let mut offered = Offered::new(TxCodePolicy::NotRequired);
    assert_eq!(offered.try_code(None, later(3_600)), Err(TokenRefusal::Expired));
    let access = offered.try_code(None, later(3_599)).unwrap();
    assert_eq!(access.expires_at, later(3_599).plus(MAX_BEARER_TOKEN_LIFETIME));
    assert_eq!(
        offered.try_code(None, later(3_599)),
        Err(TokenRefusal::AlreadyRedeemed)
    );
}

#[test]
fn a_transaction_code_is_asked_for_exactly_when_the_offer_has_one() {
    let mut without = Offered::new(TxCodePolicy::NotRequired);
    assert_eq!(
        without.try_code(Some("123456"), NOW),
        Err(TokenRefusal::TxCodeUnexpected)
    );
    let mut with = Offered::new(TxCodePolicy::Required);
    assert_eq!(with.try_code(None, NOW), Err(TokenRefusal::TxCodeMissing));
    let right = with.offer.tx_code.as_ref().unwrap().expose().to_owned();
    assert_eq!(right.len(), usize::from(TX_CODE_DIGITS));
    assert!(right.bytes().all(|digit| digit.is_ascii_digit()));
    assert!(with.try_code(Some(&right), NOW).is_ok());
}

#[test]
fn wrong_transaction_codes_wait_longer_and_longer_and_then_the_code_is_dead() {
    let mut offered = Offered::new(TxCodePolicy::Required);
    let right = offered.offer.tx_code.as_ref().unwrap().expose().to_owned();
    let mut at = 0;
    for delay in [1, 2, 4, 8] {
        assert_eq!(
            offered.try_code(Some("wrong"), later(at)),
            Err(TokenRefusal::WrongTxCode)
        );
        // Even the right code has to wait, or the delay would tell it from a wrong one.
        let wait = Duration::from_secs(delay);
        assert_eq!(
            offered.try_code(Some(&right), later(at)),
            Err(TokenRefusal::TooEarly { wait })
        );
        at += delay;
    }
    assert_eq!(
        offered.try_code(Some("wrong"), later(at)),
        Err(TokenRefusal::TooManyTries)
    );
    assert_eq!(
        offered.try_code(Some(&right), later(at + 60)),
        Err(TokenRefusal::TooManyTries)
    );
}

#[test]
fn a_transaction_code_of_one_offer_opens_no_other() {
    let mut first = Offered::new(TxCodePolicy::Required);
    let second = plan(TxCodePolicy::Required)
        .make(&first.secret, NOW, &first.randomness)
        .unwrap();
    let other = second.tx_code.unwrap();
    // The same digits under another pre-authorized code have another tag.
    let guard = TxCodeGuard::new(
        &first.secret,
        &second.code.digest(),
        first.offer.tx_code.as_ref().unwrap(),
    );
    assert_ne!(first.offer.grant.tx_code, Some(guard));
    assert_eq!(
        first.try_code(Some(other.expose()), NOW),
        Err(TokenRefusal::WrongTxCode)
    );
}

#[test]
fn an_access_grant_yields_a_bounded_number_of_what_was_offered() {
    let mut offered = Offered::new(TxCodePolicy::NotRequired);
    let access = offered.try_code(None, NOW).unwrap();
    let offered_id = ConfigurationId::parse("NationalIdentity").unwrap();
    let other = ConfigurationId::parse("DrivingLicence").unwrap();
    assert_eq!(
        access.spend(&other, 1, NOW),
        Err(AccessRefusal::OtherConfiguration)
    );
    assert_eq!(access.spend(&offered_id, 3, NOW), Err(AccessRefusal::Exhausted));
    let spent = access.spend(&offered_id, 2, NOW).unwrap();
    assert_eq!(spent.spend(&offered_id, 1, NOW), Err(AccessRefusal::Exhausted));
    assert_eq!(
        access.spend(&offered_id, 1, access.expires_at),
        Err(AccessRefusal::Expired)
    );
}

#[test]
fn a_nonce_is_recognised_until_it_expires_and_no_other_is() {
    let randomness = Counting::default();
    let secret = secret(&randomness);
    let nonce = make_nonce(&secret, NOW, &randomness).unwrap();
    let mark = check_nonce(nonce.as_str(), &secret, later(299)).unwrap();
    assert_eq!(mark.expires_at, NOW.plus(NONCE_LIFETIME));
    assert_eq!(
        check_nonce(nonce.as_str(), &secret, later(300)),
        Err(NonceRefused::Expired)
    );
    let other = InstallationSecret::make(&randomness).unwrap();
    assert_eq!(
        check_nonce(nonce.as_str(), &other, NOW),
        Err(NonceRefused::NotOurs)
    );
    for altered in ["", "x", "AAAA", &nonce.as_str()[1..], &nonce.as_str().repeat(9)] {
        assert_eq!(
            check_nonce(altered, &secret, NOW),
            Err(NonceRefused::NotOurs),
            "{altered}"
        );
    }
    // The expiry is under the tag.
    let mut bytes = symbolon_crypto::encoding::base64url::decode(nonce.as_str()).unwrap();
    bytes[0] ^= 1;
    let altered = symbolon_crypto::encoding::base64url::encode(&bytes);
    assert_eq!(check_nonce(&altered, &secret, NOW), Err(NonceRefused::NotOurs));
}

#[test]
fn a_new_transaction_code_replaces_the_old_one_and_forgets_its_failures() {
    let mut offered = Offered::new(TxCodePolicy::Required);
    let old = offered.offer.tx_code.take().unwrap();
    let mut now = NOW;
    while offered.offer.grant.stage == GrantStage::Offered {
        assert!(offered.try_code(Some("wrong"), now).is_err());
        now = now.plus(Duration::from_secs(60));
    }
    let digest = offered.offer.code.digest();
    let renew = |offered: &Offered, now| {
        let grant = &offered.offer.grant;
        grant.with_new_tx_code(&offered.secret, &digest, now, &offered.randomness)
    };
    let (grant, new) = renew(&offered, now).unwrap();
    offered.offer.grant = grant;
    assert_eq!(
        offered.try_code(Some(old.expose()), now),
        Err(TokenRefusal::WrongTxCode)
    );
    let after_the_wait = now.plus(Duration::from_secs(1));
    assert!(offered.try_code(Some(new.expose()), after_the_wait).is_ok());
    let refused = |offered: &Offered, now| renew(offered, now).err();
    assert_eq!(refused(&offered, now), Some(RenewalRefused::Redeemed));
    let without = Offered::new(TxCodePolicy::NotRequired);
    assert_eq!(refused(&without, NOW), Some(RenewalRefused::NotRequired));
    let late = Offered::new(TxCodePolicy::Required);
    assert_eq!(refused(&late, later(3_600)), Some(RenewalRefused::Expired));
}
