"""Rows of the examples' own data, as clients send them."""

import json

import pandas as pd

# Where the data is, what the model is called, and which columns are categories.
DATA = {
    "flights": ("data/flights.parquet", "flight-delay", ["carrier", "origin", "dest"]),
    "credit": ("data/credit_data.parquet", "credit-risk", ["Home", "Records", "Job"]),
}


def rows_of(example, count=1000):
    """Rows from all over the data, those that the model was not trained on included."""
    path, name, categories = DATA[example.example]
    frame = pd.read_parquet(example.project / path)
    return frame.sample(count, random_state=7).reset_index(drop=True), name, categories


def as_instances(frame):
    """Records as a client sends them: the data's own column names, missing values as null."""
    return json.loads(frame.to_json(orient="records", date_format="iso"))


def predict(example, name, instances):
    """The predictions of KServe V1 for records: the numbers that every other way must give."""
    return example.post(f"/v1/models/{name}:predict", {"instances": instances})["predictions"]


def features(example, name):
    """The model's features in their order, with their types."""
    inputs = example.get(f"/v2/models/{name}")["inputs"]
    return {i["name"]: i["datatype"] for i in inputs if i["parameters"]["role"] == "feature"}
