//! The shapes of announcements, for the description of the interface (`docs/adr/0014`).
#![expect(
    dead_code,
    reason = "read as schemas alone; the messages have types of their own"
)]

use symbolon_http::openapi::{ToSchema, named};
use symbolon_verifier::policy::PolicyOutcome;
use symbolon_verifier::store::{DeliveryEvent, GivenUp};
use utoipa::openapi::{RefOr, Schema};

use super::super::shapes::policy_outcomes;

/// A page of announcements.
#[derive(ToSchema)]
#[schema(as = DeliveryPage)]
pub(super) struct DeliveryPageShape {
    /// The announcements, in the order of their identifiers.
    deliveries: Vec<DeliveryShape>,
    /// What the next page begins after; none on the last.
    next: Option<String>,
}

/// An announcement by webhook, and what became of it.
#[derive(ToSchema)]
#[schema(as = Delivery)]
pub(super) struct DeliveryShape {
    /// Its identifier, by which the receiver knows a repetition.
    id: String,
    /// Who is told.
    relying_party: String,
    /// The request.
    request: String,
    /// What happened.
    #[schema(schema_with = events)]
    event: DeliveryEvent,
    /// The policy of the request.
    policy: Option<String>,
    /// How it decided.
    #[schema(schema_with = policy_outcomes, required = false)]
    outcome: Option<PolicyOutcome>,
    /// When it happened, in seconds since the epoch.
    created_at: i64,
    /// How often it was tried.
    attempts: u32,
    /// Where it stands.
    stage: DeliveryStageShape,
}

/// Where an announcement stands.
#[derive(ToSchema)]
#[schema(as = DeliveryStage)]
pub(super) struct DeliveryStageShape {
    /// Whether it is yet to be tried.
    stage: DeliveryProgress,
    /// Of one that waits: not before this, in seconds since the epoch.
    next_attempt_at: Option<i64>,
    /// Of one that does not: since when, in seconds since the epoch.
    at: Option<i64>,
    /// Of one that is given up: why.
    #[schema(schema_with = reasons, required = false)]
    reason: Option<GivenUp>,
}

/// How far an announcement has come.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(super) enum DeliveryProgress {
    /// It is to be tried.
    Waiting,
    /// The receiver has it.
    Delivered,
    /// It is not tried again.
    GivenUp,
}

fn events() -> RefOr<Schema> {
    use DeliveryEvent::{Answered, Declined, Expired};
    named([Answered, Declined, Expired])
}

fn reasons() -> RefOr<Schema> {
    use GivenUp::{AddressRefused, Exhausted, Gone, NoWebhook};
    named([Exhausted, Gone, AddressRefused, NoWebhook])
}
