"""The bare models' own rows, and what the models' own library says of them."""

import numpy as np
import pandas as pd
import xgboost

from conftest import DATA

MODEL = DATA / "xgb_binary_num/model.json"


def flights():
    """Rows of numbers, some of them missing, for the model `late`."""
    return pd.read_csv(DATA / "flights_numeric.csv").astype(np.float32)


def expected(frame):
    """What XGBoost predicts for such rows."""
    booster = xgboost.Booster(model_file=MODEL)
    best = (0, booster.best_iteration + 1)
    return booster.predict(xgboost.DMatrix(frame), iteration_range=best)


def texts_of_credit():
    """The columns of texts of some rows for the model `credit`; it takes the others as missing."""
    frame = pd.read_csv(DATA / "credit.csv").head(5)
    return frame[["Home", "Marital", "Records", "Job"]].fillna("").astype(object)
