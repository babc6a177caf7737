//! Keys as their operator keeps them: encrypted, certified from another machine, replaced.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::harness::{Installation, Role, free_port, symbolon};
use crate::story::{ask, import_people, receive};

const PASSPHRASE: &str = "correct horse battery staple";

fn private(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// The first bytes of no secret key are in any file below the folder.
fn plain_keys(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(plain_keys(&path));
        } else if fs::read(&path)
            .unwrap()
            .windows(11)
            .any(|window| window == b"PRIVATE KEY")
        {
            found.push(path.display().to_string());
        }
    }
    found
}

#[test]
fn an_installation_with_encrypted_keys_and_an_offline_root_issues_and_verifies() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    private(&folder.path().join("keys.passphrase"), PASSPHRASE);
    private(
        &folder.path().join("roots.passphrase"),
        "another long passphrase\n",
    );
    let (issuer, verifier) = (
        format!("http://127.0.0.1:{}", free_port()),
        format!("http://127.0.0.1:{}", free_port()),
    );
    let installation = Installation::new_with(&[
        "--issuer",
        &issuer,
        "--verifier",
        &verifier,
        "--encrypt-keys",
        "--key-passphrase-file",
        &path("keys.passphrase"),
        "--offline-root",
        &path("roots"),
        "--root-passphrase-file",
        &path("roots.passphrase"),
    ]);
    assert_eq!(plain_keys(installation.folder()), Vec::<String>::new());
    assert_eq!(plain_keys(&folder.path().join("roots")), Vec::<String>::new());

    let uin = import_people(&installation);
    {
        let _issuer = installation.serve(Role::Issuer);
        let _verifier = installation.serve(Role::Verifier);
        receive(&installation, &uin);
    }
    let listed = installation.json(&["keys", "list", "--json"]);
    assert_eq!(listed["encrypted"], true);
    let state = |purpose: &str| {
        let keys = listed["keys"].as_array().unwrap();
        let key = keys.iter().find(|key| key["purpose"] == purpose).unwrap();
        key["state"].as_str().unwrap().to_owned()
    };
    for root in ["issuers-root", "documents-root", "relying-parties-root"] {
        assert_eq!(state(root), "offline");
    }
    assert_eq!(state("credential-signing"), "current");

    // Without the passphrase nothing starts, and nothing says what it is.
    private(
        &folder.path().join("keys.passphrase"),
        "correct horse battery stable",
    );
    let said = installation.fails(1, &["issuer", "serve"]);
    assert!(
        said.contains("the passphrase is wrong, or the file was changed"),
        "{said}"
    );
    assert!(!said.contains("stable"), "{said}");
    fs::set_permissions(
        folder.path().join("keys.passphrase"),
        std::os::unix::fs::PermissionsExt::from_mode(0o644),
    )
    .unwrap();
    let said = installation.fails(1, &["issuer", "serve"]);
    assert!(said.contains("readable by its owner alone"), "{said}");
    private(&folder.path().join("keys.passphrase"), PASSPHRASE);

    // The ceremony: a new key, asked for here, certified where the roots are, brought back.
    let before = thumbprint(&installation, "credential-signing");
    let request = path("credential.csr");
    installation.ok(&[
        "keys",
        "request",
        "credential-signing",
        "--new-key",
        "--out",
        &request,
    ]);
    openssl_verifies(&request);
    let sign = |purpose: &str, out: &str| {
        let mut command = symbolon();
        command.args([
            "keys",
            "sign",
            &request,
            "--as",
            purpose,
            "--root",
            &path("roots"),
            "--out",
            out,
        ]);
        command.args(["--passphrase-file", &path("roots.passphrase")]);
        command.output().unwrap()
    };
    let signed = path("credential.pem");
    let refused = sign("status-signing", &signed);
    assert_eq!(refused.status.code(), Some(1));
    let output = sign("credential-signing", &signed);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );

    // A certificate for another purpose is refused, and the old one stays.
    let said = installation.fails(1, &["keys", "import", "status-signing", &signed]);
    assert!(said.contains("for another key"), "{said}");
    installation.ok(&["keys", "import", "credential-signing", &signed]);
    let after = thumbprint(&installation, "credential-signing");
    assert_ne!(before, after);

    let _issuer = installation.serve(Role::Issuer);
    let _verifier = installation.serve(Role::Verifier);
    let metadata = get(&format!("{issuer}/.well-known/jwt-vc-issuer"));
    for kid in [&before, &after] {
        assert!(metadata.contains(kid.as_str()), "{metadata}");
    }
    // The wallet holds a credential of each key; both are accepted.
    present(&installation);
    receive(&installation, &uin);
    present(&installation);
}

/// Answers a request with what the wallet holds, and expects it to be valid.
pub(crate) fn present(installation: &Installation) {
    let id = ask(installation);
    installation.ok(&["wallet", "present", "request.png", "--yes"]);
    assert!(
        installation
            .ok(&["request", "show", &id, "--wait"])
            .contains("VALID")
    );
}

fn get(url: &str) -> String {
    let (_, rest) = url.split_once("://").unwrap();
    let (host, path) = rest.split_once('/').unwrap();
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(host).unwrap();
    write!(
        stream,
        "GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn thumbprint(installation: &Installation, purpose: &str) -> String {
    let listed = installation.json(&["keys", "list", "--json"]);
    let keys = listed["keys"].as_array().unwrap();
    let key = keys
        .iter()
        .find(|key| key["purpose"] == purpose && key["state"] == "current");
    key.unwrap()["thumbprint"].as_str().unwrap().to_owned()
}

/// What somebody else's program makes of a request. It says so where there is none.
#[expect(
    clippy::print_stderr,
    reason = "whoever runs the tests is told what was not tested"
)]
fn openssl_verifies(request: &str) {
    match Command::new("openssl")
        .args(["req", "-verify", "-noout", "-in", request])
        .output()
    {
        Ok(output) => assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        ),
        Err(_) => eprintln!("openssl is not on this machine: the request was not shown to it"),
    }
}

#[test]
fn plain_keys_are_encrypted_in_place_and_the_installation_goes_on() {
    let installation = Installation::new();
    let before = thumbprint(&installation, "pack");
    let uin = import_people(&installation);
    installation.ok(&["card", "print", "--record", &uin, "--out", "card.png"]);
    let with_passphrase =
        |arguments: &[&str]| installation.ok_with(arguments, &[("SYMBOLON_KEY_PASSPHRASE", PASSPHRASE)]);
    // Nobody types a passphrase here, and none is given.
    let said = installation.fails(1, &["keys", "encrypt"]);
    assert!(said.contains("SYMBOLON_KEY_PASSPHRASE"), "{said}");
    assert!(!plain_keys(installation.folder()).is_empty());

    with_passphrase(&["keys", "encrypt"]);
    assert_eq!(plain_keys(installation.folder()), Vec::<String>::new());
    assert!(with_passphrase(&["keys", "list", "--json"]).contains(&before));
    assert!(with_passphrase(&["keys", "encrypt"]).contains("already"));
    with_passphrase(&["pack", "build", "--out", "a.pack"]);
    installation.ok(&["verify", "card.png", "--pack", "a.pack"]);
}

#[test]
fn rotated_keys_orphan_no_card_and_no_credential() {
    let installation = Installation::new();
    let uin = import_people(&installation);
    installation.ok(&["card", "print", "--record", &uin, "--out", "old.png"]);
    {
        let _issuer = installation.serve(Role::Issuer);
        let _verifier = installation.serve(Role::Verifier);
        receive(&installation, &uin);
        // A running issuer would sign on with the old key.
        let said = installation.fails(1, &["keys", "rotate", "card-signing"]);
        assert!(said.contains("stop it first"), "{said}");
        let said = installation.fails(1, &["keys", "rotate", "status-signing"]);
        assert!(said.contains("stop it first"), "{said}");
    }
    let said = installation.fails(1, &["keys", "rotate", "registry"]);
    assert!(said.contains("pinned"), "{said}");
    for purpose in [
        "card-signing",
        "credential-signing",
        "status-signing",
        "metadata-signing",
        "assertion-ed25519",
        "assertion-p256",
    ] {
        let before = thumbprint(&installation, purpose);
        installation.ok(&["keys", "rotate", purpose]);
        assert_ne!(before, thumbprint(&installation, purpose), "{purpose}");
    }
    let retired = installation.json(&["keys", "list", "--json"]);
    let retired = retired["keys"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|key| key["state"] == "retired")
        .count();
    assert!(retired >= 3, "{retired}");

    let _issuer = installation.serve(Role::Issuer);
    let _verifier = installation.serve(Role::Verifier);
    installation.ok(&["verify", "old.png"]);
    installation.ok(&["card", "print", "--record", &uin, "--out", "new.png"]);
    installation.ok(&["verify", "new.png"]);
    installation.ok(&["pack", "build", "--out", "a.pack"]);
    installation.ok(&["verify", "old.png", "--pack", "a.pack"]);
    installation.ok(&["verify", "new.png", "--pack", "a.pack"]);
    // The credential of the old key, whose status list the new status key signs.
    present(&installation);
    installation.ok(&["credential", "revoke", "--record", &uin]);
    let output = installation.run(&["verify", "old.png"]);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_certificate_of_a_national_authority_made_by_somebody_elses_program_is_taken() {
    let openssl = |folder: &Path, arguments: &[&str]| {
        let output = Command::new("openssl")
            .current_dir(folder)
            .args(arguments)
            .output();
        output.map(|output| {
            assert!(
                output.status.success(),
                "{arguments:?}: {}",
                String::from_utf8_lossy(&output.stderr)
            );
        })
    };
    let installation = Installation::new();
    let folder = installation.folder();
    let made = openssl(
        folder,
        &[
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-keyout",
            "ca.key",
            "-out",
            "ca.pem",
            "-days",
            "3650",
            "-subj",
            "/CN=National root",
            "-addext",
            "basicConstraints=critical,CA:TRUE,pathlen:0",
            "-addext",
            "keyUsage=critical,keyCertSign,cRLSign",
        ],
    );
    if made.is_err() {
        eprintln!("openssl is not on this machine: no national authority was played");
        return;
    }
    installation.ok(&["keys", "request", "credential-signing", "--out", "ours.csr"]);
    fs::write(
        folder.join("leaf.ext"),
        format!(
            "basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\nsubjectAltName=URI:{}\n\
             subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n",
            installation.issuer
        ),
    )
    .unwrap();
    openssl(
        folder,
        &[
            "x509",
            "-req",
            "-in",
            "ours.csr",
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-days",
            "365",
            "-extfile",
            "leaf.ext",
            "-out",
            "leaf.pem",
        ],
    )
    .unwrap();
    let before = fs::read(folder.join("data/keys/credential-signing.chain.pem")).unwrap();
    let trust = fs::read(folder.join("data/trust.json")).unwrap();
    let said = installation.fails(1, &["keys", "import", "credential-signing", "leaf.pem"]);
    assert!(said.contains("does not end at a trust anchor"), "{said}");
    assert_eq!(
        fs::read(folder.join("data/keys/credential-signing.chain.pem")).unwrap(),
        before
    );
    assert_eq!(fs::read(folder.join("data/trust.json")).unwrap(), trust);

    installation.ok(&[
        "keys",
        "import",
        "credential-signing",
        "leaf.pem",
        "--root",
        "ca.pem",
    ]);
    let uin = import_people(&installation);
    let _issuer = installation.serve(Role::Issuer);
    let _verifier = installation.serve(Role::Verifier);
    receive(&installation, &uin);
    present(&installation);
}
