//! What a model predicts, as far as the objective of its training tells.

use shipworthy_core::Task;
use shipworthy_models::ModelFile;
use shipworthy_serving::LoadedModel;

/// The task of a model; an error says why it is not known.
pub(super) fn task(model: &LoadedModel) -> Result<Task, String> {
    let model = match model {
        LoadedModel::Here(ModelFile::Matrix(model)) => model,
        LoadedModel::Here(ModelFile::Onnx(_)) => {
            return Err("an ONNX model does not say what it predicts".to_owned());
        }
        LoadedModel::Elsewhere(_) => {
            return Err("that server does not say what its model predicts".to_owned());
        }
    };
    let described = model.describe();
    let name = described.objective.split_whitespace().next().unwrap_or_default();
    let known = match described.format {
        "xgboost" => xgboost(name),
        "lightgbm" => lightgbm(name),
        "catboost" => catboost(name),
        _ => None,
    };
    known.ok_or_else(|| format!("the objective {name:?} does not say what the model predicts"))
}

fn xgboost(name: &str) -> Option<Task> {
    match name {
        "binary:logistic" | "binary:hinge" => Some(Task::Binary),
        "multi:softprob" => Some(Task::Multiclass),
        // A margin: neither a probability nor what was learned.
        "binary:logitraw" => None,
        _ => Some(Task::Regression),
    }
}

fn lightgbm(name: &str) -> Option<Task> {
    match name {
        "binary" => Some(Task::Binary),
        "multiclass" | "multiclassova" => Some(Task::Multiclass),
        "custom" | "none" | "" => None,
        _ => Some(Task::Regression),
    }
}

fn catboost(name: &str) -> Option<Task> {
    match name {
        "Logloss" | "CrossEntropy" | "Focal" => Some(Task::Binary),
        "MultiClass" | "MultiClassOneVsAll" => Some(Task::Multiclass),
        // Several labels at once, or a loss that only its author knows.
        "MultiLogloss" | "MultiCrossEntropy" | "none" => None,
        name if name.starts_with("PythonUserDefined") => None,
        _ => Some(Task::Regression),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_objective_tells_the_task_or_is_not_guessed_from() {
        assert_eq!(xgboost("binary:logistic"), Some(Task::Binary));
        assert_eq!(xgboost("count:poisson"), Some(Task::Regression));
        assert_eq!(xgboost("binary:logitraw"), None);
        assert_eq!(lightgbm("multiclassova"), Some(Task::Multiclass));
        assert_eq!(lightgbm("custom"), None);
        assert_eq!(catboost("CrossEntropy"), Some(Task::Binary));
        assert_eq!(catboost("MultiLogloss"), None);
        assert_eq!(catboost("PythonUserDefinedPerObject"), None);
    }
}
