//! How portals are named.

/// Where a portal is: the two ids that every path begins with.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PortalAddress {
    /// The id of the connected organization: for Salesforce its organization id of 15 or 18 characters, no UUID.
    pub target_organization: String,
    /// The id of the portal.
    pub portal: String,
}
