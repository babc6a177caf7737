//! `symbolon relying-party …` and `symbolon policy …`

use std::path::PathBuf;

use clap::Subcommand;
use symbolon_protocol::digital_credentials::{InvalidOrigin, Origin};
use symbolon_protocol::identifier::UrlPolicy;
use symbolon_verifier::name::{PolicyName, RelyingPartyName};
use symbolon_verifier::relying_party::ApiKeyId;
use symbolon_verifier::store::DeliveryId;

/// `symbolon relying-party …`
#[derive(Debug, Subcommand)]
pub enum RelyingPartyCommand {
    /// Adds a relying party, and makes its first key, which is shown this once
    #[command(
        after_help = "A running verifier takes it up when it is started again.\n\nExample:\n  symbolon relying-party add bank --name \"First Bank\" --purpose \"Opening an account\" --policy open-account --webhook https://bank.example/hooks"
    )]
    Add {
        /// What it is called here: a-z, 0-9 and -
        #[arg(value_name = "NAME", value_parser = relying_party_name)]
        party: RelyingPartyName,
        /// What wallets call it
        #[arg(long, value_name = "TEXT")]
        name: String,
        /// What it asks for, in the words that wallets show
        #[arg(long, value_name = "TEXT")]
        purpose: Option<String>,
        /// A policy that it may use; may be given several times
        #[arg(long = "policy", value_name = "NAME", value_parser = policy_name)]
        policies: Vec<PolicyName>,
        /// Let it ask by DCQL queries of its own
        #[arg(long)]
        own_queries: bool,
        /// Let it have credentials and presentations verified that it holds already
        #[arg(long)]
        posted_verification: bool,
        /// Let its people make requests on the verifier's page
        #[arg(long)]
        request_builder: bool,
        /// The origin of a page of its own that may ask over the Digital Credentials API; may be given several times
        #[arg(long = "origin", value_name = "ORIGIN", value_parser = origin)]
        origins: Vec<Origin>,
        /// Where its results are announced
        #[arg(long, value_name = "URL")]
        webhook: Option<url::Url>,
    },
    /// Makes another key, which is shown this once; or revokes one
    #[command(
        after_help = "Examples:\n  symbolon relying-party key bank\n  symbolon relying-party key bank --revoke 8Zq0c1rVh3xW2b4T"
    )]
    Key {
        /// The relying party
        #[arg(value_name = "NAME", value_parser = relying_party_name)]
        party: RelyingPartyName,
        /// The public part of a key that nobody shall know any more, as `list` shows it
        #[arg(long, value_name = "ID", value_parser = key_id, allow_hyphen_values = true)]
        revoke: Option<ApiKeyId>,
    },
    /// The address of the page on which the people of a relying party make requests; whoever opens it is signed in
    #[command(
        after_help = "Raise request_builder_generation in its file for another address, which shuts out whoever came by this one.\n\nExample:\n  symbolon relying-party builder-link bank --qr desk.png"
    )]
    BuilderLink {
        /// The relying party
        #[arg(value_name = "NAME", value_parser = relying_party_name)]
        party: RelyingPartyName,
        /// Draw the address as a QR code, for a device to photograph
        #[arg(long, value_name = "FILE")]
        qr: Option<PathBuf>,
    },
    /// Lists the relying parties and the public parts of their keys
    #[command(after_help = "Example:\n  symbolon relying-party list --json")]
    List {
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
    /// Removes a relying party with its keys, requests and results
    #[command(after_help = "Example:\n  symbolon relying-party remove bank")]
    Remove {
        /// The relying party
        #[arg(value_name = "NAME", value_parser = relying_party_name)]
        party: RelyingPartyName,
    },
    /// Prints the secret that signs the webhooks of a relying party
    #[command(
        after_help = "Raise webhook.secret_version in its file for another secret.\n\nExample:\n  symbolon relying-party webhook-secret bank"
    )]
    WebhookSecret {
        /// The relying party
        #[arg(value_name = "NAME", value_parser = relying_party_name)]
        party: RelyingPartyName,
    },
    /// Lists what was announced by webhook, and what became of it; or has one tried again
    #[command(
        after_help = "Examples:\n  symbolon relying-party deliveries\n  symbolon relying-party deliveries --retry msg_Qm9…"
    )]
    Deliveries {
        /// The announcement to try again
        #[arg(long, value_name = "ID", value_parser = delivery_id)]
        retry: Option<DeliveryId>,
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
}

/// `symbolon policy …`
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Checks policies and relying parties as the verifier does at its start, and says what each policy asks
    #[command(after_help = "Nothing is opened or changed.\n\nExample:\n  symbolon policy check")]
    Check {
        /// Print the queries as JSON
        #[arg(long)]
        json: bool,
    },
}

fn relying_party_name(text: &str) -> Result<RelyingPartyName, String> {
    RelyingPartyName::parse(text).map_err(|error| error.to_string())
}

fn policy_name(text: &str) -> Result<PolicyName, String> {
    PolicyName::parse(text).map_err(|error| error.to_string())
}

fn key_id(text: &str) -> Result<ApiKeyId, String> {
    ApiKeyId::parse(text).map_err(|_| "not the public part of a key: 16 characters".to_owned())
}

fn delivery_id(text: &str) -> Result<DeliveryId, String> {
    DeliveryId::parse(text).map_err(|error| error.to_string())
}

/// Whether plain http is permitted is checked with the rest of the document.
fn origin(text: &str) -> Result<Origin, InvalidOrigin> {
    Origin::parse(text, UrlPolicy::Development)
}
