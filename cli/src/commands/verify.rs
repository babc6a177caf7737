//! `symbolon verify`

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use symbolon_credential::Input;
use symbolon_crypto::cose::NamedContentKey;
use symbolon_crypto::x509::{MAX_REVOCATION_LIST_BYTES, RevocationList};
use symbolon_crypto::{CryptoProvider, UnixTime};
use symbolon_crypto_aws_lc::AwsLcProvider;
use symbolon_data_integrity::SsiJsonLd;
use symbolon_http::fetch::{FetchPolicy, GuardedFetcher};
use symbolon_protocol::dcql::QueryId;
use symbolon_protocol::identifier::UrlPolicy;
use symbolon_protocol::qr_transport::{Message, Progress};
use symbolon_trust::pack::{LastSeen, Pack, PackError, PackTools, unverified_revocation_lists};
use symbolon_trust::trust_list::{RootOfTrust, TrustList};
use symbolon_trust::validity::CLOCK_TOLERANCE;
use symbolon_trust_store::{HeldPack, PackBytes};
use symbolon_verifier::answer::{AnswerCheck, HolderKeys, check_answer};
use symbolon_verifier::by_qr::{Scanned, sort_scanned};
use symbolon_verifier::card::{JudgedCode, judge_together};
use symbolon_verifier::input::{ShownInput, presentations};
use symbolon_verifier::policy::FreshnessRules;
use symbolon_verifier::report::{Report, Verdict};
use symbolon_verifier::{Evidence, PackAbsence, PackCredentials, Policy, Tools};

use crate::arguments::VerifyArguments;
use crate::commands::answer_by_qr;
use crate::commands::card::read_face_key;
use crate::commands::evidence::Network;
use crate::commands::frames;
use crate::commands::judge::{Question, StoredRequest, judge_offline, judge_online, read_input};
use crate::commands::pack::missing_revocation_list;
use crate::commands::show;
use crate::configuration::FILE_NAME;
use crate::edge;
use crate::installation::{Installation, read_trust, relying_parties};
use crate::services::verifier::with_rules;
use crate::shop::{DEFAULT_FOLDER, SOURCE, Shop};

/// Whom to believe, and under which rules for URLs.
struct Trust {
    root: RootOfTrust,
    folder: PathBuf,
    urls: UrlPolicy,
    fetches: FetchPolicy,
    policy: Policy,
    revocation_lists: Vec<RevocationList>,
    /// What is remembered of the packs of a shop whose pack is gone.
    seen: Option<LastSeen>,
    installation: Option<Installation>,
}

impl Trust {
    fn load(file: Option<&Path>, configuration: Option<&Path>) -> anyhow::Result<Self> {
        let has_installation = configuration.is_some() || Path::new(FILE_NAME).exists();
        let installation = has_installation
            .then(|| Installation::load(configuration))
            .transpose()?;
        let development = installation
            .as_ref()
            .is_some_and(|installation| installation.loaded.configuration.development);
        let (urls, fetches) = if development {
            (UrlPolicy::Development, FetchPolicy::Development)
        } else {
            (UrlPolicy::Public, FetchPolicy::Public)
        };
        let path = match (file, &installation) {
            (Some(file), _) => file.to_owned(),
            (None, Some(installation)) => installation.data_file(crate::installation::TRUST),
            (None, None) if Path::new(DEFAULT_FOLDER).join(SOURCE).exists() => {
                Path::new(DEFAULT_FOLDER).join(crate::installation::TRUST)
            }
            (None, None) => {
                bail!(
                    "no root of trust: give --trust FILE, or run in the folder of an installation or of a joined shop"
                )
            }
        };
        // A file that was named is believed as it stands: the sources are the installation's.
        let root = match (file, &installation) {
            (None, Some(installation)) => installation.believed()?,
            _ => read_trust(&path)?,
        };
        let policy = match &installation {
            Some(installation) => with_rules(Policy::CHECKPOINT, installation)?,
            None => Policy::CHECKPOINT,
        };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new(".")).to_owned();
        Ok(Self {
            root,
            folder,
            urls,
            fetches,
            policy,
            revocation_lists: Vec::new(),
            seen: None,
            installation,
        })
    }
}

/// Judges the input and prints the report.
///
/// # Errors
/// Usage and unreadable input; the exit status of a verdict is the answer of `Ok`.
pub async fn run(arguments: &VerifyArguments, configuration: Option<&Path>) -> anyhow::Result<ExitCode> {
    let provider: Arc<dyn CryptoProvider> = Arc::new(AwsLcProvider);
    let mut trust = Trust::load(arguments.trust.as_deref(), configuration)?;
    if let Some(path) = &arguments.freshness {
        trust.policy.freshness = FreshnessRules::new(&relying_parties::read(path)?)
            .with_context(|| format!("--freshness {}", path.display()))?;
    }
    for path in &arguments.crl {
        trust.revocation_lists.push(read_revocation_list(path)?);
    }
    let now = match &arguments.at {
        Some(text) => UnixTime::parse_rfc3339(text).with_context(|| format!("--at {text}"))?,
        None => edge::system_time(),
    };
    let face_keys = arguments
        .face_key
        .iter()
        .map(|path| read_face_key(path))
        .collect::<Result<Vec<_>, _>>()?;
    let json_ld = SsiJsonLd::new();
    let tools = Tools::with_json_ld(provider.as_ref(), &json_ld);
    let request = match &arguments.request {
        None => None,
        Some(path) => {
            let object =
                fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
            let anchors = &trust.root.trust_list.relying_parties.anchors;
            Some(StoredRequest::verify(
                &object,
                anchors,
                trust.urls,
                provider.as_ref(),
            )?)
        }
    };
    let scanned = sort_scanned(frames::read(&arguments.files)?)?;
    // Before an answer is opened, which spends the nonce of its request: a pack that cannot be read must not cost the answer.
    let pulled = match &arguments.pack {
        // A root of trust that was named is another than the shop's, and so are its packs.
        None if !arguments.online && arguments.trust.is_none() => Shop::judging(configuration)?,
        _ => None,
    };
    let pulled = pulled.map(|shop| shop.in_force().path());
    let in_force = pulled.as_ref().filter(|path| path.exists());
    if let Some(path) = pulled.as_ref().filter(|_| in_force.is_none()) {
        trust.seen = HeldPack::remembered(&trust.folder)?;
        if trust.seen.is_some() {
            show::warning(&format!(
                "the pack is gone from {}: symbolon pack pull fetches one",
                path.display()
            ));
        }
    }
    let pack = arguments
        .pack
        .as_ref()
        .or(in_force)
        .map(|path| PackFile::read(path, &trust.folder));
    let pack = pack.transpose()?;
    let accepted = pack.as_ref().map(|pack| pack.accept(&trust.root, tools, now));
    let accepted = accepted.transpose()?;
    let (stored, is_answer) = shown(scanned, request.as_ref(), &trust, now)?;
    let shown = Shown {
        stored: &stored,
        request: request.as_ref(),
        is_answer,
        face_keys: &face_keys,
        now,
    };
    conclude(&shown, accepted, &trust, tools, arguments.json).await
}

/// A revocation list, DER or PEM.
fn read_revocation_list(path: &Path) -> anyhow::Result<RevocationList> {
    let limit = u64::try_from(MAX_REVOCATION_LIST_BYTES.saturating_mul(2)).unwrap_or(u64::MAX);
    let bytes = read_input(path, limit).with_context(|| format!("cannot read {}", path.display()))?;
    let der = pem::parse(&bytes).map_or(bytes, pem::Pem::into_contents);
    RevocationList::parse(&der).with_context(|| format!("--crl {}", path.display()))
}

/// Judges what answers `request`, and prints the reports.
///
/// # Errors
/// As [`run`].
pub async fn answer(
    stored: &[ShownInput],
    request: &StoredRequest,
    pack: Option<&Path>,
    as_json: bool,
    configuration: Option<&Path>,
) -> anyhow::Result<ExitCode> {
    let trust = Trust::load(None, configuration)?;
    let json_ld = SsiJsonLd::new();
    let tools = Tools::with_json_ld(&AwsLcProvider, &json_ld);
    let now = edge::system_time();
    let pack = pack.map(|path| PackFile::read(path, &trust.folder)).transpose()?;
    let accepted = pack.as_ref().map(|pack| pack.accept(&trust.root, tools, now));
    let shown = Shown {
        stored,
        request: Some(request),
        is_answer: true,
        face_keys: &[],
        now,
    };
    conclude(&shown, accepted.transpose()?, &trust, tools, as_json).await
}

/// What is judged, and what is known of it.
struct Shown<'a> {
    stored: &'a [ShownInput],
    request: Option<&'a StoredRequest>,
    /// Whether it is the answer to the request, and not only something that was made for it.
    is_answer: bool,
    face_keys: &'a [NamedContentKey],
    now: UnixTime,
}

/// Judges and prints: with a pack that was opened and no network, or with the network.
async fn conclude(
    shown: &Shown<'_>,
    accepted: Option<Result<Pack<'_>, RefusedPack<'_>>>,
    trust: &Trust,
    tools: Tools<'_>,
    as_json: bool,
) -> anyhow::Result<ExitCode> {
    let Shown {
        stored,
        request,
        is_answer,
        face_keys,
        now,
    } = *shown;
    let inputs = recognise(stored)?;
    let questions: Vec<Question<'_>> = inputs
        .iter()
        .zip(stored)
        .map(|(input, stored)| Question {
            input,
            request,
            query: stored.query.as_ref(),
            policy: &trust.policy,
            now,
        })
        .collect();
    let judged = match accepted {
        Some(accepted) => {
            let (judged, refusal) =
                each_with_pack(&questions, face_keys, &trust.revocation_lists, accepted, tools)?;
            if let Some(error) = refusal {
                show::warning(&format!("the pack is refused: {error}"));
            }
            judged
        }
        None => {
            let network = Network {
                fetcher: GuardedFetcher::new(trust.fetches)?,
                urls: trust.urls,
                past: is_past(now).then_some(now),
            };
            let list = &trust.root.trust_list;
            let evidence = match &trust.seen {
                None => Evidence::online(list),
                seen => Evidence::online_without_pack(PackAbsence::NotGiven, list, &[], seen.as_ref()),
            };
            let mut evidence = evidence
                .with_content_keys(face_keys)
                .with_revocation_lists(&trust.revocation_lists);
            if network.past.is_some() {
                evidence = evidence.of_the_past();
            }
            let mut judged = Vec::new();
            for question in &questions {
                judged.push(judge_online(*question, &mut evidence, tools, &network).await?);
            }
            judged
        }
    };
    let answer = match request {
        Some(request) if is_answer => answer_check(request, stored, &judged, trust),
        _ => AnswerCheck::AsAsked,
    };
    let reports = judge_together(judged.into_iter().flatten().collect());
    print(&reports, as_json)?;
    let worst = reports
        .iter()
        .map(|report| report.verdict)
        .max_by_key(|verdict| verdict.severity());
    let worst = worst.ok_or_else(|| anyhow!("nothing to judge"))?;
    // What is refused or in doubt says so itself, and has no claims that could be what was asked for.
    if !answer.is_as_asked() && matches!(worst, Verdict::Valid | Verdict::Genuine) {
        show::warning(&format!(
            "the answer is not what was asked for: {}",
            answer.description()
        ));
        return Ok(exit_code(Verdict::Invalid));
    }
    Ok(exit_code(worst))
}

/// Whether a time lies so far back that what was true then is asked, and not what is true by a clock that is a little behind.
fn is_past(time: UnixTime) -> bool {
    time.plus(CLOCK_TOLERANCE) < edge::system_time()
}

/// What is to be judged, and whether it answers the request by QR codes.
fn shown(
    scanned: Scanned,
    request: Option<&StoredRequest>,
    trust: &Trust,
    now: UnixTime,
) -> anyhow::Result<(Vec<ShownInput>, bool)> {
    let mut codes = scanned.codes;
    match scanned.carried {
        None => {}
        Some(Progress::Assembling { known, fragments }) => {
            bail!("only {known} of {fragments} fragments of the message are there; film it longer")
        }
        Some(Progress::Complete(Message::Request(_))) => bail!("it is a request, and no answer"),
        Some(Progress::Complete(Message::Pack(_) | Message::PackState(_) | Message::Onboarding(_))) => {
            bail!("it is about packs, and nothing to judge; see symbolon pack receive and symbolon pack join")
        }
        Some(Progress::Complete(Message::Credential(credential))) => codes.push(credential.into_bytes()),
        Some(Progress::Complete(Message::Response(jwe))) => {
            let request = request.and_then(StoredRequest::by_qr).ok_or_else(|| {
                anyhow!("it is an answer by QR codes: give the request that it answers with --request")
            })?;
            let token = answer_by_qr::open(&jwe, request, trust.installation.as_ref(), &trust.folder, now)?;
            return Ok((presentations(serde_json::to_vec(&token)?), true));
        }
    }
    Ok((codes.into_iter().flat_map(presentations).collect(), false))
}

/// Whether an answer is the answer to its query: complete, nothing unasked, one person.
fn answer_check(
    request: &StoredRequest,
    stored: &[ShownInput],
    judged: &[Vec<JudgedCode>],
    trust: &Trust,
) -> AnswerCheck {
    let mut reports: BTreeMap<QueryId, Vec<Report>> = BTreeMap::new();
    for (input, codes) in stored.iter().zip(judged) {
        if let Some(query) = &input.query {
            let found = codes.iter().map(|code| code.report().clone());
            reports.entry(query.clone()).or_default().extend(found);
        }
    }
    let keys = trust
        .installation
        .as_ref()
        .map_or(HolderKeys::OneKey, |installation| {
            installation.loaded.configuration.verifier.holder_keys
        });
    check_answer(request.query(), &reports, keys)
}

/// Judges with a pack and without a network. What was accepted is remembered in `memory_folder`, so that an older pack is
/// refused from then on; a refused pack is told, and nothing of it used.
///
/// # Errors
/// A pack that cannot be read, or a memory that cannot be used.
pub fn with_pack(
    questions: &[Question<'_>],
    face_keys: &[NamedContentKey],
    pack: &Path,
    root: &RootOfTrust,
    memory_folder: &Path,
    tools: Tools<'_>,
) -> anyhow::Result<(Vec<Report>, Option<PackError>)> {
    let now = questions
        .first()
        .map_or_else(edge::system_time, |question| question.now);
    let pack = PackFile::read(pack, memory_folder)?;
    let accepted = pack.accept(root, tools, now)?;
    let (judged, refusal) = each_with_pack(questions, face_keys, &[], accepted, tools)?;
    Ok((judge_together(judged.into_iter().flatten().collect()), refusal))
}

/// A pack as it was read, and the memory of those that were accepted.
struct PackFile {
    bytes: PackBytes,
    held: HeldPack,
}

impl PackFile {
    fn read(path: &Path, memory_folder: &Path) -> anyhow::Result<Self> {
        let held = HeldPack::at(path, memory_folder)?;
        Ok(Self {
            bytes: held.read()?,
            held,
        })
    }

    fn accept<'a>(
        &'a self,
        root: &'a RootOfTrust,
        tools: Tools<'_>,
        now: UnixTime,
    ) -> anyhow::Result<Result<Pack<'a>, RefusedPack<'a>>> {
        let credentials = PackCredentials::new(tools);
        let tools = PackTools::new(tools.crypto).with_credentials(&credentials);
        Ok(match self.held.accept(&self.bytes, root, tools, now)? {
            Ok(pack) => Ok(pack),
            Err(error) => Err(RefusedPack {
                error,
                trust_list: &root.trust_list,
                seen: self.held.last_seen()?,
                revocation_lists: unverified_revocation_lists(self.bytes.pack()),
            }),
        })
    }
}

/// A pack that is refused, and what is left without it.
struct RefusedPack<'a> {
    error: PackError,
    /// The pinned list.
    trust_list: &'a TrustList,
    seen: Option<LastSeen>,
    revocation_lists: Vec<RevocationList>,
}

/// What each question led to by itself.
fn each_with_pack(
    questions: &[Question<'_>],
    face_keys: &[NamedContentKey],
    revocation_lists: &[RevocationList],
    opened: Result<Pack<'_>, RefusedPack<'_>>,
    tools: Tools<'_>,
) -> anyhow::Result<(Vec<Vec<JudgedCode>>, Option<PackError>)> {
    let evidence = match &opened {
        Ok(pack) => {
            for missing in pack.missing_revocation_lists() {
                show::warning(&missing_revocation_list(missing));
            }
            Evidence::offline(pack)
        }
        Err(refused) => Evidence::offline_without_pack(
            PackAbsence::Refused,
            refused.trust_list,
            &refused.revocation_lists,
            refused.seen.as_ref(),
        ),
    };
    let mut evidence = evidence
        .with_content_keys(face_keys)
        .with_revocation_lists(revocation_lists);
    let mut judged = Vec::new();
    for question in questions {
        judged.push(judge_offline(*question, &mut evidence, tools)?);
    }
    drop(evidence);
    Ok((judged, opened.err().map(|refused| refused.error)))
}

/// The presentations in the input: a file, the presentations of a `vp_token`, or the QR codes of a picture.
///
/// # Errors
/// A file that cannot be read, or a picture without a QR code.
pub fn read_inputs(file: &Path) -> anyhow::Result<Vec<ShownInput>> {
    let contents = frames::read(&[file.to_owned()])?;
    Ok(contents.into_iter().flat_map(presentations).collect())
}

/// Says by its form what each input is.
///
/// # Errors
/// An input that has the form of no credential or presentation.
pub fn recognise(inputs: &[ShownInput]) -> anyhow::Result<Vec<Input<'_>>> {
    let opened = inputs.iter().map(|input| Input::open(&input.bytes));
    opened
        .collect::<Result<_, _>>()
        .context("the input cannot be verified")
}

fn print(reports: &[Report], as_json: bool) -> anyhow::Result<()> {
    if as_json {
        let text = match reports {
            [one] => serde_json::to_string_pretty(one)?,
            several => serde_json::to_string_pretty(several)?,
        };
        show::line(&text);
    } else {
        for report in reports {
            show::report(report);
        }
    }
    Ok(())
}

/// 0 valid or genuine, 1 invalid, 3 unknown.
fn exit_code(verdict: Verdict) -> ExitCode {
    match verdict {
        Verdict::Valid | Verdict::Genuine => ExitCode::SUCCESS,
        Verdict::Invalid => ExitCode::from(1),
        Verdict::Unknown => ExitCode::from(3),
    }
}
