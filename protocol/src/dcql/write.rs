//! A query as JSON, which reads back the same.

use std::collections::BTreeMap;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use symbolon_crypto::encoding::base64url;

use super::candidate::HolderBinding;
use super::parse::{AUTHORITY_KEY_IDENTIFIER, ETSI_TRUSTED_LIST};
use super::query::{
    CredentialQuery, CredentialSetQuery, Meta, PresentationCount, SetRequirement, TrustedAuthority,
};

impl Serialize for CredentialQuery {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", &self.id)?;
        map.serialize_entry("format", self.meta.format().as_str())?;
        match &self.meta {
            Meta::SdJwtVc { vct_values } => map.serialize_entry("meta", &entry("vct_values", vct_values))?,
            Meta::MsoMdoc { doctype_value } => {
                map.serialize_entry("meta", &entry("doctype_value", doctype_value))?;
            }
            Meta::W3c { type_values, .. } => {
                map.serialize_entry("meta", &entry("type_values", type_values))?
            }
            Meta::AnyType { .. } => map.serialize_entry("meta", &BTreeMap::<&str, ()>::new())?,
            Meta::Other { meta, .. } => map.serialize_entry("meta", meta)?,
        }
        if self.count == PresentationCount::Several {
            map.serialize_entry("multiple", &true)?;
        }
        if !self.trusted_authorities.is_empty() {
            map.serialize_entry("trusted_authorities", &self.trusted_authorities)?;
        }
        if self.holder_binding == HolderBinding::Absent {
            map.serialize_entry("require_cryptographic_holder_binding", &false)?;
        }
        if let Some(claims) = &self.claims {
            map.serialize_entry("claims", claims)?;
        }
        if !self.claim_sets.is_empty() {
            map.serialize_entry("claim_sets", &self.claim_sets)?;
        }
        map.end()
    }
}

fn entry<'v, T>(name: &'static str, value: &'v T) -> BTreeMap<&'static str, &'v T> {
    BTreeMap::from([(name, value)])
}

impl Serialize for TrustedAuthority {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        match self {
            Self::AuthorityKeyIdentifier(keys) => {
                let values: Vec<String> = keys.iter().map(|key| base64url::encode(key)).collect();
                map.serialize_entry("type", AUTHORITY_KEY_IDENTIFIER)?;
                map.serialize_entry("values", &values)?;
            }
            Self::EtsiTrustedList(lists) => {
                map.serialize_entry("type", ETSI_TRUSTED_LIST)?;
                map.serialize_entry("values", lists)?;
            }
            Self::Other { kind, values } => {
                map.serialize_entry("type", kind)?;
                map.serialize_entry("values", values)?;
            }
        }
        map.end()
    }
}

impl Serialize for CredentialSetQuery {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("options", &self.options)?;
        if self.requirement == SetRequirement::Optional {
            map.serialize_entry("required", &false)?;
        }
        map.end()
    }
}
