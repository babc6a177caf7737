//! Without a network: the card, the pack, the verdicts.

use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail, ensure};
use symbolon_data_integrity::SsiJsonLd;
use symbolon_http::fetch::{FetchPolicy, GuardedFetcher};
use symbolon_issuer::credential_record::StatusAction;
use symbolon_issuer_server::administration::{
    CardFormat, CardOrder, CredentialSelector, PackOrder, StatusOrder,
};
use symbolon_protocol::identifier::UrlPolicy;
use symbolon_verifier::card::judge_together;
use symbolon_verifier::input::presentations;
use symbolon_verifier::report::Verdict;
use symbolon_verifier::{Evidence, Policy, Tools};
use symbolon_wallet_core::present::Presentation;

use super::{Resident, Stage, Standing, as_of, expect};
use crate::commands::evidence::Network;
use crate::commands::judge::{Question, StoredRequest, judge_online};
use crate::commands::show;
use crate::commands::verify::{read_inputs, recognise, with_pack};
use crate::edge::{self};
use crate::installation::files::{Readers, write_atomically};
use crate::register::Register;

/// The rules of the demo's counter.
static POLICY: Policy = Policy::CHECKPOINT;

impl Stage {
    pub(super) async fn print_card(&mut self, resident: &Resident) -> anyhow::Result<PathBuf> {
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
            past: None,
        };
        let inputs = recognise(&codes)?;
        let [input] = inputs.as_slice() else {
            bail!("the card shows {} QR codes", inputs.len())
        };
        let question = Question {
            input,
            request: None,
            query: None,
            policy: &POLICY,
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

    pub(super) async fn build_pack(&mut self, name: &str) -> anyhow::Result<PathBuf> {
        let register = Register::of(&self.installation).await?;
        let pack = register.build_pack(&PackOrder::default()).await?.pack;
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

    pub(super) fn verify_offline(
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
                query: None,
                policy: &POLICY,
                now,
            })
            .collect();
        questions.extend(cards.iter().map(|input| Question {
            input,
            request: None,
            query: None,
            policy: &POLICY,
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

    pub(super) async fn revoke(&mut self, resident: &Resident) -> anyhow::Result<()> {
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
    pub(super) fn refuse_rollback(&mut self, pack: &Path, presentation: &Presentation) -> anyhow::Result<()> {
        let now = edge::system_time();
        let shown = presentations(presentation.vp_token.clone().into_bytes());
        let shown = recognise(&shown)?;
        let questions: Vec<Question<'_>> = shown
            .iter()
            .map(|input| Question {
                input,
                request: None,
                query: None,
                policy: &POLICY,
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
}
