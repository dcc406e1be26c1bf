//! A row as the calls of the portal take it.

use crate::{
    asset::ApplicationWish,
    hub::{ApplicationChange, ApplicationUpsert, NewApplication},
};

/// What is to change of an application that is there. Its name is what it was found by.
pub(super) fn change(wish: &ApplicationWish) -> ApplicationChange {
    ApplicationChange {
        name: None,
        description: wish.description.clone(),
        url: wish.url.clone(),
        redirect_uri: wish.redirect_uris.clone(),
        grant_types: wish.grant_types.clone(),
        api_endpoints: wish.api_endpoints,
    }
}

/// An application to be made. There is nothing yet that could be taken away.
pub(super) fn new(wish: &ApplicationWish, instance_id: String) -> NewApplication {
    let said = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let application = ApplicationUpsert {
        name: wish.name.clone(),
        description: said(&wish.description),
        url: said(&wish.url),
        redirect_uri: wish.redirect_uris.clone(),
        grant_types: wish.grant_types.clone(),
        api_endpoints: wish.api_endpoints,
    };
    NewApplication { application, instance_id }
}
