//! Mistakes in a configuration: each is refused, and named by its key.

use super::*;

/// Replaces `from` in a shipped mapping and says why the result is refused.
fn refusal(mapping: &str, from: &str, to: &str) -> String {
    let text = mapping.replacen(from, to, 1);
    assert_ne!(text, mapping, "{from}");
    CredentialConfiguration::parse(&text).unwrap_err().to_string()
}

#[test]
fn every_mistake_in_a_key_of_a_format_names_the_key() {
    use symbolon_schemas::{
        MOBILE_DRIVING_LICENCE, NATIONAL_IDENTITY_JWT, NATIONAL_IDENTITY_LD, NATIONAL_IDENTITY_MDOC,
        NATIONAL_IDENTITY_SELECTIVE,
    };
    let sd_jwt = NATIONAL_IDENTITY.mapping;
    let mdoc = NATIONAL_IDENTITY_MDOC.mapping;
    let (ld, jwt) = (NATIONAL_IDENTITY_LD.mapping, NATIONAL_IDENTITY_JWT.mapping);
    let doctype = "doctype = \"org.symbolon.national-id.1\"";
    for (mapping, from, to, key) in [
        (
            sd_jwt,
            "type-path = \"types/national-identity\"",
            "",
            "type-path: is missing",
        ),
        (
            sd_jwt,
            "validity-days = 365",
            "decoys = 33\nvalidity-days = 365",
            "decoys: ",
        ),
        (
            sd_jwt,
            "validity-days = 365",
            "doctype = \"x\"\nvalidity-days = 365",
            "doctype: is a key of another format",
        ),
        (
            sd_jwt,
            "transform = \"date-iso\"",
            "transform = \"date-compact\"",
            "claims[3].transform: ",
        ),
        (
            sd_jwt,
            "{ picture-data-uri = { max-bytes = 6144 } }",
            "{ picture-jpeg = { max-bytes = 6144 } }",
            "claims[22].transform: ",
        ),
        (mdoc, doctype, "", "doctype: is missing"),
        (mdoc, doctype, "doctype = \"\"", "doctype: "),
        (
            mdoc,
            "[\"org.symbolon.transaction.1\", \"transaction_data_hashes\"]",
            "[\"\", \"x\"]",
            "device-elements[0]: must be a namespace",
        ),
        (
            mdoc,
            "[\"org.symbolon.transaction.1\", \"transaction_data_hashes\"]",
            "[\"org.symbolon.national-id.1\", \"x\"]",
            "device-elements[0]: is in a namespace of the claims",
        ),
        (
            sd_jwt,
            "validity-days = 365",
            "device-elements = [[\"a\", \"b\"]]\nvalidity-days = 365",
            "device-elements: is a key of another format",
        ),
        (
            mdoc,
            doctype,
            "type-path = \"types/x\"\ndoctype = \"x\"",
            "type-path: is a key of another format",
        ),
        (
            mdoc,
            "\"full_name\"]",
            "\"full\", \"name\"]",
            "claims[1].path: must be a namespace",
        ),
        (
            mdoc,
            "disclosure = \"selectable\"",
            "disclosure = \"always\"",
            "claims[0].disclosure: ",
        ),
        (
            mdoc,
            "{ picture-jpeg",
            "{ picture-data-uri",
            "claims[19].transform: ",
        ),
        (
            mdoc,
            "max-bytes = 8192",
            "max-bytes = 1",
            "claims[19].transform.picture-jpeg.max-bytes: ",
        ),
        (
            mdoc,
            "constant = \"XX\"",
            "constant = \"\"",
            "claims[23].transform.constant: ",
        ),
        (
            mdoc,
            "transform = \"issue-date\"",
            "source = [\"UIN\"]\ntransform = \"issue-date\"",
            "claims[20].source: ",
        ),
        (
            mdoc,
            "code-to-number = \"sex\"",
            "code-to-number = \"gender\"",
            "claims[7].transform.code-to-number: ",
        ),
        (
            MOBILE_DRIVING_LICENCE.mapping,
            "transform = \"driving-privileges\"",
            "language = \"all\"\ntransform = \"driving-privileges\"",
            "claims[11].language: ",
        ),
        (
            ld,
            "cryptosuite = \"eddsa-rdfc-2022\"",
            "",
            "cryptosuite: is missing",
        ),
        (ld, "eddsa-rdfc-2022", "rsa-signature-2018", "rsa-signature-2018"),
        (
            ld,
            "types = [\"NationalIdentityCredential\"]",
            "",
            "types: is missing",
        ),
        (ld, "[\"NationalIdentityCredential\"]", "[]", "types: "),
        (
            ld,
            "\"NationalIdentityCredential\"",
            "\"VerifiableCredential\"",
            "types[0]: ",
        ),
        (
            ld,
            "\"NationalIdentityCredential\"",
            "\"National Identity\"",
            "types[0]: ",
        ),
        (ld, "context = \"national-identity\"", "", "context: is missing"),
        (
            ld,
            "context = \"national-identity\"",
            "context = \"../x\"",
            "context: ",
        ),
        (
            ld,
            "path = [\"fullName\"]",
            "path = [\"name\"]",
            "claims[1].path: names a term of VCDM 2.0",
        ),
        (
            ld,
            "path = [\"fullName\"]",
            "path = [\"full-name\"]",
            "claims[1].path: ",
        ),
        (
            ld,
            "path = [\"address\", \"region\"]",
            "path = [\"address\", \"birthDate\"]",
            "claims[12].path: ",
        ),
        (
            ld,
            "disclosure = \"always\"",
            "disclosure = \"selectable\"",
            "claims[0].disclosure: ",
        ),
        (
            ld,
            "{ picture-data-uri",
            "{ picture-jpeg",
            "claims[17].transform: ",
        ),
        (
            ld,
            "transform = \"text\"",
            "transform = \"driving-privileges\"",
            "claims[0].transform: ",
        ),
        (
            jwt,
            "signing-algorithm = \"ES256\"",
            "signing-algorithm = \"none\"",
            "none",
        ),
        (
            jwt,
            "signing-algorithm = \"ES256\"",
            "cryptosuite = \"ecdsa-sd-2023\"",
            "cryptosuite: is a key of another format",
        ),
        (
            jwt,
            "disclosure = \"always\"",
            "disclosure = \"selectable\"",
            "claims[0].disclosure: ",
        ),
        (
            NATIONAL_IDENTITY_SELECTIVE.mapping,
            "format = \"ldp_vc\"",
            "format = \"jwt_vc_json\"",
            "cryptosuite: is a key of another format",
        ),
    ] {
        let message = refusal(mapping, from, to);
        assert!(message.contains(key), "{to}: {message}");
    }
}

#[test]
fn every_mistake_in_a_configuration_names_its_key() {
    let replaced = |from: &str, to: &str| refusal(NATIONAL_IDENTITY.mapping, from, to);
    for (from, to, key) in [
        ("id = \"NationalIdentity\"", "id = \"National/Identity\"", "id: "),
        ("format = \"dc+sd-jwt\"", "format = \"vc+sd-jwt\"", "dc+sd-jwt"),
        ("types/national-identity\"", "types/../../admin\"", "type-path: "),
        ("validity-days = 365", "validity-days = 0", "validity-days: "),
        ("validity-days = 365", "validty-days = 365", "validty-days"),
        ("#12394a", "red", "display[0].background-color: "),
        ("locale = \"fr\"", "locale = \"EN\"", "display[1].locale: "),
        ("path = [\"full_name\"]", "path = [\"iss\"]", "claims[1].path: "),
        ("path = [\"full_name\"]", "path = [\"_sd\"]", "claims[1].path: "),
        ("path = [\"full_name\"]", "path = []", "claims[1].path: "),
        (
            "path = [\"full_name\"]",
            "path = [\"personal_administrative_number\", \"x\"]",
            "claims[1].path: ",
        ),
        (
            "source = [\"UIN\"]",
            "source = [\"UIN\", \"email\"]",
            "claims[0].source: ",
        ),
        ("source = [\"UIN\"]", "source = []", "claims[0].source: "),
        ("language = \"all\"", "language = \"english\"", "ISO 639-3"),
        ("transform = \"date-iso\"", "transform = \"shout\"", "shout"),
        (
            "{ age-over = 16 }",
            "{ age-over = 0 }",
            "claims[4].transform.age-over: ",
        ),
        (
            "code-to-label = \"gender\"",
            "code-to-label = \"sex\"",
            "claims[7].transform.code-to-label: ",
        ),
        (
            "max-bytes = 6144",
            "max-bytes = 1",
            "claims[22].transform.picture-data-uri.max-bytes: ",
        ),
        (
            "transform = \"date-iso\"",
            "transform = \"date-iso\"\nlanguage = \"all\"",
            "claims[3].language: ",
        ),
        (
            "disclosure = \"selectable\"",
            "disclosure = \"sometimes\"",
            "sometimes",
        ),
        (
            "attribute = \"full-name\"",
            "attribute = \"id\"",
            "card[1].attribute: ",
        ),
        (
            "transform = \"date-compact\"",
            "transform = \"date-iso\"",
            "unknown variant `date-iso`",
        ),
        (
            "code-to-number = \"gender\"",
            "code-to-number = \"sex\"",
            "card[3].transform.code-to-number: ",
        ),
    ] {
        let message = replaced(from, to);
        assert!(message.contains(key), "{to}: {message}");
    }
}
