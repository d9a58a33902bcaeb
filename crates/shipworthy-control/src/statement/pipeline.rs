//! The run of a pipeline that a release is made in.

use serde_json::{Value, json};

use super::is_uri;

/// The longest URL that is told of a run, in bytes: longer than any of the two hosts'.
const MAX_URL_BYTES: usize = 1_024;

/// The longest word that is told of a run, in bytes: a commit in SHA-256 has 64.
const MAX_WORD_BYTES: usize = 64;

/// The run of a pipeline, as its host tells it. Nobody checks that it is true: whoever may set
/// variables may set these. It is as good as the key that signs for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pipeline {
    /// Whose: `GitHub Actions` or `GitLab CI`.
    pub host: &'static str,
    /// Who makes releases there, for `runDetails.builder.id`; `None` when the host does not tell.
    pub builder: Option<String>,
    /// Where people find the run: its URL.
    pub run: String,
    /// The commit that the run was started for. It may be another than the release's: a pull
    /// request of GitHub runs for a merge that is made for it.
    pub commit: Option<String>,
    /// Whose machine it runs on: `github-hosted`, `self-hosted`.
    pub runner: Option<String>,
}

impl Pipeline {
    /// The run that these variables tell of; `None` when they tell of none, or of none that can be
    /// found again. What is odd about one is left out.
    ///
    /// Names and conventions are the hosts':
    /// <https://docs.github.com/en/actions/reference/workflows-and-actions/variables>,
    /// <https://docs.gitlab.com/ci/variables/predefined_variables/>. The builder is the one that their
    /// own provenance names: of GitHub the workflow (`@actions/attest`), of GitLab the runner
    /// (<https://docs.gitlab.com/ci/pipeline_security/slsa/provenance_v1/>).
    #[must_use]
    pub fn told(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let is_set = |name| variable(name).as_deref() == Some("true");
        let word = |name| variable(name).filter(|text| is_word(text));
        if is_set("GITHUB_ACTIONS") {
            let server = variable("GITHUB_SERVER_URL")?;
            let repository = variable("GITHUB_REPOSITORY")?;
            let (run, attempt) = (number(&variable, "GITHUB_RUN_ID")?, "GITHUB_RUN_ATTEMPT");
            let attempt = number(&variable, attempt).map(|count| format!("/attempts/{count}"));
            let attempt = attempt.unwrap_or_default();
            let workflow = variable("GITHUB_WORKFLOW_REF");
            return Some(Self {
                host: "GitHub Actions",
                builder: workflow.and_then(|path| url(format!("{server}/{path}"))),
                run: url(format!("{server}/{repository}/actions/runs/{run}{attempt}"))?,
                commit: variable("GITHUB_SHA").filter(|text| is_commit(text)),
                runner: word("RUNNER_ENVIRONMENT"),
            });
        }
        if is_set("GITLAB_CI") {
            let runner = number(&variable, "CI_RUNNER_ID");
            let builder = variable("CI_PROJECT_URL").zip(runner);
            let run = ["CI_JOB_URL", "CI_PIPELINE_URL"].into_iter().filter_map(&variable);
            return Some(Self {
                host: "GitLab CI",
                builder: builder.and_then(|(place, id)| url(format!("{place}/-/runners/{id}"))),
                run: run.filter_map(url).next()?,
                commit: variable("CI_COMMIT_SHA").filter(|text| is_commit(text)),
                runner: word("CI_RUNNER_ENVIRONMENT"),
            });
        }
        None
    }

    /// What a provenance tells of it among its internal parameters.
    pub(super) fn parameters(&self) -> Value {
        json!({"host": self.host, "commit": self.commit, "runner": self.runner})
    }
}

/// The URL of the run that a release was made in, as its provenance tells it.
#[must_use]
pub fn run(provenance: &Value) -> Option<String> {
    url(provenance["runDetails"]["metadata"]["invocationId"].as_str()?.to_owned())
}

/// A URL that people may follow, without a user's name and password in it.
fn url(text: String) -> Option<String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
    let host = rest.split('/').next().unwrap_or_default();
    let is_good = is_uri(&text) && !host.is_empty() && !host.contains('@');
    (is_good && text.len() <= MAX_URL_BYTES).then_some(text)
}

fn number(variable: &impl Fn(&str) -> Option<String>, name: &str) -> Option<u64> {
    variable(name)?.parse().ok()
}

fn is_word(text: &str) -> bool {
    let may_stand = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (1..=MAX_WORD_BYTES).contains(&text.len()) && text.bytes().all(may_stand)
}

/// A whole name of a commit: 40 digits, or 64 in repositories of SHA-256.
pub(super) fn is_commit(text: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    matches!(text.len(), 40 | 64) && text.bytes().all(is_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &str = "0c43dd1e0c43dd1e0c43dd1e0c43dd1e0c43dd1e";

    const GITHUB: [(&str, &str); 8] = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_SERVER_URL", "https://github.com"),
        ("GITHUB_REPOSITORY", "octo/late"),
        ("GITHUB_WORKFLOW_REF", "octo/late/.github/workflows/ship.yml@refs/heads/main"),
        ("GITHUB_RUN_ID", "1658821493"),
        ("GITHUB_RUN_ATTEMPT", "2"),
        ("GITHUB_SHA", COMMIT),
        ("RUNNER_ENVIRONMENT", "github-hosted"),
    ];

    const GITLAB: [(&str, &str); 6] = [
        ("GITLAB_CI", "true"),
        ("CI_PROJECT_URL", "https://gitlab.example/ops/late"),
        ("CI_JOB_URL", "https://gitlab.example/ops/late/-/jobs/77"),
        ("CI_PIPELINE_URL", "https://gitlab.example/ops/late/-/pipelines/7"),
        ("CI_RUNNER_ID", "12"),
        ("CI_COMMIT_SHA", COMMIT),
    ];

    /// The run that some variables tell of, with one of them set to something else.
    fn told(variables: &[(&str, &str)], changed: &str, to: Option<&str>) -> Option<Pipeline> {
        Pipeline::told(|name| {
            let found = variables.iter().find(|(other, _)| *other == name);
            let value = if name == changed { to } else { found.map(|(_, value)| *value) };
            value.map(str::to_owned)
        })
    }

    #[test]
    fn a_run_of_github_is_named_by_its_workflow_and_its_attempt() {
        let pipeline = told(&GITHUB, "", None).unwrap();
        let workflow = "https://github.com/octo/late/.github/workflows/ship.yml@refs/heads/main";
        assert_eq!(pipeline.builder.as_deref(), Some(workflow));
        let run = "https://github.com/octo/late/actions/runs/1658821493/attempts/2";
        assert_eq!(pipeline.run, run);
        assert_eq!(pipeline.commit.as_deref(), Some(COMMIT));
        assert_eq!(pipeline.runner.as_deref(), Some("github-hosted"));
    }

    #[test]
    fn a_run_of_gitlab_is_named_by_its_runner_and_its_job() {
        let pipeline = told(&GITLAB, "", None).unwrap();
        let runner = "https://gitlab.example/ops/late/-/runners/12";
        assert_eq!(pipeline.builder.as_deref(), Some(runner));
        assert_eq!(pipeline.run, "https://gitlab.example/ops/late/-/jobs/77");
        let of_pipeline = told(&GITLAB, "CI_JOB_URL", None).unwrap().run;
        assert_eq!(of_pipeline, "https://gitlab.example/ops/late/-/pipelines/7");
    }

    #[test]
    fn outside_a_pipeline_there_is_no_run() {
        assert_eq!(told(&[], "", None), None);
        assert_eq!(told(&GITHUB, "GITHUB_ACTIONS", Some("false")), None);
        assert_eq!(told(&GITLAB, "GITLAB_CI", None), None);
    }

    #[test]
    fn what_is_odd_about_a_run_is_left_out() {
        let odd = ["x y", "a\nb", "é", "<b>", &"a".repeat(2_000)];
        for odd in odd {
            let with = |name| told(&GITHUB, name, Some(odd));
            assert_eq!(with("GITHUB_WORKFLOW_REF").unwrap().builder, None, "{odd}");
            assert_eq!(with("GITHUB_SHA").unwrap().commit, None, "{odd}");
            assert_eq!(with("RUNNER_ENVIRONMENT").unwrap().runner, None, "{odd}");
            assert_eq!(with("GITHUB_REPOSITORY"), None, "{odd}");
            assert_eq!(with("GITHUB_RUN_ID"), None, "{odd}");
        }
        for server in
            ["github.com", "ftp://github.com", "https://ana:secret@github.com", "https://"]
        {
            assert_eq!(told(&GITHUB, "GITHUB_SERVER_URL", Some(server)), None, "{server}");
        }
        let whole = told(&GITHUB, "GITHUB_RUN_ATTEMPT", Some("two")).unwrap();
        assert_eq!(whole.run, "https://github.com/octo/late/actions/runs/1658821493");
    }

    #[test]
    fn a_provenance_of_strangers_tells_a_url_or_nothing() {
        let run_of = |id: Value| run(&json!({"runDetails": {"metadata": {"invocationId": id}}}));
        assert_eq!(run_of(json!("https://ci.example/7")).as_deref(), Some("https://ci.example/7"));
        for other in [json!("7"), json!("javascript:alert(1)"), json!(7), Value::Null] {
            assert_eq!(run_of(other.clone()), None, "{other}");
        }
    }
}
