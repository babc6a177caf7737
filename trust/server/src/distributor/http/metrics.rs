//! How a distributor is: for whoever watches it.

use std::fmt::Write as _;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use symbolon_trust::distribution::PublishedPack;

use super::Served;

/// The text form of Prometheus.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What is told of a pack.
type Gauge<'g> = &'g dyn Fn(&PublishedPack) -> u64;

/// 204 where there is a pack to serve.
pub(super) async fn health(State(served): State<Arc<Served>>) -> StatusCode {
    let published = served.published.read().unwrap_or_else(PoisonError::into_inner);
    if published.packs.packs.is_empty() {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        StatusCode::NO_CONTENT
    }
}

/// The counters. Nobody who asked is in them.
pub(super) async fn metrics(State(served): State<Arc<Served>>) -> Response {
    let mut text = String::new();
    let counters = &served.counters;
    for (name, help, counter) in [
        ("builds_total", "Packs that were published", &counters.builds),
        (
            "failed_builds_total",
            "Packs that could not be made or published",
            &counters.failed_builds,
        ),
        (
            "index_requests_total",
            "Requests for the index",
            &counters.index_requests,
        ),
        (
            "pack_requests_total",
            "Requests for whole packs",
            &counters.pack_requests,
        ),
        (
            "delta_requests_total",
            "Requests for deltas",
            &counters.delta_requests,
        ),
        (
            "sent_bytes_total",
            "Bytes of packs and deltas that were sent",
            &counters.bytes,
        ),
    ] {
        let value = counter.load(Ordering::Relaxed);
        line(&mut text, name, help, "counter", &[(String::new(), value)]);
    }
    for (name, help, gauge) in [
        (
            "last_build_seconds",
            "When a pack was published last, in Unix time",
            &counters.last_build,
        ),
        (
            "collected_lists",
            "Lists of issuers elsewhere that the last pack carries",
            &counters.lists,
        ),
        (
            "old_lists",
            "Those of them that could not be had anew when they were due",
            &counters.old_lists,
        ),
        (
            "lists_left_out",
            "Lists that are known and that no reader would accept",
            &counters.lists_left_out,
        ),
    ] {
        let value = gauge.load(Ordering::Relaxed);
        line(&mut text, name, help, "gauge", &[(String::new(), value)]);
    }
    let published = served.published.read().unwrap_or_else(PoisonError::into_inner);
    let packs = &published.packs.packs;
    let now = (served.clock)();
    let gauges: [(&str, &str, Gauge<'_>); 4] = [
        ("pack_sequence", "Sequence of the published pack", &|pack| {
            pack.sequence
        }),
        ("pack_bytes", "Bytes of the published pack", &|pack| {
            pack.full.bytes
        }),
        (
            "pack_age_seconds",
            "Seconds since the published pack was made",
            &|pack| now.since(pack.created).as_secs(),
        ),
        ("pack_deltas", "Deltas to the published pack", &|pack| {
            pack.deltas.len() as u64
        }),
    ];
    for (name, help, value) in gauges {
        let values: Vec<(String, u64)> = packs
            .iter()
            .map(|pack| {
                (
                    format!("{{scope=\"{}\"}}", pack.scope.as_deref().unwrap_or_default()),
                    value(pack),
                )
            })
            .collect();
        line(&mut text, name, help, "gauge", &values);
    }
    ([(CONTENT_TYPE, TEXT)], text).into_response()
}

fn line(text: &mut String, name: &str, help: &str, kind: &str, values: &[(String, u64)]) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "# HELP symbolon_distributor_{name} {help}.");
    let _ = writeln!(text, "# TYPE symbolon_distributor_{name} {kind}");
    for (labels, value) in values {
        let _ = writeln!(text, "symbolon_distributor_{name}{labels} {value}");
    }
}
