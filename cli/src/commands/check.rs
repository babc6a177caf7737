//! `symbolon issuer check`

use serde_json::json;
use symbolon_issuer::haip::{self, Profile, ProfileKeys, SWITCHED_ON};

use crate::commands::show;
use crate::installation::Installation;
use crate::services::issuer;

/// Says whether the issuer fits its profile, as it is asked at every start.
///
/// # Errors
/// A configuration that is refused, or keys that cannot be read.
pub fn run(installation: &Installation, as_json: bool) -> anyhow::Result<()> {
    let profile = issuer::profile(installation)?;
    let keys = issuer::keys(installation)?;
    haip::check(
        &profile,
        ProfileKeys {
            credentials: &keys.credentials.key,
            documents: keys.documents.as_ref().map(|signer| &signer.key),
            status: &keys.status.key,
            metadata: keys.metadata.as_ref().map(|signer| &signer.key),
        },
    )?;
    let chosen: &[(&str, &str)] = match profile.profile() {
        Profile::Standard => &[],
        Profile::Haip => &SWITCHED_ON,
    };
    let identifier = profile.identifier().as_str();
    if as_json {
        let chosen: Vec<_> = chosen
            .iter()
            .map(|(section, what)| json!({ "section": section, "what": what }))
            .collect();
        let report = json!({ "issuer": identifier, "profile": profile.profile(), "chosen": chosen });
        show::line(&serde_json::to_string_pretty(&report)?);
        return Ok(());
    }
    match profile.profile() {
        Profile::Standard => show::line(&format!(
            "{identifier} fits its profile, standard: every choice is yours"
        )),
        Profile::Haip => show::line(&format!(
            "{identifier} fits its profile, HAIP 1.0, which chooses:"
        )),
    }
    for (section, what) in chosen {
        show::line(&format!("  {section:<8} {what}"));
    }
    Ok(())
}
