"""JWT templates: the shape of tokens for other services."""

from __future__ import annotations

from clerk_tools.argument import REPLACES_KEYS, Body, JsonObject, Path, arg, moves
from clerk_tools.hits import Hit, Look, inside, thing
from clerk_tools.ids import JwtTemplateId
from clerk_tools.operation import Operation, PagedOnRequest
from clerk_tools.spec import Demo, Example


class ListJwtTemplates(
    PagedOnRequest,
    id="JwtTemplates_listAllTemplates",
    get="/jwt_templates",
    lists="jwt_template",
    compared_by="name",
    words="token templates, which claims, list JWT templates, which JWT templates, names of the JWT "
    "templates",
    example=Example(),
):
    """The JWT templates, which shape tokens for other services."""


class CreateJwtTemplate(
    Operation,
    id="JwtTemplates_createTemplate",
    post="/jwt_templates",
    returns="jwt_template",
    private=("signing_key",),
    words="new token template, custom claims, token for supabase, token for hasura, add a JWT template, "
    "define claims, integrate with supabase, make a token template",
    example=Example({"name": "weather", "claims": {"aud": "weather", "region": "eu"}}),
):
    """Create a JWT template."""

    name: Body[str] = arg("Needed", optional=True)
    claims: Body[JsonObject] = arg(
        "Needed; may use {{user.…}}, but no reserved claim such as sub", optional=True
    )
    lifetime: Body[int] = arg("Seconds", optional=True, ge=30, le=315360000, nullable=True)
    allowed_clock_skew: Body[int] = arg("Seconds", optional=True, ge=0, le=300, nullable=True)
    custom_signing_key: Body[bool] = arg(optional=True)
    signing_algorithm: Body[str] = arg("With custom_signing_key, such as RS256", optional=True, nullable=True)
    signing_key: Body[str] = arg("With custom_signing_key, PEM or secret", optional=True, nullable=True)


class GetJwtTemplate(
    Operation,
    id="JwtTemplates_getTemplateDetails",
    get="/jwt_templates/{template_id}",
    returns="jwt_template",
    words="show a JWT template, claims of a template, what is in a token template",
    example=Example({"template_id": Demo("a JWT template")}),
):
    """One JWT template."""

    template_id: Path[JwtTemplateId] = arg()


class UpdateJwtTemplate(
    Operation,
    id="JwtTemplates_updateTemplateById",
    patch="/jwt_templates/{template_id}",
    returns="jwt_template",
    private=("signing_key",),
    words="change claims, token lifetime, make tokens live longer, edit a JWT template, other claims, "
    "change the claims of a token, lifetime of a token template, signing algorithm",
    example=Example({"template_id": Demo("a JWT template"), "lifetime": 120}),
):
    """Change a JWT template. `claims` replaces all claims; services that read them notice at once."""

    template_id: Path[JwtTemplateId] = arg()
    name: Body[str] = arg(optional=True, risk=moves("whoever asks for its tokens by the present name fails"))
    claims: Body[JsonObject] = arg(
        "May use {{user.…}}, but no reserved claim such as sub",
        optional=True,
        risk=REPLACES_KEYS,
    )
    lifetime: Body[int] = arg("Seconds", optional=True, ge=30, le=315360000, nullable=True)
    allowed_clock_skew: Body[int] = arg("Seconds", optional=True, ge=0, le=300, nullable=True)
    custom_signing_key: Body[bool] = arg(
        optional=True,
        risk=moves(
            "tokens are signed with another key: whoever checks them with the present one refuses them"
        ),
    )
    signing_algorithm: Body[str] = arg(
        "With custom_signing_key, such as RS256",
        optional=True,
        nullable=True,
        risk=moves("tokens are signed otherwise: whoever checks them as before refuses them"),
    )
    signing_key: Body[str] = arg(
        "With custom_signing_key, PEM or secret",
        optional=True,
        nullable=True,
        risk=moves("the present signing key is lost, and tokens signed with it are refused"),
    )


class DeleteJwtTemplate(
    Operation,
    id="JwtTemplates_deleteTemplateById",
    delete="/jwt_templates/{template_id}",
    returns="deleted",
    words="delete a JWT template, remove a token template, get rid of custom claims, remove a JWT "
    "template nobody uses",
    example=Example({"template_id": Demo("a JWT template")}),
):
    """Delete a JWT template; whoever asks for its tokens fails from then on."""

    template_id: Path[JwtTemplateId] = arg()

    async def hit(self, look: Look) -> Hit:
        found = await look.at(GetJwtTemplate(template_id=self.template_id), is_target=True)
        return Hit.of(thing("JWT template", inside(found, "name")), "whoever asks for its tokens fails")
