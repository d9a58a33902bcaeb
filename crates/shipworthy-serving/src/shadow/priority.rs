//! How a thread is made to run only when others leave it time.

/// The lowest: beside one ordinary thread that wants the same core, a 70th of it.
#[cfg(target_os = "linux")]
const LOWEST: i32 = 19;

/// Gives the calling thread the lowest priority. On Linux a priority is a thread's own; elsewhere it
/// would be the whole process's, and is left as it is.
pub(super) fn lower() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, LOWEST) {
        tracing::warn!(%error, "shadows run with the priority of live requests");
    }
}
