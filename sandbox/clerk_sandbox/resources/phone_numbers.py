"""Phone numbers of users, which may also be their second factor."""

from clerk_sandbox.answers import deleted
from clerk_sandbox.identifications import (
    attempt_verification,
    create_identification,
    delete_identification,
    find_identification,
    id_of_code,
    prepare_verification,
    replace_identification,
    send_code,
    update_identification,
)
from clerk_sandbox.resources.users import has_second_factor, note_second_factor
from clerk_sandbox.routing import Call, operation
from clerk_sandbox.state import Instance, Json

BACKUP_CODES = 10


@operation("PhoneNumbers_createNewPhoneNumber")
def create_phone_number(instance: Instance, call: Call) -> Json:
    return reserve(instance, call, *create_identification(instance, call, "phone_number"))


@operation("PhoneNumbers_getDetails")
def get_phone_number(instance: Instance, call: Call) -> Json:
    return find_identification(instance, call, "phone_number")[1]


@operation("PhoneNumbers_updateDetails")
def update_phone_number(instance: Instance, call: Call) -> Json:
    return reserve(instance, call, *update_identification(instance, call, "phone_number"))


@operation("PhoneNumbers_deletePhoneNumberById")
def delete_phone_number(instance: Instance, call: Call) -> Json:
    user, _ = find_identification(instance, call, "phone_number")
    before = has_second_factor(user)
    phone = delete_identification(instance, call, "phone_number")
    pass_default_on(user)
    note_second_factor(instance, user, before)
    return deleted(phone)


def reserve(instance: Instance, call: Call, user: Json, phone: Json) -> Json:
    """Make a phone number a second factor, or stop it being one. The first one is the default.

    A user's first second factor brings backup codes, which only this answer shows.
    """
    wanted = call.given("reserved_for_second_factor")
    if wanted is None or wanted == phone["reserved_for_second_factor"]:
        return phone
    before = has_second_factor(user)
    phone["reserved_for_second_factor"] = wanted
    phone["default_second_factor"] = False
    pass_default_on(user)
    note_second_factor(instance, user, before)
    if before or user["backup_code_enabled"]:
        return phone
    codes = [instance.new_secret(8).lower() for _ in range(BACKUP_CODES)]
    instance.credentials.setdefault(user["id"], {})["backup_codes"] = codes
    user["backup_code_enabled"] = True
    return {**phone, "backup_codes": list(codes)}


def pass_default_on(user: Json) -> None:
    """See to it that one of the reserved numbers is the default."""
    reserved = [phone for phone in user["phone_numbers"] if phone["reserved_for_second_factor"]]
    if reserved and not any(phone["default_second_factor"] for phone in reserved):
        reserved[0]["default_second_factor"] = True


@operation("PreparePhoneNumberVerification")
def prepare_phone_number_verification(instance: Instance, call: Call) -> Json:
    return prepare_verification(instance, call, "phone_number")


@operation("AttemptPhoneNumberVerification")
def attempt_phone_number_verification(instance: Instance, call: Call) -> Json:
    return attempt_verification(instance, call, "phone_number")


@operation("ReplaceUserPhoneNumber")
def replace_user_phone_number(instance: Instance, call: Call) -> Json:
    return replace_identification(instance, call, "phone_number")


def seed_demo(instance: Instance) -> None:
    """Return a code that was just sent."""
    user = instance.user_by("email_address", "chloe+clerk_test@example.com")
    if user:
        send_code(instance, "phone_number", user["phone_numbers"][0])


NAMED = {
    "a verification of a phone number": lambda demo: id_of_code(demo, "phone_code"),
}
"""What examples call things of the demo."""
