//! The findings for people: a line each, under headings, and what to do below.

use std::fmt::Write as _;

use super::super::output::visible;
use crate::doctor::{Finding, Report, Verdict};

/// The whole page.
pub(super) fn page(report: &Report) -> String {
    let mut page = String::new();
    let mut heading = String::new();
    let width = report.findings().iter().map(|finding| finding.check().name().len()).max().unwrap_or(0);
    for finding in report.findings() {
        let next = title(finding);
        if next != heading {
            let gap = if heading.is_empty() { "" } else { "\n" };
            heading = next;
            push(&mut page, format_args!("{gap}{heading}"));
        }
        let (verdict, check) = (finding.verdict().name(), finding.check().name());
        push(&mut page, format_args!("  {verdict:<9}  {check:<width$}  {}", visible(&told(finding))));
        for (index, remedy) in finding.remedies().iter().enumerate() {
            let mark = if index == 0 { "→" } else { "or" };
            push(&mut page, format_args!("  {:<9}  {mark:>2} {}", "", visible(remedy.text())));
        }
    }
    push(&mut page, format_args!("\n{}", sum(report)));
    page
}

fn push(page: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a text cannot fail.
    let _ = writeln!(page, "{line}");
}

/// Issuers have a heading each; certificates and upstreams share theirs.
fn title(finding: &Finding) -> String {
    let section = finding.check().section();
    match (section, &**finding.subject()) {
        ("Keycloak" | "Probe", name) if !name.is_empty() => format!("{section}: {}", visible(name)),
        _ => section.to_owned(),
    }
}

fn told(finding: &Finding) -> String {
    match (finding.check().section(), &**finding.subject()) {
        ("Keycloak" | "Probe", _) | (_, "") => finding.message().to_owned(),
        (_, subject) => format!("{subject}: {}", finding.message()),
    }
}

fn sum(report: &Report) -> String {
    let counts = report.counts();
    let parts = [
        (counts.fail, Verdict::Fail, "broken"),
        (counts.warn, Verdict::Warn, "to look at"),
        (counts.not_tried, Verdict::NotTried, "not tried"),
    ];
    let told: Vec<String> =
        parts.iter().filter(|(count, ..)| *count > 0).map(|(count, _, what)| format!("{count} {what}")).collect();
    match told.is_empty() {
        true => format!("All {} checks are well.", counts.ok),
        false => format!("{}, {} well.", told.join(", "), counts.ok),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::doctor::{Check, Remedy};

    #[test]
    fn a_page_reads_from_the_file_to_the_applications() {
        let (acme, app): (Arc<str>, Arc<str>) = ("acme".into(), "app".into());
        let report = Report::new(vec![
            Finding::ok(Check::Configuration, "the file is right: 1 route, 1 upstream, 1 issuer"),
            Finding::ok(Check::Discovery, "https://sso.example.com/realms/acme answers by that name").about(&acme),
            Finding::fail(Check::Audience, "tokens are for account, not for doorward: every one of them is refused")
                .remedy(Remedy::Kcadm("kcadm.sh create …".into()))
                .remedy(Remedy::Setting("[keycloak] audience = \"account\"".into()))
                .about(&acme),
            Finding::not_tried(Check::BackchannelLogout, "no session has ended yet\u{1b}[2J").about(&acme),
            Finding::warn(Check::Upstream, "1 of 2 servers cannot be reached").about(&app),
        ]);
        insta::assert_snapshot!(page(&report), @r#"
        Configuration
          ok         configuration       the file is right: 1 route, 1 upstream, 1 issuer

        Keycloak: acme
          ok         discovery           https://sso.example.com/realms/acme answers by that name
          fail       audience            tokens are for account, not for doorward: every one of them is refused
                      → kcadm.sh create …
                     or [keycloak] audience = "account"
          not tried  backchannel-logout  no session has ended yet\u{1b}[2J

        Upstreams
          warn       upstream            app: 1 of 2 servers cannot be reached

        1 broken, 1 to look at, 1 not tried, 2 well.
        "#);
    }

    #[test]
    fn where_all_is_well_there_is_little_to_say() {
        let report = Report::new(vec![Finding::ok(Check::Configuration, "the file is right")]);
        assert!(page(&report).ends_with("\nAll 1 checks are well.\n"));
    }
}
