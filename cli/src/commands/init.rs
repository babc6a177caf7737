//! `symbolon init`

use std::sync::Arc;

use anyhow::Context as _;
use symbolon_crypto::CryptoProvider;
use symbolon_crypto_aws_lc::AwsLcProvider;
use symbolon_issuer::audit::{KeyChange, KeyName};
use symbolon_issuer_server::administration::ChangedKey;

use crate::arguments::{InitArguments, ProfileName};
use crate::commands::show;
use crate::configuration::FILE_NAME;
use crate::edge::{self, SystemRandomness};
use crate::installation::init::{KeyProtection, NewInstallation, RootPlace, Safekeeping, init_with};
use crate::installation::upgrade::upgrade;
use crate::installation::{Installation, key_passphrase, root_passphrase};
use crate::register::Register;

/// Makes an installation, or upgrades one, and says what to do next.
///
/// # Errors
/// There is one already, or none to upgrade, or a file cannot be written.
pub async fn run(arguments: &InitArguments) -> anyhow::Result<()> {
    if arguments.upgrade {
        return add_what_is_missing(arguments).await;
    }
    let new = NewInstallation {
        folder: arguments.dir.clone(),
        issuer: arguments.issuer.clone(),
        verifier: arguments.verifier.clone(),
        profile: arguments.profile.into(),
    };
    let safekeeping = Safekeeping {
        keys: if arguments.encrypt_keys {
            KeyProtection::Sealed(key_passphrase(arguments.key_passphrase_file.clone()))
        } else {
            KeyProtection::Plain
        },
        roots: match &arguments.offline_root {
            None => RootPlace::Installation,
            Some(folder) => RootPlace::Offline {
                folder: folder.clone(),
                passphrase: root_passphrase(arguments.root_passphrase_file.clone()),
            },
        },
    };
    let provider: Arc<dyn CryptoProvider> = Arc::new(AwsLcProvider);
    init_with(
        &new,
        &safekeeping,
        &provider,
        &SystemRandomness,
        edge::system_time(),
    )?;
    let folder = arguments.dir.display();
    show::line(&format!("made an installation in {folder}"));
    show::line("  symbolon.toml            configuration");
    show::line("  credentials/             which fields of a record become which claims");
    show::line("  data/trust.json          the root of trust: give it to verifiers and wallets");
    show::line(match safekeeping.keys {
        KeyProtection::Plain => "  data/keys/               keys and certificates, readable by you alone",
        KeyProtection::Sealed(_) => {
            "  data/keys/               keys, encrypted under the passphrase, and certificates"
        }
    });
    show::line("  data/administration-token  for whoever administers the servers");
    if let RootPlace::Offline { folder, .. } = &safekeeping.roots {
        show::line(&format!(
            "  {}  the keys of the roots: take them away, and keep a second copy elsewhere",
            folder.display()
        ));
    }
    if arguments.profile == ProfileName::Haip {
        show::line(
            "the issuer keeps to HAIP 1.0, and believes the wallet provider that was made for it: docs/haip.md",
        );
    }
    show::line("next: symbolon issuer serve, and symbolon verifier serve");
    Ok(())
}

async fn add_what_is_missing(arguments: &InitArguments) -> anyhow::Result<()> {
    let installation = Installation::load(Some(&arguments.dir.join(FILE_NAME)))?;
    let provider: Arc<dyn CryptoProvider> = Arc::new(AwsLcProvider);
    let (mut made, mut wrote) = (false, false);
    for tenant in installation.loaded.configuration.tenants() {
        let installation = installation.of_tenant(&tenant)?;
        let added = upgrade(
            &arguments.dir,
            &installation,
            &provider,
            &SystemRandomness,
            edge::system_time(),
        )
        .with_context(|| format!("the issuer of the tenant {tenant}"))?;
        let changes = added.keys.iter().filter_map(|purpose| {
            let key = KeyName::parse(purpose.name())?;
            let change = KeyChange::Made;
            Some(ChangedKey { key, change })
        });
        Register::note_key_changes(&installation, changes.collect()).await?;
        for purpose in &added.keys {
            let whose = if tenant.is_main() {
                String::new()
            } else {
                format!(" of {tenant}")
            };
            show::line(&format!("made the key {}{whose}", purpose.name()));
        }
        for path in &added.configurations {
            show::line(&format!("wrote {}", path.display()));
        }
        made |= !added.keys.is_empty();
        wrote |= !added.configurations.is_empty();
    }
    if !made && !wrote {
        show::line("nothing is missing");
        return Ok(());
    }
    if made {
        show::line(
            "data/trust.json names the new keys: give it to verifiers and wallets again, or a new pack",
        );
    }
    show::line(
        "next: name the configurations that are to be issued in symbolon.toml, issuer.credential_configurations",
    );
    Ok(())
}
