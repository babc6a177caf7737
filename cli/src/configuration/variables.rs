//! Variables of the environment, each of which overrides a key of the file.

use super::{ConfigurationError, KEYS, KeyType};

/// Environment variables that begin with `SYMBOLON_` and are no configuration key.
const OTHER_VARIABLES: &[&str] = &["SYMBOLON_LOG", "SYMBOLON_VECTORS"];

/// Puts the value of a variable in the place of its key.
///
/// # Errors
/// A variable that names no key, or a value of another kind.
pub(super) fn apply_variable(
    table: &mut toml::Table,
    name: &str,
    value: &str,
) -> Result<(), ConfigurationError> {
    if !name.starts_with("SYMBOLON_") || OTHER_VARIABLES.contains(&name) {
        return Ok(());
    }
    let Some((key, kind)) = KEYS.iter().find(|(key, _)| variable_name(key) == name) else {
        return Err(ConfigurationError::UnknownVariable(name.to_owned()));
    };
    let value = match kind {
        KeyType::Text => toml::Value::String(value.to_owned()),
        KeyType::Flag => toml::Value::Boolean(
            value
                .parse()
                .map_err(|_| ConfigurationError::NotAFlag(name.to_owned()))?,
        ),
        KeyType::Number => toml::Value::Integer(
            value
                .parse()
                .map_err(|_| ConfigurationError::NotANumber(name.to_owned()))?,
        ),
    };
    let (sections, key) = key.rsplit_once('.').unwrap_or(("", key));
    let mut section = Some(table);
    for name in sections.split('.').filter(|name| !name.is_empty()) {
        section = section.and_then(|table| {
            table
                .entry(name)
                .or_insert_with(|| toml::Value::Table(toml::Table::new()))
                .as_table_mut()
        });
    }
    if let Some(section) = section {
        section.insert(key.to_owned(), value);
    }
    Ok(())
}

pub(super) fn variable_name(key: &str) -> String {
    format!("SYMBOLON_{}", key.replace('.', "_").to_ascii_uppercase())
}
