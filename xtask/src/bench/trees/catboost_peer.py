"""CatBoost on one thread, measured in its own process: its wheel offers no C interface.

catboost_peer.py MODEL array|pool: the rows come as a numpy array, or in Pools made before the
clock runs. The protocol is that of crates/shipworthy-models/examples/trees/python.rs, and the
measurement that of contender.rs beside it.
"""

import itertools
import json
import sys
import time

import catboost
import numpy

STRETCH_ROWS = 1_000
LONG_ENOUGH_S = 0.025

model = catboost.CatBoost().load_model(sys.argv[1])
pooled = sys.argv[2] == "pool"


def predict(rows):
    return model.predict(rows, prediction_type="Probability", thread_count=1)[:, 1]


def batches(rows, size):
    """All rows in batches of one size; of Pools of a single row, a tenth is enough."""
    parts = [rows[at : at + size] for at in range(0, len(rows) - size + 1, size)]
    return [catboost.Pool(part) for part in parts[:1_000]] if pooled else parts


def us_per_row(rows, size):
    parts = itertools.cycle(batches(rows, size))
    calls = -(-STRETCH_ROWS // size)

    def stretch():
        for part in itertools.islice(parts, calls):
            predict(part)
        return calls * size

    stretch()
    answered, start = 0, time.perf_counter()
    while time.perf_counter() - start < LONG_ENOUGH_S:
        answered += stretch()
    return (time.perf_counter() - start) * 1e6 / answered


def answers(rows, size):
    return numpy.concatenate([predict(part) for part in batches(rows, size)]).tolist()


count, width = map(int, sys.stdin.buffer.readline().split())
numbers = numpy.frombuffer(sys.stdin.buffer.read(count * width * 4), dtype="<f4")
table = numbers.reshape(count, width)
for line in sys.stdin.buffer:
    what, size = line.split()
    reply = (us_per_row if what == b"time" else answers)(table, int(size))
    print(json.dumps(reply), flush=True)
