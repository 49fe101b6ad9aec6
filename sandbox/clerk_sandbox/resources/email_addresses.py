"""Email addresses of users."""

from clerk_sandbox.answers import deleted
from clerk_sandbox.identifications import (
    create_identification,
    delete_identification,
    find_identification,
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
