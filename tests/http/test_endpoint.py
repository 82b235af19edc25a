import pytest

from vocode_contract.errors import InvalidOption
from vocode_contract.http.client.endpoint import Endpoint

SOUND = {
    "https://staging.example": "https://staging.example",
    "https://staging.example:443/": "https://staging.example",
    "HTTPS://Staging.Example:8443/api/": "https://staging.example:8443/api",
    "http://127.0.0.1:8000": "http://127.0.0.1:8000",
    "http://localhost": "http://localhost",
    "http://[::1]:8000/a/b": "http://[::1]:8000/a/b",
}
UNFIT = {
    "": "must start with https://",
    "staging.example": "must start with https://",
    "ftp://staging.example": "must start with https://",
    "file:///etc/passwd": "must start with https://",
    "http://staging.example": "machine; in a private network, --vocode-allow-http staging.example permits http",
    "http://127.0.0.1.example": "must start with https://, since it is not on this machine",
    "http://127.0.0.1.:8080": "must start with https://, since it is not on this machine",
    "http://localhost.": "is not a URL with a host",
    "http://api.localhost:8080": "must start with https://, since it is not on this machine",
    "http://2130706433": "must start with https://, since it is not on this machine",
    "https://user:hunter2@staging.example": "no user name",
    "https://hunter2@staging.example": "no user name",
    "https://staging.example?key=hunter2": "must end before '?'",
    "https://staging.example/?": "must end before '?'",
    "https://staging.example#hunter2": "must end before '?'",
    "https://staging.example:99999": "a port of 1 to 65535",
    "https://staging.example:0": "a port of 1 to 65535",
    "https://staging.example:hunter2": "a port of 1 to 65535",
    "https://": "a host",
    "https://[::1": "a host",
    "https://sta%67ing.example": "a host",
    "https://staging.example/a/../b": "path",
    "https://staging.example\\@evil.example": "characters",
    "https://staging.example\r\nX: y": "characters",
    "https://staging.exampl\u0435": "characters",
    "https://staging.example/" + "a" * 2_000: "too long",
}


@pytest.mark.parametrize("url", SOUND)
def test_endpoint_reads_as_the_url_that_it_stands_for(url):
    assert str(Endpoint.from_url(url)) == SOUND[url]


@pytest.mark.parametrize("url", UNFIT)
def test_endpoint_refuses_a_url_with_a_reason_and_without_showing_it(url):
    with pytest.raises(InvalidOption, match=UNFIT[url]) as caught:
        Endpoint.from_url(url, option="--vocode-url")
    assert str(caught.value).startswith("--vocode-url: ")
    assert "hunter2" not in str(caught.value)
    # No other exception, whose text may show the URL, is chained to it.
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_endpoint_cannot_be_built_so_that_a_token_travels_in_the_clear():
    with pytest.raises(InvalidOption, match="not on this machine"):
        Endpoint(scheme="http", host="staging.example", port=80)


def test_endpoint_takes_plain_http_for_the_host_that_is_named():
    endpoint = Endpoint.from_url("http://API:8000", http_hosts=("api",))
    assert (str(endpoint), endpoint.is_loopback) == ("http://api:8000", False)
    with pytest.raises(InvalidOption, match=r"--vocode-allow-http api\.other"):
        Endpoint.from_url("http://api.other:8000", http_hosts=("api",))


def test_endpoint_takes_no_plain_http_for_production():
    with pytest.raises(InvalidOption, match=r"must start with https://$"):
        Endpoint.from_url("http://api.vocode.dev", http_hosts=("api.vocode.dev",))
