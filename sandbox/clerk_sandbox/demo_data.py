"""The demo data: Fernhill, a small company with a planning tool for gardens, its customers and their people.

Ids follow from the seed, so that they are the same at each start; dates are counted back from the start.
"""

from dataclasses import dataclass, field

from clerk_sandbox import passwords
from clerk_sandbox.demo_instance import (
    COMPANY_DOMAIN,
    DAY_MS,
    seed_by_resource,
    seed_configuration,
    seed_demo_instance,
)
from clerk_sandbox.resources.actor_tokens import make_actor_token
from clerk_sandbox.resources.invitations import make_invitation
from clerk_sandbox.resources.sign_in_tokens import make_sign_in_token
from clerk_sandbox.resources.sign_ups import make_sign_up
from clerk_sandbox.state import Instance, Json
from clerk_sandbox.user_records import make_user

HOUR_MS = 3600 * 1000
SESSION_LIFETIME_MS = 7 * DAY_MS
# What the demo's people sign in with; they open nothing but the sandbox.
PASSWORD = "fernhill-sandbox-pass"  # noqa: S105
TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # noqa: S105
BACKUP_CODES = ["k3v9q2mx", "w7d4t8zn", "p5h2c6rj"]


@dataclass(frozen=True)
class Person:
    first_name: str
    last_name: str
    email_address: str
    joined_days_ago: float
    seen_days_ago: float | None
    username: str | None = None
    phone_number: str | None = None
    external_id: str | None = None
    web3_wallet: str | None = None
    public_metadata: Json = field(default_factory=dict)
    private_metadata: Json = field(default_factory=dict)
    unsafe_metadata: Json = field(default_factory=dict)


def staff(title: str, team: str) -> Json:
    return {"title": title, "team": team}


# The places in this list decide who belongs to which organization: see `demo_instance`.
PEOPLE = (
    # Fernhill's own staff
    Person("Nadia", "Brandt", f"nadia.brandt@{COMPANY_DOMAIN}", 395, 0.1, "nadia", "+12015550101", "emp-001",
           public_metadata=staff("Founder", "management")),
    Person("Tomás", "Rivera", f"tomas.rivera@{COMPANY_DOMAIN}", 390, 0.2, "tomas", "+12015550102", "emp-002",
           public_metadata=staff("Head of engineering", "engineering")),
    Person("Ingrid", "Solberg", f"ingrid.solberg@{COMPANY_DOMAIN}", 372, 1, "ingrid", external_id="emp-003",
           public_metadata=staff("Developer", "engineering")),
    Person("Kwame", "Asante", f"kwame.asante@{COMPANY_DOMAIN}", 361, 0.4, "kwame", "+12015550104", "emp-004",
           public_metadata=staff("Support lead", "support"), private_metadata={"on_call": True}),
    Person("Mei", "Tanaka", f"mei.tanaka@{COMPANY_DOMAIN}", 350, 3, "mei_t", external_id="emp-005",
           public_metadata=staff("Designer", "product")),
    Person("Oliver", "Hartley", f"oliver.hartley@{COMPANY_DOMAIN}", 341, 12, "ohartley",
           external_id="emp-006", public_metadata=staff("Accountant", "finance")),
    Person("Zofia", "Nowak", f"zofia.nowak@{COMPANY_DOMAIN}", 333, 2, "zofia", external_id="emp-007",
           public_metadata=staff("Developer", "engineering")),
    Person("Samuel", "Okafor", f"samuel.okafor@{COMPANY_DOMAIN}", 320, 5, "samuel", external_id="emp-008",
           public_metadata=staff("Sales", "sales")),
    # Mossbrook Gardens, a customer that signs in through its own identity provider
    Person("Helen", "Mossbrook", "helen@mossbrook.example", 210, 0.5, phone_number="+12015550110",
           public_metadata={"plan": "growth"}, private_metadata={"crm": {"id": "crm-4411", "health": "ok"}}),
    Person("Piotr", "Zielinski", "piotr@mossbrook.example", 208, 4),
    Person("Amara", "Diallo", "amara@mossbrook.example", 207, 7, unsafe_metadata={"theme": "dark"}),
    Person("Lucas", "Fontaine", "lucas@mossbrook.example", 206, 30),
    Person("Priya", "Raman", "priya+clerk_test@mossbrook.example", 205, None),
    Person("Jonas", "Keller", "jonas@mossbrook.example", 204, 90),
    # Alder & Vale Nursery
    Person("Bridget", "Vale", "bridget@aldervale.example", 160, 1.5, "bridgetvale", "+12015550120",
           public_metadata={"plan": "starter"}),
    Person("Marcus", "Alder", "marcus@aldervale.example", 158, 6, "malder"),
    Person("Yuki", "Sato", "yuki+clerk_test@aldervale.example", 156, 45),
    # Thistle Studio
    Person("Fiona", "Thistle", "fiona@thistle.example", 25, 0.3, "thistle",
           public_metadata={"plan": "trial"}),
    # People of no organization
    Person("Carlos", "Mendoza", "carlos.mendoza@example.com", 140, 10, "carlosm",
           web3_wallet="0x52908400098527886e0f7030069857d2e4169ee7"),
    Person("Aisha", "Karim", "aisha.karim@example.com", 120, 2, "aisha", "+12015550131"),
    Person("Dmitri", "Volkov", "dmitri.volkov@example.net", 100, 80, "dvolkov",
           private_metadata={"ban_reason": "resold trial accounts", "ticket": "SUP-2041"}),
    Person("Greta", "Lindqvist", "greta.lindqvist@example.org", 75, 0.05, "greta"),
    Person("Hassan", "El-Amin", "hassan.elamin@example.com", 40, 15, public_metadata={"plan": "free"}),
    Person("Chloe", "Dubois", "chloe+clerk_test@example.com", 9, 8, phone_number="+12015550140"),
    Person("Ravi", "Patel", "ravi.patel@example.com", 2, 1.9, unsafe_metadata={"onboarding": {"step": 2}}),
)  # fmt: skip
TOMAS, INGRID, HELEN, DMITRI, GRETA, CHLOE = 1, 2, 8, 20, 21, 23


def seed_demo_data(instance: Instance, users: int = 0) -> None:
    """Fill an empty instance with the demo company, and with `users` more people who joined before it."""
    seed_configuration(instance)
    people = [seed_person(instance, person) for person in PEOPLE]
    seed_demo_instance(instance, people)
    seed_sign_in_methods(instance, people)
    seed_sessions(instance, people)
    seed_invitations(instance)
    seed_tokens(instance, people)
    # Last, since a resource's own records may hang on anything above.
    seed_by_resource(instance, "seed_demo")
    seed_bulk_users(instance, users)


def seed_person(instance: Instance, person: Person) -> Json:
    now = instance.clock()
    seen_at = None if person.seen_days_ago is None else now - round(person.seen_days_ago * DAY_MS)
    return instance.add_user(
        make_user(
            instance,
            now - round(person.joined_days_ago * DAY_MS),
            first_name=person.first_name,
            last_name=person.last_name,
            username=person.username,
            external_id=person.external_id,
            email_address=[person.email_address],
            phone_number=[person.phone_number] if person.phone_number else [],
            web3_wallet=[person.web3_wallet] if person.web3_wallet else [],
            public_metadata=dict(person.public_metadata),
            private_metadata=dict(person.private_metadata),
            unsafe_metadata=dict(person.unsafe_metadata),
            last_sign_in_at=seen_at,
            last_active_at=seen_at,
        )
    )


def seed_sign_in_methods(instance: Instance, people: list[Json]) -> None:
    """Passwords, an authenticator app, an account at Google, one at a customer's provider, a ban, a lock."""
    for user in people[:8]:
        kept = passwords.keep(PASSWORD, salt=instance.new_secret(16))
        instance.credentials[user["id"]] = {"password": kept}
        user["password_enabled"] = True
        user["password_last_updated_at"] = user["created_at"]

    tomas, now = people[TOMAS], instance.clock()
    instance.credentials[tomas["id"]] |= {"totp_secret": TOTP_SECRET, "backup_codes": list(BACKUP_CODES)}
    tomas |= {"totp_enabled": True, "backup_code_enabled": True, "mfa_enabled_at": tomas["created_at"]}
    add_google_account(instance, people[INGRID])
    add_saml_account(people[HELEN])

    people[DMITRI]["banned"] = True
    greta = people[GRETA]
    greta["locked"] = True
    instance.credentials[greta["id"]] = {"locked_until": now + HOUR_MS // 2}
    # Not verified yet, and so not primary: the address that somebody wants to change to.
    instance.attach(
        people[CHLOE],
        "email_address",
        {
            **people[CHLOE]["email_addresses"][0],
            "id": instance.new_id("idn"),
            "email_address": "chloe.dubois@example.com",
            "verification": None,
        },
    )


def add_google_account(instance: Instance, user: Json) -> None:
    account_id, email = instance.new_id("eac"), user["email_addresses"][0]
    email["linked_to"] = [{"type": "oauth_google", "id": account_id}]
    user["external_accounts"].append(
        {
            "object": "external_account",
            "id": account_id,
            "provider": "oauth_google",
            "identification_id": email["id"],
            "provider_user_id": "108204268033311374519",
            "approved_scopes": "email https://www.googleapis.com/auth/calendar openid profile",
            "email_address": email["email_address"],
            "email_address_verified": True,
            "first_name": user["first_name"],
            "last_name": user["last_name"],
            "avatar_url": "",
            "image_url": "",
            "username": None,
            "phone_number": None,
            "public_metadata": {},
            "label": None,
            "created_at": user["created_at"],
            "updated_at": user["created_at"],
            "verification": {
                "object": "verification_oauth",
                "status": "verified",
                "strategy": "oauth_google",
                "external_verification_redirect_url": "",
                "error": None,
                "expire_at": user["created_at"] + HOUR_MS,
                "attempts": None,
            },
        }
    )
    instance.credentials[user["id"]]["oauth_tokens"] = [
        {
            "object": "oauth_access_token",
            "external_account_id": account_id,
            "provider_user_id": "108204268033311374519",
            "token": "ya29.sandbox-" + instance.new_secret(40),
            "provider": "oauth_google",
            "public_metadata": {},
            "label": None,
            "expires_at": instance.clock() + HOUR_MS,
            "scopes": ["email", "https://www.googleapis.com/auth/calendar", "openid", "profile"],
        }
    ]


def add_saml_account(user: Json) -> None:
    user["saml_accounts"].append(
        {
            "id": user["primary_email_address_id"].replace("idn_", "samlacc_"),
            "object": "saml_account",
            "provider": "saml_okta",
            "active": True,
            "email_address": user["email_addresses"][0]["email_address"],
            "first_name": user["first_name"],
            "last_name": user["last_name"],
            "provider_user_id": "00u1helenmossbrook",
            "public_metadata": {},
            "verification": {
                "object": "verification_saml",
                "status": "verified",
                "strategy": "saml",
                "external_verification_redirect_url": None,
                "error": None,
                "expire_at": user["created_at"] + HOUR_MS,
                "attempts": None,
            },
        }
    )


def seed_sessions(instance: Instance, people: list[Json]) -> None:
    """Return a browser for everybody who was seen in the last week, and some sessions that are over."""
    now = instance.clock()
    for place, user in enumerate(people):
        seen_at = user["last_active_at"]
        if seen_at is None or now - seen_at > SESSION_LIFETIME_MS or user["banned"]:
            continue
        client = add_client(instance, seen_at - HOUR_MS)
        if place % 3 == 1:
            add_session(instance, client, user, seen_at - 20 * DAY_MS, seen_at - 19 * DAY_MS, "expired")
        if place % 4 == 0:
            add_session(instance, client, user, seen_at - 2 * DAY_MS, seen_at - DAY_MS, "ended")
        add_session(instance, client, user, seen_at - HOUR_MS, seen_at, "active")
    phone = add_client(instance, now - 3 * DAY_MS)
    add_session(instance, phone, people[TOMAS], now - 3 * DAY_MS, now - 2 * HOUR_MS, "active")
    office = add_client(instance, now - 90 * DAY_MS)
    add_session(instance, office, people[DMITRI], now - 90 * DAY_MS, now - 80 * DAY_MS, "revoked")


def add_client(instance: Instance, created_at: int) -> Json:
    return instance.clients.add(
        {
            "object": "client",
            "id": instance.new_id("client"),
            "session_ids": [],
            "sign_in_id": None,
            "sign_up_id": None,
            "last_authentication_strategy": "password",
            "created_at": created_at,
            "updated_at": created_at,
        }
    )


def add_session(
    instance: Instance, client: Json, user: Json, created_at: int, last_active_at: int, status: str
) -> Json:
    session = instance.sessions.add(
        {
            "object": "session",
            "id": instance.new_id("sess"),
            "user_id": user["id"],
            "client_id": client["id"],
            "actor": None,
            "status": status,
            "last_active_organization_id": next(iter(instance.memberships_by_user.get(user["id"], ())), None),
            "last_active_at": last_active_at,
            "expire_at": created_at + SESSION_LIFETIME_MS,
            "abandon_at": created_at + 30 * DAY_MS,
            "created_at": created_at,
            "updated_at": last_active_at,
        }
    )
    client["session_ids"].append(session["id"])
    return session


def seed_invitations(instance: Instance) -> None:
    now = instance.clock()
    for email_address, days, status in (
        ("fiona@thistle.example", 26, "accepted"),
        ("wrong.address@example.net", 21, "revoked"),
        ("press+clerk_test@gardenweekly.example", 6, "pending"),
        ("owner+clerk_test@lavender-lane.example", 2, "pending"),
    ):
        invitation = make_invitation(instance, email_address, {"source": "demo"}, now - days * DAY_MS)
        invitation |= {"status": status, "revoked": status == "revoked"}
        instance.invitations.add(invitation)


def seed_tokens(instance: Instance, people: list[Json]) -> None:
    """Return a sign-in token and an actor token that can still be used, one of each that cannot, and a
    sign-up."""
    now, kwame, helen = instance.clock(), people[3], people[HELEN]
    for status, days in (("accepted", 20), ("pending", 1)):
        sign_in = make_sign_in_token(instance, helen["id"], now - days * DAY_MS)
        instance.sign_in_tokens.add(sign_in | {"status": status})
        acting = make_actor_token(instance, helen["id"], {"sub": kwame["id"]}, now - days * DAY_MS)
        instance.actor_tokens.add(acting | {"status": status})
    instance.sign_ups.add(make_sign_up(instance, "new.gardener+clerk_test@example.com", now - HOUR_MS))


FIRST_NAMES = [
    "Ada",
    "Ben",
    "Cora",
    "Dan",
    "Elsa",
    "Finn",
    "Gwen",
    "Hugo",
    "Iris",
    "Jack",
    "Kira",
    "Liam",
    "Mona",
    "Nils",
    "Olga",
    "Paul",
    "Rosa",
    "Sven",
    "Tara",
    "Wim",
]
LAST_NAMES = [
    "Abel",
    "Berg",
    "Cruz",
    "Dahl",
    "Eriks",
    "Frost",
    "Gray",
    "Holm",
    "Ives",
    "Jung",
    "Kline",
    "Lund",
    "Moss",
    "Nash",
    "Orr",
    "Park",
    "Quist",
    "Reed",
]
BULK_SPAN_MS = 1000 * DAY_MS


def seed_bulk_users(instance: Instance, count: int) -> None:
    """`count` people without passwords or sessions, evenly spread over the years before the demo company."""
    newest = instance.clock() - 400 * DAY_MS
    for number in range(count):
        first = FIRST_NAMES[number % len(FIRST_NAMES)]
        last = LAST_NAMES[number // len(FIRST_NAMES) % len(LAST_NAMES)]
        created_at = newest - BULK_SPAN_MS + BULK_SPAN_MS * number // count
        instance.add_user(
            make_user(
                instance,
                created_at,
                first_name=first,
                last_name=last,
                email_address=[f"{first}.{last}.{number}@example.com"],
                last_sign_in_at=created_at,
                last_active_at=created_at,
            )
        )
