//! `[keycloak]` and every `[[keycloak.also]]`.

use std::time::Duration;

use jsonwebtoken::Algorithm;
use url::Url;

use super::server::seconds;
use crate::config::raw::Section;
use crate::config::{Client, Fault, Issuer, algorithm, duration, name, web_url};

/// Reads every issuer: our own realm, and the others.
pub(super) fn read<'s>(section: &'s Section<'s>) -> Option<(Issuer, Vec<Issuer>)> {
    let own_client = client(section);
    let allowed = allowed_clients(section).or_else(|| own_client.as_ref().map(|client| vec![client.id.clone()]));
    let first = issuer(section, own_client, allowed);
    let also = section.many("also");
    let mut issuers = vec![first];
    for section in &also {
        let issuer = section.read(additional);
        if let Some(issuer) = &issuer {
            refuse_twin(section, issuer, issuers.iter().flatten());
        }
        issuers.push(issuer);
    }
    let mut read = issuers.into_iter().collect::<Option<Vec<_>>>()?.into_iter();
    Some((read.next()?, read.collect()))
}

/// An additional issuer: its client is optional, so there is no default for whose tokens are accepted.
fn additional<'s>(section: &'s Section<'s>) -> Option<Issuer> {
    let named = section.entry("client_id").is_some() || section.entry("client_secret").is_some();
    let client = if named { client(section) } else { None };
    section.needed("allowed_clients", "name the clients (`azp`) whose tokens are accepted");
    issuer(section, client, allowed_clients(section))
}

fn issuer<'s>(section: &'s Section<'s>, client: Option<Client>, allowed: Option<Vec<String>>) -> Option<Issuer> {
    let remedy = r#"write the exact `iss` of the tokens, such as "https://sso.example.com/realms/acme""#;
    let issuer = section.needed_parsed("issuer", remedy, |text| Ok((web_url::parse_issuer(text)?, text.into())));
    let internal_url = section.parsed("internal_url", web_url::parse_base);
    let name = issuer_name(section, issuer.as_ref().map(|(url, _)| url));
    let audience = section.needed_parsed("audience", "write what `aud` must hold; there is no default", name::parse);
    let (keys_refresh, keys_max_stale) = key_ages(section);
    let algorithms = section.filled_list("algorithms", algorithm::parse);
    let roles = section.list("roles", name::parse).unwrap_or_default();
    let leeway = section.duration("leeway", seconds(5), Duration::ZERO..=seconds(60));
    let max_lifetime = section.duration("max_lifetime", seconds(24 * 3600), seconds(1)..=seconds(30 * 24 * 3600));
    let events_interval = section.duration("events_interval", seconds(1), Duration::ZERO..=seconds(60));
    let (url, issuer) = issuer?;
    Some(Issuer {
        name: name?.into(),
        issuer,
        url: internal_url.unwrap_or(url),
        client,
        audience: audience?,
        algorithms: algorithms.unwrap_or_else(|| vec![Algorithm::RS256, Algorithm::ES256]),
        leeway,
        max_lifetime,
        allowed_clients: allowed?,
        roles,
        keys_refresh,
        keys_max_stale,
        events_interval,
    })
}

fn client<'s>(section: &'s Section<'s>) -> Option<Client> {
    let id = section.needed_parsed("client_id", "write the gateway's own client in the realm", name::parse);
    let secret = section.is_present().then(|| section.secret("client_secret")).flatten();
    Some(Client { id: id?, secret: secret? })
}

fn allowed_clients<'s>(section: &'s Section<'s>) -> Option<Vec<String>> {
    section.filled_list("allowed_clients", name::parse)
}

/// The name as written, or the last segment of the issuer.
fn issuer_name<'s>(section: &'s Section<'s>, issuer: Option<&Url>) -> Option<String> {
    if let Some(entry) = section.entry("name") {
        return entry.parse(name::parse_label);
    }
    let segment = issuer?.path_segments()?.next_back()?;
    name::parse_label(segment).ok().or_else(|| {
        let fault = Fault::new("its last segment is no name for logs and metrics", "write `name` beside it");
        section.entry("issuer")?.refuse(fault)
    })
}

fn key_ages<'s>(section: &'s Section<'s>) -> (Duration, Duration) {
    let refresh = section.duration("keys_refresh", seconds(300), seconds(10)..=seconds(3600));
    let max_stale = section.duration("keys_max_stale", seconds(3600), seconds(10)..=seconds(24 * 3600));
    if max_stale < refresh {
        let remedy = format!("take at least keys_refresh, which is {}", duration::show(refresh));
        let fault = Fault::new("the keys would be too old before they are read again", remedy);
        match section.entry("keys_max_stale") {
            Some(entry) => entry.complain(fault),
            None => section.complain(fault),
        }
    }
    (refresh, max_stale)
}

fn refuse_twin<'s, 'i>(section: &'s Section<'s>, issuer: &Issuer, mut before: impl Iterator<Item = &'i Issuer>) {
    let Some(twin) = before.find(|other| other.name == issuer.name || other.issuer == issuer.issuer) else { return };
    let (problem, remedy) = match twin.issuer == issuer.issuer {
        true => ("an issuer of this file already", "remove one of the two sections"),
        false => ("another issuer of this file has the same name", "write another `name`"),
    };
    if let Some(entry) = section.entry("name").filter(|_| twin.issuer != issuer.issuer).or(section.entry("issuer")) {
        entry.complain(Fault::new(problem, remedy));
    }
}
