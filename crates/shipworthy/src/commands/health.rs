//! `shipworthy health`: whether a server answers, for who has no other client at hand.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Result;
use clap::Args as ClapArgs;
use ureq::Agent;

use crate::cli::Outcome;
use crate::client::reachable;
use crate::output;

/// Ask the server on this machine whether it is ready to answer.
///
/// For the health check of a container, whose image may have no shell and no curl. Exit code 0: it is
/// ready; 1: it is not, or nothing answers there.
#[derive(ClapArgs, Debug)]
#[command(after_help = "Example:\n  podman run --health-cmd '/usr/bin/shipworthy health' …")]
pub(crate) struct Args {
    /// Where decisions are asked for, as the server was told.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080", env = "SHIPWORTHY_LISTEN")]
    listen: SocketAddr,
}

/// A server that takes longer is not well.
const TIMEOUT: Duration = Duration::from_secs(5);

pub(crate) fn run(args: &Args) -> Result<Outcome> {
    let address = reachable(args.listen);
    let config = Agent::config_builder().http_status_as_error(false).max_redirects(0).proxy(None);
    let agent: Agent = config.timeout_global(Some(TIMEOUT)).build().into();
    let (outcome, words) = match agent.get(format!("http://{address}/v2/health/ready")).call() {
        Ok(answer) if answer.status().is_success() => (Outcome::Done, "is ready".to_owned()),
        Ok(answer) => (Outcome::Failed, format!("is not ready ({})", answer.status())),
        Err(error) => (Outcome::Failed, format!("does not answer: {error}")),
    };
    output::line(&format!("{address} {words}"))?;
    Ok(outcome)
}
