//! What is left to say about an asset once its content is on the target.

use std::time::Duration;

use super::{DESCRIBE, Making, PUBLISH, Publish, Sender, Subject};
use crate::{
    asset::{Description, Lifecycle, Spelled, Values},
    engine::{Ending, Outcome},
    journal::{Failure, Whose},
    work::description,
};

impl Publish {
    /// The content has just been published: what the call could not say, or the server does not take from it, follows.
    pub(super) fn published(&self, subject: &mut Subject, note: Option<String>) -> Outcome {
        let coordinates = &subject.draft.coordinates;
        let existed = subject.existed.unwrap_or_else(|| self.existing.may_exist(coordinates));
        self.existing.is_there(coordinates);
        if subject.sender != Sender::Stranger {
            let whose = if subject.making == Making::New { Whose::Ours } else { Whose::AsBefore };
            subject.brings(whose, self.exchange.client().server_time());
        }
        subject.wish = left_open(&subject.wish, existed, subject.draft.status == Some(Lifecycle::Development));
        if subject.wish.is_empty() {
            return Outcome::End(Ending::Done { note, fingerprint: subject.fingerprint() });
        }
        Outcome::To { step: DESCRIBE, fingerprint: subject.content_fingerprint(), note }
    }

    /// The target holds the content already: what describes it is brought up to date.
    pub(super) fn there_already(subject: &mut Subject, proof: String) -> Outcome {
        if subject.wish.is_empty() {
            let proof = Failure::new(SAME_CONTENT, proof);
            return Outcome::End(Ending::Confirmed { proof, fingerprint: subject.fingerprint() });
        }
        subject.found = Some(proof.clone());
        Outcome::To { step: DESCRIBE, fingerprint: subject.content_fingerprint(), note: Some(proof) }
    }

    /// Says what is left to say.
    pub(super) async fn describe(&self, subject: &mut Subject) -> Outcome {
        let coordinates = &subject.draft.coordinates;
        match self.describer.describe(&mut subject.progress, coordinates, &subject.wish).await {
            // Somebody has deleted it since this job published it: then nothing is there that was known to be.
            Outcome::Failed(failure) if failure.class == description::MISSING && subject.package.is_some() => {
                (subject.found, subject.wish) = (None, subject.whole_wish.clone());
                Outcome::Back { step: PUBLISH, failure, after: Duration::ZERO, doubt: false }
            }
            outcome => outcome,
        }
    }

    /// All is said: how the item ends.
    pub(super) fn described(subject: &Subject) -> Outcome {
        let fingerprint = subject.fingerprint();
        match &subject.found {
            Some(found) if !subject.progress.has_changed() => {
                let proof = Failure::new(SAME_CONTENT, format!("{found}, and described as it should be"));
                Outcome::End(Ending::Confirmed { proof, fingerprint })
            }
            _ => Outcome::End(Ending::Done { note: subject.progress.note(), fingerprint }),
        }
    }
}

/// The class of items that are as they should be.
pub(in crate::work) const SAME_CONTENT: &str = "same-content";

/// What a publication leaves open. The server takes name, description, contact and icon from the first version of an
/// asset only (EXCHANGE.md §3.1), and keeps tags, categories, fields and pages of a development version that is published
/// over (§3.9); a form cannot say everything; and nothing is published as deprecated.
fn left_open(wish: &Description, existed: bool, is_development: bool) -> Description {
    let status = wish.status.filter(|status| *status == Lifecycle::Deprecated);
    if existed {
        // Documentation goes along with a new version: comparing every page of it would cost more than it is worth.
        let docs = wish.docs.clone().filter(|_| is_development);
        return Description { docs, status, ..wish.clone() };
    }
    let unsaid = |values: &Values| -> Values {
        let unsaid = values.iter().filter(|(_, value)| value.csv().is_none() && !value.is_nothing());
        unsaid.map(|(key, value)| (key.clone(), value.clone())).collect()
    };
    Description {
        tags: wish.tags.clone().filter(|tags| !tags.is_empty() && Spelled::from(tags.clone()).csv().is_none()),
        categories: unsaid(&wish.categories),
        fields: unsaid(&wish.fields),
        pages: wish.pages.clone(),
        instances: wish.instances.clone(),
        // Nothing new is public.
        visibility: wish.visibility.filter(|wished| wished.is_public()),
        status,
        ..Description::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish() -> Description {
        Description {
            name: Some("A".to_owned()),
            tags: Some(vec!["a".to_owned(), "b".to_owned()]),
            fields: [("gone".to_owned(), Spelled::nothing()), ("n".to_owned(), Spelled::One("1".to_owned()))]
                .into_iter()
                .collect(),
            docs: Some(crate::asset::FileContent::File("docs.zip".into())),
            status: Some(Lifecycle::Published),
            ..Description::default()
        }
    }

    #[test]
    fn a_new_asset_needs_nothing_that_the_form_has_said() {
        assert_eq!(left_open(&wish(), false, false), Description::default());
        let comma = Description { tags: Some(vec!["a, b".to_owned()]), ..wish() };
        assert_eq!(left_open(&comma, false, false).tags, comma.tags);
        let deprecated = Description { status: Some(Lifecycle::Deprecated), ..wish() };
        assert_eq!(left_open(&deprecated, false, false).status, deprecated.status);
    }

    #[test]
    fn a_new_version_is_held_to_the_whole_wish_but_what_it_brought_itself() {
        let open = left_open(&wish(), true, false);
        assert_eq!(open, Description { docs: None, status: None, ..wish() });
        assert!(left_open(&wish(), true, true).docs.is_some(), "a development version keeps its old pages");
    }
}
