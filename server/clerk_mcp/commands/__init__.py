"""The subcommands for people; the server itself imports none of them."""
