use super::*;

const DOCUMENT: &str = r#"{
    "credential_issuer":"https://registry.example/tenant",
    "credential_endpoint":"https://registry.example/credential",
    "nonce_endpoint":"https://registry.example/nonce",
    "display":[{"name":"Registry","locale":"en"}],
    "credential_configurations_supported":{
        "national-identity":{
            "format":"dc+sd-jwt","vct":"https://registry.example/types/national-identity",
            "credential_signing_alg_values_supported":["ES256"],
            "cryptographic_binding_methods_supported":["jwk"],
            "proof_types_supported":{"jwt":{"proof_signing_alg_values_supported":["ES256"]}},
            "credential_metadata":{"display":[{"name":"National identity"}],"claims":[{"path":["name"]}]}
        },
        "licence":{"format":"mso_mdoc","doctype":"org.iso.18013.5.1.mDL","credential_signing_alg_values_supported":[-7, "ES256"],
            "cryptographic_binding_methods_supported":["cose_key"],
            "proof_types_supported":{"jwt":{"proof_signing_alg_values_supported":["ES256"]}},
            "credential_metadata":{"claims":[{"path":["org.iso.18013.5.1","family_name"]}]}},
        "linked":{"format":"ldp_vc","credential_signing_alg_values_supported":["ecdsa-sd-2023"],
            "credential_definition":{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiableCredential"]}},
        "token":{"format":"jwt_vc_json","credential_definition":{"type":["VerifiableCredential","Identity"]}},
        "other":{"format":"ac_vc","anything":1}
    }
}"#;

fn issuer() -> IssuerIdentifier {
    IssuerIdentifier::parse("https://registry.example/tenant").unwrap()
}

fn parse(document: &str) -> Result<IssuerMetadata, IssuerMetadataError> {
    IssuerMetadata::parse(document.as_bytes(), &issuer(), UrlPolicy::Public)
}

#[test]
fn reads_every_format_of_the_suite_and_tolerates_others() {
    let metadata = parse(DOCUMENT).unwrap();
    let at = |id: &str| &metadata.credential_configurations_supported[&ConfigurationId::parse(id).unwrap()];
    assert!(matches!(
        at("national-identity"),
        CredentialConfiguration::SdJwtVc(_)
    ));
    let CredentialConfiguration::MsoMdoc(licence) = at("licence") else {
        panic!("an mdoc configuration")
    };
    assert_eq!(licence.doctype, "org.iso.18013.5.1.mDL");
    assert_eq!(licence.credential_signing_alg_values_supported, [-7]);
    assert!(
        matches!(at("linked"), CredentialConfiguration::LdpVc(it) if it.credential_definition.context.len() == 1)
    );
    assert!(
        matches!(at("token"), CredentialConfiguration::JwtVcJson(it) if it.credential_definition.types.len() == 2)
    );
    assert_eq!(at("other"), &CredentialConfiguration::Unsupported);
    assert!(metadata.accepts_plain_messages());
    assert_eq!(metadata.batch_size(), 1);
}

#[test]
fn its_own_metadata_reads_back() {
    let mut metadata = parse(DOCUMENT).unwrap();
    metadata
        .credential_configurations_supported
        .retain(|_, it| *it != CredentialConfiguration::Unsupported);
    assert_eq!(parse(&serde_json::to_string(&metadata).unwrap()), Ok(metadata));
}

#[test]
fn the_issuer_is_compared_as_text() {
    let document = DOCUMENT.replace("example/tenant\"", "example/tenant/\"");
    assert_eq!(parse(&document), Err(IssuerMetadataError::IssuerMismatch));
}

#[test]
fn each_broken_document_is_refused_for_its_own_reason() {
    let configuration = |source| IssuerMetadataError::Configuration {
        id: ConfigurationId::parse("national-identity").unwrap(),
        source,
    };
    for (from, to, error) in [
        (
            "https://registry.example/nonce",
            "http://registry.example/nonce",
            IssuerMetadataError::EndpointNotPermitted,
        ),
        (
            "\"nonce_endpoint\"",
            "\"authorization_servers\":[],\"n\"",
            IssuerMetadataError::NoAuthorizationServer,
        ),
        (
            "\"nonce_endpoint\"",
            "\"batch_credential_issuance\":{\"batch_size\":1},\"n\"",
            IssuerMetadataError::BatchSize,
        ),
        (
            "[\"jwk\"]",
            "[]",
            configuration(ConfigurationError::BindingWithoutProof),
        ),
        (
            "\"proof_signing_alg_values_supported\":[\"ES256\"]",
            "\"proof_signing_alg_values_supported\":[]",
            configuration(ConfigurationError::NoProofAlgorithm),
        ),
        ("\"format\":\"mso_mdoc\",", "", IssuerMetadataError::Malformed),
        (
            "https://registry.example/types/national-identity",
            "",
            configuration(ConfigurationError::EmptyVct),
        ),
        (
            "org.iso.18013.5.1.mDL",
            "",
            IssuerMetadataError::Configuration {
                id: ConfigurationId::parse("licence").unwrap(),
                source: ConfigurationError::EmptyDoctype,
            },
        ),
        (
            "\"type\":[\"VerifiableCredential\",\"Identity\"]",
            "\"type\":[]",
            IssuerMetadataError::Configuration {
                id: ConfigurationId::parse("token").unwrap(),
                source: ConfigurationError::CredentialDefinition,
            },
        ),
    ] {
        assert_eq!(parse(&DOCUMENT.replacen(from, to, 1)), Err(error), "{to}");
    }
}

#[test]
fn an_offer_cannot_bring_its_own_authorization_server() {
    let foreign = IssuerIdentifier::parse("https://attacker.example").unwrap();
    let metadata = parse(DOCUMENT).unwrap();
    assert_eq!(metadata.authorization_server(None), Ok(&issuer()));
    assert_eq!(
        metadata.authorization_server(Some(&foreign)),
        Err(IssuerMetadataError::UnknownAuthorizationServer)
    );
    let several = DOCUMENT.replace(
        "\"nonce_endpoint\"",
        "\"authorization_servers\":[\"https://as.example\"],\"n\"",
    );
    let metadata = parse(&several).unwrap();
    assert_eq!(
        metadata.authorization_server(None).unwrap().as_str(),
        "https://as.example"
    );
    assert_eq!(
        metadata.authorization_server(Some(&foreign)),
        Err(IssuerMetadataError::UnknownAuthorizationServer)
    );
}
