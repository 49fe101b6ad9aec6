"""Sphinx's settings. `make docs` makes every warning an error, so a dead reference stops it."""

project = "clerk-mcp"
extensions = ["myst_parser"]
exclude_patterns = ["parts"]

# Anchors of headings, as GitHub makes them: the pages read the same there.
myst_heading_anchors = 3

html_theme = "furo"
html_title = "clerk-mcp"
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
