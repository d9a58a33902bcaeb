"""Runs the jobs of a workflow as its forge would: the same lines, in order, by bash, in a fresh clone.

What the forge gives is in a table (`${{ secrets.X }}`, `$CI_COMMIT_SHA`), and the environment of a
job holds nothing else but where programs are found.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import yaml

GITHUB = ".github/workflows/shipworthy.yml"
GITLAB = ".gitlab-ci.yml"


def git(place, *words):
    """What git answers."""
    done = subprocess.run(["git", "-C", place, *map(str, words)], check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip()


class Failed(Exception):
    """A job that ended before its end."""


class Forge:
    """A remote repository, and a place for what jobs leave behind."""

    def __init__(self, place, remote, path):
        self.place, self.remote = Path(place), remote
        self.base = {"PATH": path, "HOME": str(self.place / "home"), "LC_ALL": "C.UTF-8"}
        self.jobs, self.kept, self.log = 0, {}, []
        (self.place / "home").mkdir(parents=True)

    def clone(self, ref):
        """A fresh clone at a ref of the remote, as a runner has it."""
        self.jobs += 1
        clone = self.place / f"job-{self.jobs}"
        git(self.place, "clone", "-q", "--no-checkout", self.remote, clone)
        if ref.startswith("refs/pull/"):
            git(clone, "fetch", "-q", "origin", f"+{ref}:refs/remotes/{ref[len('refs/'):]}")
            git(clone, "checkout", "-q", "--detach", f"refs/remotes/{ref[len('refs/'):]}")
        else:
            git(clone, "checkout", "-q", "-B", ref, f"refs/remotes/origin/{ref}")
        return clone

    def bash(self, script, directory, env):
        """Runs a script; what it printed goes to the log, and a secret in it is a fault."""
        ran = subprocess.run(
            ["bash", "--noprofile", "--norc", *script],
            cwd=directory,
            env={**self.base, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.log.append(ran.stdout)
        if ran.returncode != 0:
            raise Failed(ran.stdout)

    def keep(self, key, clone, path):
        """Puts a file into the cache."""
        kept = self.place / "cache" / key
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(clone / path, kept)
        self.kept[key] = path

    def restore(self, prefix, clone):
        """Takes the newest file of such a key out of the cache; its key, or nothing."""
        for key, path in reversed(self.kept.items()):
            if key.startswith(prefix):
                (clone / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(self.place / "cache" / key, clone / path)
                return key
        return ""


class GitHub(Forge):
    """GitHub Actions, as far as the workflow uses it."""

    def __init__(self, place, remote, path, secrets, variables):
        super().__init__(place, remote, path)
        self.secrets, self.variables = secrets, variables

    def run(self, job, event, ref="main", **inputs):
        """Runs a job on an event, if its condition lets it; gives what the job left behind."""
        clone = self.clone(ref)
        loaded = yaml.safe_load((clone / GITHUB).read_text())
        temp = self.place / f"temp-{self.jobs}"
        temp.mkdir()
        self.table = {
            "github.event_name": event,
            "github.sha": git(clone, "rev-parse", "HEAD"),
            "github.ref": ref,
            "github.repository": "Ports/Late",
            "github.run_id": str(self.jobs),
            "github.actor": "ana",
            "github.token": "open sesame",
            "github.event.pull_request.number": "7",
            "runner.os": "Linux",
            "runner.arch": "X64",
            "runner.temp": str(temp),
            **{f"secrets.{name}": value for name, value in self.secrets.items()},
            **{f"vars.{name}": value for name, value in self.variables.items()},
            **{f"inputs.{name}": value for name, value in inputs.items()},
        }
        declared = loaded["jobs"][job]
        assert self.holds(declared["if"]), f"{job} does not run on {event}"
        for name, value in {**loaded["env"], **declared.get("env", {})}.items():
            self.table[f"env.{name}"] = self.resolved(value)
        self.added, self.paths, self.summary = {}, [], ""
        for step in declared["steps"]:
            if self.holds(step.get("if", "true")):
                self.step(step, clone, temp, loaded["defaults"]["run"])
        return temp

    def step(self, step, clone, temp, defaults):
        with_ = {name: self.resolved(value) for name, value in step.get("with", {}).items()}
        uses = step.get("uses", "").split("@")[0]
        if uses == "actions/cache/restore":
            found = self.restore(with_["restore-keys"], clone)
            self.table[f"steps.{step['id']}.outputs.cache-matched-key"] = found
        elif uses == "actions/cache/save":
            self.keep(with_["key"], clone, with_["path"])
        elif uses == "actions/upload-artifact":
            assert Path(with_["path"]).is_file(), step
        elif uses:
            assert uses in ("actions/checkout", "actions/cache"), step
        else:
            self.script(step, clone, temp, defaults)

    def script(self, step, clone, temp, defaults):
        files = {name: temp / name for name in ("GITHUB_ENV", "GITHUB_PATH", "GITHUB_STEP_SUMMARY")}
        for file in files.values():
            file.write_text("")
        (temp / "step.sh").write_text(step["run"])
        given = {name[len("env.") :]: value for name, value in self.table.items() if name.startswith("env.")}
        given.update({name: str(file) for name, file in files.items()}, **self.added)
        given.update(self.defaults(), RUNNER_TEMP=str(temp))
        given.update({name: self.resolved(value) for name, value in step.get("env", {}).items()})
        given["PATH"] = ":".join([*reversed(self.paths), self.base["PATH"]])
        _, *options, script = defaults["shell"].replace("--noprofile --norc ", "").split(" ")
        assert script == "{0}"
        self.bash([*options, str(temp / "step.sh")], clone / defaults["working-directory"], given)
        self.added.update(line.split("=", 1) for line in files["GITHUB_ENV"].read_text().splitlines())
        self.paths += files["GITHUB_PATH"].read_text().splitlines()
        self.summary += files["GITHUB_STEP_SUMMARY"].read_text()

    def defaults(self):
        """The variables of every step, as far as somebody reads them."""
        names = ("sha", "repository", "run_id", "event_name", "actor")
        given = {f"GITHUB_{name.upper()}": self.table[f"github.{name}"] for name in names}
        return {**given, "GITHUB_ACTIONS": "true", "GITHUB_SERVER_URL": "https://github.com"}

    def resolved(self, text):
        """A text with its expressions replaced by their values."""
        values = {True: "true", False: "false"}
        value = lambda found: str(values.get(self.value(found[1]), self.value(found[1])))
        return re.sub(r"\$\{\{ (.*?) \}\}", value, str(text))

    def holds(self, condition):
        return bool(self.value(re.sub(r"^\$\{\{ (.*) \}\}$", r"\1", str(condition))))

    def value(self, expression):
        """The value of an expression of names, texts, `==`, `!=`, `&&` and `||`."""
        tokens = re.findall(r"'[^']*'|[=!]=|&&|\|\||!cancelled\(\)|[A-Za-z][A-Za-z0-9_.-]*", expression)
        words = {"&&": "and", "||": "or", "!cancelled()": "True", "true": "True", "==": "==", "!=": "!="}
        name = lambda token: token if token.startswith("'") else repr(self.table.get(token, ""))
        return eval(" ".join(words.get(token) or name(token) for token in tokens), {})


class GitLab(Forge):
    """GitLab CI, as far as the pipeline uses it."""

    def __init__(self, place, remote, path, variables):
        super().__init__(place, remote, path)
        self.variables = variables

    def run(self, job, source, ref="main", needs=None, **more):
        """Runs a job of a pipeline with such a source; gives the variables that it hands on."""
        clone = self.clone(ref)
        # No branch is checked out there.
        git(clone, "checkout", "-q", "--detach")
        loaded = yaml.safe_load((clone / GITLAB).read_text())
        declared = loaded[job]
        if "extends" in declared:
            declared = {**loaded[declared["extends"]], **declared}
        given = {
            "CI_PROJECT_DIR": str(clone),
            "CI_COMMIT_SHA": git(clone, "rev-parse", "HEAD"),
            "CI_DEFAULT_BRANCH": "main",
            "CI_PIPELINE_SOURCE": source,
            "CI_PIPELINE_ID": str(self.jobs),
            "CI_PROJECT_ID": "3",
            "CI_MERGE_REQUEST_IID": "7",
            "CI_REGISTRY_USER": "ana",
            "CI_REGISTRY_PASSWORD": "open sesame",
            "CI_JOB_URL": f"https://gitlab.example/ports/late/-/jobs/{self.jobs}",
            "GITLAB_CI": "true",
            "GITLAB_USER_LOGIN": "ana",
            **self.variables,
            **(needs or {}),
            **more,
        }
        for name, value in loaded["variables"].items():
            given[name] = re.sub(r"\$(\w+)", lambda found: given.get(found[1], ""), str(value))
        for cache in declared["cache"]:
            if cache.get("policy") != "push":
                self.restore(cache["key"], clone)
        lines = loaded["default"]["before_script"] + declared["script"]
        script = self.place / f"script-{self.jobs}.sh"
        script.write_text("\n".join(lines))
        self.bash(["-eo", "pipefail", str(script)], clone, given)
        for cache in declared["cache"]:
            (path,) = cache["paths"]
            if cache.get("policy") != "pull" and (clone / path).is_file():
                self.keep(cache["key"], clone, path)
        return self.artifacts(declared.get("artifacts", {}).get("reports", {}), clone)

    @staticmethod
    def artifacts(reports, clone):
        if "junit" in reports:
            assert "<testsuite" in (clone / reports["junit"]).read_text()
        handed_on = (clone / reports["dotenv"]).read_text().splitlines() if "dotenv" in reports else []
        return dict(line.split("=", 1) for line in handed_on)
