//! Listings of assets, a page at a time.
//!
//! Whoever reads a catalog page by page asks for the next offset. Counting up to it each time would make that
//! quadratic, so the place where a page ended is remembered for a while, until a change could have moved it.

use std::collections::VecDeque;

use rusqlite::{ToSql, types::Value};
use serde_json::json;

use crate::asset::Lifecycle;

use super::{
    AssetRecord, StoreError, Tables, VersionRecord,
    tables::{document, row_count},
};

/// How many ends of pages are remembered.
const CURSORS: usize = 64;

/// The order of a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Order {
    /// By creation.
    Sequence,
    Name,
    Updated,
}

impl Order {
    fn column(self) -> &'static str {
        match self {
            Self::Sequence => "a.id",
            Self::Name => "a.name",
            Self::Updated => "a.updated",
        }
    }
}

/// How far a listing goes beyond the organizations of whoever asks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in super::super) struct Reach {
    /// Identities: what is shared with one of them is shown too.
    pub(in super::super) shared_with: Vec<String>,
    /// Only what is shared.
    pub(in super::super) only_shared: bool,
    /// Organizations whose public assets are shown too.
    pub(in super::super) public_in: Vec<String>,
    /// Whether snapshots are left out.
    pub(in super::super) without_snapshots: bool,
    /// Only what a portal shows: versions out of development whose version group is public.
    pub(in super::super) only_public: bool,
}

impl Reach {
    /// Which assets may be shown.
    fn sql(&self) -> String {
        const PUBLIC: &str = "(a.organization IN (SELECT value FROM json_each(:public))
                    AND json_array_length(a.body, '$.public_groups') > 0)";
        const SHARED: &str = "EXISTS (SELECT 1 FROM json_each(a.body, '$.shared') share
                    WHERE share.value ->> 'identityId' IN (SELECT value FROM json_each(:shared)))";
        let own = (!self.only_shared).then_some("a.organization IN (SELECT value FROM json_each(:visible))");
        let public = (!self.public_in.is_empty()).then_some(PUBLIC);
        let shared = (!self.shared_with.is_empty()).then_some(SHARED);
        let ways: Vec<&str> = own.into_iter().chain(public).chain(shared).collect();
        if ways.is_empty() { "FALSE".to_owned() } else { ways.join(" OR ") }
    }
}

/// What a listing shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Listing {
    /// The organizations whose assets may be seen.
    pub(in super::super) visible: Vec<String>,
    pub(in super::super) reach: Reach,
    /// Organizations or groups; empty is all.
    pub(in super::super) organizations: Vec<String>,
    /// Types; empty is all.
    pub(in super::super) types: Vec<String>,
    /// A part of the name or of the asset id, in lower case; empty is all.
    pub(in super::super) search: String,
    /// States of the version that stands for an asset; empty is the latest, whatever its state.
    pub(in super::super) states: Vec<Lifecycle>,
    pub(in super::super) order: Order,
    pub(in super::super) descending: bool,
}

/// The end of a page.
#[derive(Debug)]
struct Cursor {
    listing: Listing,
    /// How many assets there are up to here.
    offset: usize,
    /// The place of the last one: what it is sorted by, and its id.
    last: (Value, i64),
}

/// The ends of the latest pages.
#[derive(Debug, Default)]
pub(super) struct Cursors(VecDeque<Cursor>);

impl Cursors {
    /// Forgets all: any of them could have moved.
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }

    /// A new asset is the last in the order of creation, and may be anywhere in the others.
    pub(super) fn note_insertion(&mut self) {
        self.0.retain(|cursor| cursor.listing.order == Order::Sequence && !cursor.listing.descending);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    fn find(&self, listing: &Listing, offset: usize) -> Option<(Value, i64)> {
        let found = self.0.iter().find(|cursor| cursor.offset == offset && cursor.listing == *listing);
        found.map(|cursor| cursor.last.clone())
    }

    fn remember(&mut self, cursor: Cursor) {
        self.0.retain(|known| known.offset != cursor.offset || known.listing != cursor.listing);
        self.0.truncate(CURSORS - 1);
        self.0.push_front(cursor);
    }
}

impl Listing {
    /// The statement; `after` is whether it starts behind a place, or skips rows.
    fn sql(&self, after: bool) -> String {
        let column = self.order.column();
        let (direction, beyond) = if self.descending { ("DESC", "<") } else { ("ASC", ">") };
        let representative = if self.reach.only_public {
            // The group of a version is `VersionRecord::version_group`; what is stable goes before what is deprecated.
            "AND status IN ('published', 'deprecated') AND released
             AND COALESCE(api, major || '.0.0') IN (SELECT value FROM json_each(a.body, '$.public_groups'))
             ORDER BY status DESC, sort DESC"
        } else if self.states.is_empty() {
            "ORDER BY released DESC, sort DESC"
        } else {
            "AND status IN (SELECT value FROM json_each(:states)) ORDER BY sort DESC"
        };
        let snapshots = if self.reach.without_snapshots { "AND name NOT LIKE '%-SNAPSHOT'" } else { "" };
        let reach = self.reach.sql();
        let public = if self.reach.only_public { "AND json_array_length(a.body, '$.public_groups') > 0" } else { "" };
        let place = match (after, self.order) {
            (false, _) => "TRUE".to_owned(),
            (true, Order::Sequence) => format!("a.id {beyond} :id"),
            (true, _) => format!("({column}, a.id) {beyond} (:value, :id)"),
        };
        format!(
            "SELECT a.body, v.body, {column}, a.id
             FROM asset a CROSS JOIN version v
               ON v.id = (SELECT id FROM version WHERE asset = a.id {snapshots} {representative} LIMIT 1)
             WHERE {place} {public}
               AND ({reach})
               AND (:organizations = '[]'
                    OR a.organization IN (SELECT value FROM json_each(:organizations))
                    OR a.group_id IN (SELECT value FROM json_each(:organizations)))
               AND (:types = '[]' OR a.type IN (SELECT value FROM json_each(:types)))
               AND (:search = '' OR instr(a.search, :search) > 0)
             ORDER BY {column} {direction}, a.id {direction} LIMIT :limit OFFSET :offset"
        )
    }
}

impl Tables {
    /// A page of a listing: assets with the version that stands for each.
    pub(in super::super) fn list(
        &self,
        listing: Listing,
        limit: usize,
        offset: usize,
    ) -> Result<Vec<(AssetRecord, VersionRecord)>, StoreError> {
        let place = self.cursors.borrow().find(&listing, offset);
        let skip = if place.is_some() { 0 } else { row_count(offset) };
        let limit = row_count(limit);
        let visible = json!(listing.visible).to_string();
        let public = json!(listing.reach.public_in).to_string();
        let shared = json!(listing.reach.shared_with).to_string();
        let organizations = json!(listing.organizations).to_string();
        let types = json!(listing.types).to_string();
        let states: Vec<&str> = listing.states.iter().map(|state| state.as_str()).collect();
        let states = json!(states).to_string();
        let mut values: Vec<(&str, &dyn ToSql)> = vec![
            (":organizations", &organizations),
            (":types", &types),
            (":search", &listing.search),
            (":limit", &limit),
            (":offset", &skip),
        ];
        if !listing.reach.only_shared {
            values.push((":visible", &visible));
        }
        if !listing.reach.public_in.is_empty() {
            values.push((":public", &public));
        }
        if !listing.reach.shared_with.is_empty() {
            values.push((":shared", &shared));
        }
        if !listing.states.is_empty() && !listing.reach.only_public {
            values.push((":states", &states));
        }
        if let Some((value, id)) = &place {
            values.push((":id", id));
            if listing.order != Order::Sequence {
                values.push((":value", value));
            }
        }
        let mut statement = self.connection.prepare_cached(&listing.sql(place.is_some()))?;
        let mut rows = statement.query(values.as_slice())?;
        let mut page = Vec::new();
        let mut last = None;
        while let Some(row) = rows.next()? {
            page.push((document(row, 0)?, document(row, 1)?));
            last = Some((row.get(2)?, row.get(3)?));
        }
        if let Some(last) = last {
            self.cursors.borrow_mut().remember(Cursor { listing, offset: offset + page.len(), last });
        }
        Ok(page)
    }
}
