//! What the portal shows of assets: their instances.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::OnceCell;

use crate::{
    hub::{AssetDetail, AssetInstance, Hub, PortalAsset},
    journal::Failure,
    net::CallError,
};

/// Assets of the portal, each read when somebody asks for the first time.
#[derive(Debug, Default)]
pub(in crate::work) struct ShownAssets(Mutex<HashMap<PortalAsset, Cell>>);

/// What is shown of an asset; `None`: the portal does not show it.
type Cell = Arc<OnceCell<Option<Shown>>>;

/// What the portal shows under the name of an asset.
#[derive(Debug)]
struct Shown {
    /// How the portal itself names it: `1`, `v1` and `1.0` may be one.
    asset: PortalAsset,
    instances: Vec<AssetInstance>,
}

impl Shown {
    fn of(asset: &PortalAsset, detail: AssetDetail) -> Self {
        let minor_version = detail.minor_version.unwrap_or_else(|| asset.minor_version.clone());
        let asset = PortalAsset { group_id: detail.group_id, asset_id: detail.asset_id, minor_version };
        Self { asset, instances: detail.instances }
    }
}

/// Why an instance cannot be found.
#[derive(Debug)]
pub(in crate::work) enum ShownError {
    /// A call failed.
    Call(CallError),
    /// There is none that is meant.
    Missing(Failure),
}

impl From<CallError> for ShownError {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}

/// The class of items that name what the portal does not show.
pub(in crate::work) const MISSING: &str = "missing";

impl ShownAssets {
    /// The instance of an asset that is meant, by its id or else its name; without either, the only one.
    ///
    /// # Errors
    /// [`ShownError`]
    pub(in crate::work) async fn instance(
        &self,
        hub: &Hub,
        asset: &PortalAsset,
        wanted: Option<&str>,
    ) -> Result<AssetInstance, ShownError> {
        Ok(self.named(hub, asset, wanted).await?.1)
    }

    /// The same, with the name that the portal itself gives to the asset.
    ///
    /// # Errors
    /// [`ShownError`]
    pub(in crate::work) async fn named(
        &self,
        hub: &Hub,
        asset: &PortalAsset,
        wanted: Option<&str>,
    ) -> Result<(PortalAsset, AssetInstance), ShownError> {
        let cell = {
            let mut cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(cells.entry(asset.clone()).or_default())
        };
        let read = || async { Ok::<_, CallError>(hub.details(asset).await?.map(|detail| Shown::of(asset, detail))) };
        let Some(shown) = cell.get_or_try_init(read).await? else {
            let failure = Failure::new(MISSING, format!("the portal shows no asset {asset}"));
            return Err(ShownError::Missing(failure.hint("`consign hub assets list` shows what there is")));
        };
        let instance = pick(asset, &shown.instances, wanted).cloned().map_err(ShownError::Missing)?;
        Ok((shown.asset.clone(), instance))
    }
}

fn pick<'a>(
    asset: &PortalAsset,
    instances: &'a [AssetInstance],
    wanted: Option<&str>,
) -> Result<&'a AssetInstance, Failure> {
    let told = || {
        let names = instances.iter().map(|known| format!("{} ({})", known.name, known.id));
        names.collect::<Vec<_>>().join(", ")
    };
    let missing = |message: String, hint: &str| Err(Failure::new(MISSING, message).hint(hint));
    let by_its_name = "name one in \"instance\", by its id or its name";
    let Some(wanted) = wanted else {
        return match instances {
            [only] => Ok(only),
            [] => missing(format!("{asset} has no instance"), "an application is made for an instance of an API"),
            _ => missing(format!("{asset} has several instances: {}", told()), by_its_name),
        };
    };
    if let Some(known) = instances.iter().find(|known| known.id == wanted) {
        return Ok(known);
    }
    let mut named = instances.iter().filter(|known| known.name == wanted);
    match (named.next(), named.next()) {
        (Some(known), None) => Ok(known),
        (Some(_), Some(_)) => {
            missing(format!("{asset} has several instances of the name `{wanted}`: {}", told()), "name it by its id")
        }
        (None, _) if instances.is_empty() => {
            missing(format!("{asset} has no instance `{wanted}`, and no other one"), by_its_name)
        }
        (None, _) => missing(format!("{asset} has no instance `{wanted}`; it has {}", told()), by_its_name),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn instance(id: &str, name: &str) -> AssetInstance {
        serde_json::from_value(json!({"id": id, "name": name})).expect("is one")
    }

    #[test]
    fn an_instance_is_meant_by_its_id_or_its_name_or_by_being_the_only_one() {
        let asset: PortalAsset = "g/a/v1".parse().expect("is one");
        let both = [instance("1", "Live"), instance("2", "Test"), instance("3", "Test"), instance("Live", "x")];
        let picked = |instances: &[AssetInstance], wanted: Option<&str>| {
            pick(&asset, instances, wanted).map(|known| known.id.clone()).map_err(|failure| failure.message)
        };
        assert_eq!(picked(&both, Some("2")), Ok("2".to_owned()));
        assert_eq!(picked(&both, Some("Live")), Ok("Live".to_owned()), "an id comes first");
        assert_eq!(picked(&both[..2], Some("Live")), Ok("1".to_owned()));
        assert_eq!(picked(&both[..1], None), Ok("1".to_owned()));
        for (instances, wanted, told) in [
            (&both[..], Some("Test"), "several instances of the name `Test`"),
            (&both[..], None, "several instances: Live (1), Test (2)"),
            (&both[..], Some("Beta"), "no instance `Beta`; it has Live (1)"),
            (&[], None, "has no instance"),
            (&[], Some("Live"), "and no other one"),
        ] {
            let error = picked(instances, wanted).expect_err("means none");
            assert!(error.contains(told), "{error}");
        }
    }
}
