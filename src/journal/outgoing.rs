//! What this run is about to send, for whoever looks at it before the first write.

use rusqlite::{Connection, Row, Transaction, params};

use super::{Failure, Item, ItemId, Journal, JournalError, Reader, RunId, State, transition};

/// Items that will be claimed in this run unless something goes wrong before: what a failure blocks is none of them.
const OUTGOING: &str = "item.selected AND (item.state = 'ready' OR (item.state = 'blocked' AND item.class IS NULL))";

impl Reader {
    /// How many items are about to be sent.
    pub fn outgoing_count(&self) -> Result<u64, JournalError> {
        let sql = format!("SELECT count(*) FROM item WHERE target = ?1 AND {OUTGOING}");
        self.read(|c| c.prepare_cached(&sql)?.query_row([self.target()], |row| row.get::<_, i64>(0)))
            .map(i64::cast_unsigned)
    }

    /// Items that are about to be sent, after item `after`, in the order in which the source named them.
    pub fn outgoing(&self, after: ItemId, limit: usize) -> Result<Vec<Item>, JournalError> {
        self.items(OUTGOING, after.0, limit)
    }

    /// What the items of a range, both ends included, need of what this job does not bring: by the item and its
    /// coordinates.
    pub fn outside_needs(&self, first: ItemId, last: ItemId) -> Result<Vec<(ItemId, String)>, JournalError> {
        // What `--only` leaves out is brought by this job only where it has been already.
        let sql = format!(
            "SELECT need.item, need.gav
             FROM item CROSS JOIN need ON need.item = item.id
             WHERE item.target = ?1 AND item.id BETWEEN ?2 AND ?3 AND {OUTGOING}
               AND NOT EXISTS (SELECT 1 FROM item AS inside
                               WHERE inside.target = ?1 AND inside.key = need.gav AND inside.class IS NOT 'gone'
                                 AND (inside.selected OR inside.state IN ('done', 'skipped')))
             ORDER BY need.item, need.gav"
        );
        let read = |row: &Row<'_>| Ok((ItemId(row.get(0)?), row.get(1)?));
        let query = |c: &Connection| {
            c.prepare_cached(&sql)?.query_map(params![self.target(), first.0, last.0], read)?.collect()
        };
        self.read(query)
    }
}

impl Journal {
    /// Fails items before anything is sent for them, all or none; what depends on them is blocked with the reason.
    pub async fn fail_outgoing(&self, failures: Vec<(ItemId, Failure)>) -> Result<(), JournalError> {
        let run = self.run();
        self.writer().write(move |tx| fail(tx, run, &failures)).await
    }
}

fn fail(tx: &Transaction<'_>, run: RunId, failures: &[(ItemId, Failure)]) -> rusqlite::Result<()> {
    failures.iter().try_for_each(|(item, failure)| transition::close(tx, *item, run, State::Failed, failure))
}

#[cfg(test)]
mod tests {
    use super::{super::tests::*, *};

    fn outgoing(journal: &Journal) -> Vec<String> {
        journal.reader().outgoing(ItemId(0), 100).unwrap().into_iter().map(|item| item.gav).collect()
    }

    #[tokio::test]
    async fn what_fails_before_it_is_sent_blocks_what_needs_it_and_a_retry_opens_it() {
        let place = place();
        let needs: [(&str, &[&str]); 4] = [
            ("g/app/1.0.0", &["g/lib/1.0.0"]),
            ("g/lib/1.0.0", &["g/outside/1.0.0"]),
            ("g/other/1.0.0", &["g/app/1.0.0"]),
            ("g/alone/1.0.0", &[]),
        ];
        let (journal, ..) = run(&place, offers(&needs)).await;
        let all = ["g/app/1.0.0", "g/lib/1.0.0", "g/other/1.0.0", "g/alone/1.0.0"];
        assert_eq!(
            (outgoing(&journal), journal.reader().outgoing_count().unwrap()),
            (all.map(str::to_owned).into(), 4)
        );
        let id = |gav: &str| ItemId(journal.reader().find(gav).unwrap()[0].id);
        let outside = journal.reader().outside_needs(id(all[0]), id(all[3])).unwrap();
        assert_eq!(outside, [(id("g/lib/1.0.0"), "g/outside/1.0.0".to_owned())]);
        assert_eq!(journal.reader().outside_needs(id(all[2]), id(all[3])).unwrap(), []);
        // Both a ready and a blocked one; the blocked one keeps its own reason.
        let failure = |text: &str| Failure::new("preflight", text);
        let failures = vec![(id("g/lib/1.0.0"), failure("first")), (id("g/other/1.0.0"), failure("second"))];
        journal.fail_outgoing(failures).await.unwrap();
        assert_eq!(outgoing(&journal), ["g/alone/1.0.0"]);
        let row = |gav: &str| journal.reader().find(gav).unwrap().remove(0);
        assert_eq!(
            (row("g/other/1.0.0").state, row("g/other/1.0.0").message.unwrap()),
            (State::Failed, "second".into())
        );
        let blocked = row("g/app/1.0.0");
        assert_eq!(blocked.state, State::Blocked);
        assert!(blocked.message.unwrap().contains("g/lib/1.0.0, which failed: first"));
        assert_eq!(journal.reader().events(row("g/lib/1.0.0").id).unwrap().last().unwrap().state, State::Failed);
        journal.reopen_failed(None).await.unwrap();
        journal.put_in_order().await.unwrap();
        assert_eq!(journal.reader().outgoing_count().unwrap(), 4);
    }

    #[tokio::test]
    async fn what_only_leaves_out_is_not_about_to_be_sent_and_brings_nothing() {
        let place = place();
        let mut batch = offers(&[("g/lib/1.0.0", &[]), ("g/app/1.0.0", &["g/lib/1.0.0"])]);
        batch[0].selected = false;
        let (journal, ..) = run(&place, batch).await;
        assert_eq!(outgoing(&journal), ["g/app/1.0.0"]);
        let outside = journal.reader().outside_needs(ItemId(0), ItemId(i64::MAX)).unwrap();
        assert_eq!(outside.into_iter().map(|(_, gav)| gav).collect::<Vec<_>>(), ["g/lib/1.0.0"]);
    }
}
