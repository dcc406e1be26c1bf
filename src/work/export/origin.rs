//! Where the facts of an export come from: an organization, or a portal.
//!
//! All that differs between the two is here and in [`inventory::shown`]. What becomes of the facts does not depend on who
//! told them.

use camino::Utf8Path;

use crate::{
    asset::ListedVersion,
    exchange::{Asset, AssetFile, DownloadError, DownloadedFile, Exchange},
    hub::{AssetDetail, Hub},
    inventory::{
        Record,
        read::{self, Found, Keep},
        shown,
    },
    net::CallError,
    offload::offload,
};

/// Who tells the facts.
#[derive(Debug, Clone)]
pub(in crate::work) struct Origin {
    exchange: Exchange,
    /// The portal, where one is read rather than an organization.
    hub: Option<Hub>,
}

/// A version as it was told, with what tells its documents where that came along.
pub(super) struct Told {
    pub(super) found: Found,
    details: Option<AssetDetail>,
}

impl Origin {
    pub(in crate::work) fn new(exchange: Exchange, hub: Option<Hub>) -> Self {
        Self { exchange, hub }
    }

    /// The portal, and how it names a version.
    fn shown<'a>(&'a self, listed: &'a ListedVersion) -> Option<(&'a Hub, &'a str)> {
        Some((self.hub.as_ref()?, listed.shown_as.as_deref()?))
    }

    /// Reads a version; `None` where it is not there.
    pub(super) async fn read(&self, listed: &ListedVersion) -> Result<Option<Told>, CallError> {
        let gav = &listed.coordinates;
        if let Some((hub, minor_version)) = self.shown(listed) {
            let read = shown::version(hub, gav, minor_version).await?;
            return Ok(read.map(|(found, details)| Told { found, details: Some(details) }));
        }
        let read = read::version(&self.exchange, gav, listed.leads).await?;
        Ok(read.map(|found| Told { found, details: None }))
    }

    /// The asset once more, with links that are new.
    pub(super) async fn asset(&self, listed: &ListedVersion) -> Result<Option<Asset>, CallError> {
        if self.hub.is_none() {
            return self.exchange.asset(&listed.coordinates).await;
        }
        Ok(self.read(listed).await?.map(|told| told.found.asset))
    }

    /// Reads pages, terms and images.
    pub(super) async fn documents(
        &self,
        listed: &ListedVersion,
        told: &mut Told,
        keep: &mut impl Keep,
    ) -> Result<(), CallError> {
        let record: &mut Record = &mut told.found.record;
        match (self.shown(listed), &told.details) {
            (Some((hub, minor_version)), Some(details)) => {
                let at = shown::place(&listed.coordinates, minor_version);
                shown::documents(hub, &at, details, record, keep).await
            }
            _ => read::documents(&self.exchange, record, keep).await,
        }
    }

    /// Reads from the files in its folder what the source has not told of a version.
    pub(super) async fn complete(&self, record: Record, folder: &Utf8Path) -> Record {
        if self.hub.is_none() {
            return record;
        }
        let (mut record, folder) = (record, folder.to_owned());
        offload(move || {
            shown::complete(&mut record, &folder);
            record
        })
        .await
    }

    /// Brings a file to disk.
    pub(super) async fn download(&self, file: &AssetFile, to: &Utf8Path) -> Result<DownloadedFile, DownloadError> {
        self.exchange.download(file, to).await
    }
}
