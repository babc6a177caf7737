//! Whom the server believes now, and what was made of that: policies that name issuers, and what the request builder offers.
//!
//! The sources of trust are files of the operator, which change while the server runs. What they say from then on is checked like at the
//! start, and takes the place of what was believed in one step; what cannot be used changes nothing, and is told.

use core::error::Error as StdError;
use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use serde::Serialize;
use symbolon_crypto::UnixTime;
use symbolon_http::openapi::ToSchema;
use symbolon_trust::trust_list::{SourceKind, TrustList};
use symbolon_trust::validity::Validity;
use symbolon_verifier::compose::CredentialCatalogue;
use symbolon_verifier::name::PolicyName;
use symbolon_verifier::policy::PresentationPolicy;
use thiserror::Error;

use crate::open_packs::{is_judged_by, issuers_of};
use crate::openid_provider::openid_clients;
use crate::pack_in_force::{of, write_metric};
use crate::relying_party::compile_policies;
use crate::server::StartError;
use crate::state::State;

/// The sources of trust of an installation, which may change while a server runs.
///
/// An implementation answers with lists that are complete and verified: a source that cannot be read or believed, or is older than what was
/// seen, is an error, and never a list without it.
pub trait TrustSources: Send + Sync {
    /// The trust list as the sources say now; `None` where nothing has changed since [`taken`](Self::taken) was told. May block.
    ///
    /// # Errors
    /// [`TrustUnusable`], as long as it is so.
    fn changed(&self, now: UnixTime) -> Result<Option<TrustList>, TrustUnusable>;

    /// What [`changed`](Self::changed) answered last is believed from now on.
    fn taken(&self);
}

/// Why the sources of trust that lie there are not used.
#[derive(Debug, Error)]
#[error("{0}")]
pub struct TrustUnusable(#[source] pub Box<dyn StdError + Send + Sync>);

/// What the server believes, and what has become of the last changes of it.
pub(crate) struct Believed {
    now: RwLock<Arc<BelievedNow>>,
    looked: Mutex<Looked>,
}

/// What is believed at one moment.
pub(crate) struct BelievedNow {
    trust_list: Arc<TrustList>,
    policies: BTreeMap<PolicyName, Arc<PresentationPolicy>>,
    catalogue: CredentialCatalogue,
}

/// What the looks at the sources have come to.
#[derive(Default)]
struct Looked {
    taken: u64,
    refused: u64,
    taken_at: Option<UnixTime>,
    /// Why what lies there is not used, and since when.
    problem: Option<(String, UnixTime)>,
}

impl BelievedNow {
    pub(crate) fn new(
        trust_list: Arc<TrustList>,
        policies: BTreeMap<PolicyName, PresentationPolicy>,
        catalogue: CredentialCatalogue,
    ) -> Self {
        let policies = policies.into_iter();
        Self {
            trust_list,
            policies: policies.map(|(name, policy)| (name, Arc::new(policy))).collect(),
            catalogue,
        }
    }

    pub(crate) const fn trust_list(&self) -> &Arc<TrustList> {
        &self.trust_list
    }

    /// The policy of a name.
    pub(crate) fn policy(&self, name: &PolicyName) -> Option<Arc<PresentationPolicy>> {
        self.policies.get(name).cloned()
    }

    /// What the request builder offers.
    pub(crate) const fn catalogue(&self) -> &CredentialCatalogue {
        &self.catalogue
    }

    pub(crate) fn policies(&self) -> BTreeMap<PolicyName, PresentationPolicy> {
        let policies = self.policies.iter();
        policies
            .map(|(name, policy)| (name.clone(), PresentationPolicy::clone(policy)))
            .collect()
    }
}

impl Believed {
    pub(crate) fn new(now: BelievedNow) -> Self {
        Self {
            now: RwLock::new(Arc::new(now)),
            looked: Mutex::default(),
        }
    }

    pub(crate) fn now(&self) -> Arc<BelievedNow> {
        Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn take(&self, next: BelievedNow, at: UnixTime) {
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        looked.taken += 1;
        looked.taken_at = Some(at);
        looked.problem = None;
    }

    /// Nothing has changed, or what was changed was changed back.
    fn is_as_before(&self) {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        if looked.problem.take().is_some() {
            tracing::info!("the sources of trust are again those that are believed");
        }
    }

    /// What lies there is refused. It is told once, however often it is looked at.
    fn refuse(&self, problem: String, at: UnixTime) {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        if looked.problem.as_ref().is_some_and(|(told, _)| *told == problem) {
            return;
        }
        tracing::error!(%problem, "the sources of trust that lie here are refused; whom this server believed it believes on");
        looked.refused += 1;
        looked.problem = Some((problem, at));
    }

    /// The figures of the sources of trust, in the text format of Prometheus.
    pub(crate) fn write_metrics(&self, text: &mut String) {
        let looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let refused = looked.problem.is_some();
        let states = [("as_found", !refused), ("kept", refused)]
            .map(|(name, is)| (format!("{{state=\"{name}\"}}"), u64::from(is)));
        let help = "Whether the sources of trust are believed as they lie there, or kept as they were because what lies there is refused";
        write_metric(text, "trust_state", "gauge", help, &states);
        let help = "How often changed sources of trust were taken";
        write_metric(text, "trust_taken_total", "counter", help, &of(looked.taken));
        let help = "How often changed sources of trust were refused";
        write_metric(text, "trust_refused_total", "counter", help, &of(looked.refused));
    }

    /// What the server believes, for its operator; `judged_by` is what that comes to together with the pack in force.
    pub(crate) fn described(
        &self,
        believed: &BelievedNow,
        judged_by: &TrustList,
        now: UnixTime,
    ) -> TrustState {
        let looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let list = &believed.trust_list;
        let sources = list.sources.iter().map(|(name, source)| TrustSourceState {
            name: name.to_string(),
            kind: source.kind,
            provider: source.provider.clone(),
            issued_at: source.issued_at.map(UnixTime::rfc3339),
            valid_until: source.valid_until.map(UnixTime::rfc3339),
            state: ValidityState::of(source.validity(now)),
            issuers: issuers_of(list, name).count(),
            is_judged_by: is_judged_by(list, name, judged_by),
        });
        TrustState {
            sequence: list.sequence,
            issued_at: list.issued_at.rfc3339(),
            valid_until: list.valid_until.rfc3339(),
            state: ValidityState::of(list.validity(now)),
            sources: sources.collect(),
            taken_at: looked.taken_at.map(UnixTime::rfc3339),
            refused: looked.problem.as_ref().map(|(problem, since)| RefusedTrust {
                since: since.rfc3339(),
                problem: problem.clone(),
            }),
        }
    }
}

/// Whom a verifier believes, and whether that is what lies in its folder.
#[derive(Serialize, ToSchema)]
pub(crate) struct TrustState {
    /// The number of the trust list.
    sequence: u64,
    /// RFC 3339.
    issued_at: String,
    /// RFC 3339, without the grace.
    valid_until: String,
    state: ValidityState,
    /// The lists of others beside it.
    sources: Vec<TrustSourceState>,
    /// When changed sources were taken last, RFC 3339; absent where they are those of the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    taken_at: Option<String>,
    /// Why the sources that lie there are not used, where they are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<RefusedTrust>,
}

/// A list of others.
#[derive(Serialize, ToSchema)]
struct TrustSourceState {
    /// Its name in the configuration.
    name: String,
    #[schema(value_type = String)]
    kind: SourceKind,
    /// Who publishes it.
    provider: String,
    /// RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_at: Option<String>,
    /// RFC 3339, without the grace.
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<String>,
    state: ValidityState,
    /// How many issuers it brings.
    issuers: usize,
    /// Whether it counts. It does not where the pack in force has another issue of it that is not older, or a trust list that it contradicts.
    is_judged_by: bool,
}

/// Sources that are not used.
#[derive(Serialize, ToSchema)]
struct RefusedTrust {
    /// RFC 3339.
    since: String,
    /// Why, in words.
    problem: String,
}

/// Whether a list can be judged by.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ValidityState {
    Current,
    Grace,
    Over,
    NotYet,
}

impl ValidityState {
    const fn of(validity: Validity) -> Self {
        match validity {
            Validity::Current => Self::Current,
            Validity::InGrace { .. } => Self::Grace,
            Validity::Expired { .. } => Self::Over,
            Validity::NotYetIssued => Self::NotYet,
        }
    }
}

impl State {
    /// The policy of a name, as it is now.
    pub(crate) fn policy(&self, name: &PolicyName) -> Option<Arc<PresentationPolicy>> {
        self.believed.now().policy(name)
    }

    /// What follows from a trust list, checked as at the start.
    pub(crate) fn believing(&self, trust_list: TrustList) -> Result<BelievedNow, StartError> {
        let trust_list = Arc::new(trust_list);
        let configuration = &self.configuration;
        let policies = compile_policies(configuration, &trust_list, &self.queries, &self.transaction_types)?;
        openid_clients(configuration, &policies, self.dependencies.urls)?;
        let catalogue = CredentialCatalogue::of(&trust_list, self.queries.values());
        Ok(BelievedNow::new(trust_list, policies, catalogue))
    }

    /// Looks whether the sources of trust have changed.
    async fn look_at_trust(&self, sources: &Arc<dyn TrustSources>) {
        let (asked, now) = (Arc::clone(sources), self.now());
        // The server is ending where this gives nothing.
        let Ok(changed) = tokio::task::spawn_blocking(move || asked.changed(now)).await else {
            return;
        };
        let checked = match changed {
            Ok(None) => return self.believed.is_as_before(),
            Ok(Some(list)) => self.believing(list).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        match checked {
            Ok(next) => {
                tracing::info!(
                    sequence = next.trust_list.sequence,
                    issuers = next.trust_list.issuers.len(),
                    "believes changed sources of trust from now on"
                );
                // First whoever opens packs: by the root before, no pack is judged by together with what is believed from now on.
                sources.taken();
                self.believed.take(next, now);
            }
            Err(problem) => self.believed.refuse(problem, now),
        }
    }
}

/// Looks at the sources of trust again and again.
pub(crate) async fn watch_trust(state: Arc<State>, sources: Arc<dyn TrustSources>, every: Duration) {
    let mut interval = tokio::time::interval(every);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    // What lies there now was read at the start.
    interval.tick().await;
    loop {
        interval.tick().await;
        state.look_at_trust(&sources).await;
    }
}
