//! `consign hub apps`: client applications.

use futures::TryStreamExt;
use secrecy::SecretString;
use serde_json::json;

use super::{
    super::{Exit, Problem},
    access::write_grant_types,
    args::{AppsCommand, ValueArgs},
    cannot, cannot_surely,
    confirm::confirm,
    show::{facts, nothing, secret_words, show, with_secret, words},
    told,
    visit::Visit,
};
use crate::{
    hub::{
        Application, ApplicationChange, ApplicationSummary, ApplicationUpsert, Hub, HubError, NewApplication,
        PortalAsset,
    },
    report::{Table, left, printable},
};

pub(super) async fn apps(visit: &Visit, command: &AppsCommand) -> Result<Exit, Problem> {
    let hub = visit.portal().await?;
    match command {
        AppsCommand::List { name, instance } => list(visit, &hub, name.as_deref(), instance.as_deref()).await,
        AppsCommand::Show { app, secret } => {
            let id = id(&hub, &app.app).await?;
            let found = hub.application(&id).await.map_err(cannot(format!("read application `{}`", app.app)))?;
            let found = found.ok_or_else(|| told(&HubError::NoApplication(app.app.clone())))?;
            show_application(visit, &found, secret.show_secret)
        }
        AppsCommand::Create { name, asset, instance, values, secret } => {
            create(visit, &hub, (name, asset, instance), values, secret.show_secret).await
        }
        AppsCommand::Update { app, name, values, secret } => {
            let change = change(name.clone(), values);
            if change == ApplicationChange::default() {
                return Err(Problem::new("nothing is to change").hint(Some("name what is, such as --url URL")));
            }
            let id = id(&hub, &app.app).await?;
            let changed = hub.change_application(&id, change).await;
            let changed = changed.map_err(cannot(format!("change application `{}`", app.app)))?;
            show_application(visit, &changed, secret.show_secret)
        }
        AppsCommand::Delete { app, sure } => {
            let question = format!("delete the application `{}` and end its contracts?", app.app);
            confirm(&question, sure.yes)?;
            delete(visit, &hub, &app.app).await
        }
        AppsCommand::ResetSecret { app, sure, secret } => {
            let question = format!("give `{}` a new secret, and end the one that its users have?", app.app);
            confirm(&question, sure.yes)?;
            reset(visit, &hub, &app.app, secret.show_secret).await
        }
        AppsCommand::NameExists { name } => {
            let exists = hub.application_exists(name).await.map_err(cannot("look for the name"))?;
            let word = if exists { "yes" } else { "no" };
            show(visit.json, &json!({ "exists": exists }), |out| Ok(writeln!(out, "{word}")?))
        }
        AppsCommand::GrantTypes(app) => {
            let id = id(&hub, &app.app).await?;
            let found = hub.application_grant_types(&id).await.map_err(cannot("read the grant types"))?;
            let found = found.ok_or_else(|| told(&HubError::NoApplication(app.app.clone())))?;
            show(visit.json, &found, |out| write_grant_types(out, &found))
        }
    }
}

/// The id of an application that people name as they like.
pub(super) async fn id(hub: &Hub, app: &str) -> Result<String, Problem> {
    hub.application_id(app).await.map_err(cannot(format!("look for application `{app}`")))
}

async fn list(visit: &Visit, hub: &Hub, name: Option<&str>, instance: Option<&str>) -> Result<Exit, Problem> {
    let all: Vec<ApplicationSummary> =
        hub.applications(name, instance).try_collect().await.map_err(cannot("list the applications"))?;
    if all.is_empty() {
        nothing(visit.json, "there are no such applications of yours");
    }
    show(visit.json, &json!({ "applications": all }), |out| {
        let mut table = Table::new(out, vec![left("id"), left("name"), left("description")]);
        for known in &all {
            table.row([known.id.as_str(), known.name.as_str(), known.description.as_deref().unwrap_or_default()])?;
        }
        Ok(table.finish()?)
    })
}

async fn create(
    visit: &Visit,
    hub: &Hub,
    (name, asset, instance): (&str, &PortalAsset, &str),
    values: &ValueArgs,
    show_secret: bool,
) -> Result<Exit, Problem> {
    let change = change(None, values);
    let application = ApplicationUpsert {
        name: name.to_owned(),
        description: change.description,
        url: change.url,
        redirect_uri: change.redirect_uri,
        grant_types: change.grant_types,
        api_endpoints: change.api_endpoints,
    };
    let new = NewApplication { application, instance_id: instance.to_owned() };
    let made = hub.create_application(asset, &new).await.map_err(cannot_surely(
        format!("make application `{name}`"),
        format!("`consign hub apps list --name '{name}'` shows whether it is there, and yours"),
    ))?;
    let secret = made.client_secret.as_ref();
    show(visit.json, &with_secret(&made, secret, show_secret), |out| {
        facts(out, &credentials((&made.id, &made.name), made.client_id.as_deref(), secret, show_secret))
    })
}

/// What an application signs in with.
fn credentials(
    (id, name): (&str, &str),
    client_id: Option<&str>,
    secret: Option<&SecretString>,
    show_secret: bool,
) -> Vec<(&'static str, String)> {
    vec![
        ("id", id.to_owned()),
        ("name", name.to_owned()),
        ("client id", words(client_id)),
        ("client secret", secret_words(secret, show_secret)),
    ]
}

fn show_application(visit: &Visit, application: &Application, show_secret: bool) -> Result<Exit, Problem> {
    let Application { id, name, client_id, .. } = application;
    let secret = application.client_secret.as_ref();
    show(visit.json, &with_secret(application, secret, show_secret), |out| {
        let provider = application.client_provider.as_ref();
        let provider = provider.map(|known| known.name.clone().unwrap_or_else(|| known.provider_id.clone()));
        let mut all = credentials((id, name), client_id.as_deref(), secret, show_secret);
        all.extend([
            ("description", words(application.description.as_deref())),
            ("url", words(application.url.as_deref())),
            ("redirect URIs", application.redirect_uri.join(", ")),
            ("grant types", application.grant_types.join(", ")),
            ("provider", provider.unwrap_or_default()),
            ("updated", words(application.last_update_date.as_deref())),
        ]);
        facts(out, &all)
    })
}

async fn delete(visit: &Visit, hub: &Hub, app: &str) -> Result<Exit, Problem> {
    let id = id(hub, app).await?;
    if !hub.delete_application(&id).await.map_err(cannot(format!("delete application `{app}`")))? {
        return Err(told(&HubError::NoApplication(app.to_owned())));
    }
    show(visit.json, &json!({ "deleted": true, "id": id }), |out| Ok(writeln!(out, "deleted {}", printable(app))?))
}

async fn reset(visit: &Visit, hub: &Hub, app: &str, show_secret: bool) -> Result<Exit, Problem> {
    let id = id(hub, app).await?;
    let secret = hub.reset_secret(&id).await.map_err(|error| match error.http() {
        Some(404) => told(&HubError::NoApplication(app.to_owned())),
        _ => cannot_surely(
            format!("reset the secret of `{app}`"),
            format!("`consign hub apps show '{app}' --show-secret` tells the secret that holds"),
        )(error),
    })?;
    let document = with_secret(&json!({ "reset": true, "id": id }), Some(&secret), show_secret);
    show(visit.json, &document, |out| {
        facts(out, &[("id", id.clone()), ("client secret", secret_words_of_reset(&secret, show_secret))])
    })
}

/// A secret that was reset can be read again, and is not reset once more to see it.
fn secret_words_of_reset(secret: &SecretString, show_secret: bool) -> String {
    if show_secret {
        return secret_words(Some(secret), true);
    }
    "(new; `consign hub apps show --show-secret` shows it)".to_owned()
}

fn change(name: Option<String>, values: &ValueArgs) -> ApplicationChange {
    // Given once and empty stands for an empty list; not given at all, for no change.
    let list = |given: &[String]| {
        (!given.is_empty()).then(|| given.iter().filter(|value| !value.is_empty()).cloned().collect::<Vec<_>>())
    };
    ApplicationChange {
        name,
        description: values.description.clone(),
        url: values.url.clone(),
        redirect_uri: list(&values.redirect_uri),
        grant_types: list(&values.grant_type),
        api_endpoints: values.api_endpoints,
    }
}
