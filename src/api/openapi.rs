//! `GET /auth/openapi.json`: the OpenAPI 3.1 document, made of the endpoint table.

use serde_json::{Map, Value, json};

use utoipa::PartialSchema;

use super::endpoint::Answering;
use super::{Access, Endpoint, Reply};
use crate::request::Method;

/// The endpoint.
pub(super) fn endpoint() -> Endpoint {
    Endpoint {
        method: Method::Get,
        path: "/openapi.json",
        access: Access::Anybody,
        summary: "This document",
        request: None,
        response: Some(Value::schema),
        refusals: &[],
        handler: |desk, _| -> Answering { Box::pin(async move { Reply::json(&desk.document) }) },
    }
}

/// The document of these endpoints under a prefix.
pub(super) fn document(prefix: &str, endpoints: &[Endpoint]) -> Value {
    let mut paths = Map::new();
    for endpoint in endpoints {
        let path = paths.entry(format!("{prefix}{}", endpoint.path)).or_insert_with(|| json!({}));
        if let Some(path) = path.as_object_mut() {
            path.insert(endpoint.method.name().to_ascii_lowercase(), operation(endpoint));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Doorward",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Log in, renew and validate tokens, log out, see who you are. Every refusal is an RFC 9457 problem; its type ends with one of the names listed at each status.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "client": {"type": "http", "scheme": "basic", "description": "The gateway's own client and its secret"},
            },
            "schemas": {"Problem": problem()},
        },
    })
}

fn operation(endpoint: &Endpoint) -> Value {
    let mut responses = Map::new();
    let (status, done) = match endpoint.response {
        Some(schema) => ("200", json!({"description": "Done", "content": {"application/json": {"schema": schema()}}})),
        None => ("204", json!({"description": "Done"})),
    };
    responses.insert(status.into(), done);
    let of_rule: &[(u16, &str)] = match endpoint.access {
        Access::Anybody | Access::SignedInOrClient => &[],
        Access::SignedIn => &[
            (401, "unauthenticated, invalid-token"),
            (403, "unknown-user, user-disabled"),
            (503, "keycloak-unavailable, database-unavailable"),
        ],
    };
    for (status, kinds) in of_rule.iter().chain(endpoint.refusals) {
        responses.insert(
            status.to_string(),
            json!({
                "description": kinds,
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
            }),
        );
    }
    let mut operation = json!({
        "summary": endpoint.summary,
        "operationId": operation_id(endpoint),
        "responses": responses,
        "security": match endpoint.access {
            Access::Anybody => json!([]),
            Access::SignedIn => json!([{"bearer": []}]),
            Access::SignedInOrClient => json!([{"bearer": []}, {"client": []}]),
        },
    });
    if let (Some(schema), Some(members)) = (endpoint.request, operation.as_object_mut()) {
        members.insert(
            "requestBody".into(),
            json!({
                "required": true,
                "content": {"application/json": {"schema": schema()}},
            }),
        );
    }
    operation
}

/// `GET /me` is `get_me`.
fn operation_id(endpoint: &Endpoint) -> String {
    let path = endpoint.path.trim_matches('/').replace(['/', '-', '.'], "_").replace(['{', '}'], "");
    format!("{}_{path}", endpoint.method.name().to_ascii_lowercase())
}

fn problem() -> Value {
    json!({
        "type": "object",
        "description": "RFC 9457",
        "required": ["type", "title", "status", "detail", "instance"],
        "properties": {
            "type": {"type": "string", "description": "/problems/NAME"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "instance": {"type": "string", "description": "The request id, as in the log"},
        },
    })
}
