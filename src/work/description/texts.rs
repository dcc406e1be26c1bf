//! Name, description and contact: all versions of an asset share them.

use crate::{
    asset::Description,
    exchange::{Asset, AssetMetadata},
    journal::Failure,
};

use super::Difference;

/// What differs, ready for one call, and in words.
pub(super) fn compare(asset: &Asset, wish: &Description) -> Result<(AssetMetadata, Vec<Difference>), Failure> {
    let mut differences = Vec::new();
    let mut differing = |datum: &str, there: Option<&str>, wished: Option<&String>| {
        let (there, wished) = (there.unwrap_or_default(), wished?);
        if there.trim() == wished.trim() {
            return None;
        }
        differences.push(Difference::between(datum, there, wished));
        Some(wished.trim().to_owned())
    };
    let change = AssetMetadata {
        name: differing("name", Some(&asset.name), wish.name.as_ref()),
        description: differing("description", asset.description.as_deref(), wish.description.as_ref()),
        contact_name: differing("contactName", asset.contact_name.as_deref(), wish.contact_name.as_ref()),
        contact_email: differing("contactEmail", asset.contact_email.as_deref(), wish.contact_email.as_ref()),
    };
    if change.name.as_deref() == Some("") {
        return Err(Failure::new("value", "the name is empty, and every asset has one")
            .hint("leave the name out to keep the one that the asset has"));
    }
    Ok((change, differences))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_sent() {
        let asset = Asset {
            name: "Orders".to_owned(),
            description: Some("Old".to_owned()),
            contact_name: Some("Ann".to_owned()),
            ..Asset::default()
        };
        let mut wish = Description {
            name: Some(" Orders ".to_owned()),
            description: Some("New".to_owned()),
            contact_name: Some(String::new()),
            contact_email: Some(String::new()),
            ..Description::default()
        };
        let (change, differences) = compare(&asset, &wish).expect("can be sent");
        let expected = AssetMetadata {
            description: Some("New".to_owned()),
            contact_name: Some(String::new()),
            ..AssetMetadata::default()
        };
        assert_eq!(change, expected);
        let told: Vec<String> = differences.iter().map(ToString::to_string).collect();
        assert_eq!(told, ["description: Old → New", "contactName: Ann → none"]);
        wish.name = Some(String::new());
        assert_eq!(compare(&asset, &wish).expect_err("no name").class, "value");
    }
}
