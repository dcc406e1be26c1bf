//! Grant types: what a row wants to use, held to what the providers know (EXCHANGE.md §7). Pure.

use crate::{hub::GrantTypes, journal::Failure};

/// The class of what is wrong with grant types.
const CLASS: &str = "grant-type";

/// Whether all that is wanted can be used together; `whose` provider it is stands in the failure.
pub(super) fn check(wanted: &[String], offered: &GrantTypes, whose: &str) -> Result<(), Failure> {
    let wants = |name: &String| wanted.contains(name);
    let failure = |message: String| Failure::new(CLASS, message);
    let known: Vec<&str> = offered.grant_types.iter().map(|grant| grant.name.as_str()).collect();
    if let Some(unknown) = wanted.iter().find(|name| !known.contains(&name.as_str())) {
        let offers = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        let failure = failure(format!("the provider of {whose} has no grant type `{unknown}`; it knows {offers}"));
        return Err(failure.hint("correct the cell `grantTypes`, or empty it"));
    }
    for grant in &offered.grant_types {
        let is_wanted = wants(&grant.name);
        if grant.required && !wanted.is_empty() && !is_wanted {
            return Err(failure(format!("the provider of {whose} requires the grant type `{}`", grant.name)));
        }
        if let Some(lacking) = grant.depends.iter().find(|needed| is_wanted && !wants(needed)) {
            return Err(failure(format!("the grant type `{}` of {whose} needs `{lacking}` beside it", grant.name)));
        }
        if let Some(other) = grant.exclude.iter().find(|other| is_wanted && wants(other)) {
            return Err(failure(format!(
                "the grant types `{}` and `{other}` of {whose} exclude each other",
                grant.name
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(wanted: &[&str]) -> Option<String> {
        let offered = json!({"type": {"name": "x"}, "grantTypes": [
            {"name": "code", "required": true},
            {"name": "refresh", "depends": ["code"]},
            {"name": "implicit", "exclude": ["refresh"]},
        ]});
        let offered = serde_json::from_value(offered).expect("are grant types");
        let wanted: Vec<String> = wanted.iter().map(|name| (*name).to_owned()).collect();
        check(&wanted, &offered, "instance i").err().map(|failure| failure.message)
    }

    #[test]
    fn what_a_provider_does_not_know_or_allow_is_told_by_name() {
        assert_eq!((told(&[]), told(&["code", "refresh"])), (None, None));
        let all = "the provider of instance i has no grant type `password`; it knows code, refresh, implicit";
        assert_eq!(told(&["password"]).as_deref(), Some(all));
        assert!(told(&["implicit"]).is_some_and(|told| told.contains("requires the grant type `code`")));
        assert!(told(&["code", "refresh", "implicit"]).is_some_and(|told| told.contains("exclude each other")));
    }
}
