//! The wallet provider of a development installation, for the wallet that the command line drives ([OpenID4VCI appendices D, E]).
//!
//! A provider has made sure of the app and of the store of its keys before it vouches for either. This one vouches for whoever runs
//! the command in the installation's folder, so only its own issuer believes it, and it attests no level of protection.
//!
//! [OpenID4VCI appendices D, E]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#appendix-D

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, bail};
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::jose::jws::PreparedJws;
use symbolon_crypto::signing::{
    DescribeKeys as _, KeyError, KeyHandle, Sign, SignOutcome, SignatureRequest, SoftwareKey,
};
use symbolon_crypto::symmetric::hmac_sha256;
use symbolon_crypto::x509::Certificate;
use symbolon_crypto::{CryptoProvider, PublicKey, Randomness, SecretKey, SignatureAlgorithm};
use symbolon_protocol::identifier::IssuerIdentifier;
use symbolon_protocol::oauth::client::ClientIdentifier;
use symbolon_protocol::oauth::client_attestation::{AttestationContents, AttesterName, prepare_attestation};
use symbolon_protocol::openid4vci::identifiers::CNonce;
use symbolon_protocol::openid4vci::key_attestation::KeyAttestationClaims;
use symbolon_wallet_core::{
    AttestKeys, AttestWallet, AttestationUnavailable, BoxFuture, ClientAttestation, WantedAttestation,
};

use crate::commands::show;
use crate::edge::{self, SystemRandomness};
use crate::installation::Installation;
use crate::installation::files::create_private_folder;
use crate::installation::keys::{KeyFolder, KeyPurpose};

/// What a provider is called where its certificate does not say it.
const NAME: &str = "https://wallet-provider.invalid";
/// What residents are told of the wallet that asks.
const WALLET_NAME: &str = "Symbolon on the command line";
/// How long an attestation of the wallet is good; it is made for one request.
const ATTESTATION_LIFETIME: Duration = Duration::from_secs(60 * 60);
/// How long an attestation of keys is good.
const KEY_ATTESTATION_LIFETIME: Duration = Duration::from_secs(5 * 60);

/// Attests the wallet of the command line and its keys, with the provider's key of the installation. The wallet has a key of its
/// own for every authorization server, in a file below its folder: refresh tokens are bound to it.
pub struct DevelopmentProvider {
    /// Where the provider's key is. It is read when it is needed, because a passphrase may have to be asked for.
    keys: KeyFolder,
    client: ClientIdentifier,
    instances: KeyFolder,
    provider: Arc<dyn CryptoProvider>,
    open: Mutex<Vec<Arc<SoftwareKey>>>,
}

impl DevelopmentProvider {
    /// The provider of an installation, for the wallet in `folder`; `None` where the installation has none, or is not one for
    /// development.
    #[must_use]
    pub fn of(installation: &Installation, folder: &Path, client: ClientIdentifier) -> Option<Self> {
        let keys = &installation.keys;
        // The certificate tells whether there is a key, and no passphrase is needed to see it.
        let is_there = keys.has_chain(KeyPurpose::WalletProvider);
        (is_there && installation.loaded.configuration.development).then(|| Self {
            keys: keys.clone(),
            client,
            instances: KeyFolder::below(folder),
            provider: Arc::clone(&installation.provider),
            open: Mutex::default(),
        })
    }

    /// The key of this wallet for an authorization server, made where there is none.
    fn instance(&self, server: &IssuerIdentifier) -> anyhow::Result<Arc<SoftwareKey>> {
        let handle = KeyHandle::new(instance_name(server));
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = open.iter().find(|known| *known.handle() == handle) {
            return Ok(Arc::clone(known));
        }
        let folder = self.instances.path();
        let path = folder.join(format!("{}.key.pem", handle.as_str()));
        if !path.exists() {
            create_private_folder(folder).with_context(|| format!("cannot make {}", folder.display()))?;
            let randomness: &dyn Randomness = &SystemRandomness;
            let secret = SecretKey::generate(SignatureAlgorithm::Es256, randomness)?;
            self.instances.write_key_file(&path, &secret)?;
        }
        let key = Arc::new(self.instances.read_key_file(&path, handle, &self.provider)?);
        open.push(Arc::clone(&key));
        Ok(key)
    }

    /// The provider's key and its certificates.
    fn signer(&self) -> anyhow::Result<(SoftwareKey, Vec<Certificate>)> {
        let purpose = KeyPurpose::WalletProvider;
        let key = self.keys.read_key(purpose, &self.provider)?;
        let chain = self.keys.read_chain_of(purpose, key.public_key())?;
        Ok((key, chain))
    }

    fn attest(&self, server: &IssuerIdentifier) -> anyhow::Result<ClientAttestation> {
        let instance = self.instance(server)?;
        let (signer, chain) = self.signer()?;
        let now = edge::system_time();
        let contents = AttestationContents {
            attester: NAME,
            client: &self.client,
            key: instance.public_key(),
            issued_at: now,
            expires_at: now.plus(ATTESTATION_LIFETIME),
            wallet_name: Some(WALLET_NAME),
            wallet_link: None,
            status: None,
        };
        let name = AttesterName::Certificates(&chain);
        let prepared = prepare_attestation(contents, name, signer.public_key().algorithm());
        Ok(ClientAttestation {
            jwt: finish(&signer, prepared)?,
            key: instance.describe(instance.handle())?,
        })
    }

    fn attest_each(&self, keys: &[PublicKey], nonce: Option<&CNonce>) -> anyhow::Result<String> {
        let (signer, chain) = self.signer()?;
        let now = edge::system_time();
        let claims = KeyAttestationClaims {
            keys,
            key_storage: &[],
            user_authentication: &[],
            nonce,
            issued_at: now,
            expires_at: Some(now.plus(KEY_ATTESTATION_LIFETIME)),
        };
        finish(&signer, claims.prepare(signer.public_key().algorithm(), &chain))
    }
}

fn finish(signer: &SoftwareKey, prepared: PreparedJws) -> anyhow::Result<String> {
    match signer.sign(&prepared.request(signer.handle().clone()))? {
        SignOutcome::Signed(signature) => Ok(prepared.finish(&signature)),
        SignOutcome::Locked => bail!("the key of the wallet provider is locked"),
    }
}

/// Says why there is no attestation, which the wallet is not told.
fn told<T>(attested: anyhow::Result<T>) -> Result<T, AttestationUnavailable> {
    attested.map_err(|error| {
        show::warning(&format!("the wallet provider of this installation: {error:#}"));
        AttestationUnavailable
    })
}

/// The name of a server's key, which tells nobody who looks at the folder which server it is.
fn instance_name(server: &IssuerIdentifier) -> String {
    let tag = hmac_sha256(b"symbolon wallet instance", server.as_str().as_bytes());
    format!("instance-{}", base64url::encode(&tag))
}

impl Sign for DevelopmentProvider {
    fn sign(&self, request: &SignatureRequest) -> Result<SignOutcome, KeyError> {
        let known = {
            let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            open.iter().find(|known| *known.handle() == request.key).cloned()
        };
        known.ok_or(KeyError::Unknown)?.sign(request)
    }
}

impl AttestWallet for DevelopmentProvider {
    /// One that is made now, whichever is wanted.
    fn attestation<'a>(
        &'a self,
        server: &'a IssuerIdentifier,
        _wanted: WantedAttestation,
    ) -> BoxFuture<'a, Result<ClientAttestation, AttestationUnavailable>> {
        Box::pin(std::future::ready(told(self.attest(server))))
    }
}

impl AttestKeys for DevelopmentProvider {
    fn attest_keys<'a>(
        &'a self,
        keys: &'a [PublicKey],
        nonce: Option<&'a CNonce>,
    ) -> BoxFuture<'a, Result<String, AttestationUnavailable>> {
        let attested = told(self.attest_each(keys, nonce));
        Box::pin(std::future::ready(attested))
    }
}
