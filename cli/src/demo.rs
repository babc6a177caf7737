//! `symbolon demo`: the whole story on loopback, from ID records to an offline verdict.
//!
//! Every step uses what the other commands use: the same servers over real HTTP, the same wallet, the same pictures. Offer
//! and request reach the wallet through a [`Camera`] that is given a picture file and nothing else.

mod formats;

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, anyhow, bail, ensure};
use serde_json::Value;
use symbolon_crypto::CryptoProvider;
use symbolon_crypto_aws_lc::AwsLcProvider;
use symbolon_data_integrity::SsiJsonLd;
use symbolon_http::fetch::{FetchPolicy, GuardedFetcher};
use symbolon_http::serve::listen;
use symbolon_issuer::credential_record::StatusAction;
use symbolon_issuer::identifiers::ConfigurationId;
use symbolon_issuer::record::Uin;
use symbolon_issuer_server::administration::{
    CardFormat, CardOrder, CredentialSelector, OfferDelivery, OfferGrants, OfferOrder, StatusOrder,
    TransactionCode,
};
use symbolon_protocol::identifier::UrlPolicy;
use symbolon_protocol::secret::TransactionCode as Code;
use symbolon_qr_picture::PictureSource;
use symbolon_schemas::{AGE_OVER_18, NATIONAL_IDENTITY};
use symbolon_trust::trust_list::RootOfTrust;
use symbolon_verifier::card::judge_together;
use symbolon_verifier::report::{Report, Verdict};
use symbolon_verifier::store::ResultOutcome;
use symbolon_verifier::{Evidence, Tools};
use symbolon_wallet_core::present::{Answerable, Decision, PresentOutcome, Presentation};
use symbolon_wallet_core::receive::ReceiveOutcome;
use symbolon_wallet_core::{Languages, Silent, Wallet};
use url::Url;

use crate::arguments::{DemoArguments, RecordsCommand};
use crate::commands::evidence::Network;
use crate::commands::issuing::write_qr;
use crate::commands::judge::{Question, StoredRequest, judge_online, presentations};
use crate::commands::request::{Query, RequestState, VerifierClient};
use crate::commands::verify::{read_inputs, recognise, with_pack};
use crate::commands::{records, serve, show};
use crate::configuration::{FILE_NAME, identifier_text};
use crate::edge::{self, SystemRandomness};
use crate::holder::open_wallet;
use crate::installation::{Installation, IssuerChoice};
use crate::installation::files::{Readers, write_atomically};
use crate::installation::init::{NewInstallation, init};
use crate::pictures;
use crate::register::Register;
use crate::services::issuer::Opening;
use crate::services::{issuer, verifier};

/// The seed of the demo's people: the same story every time.
const SEED: u64 = 7;

/// What stands between a screen and the wallet: it is shown a picture file, and tells the text of the QR code in it.
pub trait Camera {
    /// Reads the one QR code of a picture.
    ///
    /// # Errors
    /// No code can be read, or several.
    fn read(&self, picture: &Path) -> anyhow::Result<Scan>;
}

/// What a camera read.
#[derive(Debug, Clone)]
pub struct Scan {
    /// The text of the code.
    pub text: String,
    /// Who decoded it.
    pub decoder: String,
}

/// Reads picture files as the wallet commands do.
#[derive(Debug, Clone, Copy, Default)]
pub struct FileCamera;

impl Camera for FileCamera {
    fn read(&self, picture: &Path) -> anyhow::Result<Scan> {
        let bytes = fs::read(picture).with_context(|| format!("cannot read {}", picture.display()))?;
        let mut found = pictures::codes(&bytes, PictureSource::Rendered)?;
        match (found.pop(), found.is_empty()) {
            (Some((text, decoder)), true) => Ok(Scan { text, decoder }),
            (None, _) => bail!("no QR code can be read in {}", picture.display()),
            (Some(_), false) => bail!("{} shows several QR codes", picture.display()),
        }
    }
}

/// Runs the demo as the command line gives it.
///
/// # Errors
/// A step that did not go as it must.
pub async fn run(arguments: &DemoArguments) -> anyhow::Result<ExitCode> {
    play(arguments, &FileCamera).await.map(|()| ExitCode::SUCCESS)
}

/// Plays the story with a camera of the caller's.
///
/// # Errors
/// A step that did not go as it must; nothing after it is done.
pub async fn play(arguments: &DemoArguments, camera: &dyn Camera) -> anyhow::Result<()> {
    let temporary = match &arguments.dir {
        Some(_) => None,
        None => Some(tempfile::tempdir().context("cannot make a temporary folder")?),
    };
    let folder = match (&arguments.dir, &temporary) {
        (Some(folder), _) => folder.clone(),
        (None, Some(temporary)) => temporary.path().to_owned(),
        (None, None) => bail!("no folder"),
    };
    let started = stopwatch();
    let mut stage = Stage::set(folder, arguments.records)?;
    let servers = stage.start_servers().await?;
    stage.import_records().await?;
    let resident = stage.choose_resident()?;
    let wallet = stage.open_wallet().await?;
    stage.issue(&wallet, &resident, camera).await?;
    let presentation = stage.present(&wallet, camera).await?;
    stage.receive_other_formats(&wallet, &resident, camera).await?;
    stage.present_other_formats(&wallet, camera).await?;
    let card = stage.print_card(&resident).await?;
    let old_pack = stage.build_pack("monday.pack").await?;
    servers.shut_down().await;
    stage.tell("both servers stopped; from here on nothing opens a socket", None);
    stage.verify_offline(&old_pack, &presentation, &card, Standing::InForce)?;
    stage.revoke(&resident).await?;
    stage.verify_offline(&old_pack, &presentation, &card, Standing::InForce)?;
    let new_pack = stage.build_pack("tuesday.pack").await?;
    stage.verify_offline(&new_pack, &presentation, &card, Standing::Revoked)?;
    stage.refuse_rollback(&old_pack, &presentation)?;
    show::line(&format!(
        "\n{} steps in {:.1} s: record, credential, QR, verdict online, verdict offline, revocation. All as it must be.",
        stage.steps,
        started.elapsed().as_secs_f64()
    ));
    if arguments.serve {
        stage.keep_serving().await?;
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the demo tells how long each step took")]
fn stopwatch() -> Instant {
    Instant::now()
}

/// What the credentials of the resident should be found to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    InForce,
    Revoked,
}

struct Servers {
    issuer: symbolon_issuer_server::Running,
    verifier: symbolon_verifier_server::Running,
}

impl Servers {
    async fn shut_down(self) {
        self.issuer.shutdown().await;
        self.verifier.shutdown().await;
    }
}

/// Everything the story needs.
struct Stage {
    folder: PathBuf,
    records: u32,
    installation: Installation,
    root: RootOfTrust,
    provider: Arc<dyn CryptoProvider>,
    listeners: Option<(TcpListener, TcpListener)>,
    steps: u32,
    last: Instant,
}

impl Stage {
    fn set(folder: PathBuf, records: u32) -> anyhow::Result<Self> {
        let provider: Arc<dyn CryptoProvider> = Arc::new(AwsLcProvider);
        let free = || listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        let last = stopwatch();
        // The ports are taken first, because identifiers and certificates name them.
        let (issuer, verifier) = (free()?, free()?);
        let url = |listener: &TcpListener| -> anyhow::Result<Url> {
            Ok(Url::parse(&format!("http://{}", listener.local_addr()?))?)
        };
        let new = NewInstallation {
            folder: folder.clone(),
            issuer: url(&issuer)?,
            verifier: url(&verifier)?,
        };
        init(&new, &provider, &SystemRandomness, edge::system_time())?;
        let installation = Installation::load(Some(&folder.join(FILE_NAME)))?;
        let root = installation.trust()?;
        let mut stage = Self {
            folder,
            records,
            installation,
            root,
            provider,
            listeners: Some((issuer, verifier)),
            steps: 0,
            last,
        };
        show::line("Symbolon, from an ID record to an offline verdict\n");
        let keys = fs::read_dir(stage.installation.keys.path())?.count();
        stage.tell(
            &format!("a new installation in {}", stage.folder.display()),
            Some(&format!(
                "{keys} key and certificate files, three roots: for issuers, for their mdocs, for relying parties"
            )),
        );
        Ok(stage)
    }

    /// Prints a step with what travelled and how long it took.
    fn tell(&mut self, what: &str, detail: Option<&str>) {
        self.steps += 1;
        let took = self.last.elapsed();
        show::line(&format!(
            "{:>2}. {what}  [{:.0} ms]",
            self.steps,
            took.as_secs_f64() * 1000.0
        ));
        if let Some(detail) = detail {
            for line in detail.lines() {
                show::line(&format!("      {line}"));
            }
        }
        self.last = stopwatch();
    }

    async fn start_servers(&mut self) -> anyhow::Result<Servers> {
        let (issuer_listener, verifier_listener) = self
            .listeners
            .take()
            .ok_or_else(|| anyhow!("the servers were started before"))?;
        let Opening::Opened(opened) = issuer::open(&self.installation).await? else {
            bail!("another process has the demo's store open");
        };
        let issuer = issuer::start(&self.installation, opened, issuer_listener).await?;
        let verifier = verifier::start(&self.installation, verifier_listener).await?;
        self.tell(
            "issuer and verifier listen on loopback",
            Some(&format!(
                "issuer http://{}, verifier http://{}",
                issuer.address(),
                verifier.address()
            )),
        );
        Ok(Servers { issuer, verifier })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    async fn import_records(&mut self) -> anyhow::Result<()> {
        let file = self.path("people.ndjson");
        let sample = RecordsCommand::Sample {
            count: self.records,
            seed: SEED,
            out: file.clone(),
        };
        records::run(&sample, IssuerChoice::default()).await?;
        let bytes = fs::metadata(&file)?.len();
        self.tell(
            &format!("{} sample people with drawn faces", self.records),
            Some(&format!("{bytes} bytes of NDJSON")),
        );
        let register = Register::of(&self.installation).await?;
        ensure!(
            matches!(register, Register::Running(_)),
            "the import must go through the running issuer"
        );
        let counts = records::import(&register, &file).await?;
        ensure!(
            counts.inserted == u64::from(self.records),
            "every record must be stored: {counts}"
        );
        self.tell("imported while the issuer serves", Some(&counts.to_string()));
        Ok(())
    }

    /// A living adult who may drive, whose name is written from right to left where there is one.
    fn choose_resident(&mut self) -> anyhow::Result<Resident> {
        let text = fs::read_to_string(self.path("people.ndjson"))?;
        let people: Vec<Value> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
        let member = |person: &Value, name: &str| {
            person
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let adult = |person: &&Value| {
            member(person, "dateOfBirth")
                .get(..4)
                .is_some_and(|year| year < "2000")
                && member(person, "declaredAsDeceased") != "Y"
                && person.get("drivingPrivileges").is_some()
        };
        let person = people
            .iter()
            .filter(adult)
            .find(|person| member(person, "preferredLang") == "ara")
            .or_else(|| people.iter().find(adult))
            .ok_or_else(|| anyhow!("the sample has no living adult who may drive"))?;
        let names: Vec<&str> = person
            .get("fullName")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|name| name.get("value").and_then(Value::as_str))
            .collect();
        let uin = Uin::parse(&member(person, "UIN")).map_err(|_| anyhow!("the sample has a bad UIN"))?;
        self.tell(
            "the resident of this story",
            Some(&format!("{}, UIN {}", names.join(" / "), uin.masked())),
        );
        Ok(Resident { uin })
    }

    async fn open_wallet(&mut self) -> anyhow::Result<Wallet> {
        let wallet = open_wallet(
            &self.path("wallet"),
            &self.root,
            UrlPolicy::Development,
            Arc::new(Silent),
        )?;
        wallet.recover(edge::system_time()).await?;
        self.tell("a wallet with an encrypted store", None);
        Ok(wallet)
    }

    async fn issue(
        &mut self,
        wallet: &Wallet,
        resident: &Resident,
        camera: &dyn Camera,
    ) -> anyhow::Result<()> {
        let order = OfferOrder {
            record: resident.uin.clone(),
            configurations: vec![
                ConfigurationId::parse(NATIONAL_IDENTITY.id.to_owned())
                    .ok_or_else(|| anyhow!("the shipped configuration has a bad name"))?,
            ],
            tx_code: TransactionCode::Required,
            delivery: OfferDelivery::ByReference,
            grants: OfferGrants::PreAuthorizedCode,
        };
        let offer = Register::of(&self.installation)
            .await?
            .create_offer(order)
            .await?;
        let picture = self.path("offer.png");
        write_qr(&offer.link, &picture)?;
        let code = offer
            .tx_code
            .as_deref()
            .ok_or_else(|| anyhow!("the offer came without a transaction code"))?;
        self.tell(
            "credential offer on the clerk's screen, as a QR picture",
            Some(&format!(
                "{} bytes in offer.png; the transaction code travels another way",
                fs::metadata(&picture)?.len()
            )),
        );

        let scan = camera.read(&picture)?;
        self.tell(
            &format!("the wallet's camera reads the picture ({})", scan.decoder),
            Some(&scan.text),
        );
        let now = edge::system_time();
        let shown = wallet.receive_offer(&scan.text, now).await?;
        let code = Code::parse(code).ok_or_else(|| anyhow!("the transaction code is not readable"))?;
        let received = match wallet.accept_offer(shown.flow, Some(code), now).await? {
            ReceiveOutcome::Stored { credentials, .. } => credentials,
            other => bail!("the credential was not received: {other:?}"),
        };
        let [id] = received.as_slice() else {
            bail!("one credential was offered, {} came", received.len())
        };
        let details = wallet.show(*id, &Languages::new(["en"]), now).await?;
        self.tell(
            "token, nonce, key proof, credential: over HTTP, verified, stored",
            Some(&format!(
                "{}, {} claims, bound to a key of the wallet",
                details.summary.name,
                details.claims.len()
            )),
        );
        Ok(())
    }

    async fn present(&mut self, wallet: &Wallet, camera: &dyn Camera) -> anyhow::Result<Presentation> {
        let client = VerifierClient::of(&self.installation)?;
        let made = client.make(&Query::Named(AGE_OVER_18.name.to_owned())).await?;
        let picture = self.path("request.png");
        write_qr(&made.authorization_request, &picture)?;
        self.tell(
            "the shop asks: over 18, and the photo. A signed request, as a QR picture",
            None,
        );

        let scan = camera.read(&picture)?;
        self.tell(
            &format!("the wallet's camera reads the picture ({})", scan.decoder),
            Some(&scan.text),
        );
        let consent = wallet
            .present(&scan.text, &Languages::new(["en"]), edge::system_time())
            .await?;
        let Answerable::With(choice) = consent.answerable.clone() else {
            bail!("the wallet cannot answer the request");
        };
        let disclosed: Vec<String> = consent
            .asked
            .iter()
            .filter_map(|asked| asked.candidates.first())
            .flat_map(|candidate| candidate.discloses.iter())
            .map(|claim| claim.name.clone())
            .collect();
        self.tell(
            "before anything is signed the wallet shows who asks and what would be disclosed",
            Some(&format!(
                "{} at {}: {}",
                consent.verifier.name.as_deref().unwrap_or("?"),
                consent.verifier.response_origin,
                disclosed.join(", ")
            )),
        );
        let outcome = wallet
            .answer_request(consent.flow, Decision::Share(choice), edge::system_time())
            .await?;
        let PresentOutcome::Presented { presentation, .. } = outcome else {
            bail!("the verifier did not accept the presentation");
        };
        self.tell(
            "consent; key binding signed; sent encrypted to a key of this one request",
            None,
        );

        let found = client.result(&made.request_id).await?;
        ensure!(
            found.state == RequestState::Answered,
            "the verifier has no answer"
        );
        let Some(ResultOutcome::Presented { reports, answer }) = found.result.map(|result| result.outcome)
        else {
            bail!("the verifier has no presentation");
        };
        ensure!(answer.is_as_asked(), "the answer is not what was asked for");
        let [stored] = reports.as_slice() else {
            bail!("one presentation was sent, {} came", reports.len())
        };
        expect(&stored.report, Verdict::Valid)?;
        let claims: Vec<&str> = stored.report.claims.keys().map(String::as_str).collect();
        self.tell(
            &format!("online verdict: {}", show::verdict(stored.report.verdict)),
            Some(&format!(
                "{}; the shop sees: {}",
                as_of(&stored.report),
                claims.join(", ")
            )),
        );
        self.keep(&presentation)?;
        Ok(presentation)
    }

    /// Keeps what was shown and what it answered, as files for a later `symbolon verify`.
    fn keep(&self, presentation: &Presentation) -> anyhow::Result<()> {
        write_atomically(
            &self.path("presentation.json"),
            presentation.vp_token.as_bytes(),
            Readers::Owner,
        )?;
        write_atomically(
            &self.path("request.jwt"),
            presentation.request_object.as_bytes(),
            Readers::Owner,
        )?;
        Ok(())
    }

    async fn print_card(&mut self, resident: &Resident) -> anyhow::Result<PathBuf> {
        let order = CardOrder {
            record: resident.uin.clone(),
            configuration: None,
            replaces: None,
            face: None,
            format: CardFormat::Png,
        };
        let card = Register::of(&self.installation).await?.issue_card(&order).await?;
        let path = self.path("card.png");
        write_atomically(&path, &card.document, Readers::Owner)?;
        self.tell(
            "a printed card for whoever has no phone (Claim 169)",
            Some(&format!(
                "{} characters in its QR code, the face among them: card.png",
                card.qr_text.len()
            )),
        );
        let codes = read_inputs(&path)?;
        let network = Network {
            fetcher: GuardedFetcher::new(FetchPolicy::Development)?,
            urls: UrlPolicy::Development,
        };
        let inputs = recognise(&codes)?;
        let [input] = inputs.as_slice() else {
            bail!("the card shows {} QR codes", inputs.len())
        };
        let question = Question {
            input,
            request: None,
            now: edge::system_time(),
        };
        let json_ld = SsiJsonLd::new();
        let tools = Tools::with_json_ld(self.provider.as_ref(), &json_ld);
        let mut evidence = Evidence::online(&self.root.trust_list);
        let reports = judge_together(judge_online(question, &mut evidence, tools, &network).await?);
        let [report] = reports.as_slice() else {
            bail!("one verdict was expected, {} came", reports.len())
        };
        expect(report, Verdict::Genuine)?;
        drop(evidence);
        self.tell(
            &format!(
                "the card read back from its picture: {}",
                show::verdict(report.verdict)
            ),
            Some(&format!("{}; compare the person with the photo", as_of(report))),
        );
        Ok(path)
    }

    async fn build_pack(&mut self, name: &str) -> anyhow::Result<PathBuf> {
        let pack = Register::of(&self.installation).await?.build_pack().await?;
        let path = self.path(name);
        write_atomically(&path, &pack, Readers::Everyone)?;
        self.tell(
            &format!("an offline pack: {name}"),
            Some(&format!(
                "{} bytes: trust list, status of every credential, each part signed by its own party",
                pack.len()
            )),
        );
        Ok(path)
    }

    fn verify_offline(
        &mut self,
        pack: &Path,
        presentation: &Presentation,
        card: &Path,
        standing: Standing,
    ) -> anyhow::Result<()> {
        let now = edge::system_time();
        let anchors = &self.root.trust_list.relying_parties.anchors;
        let request = StoredRequest::verify(
            &presentation.request_object,
            anchors,
            UrlPolicy::Development,
            self.provider.as_ref(),
        )?;
        let (shown, cards) = (
            presentations(presentation.vp_token.clone().into_bytes()),
            read_inputs(card)?,
        );
        let (shown, cards) = (recognise(&shown)?, recognise(&cards)?);
        let mut questions: Vec<Question<'_>> = shown
            .iter()
            .map(|input| Question {
                input,
                request: Some(&request),
                now,
            })
            .collect();
        questions.extend(cards.iter().map(|input| Question {
            input,
            request: None,
            now,
        }));
        let json_ld = SsiJsonLd::new();
        let tools = Tools::with_json_ld(self.provider.as_ref(), &json_ld);
        let (reports, refusal) = with_pack(&questions, &[], pack, &self.root, &self.folder, tools)?;
        if let Some(error) = refusal {
            return Err(anyhow!(error).context("the pack was refused"));
        }
        let [shown, card] = reports.as_slice() else {
            bail!("two verdicts were expected, {} came", reports.len())
        };
        match standing {
            Standing::InForce => {
                expect(shown, Verdict::Valid)?;
                expect(card, Verdict::Genuine)?;
            }
            Standing::Revoked => {
                expect(shown, Verdict::Invalid)?;
                expect(card, Verdict::Invalid)?;
            }
        }
        let name = pack
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        self.tell(
            &format!(
                "offline, by {name}: presentation {}, card {}",
                show::verdict(shown.verdict),
                show::verdict(card.verdict)
            ),
            Some(&as_of(shown)),
        );
        Ok(())
    }

    async fn revoke(&mut self, resident: &Resident) -> anyhow::Result<()> {
        let register = Register::of(&self.installation).await?;
        ensure!(
            matches!(register, Register::Opened { .. }),
            "no server runs, so the store opens here"
        );
        let order = StatusOrder {
            action: StatusAction::Revoke,
            credentials: CredentialSelector::Record(resident.uin.clone()),
        };
        let report = register.change_status(&order).await?;
        ensure!(
            report.changed.len() == Self::other_formats() + 2,
            "every credential and the card must be revoked"
        );
        self.tell(
            "the phone is lost: every credential of the record is revoked",
            Some(&format!(
                "{} credentials; the pack in the shop does not know it yet",
                report.changed.len()
            )),
        );
        Ok(())
    }

    /// The old pack again, after the new one: refused, and nothing of it believed.
    fn refuse_rollback(&mut self, pack: &Path, presentation: &Presentation) -> anyhow::Result<()> {
        let now = edge::system_time();
        let shown = presentations(presentation.vp_token.clone().into_bytes());
        let shown = recognise(&shown)?;
        let questions: Vec<Question<'_>> = shown
            .iter()
            .map(|input| Question {
                input,
                request: None,
                now,
            })
            .collect();
        let json_ld = SsiJsonLd::new();
        let tools = Tools::with_json_ld(self.provider.as_ref(), &json_ld);
        let (reports, refusal) = with_pack(&questions, &[], pack, &self.root, &self.folder, tools)?;
        let Some(refusal) = refusal else {
            bail!("the older pack was accepted after the newer one")
        };
        let [report] = reports.as_slice() else {
            bail!("one verdict was expected, {} came", reports.len())
        };
        expect(report, Verdict::Unknown)?;
        self.tell(
            &format!("the older pack once more: {}", show::verdict(report.verdict)),
            Some(&format!("refused: {refusal}")),
        );
        Ok(())
    }

    async fn keep_serving(&mut self) -> anyhow::Result<()> {
        let section = &self.installation.loaded.configuration;
        let (issuer, verifier) = (section.issuer.listen, section.verifier.listen);
        self.listeners = Some((listen(issuer)?, listen(verifier)?));
        let servers = self.start_servers().await?;
        let section = &self.installation.loaded.configuration;
        show::line("\nopen, or fetch:");
        let issuer = identifier_text(&section.issuer.identifier);
        show::line(&format!("  {issuer}/.well-known/openid-credential-issuer"));
        show::line(&format!("  {issuer}/.well-known/oauth-authorization-server"));
        show::line(&format!("in {} try:", self.folder.display()));
        show::line("  symbolon offer create --record UIN --credential NationalIdentity --qr offer.png");
        show::line("  symbolon wallet receive offer.png");
        show::line("  symbolon request create --query age-over-18 --qr request.png");
        show::line("  symbolon wallet present request.png");
        show::line("stop with Ctrl-C");
        serve::interrupted().await;
        servers.shut_down().await;
        Ok(())
    }
}

struct Resident {
    uin: Uin,
}

fn as_of(report: &Report) -> String {
    match report.as_of {
        Some(time) => format!("status as of {}", time.rfc3339()),
        None => "the status is not known".to_owned(),
    }
}

fn expect(report: &Report, verdict: Verdict) -> anyhow::Result<()> {
    if report.verdict != verdict {
        show::report(report);
        bail!(
            "the verdict must be {}, and is {}",
            verdict.as_str(),
            report.verdict.as_str()
        );
    }
    Ok(())
}
