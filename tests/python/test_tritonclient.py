"""NVIDIA's client of the Open Inference Protocol, over HTTP, against model files served as they are."""

import numpy as np
import pandas as pd
import pytest
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

from bare_models import MODEL, expected, flights, texts_of_credit
from conftest import shipworthy


@pytest.fixture
def client(bare):
    with triton.InferenceServerClient(bare.url.removeprefix("http://")) as client:
        yield client


def tensor(name, values, datatype, binary):
    tensor = triton.InferInput(name, list(values.shape), datatype)
    tensor.set_data_from_numpy(values, binary_data=binary)
    return tensor


def test_what_the_server_says_of_itself(client):
    assert client.is_server_live() and client.is_server_ready() and client.is_model_ready("late")
    assert client.get_server_metadata()["name"] == "shipworthy"
    metadata = client.get_model_metadata("late")
    assert [tensor["name"] for tensor in metadata["inputs"]] == list(flights().columns)
    version = metadata["versions"][0]
    assert client.is_model_ready("late", model_version=version)
    assert not client.is_model_ready("late", model_version="sha256:00")
    assert {model["name"] for model in client.get_model_repository_index()} == {"late", "credit"}


@pytest.mark.parametrize("binary", [False, True])
def test_one_tensor_a_column_missing_values_included(client, binary):
    frame = flights()
    assert frame.isna().any().any()
    inputs = [tensor(name, frame[name].to_numpy(), "FP32", binary) for name in frame]
    wanted = [triton.InferRequestedOutput("prediction", binary_data=binary)]
    answer = client.infer("late", inputs, outputs=wanted, request_id="seven")
    response = answer.get_response()
    assert response["id"] == "seven"
    assert len(response["parameters"]["decision_ids"].split(",")) == len(frame)
    np.testing.assert_array_equal(answer.as_numpy("prediction"), expected(frame))


@pytest.mark.parametrize("binary", [False, True])
def test_all_features_as_one_matrix(client, binary):
    frame = flights()
    matrix = tensor("input-0", frame.to_numpy(), "FP32", binary)
    answer = client.infer("late", [matrix])
    np.testing.assert_array_equal(answer.as_numpy("prediction"), expected(frame))


@pytest.mark.parametrize("binary", [False, True])
def test_texts(client, bare, binary):
    values = texts_of_credit()
    inputs = [tensor(name, values[name].to_numpy(), "BYTES", binary) for name in values]
    found = client.infer("credit", inputs).as_numpy("prediction")
    answer = bare.post("/v1/models/credit:predict", {"instances": values.to_dict("records")})
    assert answer["predictions"] == found.tolist()


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_bodies_may_be_coded_both_ways(client, coding, binary):
    frame = flights()
    matrix = tensor("input-0", frame.to_numpy(), "FP32", binary)
    wanted = [triton.InferRequestedOutput("prediction", binary_data=binary)]
    codings = {"request_compression_algorithm": coding, "response_compression_algorithm": coding}
    answer = client.infer("late", [matrix], outputs=wanted, **codings)
    np.testing.assert_array_equal(answer.as_numpy("prediction"), expected(frame))


def test_a_mistake_is_told(client):
    values = np.zeros((1, 3), np.float32)
    with pytest.raises(InferenceServerException, match=r"input `hour` has shape \[1, 3\]"):
        client.infer("late", [tensor("hour", values, "FP32", True)])
    with pytest.raises(InferenceServerException, match="there is no model `nobody` here"):
        client.infer("nobody", [tensor("hour", values, "FP32", False)])
    with pytest.raises(InferenceServerException, match=r'takes a number|send a number|breaks? the contract'):
        texts = np.array(["noon"], dtype=object)
        client.infer("late", [tensor("hour", texts, "BYTES", False)])


def test_predict_says_the_same(tmp_path):
    frame = flights()
    frame.to_parquet(tmp_path / "rows.parquet")
    out = tmp_path / "out.parquet"
    shipworthy("predict", "--model", MODEL, "--input", tmp_path / "rows.parquet", "--output", out)
    found = pd.read_parquet(out)["pred"].to_numpy(np.float32)
    np.testing.assert_array_equal(found, expected(frame))
