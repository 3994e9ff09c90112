"""The servers that tests are given: what other tests take for granted about them."""

import http.server
import shutil
import threading
import urllib.request

import psycopg
import pytest
import redis
from support.ports import free_port, is_open
from support.postgres import fresh_database
from support.redis import RedisServer


def test_each_database_is_empty_and_gone_afterwards(postgres_server) -> None:
    with fresh_database(postgres_server) as first, fresh_database(postgres_server) as second:
        with psycopg.connect(first) as connection:
            connection.execute("CREATE TABLE mine (n int)")
        with psycopg.connect(second) as connection:
            assert connection.execute("SELECT to_regclass('mine')").fetchone() == (None,)
            still_connected = psycopg.connect(first)
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(first)
    still_connected.close()


def test_a_test_can_be_given_a_database(database_url) -> None:
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SHOW fsync").fetchone() == ("off",)


def test_redis_can_be_killed_and_started_again_at_the_same_address(redis_server) -> None:
    with redis.Redis.from_url(redis_server.url) as client:
        client.set("belief", "0.5")
        redis_server.kill()
        assert not is_open(redis_server.port)
        with pytest.raises(redis.ConnectionError):
            client.get("belief")
        redis_server.start()
        assert client.get("belief") is None


def test_without_redis_on_the_system_valkey_serves(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    server = RedisServer(tmp_path)
    server.start()
    try:
        with redis.Redis.from_url(server.url) as client:
            assert "valkey_version" in client.info("server")
    finally:
        server.stop()


def test_nginx_passes_requests_on_and_logs_them(nginx_server) -> None:
    behind = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
    thread = threading.Thread(target=behind.serve_forever)
    thread.start()
    try:
        port = free_port()
        nginx = nginx_server(
            f"server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://127.0.0.1:{behind.server_port}; }} }}",
            port=port,
        )
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as reply:
            assert reply.status == 200
        nginx.stop()
        assert '"GET / HTTP/1.1" 200' in nginx.access_log.read_text()
    finally:
        behind.shutdown()
        thread.join()
        behind.server_close()


def test_a_server_that_cannot_start_is_quoted(nginx_server) -> None:
    with pytest.raises(AssertionError, match='unknown directive "nonsense"'):
        nginx_server("nonsense;", port=free_port())
