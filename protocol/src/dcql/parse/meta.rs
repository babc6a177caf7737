//! Which type a credential query asks for, by format (OpenID4VP, appendices B.1.1, B.2.3 and B.3.5).

use serde_json::{Map, Value};

use super::{DcqlError, MAX_CLAIM_VALUES, within};
use crate::dcql::query::{Meta, W3cFormat};
use crate::format::CredentialFormat;

/// The type; `None` when `meta` does not say it as the format has it.
pub(super) fn check_meta(format: String, meta: Map<String, Value>) -> Result<Option<Meta>, DcqlError> {
    match CredentialFormat::from_identifier(&format) {
        CredentialFormat::Other(_) => Ok(Some(Meta::Other { format, meta })),
        format if meta.is_empty() => Ok(Some(Meta::AnyType { format })),
        CredentialFormat::SdJwtVc => {
            let values = texts(meta.get("vct_values"), "vct_values")?;
            Ok(values.map(|vct_values| Meta::SdJwtVc { vct_values }))
        }
        CredentialFormat::MsoMdoc => {
            let doctype = meta.get("doctype_value").and_then(Value::as_str);
            Ok(doctype
                .filter(|doctype| !doctype.is_empty())
                .map(|doctype| Meta::MsoMdoc {
                    doctype_value: doctype.to_owned(),
                }))
        }
        CredentialFormat::LdpVc => w3c_meta(W3cFormat::LdpVc, &meta),
        CredentialFormat::JwtVcJson => w3c_meta(W3cFormat::JwtVcJson, &meta),
    }
}

fn w3c_meta(format: W3cFormat, meta: &Map<String, Value>) -> Result<Option<Meta>, DcqlError> {
    let Some(Value::Array(alternatives)) = meta.get("type_values") else {
        return Ok(None);
    };
    within(alternatives.len(), MAX_CLAIM_VALUES, "type_values")?;
    let lists: Vec<Option<Vec<String>>> = alternatives
        .iter()
        .map(|types| texts(Some(types), "type_values"))
        .collect::<Result<_, _>>()?;
    let type_values: Option<Vec<Vec<String>>> = lists.into_iter().collect();
    Ok(type_values
        .filter(|alternatives| !alternatives.is_empty())
        .map(|type_values| Meta::W3c { format, type_values }))
}

/// A non-empty list of texts; `None` for anything else.
fn texts(value: Option<&Value>, what: &'static str) -> Result<Option<Vec<String>>, DcqlError> {
    let Some(Value::Array(values)) = value else {
        return Ok(None);
    };
    within(values.len(), MAX_CLAIM_VALUES, what)?;
    let texts: Option<Vec<String>> = values
        .iter()
        .map(|value| value.as_str().map(str::to_owned))
        .collect();
    Ok(texts.filter(|texts| !texts.is_empty()))
}
