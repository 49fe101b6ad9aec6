"""English, as far as the search needs it: verbs, other words for the same, how people ask, endings."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

ACTIONS: Final = {
    "list": "list, find, search, show, see, browse, all, which, who, export, enumerate, count",
    "get": "get, show, see, view, look, look up, fetch, read, inspect, detail, verify, check, validate, "
    "test, retrieve, display, pull up, confirm, print, status",
    "create": "create, add, new, another, attach, connect, make, register, set up, setup, generate, issue, "
    "mint, put, upload, give, provision, enroll, define, grant, assign, onboard, start, import, "
    "establish, open",
    "update": "update, change, edit, modify, set, rename, replace, customize, turn on, turn off, switch on, "
    "switch off, enable, disable, reset, make, merge, fix, correct, adjust, raise, lower, increase, "
    "decrease, extend, patch, configure, overwrite, move, activate, deactivate, pause",
    "delete": "delete, remove, erase, wipe, drop, destroy, detach, discard, throw, take away, take off, take "
    "out, take back, take down, get rid, revoke, cancel, withdraw, invalidate, stop, end, kill, "
    "terminate, disable, turn off, close, clear, purge, tear down, decommission, retire, call off, "
    "unlink, disconnect, scrap, nuke, offboard, rescind, abort, expire, kick, undo",
}
"""The verbs that people use for each kind of action."""
READING: Final = frozenset(("list", "get"))
WEAK: Final = ("new", "another", "all", "which", "who", "status", "open")
"""Words among them that say nothing of the action where a verb does: "replace the key by a new one"."""

SYNONYMS: Final = {
    "delete": "remove, erase, wipe, drop, destroy, discard, get rid, close, purge, tear down, decommission, "
    "retire, scrap, nuke, deletion, removal",
    "remove": "delete, take off, take out, take away, take down, drop, detach, kick, throw, unlink, "
    "disconnect",
    "revoke": "cancel, withdraw, invalidate, terminate, kill, end, take back, call off, rescind, abort, "
    "expire, stop, revocation, cancellation",
    "create": "add, new, make, register, set up, setup, generate, provision, creation",
    "add": "create, new, another, put, give, attach, connect, assign",
    "verify": "check, validate, test, confirm, valid, verification",
    "disable": "turn off, switch off, deactivate, stop",
    "enable": "turn on, switch on, activate",
    "revert": "undo, restore, go back, roll back",
    "rotate": "roll, renew, regenerate, rotation",
    "block": "prevent, refuse, forbid, reject, disallow, deny",
    "count": "how many, total",
    "bulk": "many, several, at once, batch, mass, in one go",
    "update": "change, edit, modify, customize, fix, correct, adjust",
    "replace": "overwrite, swap, substitute, exchange, exactly",
}

VALUES: Final = (
    (re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+"), " email "),
    (re.compile(r"\*?@[\w-]+(\.[\w-]+)+"), " domain "),
    (re.compile(r"\b[\w-]+\.(com|org|net|io|dev|app|eu|co)\b"), " domain "),
    (re.compile(r"\+\d[\d ]{6,}"), " phone "),
    (re.compile(r"\d ?%"), " percent "),
    (
        re.compile(r"[$€£] ?\d[\d.,]*|\b\d[\d.,]* ?(dollars?|euros?|pounds?|bucks|usd|eur|gbp)\b", re.I),
        " money ",
    ),
    (re.compile(r"[\"“][^\"“”]{1,60}[\"”]"), " "),
    (re.compile(r"\b[a-z][\w.+-]*://\S*"), " url "),
    (re.compile(r"\b(user|org|sess|client|inv|orginv|dmn)_\w{3,}"), r" \1 id "),
)
"""A value in a question stands for the kind of thing it is."""

SPLIT_VERB: Final = re.compile(
    r"\b((?:log|sign|turn|switch|take|kick|let)\w*) "
    r"((?:(?!in |out |off |on |back )\w+ ){1,3})(in|out|off|on|back)\b",
    re.I,
)
"""Of "log a user out", so that it reads as "log out a user"."""

ASKS: Final = re.compile(
    r"^\W*((can|may) (a |the |any )?(users?|members?|people|customers?|anyone|anybody|they|everyone)"
    r"|is|are|was|were|does|did|do we|has|have we|which|whos?|whose|what|how (many|much|big|long|often)"
    r"|where|when|why)\b",
    re.I,
)
"""How a question begins that wants to know something, whatever verbs follow: "which users are banned"."""
ASKS_HOW: Final = re.compile(r"\b(operation|tool|endpoint|method|call|do i|can i|should i|do we do)\b", re.I)
"""What such a question has in it when it is after the operation that does something."""
LIST_OF: Final = re.compile(r"\b(a|the|this|whole) (list|spreadsheet|file|csv|batch|bunch) of\b", re.I)
"""Several at once, and no listing."""
MANY: Final = re.compile(
    r"\b((whole|entire) (\w+ )?(team|department|dept|class|group)|lots of|these|those|several|many|multiple"
    r"|bulk|batch|at once|in one go|spreadsheet|csv|two|three|four|five"
    r"|six|seven|eight|nine|ten|dozens?|hundreds?|thousands?|\d{1,4}) ",
    re.I,
)
EVERYWHERE: Final = re.compile(
    r"\b(all|every|across|each|any|whole|entire|anywhere)\b.*\b(organi[sz]ations?|orgs?|compan(y|ies)|teams?"
    r"|workspaces?|tenants?|customers?|app|application|instance)\b|\b(instance|app).wide\b"
    r"|^\W*(which|what) (organi[sz]ations?|orgs?|compan(y|ies)|teams?|workspaces?|tenants?|customers?)\b",
    re.I,
)

FILLERS: Final = frozenset(
    """
    a about already also am an and anything are as at be been but by can could currently d did didn do does
    doesn don for from go had has have he hello her hey hi him his how however i if in into is isn it its
    just ll me my need not nothing now of on one or our out per please re really she should so some something
    t than thanks that the their them then there they this to today up us ve very via want was we were what
    whatever whats when where will with would you your
    """.split()  # noqa: SIM905 - a list of a hundred quoted words is no easier to read
)
"""Words that tell nothing, with what is left of "don't" and "we'll"."""

_BRITISH: Final = re.compile(r"(?<=\w{3})is(?=(e|ed|es|ing|ations?)$)")
_IRREGULAR: Final = {
    "paid": "pay",
    "sent": "send",
    "made": "make",
    "given": "give",
    "gave": "give",
    "taken": "take",
    "took": "take",
    "lost": "lose",
    "sold": "sell",
    "bought": "buy",
    "left": "leave",
    "gone": "go",
    "stole": "steal",
    "stolen": "steal",
}


def words_of(text: str) -> list[str]:
    """Return the words of a text or of a camelCase name, in lower case."""
    plain = text.replace("OAuth", "oauth").replace("UrLs", "Urls").replace("'s", "")
    return re.findall(r"[a-z0-9]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", plain).lower())


@cache
def stem(word: str) -> str:
    """Return a word without its most common endings, and in American spelling: banned, bans and banning are
    one."""
    word = _BRITISH.sub("iz", _IRREGULAR.get(word, word))
    for ending, instead in (("ies", "y"), ("ing", ""), ("ed", ""), ("s", "")):
        root = word.removesuffix(ending)
        if root != word and len(root) >= 3 and not word.endswith(("ss", "us", "is")):
            word = root + instead
            if ending in ("ing", "ed") and word[-1] == word[-2] and word[-1] not in "ls":
                word = word[:-1]
            break
    if len(word) > 5 and word.endswith("ll"):
        word = word[:-1]
    return word.removesuffix("e") if len(word) > 3 else word


def is_plural(word: str) -> bool:
    """Tell whether a word seems to stand for several."""
    return word.endswith("s") and not word.endswith(("ss", "us", "is", "as")) and word not in FILLERS


def trigrams(word: str) -> frozenset[str]:
    """Return the threes of letters of a word, its ends among them."""
    padded = f" {word} "
    return frozenset(padded[at : at + 3] for at in range(len(padded) - 2))
