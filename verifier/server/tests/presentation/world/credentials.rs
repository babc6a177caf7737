//! The credentials of the holder, and what is shown of them.

use serde_json::{Map, Value, json};
use symbolon_credential::claims_path::ClaimsPath;
use symbolon_credential::sd_jwt::{
    Decoys, KeyBindingClaims, SdJwt, SdJwtBudget, TransactionDataHashes, select,
};
use symbolon_credential::sd_jwt_vc::{CredentialToIssue, IssuerKeyReference, VerifiableCredentialType};
use symbolon_credential::status::StatusReference;
use symbolon_crypto::SignatureAlgorithm;
use symbolon_crypto::testing::SeededRandomness;
use symbolon_trust::testing::{DAY, NOW};

use super::*;

impl World {
    pub(crate) fn credential(&self) -> String {
        let chain = vec![self.issuer.credential_certificate.der().to_vec()];
        self.credential_under(&IssuerKeyReference::CertificateChain(chain))
    }

    /// A credential that says the same with other salts.
    pub(crate) fn credential_of(&self, salts: u64) -> String {
        let chain = vec![self.issuer.credential_certificate.der().to_vec()];
        self.issue(&IssuerKeyReference::CertificateChain(chain), salts)
    }

    /// The credential, whose signer is named so.
    pub(crate) fn credential_under(&self, reference: &IssuerKeyReference) -> String {
        self.issue(reference, 5)
    }

    /// A credential with claims of its own, of which those at these paths can be withheld.
    pub(crate) fn credential_with(&self, claims: Value, selectable: &[Value]) -> String {
        let chain = vec![self.issuer.credential_certificate.der().to_vec()];
        let Value::Object(claims) = claims else {
            panic!("claims are an object");
        };
        let selectable = selectable
            .iter()
            .map(|path| serde_json::from_value(path.clone()).unwrap());
        let reference = IssuerKeyReference::CertificateChain(chain);
        self.issue_claims(&reference, 5, claims, selectable.collect())
    }

    fn issue(&self, reference: &IssuerKeyReference, salts: u64) -> String {
        let claims = json!({"given_name": "Amina", "family_name": "Diallo"});
        self.issue_saying(reference, salts, claims)
    }

    /// A credential that says something else.
    pub(crate) fn credential_saying(&self, claims: Value, salts: u64) -> String {
        let chain = vec![self.issuer.credential_certificate.der().to_vec()];
        self.issue_saying(&IssuerKeyReference::CertificateChain(chain), salts, claims)
    }

    fn issue_saying(&self, reference: &IssuerKeyReference, salts: u64, claims: Value) -> String {
        let Value::Object(claims) = claims else {
            panic!("claims are an object");
        };
        let selectable = claims.keys().map(|name| ClaimsPath::top_level(name.as_str()));
        let selectable = selectable.collect();
        self.issue_claims(reference, salts, claims, selectable)
    }

    fn issue_claims(
        &self,
        reference: &IssuerKeyReference,
        salts: u64,
        claims: Map<String, Value>,
        selectable: Vec<ClaimsPath>,
    ) -> String {
        let credential = CredentialToIssue {
            vct: VerifiableCredentialType::parse(vct(&self.issuer).as_str()).unwrap(),
            issuer: Some(self.issuer.identifier.as_str().to_owned()),
            issued_at: Some(NOW.minus(DAY)),
            not_before: Some(NOW.minus(DAY)),
            expires: Some(NOW.plus(DAY * 30)),
            status: Some(StatusReference::new(self.issuer.status_uri(0), INDEX).unwrap()),
            holder: Some(self.holder.public_key().clone()),
            selectable,
            claims,
            decoys: Decoys::None,
        };
        let prepared = credential
            .prepare(
                SignatureAlgorithm::Es256,
                reference,
                &SeededRandomness::new(salts),
            )
            .unwrap();
        let signature = self
            .issuer
            .credential_key
            .sign(&prepared.request(self.issuer.credential_key.handle()));
        prepared.finish(&signature)
    }

    /// A presentation of the given name for `audience` and `nonce`.
    pub(crate) fn present(&self, audience: &str, nonce: &str, names: &[&str]) -> String {
        self.present_credential(&self.credential(), audience, nonce, names)
    }

    pub(crate) fn present_credential(
        &self,
        credential: &str,
        audience: &str,
        nonce: &str,
        names: &[&str],
    ) -> String {
        self.authorize(credential, (audience, nonce), names, None)
    }

    /// The same, with hashes of transactions.
    pub(crate) fn authorize(
        &self,
        credential: &str,
        (audience, nonce): (&str, &str),
        names: &[&str],
        transaction_data: Option<TransactionDataHashes>,
    ) -> String {
        let paths: Vec<ClaimsPath> = names.iter().map(|name| ClaimsPath::top_level(*name)).collect();
        self.bind_paths(credential, (audience, nonce), &paths, transaction_data)
    }

    pub(crate) fn present_paths(
        &self,
        credential: &str,
        audience: &str,
        nonce: &str,
        paths: &[ClaimsPath],
    ) -> String {
        self.bind_paths(credential, (audience, nonce), paths, None)
    }

    fn bind_paths(
        &self,
        credential: &str,
        (audience, nonce): (&str, &str),
        paths: &[ClaimsPath],
        transaction_data: Option<TransactionDataHashes>,
    ) -> String {
        let parsed = SdJwt::parse(credential, SdJwtBudget::DEFAULT).unwrap();
        let claims = KeyBindingClaims {
            algorithm: SignatureAlgorithm::Es256,
            audience: audience.to_owned(),
            nonce: nonce.to_owned(),
            issued_at: self.now(),
            transaction_data,
        };
        let prepared = select(&parsed, paths).unwrap().prepare_key_binding(&claims);
        let signature = self.holder.sign(&prepared.request(self.holder.handle()));
        prepared.finish(&signature)
    }
}
