//! Whether the organization has room for what is to come (EXCHANGE.md §3.8).

use crate::work::finding::{Finding, Level};

const CHECK: &str = "quota";

/// Compares the room with the versions that may be new, and with those that surely are. What is on the target already
/// takes no room, and a list that was not read to its end does not tell which that is.
pub(super) fn look_at(room: Option<u64>, may_be_new: u64, surely_new: u64) -> Option<Finding> {
    let room = room?;
    let space = match room {
        0 => "no room for more asset versions".to_owned(),
        1 => "room for 1 more asset version".to_owned(),
        _ => format!("room for {room} more asset versions"),
    };
    let hint = "delete versions that nobody needs, or ask for a higher limit";
    if surely_new > room {
        let message = format!("the organization has {space}, and {surely_new} are to come");
        return Some(Finding::whole(CHECK, Level::Failure, message).hint(hint));
    }
    (may_be_new > room).then(|| {
        let message = format!("the organization has {space}, and up to {may_be_new} may come");
        Finding::whole(CHECK, Level::Warning, message).hint(hint)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_surely_new_keeps_everything_from_being_sent() {
        let level = |room, may_be, surely| look_at(room, may_be, surely).map(|finding| finding.level);
        assert_eq!(level(Some(5), 10, 6), Some(Level::Failure));
        assert_eq!(level(Some(5), 10, 5), Some(Level::Warning));
        assert_eq!(level(Some(10), 10, 10), None);
        assert_eq!(level(None, 10, 10), None);
    }
}
