//! Promises of the pace, on a paused clock.

use std::sync::atomic::AtomicUsize;

use proptest::prelude::*;
use tokio::{task::JoinSet, time::timeout};

use super::*;

fn pace(rate: Option<f64>, concurrency: usize) -> Arc<Pace> {
    Arc::new(Pace::new(&PaceSettings { requests_per_second: rate, concurrency, bytes_in_flight: 1 << 20 }, 1))
}

/// Lets tasks pass the gate as fast as they can, each holding its permit for `hold`; gives the grants.
async fn grants(pace: &Arc<Pace>, count: usize, hold: Duration) -> Vec<Instant> {
    let mut tasks = JoinSet::new();
    for i in 0..count {
        let pace = Arc::clone(pace);
        tasks.spawn(async move {
            let admission = pace.admit(if i % 3 == 0 { Lane::Poll } else { Lane::Write }).await;
            tokio::time::sleep(hold).await;
            admission.granted
        });
    }
    let mut grants = tasks.join_all().await;
    grants.sort();
    grants
}

/// The most grants in any second, wherever it begins.
fn most_in_a_second(grants: &[Instant]) -> usize {
    let within = |from: &Instant| grants.iter().filter(|at| *at >= from && at.duration_since(*from) < SECOND).count();
    grants.iter().map(within).max().unwrap_or(0)
}

const SECOND: Duration = Duration::from_secs(1);

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_second_holds_more_than_the_rate(rate in 0.3f64..400.0, concurrency in 1usize..40, hold in 0u64..300, idle in 0u64..3000) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().expect("builds");
        let grants = runtime.block_on(async {
            let pace = pace(Some(rate), concurrency);
            let mut all = grants(&pace, 60, Duration::from_millis(hold)).await;
            tokio::time::sleep(Duration::from_millis(idle)).await;
            all.extend(grants(&pace, 60, Duration::from_millis(hold)).await);
            all
        });
        let most = most_in_a_second(&grants);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let allowed = rate.ceil() as usize;
        prop_assert!(most <= allowed, "{most} in a second at {rate}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_an_earlier_process_was_asked_for_is_waited_for_and_told_on_but_no_longer_than_is_believed() {
    let pace = pace(None, 1);
    let learned = pace.learned();
    pace.resume(Duration::from_secs(40), 3);
    let start = Instant::now();
    assert_eq!(*learned.borrow(), Learned { until: Some(start + Duration::from_secs(40)), level: 3 });
    assert!(pace.waiting_reason().expect("waits").starts_with("the server asked an earlier run to wait, until "));
    assert_eq!(pace.admit(Lane::Write).await.granted - start, Duration::from_secs(40));
    // It is as careful as it was: the fourth pause in a row is longer than the first.
    pace.observe(Instant::now(), StatusCode::SERVICE_UNAVAILABLE, &HeaderMap::new(), true);
    assert_eq!(learned.borrow().level, 4);
    let start = Instant::now();
    pace.resume(Duration::from_hours(30), u32::MAX);
    assert_eq!(pace.admit(Lane::Write).await.granted - start, limits::LONGEST_WAIT);
    assert_eq!(pace.brake().level, MOST_DOUBLINGS);
}

#[tokio::test(start_paused = true)]
async fn the_rate_is_reached_and_not_only_kept() {
    for rate in [0.5, 2.5, 50.0, 500.0] {
        let count = if rate < 10.0 { 20 } else { 2000 };
        let start = Instant::now();
        grants(&pace(Some(rate), 64), count, Duration::from_millis(1)).await;
        let reached = f64::from(i32::try_from(count - 1).expect("fits")) / start.elapsed().as_secs_f64();
        assert!(reached > 0.98 * rate, "{reached} of {rate}");
    }
}

#[tokio::test(start_paused = true)]
async fn polls_and_publishes_alternate() {
    let pace = pace(Some(10.0), 4);
    let order = Arc::new(StdMutex::new(Vec::new()));
    let mut tasks = JoinSet::new();
    // All the writes queue first: without two queues every poll would come after them.
    for lane in [[Lane::Write; 10], [Lane::Poll; 10]].concat() {
        let (pace, order) = (Arc::clone(&pace), Arc::clone(&order));
        tasks.spawn(async move {
            let _admission = pace.admit(lane).await;
            order.lock().expect("not poisoned").push(lane);
        });
        tokio::task::yield_now().await;
    }
    tasks.join_all().await;
    let order = order.lock().expect("not poisoned");
    assert!(order[2..18].windows(2).all(|pair| pair[0] != pair[1]), "{order:?}");
}

#[tokio::test(start_paused = true)]
async fn no_more_are_in_flight_than_allowed() {
    let pace = pace(None, 3);
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut tasks = JoinSet::new();
    for _ in 0..30 {
        let (pace, now, most) = (Arc::clone(&pace), Arc::clone(&now), Arc::clone(&most));
        tasks.spawn(async move {
            let _admission = pace.admit(Lane::Write).await;
            most.fetch_max(now.fetch_add(1, Relaxed) + 1, Relaxed);
            tokio::time::sleep(Duration::from_millis(10)).await;
            now.fetch_sub(1, Relaxed);
        });
    }
    tasks.join_all().await;
    assert_eq!(most.load(Relaxed), 3);
}

#[tokio::test(start_paused = true)]
async fn a_waiter_that_goes_away_takes_no_slot_with_it() {
    let pace = pace(Some(1.0), 4);
    let start = Instant::now();
    drop(pace.admit(Lane::Write).await);
    for _ in 0..50 {
        assert!(timeout(Duration::from_millis(10), pace.admit(Lane::Write)).await.is_err());
    }
    drop(pace.admit(Lane::Write).await);
    assert!(start.elapsed() <= Duration::from_millis(1002), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn everybody_waits_when_the_server_asks_one_to() {
    let pace = pace(None, 4);
    let mut headers = HeaderMap::new();
    headers.insert("retry-after", http::HeaderValue::from_static("30"));
    let granted = pace.admit(Lane::Read).await.granted;
    assert!(pace.waiting_reason().is_none());
    assert!(pace.observe(granted, StatusCode::TOO_MANY_REQUESTS, &headers, true));
    assert!(pace.waiting_reason().expect("waits").starts_with("the server asked to wait (429) until "));
    let start = Instant::now();
    drop(pace.admit(Lane::Poll).await);
    assert!(start.elapsed() >= Duration::from_secs(30) && start.elapsed() < Duration::from_secs(31));
    assert!(pace.waiting_reason().is_none());
}

#[tokio::test(start_paused = true)]
async fn many_refusals_of_one_moment_count_once_and_success_eases() {
    let pace = pace(None, 64);
    let headers = HeaderMap::new();
    let granted = Instant::now();
    for _ in 0..20 {
        pace.observe(granted, StatusCode::SERVICE_UNAVAILABLE, &headers, true);
    }
    let start = Instant::now();
    let again = pace.admit(Lane::Write).await.granted;
    assert!(start.elapsed() <= FIRST_PAUSE, "{:?}", start.elapsed());
    pace.observe(again, StatusCode::SERVICE_UNAVAILABLE, &headers, true);
    let start = Instant::now();
    let later = pace.admit(Lane::Write).await.granted;
    assert!(start.elapsed() >= FIRST_PAUSE, "the second pause is longer: {:?}", start.elapsed());
    pace.observe(later, StatusCode::OK, &headers, false);
    assert_eq!(pace.brake().level, 1);
}

#[tokio::test(start_paused = true)]
async fn a_single_mishap_in_many_answers_slows_nobody_down_whatever_the_answers_say() {
    let pace = pace(None, 4);
    let start = Instant::now();
    // As when a run that was killed asks for what has not arrived: hardly anything is there.
    for n in 0..1000 {
        let granted = pace.admit(Lane::Read).await.granted;
        tokio::time::sleep(Duration::from_millis(10)).await;
        let status = if n % 20 == 0 { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::NOT_FOUND };
        pace.observe(granted, status, &HeaderMap::new(), true);
    }
    assert!(pace.brake().level <= 1, "{}", pace.brake().level);
    assert!(start.elapsed() < Duration::from_secs(10) + 50 * FIRST_PAUSE, "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_broken_server_is_not_a_busy_one() {
    let pace = pace(None, 4);
    let mut headers = HeaderMap::new();
    headers.insert("retry-after", http::HeaderValue::from_static("30"));
    assert!(!pace.observe(Instant::now(), StatusCode::BAD_GATEWAY, &HeaderMap::new(), true));
    assert!(!pace.observe(Instant::now(), StatusCode::ACCEPTED, &headers, false));
    assert!(pace.waiting_reason().is_none());
}

#[tokio::test(start_paused = true)]
async fn uploads_wait_for_room() {
    let pace = pace(None, 64);
    let first = pace.reserve(900 << 10).await;
    assert!(timeout(SECOND, pace.reserve(200 << 10)).await.is_err());
    drop(first);
    let huge = timeout(SECOND, pace.reserve(1 << 40)).await.expect("what is too large goes alone");
    assert!(timeout(SECOND, pace.reserve(1)).await.is_err());
    drop(huge);
}
