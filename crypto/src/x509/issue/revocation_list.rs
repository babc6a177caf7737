//! Revocation lists of an authority ([RFC 5280 §5](https://www.rfc-editor.org/rfc/rfc5280#section-5)), and where certificates say that they are.

use x509_cert::Version;
use x509_cert::crl::{CertificateList, RevokedCert, TbsCertList};
use x509_cert::der::asn1::{BitString, Ia5String, OctetString, Uint};
use x509_cert::der::{DateTime, Decode as _, Encode as _};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::crl::dp::DistributionPoint;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, CrlDistributionPoints, CrlNumber};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::AlgorithmIdentifierOwned;
use x509_cert::time::Time;

use super::{IssueError, extension};
use crate::signing::{KeyDescription, Sign, SignOutcome, SignatureRequest};
use crate::time::UnixTime;
use crate::x509::certificate::Certificate;
use crate::x509::revocation_list::{RevocationReason, RevokedCertificate, crl_reason};
use crate::x509::signature::{identifier_of, to_certificate_form};

/// A list to be issued: everything that the authority has revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevocationListRequest {
    /// The number of the list, above those of all before it.
    pub number: u64,
    /// When it is made.
    pub this_update: UnixTime,
    /// When the next one is due at the latest.
    pub next_update: UnixTime,
    /// The certificates that are revoked.
    pub revoked: Vec<RevokedCertificate>,
}

/// Issues the revocation list of `issuer`, whose key is `issuer_key`. Returns DER.
///
/// # Errors
/// [`IssueError`] when the request cannot be expressed, `issuer` is no authority that may sign lists with that key, or the key does not sign.
pub fn revocation_list(
    request: &RevocationListRequest,
    issuer: &Certificate,
    issuer_key: &KeyDescription,
    sign: &dyn Sign,
) -> Result<Vec<u8>, IssueError> {
    let may_sign = issuer.is_ca() && issuer.key_usage().is_some_and(|usage| usage.crl_sign());
    let identifier = issuer.subject_key_identifier().filter(|_| may_sign);
    let identifier = identifier.ok_or(IssueError::Issuer)?;
    if *issuer.public_key() != issuer_key.public_key {
        return Err(IssueError::Issuer);
    }
    if request.next_update <= request.this_update {
        return Err(IssueError::Validity);
    }
    let name = Name::from_der(issuer.subject_name()).map_err(|_| IssueError::Issuer)?;
    let algorithm = issuer_key.public_key.algorithm();
    let signature_algorithm = AlgorithmIdentifierOwned {
        oid: identifier_of(algorithm),
        parameters: None,
    };
    let identifier = OctetString::new(identifier).map_err(|_| IssueError::Encoding)?;
    let identifier = AuthorityKeyIdentifier {
        key_identifier: Some(identifier),
        ..Default::default()
    };
    let number = Uint::new(&request.number.to_be_bytes()).map_err(|_| IssueError::Encoding)?;
    let extensions = vec![
        extension(&name, &identifier)?,
        extension(&name, &CrlNumber(number))?,
    ];
    let revoked = request.revoked.iter().map(|revoked| entry(revoked, &name));
    let revoked = revoked.collect::<Result<Vec<RevokedCert>, _>>()?;
    let tbs_cert_list = TbsCertList {
        version: Version::V2,
        signature: signature_algorithm.clone(),
        issuer: name,
        this_update: time(request.this_update)?,
        next_update: Some(time(request.next_update)?),
        // An empty sequence is not allowed (section 5.1.2.6).
        revoked_certificates: Some(revoked).filter(|revoked| !revoked.is_empty()),
        crl_extensions: Some(extensions),
    };
    let bytes = tbs_cert_list.to_der().map_err(|_| IssueError::Encoding)?;
    let asked = SignatureRequest {
        key: issuer_key.handle.clone(),
        algorithm,
        bytes,
    };
    let SignOutcome::Signed(signature) = sign.sign(&asked)? else {
        return Err(IssueError::Locked);
    };
    let signature = to_certificate_form(algorithm, &signature).ok_or(IssueError::Encoding)?;
    let list = CertificateList {
        tbs_cert_list,
        signature_algorithm,
        signature: BitString::from_bytes(&signature).map_err(|_| IssueError::Encoding)?,
    };
    list.to_der().map_err(|_| IssueError::Encoding)
}

fn entry(revoked: &RevokedCertificate, subject: &Name) -> Result<RevokedCert, IssueError> {
    let serial_number = SerialNumber::from_der(&revoked.serial_number).map_err(|_| IssueError::Encoding)?;
    // A reason that says nothing is left out (section 5.3.1).
    let said = revoked
        .reason
        .filter(|reason| *reason != RevocationReason::Unspecified);
    let reason = said.map(|reason| extension(subject, &crl_reason(reason)));
    Ok(RevokedCert {
        serial_number,
        revocation_date: time(revoked.at)?,
        crl_entry_extensions: reason.transpose()?.map(|reason| vec![reason]),
    })
}

/// The extension that says where the lists of a certificate's authority are (section 4.2.1.13).
pub(super) fn distribution_points<'u>(
    subject: &Name,
    uris: impl IntoIterator<Item = &'u String>,
) -> Result<Option<Extension>, IssueError> {
    let point = |uri: &String| {
        let uri = Ia5String::new(uri).map_err(|_| IssueError::AlternativeName)?;
        Ok(DistributionPoint {
            distribution_point: Some(DistributionPointName::FullName(vec![
                GeneralName::UniformResourceIdentifier(uri),
            ])),
            reasons: None,
            crl_issuer: None,
        })
    };
    let points = uris
        .into_iter()
        .map(point)
        .collect::<Result<Vec<_>, IssueError>>()?;
    if points.is_empty() {
        return Ok(None);
    }
    extension(subject, &CrlDistributionPoints(points)).map(Some)
}

/// Until 2050 in the short form, as RFC 5280 demands (section 5.1.2.4).
fn time(time: UnixTime) -> Result<Time, IssueError> {
    let seconds = u64::try_from(time.seconds()).map_err(|_| IssueError::Validity)?;
    let time = DateTime::from_unix_duration(core::time::Duration::from_secs(seconds));
    Ok(time.map_err(|_| IssueError::Validity)?.into())
}
