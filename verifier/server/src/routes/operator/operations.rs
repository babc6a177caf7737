//! What the operator's endpoints for relying parties take and answer.

use symbolon_http::openapi::{Answer, Operation, Presence};

use super::super::description::OPERATOR;
use super::super::operations::{refused, store_failed};
use super::Keys;
use super::shapes::{DeliveryPageShape, DeliveryShape};
use crate::administration::{KeyMade, Removed};

pub(super) fn keys() -> Operation {
    operation("listRelyingPartyKeys", "Every key of a relying party")
        .answers(Answer::json::<Keys>(200, "The keys, without their secrets.").not_cached())
}

pub(super) fn make_key() -> Operation {
    of_relying_party("makeRelyingPartyKey", "Makes a key of a relying party")
        .about("The relying party need not be in the configuration yet: its key opens something once it is.")
        .answers(Answer::json::<KeyMade>(201, "The key, which is told this once.").not_cached())
}

pub(super) fn revoke() -> Operation {
    of_relying_party("revokeRelyingPartyKey", "Revokes a key, at once")
        .path("id", "The public part of the key.")
        .answers(Answer::empty(204, "Nobody knows the key any more.").not_cached())
}

pub(super) fn remove() -> Operation {
    of_relying_party(
        "removeRelyingParty",
        "Revokes every key of a relying party, and removes its requests",
    )
    .about("What the configuration says of the relying party stays.")
    .answers(Answer::json::<Removed>(200, "How much was removed.").not_cached())
}

pub(super) fn deliveries() -> Operation {
    operation("listDeliveries", "What became of the announcements by webhook")
        .query(
            "after",
            "What the page before gave as `next`.",
            Presence::Sometimes,
        )
        .answers(Answer::json::<DeliveryPageShape>(200, "A page of announcements.").not_cached())
        .answers(refused(
            400,
            "The parameters are malformed.",
            &["invalid_request"],
        ))
}

pub(super) fn retry() -> Operation {
    missing(operation(
        "retryDelivery",
        "Has an announcement tried again, as if it were new",
    ))
    .path("id", "The identifier of the announcement.")
    .answers(Answer::json::<DeliveryShape>(200, "The announcement.").not_cached())
    .answers(refused(409, "It is just being sent.", &["conflict"]))
}

fn of_relying_party(id: &'static str, summary: &'static str) -> Operation {
    missing(operation(id, summary)).path("name", "The name of the relying party.")
}

fn missing(operation: Operation) -> Operation {
    operation.answers(refused(404, "There is no such thing.", &["not_found"]))
}

fn operation(id: &'static str, summary: &'static str) -> Operation {
    Operation::new(id, OPERATOR, summary).answers(store_failed())
}
