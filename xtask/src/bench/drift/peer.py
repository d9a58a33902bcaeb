"""Evidently's DataDriftPreset beside shipworthy's.

peer.py DIRECTORY: makes `reference.parquet` and `current.parquet` there where they are absent, says
`ready`, and for each line on standard input computes the preset on both tables in memory: a line of
JSON with the microseconds it took and the score of each column.
"""

import json
import os
import sys
import time
import warnings

os.environ["DO_NOT_TRACK"] = "1"
warnings.filterwarnings("ignore")

import numpy as np
import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset

ROWS, NUMBERS, CATEGORIES = 100_000, 15, 10


def make(shift, seed):
    random = np.random.default_rng(seed)
    columns = {}
    for i in range(NUMBERS):
        moved = shift * (i % 3) / 10
        match i % 5:
            case 0:
                values = random.normal(moved, 1, ROWS)
            case 1:
                values = random.lognormal(moved, 0.5, ROWS)
            case 2:
                values = random.exponential(1 + moved, ROWS)
            case 3:
                values = np.round(random.normal(500 + 100 * moved, 100, ROWS))
            case _:
                values = np.round(random.gamma(2 + moved, 20, ROWS), 2)
        columns[f"number_{i:02}"] = values
    for i in range(CATEGORIES):
        shares = 1 / np.arange(1 + shift * (i % 2), 3 + 5 * i + shift * (i % 2))
        names = [f"category {place}" for place in range(len(shares))]
        columns[f"text_{i:02}"] = random.choice(names, ROWS, p=shares / shares.sum())
    return pd.DataFrame(columns)


directory = sys.argv[1]
tables = []
for name, shift, seed in [("reference", 0, 1), ("current", 1, 2)]:
    path = os.path.join(directory, name + ".parquet")
    if not os.path.exists(path):
        make(shift, seed).to_parquet(path)
    tables.append(pd.read_parquet(path))
numbers = [name for name in tables[0] if name.startswith("number")]
texts = [name for name in tables[0] if name.startswith("text")]
definition = DataDefinition(numerical_columns=numbers, categorical_columns=texts)
reference, current = (Dataset.from_pandas(table, data_definition=definition) for table in tables)
print("ready", flush=True)
for line in sys.stdin:
    start = time.perf_counter()
    snapshot = Report([DataDriftPreset()]).run(current, reference)
    micros = (time.perf_counter() - start) * 1e6
    found = snapshot.dict()["metrics"]
    of_columns = [metric for metric in found if metric["config"]["type"].endswith("ValueDrift")]
    scores = {metric["config"]["column"]: float(metric["value"]) for metric in of_columns}
    print(json.dumps({"micros": micros, "scores": scores}), flush=True)
