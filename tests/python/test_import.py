"""Real MLflow models are imported with their signatures, served, and answer what their libraries answer."""

import json
import subprocess

import lightgbm
import mlflow.lightgbm
import mlflow.onnx
import mlflow.xgboost
import numpy as np
import onnx
import onnxruntime
import pandas as pd
import pytest
import xgboost
from mlflow.models import infer_signature

from conftest import BIN, DATA, Server, shipworthy
from rows import as_instances

# Nothing is installed to serve a model here, so nobody needs to find out what it would be.
NO_REQUIREMENTS = {"pip_requirements": []}


def credit():
    """Numbers, some of them missing, and texts as categories."""
    frame = pd.read_csv(DATA / "credit.csv").dropna(subset=["Home", "Marital", "Records", "Job"])
    texts = [name for name in frame if not pd.api.types.is_numeric_dtype(frame[name])]
    return frame.astype({name: "category" for name in texts}).reset_index(drop=True)


def labels(frame, classes=2):
    return (frame["Amount"] // 100 + frame["Time"]).to_numpy() % classes


def xgboost_of_texts(place):
    frame = credit()
    matrix = xgboost.DMatrix(frame, labels(frame), enable_categorical=True)
    model = xgboost.train({"objective": "binary:logistic"}, matrix, 7)
    expected = model.predict(matrix)
    signature = infer_signature(frame, expected)
    mlflow.xgboost.save_model(model, place, signature=signature, **NO_REQUIREMENTS)
    return frame, expected


def xgboost_of_classes(place):
    frame = credit().select_dtypes("number")
    matrix = xgboost.DMatrix(frame, labels(frame, 3))
    model = xgboost.train({"objective": "multi:softprob", "num_class": 3}, matrix, 5)
    expected = model.predict(matrix)
    signature = infer_signature(frame, expected)
    mlflow.xgboost.save_model(model, place, signature=signature, model_format="json", **NO_REQUIREMENTS)
    return frame, expected


def xgboost_of_an_array(place):
    values = credit().select_dtypes("number").to_numpy(dtype=np.float32)
    matrix = xgboost.DMatrix(values, values[:, 0])
    model = xgboost.train({"objective": "reg:squarederror"}, matrix, 5)
    expected = model.predict(matrix)
    signature = infer_signature(values, expected)
    mlflow.xgboost.save_model(model, place, signature=signature, **NO_REQUIREMENTS)
    return pd.DataFrame(values, columns=[f"f{at}" for at in range(values.shape[1])]), expected


def lightgbm_of_texts(place):
    frame = credit()
    data = lightgbm.Dataset(frame, labels(frame))
    model = lightgbm.train({"objective": "binary", "verbose": -1, "min_data_in_leaf": 3}, data, 9)
    expected = model.predict(frame)
    signature = infer_signature(frame, expected)
    mlflow.lightgbm.save_model(model, place, signature=signature, **NO_REQUIREMENTS)
    return frame, expected


def onnx_of_one_tensor(place):
    frame = pd.read_csv(DATA / "flights_complete.csv")
    model = onnx.load(DATA / "onnx_gradient_boosting/model.onnx")
    session = onnxruntime.InferenceSession(model.SerializeToString())
    values = frame.to_numpy(dtype=np.float32)
    expected = session.run(None, {session.get_inputs()[0].name: values})[0].ravel()
    signature = infer_signature(frame, expected)
    mlflow.onnx.save_model(model, place, signature=signature, **NO_REQUIREMENTS)
    return frame, expected


def onnx_of_columns(place):
    frame = pd.read_csv(DATA / "credit_onnx.csv")
    model = onnx.load(DATA / "onnx_logreg_pipeline/model.onnx")
    session = onnxruntime.InferenceSession(model.SerializeToString())
    kinds = {entry.name: object if "string" in entry.type else np.float32 for entry in session.get_inputs()}
    columns = {name: frame[[name]].to_numpy(dtype=kind) for name, kind in kinds.items()}
    expected = session.run(["probabilities"], columns)[0][:, 1]
    signature = infer_signature(frame, expected)
    mlflow.onnx.save_model(model, place, signature=signature, **NO_REQUIREMENTS)
    return frame, expected


MODELS = {
    "xgboost-texts": (xgboost_of_texts, []),
    "xgboost-classes": (xgboost_of_classes, []),
    "xgboost-array": (xgboost_of_an_array, []),
    "lightgbm-texts": (lightgbm_of_texts, []),
    "onnx-tensor": (onnx_of_one_tensor, ["--task", "regression"]),
    "onnx-columns": (onnx_of_columns, ["--task", "binary"]),
}


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    """All models, each imported under its name, and one server of them all."""
    place = tmp_path_factory.mktemp("import")
    asked, ids = {}, []
    for name, (make, options) in MODELS.items():
        asked[name] = make(place / name)
        told = json.loads(shipworthy("release", "import", place / name, *options, "--state", place / "state", "--json"))
        assert (told["name"], told["notes"]) == (name, []), told
        assert told["mlflow"]["mlflow_version"] == mlflow.__version__
        ids += ["--release", told["release"]]
    server = Server(["serve", *ids], place / "state")
    yield server, asked
    server.stop()


@pytest.mark.parametrize("name", MODELS)
def test_predictions_are_the_librarys(imported, name):
    server, asked = imported
    frame, expected = asked[name]
    answer = server.post(f"/v1/models/{name}:predict", {"instances": as_instances(frame)})
    assert np.abs(np.array(answer["predictions"]) - expected).max() <= 1e-6 * max(1.0, np.abs(expected).max())


def test_the_signature_is_the_contract(imported):
    server, asked = imported
    rows = as_instances(asked["lightgbm-texts"][0].head(1))
    for broken in ({"Time": "soon"}, {"Amount": None}):
        body = json.dumps({"instances": [rows[0] | broken]}).encode()
        with pytest.raises(Exception, match="422"):
            server.send("/v1/models/lightgbm-texts:predict", body.decode(), "application/json")
    optional = server.post("/v1/models/lightgbm-texts:predict", {"instances": [rows[0] | {"Income": None}]})
    assert len(optional["predictions"]) == 1


def test_every_release_verifies(imported):
    server, _ = imported
    releases = json.loads(shipworthy("release", "list", "--state", server.state, "--json"))["releases"]
    assert len(releases) == len(MODELS)
    for release in releases:
        shipworthy("release", "verify", release["release"], "--state", server.state)


def test_a_model_of_python_code_is_refused(tmp_path):
    class Model(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input, params=None):
            return model_input

    mlflow.pyfunc.save_model(tmp_path / "code", python_model=Model(), **NO_REQUIREMENTS)
    done = subprocess.run([BIN, "release", "import", tmp_path / "code", "--state", tmp_path / "state"],
                          stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2 and "which only Python runs" in done.stderr
