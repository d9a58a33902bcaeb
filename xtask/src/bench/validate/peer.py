"""Great Expectations, Pandera and Pydantic beside shipworthy's expectations.

peer.py DATA SUITE CONTRACT ROWS: for each line `great_expectations`, `pandera` or `pydantic` on
standard input, prints how long it took to validate the table (the row), in microseconds.
"""

import json
import logging
import os
import sys
import timeit
import warnings
from typing import Literal, Optional

warnings.filterwarnings("ignore")
os.environ["GX_ANALYTICS_ENABLED"] = "false"
logging.disable(logging.CRITICAL)

import great_expectations as gx
import pandas as pd
import pandera.pandas as pa
from pydantic import Field, create_model

data, suite_file, contract_file, rows = sys.argv[1:]
frame = pd.read_parquet(data).head(int(rows))
listed = json.load(open(suite_file))


def great_expectations():
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_pandas("pandas").add_dataframe_asset("frame")
    whole = asset.add_batch_definition_whole_dataframe("whole")
    batch = whole.get_batch(batch_parameters={"dataframe": frame})
    suite = gx.ExpectationSuite(name="suite")
    for one in listed:
        suite.add_expectation(getattr(gx.expectations, one["expectation"])(**one["kwargs"]))

    def validate():
        result = batch.validate(suite)
        assert result.success, result

    return validate


def pandera():
    dest = [pa.Check.str_matches("^[A-Z]{3}$"), pa.Check(lambda s: 2 <= s.nunique() <= 1000)]
    schema = pa.DataFrameSchema(
        {
            "carrier": pa.Column(nullable=False),
            "origin": pa.Column(checks=pa.Check.isin(["EWR", "JFK", "LGA"]), nullable=True),
            "distance": pa.Column(
                checks=[pa.Check.in_range(0, 10000), pa.Check(lambda s: s.max() <= 10000)],
                nullable=True,
            ),
            "dep_delay": pa.Column(
                checks=[pa.Check.in_range(-120, 2000), pa.Check(lambda s: 0 <= s.mean() <= 60)],
                nullable=True,
            ),
            "dest": pa.Column(checks=dest, nullable=True),
            "tailnum": pa.Column(checks=pa.Check.str_length(4, 7), nullable=True),
        },
        checks=pa.Check(lambda df: len(df) >= 1),
    )
    return lambda: schema.validate(frame, lazy=True)


def pydantic():
    fields, row = {}, {}
    for column in json.load(open(contract_file))["columns"]:
        kind = {"float": float, "integer": int, "string": str}[column["type"]]
        value = {"float": 500.0, "integer": 50, "string": "text"}[column["type"]]
        if "one_of" in column:
            kind, value = Literal[tuple(column["one_of"])], column["one_of"][0]
        limits = {"ge": column["min"], "le": column["max"]} if "min" in column else {}
        if column["required"]:
            fields[column["name"]] = (kind, Field(**limits))
        else:
            fields[column["name"]] = (Optional[kind], Field(default=None, **limits))
        row[column["name"]] = value
    model = create_model("Row", **fields)
    return lambda: model.model_validate(row)


makers = {"great_expectations": great_expectations, "pandera": pandera, "pydantic": pydantic}
ready = {name: make() for name, make in makers.items()}
for line in sys.stdin:
    times = 10_000 if line.strip() == "pydantic" else 1
    print(timeit.timeit(ready[line.strip()], number=times) * 1e6 / times, flush=True)
