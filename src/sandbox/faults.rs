//! What goes wrong on purpose, decided so that a run can be repeated.
//!
//! Whether a request meets a fault depends on the seed, the method, the path and how many times that method and path
//! were seen before, and on nothing else: the order in which requests of different paths arrive changes nothing.

use std::{collections::BTreeMap, str::FromStr, sync::Mutex};

use axum::http::Method;

use super::settings::SettingError;
use super::store::lock;

/// How many of the first looks at a status link find nothing once `status404` has struck.
const STATUS_404_LOOKS: u64 = 3;

macro_rules! fault_kinds {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)*) => {
        /// A thing that can go wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum FaultKind {
            $($(#[$doc])* $variant,)*
        }

        impl FaultKind {
            /// Every fault there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name of the fault, as `--faults` takes it and the statistics give it.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }
        }
    };
}

fault_kinds! {
    /// The connection is reset before the request is processed.
    Reset = "reset",
    /// The request is processed, then the connection is reset without an answer.
    LostReply = "lost-reply",
    /// 429 with `Retry-After`.
    Http429 = "http429",
    /// 500 with an empty body.
    Http500 = "http500",
    /// 502 with a page of HTML.
    Http502 = "http502",
    /// 503 with an empty body.
    Http503 = "http503",
    /// 504 with a page of HTML.
    Http504 = "http504",
    /// The answer trickles.
    Slow = "slow",
    /// A status link answers 404 the first three times.
    Status404 = "status404",
    /// The first publication of some coordinates is accepted and ends in an error.
    PublishError = "publish-error",
    /// The JSON of a successful answer ends in the middle, with a correct length.
    BadJson = "bad-json",
    /// The connection is cut in the middle of the body of an answer.
    Truncate = "truncate",
}

impl FaultKind {
    /// All names, for messages.
    #[must_use]
    pub fn names() -> String {
        Self::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", ")
    }
}

/// How often each fault strikes: probabilities from 0 to 1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Faults(Vec<(FaultKind, f64)>);

impl Faults {
    /// Adds a fault, or changes how often it strikes.
    ///
    /// # Errors
    /// When the probability is not from 0 to 1.
    pub fn with(mut self, kind: FaultKind, probability: f64) -> Result<Self, SettingError> {
        if !(0.0..=1.0).contains(&probability) {
            return Err(SettingError::Fault(format!("{}={probability}", kind.as_str())));
        }
        self.0.retain(|(known, _)| *known != kind);
        self.0.push((kind, probability));
        Ok(self)
    }

    /// Whether nothing ever goes wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|(_, probability)| *probability <= 0.0)
    }

    fn probability(&self, kind: FaultKind) -> f64 {
        self.0.iter().find(|(known, _)| *known == kind).map_or(0.0, |(_, probability)| *probability)
    }
}

impl FromStr for Faults {
    type Err = SettingError;

    /// Reads `reset=0.01,http503=0.02`; an empty text is no faults.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut faults = Self::default();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let error = || SettingError::Fault(part.to_owned());
            let (name, probability) = part.split_once('=').ok_or_else(error)?;
            let name = name.trim();
            let kind = FaultKind::ALL.iter().find(|kind| kind.as_str() == name).ok_or_else(error)?;
            let probability = probability.trim().parse().map_err(|_| error())?;
            faults = faults.with(*kind, probability).map_err(|_| error())?;
        }
        Ok(faults)
    }
}

/// Draws faults.
#[derive(Debug)]
pub(super) struct Dice {
    seed: u64,
    faults: Faults,
    /// How often a method and path were seen, by their hash. A tree takes about twenty bytes for each, and grows
    /// without the doubling of a hash map.
    seen: Mutex<BTreeMap<u64, u32>>,
}

/// One request, as the dice see it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Draw {
    request: u64,
    count: u64,
}

impl Dice {
    pub(super) fn new(seed: u64, faults: Faults) -> Self {
        Self { seed, faults, seen: Mutex::default() }
    }

    /// Notes that a request arrived; `None` where nothing can go wrong.
    pub(super) fn request(&self, method: &Method, path: &str) -> Option<Draw> {
        if self.faults.is_empty() {
            return None;
        }
        let request = mix(hash(self.seed, method.as_str()), hash(self.seed, path));
        let mut seen = lock(&self.seen);
        let count = seen.entry(request).or_default();
        let before = *count;
        *count = before.saturating_add(1);
        Some(Draw { request, count: u64::from(before) })
    }

    /// Whether a fault strikes a request.
    pub(super) fn strikes(&self, draw: Draw, kind: FaultKind) -> bool {
        match kind {
            FaultKind::Status404 => draw.count < STATUS_404_LOOKS && self.draw(draw.request, 0, kind),
            FaultKind::PublishError => draw.count == 0 && self.draw(draw.request, 0, kind),
            _ => self.draw(draw.request, draw.count, kind),
        }
    }

    fn draw(&self, request: u64, count: u64, kind: FaultKind) -> bool {
        let probability = self.faults.probability(kind);
        if probability <= 0.0 {
            return false;
        }
        let value = mix(mix(request, count), hash(self.seed, kind.as_str()));
        unit(value) < probability
    }

    /// A number that depends on the seed and a text only.
    pub(super) fn number(&self, text: &str) -> u64 {
        mix(hash(self.seed, text), self.seed)
    }
}

/// A number in `0..1`, from the 32 high bits.
fn unit(value: u64) -> f64 {
    let high = u32::try_from(value >> 32).unwrap_or(u32::MAX);
    f64::from(high) / (f64::from(u32::MAX) + 1.0)
}

/// FNV-1a: stable over releases of Rust, which the standard hasher is not.
fn hash(seed: u64, text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325 ^ seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The finalizer of splitmix64: every bit of the input reaches every bit of the output.
fn mix(a: u64, b: u64) -> u64 {
    let mut z = a.rotate_left(23) ^ b.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dice(seed: u64) -> Dice {
        Dice::new(seed, "reset=0.5".parse().expect("parses"))
    }

    fn outcomes(dice: &Dice, path: &str) -> Vec<bool> {
        (0..64)
            .map(|_| dice.request(&Method::GET, path).is_some_and(|draw| dice.strikes(draw, FaultKind::Reset)))
            .collect()
    }

    #[test]
    fn the_order_of_other_requests_changes_nothing() {
        let alone = outcomes(&dice(7), "/a");
        let mixed = dice(7);
        let mut a = Vec::new();
        for i in 0..64 {
            for _ in 0..i % 3 {
                mixed.request(&Method::GET, "/b");
            }
            a.extend(mixed.request(&Method::GET, "/a").map(|draw| mixed.strikes(draw, FaultKind::Reset)));
        }
        assert_eq!(alone, a);
        assert_ne!(alone, outcomes(&dice(8), "/a"));
    }

    #[test]
    fn a_fault_strikes_about_as_often_as_asked() {
        let dice = Dice::new(1, "http503=0.1".parse().expect("parses"));
        let struck = (0..10_000)
            .filter_map(|i| dice.request(&Method::GET, &format!("/{i}")))
            .filter(|draw| dice.strikes(*draw, FaultKind::Http503))
            .count();
        assert!((800..1200).contains(&struck), "{struck}");
    }

    #[test]
    fn unknown_names_and_impossible_probabilities_name_the_legal_ones() {
        for text in ["flood=0.1", "reset=1.5", "reset=-0.1", "reset=NaN", "reset"] {
            let error = text.parse::<Faults>().expect_err(text).to_string();
            assert!(error.contains("lost-reply") && error.contains(text), "{error}");
        }
        assert!("".parse::<Faults>().expect("parses").is_empty());
    }

    #[test]
    fn a_failed_publication_succeeds_the_second_time() {
        let dice = Dice::new(1, "publish-error=1".parse().expect("parses"));
        let first = dice.request(&Method::POST, "/x").expect("faults are on");
        let second = dice.request(&Method::POST, "/x").expect("faults are on");
        assert!(dice.strikes(first, FaultKind::PublishError));
        assert!(!dice.strikes(second, FaultKind::PublishError));
    }
}
