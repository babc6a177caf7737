//! Presenting an mdoc: a `DeviceResponse` with one document (HAIP 1.0 wants one response per document).

use core::fmt;
use std::collections::BTreeMap;

use symbolon_crypto::SignatureAlgorithm;
use symbolon_crypto::cose::{signature_structure, write_detached, write_mac0_detached};
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::encoding::cbor::write;
use symbolon_crypto::signing::{KeyHandle, SignatureRequest, ToBeSigned};
use thiserror::Error;

use super::device_authentication::{EMacKey, NO_DEVICE_NAME_SPACES, device_authentication};
use super::issuer_signed::{Element, IssuerSigned};
use super::names::{ElementIdentifier, NameSpace};
use super::transcript::SessionTranscript;
use super::value::ElementValue;

/// Why an mdoc cannot be presented as asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PresentError {
    /// The mdoc does not hold an element that was selected.
    #[error("the mdoc does not hold an element that was selected")]
    NotHeld,
    /// A signature of another length than the algorithm's.
    #[error("the signature has the wrong length")]
    Signature,
}

/// A document with the elements that were selected, not yet authenticated by the device.
#[derive(Clone)]
pub struct Presentation {
    /// The response up to what the device signs.
    response: Vec<u8>,
    /// `DeviceNameSpacesBytes`.
    device_name_spaces: Vec<u8>,
    doc_type: String,
    algorithm: SignatureAlgorithm,
}

/// A response that lacks the device's signature.
#[derive(Clone)]
pub struct PreparedPresentation {
    response: Vec<u8>,
    to_be_signed: ToBeSigned,
}

/// Without the content, which is personal data.
impl fmt::Debug for Presentation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presentation").finish_non_exhaustive()
    }
}

/// Without the content, which is personal data.
impl fmt::Debug for PreparedPresentation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreparedPresentation").finish_non_exhaustive()
    }
}

impl IssuerSigned<'_> {
    /// Selects the elements of `selection`, each a namespace and a name, and nothing else. What the issuer signed goes into the
    /// response byte for byte.
    ///
    /// # Errors
    /// [`PresentError::NotHeld`].
    pub fn present(&self, selection: &[(&str, &str)]) -> Result<Presentation, PresentError> {
        if selection
            .iter()
            .any(|(name_space, identifier)| self.element(name_space, identifier).is_none())
        {
            return Err(PresentError::NotHeld);
        }
        let is_selected = |element: &&Element<'_>| {
            selection
                .iter()
                .any(|(space, name)| *space == element.name_space && *name == element.identifier)
        };
        let selected: Vec<(&str, Vec<&Element<'_>>)> = self
            .name_spaces
            .iter()
            .map(|(name, elements)| (*name, elements.iter().filter(is_selected).collect::<Vec<_>>()))
            .filter(|(_, elements)| !elements.is_empty())
            .collect();
        let all = selected.iter().flat_map(|(_, elements)| elements);
        let length: usize = all.map(|element| element.encoded.len()).sum();

        let mut out = Vec::with_capacity(length + self.issuer_auth.len() + 512);
        write::map(&mut out, 3);
        write::text(&mut out, "version");
        write::text(&mut out, "1.0");
        write::text(&mut out, "documents");
        write::array(&mut out, 1);
        write::map(&mut out, 3);
        write::text(&mut out, "docType");
        write::text(&mut out, self.mso.doc_type.as_str());
        write::text(&mut out, "issuerSigned");
        write::map(&mut out, if selected.is_empty() { 1 } else { 2 });
        if !selected.is_empty() {
            write::text(&mut out, "nameSpaces");
            write::map(&mut out, selected.len());
            for (name_space, elements) in selected {
                write::text(&mut out, name_space);
                write::array(&mut out, elements.len());
                for element in elements {
                    out.extend_from_slice(element.encoded);
                }
            }
        }
        write::text(&mut out, "issuerAuth");
        out.extend_from_slice(self.issuer_auth);
        write::text(&mut out, "deviceSigned");
        Ok(Presentation {
            response: out,
            device_name_spaces: NO_DEVICE_NAME_SPACES.to_vec(),
            doc_type: self.mso.doc_type.as_str().to_owned(),
            algorithm: self.mso.device_key.algorithm(),
        })
    }
}

impl Presentation {
    /// Adds elements that the device signs of its own, by namespace. Readers refuse those that the issuer did not authorise the
    /// device key for ([`IssuerSigned::key_authorizations`]).
    #[must_use]
    pub fn with_device_elements(
        mut self,
        elements: &BTreeMap<NameSpace, Vec<(ElementIdentifier, ElementValue)>>,
    ) -> Self {
        let mut name_spaces = Vec::with_capacity(128);
        write::map(&mut name_spaces, elements.len());
        for (name_space, elements) in elements {
            write::text(&mut name_spaces, name_space.as_str());
            write::map(&mut name_spaces, elements.len());
            for (identifier, value) in elements {
                write::text(&mut name_spaces, identifier.as_str());
                value.write(&mut name_spaces);
            }
        }
        self.device_name_spaces.clear();
        write::encoded_item(&mut self.device_name_spaces, &name_spaces);
        self
    }

    /// Writes what the device signs, and gives back what it authenticates.
    fn authenticated(&mut self, transcript: &SessionTranscript) -> Vec<u8> {
        write::map(&mut self.response, 2);
        write::text(&mut self.response, "nameSpaces");
        self.response.extend_from_slice(&self.device_name_spaces);
        write::text(&mut self.response, "deviceAuth");
        write::map(&mut self.response, 1);
        device_authentication(transcript, &self.doc_type, &self.device_name_spaces)
    }

    /// Prepares the signature of the device key for one session.
    #[must_use]
    pub fn prepare(mut self, transcript: &SessionTranscript) -> PreparedPresentation {
        let payload = self.authenticated(transcript);
        let to_be_signed = signature_structure(self.algorithm, &payload);
        write::text(&mut self.response, "deviceSignature");
        PreparedPresentation {
            response: self.response,
            to_be_signed,
        }
    }

    /// The encoded `DeviceResponse`, authenticated with a MAC that only the reader of this session can check, and could have made
    /// itself: nobody else is convinced by it.
    #[must_use]
    pub fn with_mac(mut self, key: &EMacKey, transcript: &SessionTranscript) -> Vec<u8> {
        let payload = self.authenticated(transcript);
        write::text(&mut self.response, "deviceMac");
        write_mac0_detached(&mut self.response, &key.0, &payload);
        end(self.response)
    }
}

impl PreparedPresentation {
    /// What the device key `key` has to sign.
    #[must_use]
    pub fn request(&self, key: KeyHandle) -> SignatureRequest {
        self.to_be_signed.by(key)
    }

    /// The encoded `DeviceResponse`.
    ///
    /// # Errors
    /// [`PresentError::Signature`].
    pub fn finish(mut self, signature: &[u8]) -> Result<Vec<u8>, PresentError> {
        let algorithm = self.to_be_signed.algorithm;
        if signature.len() != algorithm.signature_bytes() {
            return Err(PresentError::Signature);
        }
        write_detached(&mut self.response, algorithm, signature);
        Ok(end(self.response))
    }

    /// The encoded `DeviceResponse` as base64url: the presentation in a `vp_token` of OpenID4VP (appendix B.2.5).
    ///
    /// # Errors
    /// [`PresentError::Signature`].
    pub fn finish_base64url(self, signature: &[u8]) -> Result<String, PresentError> {
        self.finish(signature).map(|bytes| base64url::encode(&bytes))
    }
}

fn end(mut response: Vec<u8>) -> Vec<u8> {
    write::text(&mut response, "status");
    write::unsigned(&mut response, 0);
    response
}
