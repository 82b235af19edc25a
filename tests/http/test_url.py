"""URLs in messages: nothing of them may be a secret."""

import pytest

from vocode_contract.http.url import hide_credentials

PLAIN = [
    "https://host.example/v1",
    "http://127.0.0.1:8080/a@b.jsonl",
    "s3://bucket/2024/calls.jsonl.gz",
    "zip://a.jsonl::https://host.example/a.zip",
    "http://[2001:db8::1]:8080/a.jsonl",
]


@pytest.mark.parametrize("url", PLAIN)
def test_url_without_credentials_is_shown_as_it_is(url):
    assert hide_credentials(url) == url


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://user:hush@host.example/a", "http://***@host.example/a"),
        ("http://hush@host.example/a", "http://***@host.example/a"),
        ("http://user:hu@sh/hush@host.example/a", "http://***@host.example/a"),
        ("http://user:hu?sh@host.example/a", "http://***@host.example/a"),
        ("user:hush@host.example", "***@host.example"),
        ("https:/user:hush@host.example", "https:/***@host.example"),
        ("https://host.example/a?key=hush", "https://host.example/a?***"),
        ("https://host.example/a#hush", "https://host.example/a#***"),
        ("https://host.example/a;key=hush", "https://host.example/a;***"),
        ("zip://a::http://user:hush@host.example/a?b", "zip://a::http://***@host.example/a?***"),
        ("zip://a#hush::simplecache::ftp://user:hush@h/a", "zip://a#***::simplecache::ftp://***@h/a"),
        ("https://proxy.example/http://user:hush@host.example/a", "https://proxy.example/http://***@host.example/a"),
        ("http://user:hush@[2001:db8::1]/a?hush", "http://***@[2001:db8::1]/a?***"),
    ],
)
def test_url_is_shown_without_credentials_wherever_they_are(url, shown):
    assert hide_credentials(url) == shown
