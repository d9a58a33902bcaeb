"""KServe's own inference client, both protocols."""

import asyncio
import importlib.util
import sys
import types
from unittest import mock

import httpx
import numpy as np
import pytest
from google.protobuf import descriptor_pool

from rows import as_instances, features, predict, rows_of

# The package's __init__ wants the Kubernetes client (126 MB), of which inference needs nothing: the
# modules that are needed are imported without it.
if "kserve" not in sys.modules:
    kserve = types.ModuleType("kserve")
    kserve.__path__ = list(importlib.util.find_spec("kserve").submodule_search_locations)
    sys.modules["kserve"] = kserve

# tritonclient's messages have the same names, and one pool takes a name once: these get their own.
with mock.patch("google.protobuf.descriptor_pool.Default", descriptor_pool.DescriptorPool):
    from kserve.inference_client import InferenceGRPCClient, InferenceRESTClient, RESTConfig  # noqa: E402
from kserve.protocol.infer_type import InferInput, InferRequest  # noqa: E402

ROWS = 100
NUMPY = {"BOOL": bool, "INT64": np.int64, "FP64": np.float64, "BYTES": object}


def ask(protocol, work):
    """Runs `work` with a client."""

    async def run():
        async with InferenceRESTClient(RESTConfig(protocol=protocol)) as client:
            return await work(client)

    return asyncio.run(run())


@pytest.mark.parametrize("protocol", ["v1", "v2"])
def test_server_and_model_are_ready(example, protocol):
    name = rows_of(example, 1)[1]
    assert ask(protocol, lambda client: client.is_server_live(example.url)) is True
    assert ask(protocol, lambda client: client.is_model_ready(example.url, name)) is True
    if protocol == "v2":
        assert ask(protocol, lambda client: client.is_server_ready(example.url)) is True
        assert ask(protocol, lambda client: client.is_model_ready(example.url, "nobody")) is False
    else:
        with pytest.raises(httpx.HTTPStatusError, match="there is no model `nobody` here"):
            ask(protocol, lambda client: client.is_model_ready(example.url, "nobody"))


def test_v1_records_and_lists(example):
    frame, name, _ = rows_of(example, ROWS)
    frame = frame[list(features(example, name))]
    expected = predict(example, name, as_instances(frame))
    for instances in (as_instances(frame), [list(row.values()) for row in as_instances(frame)]):
        headers = {}
        data = {"instances": instances}
        answer = ask("v1", lambda client: client.infer(example.url, data, name, response_headers=headers))
        assert answer["predictions"] == expected
        assert headers["x-shipworthy-release"] == answer["release"]
        assert headers["x-shipworthy-decision-ids"] == answer["decision_ids"][0]
        assert headers["x-shipworthy-decision-count"] == str(ROWS)


def test_v1_says_what_was_wrong(example):
    name = rows_of(example, 1)[1]
    with pytest.raises(httpx.HTTPStatusError, match="has 1 values for [0-9]+ features"):
        ask("v1", lambda client: client.infer(example.url, {"instances": [[1]]}, name))


@pytest.mark.parametrize("binary", [False, True])
def test_v2_one_tensor_a_column(example, binary):
    frame, name, _ = rows_of(example, ROWS)
    columns = features(example, name)
    # A text tensor has no missing values.
    frame = frame[list(columns)].dropna()
    expected = predict(example, name, as_instances(frame))
    inputs = []
    for column, datatype in columns.items():
        values = frame[column].to_numpy().astype(NUMPY[datatype])
        inputs.append(InferInput(column, list(values.shape), datatype))
        inputs[-1].set_data_from_numpy(values, binary_data=binary)
    request = InferRequest(name, inputs, request_id="seven")
    answer = ask("v2", lambda client: client.infer(example.url, request, name))
    assert (answer.id, answer.model_name) == ("seven", name)
    outputs = {output.name: output for output in answer.outputs}
    assert outputs["prediction"].as_numpy().tolist() == expected
    assert len(set(outputs["decision_id"].data)) == len(frame)


def over_grpc(example, work):
    """Runs `work` with a client of gRPC."""

    async def run():
        async with InferenceGRPCClient(example.grpc) as client:
            return await work(client)

    return asyncio.run(run())


def test_grpc_server_and_model_are_ready(example):
    name = rows_of(example, 1)[1]
    assert over_grpc(example, lambda client: client.is_server_live()) is True
    assert over_grpc(example, lambda client: client.is_server_ready()) is True
    assert over_grpc(example, lambda client: client.is_model_ready(name)) is True


@pytest.mark.parametrize("binary", [False, True])
def test_grpc_one_tensor_a_column(example, binary):
    frame, name, _ = rows_of(example, ROWS)
    columns = features(example, name)
    frame = frame[list(columns)].dropna()
    expected = predict(example, name, as_instances(frame))
    inputs = []
    for column, datatype in columns.items():
        values = frame[column].to_numpy().astype(NUMPY[datatype])
        if datatype == "BYTES" and not binary:
            values = np.array([text.encode() for text in values], dtype=object)
        inputs.append(InferInput(column, list(values.shape), datatype))
        inputs[-1].set_data_from_numpy(values, binary_data=binary)
    request = InferRequest(name, inputs, request_id="seven")
    answer = over_grpc(example, lambda client: client.infer(request))
    assert (answer.id, answer.model_name) == ("seven", name)
    outputs = {output.name: output for output in answer.outputs}
    assert outputs["prediction"].as_numpy().tolist() == expected
