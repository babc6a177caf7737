//! Issuing authorities of mdocs (IACA, ISO/IEC 18013-5 Annex B), and certificates as they stand in files.

#[cfg(test)]
mod tests;

use symbolon_crypto::CryptoProvider;
use symbolon_crypto::encoding::base64;
use symbolon_crypto::x509::{Certificate, CertificateError};
use thiserror::Error;

use crate::trust_list::{AnchoredFormat, CredentialTypeRule, IssuerIdentifier, TrustedIssuer};

/// The longest file of certificates that is read, in bytes: four thousand of them.
pub const MAX_CERTIFICATE_FILE_BYTES: usize = 8 << 20;

/// The most certificates of one list: many times the issuing authorities of the world.
pub const MAX_AUTHORITIES: usize = 4_096;

/// Why bytes are no file of certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CertificateFileError {
    /// Longer than [`MAX_CERTIFICATE_FILE_BYTES`], or with more than [`MAX_AUTHORITIES`] certificates.
    #[error("the file of certificates is over its budget")]
    OverBudget,
    /// No certificate in it.
    #[error("there is no certificate in the file")]
    Empty,
    /// A PEM block that does not end, or whose content is not base64.
    #[error("certificate {position} of the file is no PEM")]
    Pem {
        /// Which one, counted from 1.
        position: usize,
    },
    /// A certificate that does not read.
    #[error("certificate {position} of the file cannot be used: {source}")]
    Certificate {
        /// Which one, counted from 1.
        position: usize,
        /// Why.
        #[source]
        source: CertificateError,
    },
}

/// Reads certificates from a file: one in DER, or any number in PEM. What stands between the blocks of PEM is not looked at;
/// a block of another kind, such as a private key, is refused.
///
/// # Errors
/// [`CertificateFileError`]. A file is the operator's own, so one certificate that does not read makes it unusable.
pub fn parse_certificates(bytes: &[u8]) -> Result<Vec<Certificate>, CertificateFileError> {
    if bytes.len() > MAX_CERTIFICATE_FILE_BYTES {
        return Err(CertificateFileError::OverBudget);
    }
    let parse = |position: usize, der: &[u8]| {
        Certificate::parse(der).map_err(|source| CertificateFileError::Certificate { position, source })
    };
    // A certificate in DER begins with a SEQUENCE, which no line of text does.
    if bytes.first() == Some(&0x30) && bytes.get(1).is_some_and(|length| *length >= 0x80) {
        return Ok(vec![parse(1, bytes)?]);
    }
    let text = core::str::from_utf8(bytes).map_err(|_| CertificateFileError::Empty)?;
    let mut certificates = Vec::new();
    let mut lines = text.lines().map(str::trim);
    while let Some(line) = lines.next() {
        if !line.starts_with("-----BEGIN ") {
            continue;
        }
        let position = certificates.len().saturating_add(1);
        if line != PEM_BEGIN {
            return Err(CertificateFileError::Pem { position });
        }
        if position > MAX_AUTHORITIES {
            return Err(CertificateFileError::OverBudget);
        }
        let mut content = String::new();
        loop {
            match lines.next() {
                Some(PEM_END) => break,
                Some(line) => content.push_str(line),
                None => return Err(CertificateFileError::Pem { position }),
            }
        }
        let der = base64::decode(&content).map_err(|_| CertificateFileError::Pem { position })?;
        certificates.push(parse(position, &der)?);
    }
    if certificates.is_empty() {
        return Err(CertificateFileError::Empty);
    }
    Ok(certificates)
}

/// Writes certificates as PEM (RFC 7468), each under a line that says whose it is.
#[must_use]
pub fn write_certificates<'c>(certificates: impl IntoIterator<Item = &'c Certificate>) -> String {
    let mut text = String::new();
    for certificate in certificates {
        if let Some(name) = certificate.subject_common_name() {
            text.extend(name.chars().filter(|one| !one.is_control() && *one != '-'));
            text.push('\n');
        }
        text.push_str(PEM_BEGIN);
        text.push('\n');
        let content = base64::encode(certificate.der());
        for (position, one) in content.chars().enumerate() {
            if position > 0 && position.is_multiple_of(PEM_COLUMNS) {
                text.push('\n');
            }
            text.push(one);
        }
        text.push('\n');
        text.push_str(PEM_END);
        text.push('\n');
    }
    text
}

const PEM_BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const PEM_END: &str = "-----END CERTIFICATE-----";
const PEM_COLUMNS: usize = 64;

/// Why a certificate is not the root of an issuing authority (ISO/IEC 18013-5, table B.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NotAnAuthority {
    /// Not an authority's, not its own issuer, or not signed by its own key.
    #[error("it is not the self-signed certificate of an authority")]
    NotARoot,
    /// It may have authorities below it, or does not say that it may not.
    #[error("its path length is not 0")]
    PathLength,
    /// It names no country.
    #[error("its subject names no country")]
    Country,
    /// It has no subject key identifier.
    #[error("it has no subject key identifier")]
    KeyIdentifier,
    /// It has an extension that must be understood and is not.
    #[error("it has a critical extension that is not supported")]
    UnknownCriticalExtension,
}

/// Checks that a certificate is the root of an issuing authority of mdocs. Whether it is valid now is asked when a chain that
/// leads to it is verified.
///
/// # Errors
/// [`NotAnAuthority`].
pub fn check_authority(
    certificate: &Certificate,
    provider: &dyn CryptoProvider,
) -> Result<(), NotAnAuthority> {
    if certificate.path_length() != Some(0) {
        return Err(NotAnAuthority::PathLength);
    }
    if certificate.subject_country().is_none() {
        return Err(NotAnAuthority::Country);
    }
    if certificate.subject_key_identifier().is_none() {
        return Err(NotAnAuthority::KeyIdentifier);
    }
    if !certificate.unknown_critical_extensions().is_empty() {
        return Err(NotAnAuthority::UnknownCriticalExtension);
    }
    // The signature last, which costs most.
    if certificate.is_root(provider) {
        Ok(())
    } else {
        Err(NotAnAuthority::NotARoot)
    }
}

/// The issuer that an authority is in a trust list: known by its certificate alone, and believed for mdocs of these types.
/// `name` is what the list calls it; its certificate says the rest.
#[must_use]
pub fn authority(
    certificate: &Certificate,
    name: Option<&str>,
    credential_types: Vec<CredentialTypeRule>,
) -> TrustedIssuer {
    let named = name.or_else(|| certificate.subject_common_name());
    let place = match (certificate.subject_state(), certificate.subject_country()) {
        (Some(state), Some(country)) => format!(" ({country}, {state})"),
        (None, Some(country)) => format!(" ({country})"),
        _ => String::new(),
    };
    let name = named.unwrap_or("Issuing authority");
    TrustedIssuer {
        identifier: IssuerIdentifier::of_certificate(certificate),
        name: format!("{name}{place}"),
        credential_types,
        anchors: vec![certificate.clone()],
        claim169_keys: Vec::new(),
        status_prefix: None,
        dids: Vec::new(),
        formats: vec![AnchoredFormat::Mdoc],
        source: None,
    }
}

/// The authorities of a file of IACA roots, each believed for `credential_types`, and those of its certificates that are none.
///
/// # Errors
/// [`CertificateFileError`].
#[expect(
    clippy::type_complexity,
    reason = "two lists, each of which says what it holds"
)]
pub fn authorities_of_file(
    bytes: &[u8],
    credential_types: &[CredentialTypeRule],
    provider: &dyn CryptoProvider,
) -> Result<(Vec<TrustedIssuer>, Vec<(Certificate, NotAnAuthority)>), CertificateFileError> {
    let (mut issuers, mut refused): (Vec<TrustedIssuer>, Vec<_>) = (Vec::new(), Vec::new());
    for certificate in parse_certificates(bytes)? {
        match check_authority(&certificate, provider) {
            Ok(()) => {
                let issuer = authority(&certificate, None, credential_types.to_vec());
                if !issuers.iter().any(|known| known.identifier == issuer.identifier) {
                    issuers.push(issuer);
                }
            }
            Err(error) => refused.push((certificate, error)),
        }
    }
    Ok((issuers, refused))
}
