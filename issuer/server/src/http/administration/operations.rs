//! What the administration interface takes and answers.

use symbolon_http::openapi::{Answer, Operation, Presence, TEXT, ToSchema, anything, object, text};

use super::{CSV, ExportOrder, NDJSON, Sections, ShowOrder};
use crate::administration::{
    AuditPage, AuditVerified, BackupBegun, BackupOrder, BackupPageOrder, CardOrder, CredentialList,
    CredentialPage, DecisionOrder, FreshShard, ImportReport, KeyChangesOrder, LEFT_OUT, OfferByName,
    OfferCreated, OfferDetails, OfferList, OfferOrder, OfferPage, PackOrder, PrintedCard, RecordPage,
    RenewedTransactionCode, StatusOrder, StatusReport, TransactionList, TransactionPage, TransactionSummary,
};
use crate::http::tags::ADMINISTRATION;
use crate::sign_in::ShownMessage;

pub(super) fn import() -> Operation {
    order(
        "importRecords",
        "Takes up records, and revokes the credentials of those who died",
    )
    .body(NDJSON, text())
    .body(CSV, text())
    .answers(found::<ImportReport>("What became of each row."))
    .answers(not_published())
    .answers(refused(
        400,
        "The rows cannot be read, or are too many.",
        &["invalid_rows"],
    ))
    .answers(refused(
        409,
        "The records are kept elsewhere.",
        &["records_kept_elsewhere"],
    ))
    .answers(refused(
        415,
        "The body is neither NDJSON nor CSV.",
        &["unsupported_media_type"],
    ))
}

pub(super) fn show() -> Operation {
    ordered::<ShowOrder>("showRecord", "A record")
        .answers(
            Answer::empty(200, "The record.")
                .body("application/json", object())
                .not_cached(),
        )
        .answers(refused(404, "There is no such record.", &["unknown_record"]))
        .answers(refused(
            409,
            "Nothing is issued from the record.",
            &["record_barred"],
        ))
}

pub(super) fn export() -> Operation {
    ordered::<ExportOrder>("exportRecords", "All records, page by page")
        .answers(found::<RecordPage>("A page."))
        .answers(refused(
            409,
            "The records are kept elsewhere.",
            &["records_kept_elsewhere"],
        ))
}

pub(super) fn create_offer() -> Operation {
    ordered::<OfferOrder>("createOffer", "Offers credentials to the resident of a record")
        .answers(found::<OfferCreated>("The offer."))
        .answers(refused(
            404,
            "There is no such record or configuration.",
            UNKNOWN_SUBJECT,
        ))
        .answers(refused(
            409,
            "Nothing can be offered.",
            &["deceased", "record_barred", "record_incomplete", "not_configured"],
        ))
}

pub(super) fn list_offers() -> Operation {
    ordered::<OfferList>("listOffers", "Offers that were made, page by page")
        .answers(found::<OfferPage>("A page."))
}

pub(super) fn show_offer() -> Operation {
    named_offer("showOffer", "An offer and the credentials that came of it")
        .answers(found::<OfferDetails>("The offer."))
}

pub(super) fn cancel_offer() -> Operation {
    named_offer("cancelOffer", "Takes an offer back")
        .answers(found::<OfferDetails>("The offer as it is now."))
}

pub(super) fn renew_transaction_code() -> Operation {
    named_offer("renewTransactionCode", "Another transaction code for an offer")
        .answers(found::<RenewedTransactionCode>("The code, told once."))
        .answers(refused(
            409,
            "The offer has no code, or can no longer be taken up.",
            &[
                "no_transaction_code",
                "offer_taken_up",
                "offer_expired",
                "offer_cancelled",
            ],
        ))
}

fn named_offer(id: &'static str, summary: &'static str) -> Operation {
    ordered::<OfferByName>(id, summary).answers(refused(404, "There is no such offer.", &["unknown_offer"]))
}

pub(super) fn list_credentials() -> Operation {
    ordered::<CredentialList>("listCredentials", "Credentials that were issued, page by page")
        .answers(found::<CredentialPage>("A page."))
}

pub(super) fn change_status() -> Operation {
    ordered::<StatusOrder>("changeStatus", "Revokes, suspends or reinstates credentials")
        .answers(found::<StatusReport>("What changed."))
        .answers(not_published())
        .answers(refused(
            404,
            "There is no such credential or record.",
            &["unknown_credential", "unknown_record"],
        ))
        .answers(refused(
            409,
            "The credential is revoked for good, has no status, or is in a list that has no room for a suspension.",
            &["already_revoked", "no_status", "no_suspension"],
        ))
}

pub(super) fn list_requests() -> Operation {
    ordered::<TransactionList>(
        "listCredentialRequests",
        "Credential requests that wait, page by page",
    )
    .answers(found::<TransactionPage>("A page."))
}

pub(super) fn decide() -> Operation {
    ordered::<DecisionOrder>(
        "decideCredentialRequest",
        "Lets a wallet have what it asked for, or not",
    )
    .answers(found::<TransactionSummary>("The request as it is now."))
    .answers(refused(404, "There is no such request.", &["unknown_request"]))
    .answers(refused(
        409,
        "It is decided, or has expired.",
        &["already_decided"],
    ))
}

pub(super) fn issue_card() -> Operation {
    ordered::<CardOrder>("issueCard", "Books a card and draws it")
        .answers(found::<PrintedCard>("The card."))
        .answers(not_published())
        .answers(refused(
            400,
            "The key that should open the face is none.",
            &["invalid_face_key"],
        ))
        .answers(refused(
            404,
            "There is no such record, configuration or card.",
            &[
                "unknown_record",
                "unknown_credential_configuration",
                "unknown_credential",
            ],
        ))
        .answers(refused(
            409,
            "The card cannot be made.",
            &[
                "card_refused",
                "deceased",
                "record_barred",
                "record_incomplete",
                "not_configured",
                "already_revoked",
                "no_status",
            ],
        ))
}

pub(super) fn status_sections() -> Operation {
    order(
        "readStatusSections",
        "The status sections of offline packs, signed",
    )
    .answers(found::<Sections>("The sections."))
}

pub(super) fn metrics() -> Operation {
    Operation::new(
        "readMetrics",
        ADMINISTRATION,
        "Figures of the publication of status lists, for Prometheus",
    )
    .answers(
        Answer::empty(200, "The figures, since the start of the process.")
            .body("text/plain", text())
            .not_cached(),
    )
}

pub(super) fn open_fresh_shard() -> Operation {
    order("openStatusList", "Begins a new status list").answers(found::<FreshShard>("The list."))
}

pub(super) fn build_pack() -> Operation {
    ordered::<PackOrder>("buildPack", "Builds an offline pack")
        .answers(file("The pack (`docs/pack-format.md`).").named(
            LEFT_OUT,
            "How many revocation lists and verbatim lists of the order are not in it: whoever believes the issuer's trust list would refuse them.",
            Presence::Always,
        ))
        .answers(refused(
            400,
            "The order names what is not there, or holds what cannot be packed.",
            &["invalid_pack_order"],
        ))
        .answers(refused(
            409,
            "The installation signs no packs.",
            &["not_configured"],
        ))
}

pub(super) fn note_key_changes() -> Operation {
    ordered::<KeyChangesOrder>("noteKeyChanges", "Notes in the audit log what was done to keys").answers(
        Answer::empty(200, "It is noted.")
            .body("application/json", anything())
            .not_cached(),
    )
}

pub(super) fn begin_backup() -> Operation {
    order("beginBackup", "Begins to read a backup of the books")
        .answers(found::<BackupBegun>("The backup."))
        .answers(refused(
            409,
            "Another backup is under way, or there is nothing to be read.",
            &["backup_under_way", "not_configured"],
        ))
}

pub(super) fn backup_page() -> Operation {
    ordered::<BackupPageOrder>("readBackupPage", "A page of a backup")
        .answers(file("Entries, one after the other."))
        .answers(refused(404, "There is no such backup.", &["unknown_backup"]))
}

pub(super) fn end_backup() -> Operation {
    ordered::<BackupOrder>("endBackup", "Ends a backup")
        .answers(Answer::empty(204, "It is ended.").not_cached())
}

pub(super) fn sign_in_codes() -> Operation {
    order(
        "readSignInCodes",
        "The sign-in codes that a development installation sends to nobody",
    )
    .answers(found::<Vec<ShownMessage>>("The codes, the newest first."))
    .answers(refused(
        409,
        "Codes are sent here, or nobody signs in.",
        &["not_configured"],
    ))
}

pub(super) fn audit() -> Operation {
    order("readAudit", "The audit log, page by page")
        .query(
            "from",
            "The sequence of the first entry; 0 without it.",
            Presence::Sometimes,
        )
        .answers(found::<AuditPage>("A page."))
        .answers(
            Answer::empty(400, "The query is malformed.")
                .file(TEXT)
                .not_cached(),
        )
}

pub(super) fn verify_audit() -> Operation {
    order("verifyAudit", "Checks the whole audit log")
        .answers(found::<AuditVerified>("It is whole."))
        .answers(refused(409, "An entry was changed.", &["audit_broken"]))
}

/// An order without a JSON body.
fn order(id: &'static str, summary: &'static str) -> Operation {
    Operation::new(id, ADMINISTRATION, summary)
        .answers(refused(500, "The issuer failed.", &["failed"]))
        .answers(
            refused(
                503,
                "The store or the register does not answer.",
                &["unavailable"],
            )
            .retry_after(),
        )
}

/// An order with a JSON body. Its media type is not looked at: whoever has the token is no other site's page.
fn ordered<T: ToSchema>(id: &'static str, summary: &'static str) -> Operation {
    order(id, summary).json::<T>().answers(refused(
        400,
        "The order is not the expected JSON.",
        &["invalid_order"],
    ))
}

fn found<T: ToSchema>(description: &str) -> Answer {
    Answer::json::<T>(200, description).not_cached()
}

fn file(description: &str) -> Answer {
    Answer::empty(200, description).bytes().not_cached()
}

fn not_published() -> Answer {
    refused(
        202,
        "It is done, and the status list is not yet published.",
        &["not_published_yet"],
    )
}

fn refused(status: u16, description: &str, codes: &[&str]) -> Answer {
    Answer::error(status, description, codes.iter().copied()).not_cached()
}

const UNKNOWN_SUBJECT: &[&str] = &["unknown_record", "unknown_credential_configuration"];
