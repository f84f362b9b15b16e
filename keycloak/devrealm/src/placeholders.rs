//! Text with `${NAME:default}` into text without, as Keycloak fills a file that it imports.

/// Fills every placeholder that `lookup` or its own default can fill; the others stay as they are.
pub(crate) fn fill(text: &str, lookup: impl Fn(&str) -> Option<String>) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        filled.push_str(before);
        let Some((inside, behind)) = after.split_once('}') else {
            filled.push_str("${");
            rest = after;
            break;
        };
        filled.push_str(&value(inside, &lookup));
        rest = behind;
    }
    filled.push_str(rest);
    filled
}

/// Only the first colon divides name and default: a default may be an address (`http://…`).
fn value(inside: &str, lookup: &impl Fn(&str) -> Option<String>) -> String {
    match inside.split_once(':') {
        Some((name, default)) => lookup(name).unwrap_or_else(|| default.to_owned()),
        None => lookup(inside).unwrap_or_else(|| format!("${{{inside}}}")),
    }
}

#[cfg(test)]
mod tests {
    use super::fill;

    fn from_environment(name: &str) -> Option<String> {
        (name == "SET").then(|| "here".to_owned())
    }

    #[test]
    fn a_set_variable_goes_before_the_default() {
        assert_eq!(fill("a ${SET:there} z", from_environment), "a here z");
    }

    #[test]
    fn a_default_may_hold_colons() {
        assert_eq!(fill("${U:http://h:1}/x", from_environment), "http://h:1/x");
    }

    #[test]
    fn a_placeholder_without_value_or_end_stays() {
        assert_eq!(fill("${username} ${oops", from_environment), "${username} ${oops");
    }
}
