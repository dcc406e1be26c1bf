//! The target as whoever signs the calls sees it.

use crate::exchange::{Exchange, Me};

/// The target, and what the server tells of whoever asks.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// Who we are, where the server tells it.
    pub(super) me: Option<Me>,
    /// The organization that is published to.
    pub(super) own: Exchange,
    /// The root above it: it owns definitions and limits.
    pub(super) root: Exchange,
}

impl Place {
    /// Asks the server who we are. What it does not tell is no failure: the calls that matter say so themselves.
    pub(super) async fn of(exchange: &Exchange) -> Self {
        let me = match Exchange::me(exchange.client()).await {
            Ok(me) => Some(me),
            Err(error) => {
                tracing::debug!(%error, "the server does not tell who we are");
                None
            }
        };
        let organization = exchange.organization();
        let root = me.as_ref().map_or(organization, |me| me.root_of(organization));
        Self { root: exchange.for_organization(root), own: exchange.clone(), me }
    }

    /// The organization itself, and its root where it is another: who belongs to a business group alone may read there
    /// only.
    pub(super) fn readable(&self) -> impl Iterator<Item = &Exchange> {
        let group = (self.own.organization() != self.root.organization()).then_some(&self.own);
        std::iter::once(&self.root).chain(group)
    }
}
