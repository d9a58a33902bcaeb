"""Recomputes bootstrap.json from ../data/scores.csv by the definition in src/bootstrap.rs, with numpy and scipy and
not with the crate under test.

    pip install numpy==2.4.6 scipy==1.17.1 && python bootstrap.py > bootstrap.json
"""

import csv
import json
import pathlib

import numpy as np
from scipy.stats import norm

HERE = pathlib.Path(__file__).parent
SEED, RESAMPLES = 20131, 500


def split_mix(seed, count):
    """The first outputs of SplitMix64, which is a counter and a mixer."""
    with np.errstate(over="ignore"):
        x = np.uint64(seed) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))


def below(draws, bound):
    return [int(x) * bound >> 64 for x in draws]


def jackknife_groups(rows):
    if rows <= 200:
        return np.arange(rows)
    place = list(range(rows))
    draws = split_mix(SEED ^ (2**64 - 1), rows - 1)
    for last, x in zip(range(rows - 1, 0, -1), draws):
        other = int(x) * (last + 1) >> 64
        place[last], place[other] = place[other], place[last]
    return np.array(place) % 200


def bca(columns, metric, level):
    columns = np.array(columns)
    rows = columns.shape[1]
    value = metric(*columns)
    draws = np.array(below(split_mix(SEED, rows * RESAMPLES), rows)).reshape(RESAMPLES, rows)
    resamples = np.sort([metric(*columns[:, np.sort(drawn)]) for drawn in draws])
    share = ((resamples < value).sum() + (resamples <= value).sum()) / (2 * RESAMPLES)
    groups = jackknife_groups(rows)
    left_out = np.array([metric(*columns[:, groups != g]) for g in range(groups.max() + 1)])
    influence = left_out.mean() - left_out
    acceleration = (influence**3).sum() / (6 * (influence**2).sum() ** 1.5)
    bias, z = norm.ppf(share), norm.ppf([(1 - level) / 2, (1 + level) / 2])
    ends = norm.cdf(bias + (bias + z) / (1 - acceleration * (bias + z)))
    return np.quantile(resamples, ends).tolist()


def brier(labels, scores):
    return ((labels - scores) ** 2).mean()


def average_precision(labels, scores):
    order = np.argsort(-scores, kind="stable")
    labels, scores = labels[order], scores[order]
    last = np.append(np.diff(scores) != 0, True)
    found = np.cumsum(labels)[last]
    precision = found / (np.flatnonzero(last) + 1)
    return (np.diff(found, prepend=0) * precision).sum() / labels.sum()


with open(HERE / "../data/scores.csv", newline="") as file:
    data = np.array(list(csv.reader(file))[1:], dtype=float).T
labels, a, b = data
by_a = np.lexsort((labels, a))
by_both = np.lexsort((labels, b, a))
few = np.lexsort((labels[:150], a[:150]))
difference = lambda labels, a, b: brier(labels, a) - brier(labels, b)
expected = {
    "seed": SEED,
    "resamples": RESAMPLES,
    "brier_a_90": bca([labels[by_a], a[by_a]], brier, 0.9),
    "average_precision_a_95": bca([labels[by_a], a[by_a]], average_precision, 0.95),
    "average_precision_a_95_of_150_rows": bca([labels[:150][few], a[:150][few]], average_precision, 0.95),
    "brier_a_less_b_95": bca([labels[by_both], a[by_both], b[by_both]], difference, 0.95),
}
print(json.dumps(expected, indent=1))
