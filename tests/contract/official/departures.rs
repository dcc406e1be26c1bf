//! Where the sandbox departs from the description, knowingly.

use super::Finding;

/// A departure: findings of an operation at a place, with the reason.
pub(crate) struct Departure {
    /// The id of the operation; `*` at its end stands for anything.
    pub(crate) operation: &'static str,
    /// The place, with `#` for the number of an element.
    pub(crate) place: &'static str,
    /// The source that says otherwise.
    #[expect(dead_code, reason = "for whoever reads the list")]
    pub(crate) because: &'static str,
}

/// All of them. Each has to strike in the tour of the contract tests, or it has to go.
pub(crate) const DEPARTURES: &[Departure] = &[
    Departure {
        operation: "getOrganizationsByOrganizationidFields",
        place: "body/#/acceptedValues",
        because: "the description's own example is null where there are none (EXCHANGE.md §4.2)",
    },
    Departure {
        operation: "createOrganizationsByOrganizationidFields",
        place: "body/acceptedValues",
        because: "as it is read back: null where there are none (EXCHANGE.md §4.2)",
    },
    Departure {
        operation: "createOrganizationsByOrganizationidCategories",
        place: "body/acceptedValues",
        because: "as it is read back: null where there are none (EXCHANGE.md §4.2)",
    },
    Departure {
        operation: "getOrganizationsByOrganizationidFields",
        place: "body/#/tagKey",
        because: "keys in camelCase are used by the official pages themselves (EXCHANGE.md §10 C1)",
    },
    Departure {
        operation: "createOrganizationsByOrganizationid*",
        place: "body/tagKey",
        because: "keys in camelCase are used by the official pages themselves (EXCHANGE.md §10 C1)",
    },
    Departure {
        operation: "getAssetsByGroupidByAssetidByVersionPortalDraftPages",
        place: "body",
        because: "a list, as its own words and the published pages say, not one page (EXCHANGE.md §5.1)",
    },
    Departure {
        operation: "getAssetsByGroupidByAssetidByVersionPortal*",
        place: "302",
        because: "paths without the id of the page lead to those with it (EXCHANGE.md §5.1)",
    },
    Departure {
        operation: "getAssetsByGroupidByAssetidIdentities",
        place: "body",
        because: "the schema says object, its own example is a list (EXCHANGE.md §5.4)",
    },
    Departure {
        operation: "getOrganizationsByOrganizationidIdentities",
        place: "body",
        because: "the schema says object, its own example is a list (EXCHANGE.md §5.4)",
    },
    Departure {
        operation: "getOrganizationsByOrganizationidAssetsByGroupidByAssetidByVersionPublicationExtendedstatusByRunid",
        place: "body",
        because: "documented as a string of unknown content; the same JSON as the status (EXCHANGE.md §11 U11)",
    },
];

impl Departure {
    /// Whether a finding is a known departure.
    pub(crate) fn covers(finding: &Finding) -> bool {
        DEPARTURES.iter().any(|departure| departure.is_of(finding))
    }

    /// Whether a finding is this departure.
    pub(crate) fn is_of(&self, finding: &Finding) -> bool {
        let is_operation = match self.operation.strip_suffix('*') {
            Some(start) => finding.operation.starts_with(start),
            None => finding.operation == self.operation,
        };
        let place: Vec<&str> = finding.place.split('/').collect();
        let expected: Vec<&str> = self.place.split('/').collect();
        let is_same = |(found, expected): (&&str, &&str)| {
            found == expected || (*expected == "#" && found.bytes().all(|b| b.is_ascii_digit()))
        };
        is_operation && place.len() == expected.len() && place.iter().zip(&expected).all(is_same)
    }
}
