//! With the servers: records, offer, request.

use std::fs;
use std::sync::Arc;

use anyhow::{anyhow, bail, ensure};
use serde_json::Value;
use symbolon_issuer::identifiers::ConfigurationId;
use symbolon_issuer::record::Uin;
use symbolon_issuer_server::administration::{
    OfferDelivery, OfferDevice, OfferGrants, OfferOrder, TransactionCode,
};
use symbolon_protocol::identifier::UrlPolicy;
use symbolon_protocol::secret::TransactionCode as Code;
use symbolon_schemas::{AGE_OVER_18, NATIONAL_IDENTITY};
use symbolon_verifier::report::Verdict;
use symbolon_verifier::store::ResultOutcome;
use symbolon_wallet_core::present::{Answerable, Decision, PresentOutcome, Presentation};
use symbolon_wallet_core::receive::ReceiveOutcome;
use symbolon_wallet_core::{Languages, Silent, Wallet};

use super::{Camera, Resident, SEED, Stage, as_of, expect};
use crate::arguments::RecordsCommand;
use crate::commands::issuing::write_qr;
use crate::commands::request::{Query, RequestState, VerifierClient};
use crate::commands::{records, show};
use crate::edge::{self};
use crate::holder::{WalletFolder, open_wallet};
use crate::installation::IssuerChoice;
use crate::installation::files::{Readers, write_atomically};
use crate::register::Register;

impl Stage {
    pub(super) async fn import_records(&mut self) -> anyhow::Result<()> {
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
    pub(super) fn choose_resident(&mut self) -> anyhow::Result<Resident> {
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

    pub(super) async fn open_wallet(&mut self) -> anyhow::Result<Wallet> {
        let wallet = open_wallet(
            WalletFolder::open(&self.path("wallet"))?.first()?,
            &self.root,
            UrlPolicy::Development,
            |_| Ok(()),
            Arc::new(Silent),
        )?;
        wallet.recover(edge::system_time()).await?;
        self.tell("a wallet with an encrypted store", None);
        Ok(wallet)
    }

    pub(super) async fn issue(
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
            device: OfferDevice::OtherDevice,
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

    pub(super) async fn present(
        &mut self,
        wallet: &Wallet,
        camera: &dyn Camera,
    ) -> anyhow::Result<Presentation> {
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
        let Some(ResultOutcome::Presented { reports, answer, .. }) =
            found.result.map(|result| result.outcome)
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
    pub(super) fn keep(&self, presentation: &Presentation) -> anyhow::Result<()> {
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
}
