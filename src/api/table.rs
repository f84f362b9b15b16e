//! The endpoint table.

use std::sync::Arc;

use super::{Call, Endpoint, Parts, Reply, login, me, openapi};
use crate::config::Auth;
use crate::problem::Rejection;
use crate::routing::{HostPattern, Methods, PathPattern, PathPatternError, Route, Target};

/// Every endpoint that the settings switch on.
pub struct Api {
    endpoints: Vec<Endpoint>,
    prefix: String,
    cors_origins: Vec<String>,
    parts: Arc<Parts>,
}

impl Api {
    /// Builds the table.
    #[must_use]
    pub fn new(auth: &Auth, mut parts: Parts) -> Self {
        let login = auth.password_login.then(login::endpoint);
        let endpoints: Vec<Endpoint> = login.into_iter().chain([me::endpoint(), openapi::endpoint()]).collect();
        parts.document = openapi::document(&auth.prefix, &endpoints);
        Self { endpoints, prefix: auth.prefix.clone(), cors_origins: auth.cors_origins.clone(), parts: Arc::new(parts) }
    }

    /// A route for each endpoint, on every host.
    pub fn routes(&self) -> Result<Vec<Route>, PathPatternError> {
        self.endpoints.iter().enumerate().map(|(index, endpoint)| self.route(index, endpoint)).collect()
    }

    /// Lets an endpoint answer.
    pub async fn answer(&self, endpoint: usize, call: Call) -> Result<Reply, Rejection> {
        let endpoint = self.endpoints.get(endpoint).ok_or(Rejection::Internal)?;
        (endpoint.handler)(Arc::clone(&self.parts), call).await
    }

    fn route(&self, index: usize, endpoint: &Endpoint) -> Result<Route, PathPatternError> {
        let path = format!("{}{}", self.prefix, endpoint.path);
        Ok(Route {
            label: format!("{} {path}", endpoint.method).into(),
            host: HostPattern::Any,
            path: PathPattern::parse(&path)?,
            methods: Methods::of([endpoint.method]),
            rule: endpoint.rule.clone(),
            target: Target::Local(index),
            cors_origins: self.cors_origins.clone(),
        })
    }
}
