//! The shapes of types of the issuer's rules that travel in orders and answers. The rules themselves know nothing of descriptions.

use symbolon_http::openapi::{ToSchema, named};
use symbolon_issuer::credential_record::{CredentialKind, CredentialStatus, StatusAction};
use symbolon_issuer::grant::TxCodePolicy;
use symbolon_issuer::offer::{CancellationCause, OfferDelivery, OfferDevice, OfferGrants, OfferState};
use symbolon_issuer::transaction::{Decision, TransactionStage};
use symbolon_protocol::openid4vci::notification::NotificationEvent;
use utoipa::openapi::{RefOr, Schema};

/// What a wallet told of a credential.
#[derive(ToSchema)]
#[schema(as = WalletReport)]
#[expect(dead_code, reason = "read as a schema alone")]
pub(super) struct WalletReportShape {
    /// What happened.
    #[schema(schema_with = notification_events)]
    event: NotificationEvent,
    /// Seconds since the epoch.
    at: i64,
}

/// One link of the audit log.
#[derive(ToSchema)]
#[schema(as = AuditEntry)]
#[expect(dead_code, reason = "read as a schema alone")]
pub(super) struct AuditEntryShape {
    /// Counted from 0.
    sequence: u64,
    /// The digest of the entry before, byte by byte; zeros for the first.
    #[schema(min_items = 32, max_items = 32)]
    previous: Vec<u8>,
    /// The event, as JSON in a text: what is hashed is what is kept.
    event: String,
}

pub(super) fn credential_kinds() -> RefOr<Schema> {
    use CredentialKind::{Card, JwtVc, LdpVc, Mdoc, SdJwtVc};
    named([SdJwtVc, Mdoc, LdpVc, JwtVc, Card])
}

pub(super) fn credential_statuses() -> RefOr<Schema> {
    use CredentialStatus::{Revoked, Suspended, Valid};
    named([Valid, Suspended, Revoked])
}

pub(super) fn status_actions() -> RefOr<Schema> {
    use StatusAction::{Reinstate, Revoke, Suspend};
    named([Revoke, Suspend, Reinstate])
}

pub(super) fn transaction_code_policies() -> RefOr<Schema> {
    named([TxCodePolicy::NotRequired, TxCodePolicy::Required])
}

pub(super) fn offer_deliveries() -> RefOr<Schema> {
    named([OfferDelivery::ByValue, OfferDelivery::ByReference])
}

pub(super) fn offer_grants() -> RefOr<Schema> {
    use OfferGrants::{AuthorizationCode, Both, PreAuthorizedCode};
    named([PreAuthorizedCode, AuthorizationCode, Both])
}

pub(super) fn offer_devices() -> RefOr<Schema> {
    named([OfferDevice::SameDevice, OfferDevice::OtherDevice])
}

pub(super) fn offer_states() -> RefOr<Schema> {
    use OfferState::{Cancelled, Expired, Fetched, Issued, Made, Refused, Started};
    named([Made, Fetched, Started, Issued, Refused, Expired, Cancelled])
}

pub(super) fn cancellation_causes() -> RefOr<Schema> {
    named([CancellationCause::Operator, CancellationCause::Restore])
}

pub(super) fn decisions() -> RefOr<Schema> {
    named([Decision::Approve, Decision::Deny])
}

pub(super) fn transaction_stages() -> RefOr<Schema> {
    use TransactionStage::{Approved, Denied, Pending};
    named([Pending, Approved, Denied])
}

/// What a wallet can tell of a credential.
pub(crate) fn notification_events() -> RefOr<Schema> {
    use NotificationEvent::{CredentialAccepted, CredentialDeleted, CredentialFailure};
    named([CredentialAccepted, CredentialFailure, CredentialDeleted])
}
