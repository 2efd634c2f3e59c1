import aiohttp
import pytest
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
