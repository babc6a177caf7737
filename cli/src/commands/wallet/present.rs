//! `symbolon wallet present`: who asks for what, what would be shown, and what is.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, anyhow, bail};
use symbolon_protocol::dcql::{HolderBinding, PresentationCount, QueryId};
use symbolon_protocol::format::CredentialFormat;
use symbolon_protocol::qr_transport::{Message, Progress as FrameProgress};
use symbolon_verifier::by_qr::sort_scanned;
use symbolon_wallet_core::present::{
    AskedCredential, CandidateCredential, Choice, ConsentRequest, Decision, Lack, Need, Opened,
    PresentOutcome, Presentation, Registration, Retention, ShownTransaction, VerifierClaims,
};
use symbolon_wallet_core::record::VerifierRecord;
use symbolon_wallet_core::{CredentialId, Languages, Wallet, WalletError};
use url::Url;

use super::refusals::show_past;
use super::{Asked, ask, link, parse_id, verifier_text};
use crate::commands::frames::{self, Screen};
use crate::commands::show;
use crate::edge;
use crate::installation::files::{Readers, write_atomically};

/// Whether somebody has still to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Consent {
    /// Ask on the terminal.
    Asked,
    /// The command line says yes.
    Given,
    /// The command line says no.
    Refused,
    /// The command line says no to whatever this verifier asks for.
    RefusedAlways,
}

/// How a request is to be answered.
pub(super) struct Answer<'a> {
    /// What answers which credential query, where that is not what discloses least: `QUERY=ID,ID`.
    pub(super) choose: &'a [String],
    pub(super) consent: Consent,
    /// Where to keep what was sent.
    pub(super) save: Option<&'a Path>,
    /// Where to show the answer to a request that came by QR codes.
    pub(super) animate: Option<&'a str>,
}

/// A request as it came.
pub(super) enum Request {
    /// A link, which leads to it or holds it.
    Link(String),
    /// A request object that was read from QR codes.
    ByQr(String),
}

impl Request {
    /// A link, a picture of its QR code, or a picture, animation or folder of frames.
    ///
    /// # Errors
    /// Nothing of all that, or frames that are not of one request, or not all of it.
    pub(super) fn of_argument(argument: &str) -> anyhow::Result<Self> {
        let path = Path::new(argument);
        if path.exists() {
            let scanned = sort_scanned(frames::read(&[path.to_owned()])?)?;
            match scanned.carried {
                Some(FrameProgress::Complete(Message::Request(object))) => return Ok(Self::ByQr(object)),
                Some(FrameProgress::Complete(_)) => {
                    bail!("{argument} shows something else than a request")
                }
                Some(FrameProgress::Assembling { known, fragments }) => {
                    bail!("{argument} shows {known} of {fragments} fragments of the request")
                }
                None => {}
            }
        }
        link(argument).map(Self::Link)
    }
}

impl Consent {
    /// What the command line says.
    pub(super) const fn of(yes: bool, refuse: bool, refuse_always: bool) -> Self {
        match (yes, refuse, refuse_always) {
            (true, _, _) => Self::Given,
            (_, true, _) => Self::Refused,
            (_, _, true) => Self::RefusedAlways,
            (false, false, false) => Self::Asked,
        }
    }

    /// Whether the verifier may be told that nothing is shown; `None` when nobody answers.
    pub(super) fn given(self, question: &str) -> anyhow::Result<Option<bool>> {
        match self {
            Self::Given | Self::Refused | Self::RefusedAlways => Ok(Some(true)),
            Self::Asked => {
                let answer = ask(question, Asked::Person)?;
                Ok(answer.map(|answer| answer.eq_ignore_ascii_case("y")))
            }
        }
    }

    /// What the person decides about this choice.
    pub(super) fn decision(self, choice: Choice) -> anyhow::Result<Decision> {
        let answer = match self {
            Self::Given => return Ok(Decision::Share(choice)),
            Self::Refused => return Ok(Decision::Decline),
            Self::RefusedAlways => return Ok(Decision::DeclineAlways),
            Self::Asked => ask("show this? [y/N/never] ", Asked::Person)?.unwrap_or_default(),
        };
        Ok(match answer.to_ascii_lowercase().as_str() {
            "y" => Decision::Share(choice),
            "never" => Decision::DeclineAlways,
            _ => Decision::Decline,
        })
    }

    /// What is refused where nothing can be shown.
    pub(super) const fn refusal(self) -> Decision {
        match self {
            Self::RefusedAlways => Decision::DeclineAlways,
            Self::Asked | Self::Given | Self::Refused => Decision::Decline,
        }
    }
}

/// Shows who asks for what, asks for consent, and answers.
///
/// # Errors
/// A refusal by wallet or verifier, or a choice that does not answer the request.
pub(super) async fn present(
    wallet: &Wallet,
    request: &Request,
    answer: &Answer<'_>,
) -> anyhow::Result<ExitCode> {
    let (languages, now) = (Languages::new(["en"]), edge::system_time());
    let screen = screen(request, answer)?;
    let consent = match request {
        Request::ByQr(object) => wallet.present_by_qr(object, &languages, now).await?,
        Request::Link(link) => match wallet.open_request(link, &languages, now).await? {
            Opened::AwaitingConsent(consent) => *consent,
            Opened::Refused {
                problem,
                redirect_uri,
            } => {
                go_on_at(redirect_uri.as_ref());
                return Err(WalletError::RequestRefused(problem).into());
            }
        },
    };
    show_verifier(&consent.verifier);
    show_claimed(&consent.claimed);
    show_registration(&consent.registration);
    show_past(&consent);
    consent.transactions.iter().for_each(show_transaction);
    let Some(smallest) = consent.smallest_choice() else {
        return refuse(wallet, &consent, answer.consent).await;
    };
    let choice = match chosen(&consent, smallest, answer.choose) {
        Ok(choice) => choice,
        Err(error) => {
            wallet.abandon(consent.flow).await?;
            return Err(error);
        }
    };
    show_choice(&consent, &choice);
    let decision = answer.consent.decision(choice)?;
    let outcome = wallet
        .answer_request(consent.flow, decision, edge::system_time())
        .await;
    match outcome {
        Ok(PresentOutcome::Presented {
            presentation,
            redirect_uri,
        }) => {
            show::line("shown, and accepted by the verifier");
            go_on_at(redirect_uri.as_ref());
            if let Some(path) = answer.save {
                keep(&presentation, path)?;
            }
            Ok(ExitCode::SUCCESS)
        }
        Ok(PresentOutcome::Show {
            presentation,
            answer: message,
        }) => {
            if let Some(path) = answer.save {
                keep(&presentation, path)?;
            }
            frames::show(&message, &screen).await?;
            Ok(ExitCode::SUCCESS)
        }
        Ok(outcome @ (PresentOutcome::Declined | PresentOutcome::DeclinedAndReturned { .. })) => {
            show::line("declined; nothing was shown");
            if let PresentOutcome::DeclinedAndReturned { redirect_uri } = outcome {
                go_on_at(Some(&redirect_uri));
            }
            Ok(ExitCode::from(1))
        }
        Ok(PresentOutcome::Unconfirmed { .. }) => {
            bail!("the answer was sent, but the verifier did not confirm it; see `symbolon wallet history`")
        }
        Ok(PresentOutcome::RejectedAndReturned { redirect_uri }) => {
            go_on_at(Some(&redirect_uri));
            bail!("the verifier did not accept what was shown")
        }
        Ok(PresentOutcome::Rejected) => bail!("the verifier did not accept what was shown"),
        Ok(_) => bail!("the wallet is locked"),
        Err(WalletError::InvalidChoice) => {
            wallet.abandon(consent.flow).await?;
            bail!("the choice does not answer the request: see which credential queries belong together")
        }
        Err(error) => Err(error.into()),
    }
}

/// Where an answer by QR codes is to be shown; looked at before anybody agrees to anything.
fn screen(request: &Request, answer: &Answer<'_>) -> anyhow::Result<Screen> {
    match (request, answer.animate) {
        (Request::Link(_), Some(_)) => {
            bail!("--animate is for requests that came by QR codes; this one is answered over the network")
        }
        (Request::ByQr(_), None) if !frames::has_terminal() => {
            bail!("the answer is shown as QR codes: say where with --animate")
        }
        (_, animate) => Ok(Screen::of_argument(animate.unwrap_or("terminal"))),
    }
}

fn go_on_at(address: Option<&Url>) {
    if let Some(address) = address {
        show::line(&format!("go on at {address}"));
    }
}

/// Tells the person what is missing, and then the verifier that access was denied: the same as when the person declines, and not
/// before the person knows ([OpenID4VP §15.4.1]).
///
/// [OpenID4VP §15.4.1]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-15.4.1
async fn refuse(wallet: &Wallet, request: &ConsentRequest, consent: Consent) -> anyhow::Result<ExitCode> {
    show_lacks(request);
    if consent.given("tell the verifier that nothing is shown? [y/N] ")? == Some(false) {
        wallet.abandon(request.flow).await?;
        bail!("what is asked for is not held; the verifier was told nothing");
    }
    wallet
        .answer_request(request.flow, consent.refusal(), edge::system_time())
        .await?;
    bail!("what is asked for is not held; the verifier was told that nothing is shown")
}

/// Shows who asks.
pub(super) fn show_verifier(verifier: &VerifierRecord) {
    show::line(&format!("asked by {}", verifier_text(verifier)));
    if verifier.evidence.is_unverified() {
        show::line("  nobody vouches for this verifier: agree only if you know where the request comes from");
    }
}

/// Shows what is asked for and not held.
pub(super) fn show_lacks(request: &ConsentRequest) {
    for asked in &request.asked {
        if let (Need::Required, Some(lack)) = (asked.need, asked.lack) {
            let types: Vec<String> = asked
                .type_alternatives
                .iter()
                .map(|types| show::printable(&types.join(" and ")))
                .collect();
            let types = if types.is_empty() {
                "a credential of any type".to_owned()
            } else {
                types.join(" or ")
            };
            show::line(&format!("  asks for {types}: {}", lack_text(lack)));
        }
    }
}

const fn lack_text(lack: Lack) -> &'static str {
    match lack {
        Lack::NotHeld => "none is held",
        Lack::Authority => "what is held is of an issuer that the verifier does not accept",
        Lack::Claims => "what is held lacks a claim that is asked for",
        Lack::Values => "what is held says something else than the verifier wants",
        Lack::CopiesSpent => {
            "every copy of what is held was shown to somebody: have it issued again with `symbolon wallet renew`"
        }
    }
}

/// The smallest choice, changed as the command line says.
pub(super) fn chosen(
    consent: &ConsentRequest,
    mut choice: Choice,
    changes: &[String],
) -> anyhow::Result<Choice> {
    for change in changes {
        let (query, ids) = change
            .split_once('=')
            .ok_or_else(|| anyhow!("--choose {} is not QUERY=ID,…", show::printable(change)))?;
        let asked = QueryId::parse(query)
            .and_then(|id| consent.asked.iter().find(|asked| asked.query == id))
            .ok_or_else(|| anyhow!("the request has no credential query {}", show::printable(query)))?;
        let ids: Vec<CredentialId> = ids
            .split(',')
            .map(str::trim)
            .filter(|id| !id.is_empty())
            .map(parse_id)
            .collect::<Result<_, _>>()?;
        if ids.len() > 1 && asked.count == PresentationCount::One {
            bail!("{query} takes one credential");
        }
        choice = choice.without(&asked.query);
        for id in ids {
            if !asked
                .candidates
                .iter()
                .any(|candidate| candidate.credential.id == id)
            {
                bail!("{id} does not answer {query}");
            }
            choice = choice.with_another(asked.query.clone(), id);
        }
    }
    Ok(choice)
}

/// Shows exactly what would be disclosed, and what could be shown instead.
pub(super) fn show_choice(consent: &ConsentRequest, choice: &Choice) {
    for asked in &consent.asked {
        let is_chosen = |candidate: &&CandidateCredential| {
            choice
                .credentials(&asked.query)
                .contains(&candidate.credential.id)
        };
        for candidate in asked.candidates.iter().filter(is_chosen) {
            show_candidate(asked, candidate);
        }
    }
    for asked in &consent.asked {
        show_others(asked, choice.credentials(&asked.query));
    }
}

/// What the verifier says of itself, as its own words.
fn show_claimed(claimed: &VerifierClaims) {
    if let Some(name) = &claimed.name {
        show::line(&format!("  it calls itself: {}", show::printable(name)));
    }
    if let Some(purpose) = &claimed.purpose {
        show::line(&format!("  it says that it asks: {}", show::printable(purpose)));
    }
}

fn show_registration(registration: &Registration) {
    let registered = match registration {
        Registration::NotShown => return,
        Registration::Refused(refused) => {
            show::warning(&format!("its registration is not to be believed: {refused}"));
            return;
        }
        Registration::Registered(registered) => registered,
    };
    let purpose = registered.purpose.as_deref().unwrap_or("no purpose");
    show::line(&format!(
        "  registered as {} for: {}",
        show::printable(&registered.name),
        show::printable(purpose)
    ));
    for over_asked in &registered.over_asked {
        let what = match &over_asked.claims {
            None => "is not registered".to_owned(),
            Some(claims) => {
                let claims: Vec<String> = claims
                    .iter()
                    .map(|claim| show::printable(&claim.to_string()))
                    .collect();
                format!("is registered without {}", claims.join(", "))
            }
        };
        show::warning(&format!(
            "it asks for more than it is registered for: {} {what}",
            over_asked.query
        ));
    }
}

/// Shows what is authorised by answering. The values are the verifier's.
fn show_transaction(transaction: &ShownTransaction) {
    show::line(&format!(
        "  to authorise: {}",
        show::printable(&transaction.title)
    ));
    for detail in &transaction.details {
        let label: Vec<String> = detail.label.iter().map(|part| show::printable(part)).collect();
        show::line(&format!(
            "    {}: {}",
            label.join(", "),
            show::printable(&detail.value)
        ));
    }
}

fn show_candidate(asked: &AskedCredential, candidate: &CandidateCredential) {
    show::line(&format!("  from {}", show::printable(&candidate.credential.name)));
    if candidate.is_shown_whole() {
        show::line("    (nothing of it can be withheld)");
    }
    match candidate.credential.copies_left {
        Some(0) => {
            show::line("    (every copy was shown before: verifiers who compare what they saw recognise it)");
        }
        Some(1) => show::line("    (the last copy that nobody has seen)"),
        _ => {}
    }
    // An mdoc is shown with a proof whatever is asked for.
    if asked.holder_binding == HolderBinding::Absent
        && candidate.credential.format != CredentialFormat::MsoMdoc
    {
        show::line("    (without a proof that it is yours: whoever sees it can show it again)");
    }
    for claim in &candidate.discloses {
        show::claim(2, &claim.name, &claim.value);
        let is_kept = asked
            .claims
            .iter()
            .any(|about| about.retention == Retention::Intended && about.path.agrees_with(&claim.path));
        if is_kept {
            show::line("      (the verifier means to keep it)");
        }
    }
}

/// What else answers a credential query, and how it is chosen.
fn show_others(asked: &AskedCredential, chosen: &[CredentialId]) {
    let others = asked.candidates.iter();
    let others = others.filter(|candidate| !chosen.contains(&candidate.credential.id));
    for other in others {
        let why = match (asked.count, asked.need, chosen.is_empty()) {
            (PresentationCount::Several, _, false) => "also possible",
            (_, _, false) => "possible instead",
            (_, Need::Optional, true) => "welcome, and not shown",
            _ => "an alternative, and not shown",
        };
        let claims: Vec<String> = other
            .discloses
            .iter()
            .map(|claim| show::printable(&claim.name))
            .collect();
        show::line(&format!(
            "  {why}: --choose {}={} ({}: {})",
            asked.query,
            other.credential.id,
            show::printable(&other.credential.name),
            claims.join(", ")
        ));
    }
}

pub(super) fn keep(presentation: &Presentation, path: &Path) -> anyhow::Result<()> {
    write_atomically(path, presentation.vp_token.as_bytes(), Readers::Owner)
        .with_context(|| format!("cannot write {}", path.display()))?;
    let request = path.with_extension("request.jwt");
    write_atomically(&request, presentation.request_object.as_bytes(), Readers::Owner)
        .with_context(|| format!("cannot write {}", request.display()))?;
    show::line(&format!("kept in {} and {}", path.display(), request.display()));
    Ok(())
}
