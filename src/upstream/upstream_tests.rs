use prometheus::Registry;

use super::*;
use crate::config::ServerUrl;

fn upstream(servers: u16) -> (Upstream, Clock) {
    let clock = Clock::manual();
    clock.advance(Duration::from_secs(10));
    let second = Duration::from_secs(1);
    let settings = config::Upstream {
        name: "app".into(),
        servers: (1..=servers).map(|port| ServerUrl { tls: false, host: "127.0.0.1".into(), port }).collect(),
        connect_timeout: second,
        write_timeout: second,
        idle_timeout: second,
        http2: false,
        max_waiting: 1000,
        health: None,
    };
    (Upstream::new(settings, None, UpstreamMetrics::new(&Registry::new()).unwrap(), clock.clone()), clock)
}

/// The server of a new request.
fn next(upstream: &Upstream) -> Result<u16, UpstreamError> {
    upstream.next(&mut Tried::default()).map(|server| server.url().port)
}

/// A request that its server refuses: which one, and whether another is tried.
fn refused(upstream: &Upstream, tried: &mut Tried) -> (u16, bool) {
    let port = upstream.next(tried).unwrap().url().port;
    (port, upstream.unreachable(tried, UpstreamError::Refused))
}

fn unanswered(upstream: &Upstream, times: usize) {
    for _ in 0..times {
        let mut tried = Tried::default();
        upstream.next(&mut tried).unwrap();
        upstream.unanswered(&tried, UpstreamError::TimedOut);
    }
}

#[test]
fn servers_take_turns() {
    let (upstream, _) = upstream(3);
    assert_eq!([1, 2, 3, 1], [0; 4].map(|_| next(&upstream).unwrap()));
}

#[test]
fn a_server_that_refused_is_passed_over_for_a_while() {
    let (upstream, clock) = upstream(2);
    let mut tried = Tried::default();
    assert_eq!(refused(&upstream, &mut tried), (1, true));
    assert_eq!(upstream.next(&mut tried).unwrap().url().port, 2);
    assert_eq!([2, 2, 2], [0; 3].map(|_| next(&upstream).unwrap()));
    clock.advance(Duration::from_secs(1));
    let after = [0; 4].map(|_| next(&upstream).unwrap());
    assert_eq!(after.iter().filter(|port| **port == 1).count(), 1, "one request tries it: {after:?}");
}

#[test]
fn where_all_refuse_the_first_request_has_tried_all_and_the_next_is_told_at_once() {
    let (upstream, clock) = upstream(2);
    let mut tried = Tried::default();
    assert_eq!([refused(&upstream, &mut tried), refused(&upstream, &mut tried)], [(1, true), (2, false)]);
    assert_eq!(upstream.next(&mut tried).unwrap_err(), UpstreamError::Refused);
    // Nobody has found out for a second: one request does, and the others do not wait for it.
    let mut probe = Tried::default();
    upstream.next(&mut probe).unwrap();
    assert_eq!(next(&upstream), Err(UpstreamError::Down));
    assert!(!upstream.unreachable(&mut probe, UpstreamError::Refused));
    assert_eq!(next(&upstream), Err(UpstreamError::Down));
    clock.advance(Duration::from_millis(1500));
    let mut probe = Tried::default();
    upstream.next(&mut probe).unwrap();
    upstream.answered(&mut probe);
    assert!(next(&upstream).is_ok() && next(&upstream).is_ok());
}

#[test]
fn requests_without_an_answer_take_at_most_half_of_the_servers_away() {
    for (servers, stay) in [(1, 1), (2, 1), (3, 2), (4, 2)] {
        let (upstream, _) = upstream(servers);
        unanswered(&upstream, 100);
        let mut left: Vec<_> = (0..20).filter_map(|_| next(&upstream).ok()).collect();
        left.sort_unstable();
        left.dedup();
        assert_eq!(left.len(), stay, "of {servers} servers {left:?} stay");
    }
}

#[test]
fn an_answer_makes_good_for_what_was_not_answered() {
    let (upstream, _) = upstream(1);
    for _ in 0..10 {
        unanswered(&upstream, 4);
        let mut tried = Tried::default();
        upstream.next(&mut tried).unwrap();
        upstream.answered(&mut tried);
    }
    assert!(upstream.servers()[0].condition.is_good());
}

#[test]
fn many_that_fail_at_once_are_one_failure() {
    let (upstream, clock) = upstream(2);
    let mut under_way = [0; 8].map(|_| {
        let mut tried = Tried::default();
        (upstream.next(&mut tried).unwrap().url().port, tried)
    });
    for (port, tried) in &mut under_way {
        assert!(*port != 1 || upstream.unreachable(tried, UpstreamError::Refused));
    }
    clock.advance(Duration::from_secs(1));
    assert!([0; 2].map(|_| next(&upstream)).contains(&Ok(1)), "it has rested for a second");
}

#[test]
fn no_more_wait_for_an_answer_than_may() {
    let (upstream, _) = upstream(1);
    let upstream = Upstream::new(
        config::Upstream { max_waiting: 2, ..upstream.settings().clone() },
        None,
        UpstreamMetrics::new(&Registry::new()).unwrap(),
        Clock::manual(),
    );
    let mut requests = [0; 4].map(|_| Tried::default());
    for tried in &mut requests {
        upstream.next(tried).expect("nobody has said all of their request");
    }
    let [first, second, third, _] = &mut requests;
    upstream.asked(first);
    upstream.asked(second);
    assert_eq!(next(&upstream), Err(UpstreamError::Full));
    upstream.answered(first);
    upstream.asked(first);
    assert!(next(&upstream).is_ok(), "who is being answered waits no more");
    upstream.asked(third);
    assert_eq!(next(&upstream), Err(UpstreamError::Full));
    drop(requests);
    assert!(next(&upstream).is_ok(), "nor does who has gone");
}

#[test]
fn an_upstream_without_addresses_is_unresolved() {
    let (upstream, _) = upstream(0);
    assert_eq!(next(&upstream), Err(UpstreamError::Unresolved));
}

#[test]
fn a_server_that_stays_over_a_reload_stays_passed_over() {
    let (old, clock) = upstream(2);
    refused(&old, &mut Tried::default());
    let metrics = UpstreamMetrics::new(&Registry::new()).unwrap();
    let settings = config::Upstream { connect_timeout: Duration::from_secs(9), ..old.settings().clone() };
    let new = Upstream::new(settings, Some(&old), metrics, clock);
    assert_eq!([2, 2, 2], [0; 3].map(|_| next(&new).unwrap()));
}
