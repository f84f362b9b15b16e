//! Every route of a gateway: those of the file, and those to the endpoints of its own.

use crate::api;
use crate::config::Auth;
use crate::routing::{PathPattern, PathPatternError, Route, Routes};

/// What a request is judged by; and what `doorward check` and `doorward explain` say that it is.
pub fn routes(mut routes: Vec<Route>, auth: &Auth) -> Result<Routes, PathPatternError> {
    routes.extend(api::routes(auth)?);
    Ok(Routes::new(routes).reserving(&PathPattern::parse(&reserved(auth))?))
}

/// The paths that are never an application's.
#[must_use]
pub fn reserved(auth: &Auth) -> String {
    format!("{}/*", auth.prefix)
}
