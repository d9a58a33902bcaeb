"""A project trained by a Python program of its own, with the real xgboost."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import xgboost

from conftest import BIN, ROOT

PROGRAM = '''
import json
import os

import pandas as pd
import xgboost

with open(os.environ["SHIPWORTHY_PARAMETERS"]) as file:
    told = json.load(file)


def matrix(variable):
    rows = pd.read_parquet(os.environ[variable])
    features = rows[[feature["name"] for feature in told["features"]]].copy()
    for feature in told["features"]:
        if "categories" in feature:
            name, categories = feature["name"], feature["categories"]
            features[name] = pd.Categorical(features[name], categories=categories)
    return xgboost.DMatrix(features, rows[told["target"]], enable_categorical=True)


parameters = {"objective": "binary:logistic", "nthread": 1, "seed": told["seed"], **told["parameters"]}
train, validation = matrix("SHIPWORTHY_TRAIN"), matrix("SHIPWORTHY_VALIDATION")
booster = xgboost.train(
    parameters, train, 40, evals=[(validation, "validation")], early_stopping_rounds=5, verbose_eval=10
)
booster = booster[: booster.best_iteration + 1]
with open(os.environ["SHIPWORTHY_OUTPUT"], "wb") as file:
    file.write(booster.save_raw("json"))
'''

TRAIN = """[train]
trainer = "command"
command = ["python3", "train.py"]
lock = "requirements.lock"
seed = 17
validation = { share = 0.2 }
test = { share = 0.2 }

[train.parameters]
max_depth = 4
subsample = 0.8
"""

# The python3 of a command is that of the tests, which has xgboost.
ENVIRONMENT = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def run(*arguments, cwd=None):
    command = list(map(str, arguments))
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=cwd, env=ENVIRONMENT)
    return done.stdout


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The credit example, committed, with a program in the place of the built-in trainer."""
    place = tmp_path_factory.mktemp("command") / "project"
    shutil.copytree(ROOT / "examples/credit", place, ignore=shutil.ignore_patterns(".shipworthy"))
    file = place / "shipworthy.toml"
    text = file.read_text()
    begin = text.index("[train]")
    after = text.find("\n[rollout]", begin)
    file.write_text(text[:begin] + TRAIN + (text[after:] if after >= 0 else ""))
    (place / "train.py").write_text(PROGRAM)
    (place / "requirements.lock").write_text(f"xgboost=={xgboost.__version__}\n")
    run("git", "init", "--quiet", cwd=place)
    run("git", "add", "--all", cwd=place)
    identity = ("-c", "user.name=a", "-c", "user.email=a@b.example")
    run("git", *identity, "commit", "--quiet", "--no-gpg-sign", "--message", "project", cwd=place)
    return place


def release(project, state):
    return json.loads(run(BIN, "release", project, "--state", state, "--json"))["release"]


def test_two_clones_make_the_same_release_and_it_is_made_again(project, tmp_path):
    clone = tmp_path / "elsewhere"
    run("git", "clone", "--quiet", project, clone)
    state = tmp_path / "state"
    made = release(project, state)
    assert release(clone, tmp_path / "other") == made
    verify = (BIN, "release", "verify", made, "--rebuild", "--project", project, "--state", state, "--json")
    assert json.loads(run(*verify))["rebuilt"]["same"]
    shown = json.loads(run(BIN, "release", "show", made, "--state", state, "--json"))
    assert shown["manifest"]["trainer"]["parameters"]["max_depth"] == 4
    assert shown["quality"]["test"]["metrics"]["roc_auc"] > 0.7


def test_the_release_says_what_xgboost_says(project, tmp_path):
    state, scores = tmp_path / "state", tmp_path / "scores.parquet"
    made = release(project, state)
    (model,) = state.glob("bundles/*/model.json")
    (contract,) = state.glob("bundles/*/contract.json")
    columns = {column["name"]: column for column in json.loads(contract.read_text())["columns"]}
    (data,) = (project / "data").glob("*.parquet")
    rows = pd.read_parquet(data)
    options = ("--state", state, "--release", made, "--input", data, "--output", scores)
    run(BIN, "score", project, *options)
    booster = xgboost.Booster(model_file=model)
    features = rows[booster.feature_names].copy()
    for name, kind in zip(booster.feature_names, booster.feature_types):
        if kind == "c":
            features[name] = pd.Categorical(features[name], categories=columns[name]["categories"])
    expected = booster.predict(xgboost.DMatrix(features, enable_categorical=True))
    scored = pd.read_parquet(scores)["prediction"]
    answered = scored.notna()
    assert answered.sum() > 4000
    assert (scored[answered] - expected[answered]).abs().max() <= 1e-6
