//! Every route of the gateway, found by host, path and method.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::tree::{Leaf, Tree};
use super::{HostPattern, Methods, PathPattern, Route, Target};
use crate::request::{CanonicalPath, Host, Method};

/// The routes. The gateway's own endpoints come first, on every host. Then the host decides, and alone: exact,
/// else the longest wildcard, else the routes without a host. In that group the most specific path decides, and
/// only then the method; a request never falls back to a less specific host or path.
#[derive(Debug, Default)]
pub struct Routes {
    own: Tree,
    exact: BTreeMap<String, Tree>,
    /// By suffix, the longest first.
    below: Vec<(String, Tree)>,
    any: Tree,
}

/// Why no route takes a request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RouteError {
    /// No route names this host and path.
    #[error("no route has this host and path")]
    NotFound,
    /// The path has routes, but none for this method.
    #[error("no route of this path has this method")]
    MethodNotAllowed {
        /// The methods that the path has, for `Allow` (RFC 9110 §15.5.6).
        allowed: Vec<Method>,
    },
}

impl Routes {
    /// Sorts the routes. Where two are for one host, path and method, which `config` refuses, the first counts.
    #[must_use]
    pub fn new(routes: Vec<Route>) -> Self {
        let mut sorted = Self::default();
        for route in routes {
            let leaf = sorted.group(&route).leaf(&route.path);
            leaf.0.push(Arc::new(route));
        }
        sorted.below.sort_by(|(left, _), (right, _)| right.len().cmp(&left.len()).then_with(|| left.cmp(right)));
        sorted
    }

    /// Keeps every path of this pattern for the gateway's own endpoints: where none of them takes it, it is not
    /// found, whatever the other routes say.
    #[must_use]
    pub fn reserving(mut self, pattern: &PathPattern) -> Self {
        self.own.leaf(pattern);
        self
    }

    /// The route that takes a request.
    pub fn find(&self, host: &Host, path: &CanonicalPath, method: Method) -> Result<&Arc<Route>, RouteError> {
        let path = path.as_str().strip_prefix('/');
        let leaf = self.own.find(path).or_else(|| self.of(host).find(path)).ok_or(RouteError::NotFound)?;
        leaf.0.iter().find(|route| route.methods.contains(method)).ok_or_else(|| leaf.refusal())
    }

    /// Every route, in the order in which they are tried.
    #[must_use]
    pub fn in_order(&self) -> Vec<&Arc<Route>> {
        let mut found = Vec::new();
        let below = self.below.iter().map(|(_, tree)| tree);
        for tree in std::iter::once(&self.own).chain(self.exact.values()).chain(below).chain([&self.any]) {
            tree.in_order(&mut found);
        }
        found
    }

    fn of(&self, host: &Host) -> &Tree {
        let below =
            |(suffix, _): &&(String, Tree)| host.name().len() > suffix.len() && host.name().ends_with(suffix.as_str());
        self.exact.get(host.name()).or_else(|| self.below.iter().find(below).map(|(_, tree)| tree)).unwrap_or(&self.any)
    }

    fn group(&mut self, route: &Route) -> &mut Tree {
        match (&route.target, &route.host) {
            (Target::Local(_), _) => &mut self.own,
            (_, HostPattern::Any) => &mut self.any,
            (_, HostPattern::Exact(name)) => self.exact.entry(name.clone()).or_default(),
            (_, HostPattern::Below(suffix)) => self.below_or_new(suffix),
        }
    }

    #[expect(clippy::indexing_slicing, reason = "the position was found or made on the lines before")]
    fn below_or_new(&mut self, suffix: &str) -> &mut Tree {
        let position = self.below.iter().position(|(own, _)| own == suffix).unwrap_or(self.below.len());
        if position == self.below.len() {
            self.below.push((suffix.to_owned(), Tree::default()));
        }
        &mut self.below[position].1
    }
}

impl Leaf {
    fn refusal(&self) -> RouteError {
        let allowed = self.0.iter().fold(Methods::of([]), |methods, route| methods.together(route.methods));
        match allowed.is_empty() {
            true => RouteError::NotFound,
            false => RouteError::MethodNotAllowed { allowed: allowed.iter().collect() },
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::policy::Rule;
    use crate::routing::UpstreamTarget;

    fn route(label: &str) -> Route {
        leading_to(Target::Upstream(UpstreamTarget::plain()), label)
    }

    /// `METHODS HOST PATH`, where `any` and `-` stand for no methods and no host.
    fn leading_to(target: Target, label: &str) -> Route {
        let words: Vec<&str> = label.split(' ').collect();
        let [methods, host, path] = words[..] else { panic!("{label}") };
        let named = methods.split(',').filter_map(Method::from_name);
        Route {
            label: label.into(),
            host: if host == "-" { HostPattern::Any } else { HostPattern::parse(host).unwrap() },
            path: PathPattern::parse(path).unwrap(),
            methods: if methods == "any" { Methods::any() } else { Methods::of(named) },
            rule: Rule::Public,
            target,
            cors_origins: Vec::new(),
        }
    }

    fn table(labels: &[&str]) -> Routes {
        Routes::new(labels.iter().map(|label| route(label)).collect())
    }

    fn ask(routes: &Routes, method: Method, host: &str, path: &str) -> Result<String, RouteError> {
        let (host, path) = (Host::parse(host).unwrap(), CanonicalPath::parse(path).unwrap());
        routes.find(&host, &path, method).map(|route| route.label.to_string())
    }

    #[test]
    fn the_most_specific_path_wins_whatever_the_order_of_the_file() {
        let routes = table(&["any - /*", "any - /admin/*", "any - /admin", "any - /{page}", "any - /admin/{x}/c"]);
        let at = |path| ask(&routes, Method::Get, "a", path).unwrap();
        assert_eq!(at("/"), "any - /*");
        assert_eq!(at("/admin"), "any - /admin");
        assert_eq!(at("/admin/"), "any - /admin/*");
        assert_eq!(at("/administrator"), "any - /{page}");
        assert_eq!(at("/admin/b/c"), "any - /admin/{x}/c");
        assert_eq!(at("/admin/b/d"), "any - /admin/*");
        assert_eq!(at("/x/y"), "any - /*");
    }

    #[test]
    fn a_method_that_the_path_lacks_does_not_fall_to_a_less_specific_path() {
        let routes = table(&["GET - /admin/*", "POST - /admin/*", "any - /*"]);
        let allowed = vec![Method::Get, Method::Head, Method::Post];
        let refusal = Err(RouteError::MethodNotAllowed { allowed });
        assert_eq!(ask(&routes, Method::Delete, "a", "/admin/x"), refusal);
        assert_eq!(ask(&routes, Method::Head, "a", "/admin/x"), Ok("GET - /admin/*".to_owned()));
        assert_eq!(ask(&routes, Method::Post, "a", "/admin"), Ok("POST - /admin/*".to_owned()));
    }

    #[test]
    fn the_host_decides_first_and_alone() {
        let routes = table(&["any a.test /x", "any *.test /y", "any *.b.test /z", "any - /*"]);
        let at = |host, path| ask(&routes, Method::Get, host, path);
        assert_eq!(at("A.test:80", "/x"), Ok("any a.test /x".to_owned()));
        assert_eq!(at("a.test", "/y"), Err(RouteError::NotFound));
        assert_eq!(at("c.b.test", "/z"), Ok("any *.b.test /z".to_owned()));
        assert_eq!(at("c.b.test", "/y"), Err(RouteError::NotFound));
        assert_eq!(at("b.test", "/y"), Ok("any *.test /y".to_owned()));
        assert_eq!(at("test", "/y"), Ok("any - /*".to_owned()));
    }

    #[test]
    fn own_endpoints_exist_on_every_host_and_keep_their_prefix() {
        let mut all = vec![route("any a.test /*"), route("any - /*")];
        all.push(leading_to(Target::Local(0), "GET - /auth/me"));
        let routes = Routes::new(all).reserving(&PathPattern::parse("/auth/*").unwrap());
        for host in ["a.test", "b.test"] {
            assert_eq!(ask(&routes, Method::Get, host, "/auth/me"), Ok("GET - /auth/me".to_owned()));
            assert_eq!(ask(&routes, Method::Get, host, "/auth/nothing"), Err(RouteError::NotFound));
            assert_eq!(ask(&routes, Method::Get, host, "/auth"), Err(RouteError::NotFound));
            let allowed = vec![Method::Get, Method::Head];
            let refusal = Err(RouteError::MethodNotAllowed { allowed });
            assert_eq!(ask(&routes, Method::Post, host, "/auth/me"), refusal);
            assert!(ask(&routes, Method::Get, host, "/author").is_ok());
        }
    }

    #[test]
    fn routes_are_listed_in_the_order_in_which_they_are_tried() {
        let labels = ["any - /*", "any *.test /*", "any - /a/*", "GET - /a", "any a.test /*", "any *.b.test /*"];
        let routes = table(&labels);
        let order: Vec<&str> = routes.in_order().into_iter().map(|route| &*route.label).collect();
        let expected = ["any a.test /*", "any *.b.test /*", "any *.test /*", "GET - /a", "any - /a/*", "any - /*"];
        assert_eq!(order, expected);
    }

    /// The definition, taken literally: of the patterns that match, the one that is most specific from the left.
    fn reference<'a>(patterns: &[&'a str], path: &CanonicalPath) -> Option<&'a str> {
        let rank = |pattern: &&&str| -> Vec<u8> {
            let end = if pattern.ends_with("/*") { 0 } else { 3 };
            let words = pattern.strip_suffix("/*").unwrap_or(pattern).split('/').skip(1);
            words.map(|word| if word.starts_with('{') { 1 } else { 2 }).chain([end]).collect()
        };
        let takes = |pattern: &&&str| PathPattern::parse(pattern).unwrap().matches(path);
        patterns.iter().filter(takes).max_by_key(rank).copied()
    }

    proptest! {
        #[test]
        fn a_lookup_finds_what_the_definition_says(
            patterns in prop::collection::btree_set("(/(a|b|@|%40|\\{x\\}|c%C3%A9)){0,4}(/|/a|/\\*)", 0..24),
            paths in prop::collection::vec("(/(a|b|@|%40|c%c3%a9)){0,5}(/|/a)", 1..24),
        ) {
            let patterns: Vec<String> = patterns.into_iter().filter(|text| PathPattern::parse(text).is_ok()).collect();
            let mut distinct: Vec<&str> = Vec::new();
            for text in &patterns {
                let parsed = PathPattern::parse(text).unwrap();
                if !distinct.iter().any(|other| PathPattern::parse(other).unwrap().is_same(&parsed)) {
                    distinct.push(text);
                }
            }
            let labels: Vec<String> = distinct.iter().map(|text| format!("any - {text}")).collect();
            let routes = Routes::new(labels.iter().map(|label| route(label)).collect());
            prop_assert_eq!(routes.in_order().len(), distinct.len());
            for path in &paths {
                let path = CanonicalPath::parse(path).unwrap();
                let found = routes.find(&Host::parse("a").unwrap(), &path, Method::Get).ok();
                let expected = reference(&distinct, &path).map(|text| format!("any - {text}"));
                prop_assert_eq!(found.map(|route| route.label.to_string()), expected);
            }
        }
    }
}
