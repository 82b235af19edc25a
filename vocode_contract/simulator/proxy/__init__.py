"""The proxy: passes an application's traffic to a server unchanged, and checks each exchange on the way.

It is a server on loopback, so it lives beside the simulator's, whose listener, log and page it shares. Start with
`relay` (what is passed on, and when) and `inspector` (what is sent at all, and what is said of the response).
"""
