"""Email addresses and phone numbers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.clerk import Clerk

pytestmark = pytest.mark.anyio

# (create, get, update, delete, the name of the id, the value's name, a new value, another, one that is taken)
EMAIL = (
    "EmailAddresses_createNewAddress",
    "EmailAddresses_getDetails",
    "EmailAddresses_updateAddress",
    "EmailAddresses_deleteById",
    "email_address_id",
    "email_address",
    "new@fresh.example",
    "newer@fresh.example",
    "nadia.brandt@fernhill.example",
)
PHONE = (
    "PhoneNumbers_createNewPhoneNumber",
    "PhoneNumbers_getDetails",
    "PhoneNumbers_updateDetails",
    "PhoneNumbers_deletePhoneNumberById",
    "phone_number_id",
    "phone_number",
    "+12015550160",
    "+12015550161",
    "+12015550101",
)
both = pytest.mark.parametrize("kind", [EMAIL, PHONE], ids=["email_address", "phone_number"])


class Identifications:
    """The operations of one kind, for a user who has a username only."""

    def __init__(self, clerk: Clerk, kind: tuple[str, ...]) -> None:
        self.clerk = clerk
        self.operations = kind[:4]
        self.id_name, self.name, self.value, self.other, self.taken = kind[4:]
        self.user_id = ""

    async def start(self) -> Identifications:
        self.user_id = (await self.clerk.call("Users_createNewUser", username="just_a_name"))["id"]
        return self

    async def create(self, value: str, **more: Any) -> Any:
        arguments = {"user_id": self.user_id, self.name: value, **more}
        return await self.clerk.call(self.operations[0], **arguments)

    async def create_error(self, **arguments: Any) -> tuple[int, str, str | None]:
        return await self.clerk.error(self.operations[0], **{"user_id": self.user_id, **arguments})

    async def get(self, one: str) -> Any:
        return await self.clerk.call(self.operations[1], **{self.id_name: one})

    async def update(self, one: str, **changes: Any) -> Any:
        return await self.clerk.call(self.operations[2], **{self.id_name: one}, **changes)

    async def update_error(self, one: str, **changes: Any) -> tuple[int, str, str | None]:
        return await self.clerk.error(self.operations[2], **{self.id_name: one}, **changes)

    async def delete(self, one: str) -> Any:
        return await self.clerk.call(self.operations[3], **{self.id_name: one})

    async def primary(self) -> str | None:
        user = await self.clerk.call("Users_getUserDetails", user_id=self.user_id)
        primary: str | None = user[f"primary_{self.name}_id"]
        return primary


@both
async def test_the_first_verified_one_is_primary_and_the_next_only_if_told_so(
    clerk: Clerk, kind: tuple[str, ...]
) -> None:
    these = await Identifications(clerk, kind).start()
    first = await these.create(these.value, verified=True)
    assert await these.primary() == first["id"]
    second = await these.create(these.other, verified=True)
    assert await these.primary() == first["id"]
    await these.update(second["id"], primary=True)
    assert await these.primary() == second["id"]
    assert await these.get(first["id"]) == first


@both
async def test_an_unverified_one_cannot_be_primary_until_it_is_verified(
    clerk: Clerk, kind: tuple[str, ...]
) -> None:
    these = await Identifications(clerk, kind).start()
    refusal = (422, "form_param_value_invalid", "primary")
    assert await these.create_error(**{these.name: these.value}, primary=True) == refusal
    one = await these.create(these.value)
    assert one["verification"] is None
    assert await these.primary() is None
    assert await these.update_error(one["id"], primary=True) == refusal
    verified = await these.update(one["id"], verified=True, primary=True)
    assert verified["verification"]["status"] == "verified"
    assert await these.primary() == one["id"]
    assert await these.update_error(one["id"], verified=False) == (
        422,
        "form_param_value_invalid",
        "verified",
    )


@both
async def test_a_value_that_is_missing_malformed_or_taken_is_refused(
    clerk: Clerk, kind: tuple[str, ...]
) -> None:
    these = await Identifications(clerk, kind).start()
    name = these.name
    assert await these.create_error() == (422, "form_param_missing", name)
    assert await these.create_error(**{name: these.value, "user_id": None}) == (
        422,
        "form_param_missing",
        "user_id",
    )
    assert await these.create_error(**{name: "what?"}) == (422, "form_param_format_invalid", name)
    assert await these.create_error(**{name: these.taken}) == (422, "form_identifier_exists", name)
    assert await these.create_error(**{name: these.value, "user_id": "user_nobody"}) == (
        404,
        "resource_not_found",
        None,
    )


@both
async def test_deleting_the_primary_one_passes_its_place_on_and_frees_the_value(
    clerk: Clerk, kind: tuple[str, ...]
) -> None:
    these = await Identifications(clerk, kind).start()
    first = await these.create(these.value, verified=True)
    second = await these.create(these.other, verified=True)
    assert await these.delete(first["id"]) == {"object": these.name, "id": first["id"], "deleted": True}
    assert await these.primary() == second["id"]
    assert (await clerk.error(these.operations[1], **{these.id_name: first["id"]}))[0] == 404
    await these.create(these.value)


@both
async def test_the_last_identification_cannot_be_deleted(clerk: Clerk, kind: tuple[str, ...]) -> None:
    these = await Identifications(clerk, kind).start()
    only = await these.create(these.value, verified=True)
    await clerk.call("Users_updateUserAttributes", user_id=these.user_id, username="")
    refused = await clerk.error(these.operations[3], **{these.id_name: only["id"]})
    assert refused == (400, "identification_deletion_failed", None)
    assert await these.get(only["id"]) == only


async def test_the_first_second_factor_is_the_default_and_brings_backup_codes_once(clerk: Clerk) -> None:
    these = await Identifications(clerk, PHONE).start()
    refusal = (422, "form_param_value_invalid", "reserved_for_second_factor")
    assert await these.create_error(phone_number=these.value, reserved_for_second_factor=True) == refusal
    first = await these.create(these.value, verified=True, reserved_for_second_factor=True)
    assert first["default_second_factor"] is True
    assert len(first["backup_codes"]) == 10
    assert (await these.get(first["id"]))["backup_codes"] is None
    second = await these.create(these.other, verified=True, reserved_for_second_factor=True)
    assert (second["default_second_factor"], second["backup_codes"]) == (False, None)
    user = await clerk.call("Users_getUserDetails", user_id=these.user_id)
    assert (user["two_factor_enabled"], user["backup_code_enabled"]) == (True, True)
    code = first["backup_codes"][0]
    await clerk.call("Users_verifyTotp", user_id=these.user_id, code=code)
    await these.delete(first["id"])
    assert (await these.get(second["id"]))["default_second_factor"] is True
    released = await these.update(second["id"], reserved_for_second_factor=False)
    assert released["default_second_factor"] is False
    user = await clerk.call("Users_getUserDetails", user_id=these.user_id)
    assert user["two_factor_enabled"] is False
