"""Everything one Clerk instance knows, in memory.

Records are dicts in the very form the API answers them; what must never leave the instance (password hashes,
TOTP secrets) is kept apart in `credentials`. Times are Unix milliseconds.
"""

import hashlib
import time
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

Json = dict[str, Any]

_BASE62 = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BYTE_TO_BASE62 = bytes(_BASE62[byte % 62] for byte in range(256))

# Each of these is unique in an instance: no two users share one.
IDENTIFIERS = ("email_address", "phone_number", "web3_wallet", "username", "external_id")

DEFAULT_SETTINGS: Json = {
    # InstanceSettings_updateInstanceSettings and the two beta operations
    "test_mode": True,
    "hibp": True,
    "enhanced_email_deliverability": False,
    "support_email": None,
    "clerk_js_version": None,
    "development_origin": None,
    "allowed_origins": [],
    "url_based_session_syncing": True,
    "preferred_sign_in_strategy_when_password_required": "password",
    "progressive_sign_up": True,
    "from_email_address": "noreply",
    "session_token_template": "",
    # restrictions
    "allowlist": False,
    "blocklist": False,
    "block_email_subaddresses": False,
    "block_disposable_email_domains": False,
    "allowlist_blocklist_disabled_on_sign_in": False,
    # protection, messages, and what OAuth applications may do
    "rules_enabled": False,
    "specter_enabled": False,
    "blocked_country_codes": [],
    "dynamic_oauth_client_registration": False,
    "default_scopes": None,
    "oauth_jwt_access_tokens": False,
    "client_id_metadata_documents_advertised": False,
    "client_id_metadata_documents_only_allow_pre_registered_clients": False,
    "client_id_metadata_documents_block_implicitly_allowed_clients": False,
    # organization settings
    "organizations_enabled": True,
    "max_allowed_memberships": 5,
    "admin_delete_enabled": True,
    "domains_enabled": True,
    "slug_disabled": False,
    "domains_enrollment_modes": ["manual_invitation"],
    "creator_role": "org:admin",
    "domains_default_role": "org:member",
    # what the plan or the dashboard leaves out, by name: "ban", "lock", "saml", …
    "unsupported_features": [],
    "disabled_features": [],
    # operationIds that answer 410, as deprecated operations do one day
    "retired_operations": [],
    "password_required": False,
    "user_lockout_duration_s": 3600,
    "svix_app": False,
}


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class Table:
    """Records of one kind by id, always in order of `created_at` (then of arrival)."""

    def __init__(self) -> None:
        self._records: dict[str, Json] = {}
        self._place: dict[str, tuple[int, int, str]] = {}
        self._order: list[tuple[int, int, str]] = []
        self._arrivals = 0

    def __len__(self) -> int:
        return len(self._records)

    def __contains__(self, record_id: str) -> bool:
        return record_id in self._records

    def __iter__(self) -> Iterator[Json]:
        """Newest first."""
        return (self._records[place[2]] for place in reversed(self._order))

    def __getitem__(self, record_id: str) -> Json:
        return self._records[record_id]

    def get(self, record_id: str) -> Json | None:
        return self._records.get(record_id)

    def add(self, record: Json) -> Json:
        self._arrivals += 1
        self._records[record["id"]] = record
        self._put(record, self._arrivals)
        return record

    def remove(self, record_id: str) -> Json:
        self._take(record_id)
        return self._records.pop(record_id)

    def redate(self, record_id: str, created_at: int) -> None:
        """Give a record another `created_at` and its new place in the order."""
        arrival = self._take(record_id)[1]
        self._records[record_id]["created_at"] = created_at
        self._put(self._records[record_id], arrival)

    def newest_first(self, record_ids: Iterable[str]) -> list[Json]:
        """Return these records in the table's order; ids that are not in it are passed over."""
        places = [self._place[record_id] for record_id in record_ids if record_id in self._place]
        return [self._records[place[2]] for place in sorted(places, reverse=True)]

    def page(self, limit: int, offset: int) -> list[Json]:
        """Newest first, without looking at the rest of the table."""
        end = max(len(self._order) - offset, 0)
        return [self._records[place[2]] for place in reversed(self._order[max(end - limit, 0) : end])]

    def _put(self, record: Json, arrival: int) -> None:
        place = (record["created_at"], arrival, record["id"])
        self._place[record["id"]] = place
        insort(self._order, place)

    def _take(self, record_id: str) -> tuple[int, int, str]:
        place = self._place.pop(record_id)
        del self._order[bisect_left(self._order, place)]
        return place


TABLES = (
    "users",
    "sessions",
    "clients",
    "invitations",
    "sign_in_tokens",
    "actor_tokens",
    "sign_ups",
    "organizations",
    "memberships",
    "organization_invitations",
    "allowlist_identifiers",
    "blocklist_identifiers",
    "templates",
    "jwt_templates",
    "oauth_applications",
    "saml_connections",
    "domains",
    "redirect_urls",
    "proxy_checks",
)


class Instance:
    """One Clerk instance: its tables, its settings, its clock and its maker of ids.

    `clock` returns Unix milliseconds. The same seed makes the same ids, in the order they are asked for.
    """

    def __init__(self, *, seed: int = 0, live: bool = False, clock: Callable[[], int] = now_ms) -> None:
        self.seed = seed
        self.live = live
        self.clock = clock
        self.settings: Json = {
            key: list(value) if isinstance(value, list) else value for key, value in DEFAULT_SETTINGS.items()
        }
        self.settings["test_mode"] = not live

        self.users = Table()
        self.sessions = Table()
        self.clients = Table()
        self.invitations = Table()
        self.sign_in_tokens = Table()
        self.actor_tokens = Table()
        self.sign_ups = Table()
        self.organizations = Table()
        # A membership is stored with `organization_id` and `user_id`; its answer embeds both objects.
        self.memberships = Table()
        self.organization_invitations = Table()
        self.allowlist_identifiers = Table()
        self.blocklist_identifiers = Table()
        self.templates = Table()
        self.jwt_templates = Table()
        self.oauth_applications = Table()
        self.saml_connections = Table()
        self.domains = Table()
        self.redirect_urls = Table()
        self.proxy_checks = Table()

        self._further: dict[str, Table] = {}

        # What no answer shows. By user id: password, totp_secret, backup_codes, oauth_tokens, locked_until.
        # By OAuth application id: client_secret. By JWT template id: signing_key.
        self.credentials: dict[str, Json] = {}
        # The sessions that tokens were issued for, by the token's `jti`.
        self.issued_tokens: dict[str, str] = {}

        # Indexes, all made from the tables.
        self.taken: dict[str, dict[str, str]] = {name: {} for name in IDENTIFIERS}  # value -> user id
        self.owners: dict[str, str] = {}  # identification id -> user id
        self.memberships_by_organization: dict[str, dict[str, Json]] = {}  # organization id -> user id ->
        self.memberships_by_user: dict[str, dict[str, Json]] = {}  # user id -> organization id ->

        self._ids_made: Counter[str] = Counter()

    @property
    def id(self) -> str:
        """The instance's own id (ins_…)."""
        return "ins_" + self._digits("ins/0")

    def now(self) -> int:
        return self.clock()

    def table(self, name: str) -> Table:
        """Return the table of this name: one of the above, or one that a `Collection` keeps, made when
        needed."""
        return getattr(self, name) if name in TABLES else self._further.setdefault(name, Table())

    def new_id(self, prefix: str) -> str:
        """Return a new id: the prefix, `_` and 27 base-62 characters."""
        self._ids_made[prefix] += 1
        return f"{prefix}_" + self._digits(f"{prefix}/{self._ids_made[prefix]}")

    def new_secret(self, length: int = 32) -> str:
        """Return a token, secret or ticket of base-62 characters; from the seed too, so that a run
        repeats."""
        self._ids_made["secret"] += 1
        return (self._digits(f"secret/{self._ids_made['secret']}") * (length // 27 + 1))[:length]

    def _digits(self, what: str) -> str:
        digest = hashlib.blake2b(f"{self.seed}/{what}".encode(), digest_size=27).digest()
        return digest.translate(_BYTE_TO_BASE62).decode()

    # Users and their identifiers

    def add_user(self, user: Json) -> Json:
        """Store a user and claim every identifier they have."""
        user_id = user["id"]
        for name in ("email_address", "phone_number", "web3_wallet"):
            claimed = self.taken[name]
            for identification in user[plural(name)]:
                claimed[identification[name]] = user_id
                self.owners[identification["id"]] = user_id
        for name in ("username", "external_id"):
            if user[name]:
                self.taken[name][identifier_key(name, user[name])] = user_id
        return self.users.add(user)

    def remove_user(self, user_id: str) -> Json:
        """Forget a user and set their identifiers free. What else hangs on them is the caller's to remove."""
        user = self.users.remove(user_id)
        for name in ("email_address", "phone_number", "web3_wallet"):
            for identification in user[plural(name)]:
                del self.taken[name][identification[name]]
                del self.owners[identification["id"]]
        for name in ("username", "external_id"):
            if user[name]:
                del self.taken[name][identifier_key(name, user[name])]
        self.credentials.pop(user_id, None)
        return user

    def attach(self, user: Json, name: str, identification: Json) -> Json:
        """Give a user another email_address, phone_number or web3_wallet."""
        user[plural(name)].append(identification)
        self.taken[name][identification[name]] = user["id"]
        self.owners[identification["id"]] = user["id"]
        return identification

    def detach(self, user: Json, name: str, identification: Json) -> None:
        user[plural(name)].remove(identification)
        del self.taken[name][identification[name]]
        del self.owners[identification["id"]]

    def rename(self, user: Json, name: str, value: str | None) -> None:
        """Change a user's username or external_id; None or "" sets it free."""
        if user[name]:
            del self.taken[name][identifier_key(name, user[name])]
        user[name] = value or None
        if value:
            self.taken[name][identifier_key(name, value)] = user["id"]

    def user_by(self, name: str, value: str) -> Json | None:
        """Return the user who has this email_address, phone_number, web3_wallet, username or external_id."""
        user_id = self.taken[name].get(identifier_key(name, value))
        return None if user_id is None else self.users[user_id]

    # Memberships

    def add_membership(self, membership: Json) -> Json:
        organization_id, user_id = membership["organization_id"], membership["user_id"]
        self.memberships_by_organization.setdefault(organization_id, {})[user_id] = membership
        self.memberships_by_user.setdefault(user_id, {})[organization_id] = membership
        return self.memberships.add(membership)

    def remove_membership(self, membership: Json) -> Json:
        organization_id, user_id = membership["organization_id"], membership["user_id"]
        del self.memberships_by_organization[organization_id][user_id]
        del self.memberships_by_user[user_id][organization_id]
        return self.memberships.remove(membership["id"])

    def membership(self, organization_id: str, user_id: str) -> Json | None:
        return self.memberships_by_organization.get(organization_id, {}).get(user_id)

    # Snapshots

    def snapshot(self) -> Json:
        """Return the whole state as JSON values, secrets included: enough to start the same instance
        again."""
        return {
            "seed": self.seed,
            "live": self.live,
            "settings": self.settings,
            "tables": {name: list(self.table(name))[::-1] for name in (*TABLES, *sorted(self._further))},
            "credentials": self.credentials,
            "issued_tokens": self.issued_tokens,
            "ids_made": dict(self._ids_made),
        }

    @classmethod
    def restore(cls, snapshot: Json, clock: Callable[[], int] = now_ms) -> "Instance":
        """Return the instance that `snapshot` was taken of. The snapshot's own records are used, not
        copied."""
        instance = cls(seed=snapshot["seed"], live=snapshot["live"], clock=clock)
        instance.settings.update(snapshot["settings"])
        add = {"users": instance.add_user, "memberships": instance.add_membership}
        for name, records in snapshot["tables"].items():
            for record in records:
                add.get(name, instance.table(name).add)(record)
        instance.credentials.update(snapshot["credentials"])
        instance.issued_tokens.update(snapshot["issued_tokens"])
        instance._ids_made.update(snapshot["ids_made"])
        return instance


def plural(identifier: str) -> str:
    """Return the user's list of identifications of a kind: "email_address" -> "email_addresses"."""
    return identifier + ("es" if identifier.endswith("s") else "s")


def identifier_key(name: str, value: str) -> str:
    """Tell how a value is compared: an external id is taken literally, everything else without regard to
    case."""
    return value if name == "external_id" else value.lower()
