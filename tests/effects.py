"""What operations do to the world where the verb does not tell it, from what Clerk documents of each.

Stated here, and not read off the catalogue, so that a wrong `effect` shows.
"""

from __future__ import annotations

READS_THOUGH_POST = {
    "Clients_verifyClientToken",
    "Sessions_verifySession",
    "Users_verifyPassword",
    "EmailSmsTemplates_previewTemplate",
}
DESTROYS_THOUGH_NOT_DELETE = {
    "Users_markBanned",
    "Sessions_revokeSession",
    "Invitations_revokeInvitation",
    "OrganizationInvitations_revokeInvitation",
    "ActorTokens_revokeToken",
    "SigninTokens_revokeToken",
    "OAuthApplications_rotateSecret",
    "EmailSmsTemplates_revertTemplate",
    "BetaFeatures_updateInstanceDomain",
    "BetaFeatures_updateProductionInstanceDomain",
}
MINT_A_CREDENTIAL = {
    "Users_getOAuthAccessToken",
    "SigninTokens_createToken",
    "ActorTokens_createToken",
    "Sessions_createSessionTokenFromTemplate",
    "OAuthApplications_createNewApplication",
    "OAuthApplications_rotateSecret",
    "Webhooks_createSvixApp",
    "Webhooks_generateSvixDashboardUrl",
}
"""Called for the secret in their answer, rather than that one comes along with something else."""
