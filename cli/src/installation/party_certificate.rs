//! Relying parties with a key and a certificate of their own, and their registration certificates.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use symbolon_crypto::signing::{DescribeKeys as _, KeyHandle, SoftwareKey};
use symbolon_crypto::x509::issue::{self, LeafRequest, Validity};
use symbolon_crypto::x509::request::{RequestedNames, organization_request};
use symbolon_crypto::x509::{Certificate, ChainProfile, READER_KEY_PURPOSE, verify_chain};
use symbolon_crypto::{SecretKey, SignatureAlgorithm, UnixTime};
use symbolon_protocol::openid4vp::registration_certificate::RegistrationCertificate;
use symbolon_verifier::name::RelyingPartyName;
use symbolon_verifier_server::RequestSigner;
use url::{Host, Url};

use crate::configuration::identifier_text;
use crate::edge::SystemRandomness;
use crate::installation::Installation;
use crate::installation::authority::Certified;
use crate::installation::certification::extended_key_usage;
use crate::installation::files::{Readers, write_atomically};
use crate::installation::keys::{KeyPurpose, encode, read_chain_file};

/// How long a certificate is valid that the installation itself gives.
const VALIDITY: Duration = Duration::from_secs(2 * 365 * 86_400);
/// How long the authority of the development registrar is valid.
const REGISTRAR_VALIDITY: Duration = Duration::from_secs(10 * 365 * 86_400);
/// Certificates are valid a little before they are made, for readers whose clock is slow.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(3600);
/// The development registrar.
const REGISTRAR: &str = "registrar";

/// The files of one party: a relying party, or the registrar.
struct Files<'i> {
    installation: &'i Installation,
    name: String,
}

impl Files<'_> {
    fn key(&self) -> PathBuf {
        self.installation
            .keys
            .path()
            .join(format!("{}.key.pem", self.name))
    }

    fn chain(&self) -> PathBuf {
        self.installation
            .keys
            .path()
            .join(format!("{}.chain.pem", self.name))
    }

    fn read_key(&self) -> anyhow::Result<SoftwareKey> {
        let handle = KeyHandle::new(&self.name);
        let key = self
            .installation
            .keys
            .read_key_file(&self.key(), handle, &self.installation.provider)?;
        Ok(key)
    }

    fn read_or_make_key(&self) -> anyhow::Result<SoftwareKey> {
        if let Ok(key) = self.read_key() {
            return Ok(key);
        }
        ensure!(
            !self.chain().exists(),
            "{} is there, and its key cannot be read",
            self.chain().display()
        );
        let secret = SecretKey::generate(SignatureAlgorithm::Es256, &SystemRandomness)?;
        self.installation.keys.write_key_file(&self.key(), &secret)?;
        self.read_key()
    }

    fn read_chain(&self) -> anyhow::Result<Vec<Certificate>> {
        let ders = read_chain_file(&self.chain())?;
        Ok(ders
            .iter()
            .map(|der| Certificate::parse(der))
            .collect::<Result<_, _>>()?)
    }

    fn write_chain(&self, chain: &[Certificate]) -> anyhow::Result<()> {
        let text: String = chain
            .iter()
            .map(|certificate| encode("CERTIFICATE", certificate.der()))
            .collect();
        let path = self.chain();
        write_atomically(&path, text.as_bytes(), Readers::Everyone)
            .with_context(|| format!("cannot write {}", path.display()))
    }
}

fn files_of<'i>(installation: &'i Installation, party: &RelyingPartyName) -> Files<'i> {
    Files {
        installation,
        name: format!("relying-party-{party}"),
    }
}

/// Who signs the requests of a relying party that has a certificate of its own.
///
/// # Errors
/// Key or certificate are missing, or do not belong together.
pub fn signer(installation: &Installation, party: &RelyingPartyName) -> anyhow::Result<RequestSigner> {
    let files = files_of(installation, party);
    let key = files.read_key()?;
    let chain = files.read_chain()?;
    ensure!(
        chain
            .first()
            .is_some_and(|leaf| leaf.public_key() == key.public_key()),
        "{} is another key's",
        files.chain().display()
    );
    Ok(RequestSigner {
        key: key.handle().clone(),
        sign: Arc::new(key),
        chain,
    })
}

/// Gives a relying party a certificate under the installation's own root of relying parties.
///
/// # Errors
/// The root is not here, or the names cannot be expressed.
pub fn give(
    installation: &Installation,
    party: &RelyingPartyName,
    name: &str,
    organization: &str,
    now: UnixTime,
) -> anyhow::Result<Certificate> {
    let root = Certified::read(
        &installation.keys,
        KeyPurpose::RelyingPartiesRoot,
        &installation.provider,
    );
    let root = root.context("the root of relying parties is not in this installation: use --request")?;
    let files = files_of(installation, party);
    let key = files.read_or_make_key()?;
    let (uri, host) = verifier_names(installation);
    let request = LeafRequest {
        subject_name: name.chars().take(64).collect(),
        san_uris: vec![uri],
        san_dns: host.into_iter().collect(),
        validity: Validity {
            not_before: now.minus(CLOCK_TOLERANCE),
            not_after: now.plus(VALIDITY),
        },
        extended_key_usage: extended_key_usage(KeyPurpose::RequestSigning),
        public_key: key.public_key().clone(),
    };
    let description = root.key.describe(root.key.handle())?;
    let der = issue::organization_leaf(
        &request,
        organization,
        &root.certificate,
        &description,
        &root.key,
        &SystemRandomness,
    )?;
    let certificate = Certificate::parse(&der)?;
    files.write_chain(std::slice::from_ref(&certificate))?;
    Ok(certificate)
}

/// Asks another authority for the certificate of a relying party. Returns the request in PEM.
///
/// # Errors
/// The names cannot be expressed, or the key cannot be used.
pub fn ask(
    installation: &Installation,
    party: &RelyingPartyName,
    name: &str,
    organization: &str,
) -> anyhow::Result<String> {
    let key = files_of(installation, party).read_or_make_key()?;
    let (uri, host) = verifier_names(installation);
    let names = RequestedNames {
        subject_name: name.chars().take(64).collect(),
        san_uris: vec![uri],
        san_dns: host.into_iter().collect(),
        extended_key_usage: Some(READER_KEY_PURPOSE.to_owned()),
    };
    let description = key.describe(key.handle())?;
    let der = organization_request(&names, organization, &description, &key)?;
    Ok(encode("CERTIFICATE REQUEST", &der))
}

/// Takes in a certificate that another authority has given.
///
/// # Errors
/// It is another key's, stands under no anchor of relying parties, or does not name the verifier.
pub fn take(
    installation: &Installation,
    party: &RelyingPartyName,
    file: &std::path::Path,
    now: UnixTime,
) -> anyhow::Result<Certificate> {
    let files = files_of(installation, party);
    let key = files.read_key().context("there is no key that it could be for")?;
    let mut chain = read_chain_file(file)?
        .iter()
        .map(|der| Certificate::parse(der))
        .collect::<Result<Vec<_>, _>>()?;
    let anchors = installation.trust()?.trust_list.relying_parties.anchors;
    // What is sent to wallets must leave the root out.
    while chain.len() > 1 && chain.last().is_some_and(|last| anchors.contains(last)) {
        chain.pop();
    }
    let provider = installation.provider.as_ref();
    let verified = verify_chain(&chain, &anchors, ChainProfile::RequestSigner, now, provider)
        .context("the certificate is refused")?;
    let leaf = verified.leaf().clone();
    ensure!(
        leaf.public_key() == key.public_key(),
        "the certificate is for another key than the one that this installation has"
    );
    let (uri, host) = verifier_names(installation);
    let names_host =
        host.is_some_and(|host| leaf.san_dns().iter().any(|dns| dns.eq_ignore_ascii_case(&host)));
    if !names_host && !leaf.san_uris().contains(&uri) {
        bail!("the certificate does not name {uri}, where the answers go");
    }
    files.write_chain(&chain)?;
    Ok(leaf)
}

/// What the certificate names: the verifier, to which all answers go.
fn verifier_names(installation: &Installation) -> (String, Option<String>) {
    let identifier = identifier_text(&installation.loaded.configuration.verifier.identifier);
    let host = Url::parse(&identifier).ok().and_then(|url| match url.host() {
        Some(Host::Domain(name)) => Some(name.to_owned()),
        _ => None,
    });
    (identifier, host)
}

/// Signs a registration as the development registrar, which is made with its first one. Returns the certificate, and the file with the
/// anchor that wallets have to trust.
///
/// # Errors
/// The installation is none for development, or keys cannot be used.
pub fn register(
    installation: &Installation,
    registration: &RegistrationCertificate,
    now: UnixTime,
) -> anyhow::Result<(String, PathBuf)> {
    ensure!(
        installation.loaded.configuration.development,
        "only an installation for development has a registrar of its own"
    );
    let files = Files {
        installation,
        name: REGISTRAR.to_owned(),
    };
    let anchor = installation.data_file("registrar.pem");
    if !files.chain().exists() {
        make_registrar(&files, &anchor, now)?;
    }
    let (key, chain) = (files.read_key()?, files.read_chain()?);
    let prepared = registration.prepare(&chain, SignatureAlgorithm::Es256);
    let signature = installation
        .provider
        .sign(key.secret_key(), prepared.signing_input().as_bytes())?;
    Ok((prepared.finish(&signature), anchor))
}

/// The root's key is used once and not kept: it vouches for one registrar.
fn make_registrar(files: &Files<'_>, anchor: &std::path::Path, now: UnixTime) -> anyhow::Result<()> {
    let provider = &files.installation.provider;
    let secret = SecretKey::generate(SignatureAlgorithm::Es256, &SystemRandomness)?;
    let root_key = SoftwareKey::new(KeyHandle::new("registrar-root"), secret, Arc::clone(provider));
    let description = root_key.describe(root_key.handle())?;
    let validity = Validity {
        not_before: now.minus(CLOCK_TOLERANCE),
        not_after: now.plus(REGISTRAR_VALIDITY),
    };
    let name = "Development root of registrars";
    let root = issue::root(name, validity, &description, &root_key, &SystemRandomness)?;
    let root = Certificate::parse(&root)?;
    let key = files.read_or_make_key()?;
    let request = LeafRequest {
        subject_name: "Development registrar".to_owned(),
        san_uris: vec![verifier_names(files.installation).0],
        san_dns: Vec::new(),
        validity,
        extended_key_usage: None,
        public_key: key.public_key().clone(),
    };
    let leaf = issue::leaf(&request, &root, &description, &root_key, &SystemRandomness)?;
    write_atomically(
        anchor,
        encode("CERTIFICATE", root.der()).as_bytes(),
        Readers::Everyone,
    )?;
    files.write_chain(&[Certificate::parse(&leaf)?])
}
