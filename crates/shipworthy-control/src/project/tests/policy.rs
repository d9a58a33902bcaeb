//! `[limits]` and `[ledger]`.

use super::{check, extended};

#[test]
fn sizes_and_times_have_units() {
    check(
        &extended(
            r#"
[limits]
max_body = "4 MB"
request_timeout = 10
"#,
        ),
        r#"
  × `max_body` in [limits] is "4 MB"
    ╭─[shipworthy.toml:22:12]
 21 │ [limits]
 22 │ max_body = "4 MB"
    ·            ───┬──
    ·               ╰── expected a size such as "4 MiB", from 1 KiB to 32 MiB
 23 │ request_timeout = 10
    ╰────
  help: units of size are `B`, `KiB`, `MiB`, `GiB` or `TiB`

  × `request_timeout` in [limits] is 10
    ╭─[shipworthy.toml:23:19]
 22 │ max_body = "4 MB"
 23 │ request_timeout = 10
    ·                   ─┬
    ·                    ╰── expected a time span such as "10s", from 1ms to 10m
    ╰────
  help: units of time are `ms`, `s`, `m`, `h` or `d`
"#,
    );
}

#[test]
fn limits_are_in_their_ranges() {
    check(
        &extended(
            r#"
[limits]
max_body = 1000
max_rows = 0
request_timeout = "2h"
max_inflight = 99999999999999999999
"#,
        ),
        r#"
  × `max_body` in [limits] is 1000
    ╭─[shipworthy.toml:22:12]
 21 │ [limits]
 22 │ max_body = 1000
    ·            ──┬─
    ·              ╰── expected a size such as "4 MiB", from 1 KiB to 32 MiB
 23 │ max_rows = 0
    ╰────

  × `max_rows` in [limits] is 0
    ╭─[shipworthy.toml:23:12]
 22 │ max_body = 1000
 23 │ max_rows = 0
    ·            ┬
    ·            ╰── expected a whole number from 1 to 1000000
 24 │ request_timeout = "2h"
    ╰────

  × `request_timeout` in [limits] is "2h"
    ╭─[shipworthy.toml:24:19]
 23 │ max_rows = 0
 24 │ request_timeout = "2h"
    ·                   ──┬─
    ·                     ╰── expected a time span such as "10s", from 1ms to 10m
 25 │ max_inflight = 99999999999999999999
    ╰────

  × `max_inflight` in [limits] is 99999999999999999999
    ╭─[shipworthy.toml:25:16]
 24 │ request_timeout = "2h"
 25 │ max_inflight = 99999999999999999999
    ·                ──────────┬─────────
    ·                          ╰── expected a whole number from 1 to 1000000
    ╰────
"#,
    );
}

#[test]
fn the_ledger_has_room_for_two_segments() {
    check(
        &extended(
            r#"
[ledger]
max_size = "100 MiB"
"#,
        ),
        r#"
  × the ledger has no room for two segments
    ╭─[shipworthy.toml:22:12]
 21 │ [ledger]
 22 │ max_size = "100 MiB"
    ·            ────┬────
    ·                ╰── expected `max_size` to be twice `segment_size` or more
    ╰────
"#,
    );
    check(
        &extended(
            r#"
[ledger]
segment_size = "1 GiB"
max_size = "1 GiB"
"#,
        ),
        r#"
  × the ledger has no room for two segments
    ╭─[shipworthy.toml:23:12]
 22 │ segment_size = "1 GiB"
 23 │ max_size = "1 GiB"
    ·            ───┬───
    ·               ╰── expected `max_size` to be twice `segment_size` or more
    ╰────
"#,
    );
}
