//! The keys of a new issuer, with roots of its own: no certificate of one issuer chains to the roots of another.

use std::path::Path;
use std::time::Duration;

use symbolon_crypto::signing::SoftwareKey;
use symbolon_crypto::{CryptoProvider, SignatureAlgorithm, UnixTime};
use symbolon_issuer_server::CertificateAuthority;
use symbolon_trust::trust_list::{CredentialTypeRule, IssuerIdentifier, TrustList, TrustedIssuer};

use crate::installation::authority::{Authority, Certified};
use crate::installation::init::InitError;
use crate::installation::keys::{KeyFileError, KeyFolder, KeyPurpose};
use crate::installation::publication::{Publication, parts};
use crate::installation::revocation::{ListFolder, RevocationError, Signing, list_uri};
use crate::installation::upgrade::ASSERTION_KEYS;

/// Everything that an issuer signs with, and the roots that certify it.
pub struct NewIssuerKeys {
    identifier: String,
    issuers_root: Certified,
    documents_root: Certified,
    credential: Certified,
    status: Certified,
    metadata: Certified,
    document: Certified,
    assertion: Vec<(KeyPurpose, SoftwareKey)>,
    card: SoftwareKey,
}

impl NewIssuerKeys {
    /// Makes them for the issuer with this identifier. Nothing is written.
    ///
    /// # Errors
    /// No randomness, or an identifier that no certificate can name.
    pub fn make(authority: &Authority<'_>, identifier: &str) -> Result<Self, InitError> {
        let issuers_root = authority.publishing_root(
            KeyPurpose::IssuersRoot,
            "Development root of credential issuers",
            &list_uri(identifier, CertificateAuthority::Issuers),
        )?;
        let documents_root = authority.documents_root(identifier)?;
        Ok(Self {
            credential: authority.leaf(
                KeyPurpose::CredentialSigning,
                "Credential signer",
                &issuers_root,
                identifier,
            )?,
            status: authority.leaf(
                KeyPurpose::StatusSigning,
                "Status list signer",
                &issuers_root,
                identifier,
            )?,
            metadata: authority.leaf(
                KeyPurpose::MetadataSigning,
                "Signer of issuer metadata",
                &issuers_root,
                identifier,
            )?,
            document: authority.document_signer(&documents_root, identifier)?,
            assertion: ASSERTION_KEYS
                .into_iter()
                .map(|(purpose, algorithm)| Ok((purpose, authority.key(purpose, algorithm)?)))
                .collect::<Result<_, InitError>>()?,
            card: authority.key(KeyPurpose::CardSigning, SignatureAlgorithm::EdDsa)?,
            identifier: identifier.to_owned(),
            issuers_root,
            documents_root,
        })
    }

    /// Makes the first revocation lists of its authorities, which name nobody, in the folder of the issuer.
    ///
    /// # Errors
    /// [`RevocationError`].
    pub fn publish_lists(
        &self,
        data: &Path,
        lifetime: Duration,
        provider: &dyn CryptoProvider,
        now: UnixTime,
    ) -> Result<(), RevocationError> {
        let folder = ListFolder::below(data);
        for (authority, root) in [
            (CertificateAuthority::Issuers, &self.issuers_root),
            (CertificateAuthority::Documents, &self.documents_root),
        ] {
            let signing = Signing {
                key: &root.key,
                certificate: &root.certificate,
            };
            folder.begin(authority, &signing, lifetime, provider, now)?;
        }
        Ok(())
    }

    /// Enters the issuer into a trust list.
    ///
    /// # Errors
    /// An identifier that cannot be written as a DID.
    pub fn enter(
        &self,
        list: &mut TrustList,
        identifier: IssuerIdentifier,
        name: &str,
    ) -> Result<(), InitError> {
        let keys: Vec<&SoftwareKey> = self.assertion.iter().map(|(_, key)| key).collect();
        let publication = Publication::of(&self.identifier, name, &keys, &[])?;
        let mut entry = TrustedIssuer {
            identifier,
            name: name.to_owned(),
            credential_types: vec![CredentialTypeRule::Any],
            anchors: vec![
                self.issuers_root.certificate.clone(),
                self.documents_root.certificate.clone(),
            ],
            claim169_keys: vec![self.card.public_key().to_jwk()],
            status_prefix: None,
            dids: Vec::new(),
            formats: Vec::new(),
            source: None,
        };
        let (issuers, mut documents) = parts(list);
        publication.enter(&mut entry, &mut documents);
        issuers.push(entry);
        Ok(())
    }

    /// Writes them: the keys of the roots into `roots`, which may be the same folder, and everything else into `keys`.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn write(&self, keys: &KeyFolder, roots: &KeyFolder) -> Result<(), KeyFileError> {
        for (purpose, certified) in [
            (KeyPurpose::IssuersRoot, &self.issuers_root),
            (KeyPurpose::DocumentsRoot, &self.documents_root),
        ] {
            let chain = [certified.certificate.der().to_vec()];
            roots.write_key(purpose, certified.key.secret_key())?;
            roots.write_chain(purpose, &chain)?;
            keys.write_chain(purpose, &chain)?;
        }
        for (purpose, certified) in [
            (KeyPurpose::CredentialSigning, &self.credential),
            (KeyPurpose::StatusSigning, &self.status),
            (KeyPurpose::MetadataSigning, &self.metadata),
            (KeyPurpose::DocumentSigning, &self.document),
        ] {
            keys.write_key(purpose, certified.key.secret_key())?;
            keys.write_chain(purpose, &[certified.certificate.der().to_vec()])?;
        }
        let assertion = self.assertion.iter().map(|(purpose, key)| (*purpose, key));
        for (purpose, key) in assertion.chain([(KeyPurpose::CardSigning, &self.card)]) {
            keys.write_key(purpose, key.secret_key())?;
        }
        Ok(())
    }
}
