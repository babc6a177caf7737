//! Revocation lists that a test bends before they are signed.
#![expect(clippy::expect_used, reason = "a list that cannot be made is a broken test")]

use x509_cert::der::asn1::{AnyRef, ObjectIdentifier};
use x509_cert::der::{Decode as _, Encode as _, Reader as _, SliceReader};
use x509_cert::spki::AlgorithmIdentifierOwned;

use super::SeededRandomness;
use crate::signing::{DescribeKeys as _, KeyDescription, Sign, SignOutcome, SignatureRequest, SoftwareKey};
use crate::time::UnixTime;
use crate::x509::Certificate;
use crate::x509::issue::{self, Validity};
use crate::x509::signature::{identifier_of, to_certificate_form};

/// A list before it is signed. What it is made of are DER values, so that it can be made wrong.
#[derive(Debug, Clone)]
pub struct RevocationListDraft {
    /// The number of the version; 1 is version 2.
    pub version: u8,
    /// The issuer's name.
    pub issuer: Vec<u8>,
    /// When it is made.
    pub this_update: UnixTime,
    /// When the next one is due.
    pub next_update: Option<UnixTime>,
    /// The entries, each with its tag.
    pub entries: Vec<Vec<u8>>,
    /// The extensions, each with its tag.
    pub extensions: Vec<Vec<u8>>,
}

impl RevocationListDraft {
    /// An empty list of an authority, with what RFC 5280 demands.
    #[must_use]
    pub fn of(issuer: &Certificate, this_update: UnixTime, next_update: UnixTime) -> Self {
        let identifier = issuer.subject_key_identifier().unwrap_or_default();
        let identifier = sequence(&tagged(0x80, identifier));
        Self {
            version: 1,
            issuer: issuer.subject_name().to_vec(),
            this_update,
            next_update: Some(next_update),
            entries: Vec::new(),
            extensions: vec![
                extension("2.5.29.35", false, &identifier),
                extension("2.5.29.20", false, &tagged(0x02, &[7])),
            ],
        }
    }

    /// The same with a certificate that is revoked, and the number of the reason.
    #[must_use]
    pub fn revoking(mut self, certificate: &Certificate, at: UnixTime, reason: Option<u8>) -> Self {
        let extensions = reason.map(|reason| extension("2.5.29.21", false, &tagged(0x0a, &[reason])));
        self.entries.push(entry(
            certificate.serial_number_der(),
            at,
            extensions.as_deref().unwrap_or_default(),
        ));
        self
    }

    /// The same with an extension.
    #[must_use]
    pub fn with(mut self, oid: &str, critical: bool, value: &[u8]) -> Self {
        self.extensions.push(extension(oid, critical, value));
        self
    }

    /// Signs the list.
    ///
    /// # Panics
    /// Where the key cannot sign.
    #[must_use]
    pub fn sign(&self, key: &KeyDescription, sign: &dyn Sign) -> Vec<u8> {
        let algorithm = key.public_key.algorithm();
        let identifier = AlgorithmIdentifierOwned {
            oid: identifier_of(algorithm),
            parameters: None,
        };
        let identifier = identifier.to_der().expect("the algorithm is encoded");
        let mut body = tagged(0x02, &[self.version]);
        body.extend(&identifier);
        body.extend(&self.issuer);
        body.extend(time(self.this_update));
        body.extend(self.next_update.map(time).unwrap_or_default());
        if !self.entries.is_empty() {
            body.extend(sequence(&self.entries.concat()));
        }
        if !self.extensions.is_empty() {
            body.extend(tagged(0xa0, &sequence(&self.extensions.concat())));
        }
        signed(sequence(&body), &identifier, key, sign)
    }
}

fn signed(body: Vec<u8>, identifier: &[u8], key: &KeyDescription, sign: &dyn Sign) -> Vec<u8> {
    let algorithm = key.public_key.algorithm();
    let request = SignatureRequest {
        key: key.handle.clone(),
        algorithm,
        bytes: body.clone(),
    };
    let Ok(SignOutcome::Signed(signature)) = sign.sign(&request) else {
        return Vec::new();
    };
    let signature = to_certificate_form(algorithm, &signature).expect("a signature of the algorithm");
    let signature = tagged(0x03, &[&[0], signature.as_slice()].concat());
    sequence(&[body.as_slice(), identifier, &signature].concat())
}

/// The certificate with one more extension, signed again by its issuer's key.
///
/// # Panics
/// Where the certificate has no extensions.
#[must_use]
pub fn extended(
    certificate: &Certificate,
    extension: &[u8],
    key: &KeyDescription,
    sign: &dyn Sign,
) -> Vec<u8> {
    let outer = members(certificate.der());
    let [body, identifier, _] = outer.as_slice() else {
        return Vec::new();
    };
    let mut parts = members(body);
    let extensions = parts.pop().expect("a certificate has extensions");
    let extensions = members(extensions).pop().expect("they are one sequence");
    let mut all = members(extensions).concat();
    all.extend(extension);
    let mut body = parts.concat();
    body.extend(tagged(0xa3, &sequence(&all)));
    signed(sequence(&body), identifier, key, sign)
}

/// An extension that says where revocation lists are published.
#[must_use]
pub fn distribution_point(uri: &str) -> Vec<u8> {
    distribution_points(&[uri])
}

/// The same with several places.
#[must_use]
pub fn distribution_points(uris: &[&str]) -> Vec<u8> {
    let point = |uri: &&str| sequence(&tagged(0xa0, &tagged(0xa0, &tagged(0x86, uri.as_bytes()))));
    let points: Vec<u8> = uris.iter().flat_map(point).collect();
    extension("2.5.29.31", false, &sequence(&points))
}

/// The certificate of an authority that may sign certificates and revocation lists: under an issuer, or self-signed.
///
/// # Panics
/// Where it cannot be issued.
#[must_use]
pub fn authority(
    name: &str,
    validity: Validity,
    key: &SoftwareKey,
    issuer: Option<(&Certificate, &SoftwareKey)>,
) -> Certificate {
    let describe = |key: &SoftwareKey| key.describe(key.handle()).expect("the key describes itself");
    let own = describe(key);
    let (certificate, signer) =
        issuer.map_or((None, key), |(certificate, signer)| (Some(certificate), signer));
    let der = issue::authority(
        name,
        &own.public_key,
        certificate,
        validity,
        &describe(signer),
        signer,
        &SeededRandomness::new(5_280),
    );
    Certificate::parse(&der.expect("the authority is issued")).expect("the authority is read")
}

/// The members of a constructed value, each with its tag.
fn members(der: &[u8]) -> Vec<&[u8]> {
    let value = AnyRef::from_der(der).expect("an encoded value").value();
    let mut reader = SliceReader::new(value).expect("a value of bounded length");
    let mut members = Vec::new();
    while !reader.is_finished() {
        members.push(reader.tlv_bytes().expect("an encoded member"));
    }
    members
}

/// One of `revokedCertificates`, with extensions that are encoded already.
#[must_use]
pub fn entry(serial_number: &[u8], at: UnixTime, extensions: &[u8]) -> Vec<u8> {
    let mut entry = [serial_number, &time(at)].concat();
    if !extensions.is_empty() {
        entry.extend(sequence(extensions));
    }
    sequence(&entry)
}

/// An extension.
///
/// # Panics
/// Where `oid` is none.
#[must_use]
pub fn extension(oid: &str, critical: bool, value: &[u8]) -> Vec<u8> {
    let oid = ObjectIdentifier::new(oid).expect("an object identifier");
    let mut parts = oid.to_der().expect("the identifier is encoded");
    if critical {
        parts.extend(tagged(0x01, &[0xff]));
    }
    parts.extend(tagged(0x04, value));
    sequence(&parts)
}

/// A sequence of encoded parts.
#[must_use]
pub fn sequence(content: &[u8]) -> Vec<u8> {
    tagged(0x30, content)
}

/// A value with its tag and length.
#[must_use]
pub fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut bytes = vec![tag];
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => bytes.push(short),
        _ => {
            let digits: Vec<u8> = length
                .to_be_bytes()
                .into_iter()
                .skip_while(|digit| *digit == 0)
                .collect();
            bytes.push(0x80 | u8::try_from(digits.len()).unwrap_or(u8::MAX));
            bytes.extend(digits);
        }
    }
    bytes.extend(content);
    bytes
}

fn time(time: UnixTime) -> Vec<u8> {
    let seconds = u64::try_from(time.seconds()).unwrap_or_default();
    let time = x509_cert::der::DateTime::from_unix_duration(core::time::Duration::from_secs(seconds));
    let time = x509_cert::time::Time::from(time.expect("a time that certificates have"));
    time.to_der().expect("the time is encoded")
}
