import socket

import pytest


@pytest.mark.parametrize("method", ["connect", "connect_ex"])
@pytest.mark.parametrize("host", ["192.0.2.1", "example.invalid", "169.254.169.254"])
def test_connection_beyond_loopback_is_blocked(method, host):
    with socket.socket() as one, pytest.raises(AssertionError, match="beyond loopback"):
        getattr(one, method)((host, 9))


def test_name_beyond_loopback_is_not_looked_up():
    with pytest.raises(AssertionError, match="beyond loopback"):
        socket.create_connection(("example.invalid", 80))


def test_datagram_beyond_loopback_is_blocked():
    with socket.socket(type=socket.SOCK_DGRAM) as one, pytest.raises(AssertionError, match="beyond loopback"):
        one.sendto(b"", ("192.0.2.1", 9))


def test_loopback_is_open():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as one:
        assert one.getpeername() == server.getsockname()
