#![doc = include_str!("../README.md")]

/// The default identity schema 0.1 in the shape in which MOSIP deployments exchange it: an `identity` object whose
/// fields carry categories and `validators`.
pub const ID_OBJECT: &str = include_str!("../identity/id-object.json");

/// JSON Schema (draft-07) of one ID record of the default identity schema, without the `identity` wrapper. Unlike
/// [`ID_OBJECT`] it demands the `UIN`, because only residents who have one can be issued to.
pub const ID_RECORD_SCHEMA: &str = include_str!("../identity/id-record.schema.json");

/// A file that says how a credential is made from an ID record, and what belongs to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CredentialTemplate {
    /// Credential configuration identifier, as offers name it.
    pub id: &'static str,
    /// The mapping, TOML. Its own head describes the keys.
    pub mapping: &'static str,
    /// SD-JWT VC type metadata, JSON, with [`VCT_PLACEHOLDER`] where the credential type goes; `None` for other formats.
    pub type_metadata: Option<&'static str>,
}

/// The national identity credential as an SD-JWT VC.
pub const NATIONAL_IDENTITY: CredentialTemplate = CredentialTemplate {
    id: "NationalIdentity",
    mapping: include_str!("../credentials/national-identity.toml"),
    type_metadata: Some(include_str!(
        "../credentials/national-identity.type-metadata.json"
    )),
};

/// The national identity credential as an ISO mdoc.
pub const NATIONAL_IDENTITY_MDOC: CredentialTemplate = CredentialTemplate {
    id: "NationalIdentityMdoc",
    mapping: include_str!("../credentials/national-identity-mdoc.toml"),
    type_metadata: None,
};

/// The mobile driving licence of ISO/IEC 18013-5.
pub const MOBILE_DRIVING_LICENCE: CredentialTemplate = CredentialTemplate {
    id: "MobileDrivingLicence",
    mapping: include_str!("../credentials/mobile-driving-licence.toml"),
    type_metadata: None,
};

/// The national identity credential of the W3C data model, secured whole by a Data Integrity proof.
pub const NATIONAL_IDENTITY_LD: CredentialTemplate = CredentialTemplate {
    id: "NationalIdentityLd",
    mapping: include_str!("../credentials/national-identity-ld.toml"),
    type_metadata: None,
};

/// The national identity credential of the W3C data model, of which the holder shows parts.
pub const NATIONAL_IDENTITY_SELECTIVE: CredentialTemplate = CredentialTemplate {
    id: "NationalIdentitySelective",
    mapping: include_str!("../credentials/national-identity-selective.toml"),
    type_metadata: None,
};

/// The national identity credential of the W3C data model as a JWT.
pub const NATIONAL_IDENTITY_JWT: CredentialTemplate = CredentialTemplate {
    id: "NationalIdentityJwt",
    mapping: include_str!("../credentials/national-identity-jwt.toml"),
    type_metadata: None,
};

/// Every credential that is shipped.
pub const CREDENTIALS: &[CredentialTemplate] = &[
    NATIONAL_IDENTITY,
    NATIONAL_IDENTITY_MDOC,
    MOBILE_DRIVING_LICENCE,
    NATIONAL_IDENTITY_LD,
    NATIONAL_IDENTITY_SELECTIVE,
    NATIONAL_IDENTITY_JWT,
];

/// Fields of shipped mappings that the default identity schema does not name: a country that issues driving licences adds
/// them to its records.
pub const EXTENSION_FIELDS: &[&str] = &[
    "familyName",
    "givenName",
    "drivingLicenceNumber",
    "drivingPrivileges",
];

/// A DCQL query that a verifier may start from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueryTemplate {
    /// Short name, unique among the templates.
    pub name: &'static str,
    /// The `dcql_query`, JSON, with [`VCT_PLACEHOLDER`] where the credential type goes, and [`CONTEXTS_PLACEHOLDER`] where
    /// the contexts of W3C credentials are.
    pub dcql: &'static str,
}

impl QueryTemplate {
    /// The query for the credentials of an issuer: `vct` is the type of its SD-JWT VCs.
    #[must_use]
    pub fn for_issuer(&self, issuer: &str, vct: &str) -> String {
        let contexts = format!("{}/contexts", issuer.trim_end_matches('/'));
        self.dcql
            .replace(VCT_PLACEHOLDER, vct)
            .replace(CONTEXTS_PLACEHOLDER, &contexts)
    }
}

/// Is the customer 18 or older, and does the face match? Nothing else is asked.
pub const AGE_OVER_18: QueryTemplate = QueryTemplate {
    name: "age-over-18",
    dcql: include_str!("../queries/age-over-18.json"),
};

/// The same of an ISO mdoc.
pub const AGE_OVER_18_MDOC: QueryTemplate = QueryTemplate {
    name: "age-over-18-mdoc",
    dcql: include_str!("../queries/age-over-18-mdoc.json"),
};

/// The same of a W3C credential with a Data Integrity proof.
pub const AGE_OVER_18_LD: QueryTemplate = QueryTemplate {
    name: "age-over-18-ld",
    dcql: include_str!("../queries/age-over-18-ld.json"),
};

/// The same of a W3C credential as a JWT.
pub const AGE_OVER_18_JWT: QueryTemplate = QueryTemplate {
    name: "age-over-18-jwt",
    dcql: include_str!("../queries/age-over-18-jwt.json"),
};

/// The same of whichever format the customer has.
pub const AGE_OVER_18_ANY: QueryTemplate = QueryTemplate {
    name: "age-over-18-any",
    dcql: include_str!("../queries/age-over-18-any.json"),
};

/// What whoever hires out cars must see of a mobile driving licence.
pub const DRIVING_LICENCE: QueryTemplate = QueryTemplate {
    name: "driving-licence",
    dcql: include_str!("../queries/driving-licence.json"),
};

/// What a bank or a telephone company must know of a new customer.
pub const KNOW_YOUR_CUSTOMER: QueryTemplate = QueryTemplate {
    name: "know-your-customer",
    dcql: include_str!("../queries/know-your-customer.json"),
};

/// Every query that is shipped.
pub const QUERIES: &[QueryTemplate] = &[
    AGE_OVER_18,
    AGE_OVER_18_MDOC,
    AGE_OVER_18_LD,
    AGE_OVER_18_JWT,
    AGE_OVER_18_ANY,
    DRIVING_LICENCE,
    KNOW_YOUR_CUSTOMER,
];

/// A JSON-LD context document, exactly as its URL serves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContextDocument {
    /// Its URL.
    pub url: &'static str,
    /// The document, JSON.
    pub document: &'static str,
}

/// The contexts that the specifications tell an implementation to ship; they are never fetched. `contexts/README.md` says
/// where they come from.
pub const CONTEXTS: &[ContextDocument] = &[
    ContextDocument {
        url: "https://www.w3.org/2018/credentials/v1",
        document: include_str!("../contexts/credentials-v1.jsonld"),
    },
    ContextDocument {
        url: "https://www.w3.org/ns/credentials/v2",
        document: include_str!("../contexts/credentials-v2.jsonld"),
    },
    ContextDocument {
        url: "https://www.w3.org/ns/credentials/undefined-terms/v2",
        document: include_str!("../contexts/credentials-undefined-terms-v2.jsonld"),
    },
    ContextDocument {
        url: "https://w3id.org/security/data-integrity/v1",
        document: include_str!("../contexts/data-integrity-v1.jsonld"),
    },
    ContextDocument {
        url: "https://w3id.org/security/data-integrity/v2",
        document: include_str!("../contexts/data-integrity-v2.jsonld"),
    },
    ContextDocument {
        url: "https://w3id.org/security/multikey/v1",
        document: include_str!("../contexts/multikey-v1.jsonld"),
    },
    ContextDocument {
        url: "https://w3id.org/security/jwk/v1",
        document: include_str!("../contexts/jwk-v1.jsonld"),
    },
    ContextDocument {
        url: "https://w3id.org/security/suites/ed25519-2020/v1",
        document: include_str!("../contexts/ed25519-2020-v1.jsonld"),
    },
    ContextDocument {
        url: "https://w3id.org/security/v1",
        document: include_str!("../contexts/security-v1.jsonld"),
    },
    ContextDocument {
        url: "https://w3id.org/security/v2",
        document: include_str!("../contexts/security-v2.jsonld"),
    },
    ContextDocument {
        url: "https://www.w3.org/ns/did/v1",
        document: include_str!("../contexts/did-v1.jsonld"),
    },
];

/// Stands for the credential type (`vct`) in type metadata and queries, which are written before the issuer has a name.
pub const VCT_PLACEHOLDER: &str = "{vct}";

/// Stands in queries for the URL below which the issuer's JSON-LD contexts are.
pub const CONTEXTS_PLACEHOLDER: &str = "{contexts}";

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    fn json(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    fn keys(object: &Value) -> BTreeSet<String> {
        object.as_object().unwrap().keys().cloned().collect()
    }

    #[test]
    fn the_record_schema_knows_the_fields_of_the_id_object() {
        let object = json(ID_OBJECT);
        let record = json(ID_RECORD_SCHEMA);
        let mut known = keys(&object["properties"]["identity"]["properties"]);
        // Deployments keep the virtual identifier elsewhere; a record may bring it along.
        known.insert("VID".to_owned());
        assert_eq!(known, keys(&record["properties"]));
        let required = |schema: &Value| -> BTreeSet<String> {
            schema["required"]
                .as_array()
                .unwrap()
                .iter()
                .map(|f| f.as_str().unwrap().to_owned())
                .collect()
        };
        let mut expected = required(&object["properties"]["identity"]);
        expected.insert("UIN".to_owned());
        assert_eq!(required(&record), expected);
    }

    #[test]
    fn mappings_and_type_metadata_describe_the_same_claims() {
        for credential in CREDENTIALS {
            let mapping: toml::Value = toml::from_str(credential.mapping).unwrap();
            assert_eq!(mapping["id"].as_str().unwrap(), credential.id);
            let mapped: Vec<Vec<&str>> = mapping["claims"]
                .as_array()
                .unwrap()
                .iter()
                .map(|claim| {
                    claim["path"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|p| p.as_str().unwrap())
                        .collect()
                })
                .collect();
            let Some(metadata) = credential.type_metadata.map(json) else {
                assert_ne!(mapping["format"].as_str(), Some("dc+sd-jwt"));
                continue;
            };
            let described: Vec<Vec<&str>> = metadata["claims"]
                .as_array()
                .unwrap()
                .iter()
                .map(|claim| {
                    claim["path"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|p| p.as_str().unwrap())
                        .collect()
                })
                .collect();
            assert_eq!(mapped, described);
            assert_eq!(metadata["vct"], VCT_PLACEHOLDER);
        }
    }

    #[test]
    fn mappings_read_fields_that_the_record_schema_knows() {
        let fields = keys(&json(ID_RECORD_SCHEMA)["properties"]);
        for credential in CREDENTIALS {
            let mapping: toml::Value = toml::from_str(credential.mapping).unwrap();
            for claim in mapping["claims"].as_array().unwrap() {
                for source in claim
                    .get("source")
                    .iter()
                    .flat_map(|list| list.as_array().unwrap())
                {
                    let source = source.as_str().unwrap();
                    assert!(
                        fields.contains(source) || EXTENSION_FIELDS.contains(&source),
                        "{source}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_query_is_written_for_its_issuer() {
        let text = AGE_OVER_18_ANY.for_issuer("https://registry.example", "https://registry.example/types/1");
        assert!(
            text.contains("https://registry.example/contexts/national-identity#NationalIdentityCredential")
        );
        assert!(text.contains("https://registry.example/types/1"));
        for query in QUERIES {
            let text = query.for_issuer("https://registry.example", "x");
            assert!(!text.contains("{vct}") && !text.contains("{contexts}"));
        }
    }

    #[test]
    fn queries_ask_for_claims_that_a_shipped_credential_has() {
        let mappings: Vec<toml::Value> = CREDENTIALS
            .iter()
            .map(|credential| toml::from_str(credential.mapping).unwrap())
            .collect();
        for query in QUERIES {
            let dcql = json(query.dcql);
            for credential in dcql["credentials"].as_array().unwrap() {
                // What is mapped is below the subject of a W3C credential.
                let below = usize::from(credential["meta"].get("type_values").is_some());
                let asked: Vec<Vec<&str>> = credential["claims"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|claim| {
                        let path = claim["path"].as_array().unwrap();
                        path.iter()
                            .skip(below)
                            .map(|part| part.as_str().unwrap())
                            .collect()
                    })
                    .collect();
                let has = |mapping: &toml::Value, path: &[&str]| {
                    mapping["claims"].as_array().unwrap().iter().any(|claim| {
                        let own = claim["path"].as_array().unwrap();
                        own.iter()
                            .map(|part| part.as_str().unwrap())
                            .eq(path.iter().copied())
                    })
                };
                let fits = mappings.iter().any(|mapping| {
                    mapping["format"].as_str() == credential["format"].as_str()
                        && asked.iter().all(|path| has(mapping, path))
                });
                assert!(fits, "{} {}", query.name, credential["id"]);
            }
        }
    }
}
