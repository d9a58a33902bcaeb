"""NVIDIA's client of the Open Inference Protocol, over HTTP, against model files served as they are."""

import json
import subprocess
import urllib.request

import numpy as np
import pandas as pd
import pytest
import tritonclient.http as triton
import xgboost
from tritonclient.utils import InferenceServerException

from conftest import BIN, ROOT, shipworthy

DATA = ROOT / "crates/shipworthy-models/tests/data"
MODEL = DATA / "xgb_binary_num/model.json"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Two bare model files: one of numbers alone, one with categories."""
    state = tmp_path_factory.mktemp("bare")
    models = [f"late={MODEL}", f"credit={DATA / 'lgb_tabular_cat/model.txt'}"]
    arguments = ["serve", "--model", models[0], "--model", models[1], "--state", state]
    arguments += ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]
    process = subprocess.Popen([BIN, *map(str, arguments)], stdout=subprocess.PIPE, text=True)
    url = process.stdout.readline().strip()
    yield url.removeprefix("http://")
    process.terminate()
    assert process.wait() == 0


@pytest.fixture
def client(server):
    with triton.InferenceServerClient(server) as client:
        yield client


def rows():
    return pd.read_csv(DATA / "flights_numeric.csv").astype(np.float32)


def expected(frame):
    booster = xgboost.Booster(model_file=MODEL)
    best = (0, booster.best_iteration + 1)
    return booster.predict(xgboost.DMatrix(frame), iteration_range=best)


def tensor(name, values, datatype, binary):
    tensor = triton.InferInput(name, list(values.shape), datatype)
    tensor.set_data_from_numpy(values, binary_data=binary)
    return tensor


def test_what_the_server_says_of_itself(client):
    assert client.is_server_live() and client.is_server_ready() and client.is_model_ready("late")
    assert client.get_server_metadata()["name"] == "shipworthy"
    metadata = client.get_model_metadata("late")
    assert [tensor["name"] for tensor in metadata["inputs"]] == list(rows().columns)
    version = metadata["versions"][0]
    assert client.is_model_ready("late", model_version=version)
    assert not client.is_model_ready("late", model_version="sha256:00")
    assert {model["name"] for model in client.get_model_repository_index()} == {"late", "credit"}


@pytest.mark.parametrize("binary", [False, True])
def test_one_tensor_a_column_missing_values_included(client, binary):
    frame = rows()
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
    frame = rows()
    matrix = tensor("input-0", frame.to_numpy(), "FP32", binary)
    answer = client.infer("late", [matrix])
    np.testing.assert_array_equal(answer.as_numpy("prediction"), expected(frame))


@pytest.mark.parametrize("binary", [False, True])
def test_texts(client, server, binary):
    frame = pd.read_csv(DATA / "credit.csv").head(5)
    texts = ["Home", "Marital", "Records", "Job"]
    values = frame[texts].fillna("").astype(object)
    inputs = [tensor(name, values[name].to_numpy(), "BYTES", binary) for name in texts]
    found = client.infer("credit", inputs).as_numpy("prediction")
    records = {"instances": values.to_dict("records")}
    request = urllib.request.Request(f"http://{server}/v1/models/credit:predict", json.dumps(records).encode())
    with urllib.request.urlopen(request) as answer:
        assert json.load(answer)["predictions"] == found.tolist()


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
    frame = rows()
    frame.to_parquet(tmp_path / "rows.parquet")
    out = tmp_path / "out.parquet"
    shipworthy("predict", "--model", MODEL, "--input", tmp_path / "rows.parquet", "--output", out)
    found = pd.read_parquet(out)["pred"].to_numpy(np.float32)
    np.testing.assert_array_equal(found, expected(frame))
