//! From the text of a query to a plan that holds only what the schema knows.

use async_graphql_parser::{
    Pos, Positioned, parse_query,
    types::{
        Directive, DocumentOperations, ExecutableDocument, Field as Selected, OperationDefinition, OperationType,
        Selection, SelectionSet,
    },
};
use async_graphql_value::Value as Written;
use serde_json::{Map, Value};

use super::{
    failure::Flaw,
    input::accept_members,
    schema::{Field, Type},
    variables,
};

/// The most bytes of a query.
const MAX_LENGTH: usize = 64 * 1024;

/// How deep a query may be nested, with its fragments in place. The parser calls itself for every level.
const MAX_DEPTH: usize = 24;

/// The most selections of a query, with its fragments in place.
const MAX_SELECTIONS: usize = 2_000;

/// The most flaws that are told.
const MAX_FLAWS: usize = 20;

/// A field that is to be answered.
#[derive(Debug)]
pub(super) struct Planned {
    /// What it is called in the answer.
    pub(super) key: String,
    pub(super) field: &'static Field,
    pub(super) arguments: Map<String, Value>,
    pub(super) inner: Vec<Self>,
    pub(super) at: Pos,
}

/// Reads a query and plans one of its operations.
pub(super) fn plan(
    query: &str,
    operation: Option<&str>,
    given: &Map<String, Value>,
    root: &'static Type,
) -> Result<Vec<Planned>, Vec<Flaw>> {
    let document = parse(query).map_err(|flaw| vec![flaw])?;
    let operation = choose(&document.operations, operation).map_err(|flaw| vec![flaw])?;
    if operation.node.ty != OperationType::Query {
        return Err(vec![Flaw::new(format!("Schema is not configured for {}s.", operation.node.ty), operation.pos)]);
    }
    let values = variables::values(&operation.node.variable_definitions, given)?;
    let declared = operation.node.variable_definitions.iter().map(|d| d.node.name.node.as_str()).collect();
    let mut planner =
        Planner { document: &document, declared, values, flaws: Vec::new(), left: MAX_SELECTIONS, open: Vec::new() };
    let mut planned = Vec::new();
    planner.select(&operation.node.selection_set.node, root, 0, &mut planned);
    planner.flaws.truncate(MAX_FLAWS);
    if planner.flaws.is_empty() { Ok(planned) } else { Err(planner.flaws) }
}

fn parse(query: &str) -> Result<ExecutableDocument, Flaw> {
    if query.len() > MAX_LENGTH {
        return Err(Flaw::everywhere(format!("The query is longer than {MAX_LENGTH} bytes.")));
    }
    check_depth(query)?;
    parse_query(query)
        .map_err(|error| Flaw { message: format!("Syntax Error: {error}"), at: error.positions().collect() })
}

/// Refuses brackets that are nested too deeply, before the parser recurses into them.
fn check_depth(query: &str) -> Result<(), Flaw> {
    let mut depth = 0_usize;
    let mut rest = query;
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '#' => rest.find(['\n', '\r']).unwrap_or(rest.len()),
            '"' => string_length(rest).ok_or_else(|| Flaw::everywhere("Syntax Error: Unterminated string."))?,
            c => c.len_utf8(),
        };
        match c {
            '{' | '[' | '(' => depth += 1,
            '}' | ']' | ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err(too_deep());
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    Ok(())
}

/// The length of the string that a text begins with, with its quotes.
fn string_length(text: &str) -> Option<usize> {
    let (quote, is_block) = if text.starts_with("\"\"\"") { ("\"\"\"", true) } else { ("\"", false) };
    let mut at = quote.len();
    loop {
        let rest = text.get(at..)?;
        if rest.starts_with(quote) {
            return Some(at + quote.len());
        }
        let c = rest.chars().next()?;
        at += match c {
            '\\' if is_block => rest.strip_prefix("\\\"\"\"").map_or(1, |_| 4),
            '\\' => 1 + rest.chars().nth(1)?.len_utf8(),
            '\n' | '\r' if !is_block => return None,
            c => c.len_utf8(),
        };
    }
}

fn too_deep() -> Flaw {
    Flaw::everywhere(format!("The query is nested more than {MAX_DEPTH} levels deep."))
}

fn choose<'a>(
    operations: &'a DocumentOperations,
    name: Option<&str>,
) -> Result<&'a Positioned<OperationDefinition>, Flaw> {
    let Some(name) = name else {
        let mut all = operations.iter();
        return match (all.next(), all.next()) {
            (Some((_, only)), None) => Ok(only),
            _ => Err(Flaw::everywhere("Must provide operation name if query contains multiple operations.")),
        };
    };
    let found = operations.iter().find(|(known, _)| known.is_some_and(|known| known.as_str() == name));
    found
        .map(|(_, operation)| operation)
        .ok_or_else(|| Flaw::everywhere(format!("Unknown operation named \"{name}\".")))
}

struct Planner<'a> {
    document: &'a ExecutableDocument,
    /// The names of the variables of the operation.
    declared: Vec<&'a str>,
    /// The values of variables; one that has none is left out.
    values: Map<String, Value>,
    flaws: Vec<Flaw>,
    /// How many selections may follow.
    left: usize,
    /// The fragments that lead to where the planner is.
    open: Vec<&'a str>,
}

impl<'a> Planner<'a> {
    fn flaw(&mut self, message: impl Into<String>, at: Pos) {
        if self.flaws.len() < MAX_FLAWS {
            self.flaws.push(Flaw::new(message, at));
        }
    }

    /// Plans a set of selections of a type, beside what is planned already.
    fn select(&mut self, set: &'a SelectionSet, of: &'static Type, depth: usize, into: &mut Vec<Planned>) {
        if depth > MAX_DEPTH {
            self.flaws.push(too_deep());
            self.left = 0;
        }
        for item in &set.items {
            if self.left == 0 {
                return;
            }
            self.left -= 1;
            if self.left == 0 {
                self.flaw(format!("The query has more than {MAX_SELECTIONS} selections."), item.pos);
                return;
            }
            // What is left out is checked all the same.
            let mut aside = Vec::new();
            let into = if self.is_included(item.node.directives()) { &mut *into } else { &mut aside };
            match &item.node {
                Selection::Field(field) => self.field(field, of, depth, into),
                Selection::FragmentSpread(spread) => {
                    self.spread(spread.node.fragment_name.node.as_str(), spread.pos, of, depth, into);
                }
                Selection::InlineFragment(fragment) => {
                    let on = fragment.node.type_condition.as_ref().map(|condition| condition.node.on.node.as_str());
                    if self.applies(on, of, fragment.pos) {
                        self.select(&fragment.node.selection_set.node, of, depth + 1, into);
                    }
                }
            }
        }
    }

    fn spread(&mut self, name: &'a str, at: Pos, of: &'static Type, depth: usize, into: &mut Vec<Planned>) {
        let Some(fragment) = self.document.fragments.get(name) else {
            return self.flaw(format!("Unknown fragment \"{name}\"."), at);
        };
        if self.open.contains(&name) {
            return self.flaw(format!("Cannot spread fragment \"{name}\" within itself."), at);
        }
        if self.applies(Some(fragment.node.type_condition.node.on.node.as_str()), of, at) {
            self.open.push(name);
            self.select(&fragment.node.selection_set.node, of, depth + 1, into);
            self.open.pop();
        }
    }

    /// Whether a fragment is about a type. There are neither interfaces nor unions.
    fn applies(&mut self, on: Option<&str>, of: &'static Type, at: Pos) -> bool {
        let Some(other) = on.filter(|on| *on != of.name) else { return true };
        self.flaw(
            format!(
                "The fragment cannot be spread here: objects of type \"{}\" are never of type \"{other}\".",
                of.name
            ),
            at,
        );
        false
    }

    fn field(&mut self, selected: &'a Positioned<Selected>, of: &'static Type, depth: usize, into: &mut Vec<Planned>) {
        let (at, node) = (selected.pos, &selected.node);
        let name = node.name.node.as_str();
        let Some(field) = of.field(name) else {
            return self.flaw(format!("Cannot query field \"{name}\" on type \"{}\".", of.name), at);
        };
        let arguments = self.arguments(node, field, at);
        let selects = !node.selection_set.node.items.is_empty();
        match field.shape.inner() {
            None if selects => {
                return self.flaw(format!("Field \"{name}\" must not have a selection: it has no subfields."), at);
            }
            Some(inner) if !selects => {
                let message =
                    format!("Field \"{name}\" of type \"{}\" must have a selection of subfields.", inner.name);
                return self.flaw(message, at);
            }
            _ => {}
        }
        let key = node.response_key().node.as_str();
        let place = into.iter().position(|planned| planned.key == key).unwrap_or_else(|| {
            let arguments = arguments.clone();
            into.push(Planned { key: key.to_owned(), field, arguments, inner: Vec::new(), at });
            into.len() - 1
        });
        let planned = &mut into[place];
        if planned.field.name != name || planned.arguments != arguments {
            return self.flaw(
                format!("Fields \"{key}\" conflict: they are different fields or have different arguments."),
                at,
            );
        }
        if let Some(inner) = field.shape.inner() {
            self.select(&node.selection_set.node, inner, depth + 1, &mut planned.inner);
        }
    }

    fn arguments(&mut self, node: &Selected, field: &'static Field, at: Pos) -> Map<String, Value> {
        let mut given = Map::new();
        for (name, value) in &node.arguments {
            let Some(value) = self.constant(value) else { continue };
            if given.insert(name.node.to_string(), value).is_some() {
                self.flaw(format!("There can be only one argument named \"{}\".", name.node), name.pos);
            }
        }
        accept_members(&format!("Field \"{}\"", node.name.node), field.arguments, given).unwrap_or_else(|message| {
            self.flaw(message, at);
            Map::new()
        })
    }

    /// A value with its variables put in; a variable without a value is null.
    fn constant(&mut self, written: &Positioned<Written>) -> Option<Value> {
        let mut unknown = None;
        let constant = written.node.clone().into_const_with(|name| {
            if !self.declared.contains(&name.as_str()) {
                unknown = Some(name.to_string());
                return Err(());
            }
            let value = self.values.get(name.as_str()).cloned().unwrap_or_default();
            serde_json::from_value(value).map_err(|_| ())
        });
        if let Some(name) = unknown {
            self.flaw(format!("Variable \"${name}\" is not defined."), written.pos);
        }
        constant.ok()?.into_json().ok()
    }

    /// Whether `@skip` and `@include` let a selection be.
    fn is_included(&mut self, directives: &[Positioned<Directive>]) -> bool {
        let mut included = true;
        for directive in directives {
            let name = directive.node.name.node.as_str();
            if !matches!(name, "skip" | "include") {
                self.flaw(format!("Unknown directive \"@{name}\"."), directive.pos);
                continue;
            }
            let condition = directive.node.get_argument("if").and_then(|condition| self.constant(condition));
            match condition.and_then(|condition| condition.as_bool()) {
                Some(condition) => included &= condition == (name == "include"),
                None => self.flaw(format!("Directive \"@{name}\" needs a Boolean argument \"if\"."), directive.pos),
            }
        }
        included
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{
        super::schema::{ROOT_V1, ROOT_V2},
        *,
    };

    fn flaws(query: &str) -> Vec<Flaw> {
        plan(query, None, &Map::new(), &ROOT_V2).map(|planned| format!("{planned:?}")).expect_err(query)
    }

    /// The keys of a plan, as nested text.
    fn keys(planned: &[Planned]) -> String {
        let one =
            |p: &Planned| if p.inner.is_empty() { p.key.clone() } else { format!("{}({})", p.key, keys(&p.inner)) };
        planned.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn fragments_aliases_and_repeated_fields_become_one_plan() {
        let query = "query A($no: Boolean = false) { list: assets { ...F name @include(if: $no) files { md5 } } }
            query B { __typename }
            fragment F on Asset { name @skip(if: true) files { sha1 } ... on Asset { id } ... @include(if: $no) { type } }";
        let planned = plan(query, Some("A"), &Map::new(), &ROOT_V2).expect("plans");
        assert_eq!(keys(&planned), "list(files(sha1 md5) id)");
        assert_eq!(keys(&plan(query, Some("B"), &Map::new(), &ROOT_V2).expect("plans")), "__typename");
        assert!(plan(query, None, &Map::new(), &ROOT_V2).is_err());
        assert!(plan(query, Some("C"), &Map::new(), &ROOT_V2).is_err());
    }

    #[test]
    fn arguments_take_variables_defaults_and_nulls() {
        let query = "query ($a: Int = 3, $b: String, $c: [String]) \
            { assets(limit: $a, searchTerm: $b, organizationIds: $c, offset: null) { id } }";
        let given = json!({ "c": "one", "accessToken": "undeclared" });
        let planned = plan(query, None, given.as_object().expect("an object"), &ROOT_V2).expect("plans");
        assert_eq!(Value::Object(planned[0].arguments.clone()), json!({ "limit": 3, "organizationIds": ["one"] }));
        let query = "{ assets(query: {types: \"custom\", tags: [{value: \"x\"}]}) { id } }";
        let planned = plan(query, None, &Map::new(), &ROOT_V1).expect("plans");
        let expected = json!({ "query": { "types": ["custom"], "tags": [{ "value": "x" }] } });
        assert_eq!(Value::Object(planned[0].arguments.clone()), expected);
    }

    #[test]
    fn what_the_schema_does_not_know_is_told_with_its_place() {
        let found = flaws("{\n  assets {\n    nothing\n  }\n}");
        assert_eq!(found[0].message, "Cannot query field \"nothing\" on type \"Asset\".");
        assert_eq!((found[0].at[0].line, found[0].at[0].column), (3, 5));
        for (query, part) in [
            ("{ assets", "Syntax Error"),
            ("{ assets(limit: \"1\") { id } }", "Int"),
            ("{ assets(limits: 1) { id } }", "Unknown argument \"limits\""),
            ("{ assets }", "must have a selection"),
            ("{ assets { id { x } } }", "must not have a selection"),
            ("{ asset(groupId: \"g\") { id } }", "\"assetId\""),
            ("{ assets { ...F } }", "Unknown fragment \"F\""),
            ("{ assets { ...F } } fragment F on Asset { ...F }", "within itself"),
            ("{ assets { ... on File { md5 } } }", "never of type \"File\""),
            ("{ assets(limit: $n) { id } }", "Variable \"$n\" is not defined"),
            ("query ($n: Int!) { assets(limit: $n) { id } }", "was not provided"),
            ("query ($n: Int = \"x\") { assets(limit: $n) { id } }", "invalid value"),
            ("{ assets { id: name id } }", "conflict"),
            ("{ assets { id @upper } }", "Unknown directive"),
            ("{ assets { id @skip } }", "\"if\""),
            ("{ assets { related(relationshipType: Parents) { id } } }", "RelationshipType"),
            ("mutation { assets { id } }", "mutation"),
        ] {
            let found = flaws(query);
            assert!(found.iter().any(|flaw| flaw.message.contains(part)), "{query}: {found:?}");
        }
    }

    #[test]
    fn bombs_are_refused() {
        let deep = |open: &str, close: &str| format!("{}{}", open.repeat(50_000 / open.len()), close.repeat(10));
        for query in [
            deep("{a", "}"),
            deep("[", "]"),
            format!("{{ assets(searchTerm: {}", deep("[", "]")),
            format!("query ($a: {}", deep("[", "]")),
            format!("{{ assets(searchTerm: [\"\"\" \" {}", deep("[", "]")),
            "{".repeat(MAX_LENGTH + 1),
        ] {
            assert_eq!(flaws(&query).len(), 1);
        }
        let mut doubling = "{ assets { ...F0 } }".to_owned();
        for i in 0..20 {
            doubling.push_str(&format!(" fragment F{i} on Asset {{ ...F{n} ...F{n} }}", n = i + 1));
        }
        doubling.push_str(" fragment F20 on Asset { id }");
        assert!(flaws(&doubling)[0].message.contains("selections"));
        let mut chain = "{ assets { ...F0 } }".to_owned();
        for i in 0..1_000 {
            chain.push_str(&format!(" fragment F{i} on Asset {{ ...F{} }}", i + 1));
        }
        assert!(flaws(&chain)[0].message.contains("levels deep"));
    }

    #[test]
    fn brackets_in_strings_and_comments_are_not_counted() {
        let brackets = "{".repeat(100);
        for query in [
            format!("# {brackets}\n{{ assets {{ id }} }}"),
            format!("{{ assets(searchTerm: \"\\\"{brackets}\") {{ id }} }}"),
            format!("{{ assets(searchTerm: \"\"\"{brackets}\\\"\"\" \"\"\") {{ id }} }}"),
        ] {
            plan(&query, None, &Map::new(), &ROOT_V2).expect(&query);
        }
    }
}
