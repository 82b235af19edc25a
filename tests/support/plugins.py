"""What is installed, without importing it, and options by which runs of pytest inside tests load our plugin."""

from importlib.metadata import entry_points
from importlib.util import find_spec

import pytest

LOADED = any(found.value == "vocode_contract.pytest_plugin" for found in entry_points(group="pytest11"))
#: For runs in this process, which load what is installed.
PLUGIN = [] if LOADED else ["-p", "vocode_contract.pytest_plugin"]
#: For runs in processes of their own: to load all that is installed, which they do not use, takes most of their start.
APART = ["--disable-plugin-autoload", "-p", "vocode_contract.pytest_plugin"]
if find_spec("xdist"):
    APART += ["-p", "xdist"]


def needs(*modules: str) -> pytest.MarkDecorator:
    """Return a mark that skips tests where a module is not installed.

    `pytest.importorskip` imports it, in each process of a run although one alone runs the tests.
    """
    missing = [module for module in modules if find_spec(module) is None]
    return pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}")
