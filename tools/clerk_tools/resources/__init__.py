"""The declarations, one module for each of Clerk's resources."""
