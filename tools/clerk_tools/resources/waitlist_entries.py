"""The waitlist: people who asked to be let in, and what was decided about them."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from clerk_tools.argument import Body, Id, Kind, Nested, Path, Query, arg
from clerk_tools.hits import Hit, Look, first_with, inside, records, thing
from clerk_tools.operation import Operation, Paged
from clerk_tools.spec import Demo, Example
from clerk_tools.view import View

SYNONYMS: Final = {
    "waitlist": "waiting list, queue, wait list, signup queue, early access, beta list, interest list, "
    "preregistration",
}

WaitlistEntryId = Annotated[
    Id, Kind("waitlist entry", found_by="ListWaitlistEntries", prefix="wle_", names=("email_address",))
]

VIEWS = {
    "waitlist_entry": View(
        ("id", "email_address", "status"),
        flags=("is_locked",),
        times=("created_at",),
        inside={"invitation": View(("id", "status"), times=("expires_at",))},
    ),
}


class ListWaitlistEntries(
    Paged,
    id="ListWaitlistEntries",
    version="2021-02-05",
    get="/waitlist_entries",
    pages="waitlist_entry",
    words="who is on the waitlist, who is waiting, people waiting for access, pending waitlist, show "
    "the waitlist, who wants access, who asked for access, people in line",
    example=Example({"status": "pending", "order_by": "+created_at"}),
):
    """The waitlist, newest first: who waits, was invited, joined (completed) or was rejected."""

    query: Query[str] = arg("Part of an address, or an id", optional=True)
    status: Query[Literal["pending", "invited", "completed", "rejected"]] = arg(optional=True)
    order_by: Query[str] = arg("created_at, invited_at or email_address; - descends", default="-created_at")


class CreateWaitlistEntry(
    Operation,
    id="CreateWaitlistEntry",
    version="2021-02-05",
    post="/waitlist_entries",
    together="CreateBulkWaitlistEntries",
    returns="waitlist_entry",
    sends_mail="notify",
    words="put somebody on the waitlist, add to the waiting list, join the waitlist, add to the "
    "waitlist, sign somebody up for early access, put an address in line",
    example=Example({"email_address": "noor+clerk_test@example.com", "notify": False}),
):
    """Put somebody on the waitlist. SENDS MAIL that confirms it, unless `notify` is false."""

    email_address: Body[str] = arg()
    notify: Body[bool] = arg(default=True, nullable=True)


class NewWaitlistEntry(Nested):
    """Somebody to put on the waitlist."""

    email_address: str = arg()
    notify: bool = arg(default=True, nullable=True)


class CreateBulkWaitlistEntries(
    Operation,
    id="CreateBulkWaitlistEntries",
    version="2025-11-10",
    post="/waitlist_entries/bulk",
    lists="waitlist_entry",
    array_body=True,
    sends_mail=True,
    words="put many people on the waitlist, import a waitlist, bulk waitlist, add many to the waitlist, "
    "put these addresses on the waitlist, several to the waitlist",
    example=Example({"waitlist_entries": [{"email_address": "ana+clerk_test@example.com", "notify": False}]}),
):
    """Put up to 50 people on the waitlist, all or none. SENDS MAIL to each whose `notify` is not false."""

    waitlist_entries: Body[list[NewWaitlistEntry]] = arg(optional=True, min_length=1, max_length=50)


class DeleteWaitlistEntry(
    Operation,
    id="DeleteWaitlistEntry",
    version="2021-02-05",
    delete="/waitlist_entries/{waitlist_entry_id}",
    returns="deleted",
    words="take somebody off the waitlist, remove from the waiting list, delete a waitlist entry, "
    "remove from the waitlist, erase somebody from the waitlist",
    example=Example({"waitlist_entry_id": Demo("mara's waitlist entry")}, late=True),
):
    """Take a pending entry off the waitlist, for good. To keep a record of the refusal, use
    RejectWaitlistEntry."""

    waitlist_entry_id: Path[WaitlistEntryId] = arg()

    async def hit(self, look: Look) -> Hit:
        waiting = records(await look.at(ListWaitlistEntries(query=self.waitlist_entry_id, limit=500)))
        found = first_with(waiting, "id", self.waitlist_entry_id)
        return Hit.of(
            thing("waitlist entry of", inside(found, "email_address")), "their place in the queue is lost"
        )


class InviteWaitlistEntry(
    Operation,
    id="InviteWaitlistEntry",
    version="2021-02-05",
    post="/waitlist_entries/{waitlist_entry_id}/invite",
    returns="waitlist_entry",
    sends_mail=True,
    words="let somebody in from the waitlist, approve a waitlist entry, invite from the waiting list, "
    "accept, invite from the waitlist, approve somebody who waits, give access to somebody who "
    "waits",
    example=Example({"waitlist_entry_id": Demo("a waitlist entry")}),
):
    """Let somebody on the waitlist in: SENDS them an invitation to sign up."""

    waitlist_entry_id: Path[WaitlistEntryId] = arg()
    ignore_existing: Body[bool] = arg("Also where invited before", default=False, nullable=True)


class RejectWaitlistEntry(
    Operation,
    id="RejectWaitlistEntry",
    version="2021-02-05",
    post="/waitlist_entries/{waitlist_entry_id}/reject",
    returns="waitlist_entry",
    effect="destroy",
    no_undo="The entry stays rejected; a new one has to be created.",
    words="refuse a waitlist entry, turn somebody on the waitlist down, decline a waitlist entry, "
    "reject somebody who waits, deny access to somebody on the waitlist, turn down a request for "
    "access",
    example=Example({"waitlist_entry_id": Demo("a waitlist entry")}, late=True),
):
    """Turn somebody on the waitlist down; an invitation they got stops working. No mail is sent."""

    waitlist_entry_id: Path[WaitlistEntryId] = arg()

    async def hit(self, look: Look) -> Hit:
        waiting = records(await look.at(ListWaitlistEntries(query=self.waitlist_entry_id, limit=500)))
        found = first_with(waiting, "id", self.waitlist_entry_id)
        invited = "its invitation stops working" if inside(found, "status") == "invited" else ""
        return Hit.of(thing("waitlist entry of", inside(found, "email_address")), invited)
