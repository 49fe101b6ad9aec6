"""Finding the operation that does what somebody says in words of their own.

A question is compared with each operation's *names* (title, id, and the `words` of its declaration: what
people call it) and with its *text* (description, arguments, path, and all of those words). Rare words count
more than common ones, as in BM25, and a name more that is said whole, or in which two words stand beside
each other as in the question ("role set"). Verbs say which action is meant, and an operation of another
kind of action counts for less; so does one that changes things where a question begins with "which" or
"is", one for many at once where one is meant, and one that is about little of what was asked. `speech`
knows English; a resource's module may hold `SYNONYMS`: for a term of Clerk's, the words that people use
instead. What no operation does is in `gaps` and competes with the operations. Everything is in memory, made
at the first search, and gives the same answer every time.
"""

from __future__ import annotations

import importlib
import itertools
import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

from clerk_tools.argument import Place
from clerk_tools.bounds import LONGEST_NAME
from clerk_tools.catalog import RESOURCES, nearest, operations
from clerk_tools.gaps import GAPS, Gap
from clerk_tools.operation import Effect, Spec
from clerk_tools.speech import (
    ACTIONS,
    ASKS,
    ASKS_HOW,
    EVERYWHERE,
    FILLERS,
    LIST_OF,
    MANY,
    READING,
    SPLIT_VERB,
    SYNONYMS,
    VALUES,
    WEAK,
    is_plural,
    stem,
    trigrams,
    words_of,
)

_LONGEST_PHRASE: Final = 3
_QUERY_BOUND: Final = 300
"""Characters of a question that are read."""

_JOINT: Final = re.compile(r"\s*(?:,|\band then\b|\band\b|\bthen\b)\s*", re.I)
"""What stands between the parts of a question."""
_MOST_PARTS: Final = 3
_NEXT: Final = re.compile(r"\s*[;\n]\s*")
"""What stands between questions that were put together on purpose."""
_MOST_QUESTIONS: Final = 15

_MOST_WORDS: Final = 25
_SHORTEST_MISSPELT: Final = 5
"""Characters below which a word is too short to tell what it was to be."""
_ALIKE: Final = 0.55
"""Share of its trigrams from which a word counts as another one, misspelt."""

# Found by trying on the questions in the tests that are there for it.
_VERB_WEIGHT: Final = 0.55
_SYNONYM_WEIGHT: Final = 0.85
_ARGUMENT_WEIGHT: Final = 0.7
_TEXT_WEIGHT: Final = 1.2
_OTHER_ACTION: Final = 0.55
_OTHER_NUMBER: Final = 0.85
_DEPRECATED: Final = 0.75
_GAP_LIKENESS: Final = 0.6
_LESS_USED: Final = 0.88
_PAIR: Final = 1.1
"""What a name counts for that is said whole, or has two words beside each other as the question has."""
_RAREST_VERB: Final = 10
"""Operations that every verb counts as found with: how rare a verb is tells little of what is meant."""
_SOME: Final = 0.2
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
    unread: int = 0
    """Questions beyond those that one search answers."""


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

    Of several questions, with semicolons between them, each has the one operation that answers it best.

    Args:
        query: words of a natural language, or an id or parts of one.
        allowed: which operations may be shown.
        beside: tools that are not operations of Clerk's and can be found like them.
    """
    index = _index(beside)
    questions = [part for part in _NEXT.split(query[: 2 * _MOST_QUESTIONS * _QUERY_BOUND]) if part.strip()]
    if len(questions) < 2:
        return _find(index, query, allowed, limit)
    answers = [_find(index, question, allowed, 1) for question in questions[:_MOST_QUESTIONS]]
    specs = list(dict.fromkeys(spec for answer in answers for spec in answer.specs))
    return Found(specs, None, 1.0, max(1, len(specs)), len(questions) - len(answers))


def _find(index: _Index, query: str, allowed: Callable[[Spec], bool], limit: int) -> Found:
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
    best = [*first, *(spec for spec in best if spec not in first)][: max(limit, len(first))]
    if math.inf in scores.values():
        # An id is all of what was asked for, whatever its words are about.
        return Found(best, None, 1.0)
    # What answers a part is about that part.
    share = 1.0 if first else index.share(best[0], asked) if best else 0.0
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
    pairs: frozenset[tuple[Term, Term]]
    """What stands beside each other in it."""
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
class _Name:
    """One way to call an operation."""

    terms: frozenset[Term]
    pairs: frozenset[tuple[Term, Term]]
    """What stands beside each other in it."""
    weight: float
    """How much it tells of the operation."""

    @classmethod
    def of(cls, terms: list[Term], weight: float) -> _Name:
        return cls(frozenset(terms), frozenset(itertools.pairwise(terms)), weight)

    def is_as_said(self, asked: _Question) -> bool:
        """Tell whether a question says all of the name, or two words of it beside each other."""
        return not self.pairs.isdisjoint(asked.pairs) or self.terms <= asked.terms.keys()


@dataclass(frozen=True, slots=True)
class _Document:
    """One operation as the search sees it."""

    names: tuple[_Name, ...]
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
        self._fillers = frozenset(map(stem, FILLERS))
        self._phrases: set[tuple[str, ...]] = set()
        self._meanings: dict[Term, set[Term]] = defaultdict(set)
        self._actions: dict[Term, set[str]] = defaultdict(set)
        synonyms = list(_synonyms())
        for head, words in (*ACTIONS.items(), *synonyms):
            self._phrases.update(tuple(map(stem, words_of(word))) for word in (head, *words.split(",")))
        for head, words in synonyms:
            for word in words.split(","):
                self._meanings[self._term(word)].add(self._term(head))
        for action, words in ACTIONS.items():
            for word in words.split(","):
                self._actions[self._term(word)].add(action)
        self._weak = frozenset(map(self._term, WEAK))
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
        self._letters: dict[str, list[Term]] = defaultdict(list)
        """The terms that each set of letters makes: two in each other's place are still the same letters."""
        for term in sorted({*self._rarity, *self._meanings}):
            # A phrase is no word that somebody may have misspelt.
            if "-" not in term:
                self._letters["".join(sorted(term))].append(term)
                for trigram in trigrams(term):
                    self._spelling[trigram].append(term)

    def _term(self, word: str) -> Term:
        return "-".join(map(stem, words_of(word)))

    def _terms(self, text: str) -> list[Term]:
        """Return the stems of a text's words without fillers; a phrase that some synonym consists of is one
        term."""
        stems = [stem(word) for word in words_of(SPLIT_VERB.sub(r"\1 \3 \2", text))]
        out: list[Term] = []
        at = 0
        while at < len(stems):
            sizes = range(_LONGEST_PHRASE, 1, -1)
            size = next((n for n in sizes if tuple(stems[at : at + n]) in self._phrases), 1)
            if size > 1 or stems[at] not in self._fillers:
                out.append("-".join(stems[at : at + size]))
            at += size
        return out

    def _document(self, spec: Spec) -> _Document:
        called = [_Name.of(self._terms(words), 1.0) for words in filter(None, spec.words.split(","))]
        names = [_Name.of(self._terms(name), 1.0) for name in (spec.title, spec.id)]
        names += called
        names += [
            _Name.of(self._terms(argument.name), _ARGUMENT_WEIGHT)
            for argument in spec.arguments
            if argument.place is not Place.PATH
        ]
        text: dict[Term, float] = defaultdict(float)
        # A word of many of its names tells more than one of a single name.
        for term in itertools.chain.from_iterable(name.terms for name in called):
            text[term] += 1.0
        sources = [(spec.description, 2.0), (spec.resource.replace("_", " "), 2.0), (spec.path, 1.0)]
        for argument in spec.arguments:
            sources += [(argument.name, 1.0), (argument.description, 0.5)]
        for source, weight in sources:
            for term in set(self._terms(source)):
                text[term] += weight
        return _Document(
            names=tuple(names),
            terms=frozenset(text).union(*(name.terms for name in names)),
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
            found.update({*document.text, *(term for name in document.names for term in name.terms)})
        # Words that only a gap knows tell as much as those of one operation.
        for phrase in itertools.chain.from_iterable(self._gaps.values()):
            for term in phrase:
                found.setdefault(term, 1)
        return {term: self._rarity_of(term, count) for term, count in found.items()}

    def _rarity_of(self, term: Term, count: int) -> float:
        if term in self._actions:
            return _VERB_WEIGHT * math.log(1 + len(self.specs) / max(count, _RAREST_VERB))
        return math.log(1 + len(self.specs) / count)

    def read(self, query: str) -> _Question:
        """Return what a question says."""
        many = bool(LIST_OF.search(query) or MANY.search(f"{query} "))
        query = LIST_OF.sub(" ", query)
        asks = bool(ASKS.search(query)) and not ASKS_HOW.search(query)
        everywhere = bool(EVERYWHERE.search(query))
        for pattern, kind in VALUES:
            query = pattern.sub(kind, query)
        said = list(dict.fromkeys(map(self._known, self._terms(query))))[:_MOST_WORDS]
        verbs = frozenset(term for term in said if term in self._actions)
        participles = frozenset(stem(word) for word in words_of(query) if word.endswith("ed"))
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
            pairs=frozenset(pair for a, b in itertools.pairwise(words) for pair in itertools.product(a, b)),
            verbs=verbs,
            actions=self._wanted_actions(said, verbs, participles, asks=asks),
            plural=any(map(is_plural, words_of(query))),
            asks=asks,
            many=many,
            everywhere=everywhere,
        )

    def _wanted_actions(
        self, said: list[Term], verbs: frozenset[Term], participles: frozenset[Term], *, asks: bool
    ) -> frozenset[str]:
        if asks:
            return READING
        verbs = (verbs - self._weak - participles) or verbs
        if not verbs and said and said[0] in self._imperatives:
            return frozenset(ACTIONS.keys() - READING)
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
        own = trigrams(word)
        shared = Counter(term for trigram in sorted(own) for term in self._spelling.get(trigram, ()))
        alike = {term: 2 * count / (len(own) + len(trigrams(term))) for term, count in shared.items()}
        # Two letters in each other's place leave few trigrams alike.
        alike |= {term: 1.0 for term in self._letters.get("".join(sorted(word)), ()) if term[0] == word[0]}
        best = max(alike, key=lambda term: (alike[term], term), default=word)
        return best if alike.get(best, 0.0) > _ALIKE else word

    def score(self, spec: Spec, asked: _Question) -> float:
        """Tell how well an operation answers; 0 where nothing is alike."""
        document = self._documents[spec]
        if asked.terms.keys().isdisjoint(document.terms):
            return 0.0
        by_name, name = 0.0, frozenset[Term]()
        for known in document.names:
            score = known.weight * self._name_score(known.terms, asked)
            if score * _PAIR > by_name and known.is_as_said(asked):
                score *= _PAIR
            if score > by_name:
                by_name, name = score, known.terms
        score = by_name + _TEXT_WEIGHT * self._text_score(document.text, asked)
        if document.action not in (asked.actions or READING) and (
            asked.asks
            or (document.action in READING and asked.actions and not asked.actions & READING)
            or not asked.verbs & name
        ):
            score *= _OTHER_ACTION if asked.actions else _OTHER_NUMBER
        if document.is_bulk:
            score *= _ALL_AT_ONCE if asked.many else _ONE_BY_ONE
        if document.reach:
            score *= 1.0 if (document.reach == "all") == asked.everywhere else _ELSEWHERE
        reads = not asked.actions or asked.actions >= READING
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
        names = {term for name in self._documents[spec].names for term in name.terms}
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
    yield from SYNONYMS.items()
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
