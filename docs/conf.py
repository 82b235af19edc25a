"""Configuration of Sphinx, which builds the site of the documentation: run ``tox run -e docs``."""

from importlib.metadata import version as version_of

project = "vocode-contract"
author = "the vocode-contract authors"
release = version = version_of("vocode-contract")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
exclude_patterns = ["README.md"]  # part of `index.md`
nitpicky = True
smartquotes = False  # what is quoted here is mostly code

html_theme = "furo"
html_title = project
html_copy_source = False
html_show_sourcelink = False

myst_heading_anchors = 4  # the anchors of headings, as code hosts make them
copybutton_exclude = ".linenos, .gp, .go"  # neither prompts nor the output of a command
