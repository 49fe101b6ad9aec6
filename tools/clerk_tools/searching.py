"""Finding the operation that does what somebody says in words of their own.

A question is compared with each operation's *names* (title, id, and the `words` of its declaration: what
people call it) and, with less weight, with its *text* (description, arguments, path). Rare words count more
than common ones, as in BM25. Verbs say which action is meant, and an operation of another kind of action
counts for less; so does one that changes things where a question begins with "which" or "is", one for many at
once where one is meant, and one that is about little of what was asked. A resource's module may hold
`SYNONYMS`: for a term of Clerk's, the words that people use instead. What no operation does is in `gaps` and
competes with the operations. Everything is in memory, made at the first search, and gives the same answer
every time.
"""

from __future__ import annotations

import importlib
import itertools
import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import Final

from clerk_tools.argument import Place
from clerk_tools.bounds import LONGEST_NAME
from clerk_tools.catalog import RESOURCES, nearest, operations
from clerk_tools.gaps import GAPS, Gap
from clerk_tools.operation import Effect, Spec

_ACTIONS: Final = {
    "list": "list, find, search, show, see, browse, all, which, who",
    "get": "get, show, see, view, look, look up, fetch, read, inspect, detail, verify, check, validate, test",
    "create": "create, add, new, another, attach, connect, make, register, set up, generate, issue, mint, "
    "put, upload, give",
    "update": "update, change, edit, modify, set, rename, replace, customize, turn on, turn off, enable, "
    "disable, reset, make, merge",
    "delete": "delete, remove, erase, wipe, drop, destroy, detach, discard, throw, take away, take off, "
    "take out, take back, get rid, revoke, cancel, withdraw, invalidate, stop, end, kill, terminate, "
    "disable, turn off, close, clear",
}
"""The verbs that people use for each kind of action."""
_READING: Final = frozenset(("list", "get"))

_SYNONYMS: Final = {
    "delete": "remove, erase, wipe, drop, destroy, discard, get rid, close",
    "remove": "delete, take off, take out, take away, drop, detach, kick, throw",
    "revoke": "cancel, withdraw, invalidate, terminate, kill, end, take back",
    "create": "add, new, make, register, set up, generate",
    "add": "create, new, another, put, give, attach, connect",
    "verify": "check, validate, test, confirm",
    "disable": "turn off, switch off, deactivate, stop",
    "enable": "turn on, switch on, activate",
    "revert": "undo, restore, go back, roll back",
    "block": "prevent, refuse, forbid, reject, disallow, deny",
    "count": "how many, number of, total",
    "bulk": "many, several, at once, batch",
    "update": "change, edit, modify, customize",
}

_VALUES: Final = (
    (re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+"), " email "),
    (re.compile(r"\*?@[\w-]+(\.[\w-]+)+"), " domain "),
    (re.compile(r"\b[\w-]+\.(com|org|net|io|dev|app|eu|co)\b"), " domain "),
    (re.compile(r"\+\d[\d ]{6,}"), " phone "),
    (re.compile(r"\b[a-z][\w.+-]*://\S*"), " url "),
    (re.compile(r"\b(user|org|sess|client|inv|orginv|dmn)_\w{3,}"), r" \1 id "),
)
"""A value in a question stands for the kind of thing it is."""

_SPLIT_VERB: Final = re.compile(
    r"\b((?:log|sign|turn|switch|take|kick|let)\w*) "
    r"((?:(?!in |out |off |on |back )\w+ ){1,3})(in|out|off|on|back)\b",
    re.I,
)
"""Of "log a user out", so that it reads as "log out a user"."""

_ASKS: Final = re.compile(
    r"^\W*(is|are|was|were|does|did|do we|has|have we|which|whos?|whose|what|how (many|much|big|long|often)"
    r"|where|when|why)\b",
    re.I,
)
"""How a question begins that wants to know something, whatever verbs follow: "which users are banned"."""
_ASKS_HOW: Final = re.compile(r"\b(operation|tool|endpoint|method|call|do i|can i|should i|do we do)\b", re.I)
"""What such a question has in it when it is after the operation that does something."""
_LIST_OF: Final = re.compile(r"\b(a|the|this|whole) (list|spreadsheet|file|csv|batch|bunch) of\b", re.I)
"""Several at once, and no listing."""
_MANY: Final = re.compile(
    r"\b(these|those|several|many|multiple|bulk|batch|at once|in one go|spreadsheet|csv|two|three|four|five"
    r"|six|seven|eight|nine|ten|dozens?|hundreds?|thousands?|\d{1,4}) ",
    re.I,
)
_EVERYWHERE: Final = re.compile(
    r"\b(all|every|across|each|any|whole|entire|anywhere)\b.*\b(organi[sz]ations?|orgs?|compan(y|ies)|teams?"
    r"|workspaces?|tenants?|customers?|app|application|instance)\b|\b(instance|app).wide\b",
    re.I,
)

_FILLERS: Final = frozenset(
    """
    a about am an and are as at be been but by can could did do does for from go had has have he her him his
    how i if in into is it its just me my need not of on one or our out please she should so some somebody
    somebodys someone someones something that the their them then there they this to up us want was we were
    what whats when where will with would you your
    """.split()  # noqa: SIM905 - a list of a hundred quoted words is no easier to read
)
_LONGEST_PHRASE: Final = 3
_QUERY_BOUND: Final = 300
"""Characters of a question that are read."""

_JOINT: Final = re.compile(r"\s*(?:[;,]|\band then\b|\band\b|\bthen\b)\s*", re.I)
"""What stands between the parts of a question."""
_MOST_PARTS: Final = 3

_MOST_WORDS: Final = 25
_SHORTEST_MISSPELT: Final = 5
"""Characters below which a word is too short to tell what it was to be."""
_ALIKE: Final = 0.55
"""Share of its trigrams from which a word counts as another one, misspelt."""

# Found by trying on the questions in the tests.
_VERB_WEIGHT: Final = 0.55
_SYNONYM_WEIGHT: Final = 0.9
_ARGUMENT_WEIGHT: Final = 0.7
_TEXT_WEIGHT: Final = 0.4
_OTHER_ACTION: Final = 0.6
_OTHER_NUMBER: Final = 0.85
_DEPRECATED: Final = 0.75
_GAP_LIKENESS: Final = 0.6
_LESS_USED: Final = 0.84
_SOME: Final = 0.3
"""What is left of the score of an operation that is about nothing else of what was asked."""
_ONE_BY_ONE: Final = 0.75
_ALL_AT_ONCE: Final = 1.25
_ELSEWHERE: Final = 0.6
_MEANT_SHARE: Final = 0.9
"""How much of an unknown name an operation must be about to have been meant."""
_OUR_PREFIX: Final = re.compile(r"^(mcp_+)?clerk[_.:/-]+", re.I)
"""What some hosts and people put before a tool's name."""

Term = str


@dataclass(frozen=True, slots=True)
class Found:
    """What answers a question."""

    specs: list[Spec]
    """The operations, best first."""
    gap: Gap | None
    """What no operation does, where the question asks for that."""
    share: float
    """How much of what was asked the best of the operations is about, between 0 and 1."""
    parts: int = 1
    """How many of the first operations each answer another part of what was asked."""


def search(
    query: str,
    allowed: Callable[[Spec], bool] = lambda _: True,
    limit: int = 5,
    beside: tuple[Spec, ...] = (),
) -> list[Spec]:
    """Find the operations that answer a question best, best first; see `find`."""
    return find(query, allowed, limit, beside).specs


def find(
    query: str,
    allowed: Callable[[Spec], bool] = lambda _: True,
    limit: int = 5,
    beside: tuple[Spec, ...] = (),
) -> Found:
    """Find what answers a question: at most `limit` operations, and none without a likeness.

    Args:
        query: words of a natural language, or an id or parts of one.
        allowed: which operations may be shown.
        beside: tools that are not operations of Clerk's and can be found like them.
    """
    index = _index(beside)
    asked = index.read(query[:_QUERY_BOUND])
    wanted = query.strip().casefold()
    scores = {
        spec: math.inf if wanted == spec.id.casefold() else index.score(spec, asked)
        for spec in index.specs
        if allowed(spec)
    }
    found = [spec for spec, score in scores.items() if score > 0]
    # Sorting is stable: among equals the more used resource comes first, as in every listing.
    best = sorted(found, key=lambda spec: -scores[spec])
    first = _answers_to_parts(index, query, best) if best else []
    best = [*first, *(spec for spec in best if spec not in first)][:limit]
    if math.inf in scores.values():
        # An id is all of what was asked for, whatever its words are about.
        return Found(best, None, 1.0)
    share = index.share(best[0], asked) if best else 0.0
    return Found(best, index.gap(asked), share, max(1, len(first)))


def _answers_to_parts(index: _Index, query: str, best: list[Spec]) -> list[Spec]:
    """Return the best operation for each part of a question such as "ban a user and revoke the invitation".

    Asked together, the words of one part outweigh those of the other. None where it is one question.
    """
    asked = [index.read(part) for part in _JOINT.split(query[:_QUERY_BOUND])]
    # A part that is only a verb, or does not begin with one, belongs to the one beside it.
    parts = [part for part in asked if len(part.words) > 1 and index.is_command(part)][:_MOST_PARTS]
    if len(parts) < 2:
        return []
    heads = dict.fromkeys(max(best, key=lambda spec: index.score(spec, part)) for part in parts)
    return sorted(heads, key=lambda spec: spec is not best[0])


def operation_meant(name: str) -> str | None:
    """Return the id of the operation that somebody most likely meant by `name`: a slip, or other words.

    None where no operation is near: a far one would only lead astray.
    """
    name = _OUR_PREFIX.sub("", name)
    if len(name) > LONGEST_NAME:
        return None
    slip = nearest(name, operations(), likeness=0.9)
    if slip:
        return slip
    found = find(name, limit=1)
    if not found.specs or found.gap or found.share < _MEANT_SHARE:
        return None
    index = _index(())
    return found.specs[0].id if index.is_named(found.specs[0], index.read(name[:_QUERY_BOUND])) else None


@dataclass(frozen=True, slots=True)
class _Question:
    words: tuple[Mapping[Term, float], ...]
    """For each word, the terms that it may stand for, and how likely."""
    weights: tuple[float, ...]
    """How much each word tells."""
    terms: Mapping[Term, float]
    """The same of all words together."""
    verbs: frozenset[Term]
    actions: frozenset[str]
    """The kinds of action that the verbs mean; empty where there is none."""
    plural: bool
    asks: bool
    """It wants to know something, and nothing done."""
    many: bool
    """It is about several things at once."""
    everywhere: bool
    """It is about all organizations, and not about one."""


@dataclass(frozen=True, slots=True)
class _Document:
    """One operation as the search sees it."""

    names: tuple[tuple[frozenset[Term], float], ...]
    """Each with how much it tells of the operation."""
    text: Mapping[Term, float]
    """How much is said of each term, between 0 and 1."""
    terms: frozenset[Term]
    """All that stands in the names or the text."""
    action: str
    is_bulk: bool
    """It does the same to several things at once."""
    reach: str
    """Of lists that there are for one organization and for all of them, which it is: one, all, or empty."""


class _Index:
    """All operations, prepared for comparing."""

    def __init__(self, beside: tuple[Spec, ...] = ()) -> None:
        self.specs = [*(operation.spec for operation in operations().values()), *beside]
        self._phrases: set[tuple[str, ...]] = set()
        self._meanings: dict[Term, set[Term]] = defaultdict(set)
        self._actions: dict[Term, set[str]] = defaultdict(set)
        synonyms = list(_synonyms())
        for head, words in (*_ACTIONS.items(), *synonyms):
            self._phrases.update(tuple(map(_stem, _words(word))) for word in (head, *words.split(",")))
        for head, words in synonyms:
            for word in words.split(","):
                self._meanings[self._term(word)].add(self._term(head))
        for action, words in _ACTIONS.items():
            for word in words.split(","):
                self._actions[self._term(word)].add(action)
        # What one operation lists of one organization, and another of all organizations.
        lists = [spec for spec in self.specs if spec.is_list and spec.effect is Effect.READ]
        self._twofold = {spec.returns for spec in lists if "{organization_id}" in spec.path} & {
            spec.returns for spec in lists if "{" not in spec.path
        }
        self._documents = {spec: self._document(spec) for spec in self.specs}
        self._gaps = {
            gap: [frozenset(self._terms(phrase)) for phrase in gap.words.split(",")] for gap in GAPS
        }
        self._rarity = self._rarities()
        self._masses: dict[frozenset[Term], float] = {}
        self._spelling: dict[str, list[Term]] = defaultdict(list)
        for term in sorted({*self._rarity, *self._meanings}):
            for trigram in _trigrams(term):
                self._spelling[trigram].append(term)

    def _term(self, word: str) -> Term:
        return "-".join(map(_stem, _words(word)))

    def _terms(self, text: str) -> list[Term]:
        """Return the stems of a text's words without fillers; a phrase that some synonym consists of is one
        term."""
        stems = [_stem(word) for word in _words(_SPLIT_VERB.sub(r"\1 \3 \2", text))]
        out: list[Term] = []
        at = 0
        while at < len(stems):
            sizes = range(_LONGEST_PHRASE, 1, -1)
            size = next((n for n in sizes if tuple(stems[at : at + n]) in self._phrases), 1)
            if size > 1 or stems[at] not in _FILLERS:
                out.append("-".join(stems[at : at + size]))
            at += size
        return out

    def _document(self, spec: Spec) -> _Document:
        names = [(name, 1.0) for name in (spec.title, spec.id, *filter(None, spec.words.split(",")))]
        names += [
            (argument.name, _ARGUMENT_WEIGHT)
            for argument in spec.arguments
            if argument.place is not Place.PATH
        ]
        text: dict[Term, float] = defaultdict(float)
        sources = [(spec.description, 2.0), (spec.resource.replace("_", " "), 2.0), (spec.path, 1.0)]
        for argument in spec.arguments:
            sources += [(argument.name, 1.0), (argument.description, 0.5)]
        for source, weight in sources:
            for term in set(self._terms(source)):
                text[term] += weight
        sets = [(frozenset(self._terms(name)), weight) for name, weight in names]
        return _Document(
            names=tuple(sets),
            terms=frozenset(text).union(*(terms for terms, _ in sets)),
            text={term: count / (count + 2.0) for term, count in text.items()},
            action=_action(spec),
            is_bulk=_is_bulk(spec),
            reach=self._reach(spec),
        )

    def _reach(self, spec: Spec) -> str:
        if not spec.is_list or spec.returns not in self._twofold or spec.effect is not Effect.READ:
            return ""
        return "one" if "{organization_id}" in spec.path else "" if "{" in spec.path else "all"

    def _rarities(self) -> dict[Term, float]:
        """Tell how much a term tells: the fewer operations it is found with, the more; and verbs little."""
        found: Counter[Term] = Counter()
        for document in self._documents.values():
            found.update({*document.text, *(term for name, _ in document.names for term in name)})
        # Words that only a gap knows tell as much as those of one operation.
        for phrase in itertools.chain.from_iterable(self._gaps.values()):
            for term in phrase:
                found.setdefault(term, 1)
        return {
            term: math.log(1 + len(self.specs) / count) * (_VERB_WEIGHT if term in self._actions else 1.0)
            for term, count in found.items()
        }

    def read(self, query: str) -> _Question:
        """Return what a question says."""
        many = bool(_LIST_OF.search(query) or _MANY.search(f"{query} "))
        query = _LIST_OF.sub(" ", query)
        asks = bool(_ASKS.search(query)) and not _ASKS_HOW.search(query)
        everywhere = bool(_EVERYWHERE.search(query))
        for pattern, kind in _VALUES:
            query = pattern.sub(kind, query)
        said = list(dict.fromkeys(map(self._known, self._terms(query))))[:_MOST_WORDS]
        verbs = frozenset(term for term in said if term in self._actions)
        words = tuple(
            {other: self._as_good(other, term) for other in sorted(self._meanings.get(term, ()))}
            | {term: 1.0}
            for term in said
        )
        highest = max(self._rarity.values())
        return _Question(
            words=words,
            weights=tuple(max(self._rarity.get(term, 0.0) for term in word) or highest for word in words),
            terms={term: max(word.get(term, 0.0) for word in words) for word in words for term in word},
            verbs=verbs,
            actions=self._wanted_actions(said, verbs, asks=asks),
            plural=any(word.endswith("s") and not word.endswith("ss") for word in _words(query)),
            asks=asks,
            many=many,
            everywhere=everywhere,
        )

    def _wanted_actions(self, said: list[Term], verbs: frozenset[Term], *, asks: bool) -> frozenset[str]:
        if asks:
            return _READING
        if not verbs and said and said[0] in self._imperatives:
            return frozenset(_ACTIONS.keys() - _READING)
        return frozenset(action for verb in verbs for action in self._actions[verb])

    @cached_property
    def _imperatives(self) -> frozenset[Term]:
        """Verbs such as "ban", which tell of themselves that something is to be changed."""
        changes = [spec for spec in self.specs if spec.effect is not Effect.READ]
        return frozenset(terms[0] for spec in changes if (terms := self._terms(spec.title)))

    def _as_good(self, other: Term, said: Term) -> float:
        """Return what a synonym counts for: it never tells more than the word that was said."""
        own, others = self._rarity.get(said), self._rarity.get(other)
        return _SYNONYM_WEIGHT * (min(1.0, own / others) if own and others else 1.0)

    def _known(self, word: Term) -> Term:
        """Return the term itself, or the known one that it is most likely a misspelling of."""
        if word in self._rarity or word in self._meanings or len(word) < _SHORTEST_MISSPELT:
            return word
        own = _trigrams(word)
        shared = Counter(term for trigram in sorted(own) for term in self._spelling.get(trigram, ()))
        alike = {term: 2 * count / (len(own) + len(_trigrams(term))) for term, count in shared.items()}
        best = max(alike, key=lambda term: (alike[term], term), default=word)
        return best if alike.get(best, 0.0) > _ALIKE else word

    def score(self, spec: Spec, asked: _Question) -> float:
        """Tell how well an operation answers; 0 where nothing is alike."""
        document = self._documents[spec]
        if asked.terms.keys().isdisjoint(document.terms):
            return 0.0
        by_name, name = 0.0, frozenset[Term]()
        for terms, weight in document.names:
            if (score := weight * self._name_score(terms, asked)) > by_name:
                by_name, name = score, terms
        score = by_name + _TEXT_WEIGHT * self._text_score(document.text, asked)
        if document.action not in (asked.actions or _READING) and (asked.asks or not asked.verbs & name):
            score *= _OTHER_ACTION if asked.actions else _OTHER_NUMBER
        if document.is_bulk:
            score *= _ALL_AT_ONCE if asked.many else _ONE_BY_ONE
        if document.reach:
            score *= 1.0 if (document.reach == "all") == asked.everywhere else _ELSEWHERE
        reads = not asked.actions or asked.actions >= _READING
        if reads and document.action == ("get" if asked.plural else "list"):
            score *= _OTHER_NUMBER
        score *= _SOME + (1.0 - _SOME) * self.share(spec, asked)
        # Of two that are as good, the one that most people need.
        score *= 1.0 if spec.is_core else _LESS_USED
        return score * _DEPRECATED if spec.is_superseded else score

    def is_command(self, asked: _Question) -> bool:
        """Tell whether a question begins with a verb, such as those that changes are called by."""
        return bool(asked.verbs) or not self._commands.isdisjoint(asked.words[0])

    @cached_property
    def _commands(self) -> frozenset[Term]:
        changes = [spec for spec in self.specs if spec.effect is not Effect.READ]
        names = [name for spec in changes for name in (spec.title, *spec.words.split(","))]
        return frozenset(terms[0] for name in names if (terms := self._terms(name)))

    def gap(self, asked: _Question) -> Gap | None:
        """Find the gap that a question asks for: it says most of a phrase of the gap's, and little else."""
        likeness = {
            gap: max(self._likeness(phrase, asked) for phrase in phrases)
            for gap, phrases in self._gaps.items()
        }
        best = max(likeness, key=lambda gap: likeness[gap])
        return best if likeness[best] >= _GAP_LIKENESS else None

    def _likeness(self, phrase: frozenset[Term], asked: _Question) -> float:
        """Tell how much of a phrase is asked for, times how much of the question is in the phrase: 0 to 1."""
        highest = max(self._rarity.values())
        weight = math.fsum(self._rarity[term] for term in phrase)
        common = math.fsum(self._rarity[term] for term in phrase if term in asked.terms)
        said = math.fsum(max(self._rarity.get(t, 0.0) for t in word) or highest for word in asked.words)
        heard = math.fsum(
            max(self._rarity.get(t, 0.0) for t in word) for word in asked.words if not phrase.isdisjoint(word)
        )
        return common / weight * heard / said if weight and said else 0.0

    def is_named(self, spec: Spec, asked: _Question) -> bool:
        """Tell whether names of an operation have most of the question's words, and one that is no verb."""
        names = {term for name, _ in self._documents[spec].names for term in name}
        heard = sum(not names.isdisjoint(word) for word in asked.words)
        return 2 * heard > len(asked.words) and not names.isdisjoint(asked.terms.keys() - asked.verbs)

    def share(self, spec: Spec, asked: _Question) -> float:
        """Tell how much of what a question says, by weight, stands anywhere in an operation."""
        there = self._documents[spec].terms
        said = math.fsum(asked.weights)
        heard = (
            weight for word, weight in zip(asked.words, asked.weights, strict=True) if there & word.keys()
        )
        return math.fsum(heard) / said if said else 0.0

    def _name_score(self, name: frozenset[Term], asked: _Question) -> float:
        """Return what the question and the name share, less where the name says much that was not asked
        for."""
        if asked.terms.keys().isdisjoint(name):
            return 0.0
        # The order of a set differs from process to process: only `fsum` adds up to the same then.
        common = math.fsum(self._rarity[term] * asked.terms[term] for term in name if term in asked.terms)
        return common * math.sqrt(common / self._mass(name))

    def _mass(self, name: frozenset[Term]) -> float:
        """Return how much all of a name tells; the same names are asked for with every question."""
        if name not in self._masses:
            self._masses[name] = math.fsum(self._rarity[term] for term in name)
        return self._masses[name]

    def _text_score(self, text: Mapping[Term, float], asked: _Question) -> float:
        return math.fsum(
            max(
                likely * self._rarity[term] * text[term] if term in text else 0.0
                for term, likely in word.items()
            )
            for word in asked.words
        )


@lru_cache(maxsize=4)
def _index(beside: tuple[Spec, ...] = ()) -> _Index:
    return _Index(beside)


def _synonyms() -> Iterator[tuple[str, str]]:
    yield from _SYNONYMS.items()
    for resource in RESOURCES:
        yield from getattr(
            importlib.import_module(f"clerk_tools.resources.{resource}"), "SYNONYMS", {}
        ).items()


def _action(spec: Spec) -> str:
    if spec.effect is Effect.READ:
        return "list" if spec.is_list else "get"
    if spec.effect is Effect.DESTROY:
        return "delete"
    return "create" if spec.method == "POST" else "update"


def _is_bulk(spec: Spec) -> bool:
    ids = any(a.required and a.type == "array" and a.name.endswith("_ids") for a in spec.arguments)
    return spec.array_body or ids


def _words(text: str) -> list[str]:
    """Return the words of a text or of a camelCase name, in lower case."""
    plain = text.replace("OAuth", "oauth").replace("UrLs", "Urls").replace("'s", "")
    return re.findall(r"[a-z0-9]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", plain).lower())


@cache
def _stem(word: str) -> str:
    """Return a word without its most common endings: banned, bans and banning are one."""
    for ending, instead in (("ies", "y"), ("ing", ""), ("ed", ""), ("s", "")):
        root = word.removesuffix(ending)
        if root != word and len(root) >= 3 and not word.endswith(("ss", "us", "is")):
            word = root + instead
            if ending in ("ing", "ed") and word[-1] == word[-2] and word[-1] not in "ls":
                word = word[:-1]
            break
    return word.removesuffix("e") if len(word) > 3 else word


def _trigrams(word: str) -> frozenset[str]:
    padded = f" {word} "
    return frozenset(padded[at : at + 3] for at in range(len(padded) - 2))
