"""The simulator's HTTP side: the server, its control plane and page, and an in-process httpx transport."""
