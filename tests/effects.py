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
