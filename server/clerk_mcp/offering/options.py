"""A call's own options: what a model may say beside the arguments that go to Clerk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from clerk_tools.argument import Argument
from clerk_tools.bounds import MOST_ENTRIES
from clerk_tools.operation import Effect, Envelope, Paged, PagedOnRequest, Spec
from clerk_tools.parsing import OMIT, InvalidArguments, Problem, expectation, value_as_meant

_MOST_FIELDS: Final = 200

FIELDS: Final = Argument(
    name="fields",
    type="array",
    items=Argument(name="", type="string"),
    required=False,
    description="Raw fields, or *",
)
OFFSET: Final = Argument(name="offset", type="integer", required=False, minimum=0)
CONFIRM: Final = Argument(name="confirm", type="string", required=False, description="Preview's token")


_SHOWN_WHOLE: Final = frozenset(
    {
        *("api_key_secret", "commerce_credit_balance", "instance", "instance_communication"),
        *("instance_protect", "jwks", "machine_secret_key", "oauth_application_settings"),
        *("organization_settings", "redirect_url", "template_preview", "total_count"),
    }
)
"""Kinds of objects of which the view leaves out nothing that anybody asks for."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a call said for itself."""

    fields: list[str] | None = None
    offset: int = 0
    """Where to go on in a list that Clerk answers whole, after it was cut by size."""
    confirm: str | None = None


def advertised(spec: Spec) -> tuple[Argument, ...]:
    """Return the options that an operation's tool shows: those that are of use, for each is paid for by every
    conversation. Nobody picks fields of what is shown whole, or of what another operation answers by now."""
    without = spec.returns in _SHOWN_WHOLE or spec.is_superseded
    return tuple(option for option in options_of(spec) if not (without and option is FIELDS))


def options_of(spec: Spec) -> tuple[Argument, ...]:
    """Return the options that an operation's call may have."""
    if spec.effect is Effect.READ and spec.envelope not in (Envelope.TEXT, Envelope.EMPTY):
        whole = spec.is_list and not issubclass(spec.model, Paged)
        return (FIELDS, OFFSET) if whole else (FIELDS,)
    return (CONFIRM,) if spec.can_destroy else ()


def split(spec: Spec, given: Mapping[str, Any]) -> tuple[Options, dict[str, Any]]:
    """Return the options of a call, and the arguments that are left for Clerk.

    Raises:
        InvalidArguments: an option is of the wrong type.
    """
    rest = dict(given)
    taken: dict[str, Any] = {}
    asks_for_pages = issubclass(spec.model, PagedOnRequest) and bool(given.keys() & {"limit", "paginated"})
    for option in options_of(spec):
        if option is OFFSET and asks_for_pages:
            # Then it is Clerk's own; of a list that comes whole it is ours, to go on after a cut.
            continue
        value = value_as_meant(option, rest.pop(option.name, OMIT))
        if value is not OMIT:
            taken[option.name] = _checked(option, value)
    return Options(**taken), rest


def _checked(option: Argument, value: Any) -> Any:
    match option.type, value:
        case "array", list() if all(isinstance(entry, str) for entry in value):
            # Clerk's field names hold no commas. Nothing asked for is the default view.
            entries = value[: MOST_ENTRIES + 1]
            names = [name.strip() for entry in entries for name in entry.split(",", _MOST_FIELDS)]
            if len(value) > MOST_ENTRIES or len(names) > _MOST_FIELDS:
                problem = f"`{option.name}` must name at most {_MOST_FIELDS} fields"
                raise InvalidArguments([Problem(option.name, problem)])
            return [name for name in names if name] or None
        case "integer", int() if not isinstance(value, bool) and value >= 0:
            return value
        case "string", str():
            # Models fill in what they leave out: no token at all is no altered token.
            return value.strip() or None
    raise InvalidArguments([Problem(option.name, f"`{option.name}` must be {expectation(option)}")])
