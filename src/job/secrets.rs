//! A job file holds no secrets, and where somebody has written one into it, no message repeats it.

use super::file::CredentialsFrom;

/// Words in the name of a key whose value is a secret.
const TELLING: [&str; 7] = ["secret", "passw", "token", "bearer", "credential", "authorization", "apikey"];

/// What the parser says, with line, column and the line itself; the value is left out where it may be a secret.
pub(super) struct Parsed {
    pub(super) message: String,
    /// Whether it is about credentials.
    pub(super) is_secret: bool,
}

/// Tells what is wrong with a job file.
pub(super) fn parse_message(text: &str, error: &toml::de::Error) -> Parsed {
    let full = error.to_string();
    let line = error.span().map_or(0, |span| text[..span.start.min(text.len())].matches('\n').count());
    if !is_telling(text, line) {
        return Parsed { message: full.trim_end().to_owned(), is_secret: false };
    }
    let mut shown = Vec::new();
    for said in full.trim_end().lines() {
        let number = format!("{} | ", line + 1);
        shown.push(match said.strip_prefix(&number) {
            Some(source) => format!("{number}{}", key_of(source)),
            None => unquoted(said),
        });
    }
    Parsed { message: shown.join("\n"), is_secret: true }
}

/// Whether a line may hold a secret: by its key, or by its table.
pub(super) fn is_telling(text: &str, line: usize) -> bool {
    let tells = |words: &str| {
        let words = words.to_ascii_lowercase().replace(['_', '-'], "");
        // An address may bear a user and a password.
        TELLING.iter().any(|word| words.contains(word)) || (words.contains("://") && words.contains('@'))
    };
    let before: Vec<&str> = text.lines().take(line + 1).collect();
    let table = before.iter().rev().find(|line| line.trim_start().starts_with('['));
    before.last().is_some_and(|line| tells(line)) || table.is_some_and(|header| tells(header))
}

/// A line as far as its key.
pub(super) fn key_of(line: &str) -> String {
    match line.split_once('=') {
        Some((key, _)) => format!("{key}= …"),
        None if line.trim_start().starts_with('[') => line.to_owned(),
        None => "…".to_owned(),
    }
}

/// A message without the value that it quotes.
fn unquoted(said: &str) -> String {
    match (said.find('"'), said.rfind('"')) {
        (Some(from), Some(to)) if from < to => format!("{}\"…\"{}", &said[..from], &said[to + 1..]),
        _ => said.to_owned(),
    }
}

/// The names of variables have to be such names: a value that is none is a secret in the wrong place, as a rule.
pub(super) fn check_names(from: &CredentialsFrom) -> Result<(), (&'static str, String)> {
    let names = [
        ("client_id_env", &from.client_id_env),
        ("client_secret_env", &from.client_secret_env),
        ("username_env", &from.username_env),
        ("password_env", &from.password_env),
        ("bearer_env", &from.bearer_env),
    ];
    let is_name = |name: &str| {
        !name.starts_with(|c: char| c.is_ascii_digit())
            && !name.is_empty()
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    for (key, name) in names {
        if name.as_deref().is_some_and(|name| !is_name(name)) {
            let message = "is not the name of a variable: letters, digits and `_`; the secret itself never stands here";
            return Err((key, message.to_owned()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::file::JobFile;

    fn said(text: &str) -> Parsed {
        parse_message(text, &toml::from_str::<JobFile>(text).expect_err("is wrong"))
    }

    #[test]
    fn no_message_repeats_a_secret_that_somebody_wrote_into_a_job() {
        let job = "kind = 'publish'\n[source]\ndirectory = 'apis'\n";
        for wrong in [
            "[target.credentials]\nclient_secret = 's3cr3t'\n",
            "[target.credentials]\nbasic = \"s3cr3t\"\n",
            "[target.credentials]\nfile = ['s3cr3t']\n",
            "[target.credentials]\npassword = s3cr3t\n",
            "[target.credentials]\npassword = '''\ns3cr3t\n\\ = ''' x\n",
            "[target]\ncredentials = { bearer = 's3cr3t' }\n",
            "[target]\ncredentials = 's3cr3t'\n",
            "[target]\nclient-secret = \"s3cr3t\"\n",
            "[target]\nhost = 'https://me:s3cr3t@h\n",
            "[target]\nAccess_Token = \"s3cr3t\"\n",
        ] {
            let said = said(&format!("{job}{wrong}"));
            assert!(said.is_secret && !said.message.contains("s3cr3t"), "{}", said.message);
            assert!(said.message.contains("line "), "{}", said.message);
        }
        let said = said(&format!("{job}[pace]\nconcurrency = \"eight\"\n"));
        assert!(!said.is_secret && said.message.contains("concurrency = \"eight\""), "{}", said.message);
    }

    #[test]
    fn only_names_are_taken_for_names_of_variables() {
        let named = |name: &str| CredentialsFrom { password_env: Some(name.to_owned()), ..CredentialsFrom::default() };
        assert!(check_names(&named("NEW_PASSWORD")).is_ok() && check_names(&named("_x1")).is_ok());
        for wrong in ["", "p@ss", "1a", "a b", "$NAME"] {
            let (key, message) = check_names(&named(wrong)).expect_err("is no name");
            assert!(key == "password_env" && (wrong.is_empty() || !message.contains(wrong)), "{message}");
        }
    }
}
