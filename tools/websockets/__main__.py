"""WebSockets of other makers at a gateway: `websockets` behind it, and its client, `ws` and Node's own before it.

`python tools/websockets GATEWAY`; WS names the folder where npm installed `ws`.
"""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import websockets

HERE = Path(__file__).parent
PYTHON = [sys.executable, "-B"]

# The rest of the file is what `doorward dev` brings.
CONFIG = """
[server]
listen = "127.0.0.1:8000"
[server.tls]
listen = "127.0.0.1:{tls}"
certificate = "{folder}/certificate.pem"
key = "{folder}/key.pem"
[keycloak]
issuer = "http://127.0.0.1:{realm}/realms/doorward"
client_id = "doorward"
client_secret = {{ env = "DOORWARD_CLIENT_SECRET" }}
audience = "doorward"
[users]
database = "sqlite:{folder}/doorward.db"
[[upstream]]
name = "app"
servers = ["http://127.0.0.1:{application}"]
[[route]]
path = "/public/*"
upstream = "app"
access = "public"
websocket = true
[[route]]
path = "/protected/*"
upstream = "app"
websocket = true
"""


def main(gateway):
    # Whoever is told to stop takes along what was started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        make_certificate(folder)
        application = start(stack, [*PYTHON, HERE / "application.py"], folder / "application.log")
        ports = {"tls": free_port(), "realm": free_port(), "application": json.loads(application.readline())["port"]}
        (folder / "doorward.toml").write_text(CONFIG.format(folder=folder, **ports))
        plain = serve(stack, gateway, folder, ports["realm"])
        bases = {"ws": f"ws://{plain}", "wss": f"wss://localhost:{ports['tls']}"}
        everything_passed = True
        for name, command in clients():
            for scheme, base in bases.items():
                for access in ("public", "protected"):
                    # Each brings a token of its own, so that none is over before its client is.
                    arguments = [f"{base}/{access}", log_in(plain) if access == "protected" else ""]
                    passed = call([*command, *arguments], folder / "certificate.pem", f"{name}, {scheme}, {access}")
                    everything_passed = passed and everything_passed
        if not everything_passed:
            for log in ("gateway.log", "application.log"):
                print(f"{log}:\n{(folder / log).read_text()[-2_000:]}", file=sys.stderr)
            sys.exit(1)


def clients():
    """What is called, and how. Node 20 has a WebSocket of its own too, but hides it."""
    yield f"websockets {websockets.__version__}", [*PYTHON, HERE / "client.py"]
    package = Path(os.environ["WS"]) / "node_modules/ws/package.json"
    yield f"ws {json.loads(package.read_text())['version']}", ["node", HERE / "client.mjs", "ws"]
    shows = subprocess.run(["node", "-p", "typeof WebSocket"], capture_output=True, check=True).stdout
    shown = [] if shows.strip() == b"function" else ["--experimental-websocket"]
    version = subprocess.run(["node", "--version"], capture_output=True, check=True, text=True).stdout.strip()
    yield f"Node {version}", ["node", "--no-warnings", *shown, HERE / "client.mjs", "own"]


def call(command, certificate, name):
    environment = {**os.environ, "NODE_EXTRA_CA_CERTS": str(certificate), "SSL_CERT_FILE": str(certificate)}
    try:
        done = subprocess.run(command, capture_output=True, env=environment, text=True, timeout=90)
    except subprocess.TimeoutExpired as late:
        print(f"{name}: no end after {late.timeout} s\n{(late.stderr or b'').decode()}", file=sys.stderr)
        return False
    if done.returncode != 0:
        print(f"{name}: failed\n{done.stdout}{done.stderr}", file=sys.stderr)
        return False
    print(f"{name}: {done.stdout.strip()}", flush=True)
    return True


def serve(stack, gateway, folder, realm):
    """Runs the gateway with the development realm, and returns its address without TLS."""
    listen = {"--listen": 0, "--admin-listen": 0, "--upstream-listen": 0, "--realm-listen": realm}
    options = [word for option, port in listen.items() for word in (option, f"127.0.0.1:{port}")]
    config = ["--json", "--data", folder, "--config", folder / "doorward.toml"]
    output = start(stack, [gateway, "dev", *config, *options], folder / "gateway.log")
    for line in output:
        told = json.loads(line)
        if "gateway" in told:
            return told["gateway"].removeprefix("http://")
    sys.exit(f"the gateway does not start:\n{(folder / 'gateway.log').read_text()}")


def start(stack, command, log):
    """Runs a program until the stack ends, and returns what it prints."""
    errors = stack.enter_context(log.open("w"))
    child = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True))
    stack.callback(child.kill)
    return child.stdout


def make_certificate(folder):
    names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
    what = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=localhost"]
    where = ["-keyout", folder / "key.pem", "-out", folder / "certificate.pem"]
    made = ["openssl", "req", "-x509", "-days", "1", *what, "-addext", names, *where]
    subprocess.run(made, check=True, capture_output=True)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def log_in(address):
    connection = http.client.HTTPConnection(address, timeout=10)
    credentials = {"username": "alice", "password": "alice-password"}
    connection.request("POST", "/auth/login", json.dumps(credentials), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status == 200, body
    return json.loads(body)["access_token"]


if __name__ == "__main__":
    main(sys.argv[1])
