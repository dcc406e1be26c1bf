//! Asking before something that cannot be undone.

use std::io::{BufRead, IsTerminal, Write};

use super::super::Problem;

/// Asks on a terminal, unless the answer is given already; without a terminal the answer has to be given.
pub(super) fn confirm(question: &str, yes: bool) -> Result<(), Problem> {
    let is_terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    ask(question, yes, is_terminal, &mut std::io::stdin().lock(), &mut anstream::stderr())
}

fn ask(
    question: &str,
    yes: bool,
    is_terminal: bool,
    answers: &mut dyn BufRead,
    out: &mut dyn Write,
) -> Result<(), Problem> {
    if yes {
        return Ok(());
    }
    if !is_terminal {
        return Err(Problem::new(format!("not done without asking, and there is no terminal to ask on: {question}"))
            .hint(Some("--yes says that you are sure")));
    }
    let mut answer = String::new();
    let asked = write!(out, "{question} [y/N] ").and_then(|()| out.flush());
    asked.and_then(|()| answers.read_line(&mut answer)).map_err(|error| Problem::new("cannot ask").because(&error))?;
    match answer.trim().to_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Problem::new("not done, as you say")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(yes: bool, is_terminal: bool, answer: &str) -> (bool, String) {
        let mut out = Vec::new();
        let done = ask("delete `Shop`?", yes, is_terminal, &mut answer.as_bytes(), &mut out).is_ok();
        (done, String::from_utf8(out).expect("is text"))
    }

    #[test]
    fn only_a_yes_is_one() {
        for (answer, is_yes) in
            [("y\n", true), ("Yes\n", true), ("n\n", false), ("\n", false), ("", false), ("yep\n", false)]
        {
            assert_eq!(asked(false, true, answer), (is_yes, "delete `Shop`? [y/N] ".to_owned()), "{answer:?}");
        }
    }

    #[test]
    fn without_a_terminal_nobody_is_asked_and_the_answer_has_to_be_given() {
        assert_eq!(asked(false, false, "y\n"), (false, String::new()));
        assert_eq!(asked(true, false, ""), (true, String::new()));
        assert_eq!(asked(true, true, ""), (true, String::new()));
    }
}
