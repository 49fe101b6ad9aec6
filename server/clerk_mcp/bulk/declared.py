"""The tools of this room, declared like Clerk's operations: all that a listing needs of it."""

from __future__ import annotations

from clerk_mcp.calling import Calls
from clerk_tools.argument import JsonObject, Query, arg
from clerk_tools.operation import Operation


class ListAll(
    Operation,
    id="list_all",
    get="/",
    text=True,
    words="list all, list everything, all pages, all of them, count users by month, count by day, sign-ups "
    "per week, new users per month, group by, how many per domain, how many of each, statistics, "
    "histogram, breakdown, report, filter by any field, users without a field, cohort, duplicates, "
    "export all users, find across pages",
):
    """Read a list operation over ALL its pages in one call, keep the records that a condition holds for, and
    show or count them. Users who never signed in, by month: operation Users_listSortedByCreationDate, where
    `last_sign_in_at == null`, group `count by month(created_at)`. Admins of every organization: operation
    OrganizationMemberships_getAllMembers without organization_id, where `role == "org:admin"`."""

    operation: Query[str] = arg("Id of an operation that lists")
    arguments: Query[JsonObject] = arg("Its filters", optional=True)
    where: Query[str] = arg(
        '==, !=, <, <=, >, >=, in ("a", "b"), contains, startswith, endswith, and, or, not, ( ); a.b goes '
        "into objects and lists; domain(email); null is missing or empty; times as "
        '"2026-01-31" or "90 days ago"',
        optional=True,
    )
    group: Query[str] = arg(
        "`count`, sum(x), avg(x), min(x), max(x); `by` up to 3 fields, hour() to year() of a time or "
        "domain() of an email; `having count > 1`; `top 10`",
        optional=True,
    )
    below: Query[JsonObject] = arg(
        "Which parents to read it for, where its organization_id or user_id is left out: "
        '{"where": …, "arguments": …}; {} is all',
        optional=True,
    )
    fields: Query[list[str]] = arg("Raw fields, or *", optional=True)
    to: Query[str] = arg("Write all of it to this .csv, .jsonl or .json file instead", optional=True)
    overwrite: Query[bool] = arg("Replace that file", optional=True)


class RunEach(
    Operation,
    id="run_each",
    post="/",
    effect="destroy",
    words="change many, bulk, for each, all of them, everybody, tag users, invite many people, import users, "
    "revoke all invitations, sign everybody out, migrate, undo many, batch",
):
    """Run one operation over many items: first a plan that changes nothing, with a `confirm` token; then,
    with that token alone, the run. A long run goes on by itself; ask with `run`. Plan pro for all at
    example.com: operation Users_mergeUserMetadataAttributes, arguments {"public_metadata": {"plan": "pro"}},
    over {"operation": "Users_listSortedByCreationDate", "where": "email_addresses.email_address endswith
    '@example.com'"}."""

    operation: Query[str] = arg("Id of an operation that changes something", optional=True)
    items: Query[list[JsonObject]] = arg("Its arguments, one object for each call", optional=True)
    over: Query[JsonObject] = arg(
        "Or what a list_all finds: its operation, arguments, where, below", optional=True
    )
    file: Query[str] = arg("Or the rows of a .csv or .jsonl file", optional=True)
    map: Query[JsonObject] = arg(
        'Argument: field of each record, such as {"user_id": "id"}; ids that follow may be left out',
        optional=True,
    )
    arguments: Query[JsonObject] = arg("Arguments that are the same for all", optional=True)
    run: Query[str] = arg("Id of a run, to see it or to go on with it", optional=True)
    stop: Query[bool] = arg("End that run between two items", optional=True)
    stop_after: Query[int] = arg("Failures after which a run stops", optional=True, ge=1)


class Compare(
    Operation,
    id="compare",
    get="/",
    text=True,
    words="what differs between development and production, diff of two instances, works in development"
    " only, is production set up like development, compare dev and prod",
):
    """What differs between this Clerk instance and another that is served here: instance settings, roles,
    permissions, JWT templates, redirect URLs, domains, OAuth applications, enterprise connections; matched
    by key, name or URL. Only reads."""

    other: Query[str] = arg("Name of the other instance")


Peers = dict[str, Calls]
"""What runs calls on each instance that one server serves, by their names."""
