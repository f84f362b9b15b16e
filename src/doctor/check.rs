//! What is looked at. The names are a contract: scripts, `/readyz` and a metric use them.

use serde::Serialize;

/// One thing that the promises rest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// The file is right.
    Configuration,
    /// Keycloak answers, and calls itself what the tokens call it.
    Discovery,
    /// Its keys can verify tokens.
    Keys,
    /// Our client and its secret are accepted.
    Client,
    /// Its clock is ours.
    Clock,
    /// Its tokens are such as we accept.
    Token,
    /// They are meant for us.
    Audience,
    /// They call themselves access tokens.
    TokenType,
    /// They end soon.
    TokenLifetime,
    /// Keycloak tells us whether one is alive.
    Introspection,
    /// What our service account may do.
    ServiceAccount,
    /// What users do is kept.
    UserEvents,
    /// What administrators do is kept.
    AdminEvents,
    /// For how long.
    AdminEventsKept,
    /// Passwords can be sent for tokens, where they should be.
    DirectGrants,
    /// Keycloak sees who logs in, not us.
    ClientAddress,
    /// Keycloak takes calls by plain HTTP, where we make such.
    SslRequired,
    /// Guessing is answered by a pause.
    BruteForce,
    /// Whoever looks with more rights than ours is let in.
    Administrator,
    /// Where logout tokens go.
    BackchannelLogout,
    /// That they are sent at all.
    FrontchannelLogout,
    /// Tokens are not handed out in the address of a page.
    ImplicitFlow,
    /// Where orders of the realm go.
    AdminUrl,
    /// Whether a stolen refresh token is noticed.
    RefreshRotation,
    /// Whether sessions outlive the tokens of the idle.
    SessionIdle,
    /// Other clients whose tokens are accepted.
    AllowedClient,
    /// What a session's end did to its token.
    ProbeToken,
    /// How long the signal took.
    ProbeSignal,
    /// That nothing is left of it.
    ProbeCleanup,
    /// The users database answers.
    Database,
    /// Its schema is that of this version.
    Migrations,
    /// It writes every change of rights to the log.
    Triggers,
    /// Its clock is ours.
    DatabaseClock,
    /// The nodes that share it.
    Nodes,
    /// The gateway on this machine.
    Gateway,
    /// What TLS is spoken with.
    Certificate,
    /// The applications.
    Upstream,
}

impl Check {
    /// As JSON and metrics write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Discovery => "discovery",
            Self::Keys => "keys",
            Self::Client => "client",
            Self::Clock => "clock",
            Self::Token => "token",
            Self::Audience => "audience",
            Self::TokenType => "token-type",
            Self::TokenLifetime => "token-lifetime",
            Self::Introspection => "introspection",
            Self::ServiceAccount => "service-account",
            Self::UserEvents => "user-events",
            Self::AdminEvents => "admin-events",
            Self::AdminEventsKept => "admin-events-kept",
            Self::DirectGrants => "direct-grants",
            Self::ClientAddress => "client-address",
            Self::SslRequired => "ssl-required",
            Self::BruteForce => "brute-force",
            Self::Administrator => "administrator",
            Self::BackchannelLogout => "backchannel-logout",
            Self::FrontchannelLogout => "frontchannel-logout",
            Self::ImplicitFlow => "implicit-flow",
            Self::AdminUrl => "admin-url",
            Self::RefreshRotation => "refresh-rotation",
            Self::SessionIdle => "session-idle",
            Self::AllowedClient => "allowed-client",
            Self::ProbeToken => "probe-token",
            Self::ProbeSignal => "probe-signal",
            Self::ProbeCleanup => "probe-cleanup",
            Self::Database => "database",
            Self::Migrations => "migrations",
            Self::Triggers => "triggers",
            Self::DatabaseClock => "database-clock",
            Self::Nodes => "nodes",
            Self::Gateway => "gateway",
            Self::Certificate => "certificate",
            Self::Upstream => "upstream",
        }
    }

    /// The heading that it is shown under.
    #[must_use]
    pub fn section(self) -> &'static str {
        match self {
            Self::Configuration => "Configuration",
            Self::Discovery
            | Self::Keys
            | Self::Client
            | Self::Clock
            | Self::Token
            | Self::Audience
            | Self::TokenType
            | Self::TokenLifetime
            | Self::Introspection
            | Self::ServiceAccount
            | Self::UserEvents
            | Self::AdminEvents
            | Self::AdminEventsKept
            | Self::DirectGrants
            | Self::ClientAddress
            | Self::SslRequired
            | Self::BruteForce
            | Self::Administrator
            | Self::BackchannelLogout
            | Self::FrontchannelLogout
            | Self::ImplicitFlow
            | Self::AdminUrl
            | Self::RefreshRotation
            | Self::SessionIdle
            | Self::AllowedClient => "Keycloak",
            Self::ProbeToken | Self::ProbeSignal | Self::ProbeCleanup => "Probe",
            Self::Database | Self::Migrations | Self::Triggers | Self::DatabaseClock | Self::Nodes => "Users database",
            Self::Gateway | Self::Certificate => "Gateway",
            Self::Upstream => "Upstreams",
        }
    }
}
