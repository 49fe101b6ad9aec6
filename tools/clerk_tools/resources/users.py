"""Users: who can sign in."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from clerk_tools.argument import (
    REPLACES_KEYS,
    Body,
    File,
    Id,
    JsonObject,
    Kind,
    Path,
    Query,
    arg,
    cuts_off,
    replaces,
)
from clerk_tools.hits import Hit, Look, count, first_with, inside, listed, person, records, thing
from clerk_tools.ids import ImageId, OrganizationId, ProviderName, UserId, UsersOwnId
from clerk_tools.operation import Clearing, Operation, Paged, PagedOnRequest
from clerk_tools.resources import sessions
from clerk_tools.spec import EACH_OBJECT, Advice, Demo, Example
from clerk_tools.view import View

SYNONYMS: Final = {
    "user": "person, people, account, customer, employee, human, somebody, someone, everybody, "
    "everyone, anybody, anyone, him, her, he, she, guy, colleague, individual, folks, "
    "identity, guest, visitor",
    "mfa": "2fa, two factor, second factor, multi factor, two step, tfa, two step verification, "
    "second step, 2 factor",
    "image": "avatar, picture, photo, headshot, portrait, pic",
    "metadata": "custom data, custom field, attribute, custom attribute, extra data",
    "totp": "authenticator, authy",
    "passkey": "security key, webauthn, yubikey, fido, fido2, hardware key, biometric",
    "wallet": "metamask, crypto",
    "compromised": "leaked, breached, pwned, exposed, stolen, hacked, in a breach",
    "ban": "suspend, kick out",
    "impersonate": "masquerade, pose, assume the identity",
}
"""What people say instead of a term; for the search."""

PasswordHasher = Literal[
    "argon2i",
    "argon2id",
    "bcrypt",
    "bcrypt_sha256_django",
    "ldap_ssha",
    "md5",
    "md5_phpass",
    "pbkdf2_sha256",
    "pbkdf2_sha256_django",
    "pbkdf2_sha1",
    "pbkdf2_sha512",
    "pbkdf2_sha512_hex",
    "phpass",
    "scrypt_firebase",
    "scrypt_werkzeug",
    "sha256",
    "sha512_symfony",
]


TrustedDeviceId = Annotated[Id, Kind("trusted device", found_by="ListUserTrustedDevices")]

VIEWS = {
    "trusted_device": View(
        ("id", "name", "platform", "app_identifier", "status"),
        times=("created_at", "last_used_at", "revoked_at"),
    ),
}


class UserFilters(Operation):
    """Base of what lists or counts users: filters combine, each list takes up to 100 exact values."""

    email_address: Query[list[str]] = arg(optional=True)
    phone_number: Query[list[str]] = arg("E.164", optional=True)
    username: Query[list[str]] = arg(optional=True)
    web3_wallet: Query[list[str]] = arg(optional=True)
    user_id: Query[list[UserId]] = arg("- excludes", optional=True)
    query: Query[str] = arg("Part of a name, identifier or id", optional=True)
    email_address_query: Query[str] = arg(optional=True)
    phone_number_query: Query[str] = arg(optional=True)
    username_query: Query[str] = arg(optional=True)
    name_query: Query[str] = arg(optional=True)
    created_at_after: Query[int] = arg(optional=True)
    created_at_before: Query[int] = arg(optional=True)
    last_active_at_after: Query[int] = arg(optional=True)
    last_active_at_before: Query[int] = arg(optional=True)


class InstanceUserFilters(UserFilters):
    """Base of what looks among all users of the instance."""

    last_active_at_since: Query[int] = arg("Prefer last_active_at_after", optional=True, deprecated=True)
    last_sign_in_at_after: Query[int] = arg(optional=True)
    last_sign_in_at_before: Query[int] = arg(optional=True)
    external_id: Query[list[str]] = arg("- excludes", optional=True)
    organization_id: Query[list[OrganizationId]] = arg("Members of these; - excludes", optional=True)
    banned: Query[bool] = arg(optional=True)
    provider: Query[str] = arg("Such as oauth_google; with provider_user_id", optional=True)
    provider_user_id: Query[list[str]] = arg(optional=True)


class ListUsers(
    InstanceUserFilters,
    Paged,
    id="Users_listSortedByCreationDate",
    get="/users",
    lists="user",
    words="find a user by email, who signed up, newest users, all users, inactive users, do we have a "
    "user called, who joined, is an email signed up, last sign-in, which user is called, which "
    "user has a phone, which user has an email, banned users, who is banned, users created since, "
    "look a user up, find somebody by name, search accounts, who uses the app, whose phone number "
    "is this, users who never signed in, dormant users, recent sign-ups, latest users, users "
    "without activity, account with this address, show customers",
    example=Example({"query": "fernhill", "order_by": "-last_active_at", "limit": 5}),
):
    """Find users, newest first. Filters combine; lists take up to 100 exact values. `query` searches parts
    of names and identifiers. Times in Unix ms."""

    starting_after: Query[UserId] = arg("Last id of the page before; for created_at order", optional=True)
    order_by: Query[str] = arg(
        "created_at, updated_at, last_active_at, last_sign_in_at, first_name, last_name, username, "
        "email_address, phone_number or web3wallet; - descends",
        default="-created_at",
    )


class CreateUser(
    Operation,
    id="Users_createNewUser",
    post="/users",
    returns="user",
    private=("password", "password_digest", "totp_secret", "backup_codes"),
    words="import users, migrate users, sign a user up by hand, add a user, open an account, new "
    "account, set a user up, register somebody, create accounts from a file, user with email and "
    "password, user without password, onboard a user, sign up a customer by hand",
    example=Example(
        {
            "first_name": "Elif",
            "last_name": "Demir",
            "email_address": ["elif+clerk_test@example.com"],
            "password": "a-long-sandbox-password",
            "public_metadata": {"plan": "trial"},
        }
    ),
):
    """Create a user; needs an email, a phone, a wallet or a username. Emails and phones count as verified,
    the first of each is primary. No mail is sent; to let people sign up themselves, invite."""

    external_id: Body[str] = arg("Id in your own system; unique", optional=True, nullable=True)
    first_name: Body[str] = arg(optional=True, nullable=True)
    last_name: Body[str] = arg(optional=True, nullable=True)
    email_address: Body[list[str]] = arg(optional=True)
    phone_number: Body[list[str]] = arg("E.164", optional=True)
    web3_wallet: Body[list[str]] = arg(optional=True)
    username: Body[str] = arg(optional=True, nullable=True)
    password: Body[str] = arg("At least 8 characters", optional=True, nullable=True)
    password_digest: Body[str] = arg("Instead of password, with password_hasher", optional=True)
    password_hasher: Body[PasswordHasher] = arg(optional=True)
    skip_password_checks: Body[bool] = arg("For migrations", optional=True)
    skip_password_requirement: Body[bool] = arg("Allow a user without password", optional=True)
    totp_secret: Body[str] = arg("Base32; switches the authenticator app on", optional=True)
    backup_codes: Body[list[str]] = arg("Need a second factor", optional=True)
    public_metadata: Body[JsonObject] = arg(optional=True)
    private_metadata: Body[JsonObject] = arg(optional=True)
    unsafe_metadata: Body[JsonObject] = arg(optional=True)
    created_at: Body[str] = arg("RFC 3339", optional=True)
    locale: Body[str] = arg("Such as en-US", optional=True, nullable=True)
    timezone: Body[str] = arg("Such as Europe/Oslo", optional=True, undocumented=True)
    email_address_identification_status: Body[list[Literal["verified", "reserved"]]] = arg(
        "One for each address", optional=True
    )
    phone_number_identification_status: Body[list[Literal["verified", "reserved"]]] = arg(optional=True)
    delete_self_enabled: Body[bool] = arg(optional=True, nullable=True)
    create_organization_enabled: Body[bool] = arg(optional=True, nullable=True)
    create_organizations_limit: Body[int] = arg("0: no limit", optional=True, nullable=True)
    legal_accepted_at: Body[str] = arg("RFC 3339", optional=True, nullable=True)
    skip_legal_checks: Body[bool] = arg(optional=True, nullable=True)
    skip_user_requirement: Body[bool] = arg("Allow no identifier", optional=True, nullable=True)
    bypass_client_trust: Body[bool] = arg("No device checks at sign-in", optional=True, nullable=True)
    banned: Body[bool] = arg(optional=True, nullable=True)
    locked: Body[bool] = arg(optional=True, nullable=True)


class CountUsers(
    InstanceUserFilters,
    id="Users_getTotalCount",
    get="/users/count",
    returns="total_count",
    words="number of users, how many signed up, how many are banned, how many users since, count users, "
    "how many users, user count, how many accounts, size of the user base, total users",
    example=Example({"query": "mossbrook"}),
):
    """How many users match; without filters, all of them. Times in Unix ms."""


class GetUser(
    Operation,
    id="Users_getUserDetails",
    get="/users/{user_id}",
    returns="user",
    words="user profile, user by id, everything about a user, show a user, details of an account, look "
    "at one user, when did a user last sign in, is a user banned, which second factors has a "
    "user, metadata of a user",
    example=Example({"user_id": Demo("nadia")}),
):
    """One user, by id."""

    user_id: Path[UserId] = arg()


class UpdateUser(
    Clearing,
    id="Users_updateUserAttributes",
    patch="/users/{user_id}",
    returns="user",
    private=("password", "password_digest", "totp_secret", "backup_codes"),
    sends_mail="notify_primary_email_address_changed",
    limit=EACH_OBJECT,
    words="set a password, reset a password, change a user's name, change a username, edit a profile, "
    "correct a name, change first name, change last name, change surname, change the external id, "
    "let a user create organizations, forbid a user to create organizations, change the locale, "
    "replace the password, edit an account, change a user's details, primary phone, primary email "
    "of a user",
    example=Example({"user_id": Demo("carlos"), "first_name": "Carlos Andrés"}),
):
    """Change a user; only what is given changes. Metadata given here REPLACES the whole object: merge with
    Users_mergeUserMetadataAttributes. A `username` that is cleared is
    free for others."""

    user_id: Path[UserId] = arg()
    external_id: Body[str] = arg(optional=True, clearable=True)
    first_name: Body[str] = arg(optional=True, clearable=True)
    last_name: Body[str] = arg(optional=True, clearable=True)
    primary_email_address_id: Body[UsersOwnId] = arg("Must be verified", optional=True)
    notify_primary_email_address_changed: Body[bool] = arg("SENDS MAIL", default=False)
    primary_phone_number_id: Body[UsersOwnId] = arg(optional=True)
    primary_web3_wallet_id: Body[UsersOwnId] = arg(optional=True)
    username: Body[str] = arg(
        optional=True, clearable="deletes the username {was} for good, free for somebody else to take"
    )
    profile_image_id: Body[ImageId] = arg(
        optional=True,
        clearable="deletes the profile image",
        risk=replaces("loses the present profile image"),
        shown_as="has_image",
    )
    password: Body[str] = arg(
        optional=True,
        nullable=True,
        risk=replaces("the present password stops working"),
        shown_as="password_enabled",
    )
    password_digest: Body[str] = arg(
        "With password_hasher",
        optional=True,
        risk=replaces("the present password stops working"),
        shown_as="password_enabled",
    )
    password_hasher: Body[PasswordHasher] = arg(optional=True)
    skip_password_checks: Body[bool] = arg("For migrations", optional=True, nullable=True)
    sign_out_of_other_sessions: Body[bool] = arg(
        "With a new password", optional=True, nullable=True, risk=cuts_off(True, "")
    )
    totp_secret: Body[str] = arg(
        "Base32",
        optional=True,
        risk=replaces("the present authenticator app stops working"),
        shown_as="totp_enabled",
    )
    backup_codes: Body[list[str]] = arg(
        optional=True,
        risk=replaces("the present backup codes stop working"),
        shown_as="backup_code_enabled",
    )
    public_metadata: Body[JsonObject] = arg(optional=True, deprecated=True, risk=REPLACES_KEYS)
    private_metadata: Body[JsonObject] = arg(optional=True, deprecated=True, risk=REPLACES_KEYS)
    unsafe_metadata: Body[JsonObject] = arg(optional=True, deprecated=True, risk=REPLACES_KEYS)
    delete_self_enabled: Body[bool] = arg("May delete their own account", optional=True, nullable=True)
    create_organization_enabled: Body[bool] = arg("May create organizations", optional=True, nullable=True)
    create_organizations_limit: Body[int] = arg(optional=True, nullable=True)
    created_at: Body[str] = arg("RFC 3339", optional=True)
    locale: Body[str] = arg(optional=True, nullable=True)
    timezone: Body[str] = arg(optional=True, undocumented=True)
    legal_accepted_at: Body[str] = arg("RFC 3339", optional=True, nullable=True)
    skip_legal_checks: Body[bool] = arg(optional=True, nullable=True)
    bypass_client_trust: Body[bool] = arg(optional=True, nullable=True)

    async def hit(self, look: Look) -> Hit:
        found = await super().hit(look)
        signs_out = await sessions.ending(self.user_id, look) if self.sign_out_of_other_sessions else ""
        return found.and_also(signs_out)


class DeleteUser(
    Operation,
    id="Users_deleteUserById",
    grave=True,
    delete="/users/{user_id}",
    returns="deleted",
    words="erase personal data, close a user, right to be forgotten, GDPR, delete an account, remove an "
    "account, erase a user, delete a person's data, wipe a user, erasure request",
    example=Example({"user_id": Demo("hassan")}),
):
    """Delete a user with their sessions and memberships, for good. Ban to only keep them out."""

    user_id: Path[UserId] = arg()

    async def hit(self, look: Look) -> Hit:
        # A membership says who the user is and how many there are, which leaves a read for the sessions.
        memberships = await look.at(ListUserMemberships(user_id=self.user_id, limit=1), is_target=True)
        total = inside(memberships, "total_count")
        leaves = f"removes {count(total, 'membership')}" if memberships else "removes every membership"
        who = person(inside(memberships, "data", 0, "public_user_data"))
        if who:
            return Hit.of(who, await sessions.ending(self.user_id, look), leaves)
        user = await look.at(GetUser(user_id=self.user_id), is_target=True)
        return Hit.of(person(user), "ends every session of theirs", leaves)


class BanUser(
    Operation,
    id="Users_markBanned",
    post="/users/{user_id}/ban",
    together="UsersBan",
    returns="user",
    sets=("banned",),
    effect="destroy",
    no_undo="The sessions that the ban ended stay ended; Users_removeBanFromUser lifts the ban.",
    words="kick out, suspend, deactivate, block a user, keep out for good, abuse, spam, fraud, disable "
    "a user, cut off access, lose access, ban, ban somebody, keep a spammer out, block an account "
    "for good, keep somebody from signing in at all, exclude a user, throw a user out of the app",
    example=Example({"user_id": Demo("dmitri")}),
):
    """Ban a user: every session ends and no sign-in is possible until unbanned."""

    user_id: Path[UserId] = arg()

    async def hit(self, look: Look) -> Hit:
        user = await look.at(GetUser(user_id=self.user_id), is_target=True)
        if inside(user, "banned") is True:
            return Hit.of(person(user)).if_not_already("The user is banned already.")
        ends = await sessions.ending(self.user_id, look)
        return Hit.of(person(user), ends, "stops every sign-in until unbanned")


class UnbanUser(
    Operation,
    id="Users_removeBanFromUser",
    post="/users/{user_id}/unban",
    together="UsersUnban",
    returns="user",
    sets=("banned",),
    words="let back in, reactivate, unsuspend, unblock a user, reinstate a suspended user, unban, lift "
    "a ban, undo a ban, take back a ban, let a banned user back in, ban was a mistake",
    example=Example({"user_id": Demo("dmitri")}),
):
    """Lift a ban. Ended sessions stay ended."""

    user_id: Path[UserId] = arg()


class LockUser(
    Operation,
    id="Users_lockUser",
    post="/users/{user_id}/lock",
    returns="user",
    sets=("locked",),
    no_undo="No earlier state is kept; Users_removeLock lifts the lock.",
    words="stop a user from signing in for a time, temporary block, pause, freeze, lock an account, "
    "block an account for a while, lock somebody out for now, stop sign-in temporarily",
    example=Example({"user_id": Demo("greta")}),
):
    """Lock a user out of signing in until the lock expires. Sessions go on; to end them, ban."""

    user_id: Path[UserId] = arg()


class UnlockUser(
    Operation,
    id="Users_removeLock",
    post="/users/{user_id}/unlock",
    returns="user",
    sets=("locked",),
    words="locked out, too many failed attempts, too many wrong passwords, cannot sign in, user is "
    "locked out, let in again, unlock, unlock an account, lift a lock, wrong password too often, "
    "too many attempts, brute force lockout, let them try again",
    example=Example({"user_id": Demo("greta")}),
):
    """Lift a lock, for instance after too many wrong passwords."""

    user_id: Path[UserId] = arg()


class SetProfileImage(
    Operation,
    id="Users_setProfileImage",
    post="/users/{user_id}/profile_image",
    returns="user",
    words="upload an image of a user, change an image of a user, update a user's image, upload an "
    "avatar, set a profile picture, change a profile picture, new photo of a user, profile photo",
    example=Example({"user_id": Demo("carlos"), "file": Demo("an image")}),
):
    """Set a user's profile image."""

    user_id: Path[UserId] = arg()
    file: File[str] = arg(
        "Image as base64 or data URI, at most 10 MB",
        risk=replaces("loses the present image"),
        shown_as="has_image",
    )

    def state(self) -> Operation:
        return GetUser(user_id=self.user_id)


class DeleteProfileImage(
    Operation,
    id="Users_deleteProfileImage",
    delete="/users/{user_id}/profile_image",
    returns="user",
    words="delete an avatar, remove a profile picture, offensive photo, take a photo down, clear a "
    "profile image, take an avatar away",
    example=Example({"user_id": Demo("carlos")}),
):
    """Remove a user's profile image, for good."""

    user_id: Path[UserId] = arg()

    async def hit(self, look: Look) -> Hit:
        user = await look.at(GetUser(user_id=self.user_id), is_target=True)
        none = "The user has no image of their own." if inside(user, "has_image") is False else ""
        return Hit.of(person(user), "the image is lost").if_not_already(none)


class MergeUserMetadata(
    Operation,
    id="Users_mergeUserMetadataAttributes",
    patch="/users/{user_id}/metadata",
    returns="user",
    limit=EACH_OBJECT,
    words="set metadata of a user, custom data, store an attribute, set a user's plan, add a key to a "
    "user's metadata, publicMetadata, add a flag to a user's metadata, save something about a "
    "user, remember an attribute of a user, tag a user, custom field of a user, change one key of "
    "metadata, keep other metadata, store the plan of a user, mark a user in metadata, note "
    "something on a user",
    example=Example(
        {"user_id": Demo("ravi"), "unsafe_metadata": {"onboarding": {"step": 3, "skipped": None}}}
    ),
):
    """Merge keys into a user's metadata, deeply; null removes a key, at any depth."""

    user_id: Path[UserId] = arg()
    public_metadata: Body[JsonObject] = arg("Readable by the frontend", optional=True)
    private_metadata: Body[JsonObject] = arg("Backend only", optional=True)
    unsafe_metadata: Body[JsonObject] = arg("Writable by the frontend", optional=True)


class GetOAuthAccessToken(
    PagedOnRequest,
    id="Users_getOAuthAccessToken",
    get="/users/{user_id}/oauth_access_tokens/{provider}",
    lists="oauth_access_token",
    secret=("token", "token_secret", "id_token"),
    mints=True,
    words="token of google, token of github, social provider's token, third-party API access, call a "
    "provider's API on behalf of a user, google token of a user, github token of a user, access "
    "token of a social account, read a user's repositories, token of a connected "
    "account, provider access token, slack token, microsoft token",
    example=Example({"user_id": Demo("ingrid"), "provider": "oauth_google"}),
):
    """A user's access token at an OAuth provider they signed in with. It acts as them there."""

    user_id: Path[UserId] = arg()
    provider: Path[ProviderName] = arg("Such as oauth_google")


class ListUserMemberships(
    Paged,
    id="Users_getOrganizationMemberships",
    get="/users/{user_id}/organization_memberships",
    pages="organization_membership",
    words="organizations of a user, which organizations a user is in, teams of a user, companies of a "
    "user, which organizations does somebody belong to, where is a user a member, a user's roles "
    "in organizations, memberships of one user",
    example=Example({"user_id": Demo("nadia")}),
):
    """The organizations that a user belongs to, with the role in each."""

    user_id: Path[UserId] = arg()


class VerifyPassword(
    Operation,
    id="Users_verifyPassword",
    post="/users/{user_id}/verify_password",
    returns="verification",
    private=("password",),
    no_undo="The password was checked; a wrong one counts towards locking the user.",
    advice=Advice(if_executed="The attempt may have been counted: ask the user before another one."),
    words="is the password correct, does the password match, check a password, is this the password of "
    "a user, test a password, compare a password",
    example=Example({"user_id": Demo("nadia"), "password": Demo("the password")}),
):
    """Whether this is the user's password. Each wrong one answers 422 incorrect_password and counts towards
    locking the user."""

    user_id: Path[UserId] = arg()
    password: Body[str] = arg()


class VerifyTotp(
    Operation,
    id="Users_verifyTotp",
    post="/users/{user_id}/verify_totp",
    returns="verification",
    private=("code",),
    no_undo="The code was checked; a backup code is used up by that.",
    advice=Advice(if_executed="A backup code would be used up by it: ask the user for a new code."),
    words="check an MFA code, authenticator code, one-time code, backup code, check a TOTP code, check "
    "a code of an authenticator app, is the six digit code right, verify a second factor code",
    example=Example({"user_id": Demo("tomas"), "code": Demo("a backup code")}),
):
    """Whether a TOTP or backup code is right. A backup code is used up by it."""

    user_id: Path[UserId] = arg()
    code: Body[str] = arg("TOTP or backup code")


class DisableMfa(
    Operation,
    id="Users_disableMfa",
    delete="/users/{user_id}/mfa",
    returns="user_reference",
    words="turn off MFA, reset MFA, lost phone, lost authenticator, remove all second factors, disable "
    "two factor, drop MFA, user lost second factor, take off two-step verification",
    example=Example({"user_id": Demo("tomas")}),
):
    """Remove every second factor of a user (SMS, authenticator, backup codes): only the first one protects
    the account then."""

    user_id: Path[UserId] = arg()

    async def hit(self, look: Look) -> Hit:
        user = await look.at(GetUser(user_id=self.user_id), is_target=True)
        numbers = records(inside(user, "phone_numbers"))
        phones = [number for number in numbers if inside(number, "reserved_for_second_factor")]
        factors = [
            "the authenticator app" if inside(user, "totp_enabled") else "",
            "the backup codes" if inside(user, "backup_code_enabled") else "",
            f"{count(len(phones), 'phone number')} as a second factor" if phones else "",
        ]
        found = Hit.of(person(user), *(f"removes {factor}" for factor in factors if factor))
        bare = user is not None and not found.also
        return found.if_not_already("The user has no second factor." if bare else "")


class BanUsers(
    Operation,
    id="UsersBan",
    version="2021-02-05",
    post="/users/ban",
    lists="user",
    effect="destroy",
    no_undo="The sessions that the ban ended stay ended; UsersUnban lifts the ban.",
    words="ban several users, suspend many users at once, bulk ban, block a list of users, ban these "
    "users, ban a list of users, ban a number of accounts, mass ban",
    example=Example({"user_ids": [Demo("dmitri"), Demo("greta")]}),
):
    """Ban up to 50 users at once: their sessions end, and no sign-in is possible until unbanned."""

    user_ids: Body[list[UserId]] = arg(min_length=1, max_length=50)

    async def hit(self, look: Look) -> Hit:
        found = records(await look.at(ListUsers(user_id=self.user_ids, limit=50)))
        names = listed([name for user in found if (name := person(user).removeprefix("user "))], most=5)
        who = f"{count(len(set(self.user_ids)), 'user')}{': ' if names else ''}{names}"
        banned = {inside(user, "id") for user in found if inside(user, "banned") is True}
        so = "All of them are banned already." if banned.issuperset(self.user_ids) else ""
        hit = Hit.of(who, "ends every session of theirs", "stops every sign-in until unbanned")
        return hit.if_not_already(so)


class UnbanUsers(
    Operation,
    id="UsersUnban",
    version="2021-02-05",
    post="/users/unban",
    lists="user",
    words="unban several users, lift the bans of several users, lift many bans, bulk unban, reinstate a "
    "list of users, unban these users, lift the bans of a list of users, mass unban, let several "
    "users back in",
    example=Example({"user_ids": [Demo("dmitri")]}),
):
    """Lift the ban of up to 50 users at once. Ended sessions stay ended."""

    user_ids: Body[list[UserId]] = arg(min_length=1, max_length=50)


class ReplaceUserMetadata(
    Operation,
    id="ReplaceUserMetadata",
    version="2021-02-05",
    put="/users/{user_id}/metadata",
    returns="user",
    words="overwrite metadata of a user, reset metadata of a user, put metadata, replace all metadata "
    "of a user, overwrite custom data of a user, throw old metadata of a user away, set metadata "
    "of a user anew, replace a user's metadata instead of merging",
    example=Example({"user_id": Demo("yuki"), "public_metadata": {"plan": "starter"}}),
):
    """REPLACE whole metadata objects of a user: keys that are not given are lost. To change single keys use
    Users_mergeUserMetadataAttributes."""

    user_id: Path[UserId] = arg()
    public_metadata: Body[JsonObject] = arg(optional=True, risk=REPLACES_KEYS)
    private_metadata: Body[JsonObject] = arg(optional=True, risk=REPLACES_KEYS)
    unsafe_metadata: Body[JsonObject] = arg(optional=True, risk=REPLACES_KEYS)


class ListUserInvitations(
    Paged,
    id="UsersGetOrganizationInvitations",
    version="2021-02-05",
    get="/users/{user_id}/organization_invitations",
    pages="organization_invitation",
    secret=("url",),
    words="which organizations invited a user, organization invitations of a user, was a user invited, "
    "invitations that a user received, which teams invited a user, open invitations of one user, "
    "pending team invitations of a user, which companies asked a user to join",
    example=Example({"user_id": Demo("priya")}),
):
    """The invitations to organizations that were sent to a user."""

    user_id: Path[UserId] = arg()
    status: Query[Literal["pending", "accepted", "revoked", "expired"]] = arg(optional=True)


class RemovePassword(
    Operation,
    id="RemoveUserPassword",
    version="2021-02-05",
    post="/users/{user_id}/remove_password",
    returns="user",
    effect="destroy",
    words="delete a user's password, make a user passwordless, user without a password, take the "
    "password off an account, account without password, no longer sign in with a password",
    example=Example({"user_id": Demo("zofia")}),
):
    """Remove a user's password, even where nothing else lets them sign in. Sessions go on unless
    `sign_out_of_other_sessions`."""

    user_id: Path[UserId] = arg()
    sign_out_of_other_sessions: Body[bool] = arg(default=False)

    async def hit(self, look: Look) -> Hit:
        user = await look.at(GetUser(user_id=self.user_id), is_target=True)
        ends = await sessions.ending(self.user_id, look) if self.sign_out_of_other_sessions else ""
        none = "The user has no password." if inside(user, "password_enabled") is False else ""
        return Hit.of(person(user), "their password stops working", ends).if_not_already("" if ends else none)


class DeleteBackupCodes(
    Operation,
    id="DeleteBackupCode",
    version="2021-02-05",
    delete="/users/{user_id}/backup_code",
    returns="user_reference",
    words="remove backup codes, recovery codes, disable backup codes, delete recovery codes, invalidate "
    "backup codes, discard recovery codes",
    example=Example({"user_id": Demo("tomas")}),
):
    """Remove all backup codes of a user; other second factors stay."""

    user_id: Path[UserId] = arg()

    async def hit(self, look: Look) -> Hit:
        user = await look.at(GetUser(user_id=self.user_id), is_target=True)
        none = "The user has no backup codes." if inside(user, "backup_code_enabled") is False else ""
        return Hit.of(person(user), "the backup codes stop working").if_not_already(none)


class DeleteTotp(
    Operation,
    id="DeleteTOTP",
    version="2021-02-05",
    delete="/users/{user_id}/totp",
    returns="user_reference",
    words="remove an authenticator app, reset TOTP, new phone with authenticator, disconnect "
    "authenticator, unlink an authenticator, detach an authenticator app, remove google "
    "authenticator, delete TOTP",
    example=Example({"user_id": Demo("tomas")}),
):
    """Remove a user's authenticator app (TOTP); to remove every second factor use Users_disableMfa."""

    user_id: Path[UserId] = arg()

    async def hit(self, look: Look) -> Hit:
        user = await look.at(GetUser(user_id=self.user_id), is_target=True)
        none = "The user has no authenticator app." if inside(user, "totp_enabled") is False else ""
        return Hit.of(person(user), "the authenticator app stops working").if_not_already(none)


async def _of_user(user_id: str, look: Look, field: str, id: str, kind: str, named: str, what: str) -> Hit:
    """Return what a user loses with one entry of their own; `named` is the entry's field for its name."""
    user = await look.at(GetUser(user_id=user_id), is_target=True)
    entry = first_with(records(inside(user, field)), "id", id)
    name = thing(kind, inside(entry, named)) or f"a {kind}"
    return Hit.of(f"{name} of {person(user)}" if person(user) else "", what)


class DeletePasskey(
    Operation,
    id="UserPasskeyDelete",
    version="2021-02-05",
    delete="/users/{user_id}/passkeys/{passkey_identification_id}",
    returns="deleted",
    sends_mail=True,
    words="remove a passkey, lost security key, passkey on a lost device, delete a passkey, remove a "
    "security key, remove webauthn, lost yubikey, passkey of a user, remove a fingerprint or face "
    "login",
    example=Example({"user_id": Demo("kwame"), "passkey_identification_id": Demo("a passkey")}),
):
    """Remove a passkey of a user, for good. SENDS MAIL to them."""

    user_id: Path[UserId] = arg()
    passkey_identification_id: Path[UsersOwnId] = arg()

    async def hit(self, look: Look) -> Hit:
        own, what = self.passkey_identification_id, "it no longer signs them in"
        return await _of_user(self.user_id, look, "passkeys", own, "passkey", "name", what)


class DeleteWeb3Wallet(
    Operation,
    id="UserWeb3WalletDelete",
    version="2021-02-05",
    delete="/users/{user_id}/web3_wallets/{web3_wallet_identification_id}",
    returns="deleted",
    words="remove a wallet, disconnect a web3 wallet, remove metamask, delete a crypto wallet, unlink a "
    "wallet, ethereum wallet",
    example=Example({"user_id": Demo("carlos"), "web3_wallet_identification_id": Demo("a wallet")}),
):
    """Remove a web3 wallet of a user, for good. The user's last identification cannot be removed."""

    user_id: Path[UserId] = arg()
    web3_wallet_identification_id: Path[UsersOwnId] = arg()

    async def hit(self, look: Look) -> Hit:
        own, what = self.web3_wallet_identification_id, "it no longer signs them in"
        return await _of_user(self.user_id, look, "web3_wallets", own, "web3 wallet", "web3_wallet", what)


class DeleteExternalAccount(
    Operation,
    id="DeleteExternalAccount",
    version="2021-02-05",
    delete="/users/{user_id}/external_accounts/{external_account_id}",
    returns="deleted",
    words="disconnect google, disconnect a social account, unlink github, remove a connected account, "
    "unlink a social login, remove google login, detach github, disconnect facebook, unlink a "
    "connected account, remove an external account",
    example=Example(
        {"user_id": Demo("ingrid"), "external_account_id": Demo("an external account")}, late=True
    ),
):
    """Disconnect a social account, such as Google, from a user. They can connect it again themselves."""

    user_id: Path[UserId] = arg()
    external_account_id: Path[UsersOwnId] = arg("The account's `id` (eac_…)")

    async def hit(self, look: Look) -> Hit:
        own, what = self.external_account_id, "it no longer signs them in"
        return await _of_user(self.user_id, look, "external_accounts", own, "account", "provider", what)


class ListTrustedDevices(
    Operation,
    id="ListUserTrustedDevices",
    version="2021-02-05",
    get="/users/{user_id}/trusted_devices",
    pages="trusted_device",
    words="devices of a user, phones of a user, remembered devices, enrolled devices, trusted phones, "
    "which devices are trusted, devices that need no second factor, list trusted devices",
    example=Example({"user_id": Demo("kwame")}),
):
    """A user's trusted devices: phones whose app signs them in. For browsers signed in now list sessions."""

    user_id: Path[UserId] = arg()


class RevokeTrustedDevice(
    Operation,
    id="RevokeUserTrustedDevice",
    version="2021-02-05",
    delete="/users/{user_id}/trusted_devices/{trusted_device_id}",
    returns="trusted_device",
    words="lost phone of a user, stolen phone, forget a device, no longer trust a device, distrust a "
    "device, device was stolen, remove a trusted device, untrust a phone",
    example=Example({"user_id": Demo("kwame"), "trusted_device_id": Demo("a trusted device")}),
):
    """Revoke a trusted device of a user; it has to be enrolled anew."""

    user_id: Path[UserId] = arg()
    trusted_device_id: Path[TrustedDeviceId] = arg()

    async def hit(self, look: Look) -> Hit:
        devices = records(await look.at(ListTrustedDevices(user_id=self.user_id)))
        found = first_with(devices, "id", self.trusted_device_id)
        name = thing("trusted device", inside(found, "name"), inside(found, "platform"))
        user = person(await look.at(GetUser(user_id=self.user_id)))
        return Hit.of(f"{name} of {user}" if name and user else name, "it no longer signs them in")


class SetPasswordCompromised(
    Operation,
    id="SetUserPasswordCompromised",
    version="2025-11-10",
    post="/users/{user_id}/password/set_compromised",
    returns="user",
    sets=("requires_password_reset",),
    effect="destroy",
    no_undo="Sessions that it ended stay ended; UnsetUserPasswordCompromised takes the mark back.",
    words="force a password reset, leaked password of a user, password must be changed, expire a "
    "password, password leaked, password was stolen, mark a password as leaked, make a user "
    "choose a new password, user must change the password, password in a breach, require a new "
    "password",
    example=Example({"user_id": Demo("samuel")}),
):
    """Mark a user's password as compromised: they must set a new one at the next sign-in."""

    user_id: Path[UserId] = arg()
    revoke_all_sessions: Body[bool] = arg(optional=True, nullable=True)

    async def hit(self, look: Look) -> Hit:
        user = await look.at(GetUser(user_id=self.user_id), is_target=True)
        ends = await sessions.ending(self.user_id, look) if self.revoke_all_sessions else ""
        return Hit.of(person(user), "their password must be reset at the next sign-in", ends)


class UnsetPasswordCompromised(
    Operation,
    id="UnsetUserPasswordCompromised",
    version="2025-11-10",
    post="/users/{user_id}/password/unset_compromised",
    returns="user",
    sets=("requires_password_reset",),
    words="take back a forced password reset, password is not compromised after all, no forced password "
    "reset, undo compromised, password is safe after all, no longer ask for a new password, clear "
    "the compromised mark, remove the leaked mark from a password",
    example=Example({"user_id": Demo("samuel")}),
):
    """Take back that a user's password is compromised: no reset is asked for."""

    user_id: Path[UserId] = arg()
