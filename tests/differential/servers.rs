//! Other makers' HTTP/1 servers, and what each makes of a stream of requests.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::support::gateway::free_address;
use crate::support::http::{Framing, Reader, framing, values};
use crate::support::patience::wait_for;

/// A server that says what it saw in the fields of its answer.
pub struct Server {
    /// Who made it.
    pub name: &'static str,
    address: SocketAddr,
    child: Child,
}

/// A request as a server understood it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The method.
    pub method: String,
    /// The request target.
    pub target: String,
    /// `Host`.
    pub host: String,
    /// `X-Request-Id`.
    pub id: String,
    /// Fields that name an identity, whatever their spelling, without the empty ones.
    pub identity: Vec<String>,
    /// How long the body was; nginx does not say.
    pub body: Option<u64>,
}

/// What a server made of a stream.
#[derive(Debug)]
pub struct Reading {
    /// The requests that it answered.
    pub seen: Vec<Seen>,
    /// The first answer that refuses something.
    pub refused: Option<String>,
    /// Whether it saw the request that was put behind a whole stream.
    pub in_step: bool,
}

impl Server {
    /// nginx, Node and Go's net/http; what they need is kept in the directory.
    pub fn start_all(directory: &Path) -> Vec<Self> {
        vec![Self::nginx(directory), Self::node(), Self::go(directory)]
    }

    fn nginx(directory: &Path) -> Self {
        let address = free_address();
        let file = directory.join("nginx.conf");
        fs::write(
            &file,
            NGINX.replace("{dir}", directory.to_str().unwrap()).replace("{address}", &address.to_string()),
        )
        .unwrap();
        let path = format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap());
        let mut command = Command::new("nginx");
        command.env("PATH", path).arg("-p").arg(directory).arg("-c").arg(&file).arg("-e").arg(directory.join("error"));
        let child = command.stdin(Stdio::null()).spawn().expect("nginx is installed (tools/install)");
        wait_for("nginx", || TcpStream::connect(address).ok());
        Self { name: "nginx", address, child }
    }

    fn node() -> Self {
        let mut command = Command::new("node");
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/differential/server.js"));
        Self::told("Node", command)
    }

    fn go(directory: &Path) -> Self {
        let program = directory.join("go-server");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/differential/server.go");
        let mut build = Command::new("go");
        build.env("GOTOOLCHAIN", "local").env("GOFLAGS", "").env("GO111MODULE", "off").current_dir(directory);
        let built = build.arg("build").arg("-o").arg(&program).arg(source).status();
        assert!(built.expect("Go is installed (tools/install)").success());
        Self::told("Go", Command::new(program))
    }

    /// A server that prints where it listens, and ends with its standard input.
    fn told(name: &'static str, mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect(name);
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { name, address: line.trim().parse().unwrap(), child }
    }

    /// Sends it a stream; behind a whole one comes a request that shows whether it is still in step.
    pub fn read(&self, stream: &[u8], whole: bool) -> Reading {
        let connection = TcpStream::connect(self.address).unwrap();
        connection.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut writer = connection.try_clone().unwrap();
        let mut sent = stream.to_vec();
        if whole {
            sent.extend(b"GET /end HTTP/1.1\r\nHost: end\r\nX-Request-Id: end\r\nConnection: close\r\n\r\n");
        }
        let sending = thread::spawn(move || {
            let _ = writer.write_all(&sent);
            if !whole {
                let _ = writer.shutdown(Shutdown::Write);
            }
        });
        let mut reading = self.answers(connection);
        sending.join().unwrap();
        reading.in_step = reading.seen.last().is_some_and(|seen| seen.id == "end");
        if reading.in_step {
            reading.seen.pop();
        }
        reading
    }

    fn answers(&self, connection: TcpStream) -> Reading {
        let mut reader = Reader::new(connection);
        let mut reading = Reading { seen: vec![], refused: None, in_step: false };
        while let Ok(Some(head)) = reader.head() {
            let value = |name: &str| values(&head, name).join("|");
            if !head.starts_with(b"HTTP/1.1 200") {
                reading.refused = Some(String::from_utf8_lossy(&head).lines().next().unwrap_or_default().to_owned());
                break;
            }
            let given = value("Seen-Identity");
            let mut identity: Vec<String> =
                given.split(';').filter(|entry| !entry.ends_with('=')).map(str::to_owned).collect();
            identity.retain(|entry| !entry.is_empty());
            let method = value("Seen-Method");
            let length = if method == "HEAD" { Framing::Length(0) } else { framing(&head, Framing::Length(0)) };
            reading.seen.push(Seen {
                method,
                target: value("Seen-Target"),
                host: value("Seen-Host"),
                id: value("Seen-Id"),
                identity,
                body: value("Seen-Body").parse().ok(),
            });
            if reader.body(length, |_| {}).is_err() {
                break;
            }
        }
        reading
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// As lenient as nginx can be made; every field is also seen as a CGI program would see it.
const NGINX: &str = r#"
daemon off;
master_process off;
pid {dir}/nginx.pid;
error_log /dev/null crit;
events { worker_connections 512; }
http {
  access_log off;
  client_body_temp_path {dir}/body;
  proxy_temp_path {dir}/proxy;
  fastcgi_temp_path {dir}/fastcgi;
  uwsgi_temp_path {dir}/uwsgi;
  scgi_temp_path {dir}/scgi;
  keepalive_requests 100000000;
  client_max_body_size 0;
  large_client_header_buffers 16 64k;
  underscores_in_headers on;
  ignore_invalid_headers off;
  merge_slashes off;
  server {
    listen {address};
    add_header Seen-Method $request_method always;
    add_header Seen-Target $request_uri always;
    add_header Seen-Host $http_host always;
    add_header Seen-Id $http_x_request_id always;
    add_header Seen-Identity "x-auth-email=$http_x_auth_email;x-auth-permissions=$http_x_auth_permissions;x-auth-roles=$http_x_auth_roles;x-auth-subject=$http_x_auth_subject;x-auth-user-id=$http_x_auth_user_id;x-auth-username=$http_x_auth_username" always;
    location / { return 200 "x"; }
  }
}
"#;
