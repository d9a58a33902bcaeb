"""What `ci init` writes is a workflow: to the schemas of GitHub and GitLab, and to who reads it."""

import shutil
import subprocess
import sys

import pytest
import yaml
from conftest import BIN, ROOT, shipworthy

SCHEMAS = {"github": "vendor.github-workflows", "gitlab": "vendor.gitlab-ci"}
PLACES = {"github": ".github/workflows/shipworthy.yml", "gitlab": ".gitlab-ci.yml"}
NAMES = {"flights": "flight-delay", "credit": "credit-risk"}


def repository(place, example):
    """A repository with an example in it, of which git has the data of flights alone."""
    project = place / "models" / example
    shutil.copytree(ROOT / "examples" / example, project, ignore=shutil.ignore_patterns(".shipworthy"))
    if example != "flights":
        (project / ".gitignore").write_text("data/\n")
    for line in ("init -q -b trunk", "add -A", "-c user.name=a -c user.email=a@b.example commit -q -m a"):
        subprocess.run(["git", "-C", place, *line.split()], check=True)
    return project


def init(forge, project, *options, **how):
    command = [BIN, "ci", "init", forge, "--project", str(project), *options]
    return subprocess.run(command, capture_output=True, text=True, **how)


def read(place, forge):
    # YAML 1.1 takes GitHub's key `on` for a boolean.
    loaded = yaml.safe_load((place / PLACES[forge]).read_text())
    return {"on" if key is True else key: value for key, value in loaded.items()}


@pytest.fixture(params=["flights", "credit"])
def example(request, tmp_path):
    project = repository(tmp_path, request.param)
    for forge in PLACES:
        shipworthy("ci", "init", forge, "--project", project)
    return request.param


@pytest.mark.parametrize("forge", PLACES)
def test_it_is_valid_by_the_schema_of_its_forge(example, forge, tmp_path):
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", SCHEMAS[forge], tmp_path / PLACES[forge]]
    checked = subprocess.run(check, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout


def test_github_runs_each_job_on_its_events_with_the_least_permissions(example, tmp_path):
    workflow = read(tmp_path, "github")
    files = [f"models/{example}/**", PLACES["github"]]
    assert workflow["on"]["push"] == {"branches": ["trunk"], "paths": files}
    assert workflow["on"]["pull_request"] == {"paths": files}
    assert set(workflow["on"]) == {"pull_request", "push", "schedule", "workflow_dispatch"}
    assert workflow["permissions"] == {}
    jobs = workflow["jobs"]
    assert {name: job["permissions"] for name, job in jobs.items()} == {
        "check": {"contents": "read", "pull-requests": "write"},
        "release": {"contents": "read", "packages": "write"},
        "promote": {"contents": "read", "packages": "read"},
    }
    environments = {name: job.get("environment") for name, job in jobs.items()}
    assert environments == {"check": None, "release": "shipworthy-release", "promote": "shipworthy-promotion"}
    assert all("concurrency" in job for job in jobs.values())
    assert workflow["defaults"]["run"]["working-directory"] == f"models/{example}"
    assert workflow["env"]["ENDPOINT"] == NAMES[example]
    assert ("DATA_FETCH" in workflow["env"]) == (example == "credit")


def test_github_gives_a_secret_to_the_steps_alone_that_need_it(example, tmp_path):
    workflow = read(tmp_path, "github")
    given = {}
    for name, job in workflow["jobs"].items():
        for step in job["steps"]:
            uses = step.get("uses", "actions/a@v1")
            assert uses.startswith("actions/") and uses.split("@v")[1].isdigit(), "a pinned major"
            assert "${{" not in step.get("run", ""), step
            for variable, value in step.get("env", {}).items():
                if "secrets." in value:
                    given.setdefault((name, variable), []).append(value.split("secrets.")[1].split(" ")[0])
    assert given == {
        ("check", "SHIPWORTHY_TOKEN"): ["SHIPWORTHY_AUDIT_TOKEN"],
        ("release", "SHIPWORTHY_SIGNING_KEY"): ["SHIPWORTHY_SIGNING_KEY"] * 3,
        ("release", "SHIPWORTHY_TOKEN"): ["SHIPWORTHY_DEPLOY_TOKEN"] * 2,
        ("promote", "SHIPWORTHY_TOKEN"): ["SHIPWORTHY_PROMOTION_TOKEN"] * 3,
    }


def test_gitlab_runs_each_job_by_its_rule(example, tmp_path):
    pipeline = read(tmp_path, "gitlab")
    rules = {name: pipeline[name]["rules"][0]["if"] for name in ("check", "release", "retrain", "promote")}
    assert rules == {
        "check": '$CI_PIPELINE_SOURCE == "merge_request_event"',
        "release": '$CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH',
        "retrain": '$CI_PIPELINE_SOURCE == "schedule"',
        "promote": "$SHIPWORTHY_SERVER && $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH",
    }
    assert pipeline["promote"]["rules"][0]["when"] == "manual"
    assert pipeline["retrain"]["extends"] == "release"
    reports = pipeline["release"]["artifacts"]["reports"]
    assert reports == {"junit": ".shipworthy-ci/gates.xml", "dotenv": ".shipworthy-ci/release.env"}
    name = NAMES[example]
    environments = {job: pipeline[job]["environment"]["name"] for job in ("release", "promote")}
    assert environments == {"release": f"shadow/{name}", "promote": f"production/{name}"}
    caches = [cache["key"] for cache in pipeline["release"]["cache"]]
    assert (f"data-{name}" in caches) == (example == "credit")


@pytest.mark.parametrize("forge", PLACES)
def test_a_workflow_that_is_there_is_replaced_by_force_alone(forge, tmp_path):
    project = repository(tmp_path, "credit")
    written = init(forge, project, check=True)
    assert written.stdout.startswith(str(tmp_path / PLACES[forge]))
    for name in ("SHIPWORTHY_SIGNING_KEY", "SHIPWORTHY_DEPLOY_TOKEN", "SHIPWORTHY_SERVER"):
        assert sum(line.split()[1:2] == [name] for line in written.stdout.splitlines()) == 1, name
    assert "DATA_FETCH" in written.stderr
    mine = tmp_path / PLACES[forge]
    mine.write_text("mine\n")
    refused = init(forge, project)
    assert refused.returncode == 2 and "--force" in refused.stderr
    assert mine.read_text() == "mine\n"
    init(forge, project, "--force", check=True)
    init(forge, project, "--output", str(tmp_path / "ci/other.yml"), check=True)
    other = (tmp_path / "ci/other.yml").read_text()
    assert '"ci/other.yml"' in other, "its own changes run it"
    assert mine.read_text() == other.replace("ci/other.yml", PLACES[forge])


@pytest.mark.parametrize("forge", PLACES)
def test_a_project_that_is_the_repository_runs_on_every_change(forge, tmp_path):
    shutil.copy(ROOT / "examples/credit/shipworthy.toml", tmp_path)
    subprocess.run(["git", "-C", tmp_path, "init", "-q", "-b", "main"], check=True)
    init(forge, tmp_path, check=True)
    text = (tmp_path / PLACES[forge]).read_text()
    assert "/**" not in text and "changes:" not in text
    assert ('working-directory: "."' if forge == "github" else 'PROJECT: "."') in text
    assert '"data/credit_data.parquet"' in text


def test_a_project_without_a_repository_has_no_pipeline(tmp_path):
    shutil.copy(ROOT / "examples/credit/shipworthy.toml", tmp_path)
    refused = init("github", tmp_path)
    assert refused.returncode == 2 and "git init" in refused.stderr, refused.stderr
