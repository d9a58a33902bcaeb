//! What the name of a column or a file suggests. Guesses, each shown as one.

use std::path::Path;

/// The longest name of an endpoint: that of a DNS label.
const MAX_ENDPOINT_CHARS: usize = 63;

/// Names of targets, the surest first.
const TARGETS: [&str; 13] = [
    "target", "label", "y", "class", "outcome", "response", "default", "churn", "churned", "fraud",
    "is_fraud", "survived", "status",
];

/// Words of targets that say whether something happened.
const EVENTS: [&str; 21] = [
    "target",
    "label",
    "outcome",
    "default",
    "defaulted",
    "churn",
    "churned",
    "exited",
    "fraud",
    "fraudulent",
    "late",
    "deny",
    "denied",
    "approved",
    "survived",
    "converted",
    "clicked",
    "bought",
    "purchased",
    "readmitted",
    "subscribed",
];

/// Values of two-valued texts that mean that it happened.
const POSITIVES: [&str; 24] = [
    "yes",
    "y",
    "true",
    "t",
    "1",
    "positive",
    "pos",
    "bad",
    "default",
    "defaulted",
    "churn",
    "churned",
    "fraud",
    "fraudulent",
    "late",
    "deny",
    "denied",
    "approved",
    "converted",
    "clicked",
    "malignant",
    "failed",
    "spam",
    ">50k",
];

/// Last words of names of what a row is about.
const IDENTIFIERS: [&str; 11] =
    ["id", "ids", "uuid", "guid", "pk", "tailnum", "vin", "sku", "isin", "token", "username"];

/// Words before an identifier that make it one of a person.
const PERSONS: [&str; 15] = [
    "person",
    "people",
    "customer",
    "client",
    "user",
    "patient",
    "applicant",
    "borrower",
    "member",
    "employee",
    "student",
    "passenger",
    "subscriber",
    "driver",
    "cust",
];

/// Words of what names or reaches a person directly.
const CONTACTS: [&str; 12] = [
    "email",
    "mail",
    "phone",
    "telephone",
    "mobile",
    "ssn",
    "passport",
    "iban",
    "surname",
    "lastname",
    "firstname",
    "fullname",
];

/// Words of attributes that law or fairness protects.
const PROTECTED: [&str; 24] = [
    "sex",
    "gender",
    "race",
    "racial",
    "ethnicity",
    "ethnic",
    "nationality",
    "religion",
    "religious",
    "marital",
    "married",
    "disability",
    "disabled",
    "pregnant",
    "pregnancy",
    "orientation",
    "dob",
    "birthdate",
    "birthday",
    "birth",
    "afam",
    "caste",
    "citizenship",
    "skin",
];

/// Words that may stand beside `age` without making it another thing's age.
const BESIDE_AGE: [&str; 12] =
    ["age", "in", "years", "yrs", "group", "band", "bucket", "range", "bin", "at", "of", "cat"];

/// Names of the time at which a row happened, the surest first.
const EVENT_TIMES: [&str; 10] = [
    "event_timestamp",
    "event_time",
    "timestamp",
    "time_hour",
    "datetime",
    "ts",
    "time",
    "date",
    "created_at",
    "created",
];

/// Words of times that come after what they belong to.
const LATER_TIMES: [&str; 14] = [
    "end",
    "ended",
    "closed",
    "updated",
    "modified",
    "resolved",
    "paid",
    "delivered",
    "completed",
    "finished",
    "returned",
    "cancelled",
    "canceled",
    "arrival",
];

/// The rank of a column's name among names of targets; the lowest is the surest.
pub(super) fn target_rank(name: &str) -> Option<usize> {
    let joined = words(name).join("_");
    TARGETS.iter().position(|target| *target == joined)
}

/// Whether a word of the name is something that happens.
pub(super) fn is_event(name: &str) -> bool {
    words(name).iter().any(|word| EVENTS.contains(&word.as_str()))
}

/// Whether a value means that it happened.
pub(super) fn is_positive(value: &str) -> bool {
    POSITIVES.contains(&value.trim().to_lowercase().as_str())
}

/// Whether the name ends like that of an identifier.
pub(super) fn is_identifier(name: &str) -> bool {
    words(name).last().is_some_and(|word| IDENTIFIERS.contains(&word.as_str()))
}

/// Whether a word of the name is a person.
pub(super) fn is_of_person(name: &str) -> bool {
    words(name).iter().any(|word| PERSONS.contains(&word.as_str()))
}

/// Whether the column names or reaches a person directly.
pub(super) fn is_contact(name: &str) -> bool {
    let words = words(name);
    let joined = words.join("");
    CONTACTS.iter().any(|contact| words.iter().any(|word| word == contact) || joined == *contact)
}

/// Whether the attribute is one that law or fairness protects. `average_account_age` is none.
pub(super) fn is_protected(name: &str) -> bool {
    let words = words(name);
    let is_allowed =
        |word: &String| BESIDE_AGE.contains(&word.as_str()) || PERSONS.contains(&word.as_str());
    let is_age = words.iter().any(|word| word == "age") && words.iter().all(is_allowed);
    let is_single = words == ["single"];
    is_age || is_single || words.iter().any(|word| PROTECTED.contains(&word.as_str()))
}

/// The rank of a timestamp's name as that of the event; the lowest is the surest, and names of
/// later times come last.
pub(super) fn event_time_rank(name: &str) -> usize {
    let words = words(name);
    if words.iter().any(|word| LATER_TIMES.contains(&word.as_str())) {
        return usize::MAX;
    }
    let joined = words.join("_");
    EVENT_TIMES.iter().position(|time| *time == joined).unwrap_or(EVENT_TIMES.len())
}

/// The range that a quantity of this name has by nature, and what it is.
pub(super) fn natural_range(name: &str) -> Option<(f64, f64, &'static str)> {
    let words = words(name);
    Some(match words.join("_").as_str() {
        "month" => (1.0, 12.0, "a month"),
        "day" | "day_of_month" => (1.0, 31.0, "a day of the month"),
        "day_of_week" | "weekday" => (0.0, 7.0, "a day of the week"),
        "hour" => (0.0, 23.0, "an hour"),
        "minute" => (0.0, 59.0, "a minute"),
        "lat" | "latitude" => (-90.0, 90.0, "a latitude"),
        "lon" | "lng" | "longitude" => (-180.0, 180.0, "a longitude"),
        _ if is_protected(name) && words.iter().any(|word| word == "age") => {
            (0.0, 120.0, "an age in years")
        }
        _ => return None,
    })
}

/// The known name that is nearest to one that is not known.
pub(super) fn nearest<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let wanted = words(name).join("");
    let alike = |other: &&str| {
        let joined = words(other).join("");
        !wanted.is_empty() && (joined == wanted || joined.contains(&wanted))
    };
    known.filter(alike).min_by_key(|other| other.len())
}

/// The name of an endpoint, as the command line takes it.
///
/// # Errors
/// When it cannot stand in a URL as it is; with one that can.
pub(super) fn endpoint(name: &str) -> Result<String, String> {
    let slug = slug(name);
    if slug == name {
        return Ok(slug);
    }
    Err(format!(
        "the name of an endpoint is a letter, then letters, digits and `-`, all small, at most \
         {MAX_ENDPOINT_CHARS}; for example {slug}"
    ))
}

/// The name of an endpoint for data at this path.
pub(super) fn from_path(path: &Path) -> String {
    slug(&path.file_stem().unwrap_or_default().to_string_lossy())
}

fn slug(name: &str) -> String {
    let lowered = name.to_ascii_lowercase();
    let words: Vec<_> = lowered
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let joined = words.join("-");
    let named = match joined.chars().next() {
        None => "model".to_owned(),
        Some(first) if first.is_ascii_lowercase() => joined,
        Some(_) => format!("model-{joined}"),
    };
    named.chars().take(MAX_ENDPOINT_CHARS).collect::<String>().trim_end_matches('-').to_owned()
}

/// The words of a name, small: `customerAge`, `customer_age` and `CUSTOMER AGE` have the same.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut starts_word = true;
    let mut was_lower = false;
    for c in name.chars() {
        starts_word |= !c.is_alphanumeric() || (was_lower && c.is_uppercase());
        was_lower = c.is_lowercase();
        if !c.is_alphanumeric() {
            continue;
        }
        if starts_word {
            words.push(String::new());
        }
        starts_word = false;
        if let Some(word) = words.last_mut() {
            word.extend(c.to_lowercase());
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_every_style() {
        for name in ["customerAge", "customer_age", "CUSTOMER AGE", " customer-Age"] {
            assert_eq!(words(name), ["customer", "age"], "{name}");
        }
        assert_eq!(words("  "), [""; 0]);
    }

    #[test]
    fn an_age_is_protected_when_it_is_a_person_s() {
        let protected = ["Age", "customer_age", "age_group", "Sex", "MaritalStatus"];
        assert!(protected.into_iter().all(is_protected));
        let others = ["stage", "account_age", "average", "mileage", "trace", "sextant"];
        assert!(!others.into_iter().any(is_protected));
    }

    #[test]
    fn a_file_s_name_becomes_an_endpoint_s() {
        for (path, name) in [
            ("data/credit_data.parquet", "credit-data"),
            ("2024 Sales (final).csv", "model-2024-sales-final"),
            ("été.csv", "t"),
            ("数据.csv", "model"),
        ] {
            assert_eq!(from_path(Path::new(path)), name);
            assert_eq!(endpoint(name).as_deref(), Ok(name));
        }
        assert!(endpoint("Credit Data").unwrap_err().ends_with("for example credit-data"));
    }
}
