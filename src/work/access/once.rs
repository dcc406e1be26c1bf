//! What is asked for once, however many items want to know it.

use std::{
    collections::HashMap,
    future::Future,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::OnceCell;

/// Answers by what was asked about. Whoever asks while another one is asking waits for the same answer; a question that
/// failed is asked anew by the next one.
#[derive(Debug)]
pub(super) struct Once<K, V>(Mutex<HashMap<K, Arc<OnceCell<V>>>>);

impl<K, V> Default for Once<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash + Clone, V: Clone> Once<K, V> {
    /// The answer, which `ask` gives where nobody has had it yet.
    ///
    /// # Errors
    /// Those of `ask`.
    pub(super) async fn get<E, F>(&self, key: &K, ask: impl FnOnce() -> F) -> Result<V, E>
    where
        F: Future<Output = Result<V, E>>,
    {
        let cell = {
            let mut cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            match cells.get(key) {
                Some(cell) => Arc::clone(cell),
                None => Arc::clone(cells.entry(key.clone()).or_default()),
            }
        };
        cell.get_or_try_init(ask).await.cloned()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_hundred_who_ask_at_once_make_one_question_and_a_failure_makes_another() {
        let once: Once<&str, u32> = Once::default();
        let asked = AtomicU32::new(0);
        let ask = async || {
            tokio::task::yield_now().await;
            if asked.fetch_add(1, Ordering::Relaxed) == 0 { Err(()) } else { Ok(7) }
        };
        assert_eq!(once.get(&"a", ask).await, Err(()));
        let all = futures::future::join_all((0..100).map(|_| once.get(&"a", ask))).await;
        assert!(all.into_iter().all(|answer| answer == Ok(7)));
        assert_eq!(asked.load(Ordering::Relaxed), 2);
        assert_eq!(once.get(&"b", ask).await, Ok(7));
        assert_eq!(asked.load(Ordering::Relaxed), 3);
    }
}
