//! JUnit's XML, as build servers read it: a gate is a test case.
//!
//! Source: the schema of the Jenkins xUnit plugin, in the part that GitLab and GitHub's reporters
//! read.

use std::fmt::Write;

use crate::gate::Report;

/// A report as JUnit's XML.
#[must_use]
pub fn junit(report: &Report) -> String {
    let (_, failed, apart) = report.counts();
    let counts = format!("tests=\"{}\" failures=\"{failed}\"", report.gates.len());
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {counts}>\n  <testsuite \
         name=\"gates of {}\" {counts} skipped=\"{apart}\">\n",
        escaped(&report.candidate)
    );
    for gate in &report.gates {
        let (name, why) = (escaped(&gate.name), escaped(&gate.why));
        let case = format!("    <testcase classname=\"gate.{}\" name=\"{name}\"", gate.kind);
        let written = match gate.passed {
            Some(true) => writeln!(xml, "{case}><system-out>{why}</system-out></testcase>"),
            Some(false) => writeln!(xml, "{case}><failure message=\"{why}\"/></testcase>"),
            None => writeln!(xml, "{case}><skipped message=\"{why}\"/></testcase>"),
        };
        written.expect("a string takes everything");
    }
    xml + "  </testsuite>\n</testsuites>\n"
}

/// Text as it may stand between tags and in attributes; what XML cannot say at all is left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(' '),
            sign if sign.is_control() || matches!(sign, '\u{fffe}' | '\u{ffff}') => {}
            sign => escaped.push(sign),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_reads_otherwise_is_escaped() {
        assert_eq!(escaped("a <b> & \"c\"\u{0}\n"), "a &lt;b&gt; &amp; &quot;c&quot; ");
    }
}
