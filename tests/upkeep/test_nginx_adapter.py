"""The adapter of nginx, beside a real one: what it says of its certificate, and of a log that is moved away."""

import contextlib
import json
import shutil
import ssl
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.adapter import Adapter, running
from support.nginx import NginxServer
from support.ports import free_port, wait_until
from support.seeing import exported_by

from actinf.errors import SettingError
from actinf.upkeep.adapters.access_log import AccessLog
from actinf.upkeep.adapters.certificate import not_after
from actinf.upkeep.adapters.nginx import NginxSubject

CONFIG = """
    log_format requests escape=json '{{"classification":"$arg_is","status":$status}}';
    server {{
        listen 127.0.0.1:{https} ssl;
        ssl_certificate {folder}/tls.crt;
        ssl_certificate_key {folder}/tls.key;
        return 404;
    }}
    server {{
        listen 127.0.0.1:{http};
        access_log {folder}/requests.log requests;
        location = /nginx-status {{ access_log off; stub_status; }}
        location = /fails {{ return 503; }}
        location / {{ return 200; }}
    }}
"""


def certificate(folder: Path, *, days: int) -> Path:
    """A certificate that nobody signed but itself."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: certificates are not tried")
    key, made = folder / "tls.key", folder / "tls.crt"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-days", str(days), "-subj", "/CN=api.active-inference.com", "-keyout", key, "-out", made],
        check=True, capture_output=True,
    )  # fmt: skip
    return made


def end_by_openssl(path: Path) -> float:
    command = ["openssl", "x509", "-in", path, "-noout", "-enddate"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip().partition("=")[2]
    return datetime.strptime(said, "%b %d %H:%M:%S %Y %Z").replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize("days", [1, 90, 20_000], ids=["tomorrow", "as usual", "written with four digits of a year"])
def test_the_end_of_a_certificate_is_what_openssl_says(tmp_path: Path, days: int) -> None:
    made = certificate(tmp_path, days=days)
    assert not_after(ssl.PEM_cert_to_DER_cert(made.read_text())) == end_by_openssl(made)


@given(st.binary(max_size=200), st.integers(0, 60))
def test_what_is_no_certificate_is_a_mistake_and_nothing_else(noise: bytes, nested: int) -> None:
    wrapped = noise
    for _ in range(nested % 4):
        wrapped = bytes([0x30, min(len(wrapped), 127)]) + wrapped[:127]
    with pytest.raises(ValueError, match="no certificate"):
        not_after(wrapped)


@pytest.fixture
def proxy(tmp_path: Path, nginx_server: Callable[..., NginxServer]) -> Iterator[tuple[NginxServer, Adapter, Path, str]]:
    made = certificate(tmp_path, days=10)
    https, http = free_port(), free_port()
    server = nginx_server(CONFIG.format(folder=tmp_path, https=https, http=http), port=http)
    flags = ["--status", f"http://127.0.0.1:{http}/nginx-status", "--tls", f"https://127.0.0.1:{https}"]
    with running(Adapter("nginx", tmp_path, *flags, "--log", tmp_path / "requests.log")) as adapter:
        adapter.wait_for(200)
        yield server, adapter, made, f"http://127.0.0.1:{http}"


def test_it_tells_of_certificate_connections_and_requests_and_of_an_nginx_that_is_gone(
    proxy: tuple[NginxServer, Adapter, Path, str],
) -> None:
    server, adapter, made, url = proxy
    for path in ("/", "/?is=normal", "/fails?is=attack", "/?is=suspicious", "/?is=unauthorized"):
        httpx.get(f"{url}{path}")
    wait_until(
        lambda: adapter.metrics().get("actinf_access_log_requests_total", {}).get(("200",)) == 4, "the log is counted"
    )
    found = adapter.metrics()
    assert found["probe_ssl_earliest_cert_expiry"] == {(): end_by_openssl(made)}
    assert found["nginx_up"] == {(): 1}
    assert found["nginx_connections_active"][()] >= 1
    assert found["nginx_http_requests_total"][()] >= 5
    assert found["actinf_access_log_requests_total"] == {("200",): 4, ("503",): 1}
    assert found["actinf_access_log_flagged_total"] == {("unauthorized",): 1, ("suspicious",): 1, ("attack",): 1}
    assert exported_by("nginx") <= set(found)
    server.stop()
    adapter.wait_for(503, "nginx does not answer")
    assert adapter.metrics()["nginx_up"] == {(): 0}
    assert adapter.metrics()["actinf_access_log_requests_total"] == {("200",): 4, ("503",): 1}


def line(status: int, words: str = "normal") -> str:
    return json.dumps({"status": status, "classification": words}) + "\n"


@pytest.fixture
def log(tmp_path: Path) -> Iterator[AccessLog]:
    with contextlib.closing(AccessLog(tmp_path / "access.log")) as opened:
        yield opened


def test_a_log_is_counted_from_its_end_on_once_and_through_being_moved(tmp_path: Path, log: AccessLog) -> None:
    path = tmp_path / "access.log"
    path.write_text(line(200) * 5)
    log.read()
    assert log.statuses == {}
    whole = line(401, "unauthorized")
    with path.open("a") as file:
        file.write(line(200) + "{}\nno json\n" + whole[:20])
    log.read()
    assert log.statuses == {"200": 1}
    with path.open("a") as file:
        file.write(whole[20:])
    log.read()
    log.read()
    assert log.statuses == {"200": 1, "401": 1}
    assert log.words["unauthorized"] == 1
    with path.open("a") as file:
        file.write(line(500))
    path.rename(tmp_path / "access.log.1")
    path.write_text(line(200, "attack"))
    log.read()
    log.read()
    assert log.statuses == {"200": 2, "401": 1, "500": 1}
    assert log.words["attack"] == 1
    path.write_text(line(302, ""))  # emptied, and begun anew
    log.read()
    log.read()
    assert log.statuses["302"] == 1


def test_a_line_with_bytes_that_are_no_text_is_counted_too(tmp_path: Path, log: AccessLog) -> None:
    path = tmp_path / "access.log"
    path.write_bytes(b"")
    log.read()
    path.write_bytes(b'{"status":404,"classification":"attack","path":"/\xff\xfe"}\n')
    log.read()
    assert log.statuses == {"404": 1}
    assert log.words["attack"] == 1


def test_a_log_that_is_not_there_yet_is_counted_from_its_beginning(tmp_path: Path, log: AccessLog) -> None:
    log.read()
    (tmp_path / "access.log").write_text(line(200))
    log.read()
    assert log.statuses == {"200": 1}


@pytest.mark.parametrize(
    ("status", "tls"), [("nginx", None), ("http://", None), ("http://nginx/status", "nginx:8443"), ("http://[", None)]
)
def test_an_address_that_makes_no_sense_is_refused(tmp_path: Path, status: str, tls: str | None) -> None:
    with pytest.raises(SettingError, match="no address of nginx"):
        NginxSubject(status, tls=tls, server_name=None, log=tmp_path / "access.log")
