//! `doorward dev` where there is no network but loopback.

use std::process::{Command, Stdio};

/// A network namespace of its own has nothing but a loopback interface; and what the environment says of proxies leads
/// nowhere. The people of the page log in there.
#[test]
fn nothing_outside_of_this_machine_is_asked() {
    let data = tempfile::tempdir().unwrap();
    let output = Command::new("unshare")
        .args(["-rn", "bash", "-euo", "pipefail", "-c", SCRIPT])
        .env("DOORWARD", env!("CARGO_BIN_EXE_doorward"))
        .env("DATA", data.path())
        .stdin(Stdio::null())
        .output()
        .expect("unshare, of util-linux");
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{errors}");
    assert_eq!(said.lines().collect::<Vec<_>>(), ["outside: 000", "alice: 200", "bob: 403", "nobody: 401"], "{errors}");
}

const SCRIPT: &str = r#"
ip link set lo up
call() { curl -sS --noproxy '*' --max-time 30 "$@"; }
status() { call -o /dev/null -w '%{http_code}' "$@"; }
echo "outside: $(status --connect-timeout 5 http://192.0.2.1/ 2>/dev/null || true)"

mkfifo "$DATA/told"
dead=http://192.0.2.1:3128
http_proxy=$dead https_proxy=$dead all_proxy=$dead HTTP_PROXY=$dead HTTPS_PROXY=$dead ALL_PROXY=$dead \
  "$DOORWARD" dev --json --data "$DATA" --listen 127.0.0.1:0 --admin-listen 127.0.0.1:0 --realm-listen 127.0.0.1:0 \
  --upstream-listen 127.0.0.1:0 >"$DATA/told" &
trap 'kill %1; wait' EXIT
read -r told <"$DATA/told"
gateway=$(sed 's/.*"gateway":"\([^"]*\)".*/\1/' <<<"$told")
token() {
  call "$gateway/auth/login" --json "{\"username\":\"$1\",\"password\":\"$1-password\"}" |
    sed 's/.*"access_token":"\([^"]*\)".*/\1/'
}
echo "alice: $(status -H "Authorization: Bearer $(token alice)" "$gateway/admin/reports")"
echo "bob: $(status -H "Authorization: Bearer $(token bob)" "$gateway/admin/reports")"
echo "nobody: $(status "$gateway/admin/reports")"
"#;
