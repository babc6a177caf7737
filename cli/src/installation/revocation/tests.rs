use std::sync::Arc;

use symbolon_crypto::RustCryptoProvider;
use symbolon_crypto::testing::SeededRandomness;

use super::*;
use crate::installation::authority::{Authority, Certified};

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
    assert_eq!(office.resume(Some(&revoking)).count(), 1);

    fs::write(restored_mark(&office.list_file()).unwrap(), "").unwrap();
    assert_eq!(refusal(office.try_publish(&[], NOW)), NotContinued::Restored);
    assert_eq!(office.resume(None).count(), 1, "with what lies there");
    assert_eq!(office.publish(&[office.revoking(1)], NOW).count(), 2);
    fs::write(restored_mark(&office.list_file()).unwrap(), "").unwrap();
    let by_copy = |copy| folder.resume_by_copy(DOCUMENTS, copy, root, &RustCryptoProvider);
    assert!(matches!(by_copy(Some(&empty)), Err(RevocationError::Forgets)));
    assert_eq!(by_copy(None).unwrap().count(), 2);
    assert_eq!(office.publish(&[], NOW).count(), 2);
    assert_eq!(restored_mark(Path::new("keys/documents.crl")), None);
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
