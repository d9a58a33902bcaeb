//! A command of the project's own that trains.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use serde_json::{Value, json};
use shipworthy_core::canonical::sha256_hex;
use shipworthy_rows::RowBatch;
use shipworthy_rows::files::RowFile;

use crate::bare::fixture;
use crate::command::{self, Ran};
use crate::project::{Project, rows};
use crate::server::Server;

/// Where the built-in trainer of the usual project was told what to do.
const TRAIN: &str = "seed = 7\nrounds = 10\nearly_stopping_rounds = 0\n";
const PARAMETERS: &str = "[train.parameters]\nmax_depth = 3\n";

const COMMAND: &str = "trainer = \"command\"\ncommand = [\"sh\", \"train.sh\"]\nlock = \"tools.lock\"\n\
                       seed = 7\n";

/// A "training" that keeps what it is shown, and gives a model that is there already.
const COPY: &str = "echo learning\nmkdir -p seen\ncp \"$SHIPWORTHY_TRAIN\" \"$SHIPWORTHY_VALIDATION\" \
                    \"$SHIPWORTHY_PARAMETERS\" seen/\nenv > seen/environment\n\
                    cp model.json \"$SHIPWORTHY_OUTPUT\"\n";

/// The usual project, trained by a script.
fn project(script: &str) -> Project {
    let project = Project::new();
    project.run("train PROJECT --output PROJECT/model.json").expect(0);
    project.edit(TRAIN, COMMAND);
    project.edit(PARAMETERS, "[train.parameters]\ndepth = 3\nnames = [\"a\", \"b\"]\n");
    let write = |name: &str, text: &str| fs::write(project.path().join(name), text).unwrap();
    write("train.sh", script);
    write("tools.lock", "sh 1.0\n");
    write(".gitignore", "seen/\n");
    project
}

fn train(project: &Project) -> Ran {
    project.run("train PROJECT --output BESIDE/trained.json --json")
}

fn batch(project: &Project, name: &str) -> RowBatch {
    let file = RowFile::open(&project.path().join("seen").join(name)).unwrap();
    let schema = Arc::new(file.schema().clone());
    let (batch, misfits) = file.batches(&schema, 10_000).unwrap().next().unwrap().unwrap();
    assert_eq!(misfits, []);
    batch
}

fn release(project: &Project, options: &str) -> String {
    let made = project.run(&format!("release PROJECT --state STATE --json {options}"));
    made.expect(0);
    made.json()["release"].as_str().unwrap().to_owned()
}

fn interpreter() -> PathBuf {
    fs::canonicalize(command::path_of("sh")).unwrap()
}

#[test]
fn a_command_is_shown_rows_parameters_and_little_else() {
    let project = project(COPY);
    let trained = train(&project);
    trained.expect(0);
    trained.says("learning");
    let report = trained.json();
    let (train, validation) =
        (batch(&project, "train.parquet"), batch(&project, "validation.parquet"));
    assert_eq!(report["rows"]["train"], train.rows());
    assert_eq!(report["rows"]["validation"], validation.rows());
    let test = report["rows"]["test"].as_u64().unwrap();
    assert_eq!(train.rows() + validation.rows(), rows().len() - usize::try_from(test).unwrap());
    for slice in ["validation", "test"] {
        let auc = report[slice]["metrics"]["roc_auc"].as_f64();
        assert!(auc.is_some_and(|auc| auc > 0.7), "{report}");
    }
    let fields = train.schema().fields().iter();
    let fields: Vec<_> = fields.map(|field| (&*field.name, field.data_type.name())).collect();
    let expected = [
        ("amount", "float"),
        ("account_days", "integer"),
        ("channel", "string"),
        ("rating", "float"),
        ("card", "string"),
        ("sex", "string"),
        ("fraud", "float"),
    ];
    assert_eq!(fields, expected);
    let seen = |name: &str| fs::read_to_string(project.path().join("seen").join(name)).unwrap();
    let told: Value = serde_json::from_str(&seen("parameters.json")).unwrap();
    let categories = json!(["phone", "store", "web"]);
    let expected = json!({
        "parameters": {"depth": 3, "names": ["a", "b"]},
        "seed": 7,
        "task": "binary",
        "target": "fraud",
        "classes": ["not_fraud", "fraud"],
        "features": [
            {"name": "amount", "type": "float"},
            {"name": "account_days", "type": "integer"},
            {"name": "channel", "type": "string", "categories": categories},
            {"name": "rating", "type": "float"},
        ],
    });
    assert_eq!(told, expected);
    let environment = seen("environment");
    let names = environment.lines().filter_map(|line| Some(line.split_once('=')?.0));
    // What a shell sets by itself is no matter.
    let mut names: Vec<_> =
        names.filter(|name| !["PWD", "OLDPWD", "SHLVL", "_"].contains(name)).collect();
    names.sort_unstable();
    let ours = ["OUTPUT", "PARAMETERS", "TRAIN", "VALIDATION"].map(|n| format!("SHIPWORTHY_{n}"));
    let expected = ["HOME", "LC_ALL", "PATH"].into_iter().chain(ours.iter().map(String::as_str));
    assert_eq!(names, expected.chain(["TZ"]).collect::<Vec<_>>());
    assert!(environment.contains("LC_ALL=C.UTF-8\n") && environment.contains("TZ=UTC\n"));
    let output = environment.lines().find_map(|line| line.strip_prefix("SHIPWORTHY_OUTPUT="));
    assert!(!Path::new(output.unwrap()).parent().unwrap().exists(), "nothing is left behind");
}

#[test]
fn a_release_of_a_command_is_the_same_in_two_clones_and_made_again() {
    let project = project(COPY);
    project.commit();
    let id = release(&project, "");
    let manifest =
        &project.run(&format!("release show {id} --state STATE --json")).json()["manifest"];
    let expected = json!({
        "name": "command",
        "seed": 7,
        "parameters": {
            "command": ["sh", "train.sh"],
            "depth": 3,
            "interpreter": {"name": "sh", "sha256": sha256_hex(&fs::read(interpreter()).unwrap())},
            "lock": {"path": "tools.lock", "sha256": sha256_hex(b"sh 1.0\n")},
            "names": ["a", "b"],
            "validation": {"share": 0.2},
        },
    });
    assert_eq!(manifest["trainer"], expected);
    assert_eq!(manifest["training_set"]["files"][0]["path"], "payments.csv");
    let verify = format!("release verify {id} --rebuild --project PROJECT --state STATE --json");
    let rebuilt = project.run(&verify);
    rebuilt.expect(0);
    assert_eq!(rebuilt.json()["rebuilt"]["same"], true);

    let mut clone = Command::new("git");
    clone.args(["clone", "--quiet"]).arg(project.path()).arg(project.beside("clone"));
    assert!(clone.status().unwrap().success());
    let line = project.line("release BESIDE/clone --state BESIDE/other --json");
    let mut other = command::program();
    other.args(line.split_whitespace()).env("LC_ALL", "tr_TR.UTF-8").env("TZ", "Asia/Tokyo");
    let other = command::finish(other.env("PYTHONPATH", "/nowhere"));
    other.expect(0);
    assert_eq!(other.json()["release"], id);

    let server = Server::start(&project);
    let asked = rows().into_iter().take(20).collect::<Vec<_>>();
    assert_eq!(server.predict(&asked).expect(200)["release"], id);
    server.terminate();
}

#[test]
fn another_interpreter_is_a_difference_of_the_tool() {
    let project = project(COPY);
    project.commit();
    let id = release(&project, "");
    // The same shell with some bytes more.
    let bin = project.beside("bin");
    fs::create_dir(&bin).unwrap();
    let mut shell = fs::read(interpreter()).unwrap();
    shell.extend_from_slice(b"another build");
    fs::write(bin.join("sh"), shell).unwrap();
    fs::set_permissions(bin.join("sh"), fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", bin.display());
    let line = format!("release verify {id} --rebuild --project PROJECT --state STATE");
    let mut verify = command::program();
    let verify =
        command::finish(verify.args(project.line(&line).split_whitespace()).env("PATH", path));
    verify.expect(1);
    verify.says("tool      interpreter sh: SHA-256");
    verify.says("the largest difference of a golden prediction is 0e0");
}

#[test]
fn what_git_does_not_have_follows_from_no_commit() {
    for missing in ["tools.lock", "train.sh"] {
        let project = project(COPY);
        fs::write(project.path().join(".gitignore"), format!("seen/\n{missing}\n")).unwrap();
        project.commit();
        let refused = project.run("release PROJECT --state STATE");
        refused.expect(2);
        refused.says(&format!("the commit does not have {missing} as it is"));
    }
}

#[test]
fn a_command_that_makes_no_model_is_told_what_to_do() {
    let project = project("");
    let foreign = fixture("xgb_binary_num/model.json");
    let copy = format!("cp {foreign} \"$SHIPWORTHY_OUTPUT\"");
    for (script, says) in [
        (
            "echo one; echo no module named pandas >&2; exit 3",
            "ended with exit code 3; its last words:",
        ),
        ("echo one; echo no module named pandas >&2; exit 3", "    no module named pandas"),
        ("kill -9 $$", "it was killed by signal 9, and said nothing"),
        ("true", "wrote no model; it must write the model to the file that the variable"),
        (": > \"$SHIPWORTHY_OUTPUT\"", "wrote an empty model"),
        ("mkdir \"$SHIPWORTHY_OUTPUT\"", "wrote no model"),
        ("echo hello > \"$SHIPWORTHY_OUTPUT\"", "the model that the command wrote cannot be used"),
        (&copy, "the model's feature `hour` is not a column"),
    ] {
        fs::write(project.path().join("train.sh"), script).unwrap();
        let refused = train(&project);
        refused.expect(2);
        refused.says(says);
        assert!(!project.beside("trained.json").exists());
    }
    project.edit("\"sh\", \"train.sh\"", "\"no-such-program\"");
    train(&project).says("there is no program `no-such-program` in PATH");
    project.edit("\"no-such-program\"", "\"./train.sh\"");
    train(&project).says("it cannot be started: Permission denied");
    fs::remove_file(project.path().join("tools.lock")).unwrap();
    train(&project).says("tools.lock");
}

/// A pipe that whatever the script starts holds open, so that its end is the end of all of them.
fn pipe(project: &Project) -> PathBuf {
    let pipe = project.beside("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let script = format!(
        "exec 3> {}\necho \"$SHIPWORTHY_OUTPUT\" >&3\nsleep 600 &\necho still learning\nsleep 600\n",
        pipe.display()
    );
    fs::write(project.path().join("train.sh"), script).unwrap();
    pipe
}

#[test]
fn a_command_that_takes_too_long_is_ended_with_all_that_it_started() {
    let project = project("");
    let pipe = pipe(&project);
    project.edit("lock = \"tools.lock\"", "lock = \"tools.lock\"\ntimeout = \"1s\"");
    let reading = std::thread::Builder::new();
    let reading = reading.spawn(move || fs::read_to_string(pipe).unwrap()).unwrap();
    let refused = train(&project);
    refused.expect(2);
    refused.says("it did not end within 1 s, `timeout` in [train]; its last words:");
    let output = PathBuf::from(reading.join().unwrap().trim());
    assert!(!output.parent().unwrap().exists());
}

#[test]
fn a_command_ends_with_the_process_that_waits_for_it() {
    let project = project("");
    let pipe = pipe(&project);
    let mut command = command::program();
    let line = project.line("train PROJECT --output BESIDE/trained.json");
    command.args(line.split_whitespace()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut process = command.spawn().unwrap();
    let mut pipe = BufReader::new(File::open(pipe).unwrap());
    let mut output = String::new();
    pipe.read_line(&mut output).unwrap();
    let scratch = PathBuf::from(output.trim());
    let scratch = scratch.parent().unwrap();
    assert!(scratch.join("train.parquet").is_file());
    process.kill().unwrap();
    process.wait().unwrap();
    let mut rest = String::new();
    pipe.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
    assert!(!scratch.join("train.parquet").exists(), "no rows are left behind");
}
