"""The routes of the pages on which a person decides. A link alone does nothing: only a form of the page does,
sent by somebody who is known, from the page itself, with the value that was made for their browser."""

from __future__ import annotations

import hmac
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from clerk_mcp.answering import Credentials, Kept
from clerk_mcp.calling import Caller, Calls, look_again
from clerk_mcp.confirming import Question, Questions, QuestionsInProcess, Verdict
from clerk_mcp.hosting.auth import Rejected
from clerk_mcp.hosting.person.rendering import STYLE, ask, listing, message, offer, reveal, style
from clerk_mcp.hosting.person.visitors import Visitor, Visitors
from clerk_mcp.hosting.signin import is_own_post, read_form
from clerk_mcp.offering import Refused
from clerk_tools.catalog import operations

logger = logging.getLogger(__name__)

BELOW: Final = ("/questions", "/credentials/")
"""The paths of these pages, which ask themselves who is there."""

_LARGEST_FORM: Final = 20_000
"""Bytes."""
_SEEN: Final = re.compile(r"[0-9a-f]{32}")


class PersonPages:
    """Shows the questions of callers to people, and takes their answers; and hands out credentials."""

    def __init__(
        self,
        calls: Calls,
        questions: Questions | None,
        visitors: Visitors,
        *,
        public_url: str | None = None,
    ) -> None:
        """
        Args:
            calls: what a question is about is read through it, and it has the credentials that are kept.
            questions: None where nobody is asked in a browser.
            public_url: where browsers reach the server, if not by the address that it listens on.
        """
        self._calls = calls
        self._questions: Questions = questions or QuestionsInProcess()
        self._kept: Credentials | None = calls.formatter.secrets.kept
        self._visitors = visitors
        self._public_url = public_url

    def routes(self) -> Sequence[Route]:
        """Return the routes of all pages."""
        return [
            Route(STYLE, style, methods=["GET"]),
            Route("/questions", self._guarded(self._list), methods=["GET"]),
            Route("/questions/{id}", self._guarded(self._show), methods=["GET"]),
            Route("/questions/{id}", self._guarded(self._answer), methods=["POST"]),
            Route("/credentials/{id}", self._guarded(self._offer), methods=["GET"]),
            Route("/credentials/{id}", self._guarded(self._hand_out), methods=["POST"]),
        ]

    def _guarded(
        self, show: Callable[[Request, Visitor], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        """Let only those see a page who are known, and have a form taken only from the page itself."""

        async def guarded(request: Request) -> Response:
            id = request.path_params.get("id", "")
            try:
                if request.method == "POST" and not is_own_post(request, self._public_url):
                    return message(request, "Refused", _FROM_ELSEWHERE, status=403)
                visitor = await self._visitors.who(request, id)
                if visitor is None:
                    return await self._visitors.enter(request, id)
                return await show(request, visitor)
            except Rejected as rejected:
                return message(request, "Not now", f"{rejected.reason}.", status=503)
            except Refused as refused:
                return message(request, "Not now", refused.message, status=503)
            except OSError as problem:
                logger.error("a page cannot be shown: %s", problem.strerror or problem)
                return message(request, "Not now", "Where this is kept cannot be reached.", status=503)

        return guarded

    async def _list(self, request: Request, visitor: Visitor) -> Response:
        if not visitor.may_approve:
            return message(request, "Not for you", _NO_APPROVER, status=403)
        return listing(request, await self._questions.pending(), visitor)

    async def _show(self, request: Request, visitor: Visitor) -> Response:
        found = await self._open(request, visitor)
        if isinstance(found, Response):
            return found
        return await self._page(request, found, visitor)

    async def _page(
        self, request: Request, question: Question, visitor: Visitor, problem: str = ""
    ) -> Response:
        looker = Caller(session="questions", name=visitor.name)
        return ask(request, question, await look_again(self._calls, question, looker), visitor, problem)

    async def _open(self, request: Request, visitor: Visitor) -> Question | Response:
        """Return the question of a request, or why this visitor cannot answer it."""
        if not visitor.may_approve:
            return message(request, "Not for you", _NO_APPROVER, status=403)
        question = await self._questions.find(request.path_params["id"])
        if question is None:
            return message(request, "No such question", _OVER, status=404)
        if not visitor.is_local and visitor.name == question.caller:
            return message(request, "Not for you", _OWN, status=403)
        verdict = await self._questions.verdict(question)
        if verdict:
            return message(request, "Answered", _answered(verdict), _TELL_THE_AGENT, status=409)
        return question

    async def _offer(self, request: Request, visitor: Visitor) -> Response:
        found = await self._waiting(request, visitor)
        return found if isinstance(found, Response) else offer(request, found, visitor)

    async def _waiting(self, request: Request, visitor: Visitor) -> Kept | Response:
        """Return the credential of a request, without its values, or why this visitor cannot have it."""
        found = await self._kept.look(request.path_params["id"]) if self._kept else None
        if found is None or not (visitor.name == found.caller or visitor.may_approve):
            # Whom it is not for learns nothing of it.
            return message(request, "Nothing here", _NO_CREDENTIAL, status=404)
        return found

    async def _hand_out(self, request: Request, visitor: Visitor) -> Response:
        form = await self._form(request, visitor)
        if isinstance(form, Response):
            return form
        found = await self._waiting(request, visitor)
        if isinstance(found, Response):
            return found
        audit = self._calls.audit
        if audit:
            audit.check()
        kept = await self._kept.take(found.id) if self._kept else None
        if kept is None:
            return message(request, "Nothing here", _NO_CREDENTIAL, status=404)
        if audit:
            await audit.taken(
                operations()[kept.operation].spec,
                caller=kept.caller,
                by=visitor.words,
                of=str(kept.values.get("id", "")),
            )
        logger.info("a credential that %s made was fetched", kept.operation)
        return reveal(request, kept)

    async def _form(self, request: Request, visitor: Visitor) -> dict[str, str] | Response:
        """Return what was sent with a form of a page that was shown to this visitor, or the refusal."""
        length = request.headers.get("content-length", "")
        if not length.isdecimal() or int(length) > _LARGEST_FORM:
            return message(request, "Refused", "The form is too large.", status=413)
        form = await read_form(request)
        if not hmac.compare_digest(form.get("mark", "").encode(), visitor.mark.encode()):
            return message(request, "Refused", _FROM_ELSEWHERE, status=403)
        return form

    async def _answer(self, request: Request, visitor: Visitor) -> Response:
        form = await self._form(request, visitor)
        if isinstance(form, Response):
            return form
        question = await self._open(request, visitor)
        if isinstance(question, Response):
            return question
        answer, seen = form.get("answer"), form.get("seen", "")
        if answer not in ("agree", "decline") or (answer == "agree" and not _SEEN.fullmatch(seen)):
            return message(request, "Refused", "This is no answer to the question.", status=400)
        if answer == "agree" and question.to_type and not _is_typed(form.get("typed", ""), question):
            problem = f"Nothing was agreed to: to agree, type {question.to_type} first."
            return await self._page(request, question, visitor, problem)
        verdict = Verdict(answer == "agree", visitor.words, seen)
        if not await self._questions.decide(question, verdict):
            return message(request, "Answered", "Somebody else was faster, or the time was over.", status=409)
        logger.info("a question about %s was answered: %s", question.operation, answer)
        return message(request, "Agreed" if verdict.yes else "Declined", _answered(verdict), _TELL_THE_AGENT)


def _is_typed(typed: str, question: Question) -> bool:
    return " ".join(typed.split()) == " ".join(question.to_type.split())


def _answered(verdict: Verdict) -> str:
    if verdict.yes:
        return f"This was agreed to, by {verdict.by}. It is done when the agent makes the same call again."
    return f"This was declined, by {verdict.by}. It will not be done."


_TELL_THE_AGENT: Final = "Close this page, and tell the agent to go on."
_NO_APPROVER: Final = (
    "Your token lacks the scope approve. Whoever runs this server makes one that has it (clerk-mcp token new"
    " NAME --scope approve), or gives it to you as a user of the OAuth issuer (--oauth-user)."
)
_OWN: Final = "You asked this yourself: somebody else has to answer."
_OVER: Final = "This question is over, or there never was one: questions are open for five minutes."
_NO_CREDENTIAL: Final = (
    "There is no credential here for you: it was fetched already, its ten minutes are over, or somebody else"
    " has to sign in, whoever had it made or may approve."
)
_FROM_ELSEWHERE: Final = (
    "This was not sent from the page as it was shown to you, so nothing was done."
    " Open the page and try again."
)
