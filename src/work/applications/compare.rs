//! What differs between an application and its row, and what becomes of that.

use std::collections::BTreeSet;

use super::{Applications, CONFLICT, DELIVER, SAME_CONTENT, Subject, UPDATE, done, left, row, to, to_create};
use crate::{
    asset::ApplicationWish,
    engine::Outcome,
    hub::Application,
    job::WhenDifferent,
    journal::{Failure, Item},
    work::{description::Difference, failure},
};

/// The class of items that differ and are left so.
const DIFFERENT: &str = "different";

/// One datum that is not as the row says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Differing {
    /// Which, by the name of its column.
    pub(super) datum: &'static str,
    /// What the row says.
    pub(super) wanted: String,
    /// What is there.
    pub(super) found: String,
}

/// All that differs, of what the row says. Whether redirects follow the instances is told by no server.
pub(super) fn differences(wish: &ApplicationWish, application: &Application) -> Vec<Differing> {
    let mut differing = Vec::new();
    let texts = [("description", &wish.description, &application.description), ("url", &wish.url, &application.url)];
    for (datum, wanted, found) in texts {
        let found = found.as_deref().unwrap_or_default();
        if let Some(wanted) = wanted.as_deref().filter(|wanted| *wanted != found) {
            differing.push(Differing { datum, wanted: wanted.to_owned(), found: found.to_owned() });
        }
    }
    // The addresses of instances are among the redirects then, and nobody said these.
    let may_be_more = wish.api_endpoints == Some(true);
    let lists = [
        ("redirectUris", &wish.redirect_uris, &application.redirect_uri, may_be_more),
        ("grantTypes", &wish.grant_types, &application.grant_types, false),
    ];
    for (datum, wanted, found, may_be_more) in lists {
        let Some(wanted) = wanted else { continue };
        let (all, there): (BTreeSet<_>, BTreeSet<_>) = (wanted.iter().collect(), found.iter().collect());
        if !(all == there || (may_be_more && all.is_subset(&there))) {
            differing.push(Differing { datum, wanted: wanted.join(" "), found: found.join(" ") });
        }
    }
    differing
}

/// Differences on one line.
pub(super) fn told(differing: &[Differing]) -> String {
    let told = differing.iter().map(|known| Difference::between(known.datum, &known.found, &known.wanted).to_string());
    told.collect::<Vec<_>>().join("; ")
}

impl Applications {
    /// Reads the application, and tells what is to be done about it.
    pub(super) async fn compare(&self, subject: &mut Subject, item: &Item) -> Outcome {
        if subject.ids.owed {
            return to(DELIVER);
        }
        let id = subject.ids.id.clone().unwrap_or_default();
        let application = match self.hub.application(&id).await {
            Ok(Some(application)) => application,
            // Somebody has deleted it since it was listed.
            Ok(None) => return to_create(subject),
            Err(error) => return failure::outcome(&error),
        };
        subject.ids.client_id.clone_from(&application.client_id);
        let differing = differences(&subject.wish, &application);
        subject.found = Some(application);
        if differing.is_empty() {
            return if item.step.is_some() {
                done("an earlier attempt began with it, and all is as the row says")
            } else {
                left(SAME_CONTENT, "nothing differs: the portal has it as the row says")
            };
        }
        let told = told(&differing);
        match self.on_difference {
            WhenDifferent::Update => {
                Outcome::To { step: UPDATE, fingerprint: None, note: Some(format!("differs: {told}")) }
            }
            WhenDifferent::Skip => left(DIFFERENT, format!("is left as it is: {told}")),
            WhenDifferent::Fail => Outcome::Failed(
                Failure::new(CONFLICT, format!("differs from the row: {told}"))
                    .hint("change the row, or let applications.on_difference say `update` or `skip`"),
            ),
        }
    }

    /// Replaces the application by what it was, with what the row says over it.
    pub(super) async fn update(&self, subject: &mut Subject) -> Outcome {
        let Some(found) = subject.found.clone() else {
            let failure = Failure::new("journal", "the application that differed is not there any more");
            return Outcome::Failed(failure.hint("`consign retry` looks for it anew"));
        };
        let id = found.id.clone();
        let differing = told(&differences(&subject.wish, &found));
        match self.hub.update_application(&id, &row::change(&subject.wish).over(found)).await {
            Ok(_) => {
                self.tally.add_updated();
                done(format!("changed {differing}"))
            }
            Err(error) => failure::outcome(&error),
        }
    }
}
