"""Audit an archive of recorded payloads of any size, in constant memory.

Start with `examine` (validates one shard) and `run` (all shards, in several processes, with a checkpoint; the shards'
summaries add up to that of the archive). `sources` finds the files and cuts them into shards, `readers` reads them,
`ids` and `calls` check calls that occur more than once, and `cluster` runs the same functions on Dask. May import
`http` and below.
"""

from vocode_contract._lazy import map_names, on_demand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .run import audit as audit
    from .summary import Finding as Finding
    from .summary import PayloadPlace as PayloadPlace
    from .summary import Summary as Summary

_EXPORTS = map_names({"run": "audit", "summary": "Finding PayloadPlace Summary"})
__all__ = [*_EXPORTS]  # noqa: PLE0604 - names, but mypy reads them from the imports above
__getattr__ = on_demand(__name__, _EXPORTS)
