"""Recomputes expected.json from the CSV files beside it, with scikit-learn and not with the crate under test.

    pip install scikit-learn==1.9.1 && python expected.py > expected.json
"""

import csv
import json
import pathlib

import numpy
import sklearn
from sklearn import metrics

HERE = pathlib.Path(__file__).parent


def columns(name):
    with open(HERE / name, newline="") as file:
        rows = list(csv.reader(file))
    return dict(zip(rows[0], numpy.array(rows[1:], dtype=float).T))


def reliability(labels, scores, bins):
    """Bins (k/bins, (k+1)/bins], 0 in the first, by search among the edges."""
    edges = numpy.arange(1, bins + 1) / bins
    which = numpy.searchsorted(edges, scores, side="left")
    return [
        {
            "bin": int(k),
            "count": int((which == k).sum()),
            "mean_predicted": float(scores[which == k].mean()),
            "observed_rate": float(labels[which == k].mean()),
        }
        for k in numpy.unique(which)
    ]


def calibration_error(table):
    rows = sum(row["count"] for row in table)
    return sum(row["count"] / rows * abs(row["observed_rate"] - row["mean_predicted"]) for row in table)


def binary(labels, scores, threshold):
    predicted = scores >= threshold
    tn, fp, fn, tp = metrics.confusion_matrix(labels, predicted).ravel().tolist()
    table = reliability(labels, scores, 10)
    return {
        "threshold": threshold,
        "roc_auc": metrics.roc_auc_score(labels, scores),
        # Eleven distinct values at most: nearly every pair is of tied groups.
        "roc_auc_of_tenths": metrics.roc_auc_score(labels, numpy.floor(scores * 10)),
        "log_loss": metrics.log_loss(labels, scores),
        "brier": metrics.brier_score_loss(labels, scores),
        "ece_10_equal_width": calibration_error(table),
        "ece_15_equal_width": calibration_error(reliability(labels, scores, 15)),
        "reliability_10": table,
        "confusion": {"tp": tp, "fp": fp, "tn": tn, "fn": fn},
        "accuracy": metrics.accuracy_score(labels, predicted),
        "precision": metrics.precision_score(labels, predicted),
        "recall": metrics.recall_score(labels, predicted),
        "f1": metrics.f1_score(labels, predicted),
    }


def multiclass(data):
    labels = data["y_true"].astype(int)
    probabilities = numpy.column_stack([data[f"p{k}"] for k in range(4)])
    predicted = probabilities.argmax(axis=1)
    return {
        "log_loss": metrics.log_loss(labels, probabilities),
        "accuracy": metrics.accuracy_score(labels, predicted),
        "f1_macro": metrics.f1_score(labels, predicted, average="macro"),
    }


def regression(data):
    pair = data["y_true"], data["y_pred"]
    return {
        "rmse": metrics.root_mean_squared_error(*pair),
        "mae": metrics.mean_absolute_error(*pair),
        "r2": metrics.r2_score(*pair),
    }


scores = columns("scores.csv")
expected = {
    "versions": {"scikit-learn": sklearn.__version__, "numpy": numpy.__version__},
    "model_a": binary(scores["y_true"], scores["score_a"], 0.3),
    "model_b": binary(scores["y_true"], scores["score_b"], 0.3),
    "multiclass": multiclass(columns("multiclass.csv")),
    "regression": regression(columns("regression.csv")),
}
print(json.dumps(expected, indent=1))
