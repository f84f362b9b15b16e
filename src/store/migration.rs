//! The history of a schema: numbered steps, each applied once and known by the checksum of its text.

use aws_lc_rs::digest;

use super::StoreError;

/// One step; never edited once released.
pub(super) struct Migration {
    pub(super) number: i64,
    pub(super) name: &'static str,
    pub(super) sql: &'static str,
}

/// A step as the database remembers it.
pub(super) struct AppliedMigration {
    pub(super) number: i64,
    pub(super) name: String,
    pub(super) checksum: String,
}

impl Migration {
    /// SHA-256 of the text, in hex.
    pub(super) fn checksum(&self) -> String {
        let hash = digest::digest(&digest::SHA256, self.sql.as_bytes());
        hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The steps that a database still needs; refuses a database whose history is not the beginning of ours.
pub(super) fn pending<'m>(
    known: &'m [Migration],
    applied: &[AppliedMigration],
) -> Result<Vec<&'m Migration>, StoreError> {
    for step in applied {
        let ours = known.iter().find(|known| known.number == step.number).ok_or_else(|| newer(step))?;
        if ours.checksum() != step.checksum {
            return Err(edited(step));
        }
    }
    Ok(known.iter().filter(|known| !applied.iter().any(|step| step.number == known.number)).collect())
}

fn newer(step: &AppliedMigration) -> StoreError {
    let AppliedMigration { number, name, .. } = step;
    StoreError::Schema(format!(
        "migration {number} ({name}) is not known here: a newer version of doorward has upgraded the users database"
    ))
}

fn edited(step: &AppliedMigration) -> StoreError {
    let AppliedMigration { number, name, .. } = step;
    StoreError::Schema(format!("migration {number} ({name}) was applied with another text than this version has"))
}
