//! External instances: matched by name, else by address, and never made twice. Others are left alone.

use std::collections::BTreeSet;

use crate::{
    asset::{AssetType, Coordinates, ExternalInstance},
    engine::Outcome,
    exchange::{Asset, Instance, InstanceChange, InstanceGroup, NewInstance},
    journal::Failure,
    net::CallError,
    work::failure,
};

use super::{Describer, Difference, Progress, refused};

/// How often the instances are read again when somebody else changes them meanwhile.
const TRIES: usize = 3;

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum InstanceWrite {
    Create(NewInstance),
    Update { id: String, change: InstanceChange },
}

impl Describer {
    /// What differs.
    pub(super) async fn compare_instances(
        &self,
        coordinates: &Coordinates,
        asset: &Asset,
        wish: &[ExternalInstance],
    ) -> Result<Vec<Difference>, Outcome> {
        if wish.is_empty() {
            return Ok(Vec::new());
        }
        let group = group_of(coordinates, asset)?;
        let there = self.read_instances(&group).await?;
        let differing = differing(&there, wish).map_err(Outcome::Failed)?;
        Ok(differing.into_iter().map(|(_, difference)| difference).collect())
    }

    /// Makes and changes what differs. Instances are read right before, so that a creation whose reply was lost is found.
    pub(super) async fn send_instances(
        &self,
        progress: &mut Progress,
        coordinates: &Coordinates,
        asset: &Asset,
        wish: &[ExternalInstance],
    ) -> Result<(), Outcome> {
        let group = group_of(coordinates, asset)?;
        let mut tries = 0;
        loop {
            let there = self.read_instances(&group).await?;
            let writes = differing(&there, wish).map_err(Outcome::Failed)?;
            let Some(in_the_way) = self.write_all(progress, &group, writes).await? else { return Ok(()) };
            tries += 1;
            if tries == TRIES {
                return Err(Outcome::Failed(in_the_way));
            }
        }
    }

    /// Makes all changes; a failure where a name is taken, or an instance is gone, that was not so a moment ago.
    async fn write_all(
        &self,
        progress: &mut Progress,
        group: &InstanceGroup,
        writes: Vec<(InstanceWrite, Difference)>,
    ) -> Result<Option<Failure>, Outcome> {
        for (write, _) in writes {
            let done = match &write {
                InstanceWrite::Create(new) => self.exchange.create_instance(group, new).await.map(|_| true),
                InstanceWrite::Update { id, change } => self.exchange.update_instance(group, id, change).await,
            };
            match done {
                Ok(true) => progress.accepted(&self.tally),
                Ok(false) => return Ok(Some(Failure::new("gone", "an instance was deleted while it was changed"))),
                Err(error) if error.http() == Some(409) => return Ok(Some(name_taken(&error))),
                Err(error) => return Err(refused(error)),
            }
        }
        Ok(None)
    }

    async fn read_instances(&self, group: &InstanceGroup) -> Result<Vec<Instance>, Outcome> {
        let there = self.exchange.instances(group).await.map_err(refused)?;
        Ok(there.unwrap_or_default())
    }
}

fn name_taken(error: &CallError) -> Failure {
    Failure { class: "conflict".to_owned(), ..failure::failure(error) }
        .hint("another kind of instance of this version group has that name: choose another one")
}

/// The version group that the asset belongs to, as the server tells.
fn group_of(coordinates: &Coordinates, asset: &Asset) -> Result<InstanceGroup, Outcome> {
    let told = asset.version_group.as_deref().filter(|group| !group.trim().is_empty());
    let name = told.or_else(|| asset.api_version()).unwrap_or_default();
    let is_evented = asset.kind() == AssetType::EventedApi;
    let group = InstanceGroup::new(&coordinates.group_id, &coordinates.asset_id, name, is_evented);
    group.map_err(|error| {
        let failure = Failure::new("input", failure::chain(&error));
        Outcome::Failed(failure.hint("only APIs have version groups: leave the instances out"))
    })
}

/// What has to be made and changed, with its words.
fn differing(there: &[Instance], wish: &[ExternalInstance]) -> Result<Vec<(InstanceWrite, Difference)>, Failure> {
    let mut names = BTreeSet::new();
    if let Some(twice) = wish.iter().find(|wished| !names.insert(wished.name.as_str())) {
        return Err(Failure::new("value", format!("the instance `{}` is named twice", twice.name)));
    }
    let external = || there.iter().filter(|instance| instance.is_external());
    let by_name = |name: &str| external().find(|instance| instance.name.as_deref() == Some(name));
    let mut claimed: BTreeSet<&str> =
        wish.iter().filter_map(|wished| by_name(&wished.name)).map(|instance| instance.id.as_str()).collect();
    let mut writes = Vec::new();
    for wished in wish {
        let by_address = || {
            external().find(|instance| {
                instance.endpoint_uri.as_deref() == Some(wished.endpoint_uri.as_str())
                    && !claimed.contains(instance.id.as_str())
            })
        };
        match by_name(&wished.name).or_else(by_address) {
            Some(known) => {
                claimed.insert(known.id.as_str());
                writes.extend(changed(known, wished));
            }
            None => writes.push(created(wished)),
        }
    }
    Ok(writes)
}

fn changed(known: &Instance, wished: &ExternalInstance) -> Option<(InstanceWrite, Difference)> {
    let (name, address) =
        (known.name.as_deref().unwrap_or_default(), known.endpoint_uri.as_deref().unwrap_or_default());
    let change = InstanceChange {
        name: Some(wished.name.clone()).filter(|wished| wished != name),
        endpoint_uri: Some(wished.endpoint_uri.clone()).filter(|wished| wished != address),
        is_public: wished.is_public.filter(|wished| *wished != known.is_public),
    };
    let mut words = Vec::new();
    if change.name.is_some() {
        words.push(format!("renamed from {name}"));
    }
    if change.endpoint_uri.is_some() {
        words.push(format!("{address} → {}", wished.endpoint_uri));
    }
    if let Some(is_public) = change.is_public {
        words.push(if is_public { "private → public" } else { "public → private" }.to_owned());
    }
    let difference = Difference::new(format!("instances.{}", wished.name), words.join(", "));
    (!words.is_empty()).then(|| (InstanceWrite::Update { id: known.id.clone(), change }, difference))
}

fn created(wished: &ExternalInstance) -> (InstanceWrite, Difference) {
    let new = NewInstance {
        name: wished.name.clone(),
        endpoint_uri: wished.endpoint_uri.clone(),
        is_public: wished.is_public.unwrap_or_default(),
    };
    let difference = Difference::between(format!("instances.{}", wished.name), "", &wished.endpoint_uri);
    (InstanceWrite::Create(new), difference)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instance(id: &str, kind: &str, name: &str, address: &str) -> Instance {
        Instance {
            id: id.to_owned(),
            instance_type: Some(kind.to_owned()),
            name: Some(name.to_owned()),
            endpoint_uri: Some(address.to_owned()),
            ..Instance::default()
        }
    }

    fn wished(name: &str, address: &str) -> ExternalInstance {
        ExternalInstance { name: name.to_owned(), endpoint_uri: address.to_owned(), is_public: None }
    }

    fn told(there: &[Instance], wish: &[ExternalInstance]) -> Vec<String> {
        let differing = differing(there, wish).expect("can be compared");
        differing
            .into_iter()
            .map(|(write, difference)| match write {
                InstanceWrite::Create(_) => format!("create {difference}"),
                InstanceWrite::Update { id, .. } => format!("update {id} {difference}"),
            })
            .collect()
    }

    #[test]
    fn names_match_before_addresses_do() {
        let there = [instance("1", "external", "a", "x"), instance("2", "external", "b", "y")];
        assert_eq!(told(&there, &[wished("a", "x"), wished("b", "y")]), [] as [String; 0]);
        assert_eq!(told(&there, &[wished("c", "x")]), ["update 1 instances.c: renamed from a"]);
        // `b` is meant by its name, so that its address is nobody else's.
        assert_eq!(told(&there, &[wished("c", "y"), wished("b", "y")]), ["create instances.c: none → y"]);
        let swapped = told(&there, &[wished("a", "y"), wished("b", "x")]);
        assert_eq!(swapped, ["update 1 instances.a: x → y", "update 2 instances.b: y → x"]);
        // Two of the same address do not both take the one that is there.
        let both = told(&there[..1], &[wished("c", "x"), wished("d", "x")]);
        assert_eq!(both, ["update 1 instances.c: renamed from a", "create instances.d: none → x"]);
    }

    #[test]
    fn the_version_group_is_the_one_that_the_server_tells() {
        let gav: Coordinates = "g/a/1.0.0".parse().expect("parses");
        let group = |asset: &Asset| group_of(&gav, asset);
        let mut asset = Asset { asset_type: "evented-api".to_owned(), ..Asset::default() };
        let Err(Outcome::Failed(failure)) = group(&asset) else { panic!("would be lost") };
        assert_eq!(failure.class, "input");
        asset.version_group = Some(" ".to_owned());
        assert!(group(&asset).is_err());
        asset.version_group = Some("v1".to_owned());
        assert_eq!(group(&asset), Ok(InstanceGroup::new("g", "a", "v1", true).expect("has a group")));
        asset.asset_type = "rest-api".to_owned();
        assert_eq!(group(&asset), Ok(InstanceGroup::new("g", "a", "v1", false).expect("has a group")));
    }

    #[test]
    fn managed_and_mocked_ones_are_left_alone() {
        let there = [instance("1", "managed", "a", "x"), instance("mocking-service", "mocked", "m", "y")];
        assert_eq!(told(&there, &[wished("b", "x")]), ["create instances.b: none → x"]);
    }

    #[test]
    fn whether_everybody_sees_it_changes_only_when_that_is_said() {
        let mut there = instance("1", "external", "a", "x");
        there.is_public = true;
        assert_eq!(told(std::slice::from_ref(&there), &[wished("a", "x")]), [] as [String; 0]);
        let private = ExternalInstance { is_public: Some(false), ..wished("a", "x") };
        assert_eq!(told(&[there], &[private]), ["update 1 instances.a: public → private"]);
        assert_eq!(differing(&[], &[wished("a", "x"), wished("a", "y")]).expect_err("twice").class, "value");
    }
}
