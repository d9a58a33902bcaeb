//! The routes, who may call each, and what it answers. A route of the router that is not here fails
//! a test.

use serde_json::{Value, json};
use shipworthy_store::Role;

/// Groups of routes.
pub(super) const TAGS: [(&str, &str); 5] = [
    ("traffic", "Endpoints: what answers, how far a rollout is, and the hand on both."),
    ("releases", "Releases from elsewhere, what is said about one, and whether its files stay."),
    ("record", "Decisions and control actions, as they were recorded."),
    ("server", "The server itself, its configuration and its tokens."),
    ("page", "The page for people."),
];

/// One method of one path.
pub(super) struct Operation {
    pub(super) path: &'static str,
    pub(super) method: &'static str,
    pub(super) id: &'static str,
    pub(super) tag: &'static str,
    pub(super) summary: &'static str,
    /// Whoever has one of these may; nobody needs one where there is none.
    pub(super) roles: &'static [Role],
    /// By their names in the components.
    pub(super) parameters: &'static [&'static str],
    pub(super) body: Option<Value>,
    pub(super) answers: Vec<(u16, Value)>,
    /// Statuses that are answered with `{error, code, hint}`.
    pub(super) failures: &'static [u16],
}

const READERS: &[Role] = &[Role::Operator, Role::Approver, Role::Auditor];
const OPERATOR: &[Role] = &[Role::Operator];
const APPROVER: &[Role] = &[Role::Approver];

/// What can befall every request.
const ANY: &[u16] = &[401, 403, 421, 500, 503];
/// A question with parameters.
const ASKED: &[u16] = &[400, 401, 403, 404, 421, 500, 503];
/// An action upon the whole server.
const DONE: &[u16] = &[400, 401, 403, 409, 413, 421, 500, 503];
/// An action upon something that has a name.
const DONE_TO: &[u16] = &[400, 401, 403, 404, 409, 413, 421, 500, 503];

/// All routes.
pub(super) fn all() -> Vec<Operation> {
    let mut all = traffic();
    all.extend(actions());
    all.extend(releases());
    all.extend(record());
    all.extend(server());
    all.extend(tokens());
    all.extend(page());
    all
}

/// A question that takes nothing; the rest is changed where it differs.
fn get(path: &'static str, id: &'static str, summary: &'static str, answer: Value) -> Operation {
    Operation {
        path,
        method: "get",
        id,
        tag: "server",
        summary,
        roles: READERS,
        parameters: &[],
        body: None,
        answers: vec![(200, answer)],
        failures: ANY,
    }
}

fn traffic() -> Vec<Operation> {
    let of_one = |path, id, summary, answer| Operation {
        tag: "traffic",
        parameters: &["endpoint"],
        failures: ASKED,
        ..get(path, id, summary, answer)
    };
    let all = content("All endpoints whose traffic can be steered.", "EndpointList");
    let one = content("The endpoint at this moment.", "Endpoint");
    let past = content("The newest first.", "History");
    let history = "/v1/endpoints/{endpoint}/history";
    vec![
        Operation {
            tag: "traffic",
            ..get("/v1/endpoints", "listEndpoints", "The endpoints.", all)
        },
        of_one("/v1/endpoints/{endpoint}", "getEndpoint", "An endpoint.", one),
        Operation {
            parameters: &["endpoint", "before", "limit"],
            ..of_one(history, "getHistory", "Who did what to an endpoint, and why.", past)
        },
    ]
}

fn actions() -> Vec<Operation> {
    let act = |path, id, summary, body| Operation {
        method: "post",
        tag: "traffic",
        roles: OPERATOR,
        parameters: &["endpoint"],
        body: Some(json_body(body)),
        failures: DONE_TO,
        ..get(path, id, summary, content("The endpoint as it is now.", "Endpoint"))
    };
    let mut all = vec![
        act(
            "/v1/endpoints/{endpoint}:deploy",
            "deploy",
            "Loads and verifies a release, and begins its rollout.",
            "Deploy",
        ),
        act(
            "/v1/endpoints/{endpoint}:rollback",
            "rollBack",
            "Gives all traffic back: of a rollout to stable, else to the release before it.",
            "Rollback",
        ),
    ];
    for (path, id, summary) in [
        (
            "/v1/endpoints/{endpoint}:promote",
            "promote",
            "Goes on to the next step, or to the end, without waiting.",
        ),
        (
            "/v1/endpoints/{endpoint}:approve",
            "approveStep",
            "Lets a rollout enter a step that needs an approval; not by who started it.",
        ),
        (
            "/v1/endpoints/{endpoint}:hold",
            "hold",
            "Keeps a rollout where it is; guards still roll it back.",
        ),
        (
            "/v1/endpoints/{endpoint}:resume",
            "resume",
            "Lets a stopped endpoint answer, else a held rollout go on.",
        ),
        ("/v1/endpoints/{endpoint}:stop", "stop", "The kill switch: no model is asked."),
    ] {
        let roles = if id == "approveStep" { APPROVER } else { OPERATOR };
        all.push(Operation { roles, ..act(path, id, summary, "Reasoned") });
    }
    let drilled = content("What came of it, once it is over.", "Drilled");
    all.push(Operation {
        answers: vec![(200, drilled)],
        ..act(
            "/v1/endpoints/{endpoint}:drill",
            "drill",
            "Tries the way back for real: the release before stable answers for a while.",
            "Drill",
        )
    });
    all
}

const UPLOAD: &str =
    "Takes in a release from elsewhere: the file that `shipworthy release export` writes.";

fn releases() -> Vec<Operation> {
    let act = |path, id, summary, roles, body| Operation {
        method: "post",
        tag: "releases",
        roles,
        parameters: &["release"],
        body: Some(json_body(body)),
        failures: DONE_TO,
        ..get(path, id, summary, content("It is done.", "ReleaseDone"))
    };
    let [approve, attest, hold, free] = [
        "/v1/releases/{release}:approve",
        "/v1/releases/{release}:attest",
        "/v1/releases/{release}:hold",
        "/v1/releases/{release}:free",
    ];
    let upload = Operation {
        method: "post",
        tag: "releases",
        roles: OPERATOR,
        parameters: &["reason"],
        body: Some(json!({"required": true, "content": {
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        }})),
        answers: vec![
            (200, content("It was here already.", "Uploaded")),
            (201, content("It is taken in.", "Uploaded")),
        ],
        failures: DONE,
        ..get("/v1/releases", "uploadRelease", UPLOAD, Value::Null)
    };
    let read = |path, id, summary, answer| Operation {
        tag: "releases",
        parameters: &["release"],
        failures: &[401, 403, 404, 409, 421, 500, 503],
        ..get(path, id, summary, answer)
    };
    let shown = content("The release, and every statement that counts here.", "ReleaseShown");
    let file = json!({
        "description": "What `shipworthy release import` takes in.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        "headers": {"Content-Disposition": {"schema": {"type": "string"}}},
    });
    let archive = "/v1/releases/{release}/archive";
    let word = "Signs a release off: an approver's word that it may serve.";
    let kept = "Keeps a release's files from being pruned.";
    vec![
        upload,
        read("/v1/releases/{release}", "getRelease", "What a release is, and what is said.", shown),
        read(archive, "downloadRelease", "A release as one file.", file),
        act(approve, "approveRelease", word, APPROVER, "Reasoned"),
        act(attest, "attest", "Says something else about a release, signed.", OPERATOR, "Attest"),
        act(hold, "holdRelease", kept, OPERATOR, "Reasoned"),
        act(free, "freeRelease", "Ends that.", OPERATOR, "Reasoned"),
    ]
}

fn record() -> Vec<Operation> {
    let asked = |path, id, summary, parameters, answer| Operation {
        tag: "record",
        parameters,
        failures: &[400, 401, 403, 421, 500, 503],
        ..get(path, id, summary, answer)
    };
    let entries = content("Durable entries, in the order of the log.", "LedgerPage");
    let (list, one) = ("/v1/ledger/entries", "/v1/ledger/entries/{id}");
    let events = content("Oldest first.", "EventPage");
    let entry = content("The entry, and what a shadow made of the row.", "LedgerEntry");
    let limits = &["from", "entries", "last"];
    vec![
        asked(list, "listEntries", "Entries of the ledger.", limits, entries),
        Operation {
            failures: ASKED,
            ..asked(one, "getEntry", "An entry of the ledger.", &["id"], entry)
        },
        asked("/v1/events", "listEvents", "Control actions.", &["after", "limit"], events),
    ]
}

fn server() -> Vec<Operation> {
    let document = json!({
        "description": "An OpenAPI 3.1 document.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    });
    let status = content("Readiness, releases, counters, ledger.", "Status");
    let checklist = content("Every item.", "Checklist");
    let metrics = json!({
        "description": "In the text format of Prometheus.",
        "content": {"text/plain": {"schema": {"type": "string"}}},
    });
    let reloaded = content("The new configuration is in effect, whole.", "Reloaded");
    vec![
        get("/openapi.json", "getOpenApi", "This document.", document),
        get("/v1/status", "getStatus", "What serves at this moment.", status),
        get("/v1/checklist", "getChecklist", "How far the project is.", checklist),
        get("/metrics", "getMetrics", "What is counted, for Prometheus.", metrics),
        Operation {
            method: "post",
            roles: OPERATOR,
            body: Some(json_body("Reasoned")),
            failures: DONE,
            ..get("/v1/reload", "reload", "Reads the configuration again.", reloaded)
        },
    ]
}

fn tokens() -> Vec<Operation> {
    let act = |path, id, summary, answer| Operation {
        method: "post",
        roles: OPERATOR,
        answers: vec![answer],
        ..get(path, id, summary, Value::Null)
    };
    let made = (201, content("The only time that its secret is told.", "NewToken"));
    let revoked = (200, content("Sessions that it opened have ended, too.", "Token"));
    let link = (201, content("Works once, within 15 minutes.", "SignInLink"));
    let revoke = "/v1/tokens/{token}:revoke";
    let all = content("All tokens, without their secrets.", "TokenList");
    vec![
        get("/v1/tokens", "listTokens", "Who may act.", all),
        Operation {
            body: Some(json_body("CreateToken")),
            failures: DONE,
            ..act("/v1/tokens", "createToken", "Makes a token.", made)
        },
        Operation {
            parameters: &["token"],
            body: Some(json_body("Reasoned")),
            failures: DONE_TO,
            ..act(revoke, "revokeToken", "Revokes a token for good.", revoked)
        },
        act(
            "/v1/sign-in-links",
            "createSignInLink",
            "A link that signs one browser in as the caller.",
            link,
        ),
    ]
}

fn page() -> Vec<Operation> {
    let html = |about: &str| json!({"description": about, "content": {"text/html": {}}});
    let paged = |path, id, summary, answers| Operation {
        tag: "page",
        answers,
        failures: &[421],
        ..get(path, id, summary, Value::Null)
    };
    let not = |status| (status, html("Why not, and what to do."));
    let news = json!({
        "description": "Server-sent events of the type `page`, each with what changes by itself.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    });
    let there = |about: &str, headers: &[&str]| {
        let header = |name: &&str| {
            let text = json!({"required": true, "schema": {"type": "string"}});
            ((*name).to_owned(), text)
        };
        let headers = headers.iter().map(header).collect::<serde_json::Map<_, _>>();
        (303, json!({"description": about, "headers": headers}))
    };
    let signed_in = there("Signed in, and on to the page.", &["Location", "Set-Cookie"]);
    let mut back = vec![there("Rolled back, and on to the page.", &["Location"])];
    back.extend([400, 401, 403, 404, 409, 413, 500, 503].map(not));
    let mut home = vec![(200, html("The page.")), (401, html("How to sign in."))];
    home.extend([403, 500, 503].map(not));
    let form = json!({"required": true, "content": {"application/x-www-form-urlencoded": {
        "schema": {"$ref": "#/components/schemas/RollbackForm"},
    }}});
    let void = (410, html("The link does not work, or not any more."));
    vec![
        paged("/", "getPage", "Checklist, endpoints, and the way back.", home),
        Operation {
            roles: &[],
            parameters: &["code"],
            failures: &[421, 500, 503],
            ..paged("/login", "signIn", "Signs a browser in, once.", vec![signed_in, void])
        },
        Operation {
            method: "post",
            roles: OPERATOR,
            body: Some(form),
            ..paged("/rollback", "rollBackByForm", "What the page's form does.", back)
        },
        Operation {
            tag: "page",
            ..get("/v1/page/events", "watchPage", "What of the page changes by itself.", news)
        },
    ]
}

fn content(about: &str, schema: &str) -> Value {
    let schema = json!({"$ref": format!("#/components/schemas/{schema}")});
    json!({"description": about, "content": {"application/json": {"schema": schema}}})
}

fn json_body(schema: &str) -> Value {
    let schema = json!({"$ref": format!("#/components/schemas/{schema}")});
    json!({"required": true, "content": {"application/json": {"schema": schema}}})
}
