"""An audit on a real Dask scheduler with two worker processes, one of which is killed in mid-run."""

import os
import signal
from functools import partial

import pytest
from distributed import LocalCluster

from tests.audit.archives import call, write_lines
from vocode_contract.audit import sources
from vocode_contract.audit.cluster import ClusterExecutor
from vocode_contract.audit.run import audit
from vocode_contract.errors import InvalidOption

pytestmark = [
    pytest.mark.slow,
    # Of distributed itself, when a worker is killed.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def test_cluster_gives_the_same_summary_though_a_worker_is_killed(tmp_path, monkeypatch):
    paths = [
        write_lines(tmp_path / f"{file}.jsonl", [call(number, status="ended") for number in range(file, file + 12)])
        for file in range(4)
    ]
    monkeypatch.setattr(sources.cut, "__defaults__", (10_000,))
    alone = audit(paths).summary
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1") as cluster:
        victim = next(iter(cluster.workers.values())).pid
        killed: list[int] = []

        def kill_one(label: str, done: int, _total: int) -> None:
            if label == "examining" and done and not killed:
                killed.append(victim)
                os.kill(victim, signal.SIGKILL)

        together = audit(
            paths, executor=partial(ClusterExecutor, address=cluster.scheduler_address), progress=kill_one
        ).summary
    assert killed == [victim]
    assert together.to_bytes() == alone.to_bytes()
    assert together.repeated == 13


def test_cluster_without_a_scheduler_is_refused(tmp_path):
    with pytest.raises(InvalidOption, match="no Dask scheduler"):
        audit(
            [write_lines(tmp_path / "x.jsonl", [call(1)])],
            executor=partial(ClusterExecutor, address="tcp://127.0.0.1:1"),
        )
