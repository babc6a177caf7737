//! Servers that could not be reached a moment ago, so that whoever stands at a counter does not wait for each of them each time.

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use symbolon_crypto::UnixTime;
use url::{Origin, Url};

/// How long a server that could not be reached is not asked again. A network that comes back is noticed within it.
const PAUSE: Duration = Duration::from_secs(30);

/// How many servers are remembered. Beyond that all are forgotten, and asked again.
const MAX_SERVERS: usize = 256;

/// The servers, each until when.
#[derive(Default)]
pub(crate) struct UnreachableServers(Mutex<BTreeMap<String, UnixTime>>);

impl UnreachableServers {
    /// Notes that a server could not be reached.
    pub(crate) fn note(&self, url: &Url, now: UnixTime) {
        let mut servers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if servers.len() >= MAX_SERVERS {
            servers.clear();
        }
        if let Some(server) = server(url) {
            servers.insert(server, now.plus(PAUSE));
        }
    }

    /// Whether it was so a moment ago.
    pub(crate) fn knows(&self, url: &Url, now: UnixTime) -> bool {
        let servers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was put back must not keep a server away for long.
        let is_now = |until: &UnixTime| now < *until && until.since(now) <= PAUSE;
        server(url).is_some_and(|server| servers.get(&server).is_some_and(is_now))
    }
}

fn server(url: &Url) -> Option<String> {
    match url.origin() {
        origin @ Origin::Tuple(..) => Some(origin.ascii_serialization()),
        Origin::Opaque(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> UnixTime {
        UnixTime::from_seconds(seconds)
    }

    #[test]
    fn a_server_is_asked_again_after_the_pause_and_others_are_asked_at_once() {
        let servers = UnreachableServers::default();
        let one = Url::parse("https://issuer.example/status/0").unwrap();
        servers.note(&one, at(1_000));
        let of_the_same = Url::parse("https://issuer.example/status/9").unwrap();
        assert!(servers.knows(&of_the_same, at(1_029)));
        assert!(!servers.knows(&of_the_same, at(1_030)));
        assert!(!servers.knows(
            &Url::parse("https://issuer.example:8443/status/0").unwrap(),
            at(1_000)
        ));
        assert!(!servers.knows(&one, at(10)));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let servers = UnreachableServers::default();
        for number in 0..=MAX_SERVERS {
            servers.note(
                &Url::parse(&format!("https://{number}.example/")).unwrap(),
                at(1_000),
            );
        }
        assert!(servers.0.lock().unwrap().len() <= MAX_SERVERS);
    }
}
