"""Configuration of Sphinx, which builds the site of the documentation: run ``tox run -e docs``."""

import sys
from functools import cache
from importlib.metadata import version as version_of

from docutils.nodes import Element, TextElement
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.domains.python import PythonDomain
from sphinx.environment import BuildEnvironment
from sphinx.pycode import ModuleAnalyzer
from sphinx.util.logging import getLogger

project = "vocode-contract"
author = "the vocode-contract authors"
release = version = version_of("vocode-contract")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
exclude_patterns = ["README.md"]  # part of `index.md`
smartquotes = False  # what is quoted here is mostly code

html_theme = "furo"
html_title = project
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False

myst_heading_anchors = 4  # the anchors of headings, as code hosts make them
copybutton_exclude = ".linenos, .gp, .go"  # neither prompts nor the output of a command

autoclass_content = "both"  # arguments are described in the docstring of `__init__`
autodoc_default_options = {"members": True}
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints_format = "short"
napoleon_attr_annotations = True
napoleon_use_ivar = True  # a list of attributes: each as an entry of its own takes an eighth of the build
napoleon_numpy_docstring = False
maximum_signature_line_length = 100
python_use_unqualified_type_names = True
default_role = "py:obj"  # what single backticks in docstrings mean: a link to a public name, else code
nitpicky = True
nitpick_ignore_regex = [
    ("py:obj", r"[a-z][\w.]*"),  # parameters, modules, and names of libraries
    ("py:class", r"(?!vocode_contract)\w+(\.\w+)*"),  # of the standard library, and of libraries
    ("py:obj", "ClusterExecutor"),  # of the extra `cluster`
    # In signatures of public names, but nobody has to name them.
    (
        "py:class",
        r"vocode_contract\..*\.(Callbacks|Done|Executor|FaultContext|LoggedRequest|SchemaStep|SimulatedResponse|Source|Task|TimedTurn|Turn)",
    ),
]


def setup(app: Sphinx) -> None:
    """Connect the handlers below."""
    app.connect("autodoc-process-docstring", add_comment)
    app.connect("autodoc-process-signature", simplify_signature)
    app.connect("missing-reference", link_public_name)


def add_comment(_app: Sphinx, what: str, name: str, value: object, _options: object, lines: list[str]) -> None:
    """Describe a constant by the comment above it, in the module that defines it."""
    if what != "data":
        return
    short = name.rpartition(".")[2]
    modules = [
        module
        for module, namespace in list(sys.modules.items())
        if module.startswith("vocode_contract.") and vars(namespace).get(short) is value
    ]
    comments = [ModuleAnalyzer.for_module(module).find_attr_docs().get(("", short), []) for module in modules]
    lines[:] = max(comments, key=len)
    if not lines:
        getLogger(__name__).warning("no comment above %s", name)


def simplify_signature(
    _app: Sphinx, _what: str, _name: str, _value: object, _options: object, arguments: str | None, returned: str | None
) -> tuple[str | None, str | None]:
    """Leave out what Sphinx cannot parse, the default of a field with a factory, and what says nothing."""
    if arguments == "(*args, **kwargs)":  # of a protocol
        return "", returned
    return arguments.replace("<factory>", "...") if arguments else arguments, returned


def link_public_name(app: Sphinx, env: BuildEnvironment, node: pending_xref, content: TextElement) -> Element | None:
    """Link a name to its description, which is in the package that exports it and not in the module that defines it."""
    domain = env.domains.python_domain
    name = _list_public_names(domain).get(node["reftarget"].rpartition(".")[2])
    return name and domain.resolve_xref(env, node["refdoc"], app.builder, "obj", name, node, content)


@cache
def _list_public_names(domain: PythonDomain) -> dict[str, str]:
    """Map the last part of each name, which stands for one thing in the package, to the whole name."""
    kinds = {"class", "exception", "function", "data"}
    return {name.rpartition(".")[2]: name for name, entry in domain.objects.items() if entry.objtype in kinds}
