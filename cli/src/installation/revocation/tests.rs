use std::sync::Arc;

use symbolon_crypto::RustCryptoProvider;
use symbolon_crypto::testing::SeededRandomness;
use symbolon_issuer::haip::Profile;
use url::Url;

use super::*;
use crate::configuration::FILE_NAME;
use crate::installation::authority::{Authority, Certified};
use crate::installation::init::{NewInstallation, init};

const NOW: UnixTime = UnixTime::from_seconds(1_790_000_000);
const DOCUMENTS: CertificateAuthority = CertificateAuthority::Documents;

struct Office {
    root: Certified,
    signers: Vec<Certificate>,
    folder: tempfile::TempDir,
}

impl Office {
    fn new() -> Self {
        Self::new_of(5)
    }

    fn new_of(seed: u64) -> Self {
        let provider: Arc<dyn CryptoProvider> = Arc::new(RustCryptoProvider);
        let randomness = SeededRandomness::new(seed);
        let authority = Authority {
            provider: &provider,
            randomness: &randomness,
            now: NOW,
        };
        let contact = "https://issuer.example";
        let root = authority.documents_root(contact).unwrap();
        let signer = || authority.document_signer(&root, contact).unwrap().certificate;
        Self {
            signers: vec![signer(), signer()],
            root,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn signing(&self) -> Signing<'_> {
        Signing {
            key: &self.root.key,
            certificate: &self.root.certificate,
        }
    }

    fn revoking(&self, signer: usize) -> RevokedCertificate {
        RevokedCertificate::new(&self.signers[signer], NOW, RevocationReason::KeyCompromise)
    }

    fn begin(&self) -> RevocationList {
        let (folder, lifetime) = (ListFolder::below(self.folder.path()), RENEWED_LIST_LIFETIME);
        let begun = folder.begin(DOCUMENTS, &self.signing(), lifetime, &RustCryptoProvider, NOW);
        begun.unwrap()
    }

    fn publish(&self, added: &[RevokedCertificate], now: UnixTime) -> RevocationList {
        self.try_publish(added, now).unwrap()
    }

    fn try_publish(
        &self,
        added: &[RevokedCertificate],
        now: UnixTime,
    ) -> Result<RevocationList, RevocationError> {
        let (folder, lifetime) = (ListFolder::below(self.folder.path()), RENEWED_LIST_LIFETIME);
        folder.publish(
            DOCUMENTS,
            &self.signing(),
            added,
            lifetime,
            &RustCryptoProvider,
            now,
        )
    }

    fn resume(&self, copy: Option<&RevocationList>) -> RevocationList {
        let (folder, lifetime) = (ListFolder::below(self.folder.path()), RENEWED_LIST_LIFETIME);
        let resumed = folder.resume(
            DOCUMENTS,
            &self.signing(),
            copy,
            lifetime,
            &RustCryptoProvider,
            NOW,
        );
        resumed.unwrap()
    }

    fn list_file(&self) -> PathBuf {
        self.folder.path().join(FOLDER).join(DOCUMENTS.file_name())
    }
}

fn refusal(refused: Result<RevocationList, RevocationError>) -> NotContinued {
    match refused {
        Err(error @ RevocationError::NotContinued { what, .. }) => {
            assert!(error.to_string().contains("resume-crl --of documents --previous"));
            what
        }
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it is gone on from"),
    }
}

#[test]
fn a_list_that_was_lost_set_back_or_restored_is_not_gone_on_from_until_somebody_says_from_what() {
    let office = Office::new();
    let never = office.try_publish(&[], NOW);
    assert_eq!(refusal(never), NotContinued::Missing, "a first one is begun");
    office.begin();
    let older = fs::read(office.list_file()).unwrap();
    let revoking = office.publish(&[office.revoking(0)], NOW);

    fs::remove_file(office.list_file()).unwrap();
    assert_eq!(refusal(office.try_publish(&[], NOW)), NotContinued::Missing);
    let root = &office.root.certificate;
    let folder = ListFolder::below(office.folder.path());
    let empty = RevocationList::parse(&older).unwrap();
    assert!(folder.take(DOCUMENTS, &empty, root, &RustCryptoProvider).is_err());
    assert_eq!(office.resume(Some(&revoking)).count(), 1);
    assert_eq!(office.publish(&[], NOW).count(), 1);

    fs::write(office.list_file(), &older).unwrap();
    assert_eq!(refusal(office.try_publish(&[], NOW)), NotContinued::SetBack);
    // The file that tells so was damaged.
    let newest = beside(&office.list_file(), NEWEST);
    let number = fs::read(&newest).unwrap();
    for damaged in [&b""[..], b"2 3", b"\xff"] {
        fs::write(&newest, damaged).unwrap();
        assert_eq!(refusal(office.try_publish(&[], NOW)), NotContinued::Unknown);
    }
    fs::write(&newest, number).unwrap();
    assert_eq!(refusal(office.try_publish(&[], NOW)), NotContinued::SetBack);
    assert_eq!(office.resume(Some(&revoking)).count(), 1);

    fs::write(restored_mark(&office.list_file()).unwrap(), "").unwrap();
    assert_eq!(refusal(office.try_publish(&[], NOW)), NotContinued::Restored);
    assert_eq!(office.resume(None).count(), 1, "with what lies there");
    assert_eq!(office.publish(&[office.revoking(1)], NOW).count(), 2);
    fs::write(restored_mark(&office.list_file()).unwrap(), "").unwrap();
    let by_copy = |copy| folder.resume_by_copy(DOCUMENTS, copy, root, &RustCryptoProvider);
    assert!(matches!(
        by_copy(Some(&empty)),
        Err(RevocationError::NotNewer { .. })
    ));
    assert_eq!(by_copy(None).unwrap().count(), 2);
    assert_eq!(office.publish(&[], NOW).count(), 2);
    for other in [
        "keys/documents.crl",
        "certificates/other.crl",
        "certificates",
        "/",
    ] {
        assert_eq!(restored_mark(Path::new(other)), None, "{other}");
    }
}

#[test]
fn a_list_is_begun_once_and_again_for_another_authority() {
    let office = Office::new();
    office.begin();
    let revoking = office.publish(&[office.revoking(0)], NOW);
    let folder = ListFolder::below(office.folder.path());
    let begin = |signing: &Signing<'_>, now| {
        folder.begin(
            DOCUMENTS,
            signing,
            RENEWED_LIST_LIFETIME,
            &RustCryptoProvider,
            now,
        )
    };
    let later = NOW.plus(Duration::from_secs(1_000));
    let refused = begin(&office.signing(), later);
    let Err(RevocationError::NotNewer { served }) = refused else {
        panic!("what was revoked is given back");
    };
    assert_eq!(served, revoking.number().to_u64());
    assert_eq!(folder.read(DOCUMENTS).unwrap().unwrap().count(), 1);

    // The next authority takes the place of this one, whose list came out of a backup.
    fs::write(restored_mark(&office.list_file()).unwrap(), "").unwrap();
    let next = Office::new_of(6);
    assert_eq!(begin(&next.signing(), later).unwrap().count(), 0);
    let provider = &RustCryptoProvider;
    let published = folder.publish(
        DOCUMENTS,
        &next.signing(),
        &[next.revoking(0)],
        RENEWED_LIST_LIFETIME,
        provider,
        later,
    );
    assert_eq!(published.unwrap().count(), 1);
}

#[test]
fn a_list_is_resumed_with_all_that_is_known_above_every_number_and_with_nothing_foreign() {
    let office = Office::new();
    office.begin();
    let folder = ListFolder::below(office.folder.path());
    let before = office.publish(&[office.revoking(0)], NOW);
    let older = fs::read(office.list_file()).unwrap();
    let copy = office.publish(&[], NOW);
    // What lies there names one that the copy does not have: it was made from the one before.
    fs::write(office.list_file(), &older).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let copied = ListFolder::below(elsewhere.path());
    copied
        .begin(
            DOCUMENTS,
            &office.signing(),
            RENEWED_LIST_LIFETIME,
            &RustCryptoProvider,
            NOW,
        )
        .unwrap();
    let revoke = |added: &[RevokedCertificate]| {
        copied
            .publish(
                DOCUMENTS,
                &office.signing(),
                added,
                RENEWED_LIST_LIFETIME,
                &RustCryptoProvider,
                NOW,
            )
            .unwrap()
    };
    revoke(&[]);
    revoke(&[]);
    let of_second = revoke(&[office.revoking(1)]);
    assert!(before.number().to_u64() < copy.number().to_u64());
    assert!(copy.number().to_u64() < of_second.number().to_u64());
    let resumed = office.resume(Some(&of_second));
    assert_eq!(resumed.count(), 2);
    assert!(resumed.number().to_u64() > of_second.number().to_u64());
    // The older of the two may be the copy as well.
    let resumed_again = office.resume(Some(&before));
    assert_eq!(resumed_again.count(), 2);
    assert!(resumed_again.number().to_u64() > resumed.number().to_u64());

    // The list of another authority says nothing of this one's certificates, however old it is.
    let other = Office::new_of(6);
    let early = NOW.minus(Duration::from_secs(1_000));
    let provider = &RustCryptoProvider;
    let foreign = next_list(
        &other.signing(),
        None,
        &[other.revoking(0)],
        RENEWED_LIST_LIFETIME,
        provider,
        early,
    );
    let foreign = foreign.unwrap();
    let lifetime = RENEWED_LIST_LIFETIME;
    let refused = folder.resume(
        DOCUMENTS,
        &office.signing(),
        Some(&foreign),
        lifetime,
        provider,
        NOW,
    );
    assert!(matches!(refused, Err(RevocationError::Foreign(_))));
    fs::remove_file(office.list_file()).unwrap();
    let refused = folder.resume_by_copy(DOCUMENTS, Some(&foreign), &office.root.certificate, provider);
    assert!(matches!(refused, Err(RevocationError::Foreign(_))));
    let refused = folder.resume_by_copy(DOCUMENTS, None, &office.root.certificate, provider);
    assert_eq!(refusal(refused), NotContinued::Missing);
}

/// Where the key is elsewhere nothing can be put together: one of the two is served on.
#[test]
fn a_copy_takes_the_place_of_what_lies_there_only_when_it_is_no_older_and_forgets_nothing() {
    let office = Office::new();
    let folder = ListFolder::below(office.folder.path());
    let (root, later) = (&office.root.certificate, NOW.plus(Duration::from_secs(1_000)));
    let by_copy =
        |copy: &RevocationList| folder.resume_by_copy(DOCUMENTS, Some(copy), root, &RustCryptoProvider);
    office.begin();
    let first = office.publish(&[office.revoking(0)], NOW);
    let second = office.publish(&[], NOW);
    assert!(
        matches!(by_copy(&first), Err(RevocationError::NotNewer { .. })),
        "it names the same and has a lower number"
    );
    let make = |added: &[RevokedCertificate]| {
        let lifetime = RENEWED_LIST_LIFETIME;
        next_list(
            &office.signing(),
            None,
            added,
            lifetime,
            &RustCryptoProvider,
            later,
        )
        .unwrap()
    };
    assert!(matches!(by_copy(&make(&[])), Err(RevocationError::Forgets)));
    assert_eq!(folder.read(DOCUMENTS).unwrap().unwrap().sha256(), second.sha256());
    let newer = make(&[office.revoking(1), office.revoking(0)]);
    assert_eq!(by_copy(&newer).unwrap().sha256(), newer.sha256());
    assert_eq!(folder.read(DOCUMENTS).unwrap().unwrap().sha256(), newer.sha256());
    // From the one that was served before nothing goes on any more.
    fs::write(office.list_file(), second.der()).unwrap();
    assert_eq!(refusal(office.try_publish(&[], later)), NotContinued::SetBack);
}

#[test]
fn a_list_that_is_brought_is_newer_by_its_number_and_by_its_date() {
    let office = Office::new();
    office.begin();
    let of_second = office.publish(&[], NOW);
    // Two more in the same second: its number runs ahead of the clock.
    office.publish(&[], NOW);
    let served = office.publish(&[], NOW);
    let second = Duration::from_secs(1);
    let make = |before: Option<&RevocationList>, now| {
        let lifetime = RENEWED_LIST_LIFETIME;
        next_list(&office.signing(), before, &[], lifetime, &RustCryptoProvider, now).unwrap()
    };
    let folder = ListFolder::below(office.folder.path());
    let take =
        |list: &RevocationList| folder.take(DOCUMENTS, list, &office.root.certificate, &RustCryptoProvider);
    for older in [
        make(None, NOW.plus(second)),
        make(Some(&served), NOW.minus(second)),
        of_second,
        served.clone(),
    ] {
        assert!(matches!(take(&older), Err(RevocationError::NotNewer { .. })));
    }
    take(&make(Some(&served), NOW)).unwrap();
}

/// An hourly look at both authorities: what one of them has lost does not keep the other's list from being made anew.
#[test]
fn a_list_of_a_day_is_made_anew_and_one_that_was_lost_is_not_begun_in_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let provider: Arc<dyn CryptoProvider> = Arc::new(RustCryptoProvider);
    let new = NewInstallation {
        folder: folder.path().to_owned(),
        issuer: Url::parse("https://registry.example").unwrap(),
        verifier: Url::parse("https://shop.example").unwrap(),
        profile: Profile::Standard,
    };
    init(&new, &provider, &SeededRandomness::new(1), NOW).unwrap();
    let installation = Installation::load(Some(&folder.path().join(FILE_NAME))).unwrap();
    let lists = ListFolder::below(&installation.issuer_folder());
    let made = |authority| lists.read(authority).unwrap().map(|list| list.this_update());
    let issuers = CertificateAuthority::Issuers;
    let day = Duration::from_secs(86_400);
    renew(&installation, NOW.plus(day - Duration::from_secs(1))).unwrap();
    assert_eq!((made(issuers), made(DOCUMENTS)), (Some(NOW), Some(NOW)));
    renew(&installation, NOW.plus(day)).unwrap();
    let first = Some(NOW.plus(day));
    assert_eq!((made(issuers), made(DOCUMENTS)), (first, first));

    fs::remove_file(lists.path.join(issuers.file_name())).unwrap();
    let refused = renew(&installation, NOW.plus(day * 2));
    let Err(RevocationError::NotContinued { what, authority }) = refused else {
        panic!("a list that names nobody is begun");
    };
    assert_eq!((what, authority), (NotContinued::Missing, "issuers"));
    assert_eq!((made(issuers), made(DOCUMENTS)), (None, Some(NOW.plus(day * 2))));
}

#[test]
fn a_hold_becomes_final_and_what_is_final_stays_so() {
    let office = Office::new();
    office.begin();
    let with = |reason| RevokedCertificate::new(&office.signers[0], NOW, reason);
    let reason = |list: &RevocationList| list.entries()[0].reason;
    let held = office.publish(&[with(RevocationReason::CertificateHold)], NOW);
    assert_eq!(reason(&held), Some(RevocationReason::CertificateHold));
    let revoked = office.publish(&[with(RevocationReason::KeyCompromise)], NOW);
    assert_eq!(
        (revoked.count(), reason(&revoked)),
        (1, Some(RevocationReason::KeyCompromise))
    );
    let again = office.publish(&[with(RevocationReason::CertificateHold)], NOW);
    assert_eq!(reason(&again), Some(RevocationReason::KeyCompromise));
    let once_more = office.publish(&[with(RevocationReason::Superseded)], NOW);
    assert_eq!(
        reason(&once_more),
        Some(RevocationReason::KeyCompromise),
        "it keeps the reason that it was revoked with first"
    );

    // One that is brought does not put it back on hold.
    let (root, folder) = (&office.root.certificate, ListFolder::below(office.folder.path()));
    let later = NOW.plus(Duration::from_secs(1_000));
    for (reason, is_taken) in [
        (RevocationReason::CertificateHold, false),
        (RevocationReason::Superseded, true),
    ] {
        let list = next_list(
            &office.signing(),
            None,
            &[with(reason)],
            RENEWED_LIST_LIFETIME,
            &RustCryptoProvider,
            later,
        );
        let taken = folder.take(DOCUMENTS, &list.unwrap(), root, &RustCryptoProvider);
        assert_eq!(taken.is_ok(), is_taken);
    }
}

#[test]
fn a_hold_keeps_its_date_and_may_end() {
    let office = Office::new();
    office.begin();
    let hold = RevocationReason::CertificateHold;
    let on_hold = |at| RevokedCertificate::new(&office.signers[0], at, hold);
    let later = NOW.plus(Duration::from_secs(1_000));
    office.publish(&[on_hold(NOW)], NOW);
    let again = office.publish(&[on_hold(later)], later);
    assert_eq!(again.entries()[0].at, NOW);
    let lifetime = RENEWED_LIST_LIFETIME;
    let end = later.plus(Duration::from_secs(1_000));
    let without = next_list(&office.signing(), None, &[], lifetime, &RustCryptoProvider, end);
    let folder = ListFolder::below(office.folder.path());
    let (root, provider) = (&office.root.certificate, &RustCryptoProvider);
    folder.take(DOCUMENTS, &without.unwrap(), root, provider).unwrap();
    assert_eq!(folder.read(DOCUMENTS).unwrap().unwrap().count(), 0);
}

#[test]
fn a_list_goes_on_from_the_one_before_and_its_number_rises_in_any_second() {
    let office = Office::new();
    let first = office.begin();
    let second = office.publish(&[office.revoking(0)], NOW);
    // The clock is set back.
    let earlier = NOW.minus(Duration::from_secs(1_000));
    let third = office.publish(&[office.revoking(1), office.revoking(0)], earlier);
    assert_eq!((first.count(), second.count(), third.count()), (0, 1, 2));
    assert!(
        first.number().to_u64() < second.number().to_u64()
            && second.number().to_u64() < third.number().to_u64()
    );
    let served = ListFolder::below(office.folder.path());
    let newest = served.newest(DOCUMENTS).unwrap().unwrap();
    assert_eq!(newest.sha256(), third.sha256());
    let fourth = office.publish(&[], NOW);
    assert_eq!(
        served.newest(DOCUMENTS).unwrap().unwrap().sha256(),
        fourth.sha256()
    );
    assert!(served.newest(CertificateAuthority::Issuers).unwrap().is_none());
    // Whatever lies there and is another's is not gone on from.
    let other = Office::new_of(6);
    let folder = ListFolder::below(office.folder.path());
    let refused = folder.publish(
        DOCUMENTS,
        &other.signing(),
        &[],
        RENEWED_LIST_LIFETIME,
        &RustCryptoProvider,
        NOW,
    );
    assert!(matches!(refused, Err(RevocationError::Foreign(_))));
}

#[test]
fn writers_at_once_lose_nothing() {
    let office = Office::new();
    office.begin();
    std::thread::scope(|scope| {
        for signer in 0..2 {
            let office = &office;
            scope.spawn(move || {
                for _ in 0..5 {
                    office.publish(&[], NOW);
                }
                office.publish(&[office.revoking(signer)], NOW);
                for _ in 0..5 {
                    office.publish(&[], NOW);
                }
            });
        }
    });
    assert_eq!(office.publish(&[], NOW).count(), 2);
}
