"""The probes of a container: HTTP, TCP and commands, with thresholds as a kubelet counts them."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable

from support.cluster.containers import Container
from support.cluster.network import port_number


async def attempt(probe: dict, pod: dict, container: Container) -> tuple[bool, str]:
    """Probe once: whether it went well, and else why not."""
    seconds = probe.get("timeoutSeconds", 1)
    try:
        if "exec" in probe:
            code, printed = await container.execute(probe["exec"]["command"], seconds=seconds)
            return code == 0, printed.strip()
        if "httpGet" in probe:
            # Not `wait_for`, which forgets that it is cancelled where what it waits for ends in the same moment, as a
            # probe does when its container ends: nobody would ever see that pod end.
            async with asyncio.timeout(seconds):
                return await _http(probe["httpGet"], pod)
        if "tcpSocket" in probe:
            address = pod["status"]["podIP"], port_number(pod, probe["tcpSocket"]["port"])
            async with asyncio.timeout(seconds):
                _, writer = await asyncio.open_connection(*address)
            writer.close()
            return True, ""
    except TimeoutError:
        return False, "context deadline exceeded"
    except ConnectionRefusedError:
        return False, "connect: connection refused"
    except (OSError, ValueError, IndexError, asyncio.IncompleteReadError) as error:
        return False, str(error)
    return False, f"the stand-in knows no probe of this kind: {sorted(probe)}"


async def _http(get: dict, pod: dict) -> tuple[bool, str]:
    host, port = get.get("host") or pod["status"]["podIP"], port_number(pod, get["port"])
    context = None
    if get.get("scheme") == "HTTPS":
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    reader, writer = await asyncio.open_connection(host, port, ssl=context)
    try:
        headers = {"Host": f"{host}:{port}", "User-Agent": "kube-probe/1.32", "Accept": "*/*", "Connection": "close"}
        headers |= {each["name"]: each["value"] for each in get.get("httpHeaders") or ()}
        lines = [f"GET {get.get('path', '/')} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        first = (await reader.readline()).split()
        code = int(first[1])
        return 200 <= code < 400, f"HTTP probe failed with statuscode: {code}"
    finally:
        writer.close()


async def repeat(
    probe: dict,
    once: Callable[[], Awaitable[tuple[bool, str]]],
    *,
    passed: Callable[[], None],
    failed: Callable[[str, bool], None],
) -> None:
    """Probe until cancelled; tell of each success past its threshold, and of each failure, saying whether it is past.

    Args:
        once: probes once
        passed: called at each success that makes enough in a row
        failed: called at each failure with why, and whether it makes enough in a row
    """
    await asyncio.sleep(probe.get("initialDelaySeconds", 0))
    row = 0
    while True:
        well, why = await once()
        row = max(row, 0) + 1 if well else min(row, 0) - 1
        if well and row >= probe.get("successThreshold", 1):
            passed()
        elif not well:
            failed(why, -row >= probe.get("failureThreshold", 3))
        await asyncio.sleep(probe.get("periodSeconds", 10))
