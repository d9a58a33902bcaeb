//! The edge where time, chance and the environment come in. Nothing below reads them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use shipworthy_control::statement::{Machine, Pipeline};
use shipworthy_core::{Clock, Entropy};
use shipworthy_rows::Timestamp;

/// What the outside world gives to commands.
#[derive(Clone)]
pub(crate) struct System {
    /// The machine's clocks.
    pub(crate) clock: Arc<dyn Clock>,
    /// The operating system's random bytes.
    pub(crate) entropy: Arc<dyn Entropy>,
}

impl System {
    /// This machine.
    pub(crate) fn new() -> Self {
        Self { clock: Arc::new(SystemClock::new()), entropy: Arc::new(SystemEntropy) }
    }

    /// The value of an environment variable, if it is set to something.
    pub(crate) fn variable(name: &str) -> Option<String> {
        #[expect(clippy::disallowed_methods, reason = "this is the place that reads it")]
        std::env::var(name).ok().filter(|value| !value.is_empty())
    }

    /// The value of an environment variable, if it is set, be it to nothing. What is no UTF-8 in it
    /// is replaced.
    pub(crate) fn variable_as_set(name: &str) -> Option<String> {
        #[expect(clippy::disallowed_methods, reason = "this is the place that reads it")]
        std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
    }

    /// The proxy that HTTPS_PROXY, HTTP_PROXY or ALL_PROXY name, which is not for the hosts of NO_PROXY.
    pub(crate) fn proxy() -> Option<ureq::Proxy> {
        ureq::Proxy::try_from_env()
    }

    /// What a release that is made here is made on.
    pub(crate) fn machine() -> Machine {
        Machine {
            system: std::env::consts::OS.to_owned(),
            architecture: std::env::consts::ARCH.to_owned(),
            features: features(),
            processors: Self::cores(),
        }
    }

    /// The run of a pipeline that this process belongs to, if it says so.
    pub(crate) fn pipeline() -> Option<Pipeline> {
        Pipeline::told(Self::variable)
    }

    /// Where large files may lie that nobody keeps: TMPDIR, else `/var/tmp`, which is on a disk where
    /// `/tmp` is in memory, else what the system has.
    pub(crate) fn scratch_directory() -> PathBuf {
        let on_disk = || Some(PathBuf::from("/var/tmp")).filter(|path| path.is_dir());
        Self::variable("TMPDIR")
            .map(PathBuf::from)
            .or_else(on_disk)
            .unwrap_or_else(std::env::temp_dir)
    }

    /// Processors that this process may use.
    pub(crate) fn cores() -> usize {
        std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
    }
}

/// What the processor can do that changes how numbers are computed.
#[cfg(target_arch = "x86_64")]
fn features() -> Vec<String> {
    let known = [
        ("sse4.2", is_x86_feature_detected!("sse4.2")),
        ("avx", is_x86_feature_detected!("avx")),
        ("avx2", is_x86_feature_detected!("avx2")),
        ("fma", is_x86_feature_detected!("fma")),
        ("avx512f", is_x86_feature_detected!("avx512f")),
    ];
    known.into_iter().filter(|(_, is_there)| *is_there).map(|(name, _)| name.to_owned()).collect()
}

#[cfg(not(target_arch = "x86_64"))]
fn features() -> Vec<String> {
    Vec::new()
}

struct SystemClock {
    start: Instant,
}

impl SystemClock {
    fn new() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the clock port ends here")]
        Self { start: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "the clock port ends here")]
        let now = SystemTime::now();
        let micros = match now.duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_micros()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_micros()).map_or(i64::MIN, |m| -m),
        };
        Timestamp::from_micros(micros)
    }

    fn monotonic_us(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        #[expect(clippy::disallowed_methods, reason = "the entropy port ends here")]
        getrandom::fill(bytes).expect("without random bytes no secret can be made");
    }
}
