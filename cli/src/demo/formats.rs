//! The same record in every other format, received with one offer and shown one by one.

use anyhow::{anyhow, bail, ensure};
use symbolon_issuer::identifiers::ConfigurationId;
use symbolon_issuer_server::administration::{
    OfferDelivery, OfferDevice, OfferGrants, OfferOrder, TransactionCode,
};
use symbolon_schemas::{
    AGE_OVER_18_JWT, AGE_OVER_18_LD, AGE_OVER_18_MDOC, CREDENTIALS, DRIVING_LICENCE, NATIONAL_IDENTITY,
    QueryTemplate,
};
use symbolon_verifier::report::{Report, Verdict};
use symbolon_verifier::store::ResultOutcome;
use symbolon_wallet_core::present::{Answerable, Decision, PresentOutcome};
use symbolon_wallet_core::receive::ReceiveOutcome;
use symbolon_wallet_core::{Languages, Wallet};

use super::{Camera, Resident, Stage, expect};
use crate::commands::issuing::write_qr;
use crate::commands::request::{Query, VerifierClient};
use crate::commands::show;
use crate::edge;
use crate::register::Register;

/// What the shop asks for in each format.
const QUERIES: [(&str, QueryTemplate); 4] = [
    ("ISO mdoc", AGE_OVER_18_MDOC),
    ("mobile driving licence", DRIVING_LICENCE),
    ("W3C credential with a Data Integrity proof", AGE_OVER_18_LD),
    ("W3C credential as a JWT", AGE_OVER_18_JWT),
];

impl Stage {
    /// How many credentials of other formats [`Stage::receive_other_formats`] brings.
    pub(super) fn other_formats() -> usize {
        CREDENTIALS.len().saturating_sub(1)
    }

    pub(super) async fn receive_other_formats(
        &mut self,
        wallet: &Wallet,
        resident: &Resident,
        camera: &dyn Camera,
    ) -> anyhow::Result<()> {
        let configurations = CREDENTIALS
            .iter()
            .filter(|template| template.id != NATIONAL_IDENTITY.id)
            .map(|template| {
                ConfigurationId::parse(template.id.to_owned())
                    .ok_or_else(|| anyhow!("a shipped configuration has a bad name"))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let order = OfferOrder {
            record: resident.uin.clone(),
            configurations,
            tx_code: TransactionCode::NotRequired,
            delivery: OfferDelivery::ByReference,
            grants: OfferGrants::PreAuthorizedCode,
            device: OfferDevice::OtherDevice,
        };
        let offer = Register::of(&self.installation)
            .await?
            .create_offer(order)
            .await?;
        let picture = self.path("offer-of-every-format.png");
        write_qr(&offer.link, &picture)?;
        let scan = camera.read(&picture)?;
        let now = edge::system_time();
        let shown = wallet.receive_offer(&scan.text, now).await?;
        let received = match wallet.accept_offer(shown.flow, None, now).await? {
            ReceiveOutcome::Stored { credentials, .. } => credentials,
            other => bail!("the credentials were not received: {other:?}"),
        };
        ensure!(
            received.len() == Self::other_formats(),
            "{} credentials were offered, {} came",
            Self::other_formats(),
            received.len()
        );
        let mut lines = Vec::with_capacity(received.len());
        for id in received {
            let details = wallet.show(id, &Languages::new(["en"]), now).await?;
            lines.push(format!(
                "{}: {} claims",
                details.summary.configuration,
                details.claims.len()
            ));
        }
        self.tell(
            "the same record in every other format, with one offer",
            Some(&lines.join("\n")),
        );
        Ok(())
    }

    pub(super) async fn present_other_formats(
        &mut self,
        wallet: &Wallet,
        camera: &dyn Camera,
    ) -> anyhow::Result<()> {
        for (name, query) in QUERIES {
            let report = self.present_once(wallet, camera, &query).await?;
            expect(&report, Verdict::Valid)?;
            self.tell(
                &format!("{name}: {}", show::verdict(report.verdict)),
                Some(&format!("asked by the query {}", query.name)),
            );
        }
        Ok(())
    }

    async fn present_once(
        &self,
        wallet: &Wallet,
        camera: &dyn Camera,
        query: &QueryTemplate,
    ) -> anyhow::Result<Report> {
        let client = VerifierClient::of(&self.installation)?;
        let made = client.make(&Query::Named(query.name.to_owned())).await?;
        let picture = self.path(&format!("request-{}.png", query.name));
        write_qr(&made.authorization_request, &picture)?;
        let scan = camera.read(&picture)?;
        let consent = wallet
            .present(&scan.text, &Languages::new(["en"]), edge::system_time())
            .await?;
        let Answerable::With(choice) = consent.answerable.clone() else {
            bail!("the wallet cannot answer the query {}", query.name);
        };
        let outcome = wallet
            .answer_request(consent.flow, Decision::Share(choice), edge::system_time())
            .await?;
        ensure!(
            matches!(outcome, PresentOutcome::Presented { .. }),
            "the verifier did not accept the answer to the query {}",
            query.name
        );
        let found = client.result(&made.request_id).await?;
        let Some(ResultOutcome::Presented {
            mut reports, answer, ..
        }) = found.result.map(|result| result.outcome)
        else {
            bail!("the verifier has no presentation");
        };
        ensure!(answer.is_as_asked(), "the answer is not what was asked for");
        match (reports.pop(), reports.is_empty()) {
            (Some(stored), true) => Ok(stored.report),
            _ => bail!("one presentation was expected"),
        }
    }
}
