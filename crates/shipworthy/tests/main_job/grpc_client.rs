//! A gRPC client that hides nothing: frames by `h2`, messages by `prost`.

use std::io;
use std::net::SocketAddr;

use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use http::{HeaderMap, Request};
use prost::Message;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;

use crate::project::NAME;

/// A method of the service.
pub(crate) fn method(name: &str) -> String {
    format!("/inference.GRPCInferenceService/{name}")
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct InferRequest {
    #[prost(string, tag = "1")]
    pub(crate) model_name: String,
    #[prost(string, tag = "2")]
    pub(crate) model_version: String,
    #[prost(string, tag = "3")]
    pub(crate) id: String,
    #[prost(message, repeated, tag = "5")]
    pub(crate) inputs: Vec<Tensor>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct InferResponse {
    #[prost(string, tag = "1")]
    pub(crate) model_name: String,
    #[prost(string, tag = "2")]
    pub(crate) model_version: String,
    #[prost(string, tag = "3")]
    pub(crate) id: String,
    #[prost(message, repeated, tag = "5")]
    pub(crate) outputs: Vec<Tensor>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Tensor {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(string, tag = "2")]
    pub(crate) datatype: String,
    #[prost(int64, repeated, tag = "3")]
    pub(crate) shape: Vec<i64>,
    #[prost(message, optional, tag = "5")]
    pub(crate) contents: Option<Contents>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Contents {
    #[prost(int64, repeated, tag = "3")]
    pub(crate) int64_contents: Vec<i64>,
    #[prost(double, repeated, tag = "7")]
    pub(crate) fp64_contents: Vec<f64>,
    #[prost(bytes = "vec", repeated, tag = "8")]
    pub(crate) bytes_contents: Vec<Vec<u8>>,
}

impl InferResponse {
    /// An output by its name.
    pub(crate) fn output(&self, name: &str) -> &Contents {
        let output = self.outputs.iter().find(|output| output.name == name).unwrap();
        output.contents.as_ref().unwrap()
    }

    /// The record of each row.
    pub(crate) fn decision_ids(&self) -> Vec<String> {
        let ids = self.output("decision_id").bytes_contents.iter().cloned();
        ids.map(|id| String::from_utf8(id).unwrap()).collect()
    }
}

/// A call for one payment of the tests' project.
pub(crate) fn payment(amount: f64) -> InferRequest {
    let tensor = |name: &str, datatype: &str, contents| Tensor {
        name: name.to_owned(),
        datatype: datatype.to_owned(),
        shape: vec![1],
        contents: Some(contents),
    };
    let amount = Contents { fp64_contents: vec![amount], ..Contents::default() };
    let days = Contents { int64_contents: vec![3], ..Contents::default() };
    let channel = Contents { bytes_contents: vec![b"web".to_vec()], ..Contents::default() };
    let inputs = vec![
        tensor("amount", "FP64", amount),
        tensor("account_days", "INT64", days),
        tensor("channel", "BYTES", channel),
    ];
    InferRequest { model_name: NAME.to_owned(), inputs, ..InferRequest::default() }
}

/// The same for KServe V1.
pub(crate) fn payment_row(amount: f64) -> Value {
    json!({"amount": amount, "account_days": 3, "channel": "web"})
}

/// A message as it stands in a body.
pub(crate) fn framed(flag: u8, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[flag], &length[..], message].concat()
}

/// What a call got.
#[derive(Debug)]
pub(crate) struct Answer {
    http_status: u16,
    pub(crate) headers: HeaderMap,
    trailers: HeaderMap,
    body: Bytes,
}

impl Answer {
    /// A header or trailer.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let value = self.headers.get(name).or_else(|| self.trailers.get(name))?;
        Some(value.to_str().unwrap())
    }

    /// The message of a call that ended with status 0, its five bytes before it.
    #[track_caller]
    pub(crate) fn framed(&self) -> &[u8] {
        assert_eq!(self.header("grpc-status"), Some("0"), "{self:?}");
        &self.body
    }

    /// The decisions of a call that was answered.
    #[track_caller]
    pub(crate) fn decisions(&self) -> InferResponse {
        let framed = self.framed();
        assert_eq!(framed[0], 0, "it is not coded");
        InferResponse::decode(&framed[5..]).unwrap()
    }

    /// The JSON of a call that ended with another status.
    #[track_caller]
    pub(crate) fn error(&self, status: &str) -> Value {
        assert_eq!((self.http_status, self.header("grpc-status")), (200, Some(status)), "{self:?}");
        assert!(self.body.is_empty());
        serde_json::from_str(self.header("x-shipworthy-error").unwrap()).unwrap()
    }
}

/// A connection, and what drives it.
pub(crate) struct Connection {
    runtime: Runtime,
    sender: SendRequest<Bytes>,
}

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> io::Result<Self> {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).enable_all().build()?;
        let sender = runtime.block_on(async {
            let stream = TcpStream::connect(address).await?;
            let (sender, connection) =
                h2::client::handshake(stream).await.map_err(io::Error::other)?;
            tokio_util::task::TaskTracker::new().spawn(connection);
            Ok::<_, io::Error>(sender)
        })?;
        Ok(Self { runtime, sender })
    }

    /// Begins a call; its body is to follow.
    pub(crate) fn begin(
        &mut self,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<(ResponseFuture, h2::SendStream<Bytes>), h2::Error> {
        let mut request = Request::post(format!("http://localhost{path}"));
        if !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/grpc");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (sender, request) = (self.sender.clone(), request.body(()).unwrap());
        self.runtime.block_on(async { sender.ready().await?.send_request(request, false) })
    }

    /// Waits for an answer.
    pub(crate) fn finish(&self, answer: ResponseFuture) -> Result<Answer, h2::Error> {
        self.runtime.block_on(async {
            let response = answer.await?;
            let (parts, mut stream) = response.into_parts();
            let mut body = Vec::new();
            while let Some(data) = stream.data().await {
                let data = data?;
                stream.flow_control().release_capacity(data.len())?;
                body.extend_from_slice(&data);
            }
            let trailers = stream.trailers().await?.unwrap_or_default();
            let (http_status, headers) = (parts.status.as_u16(), parts.headers);
            Ok(Answer { http_status, headers, trailers, body: body.into() })
        })
    }

    /// Calls with a body as it is.
    pub(crate) fn call(
        &mut self,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<Answer, h2::Error> {
        let (answer, mut stream) = self.begin(path, headers)?;
        // A call that is refused by its headers takes no body.
        let _ = stream.send_data(body.into(), true);
        self.finish(answer)
    }

    /// Asks for decisions.
    pub(crate) fn infer(&mut self, request: &InferRequest) -> Result<Answer, h2::Error> {
        self.call(&method("ModelInfer"), &[], framed(0, &request.encode_to_vec()))
    }
}
