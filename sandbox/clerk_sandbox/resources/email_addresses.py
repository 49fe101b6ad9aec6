"""Email addresses of users."""

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
from clerk_sandbox.routing import Call, operation
from clerk_sandbox.state import Instance, Json


@operation("EmailAddresses_createNewAddress")
def create_email_address(instance: Instance, call: Call) -> Json:
    return create_identification(instance, call, "email_address")[1]


@operation("EmailAddresses_getDetails")
def get_email_address(instance: Instance, call: Call) -> Json:
    return find_identification(instance, call, "email_address")[1]


@operation("EmailAddresses_updateAddress")
def update_email_address(instance: Instance, call: Call) -> Json:
    return update_identification(instance, call, "email_address")[1]


@operation("EmailAddresses_deleteById")
def delete_email_address(instance: Instance, call: Call) -> Json:
    return deleted(delete_identification(instance, call, "email_address"))


@operation("PrepareEmailAddressVerification")
def prepare_email_address_verification(instance: Instance, call: Call) -> Json:
    return prepare_verification(instance, call, "email_address")


@operation("AttemptEmailAddressVerification")
def attempt_email_address_verification(instance: Instance, call: Call) -> Json:
    return attempt_verification(instance, call, "email_address")


@operation("ReplaceUserEmailAddress")
def replace_user_email_address(instance: Instance, call: Call) -> Json:
    return replace_identification(instance, call, "email_address")


def seed_demo(instance: Instance) -> None:
    """Return a code that was just sent."""
    user = instance.user_by("email_address", "chloe+clerk_test@example.com")
    if user:
        send_code(
            instance, "email_address", next(one for one in user["email_addresses"] if not one["verification"])
        )


NAMED = {
    "a verification of an unverified email address": lambda demo: id_of_code(demo, "email_code"),
}
"""What examples call things of the demo."""
