//! `symbolon relying-party …` and `symbolon policy …`

use std::path::PathBuf;

use clap::{Args, Subcommand};
use symbolon_credential::claims_path::ClaimsPath;
use symbolon_protocol::dcql::QueryId;
use symbolon_protocol::digital_credentials::{InvalidOrigin, Origin};
use symbolon_protocol::identifier::{HttpUrl, UrlPolicy};
use symbolon_protocol::oauth::client::ClientIdentifier;
use symbolon_protocol::oauth::redirect_uri::RedirectUri;
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
    /// Gives a relying party a certificate of its own, by which wallets know it; or asks another authority for one
    #[command(
        after_help = "Write certificate = \"own\" in its file for it to count.\n\nExamples:\n  symbolon relying-party certificate bank --identifier VATDE-123456789\n  symbolon relying-party certificate bank --identifier VATDE-123456789 --request bank.csr\n  symbolon relying-party certificate bank --import bank.pem"
    )]
    Certificate {
        /// The relying party
        #[arg(value_name = "NAME", value_parser = relying_party_name)]
        party: RelyingPartyName,
        /// Its identifier as an organisation (ETSI EN 319 412-1), such as VATDE-123456789
        #[arg(long, value_name = "IDENTIFIER", required_unless_present = "import")]
        identifier: Option<String>,
        /// Write a certificate signing request in place of a certificate under the installation's own root
        #[arg(long, value_name = "FILE", conflicts_with = "import")]
        request: Option<std::path::PathBuf>,
        /// Take in the certificate that another authority has given, with those between it and its root
        #[arg(long, value_name = "FILE.pem", conflicts_with = "identifier")]
        import: Option<std::path::PathBuf>,
    },
    /// Registers, in development, what a relying party may ask for: what its policies ask
    #[command(
        after_help = "Write registration_certificate = \"FILE\" in its file, and wallet.registrars = [\"data/registrar.pem\"] where the wallet is configured.\n\nExample:\n  symbolon relying-party register bank --country DE --out registrations/bank.jwt"
    )]
    Register {
        /// The relying party, which has a certificate of its own
        #[arg(value_name = "NAME", value_parser = relying_party_name)]
        party: RelyingPartyName,
        /// Its country, ISO 3166-1
        #[arg(long, value_name = "CODE")]
        country: String,
        /// Where it can be reached
        #[command(flatten)]
        contacts: RegisteredContacts,
        /// For how many days
        #[arg(long, value_name = "DAYS", default_value_t = 365, value_parser = clap::value_parser!(u16).range(1..=365))]
        days: u16,
        /// Where to write the certificate
        #[arg(long, value_name = "FILE")]
        out: std::path::PathBuf,
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
    /// Gives a relying party a client of OpenID Connect, which has people signed in here, and says what its programs need to know
    #[command(
        name = "openid-client",
        after_help = "Writes [openid_client] into the file of the relying party; docs/openid-provider.md says what more may stand there. A running verifier takes it up when it is started again.\n\nExample:\n  symbolon relying-party openid-client bank --client-id bank --redirect-uri https://bank.example/callback --jwks-uri https://bank.example/jwks --scope openid=open-account --subject identity=personal_administrative_number --verified-claims"
    )]
    OpenidClient(Box<OpenIdClientArguments>),
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

/// `symbolon relying-party openid-client`
#[derive(Debug, Args)]
pub struct OpenIdClientArguments {
    /// The relying party
    #[arg(value_name = "NAME", value_parser = relying_party_name)]
    pub party: RelyingPartyName,
    /// What the client is called; the relying party's name without it
    #[arg(long, value_name = "ID", value_parser = client_id)]
    pub client_id: Option<ClientIdentifier>,
    /// Where answers may go, exactly; may be given several times
    #[arg(long = "redirect-uri", value_name = "URL", required = true, value_parser = redirect_uri)]
    pub redirect_uris: Vec<RedirectUri>,
    /// Where the client publishes its keys
    #[arg(long, value_name = "URL", value_parser = keys_uri, conflicts_with = "jwks")]
    pub jwks_uri: Option<HttpUrl>,
    /// A file with its keys, a JWK Set
    #[arg(long, value_name = "FILE", required_unless_present = "jwks_uri")]
    pub jwks: Option<PathBuf>,
    /// A scope value and the policy that it stands for; openid is for requests that name no other; may be given several times
    #[arg(long = "scope", value_name = "SCOPE=POLICY", required = true, value_parser = scope)]
    pub scopes: Vec<(String, PolicyName)>,
    /// A credential of the policy and the claim that identifies the person: a name, or a path as in DCQL; may be given several times
    #[arg(long = "subject", value_name = "CREDENTIAL=CLAIM", required = true, value_parser = subject)]
    pub subjects: Vec<(QueryId, ClaimsPath)>,
    /// A claim that the client is told without asking for it; may be given several times
    #[arg(long = "claim", value_name = "CLAIM")]
    pub claims: Vec<String>,
    /// Tell the client all verified claims without being asked for them one by one
    #[arg(long)]
    pub verified_claims: bool,
    /// Sign the answers of the userinfo endpoint
    #[arg(long)]
    pub signed_userinfo: bool,
    /// Take requests alone that the client has pushed
    #[arg(long)]
    pub pushed_requests: bool,
    /// Give out no access token that is not bound to a key
    #[arg(long)]
    pub bound_tokens: bool,
    /// Take no wallet on another device, which scans a code
    #[arg(long)]
    pub same_device_alone: bool,
    /// Share the customers with every relying party of this sector
    #[arg(long, value_name = "NAME")]
    pub sector: Option<String>,
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

fn client_id(text: &str) -> Result<ClientIdentifier, String> {
    ClientIdentifier::parse(text).ok_or_else(|| "not a client identifier".to_owned())
}

fn redirect_uri(text: &str) -> Result<RedirectUri, String> {
    RedirectUri::parse(text).map_err(|_| "not an https URL without a fragment".to_owned())
}

fn keys_uri(text: &str) -> Result<HttpUrl, String> {
    HttpUrl::parse(text).map_err(|error| error.to_string())
}

fn scope(text: &str) -> Result<(String, PolicyName), String> {
    let (scope, policy) = text.split_once('=').ok_or("not SCOPE=POLICY")?;
    Ok((scope.to_owned(), policy_name(policy)?))
}

fn subject(text: &str) -> Result<(QueryId, ClaimsPath), String> {
    let (credential, claim) = text.split_once('=').ok_or("not CREDENTIAL=CLAIM")?;
    let credential = QueryId::parse(credential).ok_or("not the id of a credential")?;
    let claim = match claim.starts_with('[') {
        true => serde_json::from_str(claim).map_err(|error| error.to_string())?,
        false => ClaimsPath::top_level(claim),
    };
    Ok((credential, claim))
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

/// Where a relying party and those who watch over it can be reached.
#[derive(Debug, clap::Args)]
pub struct RegisteredContacts {
    /// Where it takes requests to erase data: a web address, an e-mail address or a telephone number
    #[arg(long = "support", value_name = "CONTACT")]
    pub support: Vec<String>,
    /// Where the authority that watches over it takes reports
    #[arg(long = "supervisory-authority", value_name = "CONTACT")]
    pub authority: Vec<String>,
}
