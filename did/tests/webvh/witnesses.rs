//! Witnesses ([§3.7.8](https://identity.foundation/didwebvh/v1.0/#did-witnesses)).

use serde_json::{Value, json};
use symbolon_crypto::SignatureAlgorithm;
use symbolon_did::webvh::{WebvhError, WebvhLog};

use crate::controller::{Log, PROVIDER, Signer};

fn rule(threshold: usize, witnesses: &[&Signer]) -> Value {
    let witnesses: Vec<Value> = witnesses
        .iter()
        .map(|witness| json!({"id": witness.did()}))
        .collect();
    json!({"threshold": threshold, "witnesses": witnesses})
}

fn begin(witness: Value, signer: &Signer) -> Log {
    Log::begin(
        json!({"updateKeys": [signer.multikey()], "witness": witness}),
        signer,
    )
}

/// Who approves which version.
fn proofs(log: &Log, approvals: &[(usize, &[&Signer])]) -> Value {
    approvals
        .iter()
        .map(|(number, witnesses)| {
            let version_id = log.version_id(*number);
            let proofs: Vec<Value> = witnesses
                .iter()
                .map(|witness| witness.approve(version_id))
                .collect();
            json!({"versionId": version_id, "proof": proofs})
        })
        .collect()
}

fn witnessed(log: &Log, proofs: &Value) -> Result<(), WebvhError> {
    match log.verify().unwrap() {
        WebvhLog::Verified(_) => panic!("the log has witnesses"),
        WebvhLog::NeedsWitnessProofs(log) => {
            log.witnessed(proofs.to_string().as_bytes(), &PROVIDER).map(drop)
        }
    }
}

#[test]
fn every_entry_needs_the_threshold_of_different_witnesses_and_a_later_approval_counts() {
    let controller = Signer::new(1);
    let [one, two, three] = [11, 12, 13].map(Signer::new);
    let mut log = begin(rule(2, &[&one, &two, &three]), &controller);
    log.update(json!({}), &controller);
    log.update(json!({}), &controller);
    let check = |approvals: &[(usize, &[&Signer])]| witnessed(&log, &proofs(&log, approvals));
    assert_eq!(check(&[(3, &[&one, &two])]), Ok(()));
    assert_eq!(check(&[(3, &[&one]), (3, &[&three])]), Ok(()));
    let refused = |entry| Err(WebvhError::Witnesses { entry });
    assert_eq!(check(&[]), refused(1));
    assert_eq!(check(&[(3, &[&one])]), refused(1));
    assert_eq!(check(&[(3, &[&one, &one])]), refused(1));
    assert_eq!(check(&[(3, &[&one]), (2, &[&two])]), refused(3));
    assert_eq!(check(&[(1, &[&one, &two]), (2, &[&one, &two])]), refused(3));
    assert_eq!(check(&[(3, &[&one, &Signer::new(99)])]), refused(1));
}

#[test]
fn witnesses_that_are_replaced_or_dismissed_approve_their_own_replacement() {
    let controller = Signer::new(1);
    let (old, new) = (Signer::new(11), Signer::new(12));
    let mut replaced = begin(rule(1, &[&old]), &controller);
    replaced.update(json!({"witness": rule(1, &[&new])}), &controller);
    assert_eq!(witnessed(&replaced, &proofs(&replaced, &[(2, &[&old])])), Ok(()));
    assert_eq!(
        witnessed(&replaced, &proofs(&replaced, &[(1, &[&old]), (2, &[&new])])),
        Err(WebvhError::Witnesses { entry: 2 })
    );
    let mut dismissed = begin(rule(1, &[&old]), &controller);
    dismissed.update(json!({"witness": {}}), &controller);
    dismissed.update(json!({}), &controller);
    assert_eq!(
        witnessed(&dismissed, &proofs(&dismissed, &[(2, &[&old])])),
        Ok(())
    );
    assert_eq!(
        witnessed(&dismissed, &proofs(&dismissed, &[(1, &[&old])])),
        Err(WebvhError::Witnesses { entry: 2 })
    );
    // Where there were none, the new ones approve at once.
    let mut added = begin(json!({}), &controller);
    added.update(json!({"witness": rule(1, &[&new])}), &controller);
    assert_eq!(witnessed(&added, &proofs(&added, &[(2, &[&new])])), Ok(()));
    assert_eq!(
        witnessed(&added, &json!([])),
        Err(WebvhError::Witnesses { entry: 2 })
    );
}

#[test]
fn a_proof_counts_for_its_own_version_of_its_own_log_alone() {
    let controller = Signer::new(1);
    let witness = Signer::new(11);
    let log = begin(rule(1, &[&witness]), &controller);
    let other = begin(rule(1, &[&witness]), &Signer::new(2));
    let refused = Err(WebvhError::Witnesses { entry: 1 });
    assert_eq!(witnessed(&log, &proofs(&other, &[(1, &[&witness])])), refused);
    // The proof of another version under the name of this one.
    let moved = json!([{"versionId": log.version_id(1), "proof": [witness.approve(other.version_id(1))]}]);
    assert_eq!(witnessed(&log, &moved), refused);
    // The key of another under the name of the witness, and the other way round.
    let other = Signer::new(12);
    for method in [
        format!("{}#{}", witness.did(), other.multikey()),
        format!("{}#{}", other.did(), witness.multikey()),
        format!("{}#{}", witness.did(), witness.multikey()),
    ] {
        let mut options = other.options();
        options["verificationMethod"] = json!(method);
        let proof = other.prove(&json!({"versionId": log.version_id(1)}), options);
        let forged = json!([{"versionId": log.version_id(1), "proof": [proof]}]);
        assert_eq!(witnessed(&log, &forged), refused);
    }
    // A bad proof takes nothing away from a good one.
    let good = witness.approve(log.version_id(1));
    let mut bad = good.clone();
    bad["proofValue"] = json!("z1");
    let both =
        json!([{"versionId": log.version_id(1), "proof": [bad, good, "no proof"]}, {"versionId": "9-x"}]);
    assert_eq!(witnessed(&log, &both), Ok(()));
}

#[test]
fn refuses_rules_that_nobody_could_meet_or_that_anybody_could() {
    let controller = Signer::new(1);
    let [one, two] = [11, 12].map(Signer::new);
    let p256 = Signer::of(13, SignatureAlgorithm::Es256);
    for wrong in [
        rule(0, &[&one]),
        rule(2, &[&one]),
        rule(2, &[&one, &one]),
        rule(1, &[]),
        rule(1, &[&p256]),
        json!({"threshold": "1", "witnesses": [{"id": one.did()}]}),
        json!({"threshold": 1.5, "witnesses": [{"id": one.did()}, {"id": two.did()}]}),
        json!({"witnesses": [{"id": one.did()}]}),
        json!({"threshold": 1}),
        json!({"threshold": 1, "witnesses": [{"id": "did:web:witness.example"}]}),
        json!({"threshold": 1, "witnesses": [one.did()]}),
        json!([]),
    ] {
        assert_eq!(
            begin(wrong.clone(), &controller).refused(),
            WebvhError::Parameters { entry: 1 },
            "{wrong}"
        );
    }
}

#[test]
fn refuses_files_that_are_no_witness_proofs() {
    let controller = Signer::new(1);
    let log = begin(rule(1, &[&Signer::new(11)]), &controller);
    for wrong in [
        json!({}),
        json!(1),
        json!([1]),
        json!([{}]),
        json!([{"versionId": 1}]),
    ] {
        assert_eq!(witnessed(&log, &wrong), Err(WebvhError::WitnessProofs), "{wrong}");
    }
    let wrong = json!([{"versionId": log.version_id(1), "proof": "text"}]);
    assert_eq!(witnessed(&log, &wrong), Err(WebvhError::WitnessProofs));
}
