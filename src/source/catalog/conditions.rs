//! Conditions: which facts of a build let a project be published, and by which strategy.

use regex::{Regex, RegexBuilder};

use super::fields::{Fields, Text, Wrong, entries, texts};
use super::versions::Strategy;
use crate::package::detect::YamlNode;

/// What an expression may weigh once it is compiled, in bytes.
const MAX_EXPRESSION: usize = 256 * 1024;
/// More expressions in one map are a mistake.
const MAX_EXPRESSIONS: usize = 200;

/// Names of criteria, each with the expressions of which one has to match. All conditions have to hold.
#[derive(Debug, Clone, Default)]
pub(super) struct Conditions(Vec<(String, Vec<Regex>)>);

/// Conditions that choose a strategy, in the order of the text.
pub(super) type StrategyConditions = Vec<(Strategy, Conditions)>;

impl Conditions {
    /// Reads a map of names to expressions. `None`: there is no condition in it.
    pub(super) fn read(node: &YamlNode, what: &str) -> Result<Option<Self>, Wrong> {
        let mut conditions = Vec::new();
        let mut count = 0;
        for (name, node) in entries(node, what)? {
            if name.text.contains(':') {
                return Err(name.wrong(format!("`{}` is not the name of a criterion: it has a colon", name.text)));
            }
            let texts = texts(node, &name.text)?;
            count += texts.len();
            if count > MAX_EXPRESSIONS {
                return Err(name.wrong(format!("`{what}` has more than {MAX_EXPRESSIONS} expressions")));
            }
            let expressions = texts.iter().map(expression).collect::<Result<_, _>>()?;
            conditions.push((name.text, expressions));
        }
        Ok((!conditions.is_empty()).then_some(Self(conditions)))
    }

    /// Whether a project may be published; else why not.
    pub(super) fn allow(&self, criteria: &[(String, String)]) -> Result<(), String> {
        if let Some(twice) = given_twice(criteria) {
            return Err(format!("criterion `{twice}` is given twice, and fulfils no condition then"));
        }
        let failed: Vec<String> = self.0.iter().filter_map(|condition| refusal(condition, criteria)).collect();
        if failed.is_empty() { Ok(()) } else { Err(failed.join("; ")) }
    }

    fn hold(&self, criteria: &[(String, String)]) -> bool {
        self.0.iter().all(|condition| refusal(condition, criteria).is_none())
    }
}

/// Why a condition does not hold.
fn refusal((name, expressions): &(String, Vec<Regex>), criteria: &[(String, String)]) -> Option<String> {
    let Some((_, value)) = criteria.iter().find(|(given, _)| given == name) else {
        return Some(format!("condition `{name}` needs a criterion of that name, and none is given"));
    };
    if expressions.iter().any(|expression| expression.is_match(value)) {
        return None;
    }
    let wanted: Vec<String> = expressions.iter().take(5).map(|expression| format!("`{expression}`")).collect();
    Some(format!("condition `{name}` does not hold: `{value}` does not match {}", wanted.join(" or ")))
}

fn given_twice(criteria: &[(String, String)]) -> Option<&str> {
    criteria
        .iter()
        .enumerate()
        .find_map(|(at, (name, _))| criteria[..at].iter().any(|(before, _)| before == name).then_some(name.as_str()))
}

/// An expression is searched for anywhere in the value, as the importer does: `main` holds for `maintenance`, too.
fn expression(text: &Text) -> Result<Regex, Wrong> {
    RegexBuilder::new(&text.text).size_limit(MAX_EXPRESSION).nest_limit(64).build().map_err(|error| {
        let why = match error {
            regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
            error => error.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned(),
        };
        text.wrong(format!("`{}` is not a regular expression that can be used: {why}", text.text))
    })
}

/// Reads `versionStrategyConditions`.
pub(super) fn strategies(node: &YamlNode) -> Result<StrategyConditions, Wrong> {
    let known = Strategy::ALL.map(Strategy::as_str);
    let fields = Fields::strict(node, "`versionStrategyConditions`", &known)?;
    let mut found = Vec::new();
    for strategy in Strategy::ALL {
        if let Some(node) = fields.get(strategy.as_str(), None)?
            && let Some(conditions) = Conditions::read(node, strategy.as_str())?
        {
            found.push((strategy, conditions));
        }
    }
    Ok(found)
}

/// The strategy whose conditions hold; more than one is a mistake, and is told.
pub(super) fn choose(
    strategies: &[(Strategy, Conditions)],
    criteria: &[(String, String)],
) -> Result<Option<Strategy>, String> {
    let held: Vec<Strategy> =
        strategies.iter().filter(|(_, conditions)| conditions.hold(criteria)).map(|(strategy, _)| *strategy).collect();
    match held.as_slice() {
        [] => Ok(None),
        [strategy] => Ok(Some(*strategy)),
        more => {
            let names: Vec<&str> = more.iter().map(|strategy| strategy.as_str()).collect();
            Err(format!("the conditions of more than one version strategy hold: {}", names.join(", ")))
        }
    }
}
