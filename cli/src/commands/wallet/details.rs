//! A held credential as JSON.

use serde_json::{Value, json};
use symbolon_credential::sd_jwt_vc::{RenderingResource, SimpleRendering, TypeRendering};
use symbolon_wallet_core::hold::{CredentialDetails, CredentialSummary, Disclosable};
use symbolon_wallet_core::record::StatusListKind;

use super::validity_text;

/// The JSON of `symbolon wallet show --json`.
pub(super) fn as_json(details: &CredentialDetails) -> Value {
    let claims: Vec<Value> = details
        .claims
        .iter()
        .map(|claim| {
            let mut entry = json!({
                "path": claim.path,
                "name": claim.name,
                "value": claim.value,
                "disclosable": match claim.disclosable {
                    Disclosable::Selectively => "selectively",
                    Disclosable::Always => "always",
                },
            });
            if let (Some(members), false) = (entry.as_object_mut(), claim.languages.is_empty()) {
                let languages = claim.languages.iter();
                let languages = languages.map(|one| json!({ "language": one.language, "value": one.value }));
                members.insert("languages".to_owned(), languages.collect());
            }
            entry
        })
        .collect();
    let status: Vec<Value> = details
        .status
        .iter()
        .map(|reference| {
            let purpose = match &reference.list {
                StatusListKind::Token => None,
                StatusListKind::Bitstring { purpose } => Some(purpose),
            };
            json!({ "list": reference.uri, "index": reference.index, "purpose": purpose })
        })
        .collect();
    let summary = &details.summary;
    let more = json!({
        "description": summary.description,
        "background_color": summary.background_color,
        "text_color": summary.text_color,
        "rendering": rendering_as_json(&details.rendering),
        "status": status,
        "claims": claims,
    });
    summary_as_json(summary, more)
}

/// The members that every credential is listed and shown with, and `more` behind them.
pub(super) fn summary_as_json(summary: &CredentialSummary, more: Value) -> Value {
    let mut members = json!({
        "id": summary.id.to_string(),
        "name": summary.name,
        "format": summary.format,
        "type": summary.credential_type,
        "issuer": summary.issuer,
        "received": summary.received.rfc3339(),
        "validity": validity_text(summary),
    });
    if let (Some(members), Value::Object(more)) = (members.as_object_mut(), more) {
        members.extend(more);
    }
    members
}

/// What an app would draw the credential with. Nothing of it is fetched here.
fn rendering_as_json(rendering: &TypeRendering) -> Value {
    let uri = |resource: &RenderingResource| resource.uri.to_string();
    let simple = rendering.simple.as_ref();
    let resource = |read: fn(&SimpleRendering) -> &Option<RenderingResource>| {
        simple.and_then(|simple| read(simple).as_ref().map(uri))
    };
    let templates: Vec<String> = rendering
        .svg_templates
        .iter()
        .map(|template| uri(&template.resource))
        .collect();
    json!({
        "logo": resource(|simple| &simple.logo),
        "logo_alternative_text": simple.and_then(|simple| simple.logo_alternative_text.as_deref()),
        "background_image": resource(|simple| &simple.background_image),
        "svg_templates": templates,
    })
}
