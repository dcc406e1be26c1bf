//! Going through all assets that have values of a configuration.
//!
//! Assets are looked at in stretches, and others have their turn between two of them: neither memory nor the time
//! that anybody waits grows with the catalog.

use tokio::task::yield_now;

use super::super::{
    app::App,
    store::{AssetRecord, MinorRecord, StoreError, Tables, TagValue, TagValues},
};
use super::configuration::{Configuration, Dimension};

/// The values of one dimension.
pub(super) fn values(dimension: Dimension, minor: &mut MinorRecord) -> &mut TagValues {
    match dimension {
        Dimension::Category => &mut minor.categories,
        Dimension::Field => &mut minor.fields,
    }
}

fn values_of(dimension: Dimension, minor: &MinorRecord) -> &TagValues {
    match dimension {
        Dimension::Category => &minor.categories,
        Dimension::Field => &minor.fields,
    }
}

/// Whether there is an asset with a value of a configuration that passes a test.
pub(super) async fn is_used(
    app: &App,
    (dimension, id): (Dimension, &str),
    test: impl Fn(&AssetRecord, &TagValue) -> bool,
) -> Result<bool, StoreError> {
    let has = |record: &AssetRecord| {
        let values = record.minors.values().filter_map(|minor| values_of(dimension, minor).get(id));
        values.into_iter().any(|value| test(record, value))
    };
    let mut place = Some(0);
    while let Some(after) = place {
        let stretch = app.state.read(|tables| tables.mentioning(id, after))?;
        if stretch.found.iter().any(|(_, record)| has(record)) {
            return Ok(true);
        }
        place = stretch.next;
        yield_now().await;
    }
    Ok(false)
}

/// Takes the values of a configuration away, except those that fit what it has become.
///
/// Nobody sees them by now, so nothing is lost but room on the disk where this is cut short.
pub(super) async fn clear(
    app: &App,
    (dimension, id): (Dimension, &str),
    becomes: Option<&Configuration>,
) -> Result<(), StoreError> {
    let mut place = Some(0);
    while let Some(after) = place {
        let clear = |tables: &mut Tables| {
            let stretch = tables.mentioning(id, after)?;
            for (number, mut record) in stretch.found {
                let asset_type = record.asset_type.clone();
                let goes = |value: &TagValue| !becomes.is_some_and(|new| new.fits(dimension, &asset_type, value));
                let mut is_changed = false;
                for minor in record.minors.values_mut() {
                    let values = values(dimension, minor);
                    if values.get(id).is_some_and(goes) {
                        values.remove(id);
                        is_changed = true;
                    }
                }
                if is_changed {
                    tables.rewrite(number, &record)?;
                }
            }
            Ok::<_, StoreError>(stretch.next)
        };
        place = app.state.commit(clear).await?;
        yield_now().await;
    }
    Ok(())
}
