"""Records by declaration: what an operation's arguments do where no rule was written."""

from __future__ import annotations

from typing import Any

import pytest

from clerk_sandbox.collection import Collection, Parent
from clerk_sandbox.errors import ClerkError
from clerk_sandbox.routing import Call, Query, _handlers
from clerk_sandbox.state import Instance
from clerk_tools import catalog
from clerk_tools.argument import Body, Id, Path, arg
from clerk_tools.argument import Query as In
from clerk_tools.operation import Operation, Paged


class ListTags(Paged, id="ListTags", version="2026-05-12", get="/o/{organization_id}/tags", pages="tag"):
    """List."""

    organization_id: Path[Id] = arg()
    query: In[str] = arg(optional=True)
    colour: In[list[str]] = arg(optional=True)
    locked: In[bool] = arg(optional=True)
    order_by: In[str] = arg(optional=True)


class CreateTag(
    Operation, id="CreateTag", version="2026-05-12", post="/o/{organization_id}/tags", returns="tag"
):
    """Create."""

    organization_id: Path[Id] = arg()
    name: Body[str] = arg()
    colour: Body[str] = arg(optional=True)
    locked: Body[bool] = arg(optional=True)
    notify: Body[bool] = arg(optional=True)


class UpdateTag(
    Operation, id="UpdateTag", version="2026-05-12", patch="/o/{organization_id}/tags/{tag_id}", returns="tag"
):
    """Update."""

    organization_id: Path[Id] = arg()
    tag_id: Path[Id] = arg()
    name: Body[str] = arg(optional=True)
    colour: Body[str] = arg(optional=True, nullable=True)


class DeleteTag(
    Operation,
    id="DeleteTag",
    version="2026-05-12",
    delete="/o/{organization_id}/tags/{tag_id}",
    returns="deleted",
):
    """Delete."""

    organization_id: Path[Id] = arg()
    tag_id: Path[Id] = arg()


DECLARED = (ListTags, CreateTag, UpdateTag, DeleteTag)


@pytest.fixture
def instance(monkeypatch: pytest.MonkeyPatch) -> Instance:
    known = {**catalog.operations(), **{one.spec.id: one for one in DECLARED}}
    monkeypatch.setattr("clerk_sandbox.collection.operations", lambda: known)
    monkeypatch.setattr("clerk_sandbox.routing._handlers", dict(_handlers))
    monkeypatch.setattr("clerk_sandbox.collection.INERT", {})
    monkeypatch.setattr("clerk_sandbox.collection.COLLECTIONS", {})
    tags = Collection(
        "tag",
        prefix="tag",
        called="tag",
        fields={"organization_id": "", "name": "", "colour": None, "locked": False, "secret": "s"},
        hidden=("secret",),
        parents={"organization_id": Parent("organizations", "organization")},
    )
    tags.lists("ListTags", searched=("name",), sorted_by=("name", "created_at"))
    tags.creates("CreateTag", unused={"notify": "nothing is sent"})
    tags.updates("UpdateTag")
    tags.deletes("DeleteTag")
    ticks = iter(range(1, 1000))
    made = Instance(clock=lambda: next(ticks))
    for id in ("org_1", "org_2"):
        made.organizations.add({"id": id, "created_at": 0})
    return made


def call(instance: Instance, operation: type[Operation], path: str, body: Any = None, query: str = "") -> Any:
    from clerk_sandbox import routing

    names = [part[1:-1] for part in operation.spec.path.split("/") if part.startswith("{")]
    given = Call(operation.spec, dict(zip(names, path.split("/"), strict=True)), Query(query), body)
    return routing._handlers[operation.spec.id](instance, given)


def names(instance: Instance, query: str = "", organization: str = "org_1") -> list[str]:
    return [one["name"] for one in call(instance, ListTags, organization, query=query)["data"]]


def filled(instance: Instance) -> Instance:
    call(instance, CreateTag, "org_1", {"name": "beta", "colour": "red"})
    call(instance, CreateTag, "org_1", {"name": "Alpha", "locked": True, "notify": True})
    call(instance, CreateTag, "org_2", {"name": "elsewhere"})
    return instance


def test_a_record_has_every_field_and_an_answer_hides_what_it_must(instance: Instance) -> None:
    made = call(instance, CreateTag, "org_1", {"name": "beta"})
    assert {name: made[name] for name in ("object", "name", "colour", "locked", "organization_id")} == {
        "object": "tag",
        "name": "beta",
        "colour": None,
        "locked": False,
        "organization_id": "org_1",
    }
    assert made["id"].startswith("tag_")
    assert "secret" not in made
    assert instance.table("tags")[made["id"]]["secret"] == "s"


def test_a_list_has_what_is_below_its_parent_newest_first(instance: Instance) -> None:
    assert names(filled(instance)) == ["Alpha", "beta"]
    assert names(instance, organization="org_2") == ["elsewhere"]


def test_arguments_filter_search_sort_and_page_by_their_names(instance: Instance) -> None:
    filled(instance)
    assert names(instance, "query=ALPH") == ["Alpha"]
    assert names(instance, "colour=red&colour=blue") == ["beta"]
    assert names(instance, "locked=true") == ["Alpha"]
    assert names(instance, "locked=false") == ["beta"]
    assert names(instance, "order_by=name") == ["Alpha", "beta"]
    assert names(instance, "order_by=-name") == ["beta", "Alpha"]
    assert names(instance, "limit=1&offset=1") == ["beta"]
    with pytest.raises(ClerkError, match="order_by must be one of name, created_at"):
        names(instance, "order_by=colour")


def test_an_update_changes_what_it_names_and_null_only_what_may_be_null(instance: Instance) -> None:
    made = call(instance, CreateTag, "org_1", {"name": "beta", "colour": "red"})
    changed = call(instance, UpdateTag, f"org_1/{made['id']}", {"name": None, "colour": None})
    assert (changed["name"], changed["colour"]) == ("beta", None)
    assert changed["updated_at"] > made["updated_at"]


def test_what_is_not_there_or_below_another_parent_is_not_found(instance: Instance) -> None:
    made = call(instance, CreateTag, "org_1", {"name": "beta"})
    for path in (f"org_2/{made['id']}", "org_1/tag_x", f"org_x/{made['id']}"):
        with pytest.raises(ClerkError) as caught:
            call(instance, DeleteTag, path)
        assert caught.value.status == 404
    gone = call(instance, DeleteTag, f"org_1/{made['id']}")
    assert gone == {"object": "tag", "id": made["id"], "deleted": True}
    assert names(instance) == []


def test_an_argument_of_which_nothing_is_said_stops_the_start(instance: Instance) -> None:
    bare = Collection("tag", prefix="tag", called="tag", fields={"name": ""})
    with pytest.raises(RuntimeError, match="ListTags: a tag has no field colour"):
        bare.lists("ListTags", searched=("name",))
    with pytest.raises(RuntimeError, match="CreateTag: a tag has no field colour"):
        bare.creates("CreateTag")


def test_a_snapshot_keeps_the_records_of_collections(instance: Instance) -> None:
    again = Instance.restore(filled(instance).snapshot())
    assert [one["name"] for one in again.table("tags")] == ["elsewhere", "Alpha", "beta"]
