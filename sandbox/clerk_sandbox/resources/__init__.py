"""One module for each Clerk resource: its operations, its rules, and the shape of its answers."""
