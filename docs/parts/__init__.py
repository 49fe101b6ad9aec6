"""What `docs/generate.py` puts into the documents, one module for each kind of page."""
