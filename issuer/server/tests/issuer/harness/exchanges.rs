//! What operators and wallets exchange with the issuer, one step each.

use super::*;

impl World {
    /// An order of the operator.
    pub(crate) fn order(&self, path: &str) -> RequestBuilder {
        self.client
            .post(self.url(&format!("/admin/v1{path}")))
            .bearer_auth(self.token)
    }

    pub(crate) async fn ordered(&self, path: &str, body: Value) -> Value {
        let response = self.order(path).json(&body).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.json().await.unwrap()
    }

    /// Imports records that must all be good.
    pub(crate) async fn import(&self, records: &[Value]) -> Value {
        let rows: String = records.iter().map(|record| format!("{record}\n")).collect();
        let response = self
            .order("/records/import")
            .header("content-type", "application/x-ndjson")
            .body(rows)
            .send()
            .await;
        let response = response.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let report: Value = response.json().await.unwrap();
        for row in report["rows"].as_array().unwrap() {
            assert_eq!(row["outcome"], "stored", "{row}");
        }
        report
    }

    pub(crate) async fn offer(&self, uin: &str, tx_code: TransactionCode) -> Offer {
        self.offer_of("NationalIdentity", uin, tx_code).await
    }

    pub(crate) async fn offer_of(&self, configuration: &str, uin: &str, tx_code: TransactionCode) -> Offer {
        let order = OfferOrder {
            record: Uin::parse(uin).unwrap(),
            configurations: vec![ConfigurationId::parse(configuration).unwrap()],
            tx_code,
            delivery: OfferDelivery::ByValue,
            grants: OfferGrants::PreAuthorizedCode,
            device: OfferDevice::SameDevice,
        };
        Offer::of(self.administration.create_offer(order).await.unwrap())
    }

    /// Asks for a token with the form's fields as they are.
    pub(crate) async fn token_request(&self, fields: &[(&str, &str)]) -> Response {
        self.client
            .post(self.url("/token"))
            .form(fields)
            .send()
            .await
            .unwrap()
    }

    pub(crate) async fn redeem(&self, code: &str, tx_code: Option<&str>) -> Response {
        let mut fields = vec![("grant_type", PRE_AUTHORIZED), ("pre-authorized_code", code)];
        fields.extend(tx_code.map(|tx_code| ("tx_code", tx_code)));
        self.token_request(&fields).await
    }

    /// A token for the record, by a good offer.
    pub(crate) async fn token(&self, uin: &str) -> String {
        self.token_for("NationalIdentity", uin).await
    }

    pub(crate) async fn token_for(&self, configuration: &str, uin: &str) -> String {
        let offer = self
            .offer_of(configuration, uin, TransactionCode::NotRequired)
            .await;
        let response = self.redeem(&offer.code, None).await;
        assert_eq!(response.status(), StatusCode::OK);
        let body: Value = response.json().await.unwrap();
        body["access_token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn nonce(&self) -> String {
        let response = self.client.post(self.url("/nonce")).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["cache-control"], "no-store");
        let body: Value = response.json().await.unwrap();
        body["c_nonce"].as_str().unwrap().to_owned()
    }

    pub(crate) fn wallet_key(&self) -> SecretKey {
        RustCryptoProvider
            .generate_key(SignatureAlgorithm::Es256, &*self.randomness)
            .unwrap()
    }

    pub(crate) fn proof(&self, key: &SecretKey, nonce: &str) -> String {
        self.proof_for(key, &self.base, Some(nonce), self.now())
    }

    pub(crate) fn proof_for(
        &self,
        key: &SecretKey,
        issuer: &str,
        nonce: Option<&str>,
        at: UnixTime,
    ) -> String {
        proof_for(key, issuer, nonce, at)
    }

    /// A proof that names its key by a DID URL.
    pub(crate) fn proof_by_did(&self, key: &SecretKey, kid: &str, nonce: &str) -> String {
        let header = json!({ "typ": proof::PROOF_TYPE, "kid": kid });
        let claims = json!({ "aud": self.base, "iat": self.now(), "nonce": nonce });
        let header = header.as_object().unwrap();
        let prepared = jws::prepare(
            key.public_key().algorithm(),
            header,
            claims.to_string().as_bytes(),
        );
        let signature = RustCryptoProvider
            .sign(key, prepared.signing_input().as_bytes())
            .unwrap();
        prepared.finish(&signature)
    }

    pub(crate) async fn credential_request(&self, token: &str, body: &Value) -> Response {
        self.client
            .post(self.url("/credential"))
            .bearer_auth(token)
            .json(body)
            .send()
            .await
            .unwrap()
    }

    /// The whole way to a credential.
    pub(crate) async fn issue(&self, uin: &str) -> String {
        let credential = self.issue_of("NationalIdentity", uin, &self.wallet_key()).await;
        credential.as_str().unwrap().to_owned()
    }

    /// The whole way to a credential of a configuration for a key.
    pub(crate) async fn issue_of(&self, configuration: &str, uin: &str, key: &SecretKey) -> Value {
        let token = self.token_for(configuration, uin).await;
        let nonce = self.nonce().await;
        let body = wanted_of(configuration, &[self.proof(key, &nonce)]);
        let response = self.credential_request(&token, &body).await;
        assert_eq!(response.status(), StatusCode::OK, "{configuration}");
        let body: Value = response.json().await.unwrap();
        body["credentials"][0]["credential"].clone()
    }
}
