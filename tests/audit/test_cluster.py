"""An audit on a real Dask scheduler with two worker processes, one of which is killed in mid-run.

Each runs in a process of its own: Dask changes how errors are pickled in the whole process.
"""

import subprocess
import sys
from importlib.util import find_spec

import pytest

from tests.audit.archives import call, write_lines
from vocode_contract.audit import sources
from vocode_contract.audit.run import audit

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("distributed") is None, reason="needs the extra 'cluster'"),
]

PROGRAM = """
import os, signal, sys
from functools import partial

from distributed import LocalCluster

from vocode_contract.audit import audit, sources
from vocode_contract.audit.cluster import ClusterExecutor

if __name__ == "__main__":
    result, *paths = sys.argv[1:]
    sources.cut_sources.__defaults__ = (10_000,)
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1") as cluster:
        victims = [next(iter(cluster.workers.values())).pid]

        def kill_one(label, done, total):
            if label == "examining" and done and victims:
                os.kill(victims.pop(), signal.SIGKILL)

        executor = partial(ClusterExecutor, address=cluster.scheduler_address)
        summary = audit(paths, executor=executor, progress=kill_one).summary
    assert not victims
    with open(result, "wb") as file:
        file.write(summary.to_bytes())
"""


def test_cluster_gives_the_same_summary_though_a_worker_is_killed(tmp_path, monkeypatch):
    paths = [
        write_lines(tmp_path / f"{file}.jsonl", [call(number, status="ended") for number in range(file, file + 12)])
        for file in range(4)
    ]
    program, result = tmp_path / "program.py", tmp_path / "summary.json"
    program.write_text(PROGRAM)
    done = subprocess.run(
        [sys.executable, program, result, *paths], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    monkeypatch.setattr(sources.cut_sources, "__defaults__", (10_000,))
    alone = audit(paths).summary
    assert result.read_bytes() == alone.to_bytes()
    assert alone.repeated == 13


def test_cluster_without_a_scheduler_is_refused(tmp_path):
    path = write_lines(tmp_path / "x.jsonl", [call(1)])
    done = subprocess.run(
        [sys.executable, "-m", "vocode_contract", "audit", "--cluster", "tcp://127.0.0.1:1", path],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 2
    assert "--cluster: no Dask scheduler at this address" in done.stderr
    assert "Traceback" not in done.stderr
