//! The DCQL query of a policy, derived from its rules so that the wallet discloses no more than they look at ([OpenID4VP §6]).
//!
//! [OpenID4VP §6]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-6

use serde_json::{Map, Value, json};
use symbolon_credential::claims_path::ClaimsPath;
use symbolon_protocol::dcql::DcqlQuery;

use super::compile::{ClaimRule, CredentialRule};
use super::document::{BindingRule, PolicyFormat, Presence};
use super::error::{PolicyError, PolicyProblem, at};

/// The query; `None` where all credentials are printed cards.
pub(super) fn derive(
    rules: &[CredentialRule],
    keep_evidence: bool,
) -> Result<Option<DcqlQuery>, PolicyError> {
    let mut credentials = Vec::with_capacity(rules.len());
    let mut groups: Vec<(&str, Presence, Vec<Value>)> = Vec::new();
    for (position, rule) in rules.iter().enumerate() {
        let Some(format) = rule.format.query_format() else {
            continue;
        };
        let credential = credential(rule, format, keep_evidence)
            .map_err(|problem| at(format!("credentials[{position}].claims"), problem))?;
        credentials.push(Value::Object(credential));
        let option = json!([rule.id]);
        match groups
            .iter_mut()
            .find(|(group, ..)| *group == rule.group.as_str())
        {
            Some((.., options)) => options.push(option),
            None => groups.push((rule.group.as_str(), rule.presence, vec![option])),
        }
    }
    if credentials.is_empty() {
        return Ok(None);
    }
    let mut query = Map::from_iter([("credentials".to_owned(), Value::Array(credentials))]);
    let plain = |(_, presence, options): &(&str, Presence, Vec<Value>)| {
        *presence == Presence::Required && options.len() == 1
    };
    if !groups.iter().all(plain) {
        let sets: Vec<Value> = groups
            .into_iter()
            .map(|(_, presence, options)| {
                json!({ "options": options, "required": presence == Presence::Required })
            })
            .collect();
        query.insert("credential_sets".to_owned(), Value::Array(sets));
    }
    DcqlQuery::parse(Value::Object(query).to_string().as_bytes())
        .map(Some)
        .map_err(|error| at("credentials", PolicyProblem::Derived(error)))
}

fn credential(
    rule: &CredentialRule,
    format: &str,
    keep_evidence: bool,
) -> Result<Map<String, Value>, PolicyProblem> {
    let meta = match rule.format {
        PolicyFormat::SdJwtVc => json!({ "vct_values": rule.types }),
        PolicyFormat::Mdoc => json!({ "doctype_value": rule.types.first() }),
        PolicyFormat::LdpVc | PolicyFormat::JwtVc | PolicyFormat::Claim169 => {
            let lists: Vec<[&String; 1]> = rule.types.iter().map(|iri| [iri]).collect();
            json!({ "type_values": lists })
        }
    };
    let mut members = Map::new();
    members.insert("id".to_owned(), json!(rule.id));
    members.insert("format".to_owned(), json!(format));
    members.insert("meta".to_owned(), meta);
    if rule.binding != BindingRule::Key {
        members.insert("require_cryptographic_holder_binding".to_owned(), json!(false));
    }
    let asked = Asked::of(rule, keep_evidence);
    if !asked.claims.is_empty() {
        if let Some(sets) = asked.sets()? {
            members.insert("claim_sets".to_owned(), json!(sets));
        }
        members.insert("claims".to_owned(), Value::Array(asked.claims));
    }
    Ok(members)
}

/// The claims of one credential, by their names in the claim sets.
#[derive(Default)]
struct Asked {
    claims: Vec<Value>,
    required: Vec<String>,
    optional: Vec<String>,
    /// One of these shows the age; the first discloses least.
    age: Vec<String>,
}

impl Asked {
    fn of(rule: &CredentialRule, keep_evidence: bool) -> Self {
        let mut asked = Self::default();
        let retained =
            |path: &ClaimsPath| keep_evidence || rule.keep_claims.iter().any(|kept| kept.agrees_with(path));
        for ClaimRule {
            path,
            presence,
            values,
            ..
        } in &rule.claims
        {
            let id = format!("claim{}", asked.claims.len());
            asked.claims.push(claim(
                &id,
                rule.format,
                json!(path),
                json!(values),
                retained(path),
            ));
            match presence {
                Presence::Required => asked.required.push(id),
                Presence::Optional => asked.optional.push(id),
            }
        }
        let Some(age) = &rule.age else {
            return asked;
        };
        let sources: Vec<_> = age
            .claims
            .iter()
            .map(|path| (path, json!([true])))
            .chain(age.birth_date.iter().map(|path| (path, json!([]))))
            .collect();
        // A claim that is asked for anyway shows the age: then nothing more is needed.
        if sources.iter().any(|(path, _)| rule.requires(path)) {
            return asked;
        }
        for (path, values) in sources {
            let id = format!("age{}", asked.age.len());
            asked
                .claims
                .push(claim(&id, rule.format, json!(path), values, retained(path)));
            asked.age.push(id);
        }
        asked
    }

    /// The combinations, the favourite first: as little about the age as possible, then as much of what is optional. None where
    /// everything is wanted.
    fn sets(&self) -> Result<Option<Vec<Vec<&String>>>, PolicyProblem> {
        if self.age.is_empty() && self.optional.is_empty() {
            return Ok(None);
        }
        if self.age.is_empty() && self.required.is_empty() {
            return Err(PolicyProblem::OnlyOptionalClaims);
        }
        let ages: Vec<Option<&String>> = if self.age.is_empty() {
            vec![None]
        } else {
            self.age.iter().map(Some).collect()
        };
        let mut sets = Vec::new();
        for age in ages {
            let least: Vec<&String> = self.required.iter().chain(age).collect();
            if !self.optional.is_empty() {
                sets.push(least.iter().copied().chain(&self.optional).collect());
            }
            sets.push(least);
        }
        Ok(Some(sets))
    }
}

fn claim(id: &str, format: PolicyFormat, path: Value, values: Value, retained: bool) -> Value {
    let mut claim = Map::from_iter([("id".to_owned(), json!(id)), ("path".to_owned(), path)]);
    if values.as_array().is_some_and(|values| !values.is_empty()) {
        claim.insert("values".to_owned(), values);
    }
    if format == PolicyFormat::Mdoc {
        // OpenID4VP appendix B.2.4: the wallet shows whether the element is kept.
        claim.insert("intent_to_retain".to_owned(), json!(retained));
    }
    Value::Object(claim)
}
