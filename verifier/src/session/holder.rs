//! The holder axis: whether the person who shows a credential is the person it is about.

use symbolon_credential::w3c::HolderBinding;
use symbolon_crypto::{PublicKey, UnixTime};

use super::context::Context;
use super::judged::Judged;
use crate::expected::{Binding, Expected};
use crate::report::{Check, CheckName, Holder, Reason, holder_key_text};
use crate::transaction::TransactionProof;

/// What became of the holder's proof.
pub(super) enum Proof {
    /// The key proved it.
    Proven {
        /// When, where the proof says it.
        at: Option<UnixTime>,
        /// What it authorises.
        transactions: Vec<TransactionProof>,
    },
    /// The proof is missing or wrong.
    Refuted(Reason),
    /// Nobody here can check the proof.
    NotChecked(Reason),
}

impl Proof {
    /// A proof in a format that authorises nothing.
    pub(super) const fn proven(at: Option<UnixTime>) -> Self {
        Self::Proven {
            at,
            transactions: Vec::new(),
        }
    }
}

impl Context<'_> {
    /// Judges the holder of a credential that is bound to `binding`; `prove` checks the proof of a key for a request.
    pub(super) fn judge_holder(
        &self,
        judged: &mut Judged<'_>,
        binding: &HolderBinding,
        prove: impl FnOnce(&Binding, &PublicKey) -> Proof,
    ) {
        let not_asked = || {
            (
                Holder::NotAsked,
                Check::absent(CheckName::KeyBinding, Reason::NotAsked),
            )
        };
        let (state, check) = match (self.expected, binding) {
            (Expected::Bound(expected) | Expected::WithoutProof(expected), HolderBinding::Key(key)) => {
                match (prove(expected, key), self.expected) {
                    (Proof::Proven { at, transactions }, _) => {
                        judged.shown.transactions = transactions;
                        judged.holder_key = Some(holder_key_text(&key.thumbprint()));
                        let check = Check::passed(CheckName::KeyBinding);
                        (
                            Holder::ProvenByKey,
                            match at {
                                Some(at) => check.from(at),
                                None => check,
                            },
                        )
                    }
                    (Proof::Refuted(Reason::ProofMissing), Expected::WithoutProof(_)) => not_asked(),
                    // What is there although nobody asked must not be wrong: it would be somebody else's.
                    (Proof::Refuted(reason), _) => {
                        (Holder::Refuted, Check::failed(CheckName::KeyBinding, reason))
                    }
                    (Proof::NotChecked(reason), _) => {
                        (Holder::NotChecked, Check::absent(CheckName::KeyBinding, reason))
                    }
                }
            }
            (Expected::WithoutProof(_), HolderBinding::None | HolderBinding::Unsupported) => not_asked(),
            // A proof may be there; without the request nobody can say what it answers.
            (Expected::Unchecked | Expected::NotApplicable, HolderBinding::Key(_)) => (
                Holder::NotChecked,
                Check::absent(CheckName::KeyBinding, Reason::RequestUnknown),
            ),
            (_, HolderBinding::Unsupported) => (
                Holder::NotChecked,
                Check::absent(CheckName::KeyBinding, Reason::Malformed),
            ),
            (_, HolderBinding::None) if judged.photo.is_some() => {
                judged
                    .holder
                    .checks
                    .push(Check::absent(CheckName::KeyBinding, Reason::NotBoundToKey));
                (Holder::CompareByEye, Check::passed(CheckName::Photo))
            }
            (_, HolderBinding::None) => (
                Holder::NotBound,
                Check::absent(CheckName::KeyBinding, Reason::NotBoundToKey),
            ),
        };
        judged.holder.state = state;
        judged.holder.checks.push(check);
    }
}
