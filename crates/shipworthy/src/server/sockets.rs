//! The ports of a server: taken together, before any work.

use std::net::{SocketAddr, TcpListener as Socket};

use anyhow::{Context, Result};
use shipworthy_store::ServerInfo;
use tokio::net::TcpListener;

use super::Options;

/// The ports, bound but not yet answering.
pub(super) struct Sockets {
    pub(super) data: Socket,
    pub(super) admin: Socket,
    pub(super) grpc: Option<Socket>,
}

impl Sockets {
    /// Takes all ports, or says which is taken.
    ///
    /// # Errors
    /// When one cannot be had.
    pub(super) fn bind(options: &Options) -> Result<Self> {
        let bind = |address: SocketAddr, option: &str| {
            Socket::bind(address).with_context(|| {
                format!("cannot listen on {address}; choose another address with {option}")
            })
        };
        Ok(Self {
            data: bind(options.listen, "--listen")?,
            admin: bind(options.admin, "--admin")?,
            grpc: options.grpc.map(|grpc| bind(grpc, "--grpc")).transpose()?,
        })
    }

    /// Where this process can be found.
    ///
    /// # Errors
    /// When the system does not know its own sockets.
    pub(super) fn announcement(&self) -> Result<ServerInfo> {
        Ok(ServerInfo {
            pid: std::process::id(),
            listen: self.data.local_addr()?,
            admin: self.admin.local_addr()?,
            grpc: self.grpc.as_ref().map(Socket::local_addr).transpose()?,
        })
    }
}

/// A socket as the runtime takes it.
pub(super) fn listener(socket: Socket) -> Result<TcpListener> {
    socket.set_nonblocking(true)?;
    Ok(TcpListener::from_std(socket)?)
}
