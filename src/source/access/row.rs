//! One row: from its cells to access that is wanted, or to everything that is wrong with it at once.

use super::super::{Options, draft::Place, portal, reader::Reader};
use crate::asset::{Diagnosis, PortalAsset, Problem, WantedAccess};

/// What an export says of contracts that are in force.
const APPROVED: &str = "APPROVED";

/// What it says of these and of those that are to be.
const WANTED: &[&str] = &[APPROVED, "PENDING"];

/// What it says of those that are not.
const NOT_WANTED: &[&str] = &["REJECTED", "REVOKED"];

/// What the source said of the contract.
enum Status {
    /// It is to be asked for.
    Wanted {
        /// It is in force there.
        is_approved: bool,
    },
    /// It is not; the word says why.
    NotWanted(String),
}

/// Reads a row. All that is wrong with its values is told in one diagnosis.
pub(super) fn read(mut reader: Reader, place: &Place<'_>, options: &Options) -> Result<WantedAccess, Box<Diagnosis>> {
    let application = named(&mut reader, "application", "which application is to have access?");
    let asset = asset(&mut reader, options);
    let instance = named(&mut reader, "instance", "which instance of the API is it?");
    let tier = reader.take("tier");
    let grant_types = portal::list(&mut reader, "grantTypes").unwrap_or_default();
    let status = status(&mut reader);
    let accept_terms = portal::flag(&mut reader, "acceptTerms");
    let wanted = application.zip(asset).zip(instance).map(|((application, asset), instance)| WantedAccess {
        application,
        asset,
        instance,
        tier,
        grant_types,
        accept_terms,
        is_approved: matches!(status, Status::Wanted { is_approved: true }),
        path: place.path.to_owned(),
        line: place.line.unwrap_or_default(),
    });
    let known_as = |diagnosis: Diagnosis| match &wanted {
        Some(wanted) => Box::new(diagnosis.gav(wanted)),
        None => Box::new(diagnosis),
    };
    if !reader.problems.is_empty() {
        let told = place.failed(Problem::Value, reader.problems.join("; "));
        return Err(known_as(told.hint("mend the cell, or the defaults of the job")));
    }
    match status {
        Status::Wanted { .. } => Ok(wanted.expect("what cannot be named was told above")),
        Status::NotWanted(word) => {
            let message = format!("the contract is {word} in the source, and is not asked for");
            let told = Diagnosis::skipped(place.path, Problem::Condition, message);
            let hint = "empty the cell \"status\" where access is wanted all the same";
            Err(known_as(Diagnosis { line: place.line, ..told }.hint(hint)))
        }
    }
}

/// A name that has to be there.
fn named(reader: &mut Reader, key: &str, question: &str) -> Option<String> {
    let name = reader.take(key);
    if name.is_none() {
        reader.wrong(key, format!("is empty: {question}"));
    }
    name
}

fn asset(reader: &mut Reader, options: &Options) -> Option<PortalAsset> {
    let known = reader.problems.len();
    let asset = portal::asset(reader, options);
    if asset.is_none() && reader.problems.len() == known {
        reader.wrong("asset", "is empty: which API is it, such as com.example/payment-api/v1?");
    }
    asset
}

/// A word that nobody knows may be a mistake, and nothing is asked for on a guess.
fn status(reader: &mut Reader) -> Status {
    let Some(text) = reader.take("status") else { return Status::Wanted { is_approved: false } };
    let is_among = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(&text));
    if is_among(NOT_WANTED) {
        return Status::NotWanted(text);
    }
    if !is_among(WANTED) {
        let known = [WANTED, NOT_WANTED].concat().join(", ");
        reader.wrong("status", format!("`{text}` is none of {known}, and not empty"));
    }
    Status::Wanted { is_approved: text.eq_ignore_ascii_case(APPROVED) }
}
