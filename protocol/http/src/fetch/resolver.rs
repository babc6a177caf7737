//! Name resolution that hands out permitted addresses alone. The client connects to what this returns, so no second
//! resolution can slip another address in between check and connection.

use std::error::Error as StdError;
use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use thiserror::Error;

use super::address::FetchPolicy;

pub(crate) struct GuardedResolver {
    policy: FetchPolicy,
}

/// The name resolves to addresses that are not permitted.
#[derive(Debug, Clone, Copy, Error)]
#[error("the name resolves to no permitted address")]
struct NotPermitted;

impl GuardedResolver {
    pub(crate) const fn new(policy: FetchPolicy) -> Self {
        Self { policy }
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = self.policy;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let permitted: Vec<SocketAddr> = found
                .iter()
                .copied()
                .filter(|address| policy.permits(address.ip()))
                .collect();
            // A name that resolves to one public and one private address is an attempt, not a configuration.
            if permitted.is_empty() || permitted.len() != found.len() {
                return Err(Box::new(NotPermitted) as Box<dyn StdError + Send + Sync>);
            }
            Ok(Box::new(permitted.into_iter()) as Addrs)
        })
    }
}

/// Whether an error of the client was this resolver's refusal.
pub(crate) fn was_refused(error: &reqwest::Error) -> bool {
    let mut source: Option<&(dyn StdError + 'static)> = error.source();
    while let Some(error) = source {
        if error.is::<NotPermitted>() {
            return true;
        }
        source = error.source();
    }
    false
}
