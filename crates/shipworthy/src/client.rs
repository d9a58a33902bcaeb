//! Finds the server that holds a state directory, and talks to it.
//!
//! **Invariant:** one writer. While a server runs, commands ask it; the files are opened only
//! under the lock of their directory, which nobody else has then.

mod http;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use shipworthy_store::{ReadLock, StateDir, StateLock, state_dir};

use crate::output;
pub(crate) use http::{Client, is_refusal, segment};

/// How long the server on this machine may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A server that is not found through a state directory.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct RemoteArgs {
    /// The control plane of a server, instead of the one that holds the state directory.
    #[arg(long, value_name = "URL", requires = "token")]
    pub(crate) server: Option<String>,

    #[command(flatten)]
    pub(crate) actor: TokenArgs,
}

/// Who acts.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct TokenArgs {
    /// The token to act with, instead of the one in the state directory.
    #[arg(long, value_name = "TOKEN", env = "SHIPWORTHY_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<String>,
}

/// Where to ask.
pub(crate) enum Found<Lock = StateLock> {
    /// A server runs.
    Server(Client),
    /// None runs; nobody else writes the files while this is held.
    Files(Lock),
}

/// Finds out whether a server holds the state directory.
///
/// The lock is asked first: as long as nobody has it, whatever listens where a killed server used
/// to is not to be given a token.
///
/// # Errors
/// When there is no such directory, or a server that holds it cannot be reached.
pub(crate) fn find(state: &Path, remote: &RemoteArgs) -> Result<Found> {
    found(state, remote, StateDir::lock)
}

/// The same for who only reads, which goes on where nobody may write.
///
/// # Errors
/// As [`find`].
pub(crate) fn find_to_read(state: &Path, remote: &RemoteArgs) -> Result<Found<ReadLock>> {
    found(state, remote, StateDir::lock_to_read)
}

fn found<Lock>(
    state: &Path,
    remote: &RemoteArgs,
    lock: impl FnOnce(&StateDir) -> Result<Lock, state_dir::Error>,
) -> Result<Found<Lock>> {
    if let Some(url) = &remote.server {
        let token = remote.actor.token.clone().context("--server needs a --token")?;
        return Ok(Found::Server(Client::new(url, token)?));
    }
    if !state.is_dir() {
        bail!(
            "there is no state directory {}; `shipworthy up PROJECT` makes PROJECT/.shipworthy, \
             and --state names another place",
            state.display()
        );
    }
    let directory = StateDir::open(state)?;
    match lock(&directory) {
        Ok(lock) => Ok(Found::Files(lock)),
        Err(state_dir::Error::Locked { holder, .. }) => {
            Ok(Found::Server(holder_of(&directory, holder, remote)?))
        }
        Err(error) => Err(error.into()),
    }
}

/// The token to act with: the one that was given, or the state directory's.
///
/// # Errors
/// When there is neither.
pub(crate) fn token(directory: &StateDir, remote: &RemoteArgs) -> Result<String> {
    if let Some(token) = &remote.actor.token {
        return Ok(token.clone());
    }
    let secret = directory.token()?.with_context(|| {
        format!(
            "there is no token in {}; give one with --token or SHIPWORTHY_TOKEN",
            directory.token_file().display()
        )
    })?;
    Ok(secret.reveal())
}

/// The server that has the lock.
fn holder_of(directory: &StateDir, pid: Option<u32>, remote: &RemoteArgs) -> Result<Client> {
    let holder = pid.map_or_else(|| "a process".to_owned(), |pid| format!("process {pid}"));
    let path = directory.path().display();
    let Some(server) = directory.server()? else {
        bail!(
            "{holder} holds {path} and does not say where it listens: it is just starting, or is \
             no server; try again"
        );
    };
    let address = reachable(server.admin);
    TcpStream::connect_timeout(&address, CONNECT_TIMEOUT).with_context(|| {
        format!(
            "{holder} holds {path}, but does not answer on its control plane, {address}; if it \
             hangs, end it and start it again"
        )
    })?;
    Client::new(&format!("http://{address}"), token(directory, remote)?)
}

/// An address to connect to, for one that was bound to.
pub(crate) fn reachable(bound: SocketAddr) -> SocketAddr {
    let ip = match bound.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, bound.port())
}

/// Tells people that a secret travels where others may read along.
fn warn_of_clear_text(host: &str) {
    let name = host.trim_start_matches('[').trim_end_matches(']');
    let is_local = name == "localhost" || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    if !is_local {
        output::note(&format!("warning: the token goes to {host} in clear text"));
    }
}

#[cfg(test)]
mod tests;
