//! Figures for whoever watches the installation, in the text format of Prometheus. They name no credential and no person.

use std::fmt::Write as _;

use super::Administration;

impl Administration {
    /// The figures since the start of the process.
    #[must_use]
    pub fn metrics(&self) -> String {
        let figures = self.issuer.status_figures();
        let oldest = figures.oldest_signature;
        let age = oldest.map_or(0, |oldest| self.issuer.now().since(oldest).as_secs());
        let mut text = String::new();
        for (name, kind, help, value) in [
            (
                "symbolon_status_publications_total",
                COUNTER,
                "Signatures over the lists of a shard.",
                figures.publications,
            ),
            (
                "symbolon_status_publication_failures_total",
                COUNTER,
                "Publications that failed; they are tried again.",
                figures.failures,
            ),
            (
                "symbolon_status_changes_published_total",
                COUNTER,
                "Changes of a status that were published.",
                figures.changes,
            ),
            (
                "symbolon_status_publication_lag_seconds_total",
                COUNTER,
                "The sum of the time from each change to its publication.",
                figures.lag_seconds,
            ),
            (
                "symbolon_status_publication_lag_seconds_max",
                GAUGE,
                "The longest time from a change to its publication.",
                figures.longest_lag_seconds,
            ),
            (
                "symbolon_status_lists_waiting",
                GAUGE,
                "Shards that wait for their publication.",
                figures.waiting,
            ),
            (
                "symbolon_status_lists_in_memory",
                GAUGE,
                "Shards whose lists are in memory.",
                figures.lists_in_memory,
            ),
            (
                "symbolon_status_lists_memory_bytes",
                GAUGE,
                "How much memory these take.",
                figures.memory_bytes,
            ),
            (
                "symbolon_status_lists_published",
                GAUGE,
                "Shards whose lists are published.",
                figures.published_lists,
            ),
            (
                "symbolon_status_lists_retired",
                GAUGE,
                "Shards whose lists are not published any more, because everything in them has expired.",
                figures.retired_lists,
            ),
            (
                "symbolon_status_open_list_places",
                GAUGE,
                "Places of the newest shard that are spoken for.",
                figures.places_given,
            ),
            (
                "symbolon_status_oldest_signature_age_seconds",
                GAUGE,
                "The age of the oldest signature of these.",
                age,
            ),
        ] {
            // Writing to memory does not fail.
            let _ = write!(
                text,
                "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n"
            );
        }
        text
    }
}

const COUNTER: &str = "counter";
const GAUGE: &str = "gauge";
