"""The model file is XGBoost's, and the server says what XGBoost says."""

import json

import numpy as np
import pandas as pd
import xgboost

from conftest import shipworthy
from rows import as_instances, rows_of

ROWS = 1000


def by_xgboost(example, frame, categories):
    booster = xgboost.Booster(model_file=example.model_file())
    features = frame[booster.feature_names].copy()
    for column in categories:
        features[column] = features[column].astype("category")
    for column, kind in zip(booster.feature_names, booster.feature_types):
        if kind == "c":
            # A category that the model has never seen is a missing value for it.
            known = levels(example, column)
            features[column] = features[column].cat.set_categories(known)
    matrix = xgboost.DMatrix(features, enable_categorical=True)
    return booster.predict(matrix)


def levels(example, column):
    (contract,) = example.state.glob("bundles/*/contract.json")
    columns = json.loads(contract.read_text())["columns"]
    return next(c["categories"] for c in columns if c["name"] == column)


def test_served_probabilities_are_xgboosts(example):
    frame, name, categories = rows_of(example)
    answer = example.post(f"/v1/models/{name}:predict", {"instances": as_instances(frame)})
    served = np.array(answer["predictions"])
    expected = by_xgboost(example, frame, categories)
    assert len(served) == ROWS and len(set(answer["decision_ids"])) == ROWS
    assert np.abs(served - expected).max() <= 1e-6


def test_one_row_alone_gets_the_same_number(example):
    frame, name, _ = rows_of(example)
    instances = as_instances(frame.head(50))
    path = f"/v1/models/{name}:predict"
    together = example.post(path, {"instances": instances})["predictions"]
    alone = [example.post(path, {"instances": [one]})["predictions"][0] for one in instances]
    assert together == alone


def test_score_is_equal_to_serving_bit_for_bit(example, tmp_path):
    frame, name, _ = rows_of(example)
    answer = example.post(f"/v1/models/{name}:predict", {"instances": as_instances(frame)})
    for form in ("parquet", "csv"):
        rows, scores = tmp_path / f"rows.{form}", tmp_path / f"scores_{form}.parquet"
        frame.to_parquet(rows) if form == "parquet" else frame.to_csv(rows, index=False)
        shipworthy("score", example.project, "--state", example.state, "--input", rows, "--output", scores)
        scored = pd.read_parquet(scores)
        assert list(scored["prediction"]) == answer["predictions"]
        assert list(scored["decision"]) == answer["decisions"]


def test_the_ledger_has_every_decision(example, tmp_path):
    frame, name, _ = rows_of(example)
    instances = as_instances(frame.head(20))
    answer = example.post(f"/v1/models/{name}:predict", {"instances": instances})
    shipworthy("ledger", "export", "--state", example.state, "--output", tmp_path / "ledger.parquet")
    ledger = pd.read_parquet(tmp_path / "ledger.parquet").set_index("decision_id")
    assert ledger.index.is_unique
    for sent, decision_id, prediction in zip(instances, answer["decision_ids"], answer["predictions"]):
        row = ledger.loc[decision_id]
        assert json.loads(row["output"])["prediction"] == prediction
        recorded = json.loads(row["input"])
        assert recorded == {column: sent[column] for column in recorded}
        assert (row["release"], row["status"]) == (answer["release"], "answered")
