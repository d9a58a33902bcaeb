//! The same data and the same project give the same model.

use std::fs;

use serde_json::Value;

use crate::command::{finish, program};
use crate::project::Project;

#[test]
fn the_same_project_gives_the_same_bytes_on_any_number_of_threads() {
    let project = Project::new();
    let train = |name: &str, threads: Option<&str>| {
        let line = project.line(&format!("train PROJECT --output BESIDE/{name} --json"));
        let mut command = program();
        command.args(line.split_whitespace());
        if let Some(threads) = threads {
            command.env("RAYON_NUM_THREADS", threads);
        }
        finish(&mut command).expect(0);
        fs::read(project.beside(name)).unwrap()
    };
    let model = train("first.json", None);
    assert_eq!(train("second.json", None), model);
    assert_eq!(train("one_thread.json", Some("1")), model);
    assert_eq!(train("three_threads.json", Some("3")), model);

    let model: Value = serde_json::from_slice(&model).unwrap();
    let features = &model["learner"]["feature_names"];
    let expected = ["amount", "account_days", "channel", "rating"];
    assert_eq!(*features, serde_json::json!(expected), "what is protected is not shown to it");
    project.edit("seed = 7", "seed = 8");
    assert_ne!(train("other_seed.json", None), fs::read(project.beside("first.json")).unwrap());
}

#[test]
fn training_reports_where_the_rows_went_and_how_good_the_model_is() {
    let project = Project::new();
    let trained = project.run("train PROJECT --output BESIDE/model.json --json");
    trained.expect(0);
    let report = trained.json();
    let rows = |slice: &str| report["rows"][slice].as_u64().unwrap();
    assert_eq!(rows("source"), crate::project::ROWS);
    assert_eq!(rows("train") + rows("validation") + rows("test"), crate::project::ROWS);
    let quality = report["test"]["metrics"]["roc_auc"].as_f64();
    assert!(quality.is_some_and(|auc| auc > 0.7), "{report}");
}

#[test]
fn data_that_cannot_be_used_is_told_apart() {
    let project = Project::new();
    let train = "train PROJECT --output BESIDE/model.json";
    let data = project.path().join("payments.csv");
    fs::write(&data, "amount,account_days,channel,rating,card,sex\n1,2,web,,a,f\n").unwrap();
    let refused = project.run(train);
    refused.expect(2);
    refused.says("fraud");
    fs::remove_file(&data).unwrap();
    let refused = project.run(train);
    refused.expect(2);
    refused.says("payments.csv");
    assert!(!project.beside("model.json").exists());
}

#[test]
fn a_source_that_is_not_as_expected_trains_nothing_or_is_told() {
    let project = Project::new();
    let train = "train PROJECT --output BESIDE/model.json";
    let expect = "[[expect]]\ntype = \"expect_column_values_to_be_in_set\"\n\
                  kwargs = { column = \"channel\", value_set = [\"web\"] }\n";
    project.edit("[train]\n", &format!("{expect}\n[train]\n"));
    let refused = project.run(train);
    refused.expect(2);
    refused.says("the training data is not as expected");
    refused.says("expect_column_values_to_be_in_set column channel, value_set [\"web\"]: ");
    assert!(!project.beside("model.json").exists());
    project.edit("[\"web\"] }\n", "[\"web\"] }\non_violation = \"flag\"\n");
    let told = project.run(train);
    told.expect(0);
    told.says("not as expected: expect_column_values_to_be_in_set");
}

#[test]
fn what_is_expected_of_the_training_set_is_told_of_the_rows_that_are_learned_from() {
    let project = Project::new();
    let expect = "[[expect]]\ntype = \"expect_table_row_count_to_equal\"\n\
                  kwargs = { value = 3 }\nat = \"training_set\"\n\n[[expect]]\n\
                  type = \"ExpectColumnDistinctValuesToBeInSet\"\n\
                  kwargs = { column = \"fraud\", value_set = [\"no\"] }\nat = \"training_set\"\n";
    project.edit("[train]\n", &format!("{expect}\n[train]\n"));
    let refused = project.run("train PROJECT --output BESIDE/model.json");
    refused.expect(2);
    refused.says("the training set is not as expected");
    refused.says("expect_table_row_count_to_equal value 3: ");
    refused.says("ExpectColumnDistinctValuesToBeInSet column fraud, value_set [\"no\"]: ");
}

#[test]
fn answers_that_a_server_would_withhold_are_told() {
    let project = Project::new();
    let expect = "[[expect]]\ntype = \"ExpectColumnValuesToBeBetween\"\n\
                  kwargs = { column = \"prediction\", max_value = 0 }\nat = \"model_output\"\n";
    project.edit("[train]\n", &format!("{expect}\n[train]\n"));
    let told = project.run("train PROJECT --output BESIDE/model.json");
    told.expect(0);
    told.says("answers, by ExpectColumnValuesToBeBetween: expected was a value of at most 0");
}
