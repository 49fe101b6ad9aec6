"""The catalogue and Clerk's OpenAPI documents as plain facts, and what differs: for `drift` and for tests."""
