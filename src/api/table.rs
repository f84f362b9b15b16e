//! The endpoint table.

use std::sync::Arc;

use super::parts::Desk;
use super::{
    Access, Call, Endpoint, Kept, Parts, Reply, client_token, login, logout, me, openapi, refresh, signals, validate,
};
use crate::config::Auth;
use crate::problem::Rejection;
use crate::routing::{HostPattern, Methods, PathPattern, PathPatternError, Route, Target};

/// Every endpoint that the settings switch on.
pub struct Api {
    endpoints: Vec<Endpoint>,
    desk: Arc<Desk>,
}

impl Api {
    /// Builds the table, over what the endpoints have kept so far.
    #[must_use]
    pub fn new(auth: &Auth, parts: Parts, kept: &Kept) -> Self {
        let endpoints = endpoints(auth);
        let document = openapi::document(&auth.prefix, &endpoints);
        Self { desk: Arc::new(Desk::new(auth, parts, kept, document)), endpoints }
    }

    /// Lets an endpoint answer.
    pub async fn answer(&self, endpoint: usize, call: Call) -> Result<Reply, Rejection> {
        let endpoint = self.endpoints.get(endpoint).ok_or(Rejection::Internal)?;
        (endpoint.handler)(Arc::clone(&self.desk), call).await
    }
}

/// A route for each endpoint that the settings switch on, on every host.
pub fn routes(auth: &Auth) -> Result<Vec<Route>, PathPatternError> {
    endpoints(auth).iter().enumerate().map(|(index, endpoint)| route(auth, index, endpoint)).collect()
}

/// Who may call the endpoint that a route leads to; nobody where there is none.
#[must_use]
pub fn access(auth: &Auth, endpoint: usize) -> Option<Access> {
    endpoints(auth).get(endpoint).map(|endpoint| endpoint.access)
}

fn route(auth: &Auth, index: usize, endpoint: &Endpoint) -> Result<Route, PathPatternError> {
    let path = format!("{}{}", auth.prefix, endpoint.path);
    Ok(Route {
        label: format!("{} {path}", endpoint.method).into(),
        host: HostPattern::Any,
        path: PathPattern::parse(&path)?,
        methods: Methods::of([endpoint.method]),
        rule: endpoint.access.rule(),
        target: Target::Local(index),
        cors_origins: auth.cors_origins.clone(),
    })
}

fn endpoints(auth: &Auth) -> Vec<Endpoint> {
    let switched = [auth.test_endpoints.then(client_token::endpoint), auth.password_login.then(login::endpoint)];
    let always = [refresh::endpoint(), logout::endpoint(), validate::endpoint(), me::endpoint(), openapi::endpoint()];
    switched.into_iter().flatten().chain(always).chain(signals::endpoints()).collect()
}
