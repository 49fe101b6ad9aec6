"""What goes back to the model: trimmed, bounded, without credentials.

Every answer is one JSON object. A list is `{"items": […], "total": …, "next_offset": …}` whatever Clerk
wraps it in; an error is `{"error": {code, message, param?, hint?, status, trace_id?, retry_after?}}`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from clerk_mcp.answering.cutting import cut_object, cut_text, dumps, how_many_fit, size
from clerk_mcp.answering.hints import hint, if_executed, reader_of
from clerk_mcp.answering.secret_values import SecretValues
from clerk_mcp.upstream import Failure, Reply
from clerk_tools import views
from clerk_tools.credentials import is_credential_name
from clerk_tools.operation import Effect, Envelope, Operation, Spec
from clerk_tools.parsing import InvalidArguments

JsonObject = dict[str, Any]

CLERKS_LIMIT: Final = 10
"""Records of a page where no limit is asked for."""

ROOM_FOR_NOTES: Final = 700
"""Bytes kept free for what a cut answer says about itself."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one call gives back; `text` is `value` as compact JSON."""

    value: JsonObject
    text: str
    is_error: bool = False
    missing_scope: str | None = None
    """The scope whose lack is the error, such as `clerk:write`."""


def answer(value: JsonObject, *, is_error: bool = False) -> Answer:
    """Return an answer that is small by its nature: an error, a preview, a confirmation."""
    return Answer(value, dumps(value), is_error)


# ── Errors ──

_LONGEST: Final = {"code": 100, "message": 1000, "param": 100, "trace_id": 100}
"""Bytes of what others wrote, so that an error fits into the smallest answer that an operator may set."""


def error(code: str, message: str, **more: Any) -> Answer:
    """Return an error that the model can act on; whatever is None is left out."""
    given = {"code": code, "message": message, **more}
    details = {
        name: cut_text(value, _LONGEST[name]) if name in _LONGEST else value
        for name, value in given.items()
        if value is not None
    }
    return answer({"error": details}, is_error=True)


def of_invalid_arguments(invalid: InvalidArguments) -> Answer:
    """Say that nothing was sent; the message names each argument and what fits it."""
    return error(
        "invalid_arguments",
        str(invalid),
        param=invalid.problems[0].argument if len(invalid.problems) == 1 else None,
        hint="Correct the arguments and call again; nothing was sent to Clerk.",
    )


def of_unanswered(spec: Spec, failure: Failure) -> Answer:
    """Clerk gave no usable answer; the outcome tells whether the call may have been executed."""
    return error(
        failure.code,
        failure.message,
        outcome=failure.outcome,
        hint=if_executed(spec) if failure.outcome == "unknown" else _UNANSWERED_HINTS.get(failure.code),
        retry_after=_seconds(failure.retry_after),
    )


_TRY_AGAIN: Final = "Try again in some seconds. If it stays so, the operator must look into it."

_UNANSWERED_HINTS: Final = {
    "answer_too_large": "Ask for less: a smaller `limit` where the tool has one, or a filter.",
    "connection_lost": _TRY_AGAIN,
    "certificate_refused": "Nothing you can change: the operator must see to the certificates.",
    "certificates_unusable": "Nothing you can change: the operator must correct the variable.",
    "proxy_refuses": "Nothing you can change: the operator must correct the proxy.",
    "proxy_unusable": "Nothing you can change: the operator must correct the proxy.",
    "unknown_host": "Nothing you can change: the operator must correct the address, or the DNS.",
    "queue_full": "Wait some seconds, then make fewer calls at once.",
    "timeout": _TRY_AGAIN,
    "unreachable": _TRY_AGAIN,
}
"""By the code of a call without an answer; the other codes' messages say what to do themselves."""


def of_failure(operation: Operation, reply: Reply) -> Answer | None:
    """Return what went wrong at Clerk; None where the reply is a usable answer to the operation."""
    if reply.is_error:
        return _clerk_error(operation.spec, reply)
    if not is_usable(operation.spec, reply):
        return _unusable(operation.spec, reply)
    return None


def _clerk_error(spec: Spec, reply: Reply) -> Answer:
    errors = _errors(reply.value)
    code = next((c for e in errors if (c := _text(e.get("code")))), None)
    code = code or _CODES_BY_STATUS.get(reply.status) or "clerk_error"
    params = list(dict.fromkeys(param for e in errors if (param := _param(e))))
    unknown = reply.outcome_unknown and spec.effect is not Effect.READ
    return error(
        code,
        "; ".join(dict.fromkeys(filter(None, map(_message, errors)))) or _by_status(reply),
        param=params[0] if len(params) == 1 else None,
        hint=if_executed(spec) if unknown else hint(code, spec, params[0] if params else None),
        status=reply.status,
        trace_id=reply.trace_id,
        retry_after=_seconds(reply.retry_after),
        outcome="unknown" if unknown else None,
    )


_CODES_BY_STATUS: Final = {
    401: "clerk_key_invalid",
    402: "unsupported_subscription_plan_features",
    403: "authorization_invalid",
    404: "resource_not_found",
    409: "conflict",
    410: "operation_deprecated",
    413: "image_too_large",
    415: "unsupported_content_type",
    429: "too_many_requests",
    500: "internal_clerk_error",
    502: "service_unavailable",
    503: "service_unavailable",
    504: "gateway_timeout",
}
"""For answers that carry no code of their own, such as an empty body or a proxy's page."""


def _errors(body: object) -> list[JsonObject]:
    """Return the entries of `errors`, which may be missing, empty or of another type."""
    errors = body.get("errors") if isinstance(body, dict) else None
    return [entry for entry in errors if isinstance(entry, dict)] if isinstance(errors, list) else []


def _message(entry: JsonObject) -> str | None:
    """Return what one error says; its short message alone may not tell which argument it is about."""
    long, short, param = _text(entry.get("long_message")), _text(entry.get("message")), _param(entry)
    return long or (f"{param} {short}" if param and short and param not in short else short)


def _param(entry: JsonObject) -> str | None:
    meta = entry.get("meta")
    return _text(meta.get("param_name")) if isinstance(meta, dict) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _by_status(reply: Reply) -> str:
    return f"Clerk answered {reply.status} {_what_came(reply)}, without an error of its own."


def _what_came(reply: Reply) -> str:
    if reply.value is None and not reply.text:
        return "and no body"
    return f"and {reply.media_type or 'no JSON'}" if reply.text else "and JSON of another shape"


def is_usable(spec: Spec, reply: Reply) -> bool:
    """Tell whether a reply that is no error has the form of an answer to the operation."""
    body = reply.value
    if reply.status >= 300:
        return False
    if spec.envelope in (Envelope.TEXT, Envelope.EMPTY):
        return True
    if body is None and not reply.text:
        return spec.effect is not Effect.READ
    if spec.is_list and not isinstance(body, list):
        return isinstance(body, dict) and isinstance(body.get("data"), list)
    return isinstance(body, list if spec.is_list else dict)


def _unusable(spec: Spec, reply: Reply) -> Answer:
    """Leave the body out: it may hold half a credential, or be some proxy's page that Clerk never saw."""
    write = spec.effect is not Effect.READ
    return error(
        "unusable_answer",
        f"Clerk answered {reply.status} {_what_came(reply)}, which is no answer to {spec.id}.",
        hint=if_executed(spec) if write else _TRY_AGAIN,
        status=reply.status,
        trace_id=reply.trace_id,
        outcome="unknown" if write else None,
    )


def _seconds(seconds: float | None) -> float | None:
    return int(seconds) if seconds is not None and seconds == int(seconds) else seconds


# ── Successes ──


@dataclass(frozen=True, slots=True)
class Formatter:
    """How successful answers are shaped: the operator's settings for it."""

    max_bytes: int
    secrets: SecretValues

    def success(
        self,
        operation: Operation,
        reply: Reply,
        fields: Sequence[str] | None,
        offset: int = 0,
        meant: JsonObject | None = None,
        said: str = "",
    ) -> Answer:
        """Trim a usable reply as the model gets it.

        Args:
            fields: the raw fields that are wanted in place of the view; `*` is all of them.
            offset: where to begin in a list that Clerk does not page.
            meant: by its argument, what a name was taken to mean.
            said: where the credentials of the answer went, which are in the reply no more.
        """
        spec = operation.spec
        told: JsonObject = ({"meant": meant} if meant else {}) | ({"secrets": said} if said else {})
        if told:
            within = replace(self, max_bytes=self.max_bytes - size(told))
            return answer({**within.success(operation, reply, fields, offset).value, **told})
        if spec.envelope is Envelope.TEXT:
            return self._text(reply)
        if spec.envelope is Envelope.EMPTY or reply.value is None:
            return answer({"ok": True, "status": reply.status, "message": f"Done: {spec.title.lower()}."})
        if spec.is_list:
            return self._list(operation, reply.value, fields, offset)
        shown, notes = self._shown(spec, reply.value, fields)
        if spec.effect is not Effect.READ and isinstance(shown, dict):
            shown = _brief(operation, {**shown, **_changed(operation, reply.value, shown)})
        if spec.only_while:
            notes = {**notes, "only_while": spec.only_while}
        whole = answer({**shown, **notes})
        if len(whole.text.encode()) <= self.max_bytes:
            return whole
        return answer(self.shrink(spec, shown, self.max_bytes - size(notes)) | notes)

    def whole(self, spec: Spec, reply: Reply) -> Answer:
        """Return all of an answer of which nothing is known, without credentials and within the bound."""
        if reply.value is None:
            if reply.text:
                return _unusable(spec, reply)
            return answer({"ok": True, "status": reply.status})
        value = reply.value if isinstance(reply.value, dict) else {"items": reply.value}
        shown, notes = self.secrets.keep_back(spec, value, raw=True)
        out = answer({**shown, **notes})
        if len(out.text.encode()) <= self.max_bytes:
            return out
        return answer(self.shrink(spec, shown, self.max_bytes - size(notes)) | notes)

    def _shown(self, spec: Spec, raw: Any, fields: Sequence[str] | None) -> tuple[Any, JsonObject]:
        """Return what the model sees of an object or of each in a list, and what there is to say about it."""
        see = _viewer(spec, fields)
        if spec.effect is Effect.READ:
            shown, notes = self.secrets.keep_back(spec, see(raw), raw=fields is not None)
        else:
            # Before the view, which leaves out some of what Clerk shows only this once.
            raw, notes = self.secrets.keep_back(spec, raw)
            shown = see(raw)
            if self.secrets.mode == "inline" and isinstance(raw, dict):
                shown |= {name: raw[name] for name in spec.secret if raw.get(name)}
        return shown, notes | name_unknown(views.unknown_fields(raw, list(fields)) if fields else [])

    def _list(self, operation: Operation, body: object, fields: Sequence[str] | None, offset: int) -> Answer:
        spec = operation.spec
        records, total = unwrap(body)
        limit = getattr(operation, "limit", None)
        if limit is None and getattr(operation, "paginated", None):
            limit = CLERKS_LIMIT
        if limit is None:
            # Clerk answers all of them; pages are made here, where size asks for it.
            total = len(records) if total is None else total
            records = records[offset:]
        else:
            offset = getattr(operation, "offset", None) or 0
        shown, notes = self._shown(spec, records, fields)
        # Of what a call has just made, hardly more than the ids differs.
        out: JsonObject = {"items": shown} if fields else lift(shown, values=spec.effect is not Effect.READ)
        if total is not None:
            out["total"] = total
        if limit is not None and _has_more(limit, len(records), offset, total):
            out["next_offset"] = offset + len(records)
        whole = answer(out | notes)
        if len(whole.text.encode()) <= self.max_bytes:
            return whole
        return self._cut_list(spec, whole.value, offset)

    def _cut_list(self, spec: Spec, whole: JsonObject, offset: int) -> Answer:
        """Return as many whole records as fit, and where to go on."""
        items = whole["items"]
        room = self.max_bytes - size({**whole, "items": []})
        kept = items[: how_many_fit(items, room - ROOM_FOR_NOTES)]
        cut = {**whole, "items": kept or [self.shrink(spec, items[0], room)]}
        count = len(cut["items"])
        if count < len(items):
            cut["note"] = f"Cut by size to {count} of {len(items)} records."
            if spec.effect is Effect.READ:
                cut["next_offset"] = offset + count
                cut["note"] += " Go on from next_offset, or name the `fields` you need."
            else:
                cut["note"] += f" {reader_of(spec)} shows them all."
        return answer(cut)

    def shrink(self, spec: Spec, record: Any, room: int) -> JsonObject:
        """Return a record without what makes it larger than `room` bytes, with a note that says what that
        is."""
        fields = record if isinstance(record, dict) else {"value": record}
        kept, cuts = cut_object(fields, room - ROOM_FOR_NOTES)
        return {**kept, "note": f"{_what_was_cut(cuts)} {_rest_of_fields(spec)}"}

    def _text(self, reply: Reply) -> Answer:
        text = reply.text or (dumps(reply.value) if reply.value is not None else "")
        shown = cut_text(text, self.max_bytes - ROOM_FOR_NOTES)
        value: JsonObject = {"media_type": reply.media_type[:100], "text": shown}
        if shown != text:
            done = f"Cut by size to {len(shown)} of {len(text)} characters"
            value["note"] = f"{done}; more takes a higher --max-result-bytes."
        return answer(value)


def _changed(operation: Operation, raw: Any, shown: JsonObject) -> JsonObject:
    """Return what a call has set and a view leaves out, as it is now; of an object the keys that were sent.

    A view leaves out what is off, empty or private; whoever has just set it must see that it is so.
    """
    if not isinstance(raw, dict):
        return {}
    spec = operation.spec
    found: JsonObject = {name: raw[name] for name in spec.sets if name in raw and name not in shown}
    for name in operation.model_fields_set:
        hidden = name in spec.secret or name in spec.private or is_credential_name(name)
        if hidden or name in shown:
            continue
        sent = getattr(operation, name)
        if name not in raw:
            # Clerk keeps it elsewhere, such as which address is the user's primary one.
            found |= {name: sent} if isinstance(sent, bool) else {}
            continue
        now = raw[name]
        if isinstance(now, dict):
            now = _sent_keys(sent, now)
        # Text that a view leaves out is long, or a certificate.
        if isinstance(now, dict | int | float | None):
            found[name] = now
    return found | ({"deleted": True} if spec.deletes_what_it_returns else {})


def _sent_keys(sent: Any, now: JsonObject) -> JsonObject:
    """Return those keys of an object that a call gave, as they are now."""
    kept = sent if isinstance(sent, dict) else {}
    return {key: now.get(key) for key in kept if not is_credential_name(key)}


_LONG: Final = 400
"""Bytes of an updated object beyond which only what was sent is shown, and what tells the object."""


def _brief(operation: Operation, shown: JsonObject) -> JsonObject:
    """Return what an update answers without those parts of a long object that it was not about."""
    spec = operation.spec
    if not spec.updates or size(shown) <= _LONG:
        return shown
    kept: JsonObject = {}
    for name, value in shown.items():
        about = name in operation.model_fields_set or name in spec.sets or name in spec.secret
        if about and isinstance(value, dict):
            kept[name] = _sent_keys(getattr(operation, name, None), value)
        elif about or not isinstance(value, dict | list):
            kept[name] = value
    left_out = [name for name in shown if name not in kept]
    if not left_out:
        return kept
    where = reader_of(spec)
    note = f"Not shown, since the call was not about it: {', '.join(left_out)}."
    return {**kept, "note": f"{note} {where} shows all." if where else note}


_MOST_NAMED: Final = 5


def _what_was_cut(cuts: list[str]) -> str:
    more = f" and {len(cuts) - _MOST_NAMED} more" if len(cuts) > _MOST_NAMED else ""
    # The largest come last.
    return f"Left out by size: {cut_text(', '.join(cuts[: -_MOST_NAMED - 1 : -1]), 250)}{more}."


def _rest_of_fields(spec: Spec) -> str:
    reader = spec.id if spec.effect is Effect.READ else reader_of(spec)
    where = f" of {reader}" if reader else ""
    return (
        f"Ask for single ones, or for parts such as public_metadata.key, with `fields`{where};"
        " larger ones take a higher --max-result-bytes."
    )


def _viewer(spec: Spec, fields: Sequence[str] | None) -> Callable[[Any], Any]:
    if fields is None:
        return lambda raw: views.view(spec.returns, raw)
    chosen = list(fields)
    return lambda raw: views.written_out(views.pick(raw, chosen))


def name_unknown(fields: Sequence[str]) -> JsonObject:
    """Return what an answer says of fields that no record has; of any size, as callers write them."""
    return {"unknown_fields": [cut_text(name, 50) for name in fields[:_MOST_NAMED]]} if fields else {}


def unwrap(body: object) -> tuple[list[Any], int | None]:
    """Return the records of a list answer and their total, in whichever of Clerk's two envelopes they
    came."""
    if isinstance(body, list):
        return body, None
    data = body.get("data") if isinstance(body, dict) else None
    total = body.get("total_count") if isinstance(body, dict) else None
    return (data if isinstance(data, list) else []), (total if type(total) is int else None)


_FEWEST_ALIKE: Final = 3


def lift(items: list[Any], *, values: bool = False) -> JsonObject:
    """Return a list's records, with what all of them have told once, under `in_each`.

    Args:
        values: whether that is so for every value, and not for objects with an id alone.
    """
    if len(items) < _FEWEST_ALIKE or not all(isinstance(item, dict) for item in items):
        return {"items": items}
    first = items[0]
    same = {
        name: value
        for name, value in first.items()
        if (values or (isinstance(value, dict) and "id" in value))
        and all(item.get(name) == value for item in items)
    }
    if not same:
        return {"items": items}
    others = [{name: value for name, value in item.items() if name not in same} for item in items]
    return {"items": others, "in_each": same}


def _has_more(limit: int, count: int, offset: int, total: int | None) -> bool:
    # A bare array has no total: a full page is the only sign that there may be another.
    return count > 0 and (offset + count < total if total is not None else count >= limit)
