"""Schemathesis against the description that the server gives of itself, bounded and seeded."""

import json

import pytest

from described import schemathesis
from rows import rows_of

# The example with missing values; the other one would find the same.
pytestmark = pytest.mark.parametrize("example", ["credit"], indirect=True)

TYPES = {"boolean": "boolean", "integer": "integer", "float": "number", "string": "string", "timestamp": "string"}


@pytest.fixture
def described(example):
    return example.get("/openapi.json")


def test_no_request_is_answered_in_a_way_that_is_not_described(example, described, tmp_path):
    # The contract refuses rows that this document allows: it belongs to a release, not to the API.
    schemathesis(described, example.url, tmp_path, "--exclude-checks", "positive_data_acceptance")


def test_models_that_exist_too(example, described, tmp_path):
    name = rows_of(example, 1)[1]
    release = example.get(f"/v2/models/{name}")["versions"][0]
    parameters = described["components"]["parameters"]
    parameters["model"]["schema"] = {"enum": [name]}
    parameters["version"]["schema"] = {"enum": [release]}
    parameters["x-shipworthy-model"]["schema"] = {"enum": [name]}
    schemathesis(described, example.url, tmp_path, "--exclude-checks", "positive_data_acceptance")


def test_rows_are_answered_or_refused_as_their_contract_says(example, described, tmp_path):
    """Rows that fit the release's contract are answered, all others are refused."""
    (contract,) = example.state.glob("bundles/*/contract.json")
    row = row_schema(json.loads(contract.read_text())["columns"])
    name = rows_of(example, 1)[1]
    described["components"]["parameters"]["model"]["schema"] = {"enum": [name]}
    rows = {"type": "array", "minItems": 1, "items": row}
    for form, schema in (("instances", "PredictRequest"), ("dataframe_records", "ScoringRequest")):
        described["components"]["schemas"][schema] = {
            "type": "object",
            "required": [form],
            "properties": {form: rows},
        }
    del described["paths"]["/invocations"]["post"]["requestBody"]["content"]["text/csv"]
    included = ["--include-path", "/v1/models/{model}:predict", "--include-path", "/invocations"]
    schemathesis(described, example.url, tmp_path, *included)


def row_schema(columns):
    """A contract as JSON Schema: the rules that refuse a row."""
    properties, required = {}, []
    for column in columns:
        schema = {"type": [TYPES[column["type"]]]}
        if column["on_violation"] in ("flag", "default"):
            # Served all the same, whatever the value is.
            properties[column["name"]] = True
            continue
        if "min" in column:
            schema["minimum"] = column["min"]
        if "max" in column:
            schema["maximum"] = column["max"]
        if column["type"] == "timestamp":
            schema["format"] = "date-time"
        if not column["required"]:
            schema["type"].append("null")
        if "one_of" in column:
            schema = {"enum": column["one_of"] + ([] if column["required"] else [None])}
        properties[column["name"]] = schema
        if column["required"]:
            required.append(column["name"])
    return {"type": "object", "properties": properties, "required": required}
