"""NVIDIA's client of the Open Inference Protocol, over gRPC, against model files served as they are."""

import numpy as np
import pytest
import tritonclient.grpc as triton
from tritonclient.grpc import service_pb2, service_pb2_grpc
from tritonclient.utils import InferenceServerException

from bare_models import expected, flights, texts_of_credit


@pytest.fixture
def client(bare):
    with triton.InferenceServerClient(bare.grpc) as client:
        yield client


@pytest.fixture
def stub(client):
    """The generated stub itself: the client always sends raw values."""
    return service_pb2_grpc.GRPCInferenceServiceStub(client._channel)


def tensor(name, values, datatype):
    tensor = triton.InferInput(name, list(values.shape), datatype)
    tensor.set_data_from_numpy(values)
    return tensor


def test_what_the_server_says_of_itself(client, bare):
    assert client.is_server_live() and client.is_server_ready() and client.is_model_ready("late")
    assert client.get_server_metadata().name == "shipworthy"
    metadata, http = client.get_model_metadata("late"), bare.get("/v2/models/late")
    assert [metadata.name, list(metadata.versions), metadata.platform] == ["late", http["versions"], http["platform"]]
    for found, told in ((metadata.inputs, http["inputs"]), (metadata.outputs, http["outputs"])):
        told = [(tensor["name"], tensor["datatype"], tensor["shape"]) for tensor in told]
        assert [(tensor.name, tensor.datatype, list(tensor.shape)) for tensor in found] == told
    assert metadata.inputs[0].shape[0] == -1
    assert client.is_model_ready("late", model_version=metadata.versions[0])
    with pytest.raises(InferenceServerException, match="there is no model"):
        client.is_model_ready("late", model_version="sha256:00")
    index = client.get_model_repository_index().models
    assert {(model.name, model.state) for model in index} == {("late", "READY"), ("credit", "READY")}


@pytest.mark.parametrize("coding", [None, "gzip", "deflate"])
def test_raw_values_are_answered_raw(client, coding):
    frame = flights()
    assert frame.isna().any().any()
    inputs = [tensor(name, frame[name].to_numpy(), "FP32") for name in frame]
    wanted = [triton.InferRequestedOutput("prediction")]
    answer = client.infer("late", inputs, outputs=wanted, request_id="seven", compression_algorithm=coding)
    response = answer.get_response()
    assert response.id == "seven" and response.model_version == response.parameters["release"].string_param
    assert len(response.parameters["decision_ids"].string_param.split(",")) == len(frame)
    assert len(response.raw_output_contents) == len(response.outputs) == 1
    np.testing.assert_array_equal(answer.as_numpy("prediction"), expected(frame))


def test_all_features_as_one_matrix(client):
    frame = flights()
    answer = client.infer("late", [tensor("input-0", frame.to_numpy(), "FP32")])
    np.testing.assert_array_equal(answer.as_numpy("prediction"), expected(frame))


def test_typed_values_are_answered_typed(stub, bare):
    frame, release = flights(), bare.get("/v2/models/late")["versions"][0]
    request = service_pb2.ModelInferRequest(model_name="late", model_version=release)
    matrix = request.inputs.add(name="input-0", datatype="FP32", shape=frame.shape)
    matrix.contents.fp32_contents.extend(frame.to_numpy().ravel())
    response, call = stub.ModelInfer.with_call(request, metadata=[("traceparent", f"00-{7:032x}-{7:016x}-01")])
    (output,) = response.outputs
    assert not response.raw_output_contents and list(output.shape) == [len(frame)]
    np.testing.assert_array_equal(np.float32(output.contents.fp32_contents), expected(frame))
    headers = dict(call.initial_metadata())
    assert headers["x-shipworthy-release"] == release
    assert headers["traceparent"].startswith(f"00-{7:032x}-")
    ids = response.parameters["decision_ids"].string_param
    assert ids.startswith(headers["x-shipworthy-decision-ids"])


@pytest.mark.parametrize("is_raw", [False, True])
def test_texts(client, stub, bare, is_raw):
    values = texts_of_credit()
    if is_raw:
        inputs = [tensor(name, values[name].to_numpy(), "BYTES") for name in values]
        found = client.infer("credit", inputs).as_numpy("prediction").tolist()
    else:
        request = service_pb2.ModelInferRequest(model_name="credit")
        for name in values:
            column = request.inputs.add(name=name, datatype="BYTES", shape=[len(values)])
            column.contents.bytes_contents.extend(text.encode() for text in values[name])
        found = list(stub.ModelInfer(request).outputs[0].contents.fp64_contents)
    answer = bare.post("/v1/models/credit:predict", {"instances": values.to_dict("records")})
    assert answer["predictions"] == found


def test_a_mistake_is_told_by_its_status(client):
    values = np.zeros((1, 3), np.float32)
    for name, inputs, status, message in (
        ("late", [tensor("hour", values, "FP32")], "INVALID_ARGUMENT", r"input `hour` has shape \[1, 3\]"),
        ("nobody", [tensor("hour", values, "FP32")], "NOT_FOUND", "there is no model `nobody` here"),
        ("late", [tensor("hour", np.array(["noon"], object), "BYTES")], "INVALID_ARGUMENT", "row 0, `hour`"),
    ):
        with pytest.raises(InferenceServerException, match=message) as refused:
            client.infer(name, inputs)
        assert refused.value.status() == f"StatusCode.{status}"
    with pytest.raises(InferenceServerException) as late:
        client.infer("late", [tensor("input-0", flights().to_numpy(), "FP32")], client_timeout=1e-6)
    assert late.value.status() == "StatusCode.DEADLINE_EXCEEDED"
