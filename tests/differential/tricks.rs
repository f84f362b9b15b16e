//! What fooled a gateway before, or looks as if it could: the material of the generator.

/// Request targets that routes take.
pub const TARGETS: &[&str] = &[
    "/public/a",
    "/public/a/b.css?x=1&y=2",
    "/public/caf%C3%A9",
    "/api/items/7",
    "/api/items?next=/admin/",
    "/admin/panel",
    "/files/a%2Fb",
    "/cut/v1/things?q=%2e%2e",
    "/ws/feed",
    "/nowhere",
];

/// Request targets that two readers may understand differently.
pub const ODD_TARGETS: &[&str] = &[
    "/public/../admin/panel",
    "/public/%2e%2e/admin/panel",
    "/public/..%2fadmin",
    "/public/..;/admin/panel",
    "/public;x=/admin",
    "/public//admin",
    "//gw.test/admin/panel",
    "/public\\..\\admin",
    "/public/a#/admin",
    "/public/a?b#c",
    "/public/a%00/admin",
    "/public/a%0d%0aX-Auth-User-Id:%20root",
    "/public/%",
    "/public/%zz",
    "/public/%61dmin",
    "/public/a%252fb",
    "/public/a\tb",
    "http://gw.test/public/a",
    "http://evil.test/admin/panel",
    "https://gw.test:443/admin",
    "gw.test:80",
    "*",
    "public/a",
    "",
    "/public/a HTTP/1.1",
    "/public/a?\u{e9}",
    "/cut/v1",
    "/cut/v1/",
    "/cut/v1//x",
    "/cut/%2e%2e/admin",
];

/// Methods; the odd ones behind the ordinary.
pub const METHODS: &[&str] = &["GET", "GET", "GET", "POST", "POST", "PUT", "HEAD", "OPTIONS", "DELETE", "PATCH"];

/// Methods that are none, or not for us.
pub const ODD_METHODS: &[&str] =
    &["get", "TRACE", "CONNECT", "PRI", "G ET", "GET\t", "", "FOO", "GET:", "PROPFIND", "\u{0}GET"];

/// Versions that are none, or not for us.
pub const ODD_VERSIONS: &[&str] = &[
    "HTTP/1.0",
    "HTTP/1.0",
    "HTTP/0.9",
    "HTTP/2.0",
    "HTTP/1.2",
    "http/1.1",
    "HTTP/1.1 ",
    "HTTP/1.10",
    "HTTP/01.1",
    "",
    "HTTP/1",
];

/// Lines that name a host in a doubtful way.
pub const ODD_HOSTS: &[&str] = &[
    "Host: evil.test",
    "Host: gw.test\r\nHost: evil.test",
    "Host: gw.test, evil.test",
    "Host: gw.test@evil.test",
    "Host: gw.test/admin",
    "Host: gw.test:80:80",
    "Host: gw.test:0080",
    "Host: gw.test.",
    "Host: GW.Test:8000",
    "Host:gw.test",
    "Host: [::1]:80",
    "Host: [0:0::1]",
    "Host:",
    "Host : gw.test",
    "hOST: gw.test",
    "X-Host: evil.test\r\nHost: gw.test",
    "Host: gw.test\r\nX-Forwarded-Host: evil.test",
    " Host: evil.test\r\nHost: gw.test",
    "Host: gw.test\r\n evil.test",
    "Host: gw.test\tevil.test",
    "Host: a_b.test",
];

/// Fields that name an identity, or take one away.
pub const FORGERIES: &[&str] = &[
    "X-Auth-User-Id: root",
    "X-Auth-Subject: root",
    "X-Auth-Roles: admin",
    "x-auth-roles:admin",
    "X_Auth_User_Id: root",
    "X_AUTH_ROLES: admin",
    "X.Auth.User.Id: root",
    "X-Auth_User-Id: root",
    "X-Auth-User-Id\u{a0}: root",
    "X-Auth-User-Id : root",
    "X-Auth-User-Id\t: root",
    " X-Auth-User-Id: root",
    "X-A: b\r\n X-Auth-User-Id: root",
    "X-A: b\nX-Auth-User-Id: root",
    "X-A: b\rX-Auth-User-Id: root",
    "X-A: b\u{0}\r\nX-Auth-User-Id: root",
    "X-Request-Id: forged",
    "X_Request_Id: forged",
    "Connection: X-Auth-User-Id",
    "Connection: close, X-Auth-Subject, X-Request-Id",
    "Connection: Host",
    "Connection: Content-Length",
    "Connection: Transfer-Encoding",
    "Connection: keep-alive, Authorization",
    "Proxy-Connection: X-Auth-User-Id",
    "Keep-Alive: timeout=1",
    "X-Original-URL: /admin/panel",
    "X-Rewrite-URL: /admin/panel",
    "X-HTTP-Method-Override: DELETE",
    "X-Forwarded-For: 127.0.0.1",
    "Forwarded: for=127.0.0.1;host=evil.test",
];

/// Bodies; some look like something else.
pub const TEXTS: &[&str] =
    &["hello", "", "GET /admin/panel HTTP/1.1\r\nHost: gw.test\r\nX-Auth-User-Id: root\r\n\r\n", "0\r\n\r\n"];

/// What stands behind a value of HTTP/2, where a length and not a line says how long it is.
pub const INJECTIONS: &[&str] = &[
    "\r\nX-Auth-User-Id: root",
    "\r\n\r\nGET /admin/panel HTTP/1.1\r\nHost: gw.test\r\n\r\n",
    "\nTransfer-Encoding: chunked",
    "\r\nContent-Length: 0",
    "\u{0}",
    " ",
    "\t",
    " HTTP/1.1",
    ": x",
    "\u{ff}",
];

/// Lines that frame a body in a doubtful way.
pub const ODD_FRAMINGS: &[&str] = &[
    "Transfer-Encoding: chunked\r\nContent-Length: {n}",
    "Content-Length: {n}\r\nTransfer-Encoding: chunked",
    "Content-Length: {n}\r\nContent-Length: {n}",
    "Content-Length: {n}\r\nContent-Length: 0",
    "Content-Length: {n}, {n}",
    "Content-Length: +{n}",
    "Content-Length: 0{n}",
    "Content-Length: 0x{n}",
    "Content-Length: {n} ",
    "Content-Length:\t{n}",
    "Content-Length: -{n}",
    "Content-Length: {n}.0",
    "Content-Length: 18446744073709551617",
    "Content-Length:",
    "Content-Length : {n}",
    "Content_Length: {n}",
    "Content-Length: {n}\r\n 0",
    "Transfer-Encoding: gzip, chunked",
    "Transfer-Encoding: chunked, identity",
    "Transfer-Encoding: identity",
    "Transfer-Encoding: xchunked",
    "Transfer-Encoding: CHUNKED",
    "Transfer-Encoding : chunked",
    "Transfer-Encoding:\u{b}chunked",
    "Transfer-Encoding:\r\n chunked",
    "Transfer-Encoding: \"chunked\"",
    "Transfer-Encoding: chunked;x=1",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
    "Transfer_Encoding: chunked",
    "Transfer-Encoding: chunked\nX: y",
    "X: y\nTransfer-Encoding: chunked",
    "TE: trailers\r\nTransfer-Encoding: chunked",
    "Trailer: X-Auth-User-Id\r\nTransfer-Encoding: chunked",
];

/// Chunked bodies that are doubtful, broken, or hide a request.
pub const ODD_CHUNKS: &[&str] = &[
    "5\r\nhello\r\n0\r\n\r\n",
    "5;a=b\r\nhello\r\n0\r\n\r\n",
    "5;a=\"\r\n\"\r\nhello\r\n0\r\n\r\n",
    "5\nhello\n0\n\n",
    "5 \r\nhello\r\n0\r\n\r\n",
    " 5\r\nhello\r\n0\r\n\r\n",
    "05\r\nhello\r\n00\r\n\r\n",
    "0x5\r\nhello\r\n0\r\n\r\n",
    "+5\r\nhello\r\n0\r\n\r\n",
    "5\r\nhello0\r\n\r\n",
    "5\r\nhelloXX0\r\n\r\n",
    "5\r\nhello\r\n0\r\nX-Auth-User-Id: root\r\n\r\n",
    "5\r\nhello\r\n0\r\nContent-Length: 40\r\n\r\n",
    "5\r\nhello\r\n0\r\n X: folded\r\n\r\n",
    "5\r\nhello\r\n0;\r\n\r\n",
    "5\r\nhello\r\n\r\n",
    "\r\n",
    "100000000000000005\r\nhello\r\n0\r\n\r\n",
    "ffffffffffffffff\r\nhello\r\n0\r\n\r\n",
    "5\r\nhello\r\n0\r\n\r\nGET /admin/panel HTTP/1.1\r\nHost: gw.test\r\n\r\n",
    "2;\nxx\r\n0\r\n\r\n",
    "5\rhello\r\n0\r\n\r\n",
];

/// Fields of no consequence, and some that are only strange.
pub const FIELDS: &[&str] = &[
    "Accept: */*",
    "User-Agent: a",
    "Cookie: a=b; c=d",
    "Cookie: doorward=1",
    "X-Empty:",
    "X-Tab:\ta\tb",
    "X-Latin: caf\u{e9}",
    "X-Colon: a: b",
    "X-Colon:: b",
    "Connection: close",
    "Connection: keep-alive",
    "Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==",
    "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__",
    "Expect: 100-continue",
    "Expect: 200-ok",
    "Origin: https://evil.test",
    "Range: bytes=0-1",
    "Max-Forwards: 0",
    "Authorization: Basic YTpi",
    "No colon",
    ": no name",
    "X-(: y",
    "X-Long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
];

/// Bytes that separate, end or hide something.
pub const BYTES: &[u8] = b"\r\n\t :,;/\\%.?#@_-0159aAgGX\"'\x00\x01\x0b\x0c\x1f\x7f\x80\x85\xa0\xff";
