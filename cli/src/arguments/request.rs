//! `symbolon request …`

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `symbolon request …`
#[derive(Debug, Subcommand)]
pub enum RequestCommand {
    /// Makes a presentation request
    #[command(
        after_help = "Examples:\n  symbolon request create --query age-over-18 --digital-credentials request.json --origin https://shop.example\n  symbolon request create --query age-over-18 --qr request.png\n  symbolon request create --query age-over-18 --page same-device --return-to https://clinic.example/done"
    )]
    Create(Box<CreateArguments>),
    /// Shows the result of a request
    #[command(after_help = "Example:\n  symbolon request show 4c1f… --wait")]
    Show {
        /// The request, as `request create` names it
        // One name in 64 begins with a hyphen: base64url has it among its characters.
        #[arg(allow_hyphen_values = true)]
        id: String,
        /// Wait until the wallet has answered
        #[arg(long)]
        wait: bool,
        /// The code that the browser brought back, for a request with --return-to
        #[arg(long, value_name = "CODE", allow_hyphen_values = true)]
        response_code: Option<String>,
        /// Write the signed request and the presentation for a later `symbolon verify`
        #[arg(long, value_name = "DIR")]
        evidence: Option<PathBuf>,
    },
    /// Hands in the answer that a page brought, for a request with --digital-credentials
    #[command(after_help = "Example:\n  symbolon request answer 4c1f… answer.json")]
    Answer {
        /// The request, as `request create` names it
        #[arg(allow_hyphen_values = true)]
        id: String,
        /// The answer: protocol and data of the browser's DigitalCredential, as JSON
        #[arg(value_name = "FILE.json")]
        answer: PathBuf,
    },
    /// Prints what wallets have to be told to know this verifier by `verifier.client_id`, without a prefix
    #[command(after_help = "Example:\n  symbolon request registration > verifier.json")]
    Registration,
}

/// `symbolon request create`: what is not said is as the configuration has it
#[derive(Debug, Args)]
pub struct CreateArguments {
    /// A named query, or a file with a DCQL query
    #[arg(long, value_name = "NAME|FILE.json", required_unless_present = "scope")]
    pub query: Option<String>,
    /// A scope of the configuration in place of a query
    #[arg(long, value_name = "SCOPE", conflicts_with = "query")]
    pub scope: Option<String>,
    /// A JSON file with the transactions that the answer is to authorise
    #[arg(long, value_name = "FILE.json")]
    pub transaction_data: Option<PathBuf>,
    /// How the verifier says who it is
    #[arg(long, value_name = "PREFIX", value_parser = ["x509_hash", "x509_san_dns", "decentralized_identifier", "redirect_uri", "pre-registered"])]
    pub client_id_prefix: Option<String>,
    /// How the answer travels
    #[arg(long, value_name = "MODE", value_parser = ["direct_post.jwt", "direct_post"])]
    pub response_mode: Option<String>,
    /// How the request travels
    #[arg(long, value_name = "HOW", value_parser = ["reference", "value"])]
    pub request_delivery: Option<String>,
    /// By which method the wallet is asked to fetch it
    #[arg(long, value_name = "METHOD", value_parser = ["get", "post"])]
    pub request_uri_method: Option<String>,
    /// Where the browser that began goes after the answer; the result is then shown with the code that it brings
    #[arg(long, value_name = "URL")]
    pub return_to: Option<String>,
    /// Have the verifier show the request on a page of its own, for a wallet on the same device or on another
    #[arg(long, value_name = "FLOW", value_parser = ["same-device", "cross-device"])]
    pub page: Option<String>,
    /// Write the request as a QR code
    #[arg(long, value_name = "FILE.png")]
    pub qr: Option<PathBuf>,
    /// Offer it over the Digital Credentials API, and write what a page hands to navigator.credentials.get
    #[arg(long, value_name = "FILE.json")]
    pub digital_credentials: Option<PathBuf>,
    /// The origin of the page that asks so; the verifier's own without it
    #[arg(long, value_name = "ORIGIN", requires = "digital_credentials")]
    pub origin: Option<String>,
    /// By which protocol; may be given several times, the preferred one first. All that can ask the query without it
    #[arg(long = "protocol", value_name = "PROTOCOL", requires = "digital_credentials", value_parser = ["openid4vp-v1-multisigned", "openid4vp-v1-signed", "openid4vp-v1-unsigned", "org-iso-mdoc"])]
    pub protocols: Vec<String>,
    /// How answers of OpenID4VP travel through the page
    #[arg(long, value_name = "MODE", requires = "digital_credentials", value_parser = ["dc_api.jwt", "dc_api"])]
    pub page_response_mode: Option<String>,
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
}
