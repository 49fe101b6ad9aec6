"""Does an answer have the shape that Clerk's document gives it?"""

from dataclasses import replace
from functools import cache
from typing import Final

from clerk_tools.catalog import operations
from clerk_tools.contract.facts import Shape
from clerk_tools.operation import FIRST_DOCUMENT, NEWEST_DOCUMENT
from tests.contract.make import facts_for, reference_facts

# Where the document is known to be wrong: what is so instead, and how that is known.
ANSWERS: Final = {
    # The document gives it no schema; the fields are those of RFC 7517.
    ("Jwks_getJsonWebKeySet", 200): Shape(
        type="object",
        required=("keys",),
        properties={
            "keys": Shape(
                type="array",
                items=Shape(
                    type="object",
                    required=("kty",),
                    properties={
                        name: Shape(type="string") for name in ("kty", "kid", "use", "alg", "n", "e")
                    },
                ),
            )
        },
    ),
    # The document gives it no schema either; it is a page of HTML.
    ("Miscellaneous_getInterstitialMarkup", 200): Shape(type="text"),
}
FIELDS: Final[dict[str, dict[tuple[str, str], Shape]]] = {
    NEWEST_DOCUMENT: {},
    FIRST_DOCUMENT: {
        # Its `object` is copied from the wallet's.
        ("schemas-Passkey", "object"): Shape(type="string", enum=("passkey",)),
        # Two providers stand for the many that there are.
        ("Oauth", "strategy"): Shape(type="string"),
        ("IdentificationLink", "type"): Shape(type="string"),
        # The example became the only value allowed.
        ("Web3Signature", "nonce"): Shape(type="string"),
        ("Passkey", "nonce"): Shape(type="string"),
        # MetaMask stands for the other wallets, and verified for every state.
        ("Web3Signature", "strategy"): Shape(type="string"),
        ("Web3Signature", "status"): Shape(
            type="string", enum=("unverified", "verified", "failed", "expired")
        ),
        # Addresses are also verified by ticket, SAML, a link or another account: it leaves them out.
        ("EmailAddress", "verification"): Shape(type="object", nullable=True),
        # Invitations have come to expire.
        ("Invitation", "status"): Shape(type="string", enum=("pending", "accepted", "revoked", "expired")),
        # A check that was only just recorded has not run.
        ("ProxyCheck", "last_run_at"): Shape(type="integer", nullable=True),
    },
}
MAY_BE_MISSING: Final[dict[str, set[tuple[str, str]]]] = {
    NEWEST_DOCUMENT: set(),
    FIRST_DOCUMENT: {
        # Clerk's later description of the same version no longer promises it.
        ("Organization", "private_metadata"),
        ("OrganizationWithLogo", "private_metadata"),
        # Clerk's SDKs read errors without it. (`clerk_trace_id`, which the document has in each error, stands
        # beside `errors`; an unknown field is no problem anywhere, so that needs no entry.)
        ("ClerkError", "long_message"),
    },
}
ERROR: Final = Shape(ref="ClerkErrors")


def problems(operation_id: str, status: int, value: object) -> list[str]:
    """What is wrong with a parsed answer (None for an empty body): one line each, or none.

    Fields beyond the documented ones are fine. Every error has Clerk's envelope of errors, whether or not
    the document lists its status for the operation.
    """
    facts = facts_for(operation_id)
    if facts is None:
        return []
    document, responses = operations()[operation_id].spec.document, facts.responses
    if status >= 400:
        shape: Shape | None = responses.get(str(status)) or ERROR
    elif (operation_id, status) in ANSWERS:
        shape = ANSWERS[operation_id, status]
    elif str(status) in responses:
        shape = responses[str(status)]
    else:
        return [f"status {status} is not documented"]
    if shape is None:
        return [] if value is None else ["there must be no body"]
    resolved = shape
    while resolved.ref:
        resolved = _named(document, resolved.ref)
    if resolved.type == "array" and isinstance(value, dict) and _can_be_paginated(operation_id):
        if set(value) != {"data", "total_count"}:
            return ["a list with pages must be {data, total_count}"]
        value = value["data"]
    return _problems(document, shape, value, "answer")


def _can_be_paginated(operation_id: str) -> bool:
    """Tell whether `paginated`, which the first document does not know, can wrap the answer."""
    return any(argument.name == "paginated" for argument in operations()[operation_id].spec.arguments)


@cache
def _named(document: str, name: str) -> Shape:
    shape = reference_facts(document).shapes[name]
    fields = {field: FIELDS[document].get((name, field), one) for field, one in shape.properties.items()}
    required = tuple(field for field in shape.required if (name, field) not in MAY_BE_MISSING[document])
    return replace(shape, properties=fields, required=required)


def _problems(document: str, shape: Shape, value: object, where: str) -> list[str]:
    nullable = shape.nullable
    while shape.ref:
        shape = _named(document, shape.ref)
        nullable = nullable or shape.nullable
    if value is None:
        return [] if nullable or shape.type == "any" else [f"{where} may not be null"]
    if not _is(shape.type, value):
        return [f"{where} must be {shape.type}, not {type(value).__name__}"]
    if shape.enum and value not in shape.enum:
        return [f"{where} must be one of {', '.join(map(str, shape.enum))}, not {value}"]
    found: list[str] = []
    if shape.any_of:
        # Of alternatives that all fail, the nearest one tells the most; one that fits has nothing to tell.
        nearest = min((_problems(document, one, value, where) for one in shape.any_of), key=len)
        found += nearest
    if isinstance(value, dict):
        found += [f"{where}.{name} is missing" for name in shape.required if name not in value]
        for name, one in shape.properties.items():
            if name in value:
                found += _problems(document, one, value[name], f"{where}.{name}")
    if isinstance(value, list) and shape.items:
        for index, entry in enumerate(value):
            found += _problems(document, shape.items, entry, f"{where}[{index}]")
    return found


def _is(type_name: str, value: object) -> bool:
    match type_name:
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "string" | "text":
            return isinstance(value, str)
        case "array":
            return isinstance(value, list)
        case "object":
            return isinstance(value, dict)
    return True
