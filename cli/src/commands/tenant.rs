//! `symbolon tenant …`

use std::path::Path;

use serde_json::json;

use crate::arguments::TenantCommand;
use crate::commands::show;
use crate::configuration::{FILE_NAME, identifier_text};
use crate::edge::{self, SystemRandomness};
use crate::installation::init::RootPlace;
use crate::installation::tenant::{NewTenant, add};
use crate::installation::{Installation, root_passphrase};

/// Runs a tenant command.
///
/// # Errors
/// A name or a URL that another issuer has, files that cannot be read or written.
pub fn run(command: &TenantCommand, configuration: Option<&Path>) -> anyhow::Result<()> {
    let installation = Installation::load(configuration)?;
    match command {
        TenantCommand::Add {
            new_tenant: tenant,
            issuer,
            name,
            offline_root,
            root_passphrase_file,
        } => {
            let new = NewTenant {
                name: tenant.clone(),
                issuer: issuer.clone(),
                display_name: name.clone(),
                roots: match offline_root {
                    None => RootPlace::Installation,
                    Some(folder) => RootPlace::Offline {
                        folder: folder.clone(),
                        passphrase: root_passphrase(root_passphrase_file.clone()),
                    },
                },
            };
            let file = configuration.unwrap_or(Path::new(FILE_NAME));
            add(&new, file, &installation, &SystemRandomness, edge::system_time())?;
            show::line(&format!("added the issuer {}", identifier_text(issuer)));
            show::line(&format!(
                "  data/tenants/{tenant}/            its keys and its administration token"
            ));
            show::line(&format!(
                "  credentials/{tenant}/             its credential configurations"
            ));
            show::line("data/trust.json names it: give it to verifiers and wallets again, or a new pack");
            show::line("next: start symbolon issuer serve again, and name the issuer with --tenant");
        }
        TenantCommand::List { json } => list(&installation, *json)?,
    }
    Ok(())
}

fn list(installation: &Installation, as_json: bool) -> anyhow::Result<()> {
    let mut rows = Vec::new();
    for tenant in installation.loaded.configuration.tenants() {
        let issuer = installation.of_tenant(&tenant)?;
        let identifier = identifier_text(&issuer.issuer().identifier);
        if as_json {
            rows.push(json!({
                "tenant": tenant.as_str(),
                "identifier": identifier,
                "name": issuer.issuer().name,
            }));
        } else {
            show::line(&format!("{tenant:<16}  {identifier}  {}", issuer.issuer().name));
        }
    }
    if as_json {
        show::line(&serde_json::to_string_pretty(&rows)?);
    }
    Ok(())
}
