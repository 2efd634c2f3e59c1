import socket

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from core.errors import said


def test_an_error_is_told_by_its_kind_and_words() -> None:
    assert said(ConnectionResetError("by peer")) == "ConnectionResetError: by peer"
    assert said(TimeoutError()) == "TimeoutError"


@pytest.mark.parametrize("kind", [aiohttp.ContentTypeError, aiohttp.WSServerHandshakeError])
def test_the_request_of_a_failed_answer_is_not_told(
    kind: type[aiohttp.ClientResponseError],
) -> None:
    headers = CIMultiDictProxy(CIMultiDict({"Authorization": "Bot hush"}))
    url = URL("http://host/api?ticket=hush")
    request = aiohttp.RequestInfo(url, "GET", headers, url)
    error = kind(request, (), status=502, message="Bad Gateway", headers=headers)
    assert "hush" in repr(error)
    assert said(error) == f"{kind.__name__}: HTTP 502 Bad Gateway"


@pytest.mark.parametrize("path", ["/webhooks/1/hush", "/bot1:hush/getMe and", "?token=hush"])
def test_of_an_address_only_the_host_is_told(path: str) -> None:
    error = aiohttp.ClientOSError(None, f"Cannot write to https://chat.example:8443{path}")
    assert "hush" not in said(error)
    assert "Cannot write to https://chat.example:8443/…" in said(error)


def test_a_name_that_cannot_be_looked_up_is_told_without_the_library_s_words() -> None:
    lost = socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
    key = ConnectionKey(
        host="chat.example", port=443, is_ssl=True, ssl=True, proxy=None, proxy_auth=None,
        proxy_headers_hash=None,
    )  # fmt: skip
    wrapped = aiohttp.ClientConnectorDNSError(key, lost)
    words = "cannot be looked up (Temporary failure in name resolution)"
    assert said(wrapped) == f"the name chat.example {words}"
    assert said(lost) == f"the name of the host {words}"
    around = RuntimeError("the library's own")
    around.__cause__ = lost
    assert said(around) == f"the name of the host {words}"
