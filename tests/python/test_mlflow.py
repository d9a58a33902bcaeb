"""MLflow's own client and parsers: they read what the server answers, and the server reads what they write."""

import json
from types import SimpleNamespace
from urllib.parse import urlsplit

import numpy as np
import pandas as pd
import pytest
from mlflow.pyfunc import scoring_server
from mlflow.pyfunc.scoring_server.client import ScoringServerClient
from mlflow.types import ColSpec, Schema

from rows import as_instances, features, predict, rows_of

ROWS = 200
JSON, CSV = "application/json", "text/csv"


@pytest.fixture
def client(example):
    address = urlsplit(example.url)
    return ScoringServerClient(address.hostname, address.port)


@pytest.fixture
def asked(example):
    """Rows, missing values included where the data has some, and the predictions for them."""
    frame, name, _ = rows_of(example, ROWS)
    frame = frame[list(features(example, name))]
    assert example.example == "flights" or frame.isna().any().any()
    return frame, predict(example, name, as_instances(frame))


def test_health_and_version(client):
    client.ping()
    assert client.get_version().count(".") == 2


def test_a_frame(client, asked):
    frame, expected = asked
    answer = client.invoke(frame, params={"unknown": 1})
    assert set(answer) == {"predictions"}
    assert answer.get_predictions("ndarray").tolist() == expected
    assert answer.get_predictions()[0].tolist() == expected


def test_records_and_matrices(client, asked):
    frame, expected = asked
    for data in (as_instances(frame), frame.astype(object).to_numpy()):
        assert client.invoke(data)["predictions"] == expected


def test_an_error_says_what_was_wrong(client, asked):
    frame, _ = asked
    with pytest.raises(Exception, match="error code 422.*violations"):
        client.invoke(frame.assign(**{frame.columns[0]: [["no", "value"]] * len(frame)}))


class Model:
    """What MLflow's server would serve: a model of frames, here the one behind KServe V1."""

    metadata = SimpleNamespace()

    def __init__(self, example):
        self.example = example
        self.name = rows_of(example, 1)[1]
        types = features(example, self.name)
        kind = {name: "string" if datatype == "BYTES" else "double" for name, datatype in types.items()}
        self.schema = Schema([ColSpec(kind[name], name, required=False) for name in types])

    def predict(self, data):
        instances = as_instances(pd.DataFrame(data))
        return np.array(predict(self.example, self.name, instances))


def bodies(frame):
    """All forms of one request. Lists of values are left out: MLflow reads those of one type only."""
    split = frame.to_dict(orient="split")
    records, columns = as_instances(frame), json.loads(frame.to_json(orient="columns"))
    columns = {name: list(values.values()) for name, values in columns.items()}
    yield JSON, json.dumps({"dataframe_split": split})
    yield JSON, json.dumps({"dataframe_split": split, "params": {"unknown": 1}})
    yield JSON, json.dumps({"dataframe_records": records})
    for form in ("instances", "inputs"):
        yield JSON, json.dumps({form: records})
        yield JSON, json.dumps({form: columns})
    yield CSV, frame.to_csv(index=False)
    yield CSV + "; charset=utf-8", frame.to_csv()


def test_mlflows_own_server_answers_every_form_alike(example, asked):
    frame, expected = asked
    model = Model(example)
    for content_type, body in bodies(frame):
        theirs = scoring_server.invocations(body, content_type, model, model.schema)
        assert theirs.status == 200, theirs
        ours = example.send("/invocations", body, content_type)
        assert ours == json.loads(theirs.response) == {"predictions": expected}, body[:80]


@pytest.mark.parametrize("body", ["{}", "[]", '{"inputs": [[1]], "instances": [[1]]}', "{"])
def test_what_mlflow_refuses_is_refused(client, body):
    with pytest.raises(scoring_server.MlflowException):
        scoring_server.invocations(body, JSON, SimpleNamespace(metadata=None), None)
    with pytest.raises(Exception, match="error code 400"):
        client.invoke(body)


@pytest.mark.parametrize("content_type", ["text/plain", "application/json; charset=latin1", "text/csv; header=absent"])
def test_media_types_that_mlflow_refuses_are_refused(example, content_type):
    theirs = scoring_server.invocations("{}", content_type, SimpleNamespace(metadata=None), None)
    assert theirs.status == 415
    with pytest.raises(Exception, match="415"):
        example.send("/invocations", "{}", content_type)
