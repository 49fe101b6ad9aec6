// Each method of Clerk's Node SDK in the forms that people call it in: alone, and with all that its types take today.
// Every entry starts on a fresh demo company, whose ids `names` holds, and fails where an answer is not what it should be.
import assert from "node:assert/strict";

const { deepEqual: same, equal, ok } = assert;

const PASSWORD = "tulips in may";
const IN_THREE_WEEKS = () => new Date(Date.now() + 21 * 24 * 3600 * 1000);
const METADATA = { publicMetadata: { plan: "pro" }, privateMetadata: { score: 3 } };
const CERTIFICATE = "MIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQUFADBaMQswCQYDVQQGEwJJRTESMBAGA1UE";

const png = (names) => new Blob([Buffer.from(names["an image"], "base64")], { type: "image/png" });

// A page has what it says that there is, and no more than was asked for.
function page(answer, atLeast = 1) {
  ok(Array.isArray(answer.data), `no page: ${JSON.stringify(answer).slice(0, 80)}`);
  ok(answer.data.length >= atLeast, `${answer.data.length} entries`);
  ok(answer.totalCount >= answer.data.length, `totalCount ${answer.totalCount}`);
  return answer.data;
}

async function deleted(answer, id) {
  const { id: gone, deleted: really } = await answer;
  equal(gone, id);
  equal(really, true);
}

// A failure of Clerk's with this status.
const refused = (call, status) => assert.rejects(call, (error) => error.status === status);

const newUser = (clerk, more = {}) =>
  clerk.users.createUser({ emailAddress: ["sdk+clerk_test@new.example"], password: PASSWORD, ...more });
const newKey = (clerk, names, more = {}) => clerk.apiKeys.create({ name: "Export", subject: names.nadia, ...more });
const newRole = (clerk, more = {}) => clerk.organizationRoles.createOrganizationRole({ name: "Buyer", key: "org:buyer", ...more });
const newPermission = (clerk, more = {}) =>
  clerk.organizationPermissions.createOrganizationPermission({ name: "Order plants", key: "org:plants:order", ...more });
const newRoleSet = (clerk, more = {}) =>
  clerk.roleSets.createRoleSet({
    name: "Suppliers",
    defaultRoleKey: "org:member",
    creatorRoleKey: "org:admin",
    roles: ["org:admin", "org:member"],
    ...more,
  });
const newConnection = (clerk, more = {}) =>
  clerk.enterpriseConnections.createEnterpriseConnection({
    name: "Rowan",
    domains: ["willow.example"],
    provider: "saml_okta",
    ...more,
  });
const newApplication = (clerk, more = {}) =>
  clerk.oauthApplications.create({ name: "Labels", redirectUris: ["https://labels.fernhill.example/callback"], ...more });
const newDomain = (clerk, names, more = {}) =>
  clerk.organizations.createOrganizationDomain({
    organizationId: names.Fernhill,
    name: "seeds.example",
    enrollmentMode: "automatic_invitation",
    ...more,
  });
const newOrganizationInvitation = (clerk, names, more = {}) =>
  clerk.organizations.createOrganizationInvitation({
    organizationId: names.Fernhill,
    emailAddress: "designer+clerk_test@fernhill.example",
    role: "org:member",
    ...more,
  });

// What no document of Clerk's has of a method's parameters: the sandbox knows what is documented, and refuses it.
const unknown = (call, parameter) =>
  assert.rejects(call, ({ errors }) => errors[0].code === "form_param_unknown" && errors[0].meta.paramName === parameter);

// Two machines, the first of which may present tokens to the second.
async function machines(clerk) {
  const target = await clerk.machines.create({ name: "Reports" });
  const source = await clerk.machines.create({ name: "Importer", scopedMachines: [target.id], defaultTokenTtl: 600 });
  const { secret: secretOf } = await clerk.machines.getSecretKey(source.id);
  const { secret: secretOfTarget } = await clerk.machines.getSecretKey(target.id);
  return { source, target, secretOf, secretOfTarget };
}

const sessionToken = async (clerk, names) => (await clerk.sessions.getToken(names["a session"])).jwt;
const member = (names) => ({ organizationId: names.Fernhill, userId: names.mei });

const UNDOCUMENTED_OF_CONNECTIONS = [
  ["syncUserAttributes", "sync_user_attributes"],
  ["authenticatable", "authenticatable"],
  ["disableJitProvisioning", "disable_jit_provisioning"],
];

export const METHODS = {
  "actorTokens.create": async (clerk, names) => {
    const actor = { sub: names.kwame };
    equal((await clerk.actorTokens.create({ userId: names.helen, actor })).userId, names.helen);
    const token = await clerk.actorTokens.create({
      userId: names.helen,
      actor,
      expiresInSeconds: 600,
      sessionMaxDurationInSeconds: 900,
    });
    same(token.actor, actor);
    ok(token.url);
  },
  "actorTokens.revoke": async (clerk, names) =>
    equal((await clerk.actorTokens.revoke(names["an actor token"])).status, "revoked"),

  "agentTasks.create": async (clerk, names) => {
    const task = { permissions: "*", agentName: "Gardener", taskDescription: "Order bulbs", redirectUrl: "https://app.fernhill.example/" };
    ok((await clerk.agentTasks.create({ onBehalfOf: { userId: names.helen }, ...task })).url);
    const byAddress = { identifier: "nadia.brandt@fernhill.example" };
    ok((await clerk.agentTasks.create({ onBehalfOf: byAddress, sessionMaxDurationInSeconds: 900, ...task })).agentTaskId);
  },
  "agentTasks.revoke": async (clerk, names) => {
    const { agentTaskId } = await clerk.agentTasks.create({
      onBehalfOf: { userId: names.helen },
      permissions: "*",
      agentName: "Gardener",
      taskDescription: "Order bulbs",
      redirectUrl: "https://app.fernhill.example/",
    });
    equal((await clerk.agentTasks.revoke(agentTaskId)).agentTaskId, agentTaskId);
  },

  "allowlistIdentifiers.getAllowlistIdentifierList": async (clerk) => {
    page(await clerk.allowlistIdentifiers.getAllowlistIdentifierList());
    equal(page(await clerk.allowlistIdentifiers.getAllowlistIdentifierList({ limit: 1, offset: 1 })).length, 1);
  },
  "allowlistIdentifiers.createAllowlistIdentifier": async (clerk) => {
    const entry = await clerk.allowlistIdentifiers.createAllowlistIdentifier({ identifier: "a+clerk_test@new.example", notify: true });
    equal(entry.identifier, "a+clerk_test@new.example");
  },
  "allowlistIdentifiers.deleteAllowlistIdentifier": async (clerk, names) =>
    deleted(clerk.allowlistIdentifiers.deleteAllowlistIdentifier(names["an allowlist entry"]), names["an allowlist entry"]),

  "apiKeys.list": async (clerk, names) => {
    const { id } = await newKey(clerk, names);
    ok(page(await clerk.apiKeys.list({ subject: names.nadia })).some((key) => key.id === id));
    await clerk.apiKeys.revoke({ apiKeyId: id });
    ok(page(await clerk.apiKeys.list({ subject: names.nadia, includeInvalid: true, limit: 100 })).some((key) => key.id === id));
  },
  "apiKeys.create": async (clerk, names) => {
    ok((await newKey(clerk, names)).secret);
    const key = await newKey(clerk, names, {
      description: "Nightly",
      claims: { desk: "B2" },
      scopes: ["orders:read"],
      createdBy: names.nadia,
      secondsUntilExpiration: 3600,
    });
    same([key.description, key.claims, key.scopes, key.createdBy], ["Nightly", { desk: "B2" }, ["orders:read"], names.nadia]);
  },
  "apiKeys.get": async (clerk, names) => {
    const { id } = await newKey(clerk, names);
    equal((await clerk.apiKeys.get(id)).id, id);
  },
  "apiKeys.update": async (clerk, names) => {
    const { id } = await newKey(clerk, names);
    const key = await clerk.apiKeys.update({
      apiKeyId: id,
      subject: names.nadia,
      description: "Weekly",
      claims: { desk: "B3" },
      scopes: ["orders:write"],
      secondsUntilExpiration: 60,
    });
    same([key.description, key.scopes], ["Weekly", ["orders:write"]]);
  },
  "apiKeys.delete": async (clerk, names) => {
    const { id } = await newKey(clerk, names);
    await deleted(clerk.apiKeys.delete(id), id);
  },
  "apiKeys.revoke": async (clerk, names) => {
    const { id } = await newKey(clerk, names);
    equal((await clerk.apiKeys.revoke({ apiKeyId: id, revocationReason: "Left" })).revoked, true);
  },
  "apiKeys.getSecret": async (clerk, names) => {
    const { id, secret } = await newKey(clerk, names);
    equal((await clerk.apiKeys.getSecret(id)).secret, secret);
  },
  "apiKeys.verify": async (clerk, names) => {
    const { id, secret } = await newKey(clerk, names);
    equal((await clerk.apiKeys.verify(secret)).id, id);
    await clerk.apiKeys.revoke({ apiKeyId: id });
    await assert.rejects(clerk.apiKeys.verify(secret));
  },

  "betaFeatures.changeDomain": async (clerk) => {
    await clerk.betaFeatures.changeDomain({ homeUrl: "https://www.fernhill-garden.example", isSecondary: false });
  },

  "blocklistIdentifiers.getBlocklistIdentifierList": async (clerk) => {
    page(await clerk.blocklistIdentifiers.getBlocklistIdentifierList());
    page(await clerk.blocklistIdentifiers.getBlocklistIdentifierList({ limit: 1 }));
  },
  "blocklistIdentifiers.createBlocklistIdentifier": async (clerk) =>
    equal((await clerk.blocklistIdentifiers.createBlocklistIdentifier({ identifier: "*@spam.example" })).identifier, "*@spam.example"),
  "blocklistIdentifiers.deleteBlocklistIdentifier": async (clerk, names) =>
    deleted(clerk.blocklistIdentifiers.deleteBlocklistIdentifier(names["a blocklist entry"]), names["a blocklist entry"]),

  "billing.getPlanList": async (clerk) => {
    page(await clerk.billing.getPlanList());
    page(await clerk.billing.getPlanList({ payerType: "org", limit: 1, offset: 0 }));
    page(await clerk.billing.getPlanList({ payerType: "user" }));
  },
  "billing.cancelSubscriptionItem": async (clerk, names) => {
    equal((await clerk.billing.cancelSubscriptionItem(names["a paid subscription item"])).id, names["a paid subscription item"]);
    ok(await clerk.billing.cancelSubscriptionItem(names["an organization's subscription item"], { endNow: true }));
  },
  "billing.extendSubscriptionItemFreeTrial": async (clerk, names) => {
    const item = await clerk.billing.extendSubscriptionItemFreeTrial(names["a free trial"], { extendTo: IN_THREE_WEEKS() });
    equal(item.isFreeTrial, true);
  },
  "billing.getOrganizationBillingSubscription": async (clerk, names) =>
    ok((await clerk.billing.getOrganizationBillingSubscription(names["Mossbrook Gardens"])).subscriptionItems.length),
  "billing.getUserBillingSubscription": async (clerk, names) =>
    ok((await clerk.billing.getUserBillingSubscription(names.carlos)).subscriptionItems.length),

  "clients.getClientList": async (clerk) => {
    page(await clerk.clients.getClientList());
    page(await clerk.clients.getClientList({ limit: 1, offset: 1 }));
  },
  "clients.getClient": async (clerk, names) => equal((await clerk.clients.getClient(names["a client"])).id, names["a client"]),
  "clients.verifyClient": async (clerk, names) =>
    equal((await clerk.clients.verifyClient(await sessionToken(clerk, names))).id, names["a client"]),
  "clients.getHandshakePayload": async (clerk) => ok((await clerk.clients.getHandshakePayload({ nonce: "n0nce" })).directives),

  "domains.list": async (clerk) => equal(page(await clerk.domains.list()).length, 2),
  "domains.add": async (clerk) => {
    equal((await clerk.domains.add({ name: "help.example", is_satellite: true, proxy_url: null })).name, "help.example");
    // Only domains of production instances have proxies.
    await refused(clerk.domains.add({ name: "shop.example", is_satellite: true, proxy_url: "https://shop.example/__clerk" }), 400);
  },
  "domains.update": async (clerk, names) => {
    const domain = await clerk.domains.update({ domainId: names["the satellite domain"], name: "tips.example", is_secondary: null });
    equal(domain.name, "tips.example");
    await refused(clerk.domains.update({ domainId: names["the satellite domain"], proxy_url: "https://tips.example/__clerk" }), 400);
  },
  "domains.delete": async (clerk, names) => deleted(clerk.domains.delete(names["the satellite domain"]), names["the satellite domain"]),
  "domains.deleteDomain": async (clerk, names) =>
    deleted(clerk.domains.deleteDomain(names["the satellite domain"]), names["the satellite domain"]),

  "emailAddresses.getEmailAddress": async (clerk, names) =>
    equal((await clerk.emailAddresses.getEmailAddress(names["an unverified email address"])).id, names["an unverified email address"]),
  "emailAddresses.createEmailAddress": async (clerk, names) => {
    const plain = await clerk.emailAddresses.createEmailAddress({ userId: names.aisha, emailAddress: "a1+clerk_test@new.example" });
    equal(plain.verification, null);
    const address = { userId: names.aisha, emailAddress: "a2+clerk_test@new.example", verified: true, primary: true };
    const { id } = await clerk.emailAddresses.createEmailAddress(address);
    equal((await clerk.users.getUser(names.aisha)).primaryEmailAddressId, id);
  },
  "emailAddresses.updateEmailAddress": async (clerk, names) => {
    const id = names["an unverified email address"];
    equal((await clerk.emailAddresses.updateEmailAddress(id)).id, id);
    equal((await clerk.emailAddresses.updateEmailAddress(id, { verified: true, primary: true })).verification.status, "verified");
  },
  "emailAddresses.deleteEmailAddress": async (clerk, names) =>
    deleted(clerk.emailAddresses.deleteEmailAddress(names["an unverified email address"]), names["an unverified email address"]),

  "enterpriseConnections.createEnterpriseConnection": async (clerk, names) => {
    const saml = await newConnection(clerk, {
      organizationId: names["Thistle Studio"],
      active: false,
      allowOrganizationAccountLinking: true,
      customAttributes: [{ name: "Desk", key: "desk", ssoPath: "desk", scimPath: "desk", multiValued: false }],
      saml: {
        allowIdpInitiated: true,
        allowSubdomains: true,
        forceAuthn: false,
        attributeMapping: { userId: "uid", emailAddress: "mail", firstName: "givenName", lastName: "sn" },
        idpCertificate: CERTIFICATE,
        idpEntityId: "https://idp.rowan.example/",
        idpSsoUrl: "https://idp.rowan.example/sso",
        loginHint: { mode: "off" },
      },
    });
    equal(saml.name, "Rowan");
    const oidc = await newConnection(clerk, {
      domains: ["reed.example"],
      provider: "oidc_custom",
      oidc: {
        clientId: "reed",
        clientSecret: "made-for-a-test",
        discoveryUrl: "https://idp.reed.example/.well-known/openid-configuration",
        requiresPkce: true,
      },
    });
    same(oidc.domains, ["reed.example"]);
    for (const [name, parameter] of UNDOCUMENTED_OF_CONNECTIONS)
      await unknown(newConnection(clerk, { domains: ["birch.example"], [name]: true }), parameter);
  },
  "enterpriseConnections.updateEnterpriseConnection": async (clerk) => {
    const { id } = await newConnection(clerk);
    const connection = await clerk.enterpriseConnections.updateEnterpriseConnection(id, {
      name: "Rowan & Reed",
      domains: ["willow.example", "reed.example"],
      syncUserAttributes: false,
      disableAdditionalIdentifications: true,
      allowOrganizationAccountLinking: false,
      saml: { allowSubdomains: true, idpEntityId: "https://idp.rowan.example/" },
    });
    equal(connection.name, "Rowan & Reed");
  },
  "enterpriseConnections.getEnterpriseConnectionList": async (clerk, names) => {
    await newConnection(clerk, { organizationId: names["Thistle Studio"] });
    page(await clerk.enterpriseConnections.getEnterpriseConnectionList());
    page(await clerk.enterpriseConnections.getEnterpriseConnectionList({ organizationId: names["Thistle Studio"], limit: 5, offset: 0 }));
    page(await clerk.enterpriseConnections.getEnterpriseConnectionList({ active: true }), 0);
  },
  "enterpriseConnections.getEnterpriseConnection": async (clerk) => {
    const { id } = await newConnection(clerk);
    equal((await clerk.enterpriseConnections.getEnterpriseConnection(id)).id, id);
  },
  "enterpriseConnections.deleteEnterpriseConnection": async (clerk) => {
    const { id } = await newConnection(clerk);
    await deleted(clerk.enterpriseConnections.deleteEnterpriseConnection(id), id);
  },

  "idPOAuthAccessToken.verify": async (clerk, names) =>
    same((await clerk.idPOAuthAccessToken.verify(names["an OAuth access token"])).scopes, ["profile", "email"]),

  "instance.get": async (clerk) => ok((await clerk.instance.get()).id),
  "instance.update": async (clerk) => {
    await clerk.instance.update({ hibp: false });
    await clerk.instance.update({
      testMode: true,
      hibp: true,
      enhancedEmailDeliverability: false,
      supportEmail: "help@fernhill.example",
      clerkJsVersion: "5",
      developmentOrigin: "",
      allowedOrigins: ["chrome-extension://abcdefgh"],
      urlBasedSessionSyncing: true,
      preferredSignInStrategyWhenPasswordRequired: "password",
    });
    same((await clerk.instance.get()).allowedOrigins, ["chrome-extension://abcdefgh"]);
  },
  "instance.updateRestrictions": async (clerk) => {
    const restrictions = await clerk.instance.updateRestrictions({
      allowlist: false,
      blocklist: true,
      blockEmailSubaddresses: true,
      blockDisposableEmailDomains: true,
    });
    same([restrictions.blocklist, restrictions.blockEmailSubaddresses], [true, true]);
    await unknown(clerk.instance.updateRestrictions({ ignoreDotsForGmailAddresses: true }), "ignore_dots_for_gmail_addresses");
  },
  "instance.getOrganizationSettings": async (clerk) => equal((await clerk.instance.getOrganizationSettings()).enabled, true),
  "instance.updateOrganizationSettings": async (clerk) => {
    const settings = await clerk.instance.updateOrganizationSettings({
      enabled: true,
      maxAllowedMemberships: 25,
      adminDeleteEnabled: false,
      domainsEnabled: true,
      domainsEnrollmentModes: ["automatic_invitation"],
    });
    equal(settings.maxAllowedMemberships, 25);
    const roles = page(await clerk.organizationRoles.getOrganizationRoleList({ limit: 100 }));
    const idOf = (key) => roles.find((role) => role.key === key).id;
    const asked = { creatorRoleId: idOf("org:admin"), domainsDefaultRoleId: idOf("org:member") };
    equal((await clerk.instance.updateOrganizationSettings(asked)).creatorRole, "org:admin");
  },

  "invitations.getInvitationList": async (clerk) => {
    page(await clerk.invitations.getInvitationList());
    const asked = { status: "pending", query: "example", orderBy: "-created_at", limit: 1, offset: 0 };
    equal(page(await clerk.invitations.getInvitationList(asked))[0].status, "pending");
  },
  "invitations.createInvitation": async (clerk) => {
    equal((await clerk.invitations.createInvitation({ emailAddress: "i1+clerk_test@new.example" })).status, "pending");
    const invitation = await clerk.invitations.createInvitation({
      emailAddress: "i2+clerk_test@new.example",
      expiresInDays: 7,
      ignoreExisting: true,
      notify: false,
      publicMetadata: { plan: "pro" },
      redirectUrl: "https://app.fernhill.example/welcome",
      templateSlug: "waitlist_invitation",
    });
    same(invitation.publicMetadata, { plan: "pro" });
  },
  "invitations.createInvitationBulk": async (clerk) => {
    const invited = await clerk.invitations.createInvitationBulk([
      { emailAddress: "i1+clerk_test@new.example" },
      { emailAddress: "i2+clerk_test@new.example", expiresInDays: 7, notify: false, templateSlug: "invitation" },
    ]);
    same(invited.map((invitation) => invitation.status), ["pending", "pending"]);
  },
  "invitations.revokeInvitation": async (clerk, names) =>
    equal((await clerk.invitations.revokeInvitation(names["an invitation"])).status, "revoked"),
  "invitations.deleteInvitation": async (clerk, names) => {
    await clerk.invitations.revokeInvitation(names["an invitation"]);
    await deleted(clerk.invitations.deleteInvitation(names["an invitation"]), names["an invitation"]);
  },

  "jwks.getJwks": async (clerk) => ok((await clerk.jwks.getJwks()).keys.length),

  "jwtTemplates.list": async (clerk) => {
    page(await clerk.jwtTemplates.list());
    page(await clerk.jwtTemplates.list({ limit: 1, offset: 0 }));
  },
  "jwtTemplates.get": async (clerk, names) => equal((await clerk.jwtTemplates.get(names["a JWT template"])).id, names["a JWT template"]),
  "jwtTemplates.create": async (clerk) => {
    equal((await clerk.jwtTemplates.create({ name: "plain", claims: {} })).name, "plain");
    const template = await clerk.jwtTemplates.create({
      name: "weather",
      claims: { aud: "weather" },
      lifetime: 120,
      allowedClockSkew: 7,
      customSigningKey: true,
      signingAlgorithm: "HS256",
      signingKey: "made-for-a-test-made-for-a-test-",
    });
    same([template.lifetime, template.signingAlgorithm, template.customSigningKey], [120, "HS256", true]);
  },
  "jwtTemplates.update": async (clerk, names) => {
    const template = await clerk.jwtTemplates.update({ templateId: names["a JWT template"], name: "hasura", claims: { a: 1 }, lifetime: 90 });
    equal(template.lifetime, 90);
  },
  "jwtTemplates.delete": async (clerk, names) => deleted(clerk.jwtTemplates.delete(names["a JWT template"]), names["a JWT template"]),

  "machines.get": async (clerk) => {
    const { source, target } = await machines(clerk);
    const machine = await clerk.machines.get(source.id);
    same(machine.scopedMachines.map(({ id }) => id), [target.id]);
  },
  "machines.list": async (clerk) => {
    await machines(clerk);
    page(await clerk.machines.list());
    equal(page(await clerk.machines.list({ query: "Importer", orderBy: "-created_at", limit: 1 }))[0].name, "Importer");
  },
  "machines.create": async (clerk) => {
    equal((await clerk.machines.create({ name: "Alone" })).name, "Alone");
    equal((await machines(clerk)).source.defaultTokenTtl, 600);
  },
  "machines.update": async (clerk) => {
    const { source } = await machines(clerk);
    const machine = await clerk.machines.update({ machineId: source.id, name: "Renamed", defaultTokenTtl: 60 });
    same([machine.name, machine.defaultTokenTtl], ["Renamed", 60]);
  },
  "machines.delete": async (clerk) => {
    const { source } = await machines(clerk);
    await deleted(clerk.machines.delete(source.id), source.id);
  },
  "machines.getSecretKey": async (clerk) => ok((await machines(clerk)).secretOf),
  "machines.rotateSecretKey": async (clerk) => {
    const { source, secretOf } = await machines(clerk);
    const { secret } = await clerk.machines.rotateSecretKey({ machineId: source.id, previousTokenTtl: 60 });
    ok(secret !== secretOf);
  },
  "machines.createScope": async (clerk) => {
    const { source, target } = await machines(clerk);
    const scope = await clerk.machines.createScope(target.id, source.id);
    same([scope.fromMachineId, scope.toMachineId], [target.id, source.id]);
  },
  "machines.deleteScope": async (clerk) => {
    const { source, target } = await machines(clerk);
    equal((await clerk.machines.deleteScope(source.id, target.id)).deleted, true);
  },

  "m2m.list": async (clerk) => {
    const { source, secretOf } = await machines(clerk);
    await clerk.m2m.createToken({ machineSecretKey: secretOf });
    page(await clerk.m2m.list({ subject: source.id }));
    page(await clerk.m2m.list({ machineSecretKey: secretOf, subject: source.id, revoked: true, expired: true, limit: 5, offset: 0 }));
  },
  "m2m.createToken": async (clerk) => {
    const { source, secretOf } = await machines(clerk);
    equal((await clerk.m2m.createToken({ machineSecretKey: secretOf })).subject, source.id);
    const asked = { machineSecretKey: secretOf, secondsUntilExpiration: 60, claims: { desk: "B2" }, minRemainingTtlSeconds: 10 };
    same((await clerk.m2m.createToken(asked)).claims, { desk: "B2" });
    equal((await clerk.m2m.createToken({ machineSecretKey: secretOf, tokenFormat: "jwt" })).token.split(".").length, 3);
  },
  "m2m.revokeToken": async (clerk) => {
    const { secretOf } = await machines(clerk);
    const first = await clerk.m2m.createToken({ machineSecretKey: secretOf });
    equal((await clerk.m2m.revokeToken({ machineSecretKey: secretOf, m2mTokenId: first.id, revocationReason: "Over" })).revoked, true);
    const second = await clerk.m2m.createToken({ machineSecretKey: secretOf });
    equal((await clerk.m2m.revokeToken({ m2mTokenId: second.id })).revoked, true);
  },
  "m2m.verify": async (clerk) => {
    const { source, secretOf, secretOfTarget } = await machines(clerk);
    const { token } = await clerk.m2m.createToken({ machineSecretKey: secretOf });
    equal((await clerk.m2m.verify({ machineSecretKey: secretOfTarget, token })).subject, source.id);
    equal((await clerk.m2m.verify({ token })).subject, source.id);
    const { token: jwt } = await clerk.m2m.createToken({ machineSecretKey: secretOf, tokenFormat: "jwt" });
    equal((await clerk.m2m.verify({ token: jwt })).subject, source.id);
  },

  "oauthApplications.list": async (clerk) => {
    page(await clerk.oauthApplications.list());
    await newApplication(clerk);
    equal(page(await clerk.oauthApplications.list({ nameQuery: "Labels", orderBy: "-created_at", limit: 1 }))[0].name, "Labels");
  },
  "oauthApplications.get": async (clerk, names) =>
    equal((await clerk.oauthApplications.get(names["an OAuth application"])).id, names["an OAuth application"]),
  "oauthApplications.create": async (clerk) => {
    ok((await newApplication(clerk)).clientSecret);
    equal((await newApplication(clerk, { scopes: "profile email", public: true })).isPublic, true);
  },
  "oauthApplications.update": async (clerk, names) => {
    const application = await clerk.oauthApplications.update({
      oauthApplicationId: names["an OAuth application"],
      name: "Reports",
      redirectUris: ["https://reports.fernhill.example/callback"],
      scopes: "profile email",
      public: false,
    });
    same([application.name, application.redirectUris], ["Reports", ["https://reports.fernhill.example/callback"]]);
  },
  "oauthApplications.delete": async (clerk, names) =>
    deleted(clerk.oauthApplications.delete(names["an OAuth application"]), names["an OAuth application"]),
  "oauthApplications.rotateSecret": async (clerk) => {
    const { id, clientSecret } = await newApplication(clerk);
    ok((await clerk.oauthApplications.rotateSecret(id)).clientSecret !== clientSecret);
  },
  "oauthApplications.revokeToken": async (clerk, names) => {
    await clerk.oauthApplications.revokeToken({ oauthApplicationId: names["an OAuth application"], token: names["an OAuth token"] });
  },

  "organizations.getOrganizationList": async (clerk, names) => {
    equal(page(await clerk.organizations.getOrganizationList()).length, 4);
    const asked = { includeMembersCount: true, query: "Fernhill", orderBy: "-members_count", organizationId: [names.Fernhill], limit: 1 };
    ok(page(await clerk.organizations.getOrganizationList(asked))[0].membersCount);
  },
  "organizations.createOrganization": async (clerk, names) => {
    equal((await clerk.organizations.createOrganization({ name: "Nobody's" })).name, "Nobody's");
    const asked = { name: "Lavender Lane", slug: "lavender", createdBy: names.aisha, maxAllowedMemberships: 5, ...METADATA };
    const organization = await clerk.organizations.createOrganization(asked);
    same([organization.slug, organization.createdBy, organization.privateMetadata], ["lavender", names.aisha, { score: 3 }]);
  },
  "organizations.getOrganization": async (clerk, names) => {
    equal((await clerk.organizations.getOrganization({ organizationId: names.Fernhill })).name, "Fernhill");
    ok((await clerk.organizations.getOrganization({ slug: "alder-vale", includeMembersCount: true })).membersCount);
  },
  "organizations.updateOrganization": async (clerk, names) => {
    const asked = { name: "Fernhill Ltd", slug: "fernhill-ltd", adminDeleteEnabled: false, maxAllowedMemberships: 50 };
    equal((await clerk.organizations.updateOrganization(names.Fernhill, asked)).slug, "fernhill-ltd");
    const organization = await clerk.organizations.updateOrganization(names.Fernhill, { name: "Fernhill", ...METADATA });
    same([organization.name, organization.publicMetadata], ["Fernhill", { plan: "pro" }]);
  },
  "organizations.updateOrganizationLogo": async (clerk, names) => {
    const file = png(names);
    ok((await clerk.organizations.updateOrganizationLogo(names.Fernhill, { file })).hasImage);
    ok((await clerk.organizations.updateOrganizationLogo(names.Fernhill, { file, uploaderUserId: names.nadia })).imageUrl);
  },
  "organizations.deleteOrganizationLogo": async (clerk, names) => {
    await clerk.organizations.updateOrganizationLogo(names.Fernhill, { file: png(names) });
    equal((await clerk.organizations.deleteOrganizationLogo(names.Fernhill)).hasImage, false);
  },
  "organizations.updateOrganizationMetadata": async (clerk, names) => {
    const { publicMetadata } = await clerk.organizations.updateOrganizationMetadata(names.Fernhill, { publicMetadata: { a: { b: 1 } } });
    same(publicMetadata.a, { b: 1 });
    same((await clerk.organizations.updateOrganizationMetadata(names.Fernhill, METADATA)).privateMetadata.score, 3);
  },
  "organizations.replaceOrganizationMetadata": async (clerk, names) =>
    same((await clerk.organizations.replaceOrganizationMetadata(names.Fernhill, METADATA)).publicMetadata, { plan: "pro" }),
  "organizations.deleteOrganization": async (clerk, names) =>
    deleted(clerk.organizations.deleteOrganization(names["Thistle Studio"]), names["Thistle Studio"]),
  "organizations.getOrganizationMembershipList": async (clerk, names) => {
    const organizationId = names.Fernhill;
    page(await clerk.organizations.getOrganizationMembershipList({ organizationId }));
    const mei = await clerk.users.getUser(names.mei);
    const filters = [
      { userId: [names.mei] },
      { emailAddress: [mei.primaryEmailAddress.emailAddress] },
      { role: ["org:admin", "org:member"] },
      { query: "mei" },
      { emailAddressQuery: "mei" },
      { nameQuery: "Mei" },
      { createdAtAfter: 1, createdAtBefore: Date.now() + 1000 },
      { lastActiveAtAfter: 1, lastActiveAtBefore: Date.now() + 1000 },
      { orderBy: "-last_name", limit: 2, offset: 1 },
    ];
    for (const filter of filters) page(await clerk.organizations.getOrganizationMembershipList({ organizationId, ...filter }));
    for (const name of ["phoneNumber", "username", "web3Wallet"])
      page(await clerk.organizations.getOrganizationMembershipList({ organizationId, [name]: ["nobody"] }), 0);
    for (const name of ["phoneNumberQuery", "usernameQuery"])
      page(await clerk.organizations.getOrganizationMembershipList({ organizationId, [name]: "nobody" }), 0);
  },
  "organizations.getInstanceOrganizationMembershipList": async (clerk) => {
    page(await clerk.organizations.getInstanceOrganizationMembershipList({}));
    page(await clerk.organizations.getInstanceOrganizationMembershipList({ orderBy: "-last_name", limit: 2, offset: 1 }));
  },
  "organizations.createOrganizationMembership": async (clerk, names) => {
    const asked = { organizationId: names.Fernhill, userId: names.aisha, role: "org:member" };
    equal((await clerk.organizations.createOrganizationMembership(asked)).publicUserData.userId, names.aisha);
  },
  "organizations.updateOrganizationMembership": async (clerk, names) =>
    equal((await clerk.organizations.updateOrganizationMembership({ ...member(names), role: "org:admin" })).role, "org:admin"),
  "organizations.updateOrganizationMembershipMetadata": async (clerk, names) => {
    const membership = await clerk.organizations.updateOrganizationMembershipMetadata({ ...member(names), ...METADATA });
    equal(membership.publicMetadata.plan, "pro");
  },
  "organizations.deleteOrganizationMembership": async (clerk, names) =>
    equal((await clerk.organizations.deleteOrganizationMembership(member(names))).publicUserData.userId, names.mei),
  "organizations.getOrganizationInvitationList": async (clerk, names) => {
    const organizationId = names.Fernhill;
    page(await clerk.organizations.getOrganizationInvitationList({ organizationId }));
    page(await clerk.organizations.getOrganizationInvitationList({ organizationId, status: ["pending", "revoked"], limit: 2, offset: 0 }));
  },
  "organizations.createOrganizationInvitation": async (clerk, names) => {
    equal((await newOrganizationInvitation(clerk, names)).status, "pending");
    const invitation = await newOrganizationInvitation(clerk, names, {
      emailAddress: "buyer+clerk_test@fernhill.example",
      expiresInDays: 7,
      inviterUserId: names.nadia,
      redirectUrl: "https://app.fernhill.example/join",
      ...METADATA,
    });
    same(invitation.privateMetadata, { score: 3 });
  },
  "organizations.createOrganizationInvitationBulk": async (clerk, names) => {
    const invitations = [
      { emailAddress: "s1+clerk_test@fernhill.example", role: "org:member" },
      { emailAddress: "s2+clerk_test@fernhill.example", role: "org:member", inviterUserId: names.nadia, expiresInDays: 7, ...METADATA },
    ];
    equal(page(await clerk.organizations.createOrganizationInvitationBulk(names.Fernhill, invitations)).length, 2);
  },
  "organizations.getOrganizationInvitation": async (clerk, names) => {
    const asked = { organizationId: names.Fernhill, invitationId: names["an organization's invitation"] };
    equal((await clerk.organizations.getOrganizationInvitation(asked)).id, asked.invitationId);
  },
  "organizations.revokeOrganizationInvitation": async (clerk, names) => {
    const organizationId = names.Fernhill;
    const asked = { organizationId, invitationId: names["an organization's invitation"], requestingUserId: names.nadia };
    equal((await clerk.organizations.revokeOrganizationInvitation(asked)).status, "revoked");
    const { id } = await newOrganizationInvitation(clerk, names);
    equal((await clerk.organizations.revokeOrganizationInvitation({ organizationId, invitationId: id })).status, "revoked");
  },
  "organizations.getOrganizationDomainList": async (clerk, names) => {
    page(await clerk.organizations.getOrganizationDomainList({ organizationId: names.Fernhill }));
    page(await clerk.organizations.getOrganizationDomainList({ organizationId: names.Fernhill, limit: 1, offset: 0 }));
  },
  "organizations.createOrganizationDomain": async (clerk, names) => {
    equal((await newDomain(clerk, names)).verification.status, "verified");
    equal((await newDomain(clerk, names, { name: "bulbs.example", verified: false })).name, "bulbs.example");
  },
  "organizations.updateOrganizationDomain": async (clerk, names) => {
    const asked = { organizationId: names.Fernhill, domainId: names["Fernhill's domain"] };
    const domain = await clerk.organizations.updateOrganizationDomain({ ...asked, enrollmentMode: "automatic_suggestion", verified: true });
    // The SDK's types say enrollmentMode, but it hands out these objects as Clerk sends them.
    equal(domain.enrollment_mode, "automatic_suggestion");
  },
  "organizations.deleteOrganizationDomain": async (clerk, names) => {
    const { id } = await newDomain(clerk, names);
    await deleted(clerk.organizations.deleteOrganizationDomain({ organizationId: names.Fernhill, domainId: id }), id);
  },

  "organizationPermissions.getOrganizationPermissionList": async (clerk) => {
    page(await clerk.organizationPermissions.getOrganizationPermissionList());
    page(await clerk.organizationPermissions.getOrganizationPermissionList({ query: "invoices", orderBy: "-name", limit: 1, offset: 0 }));
  },
  "organizationPermissions.getOrganizationPermission": async (clerk, names) => {
    const id = names["the permission to read invoices"];
    equal((await clerk.organizationPermissions.getOrganizationPermission(id)).id, id);
  },
  "organizationPermissions.createOrganizationPermission": async (clerk) => {
    equal((await newPermission(clerk)).key, "org:plants:order");
    equal((await newPermission(clerk, { key: "org:plants:sell", description: "Sell them" })).description, "Sell them");
  },
  "organizationPermissions.updateOrganizationPermission": async (clerk) => {
    const { id } = await newPermission(clerk);
    const asked = { permissionId: id, name: "Buy plants", key: "org:plants:buy", description: "Buy them" };
    equal((await clerk.organizationPermissions.updateOrganizationPermission(asked)).key, "org:plants:buy");
  },
  "organizationPermissions.deleteOrganizationPermission": async (clerk) => {
    const { id } = await newPermission(clerk);
    await deleted(clerk.organizationPermissions.deleteOrganizationPermission(id), id);
  },

  "organizationRoles.getOrganizationRoleList": async (clerk) => {
    page(await clerk.organizationRoles.getOrganizationRoleList());
    page(await clerk.organizationRoles.getOrganizationRoleList({ query: "org:", orderBy: "-name", limit: 1, offset: 0 }));
  },
  "organizationRoles.getOrganizationRole": async (clerk, names) =>
    equal((await clerk.organizationRoles.getOrganizationRole(names["the auditor role"])).id, names["the auditor role"]),
  "organizationRoles.createOrganizationRole": async (clerk, names) => {
    equal((await newRole(clerk)).key, "org:buyer");
    const permissions = [names["the permission to read invoices"]];
    const role = await newRole(clerk, { name: "Seller", key: "org:seller", description: "Sells", permissions, includeInInitialRoleSet: true });
    same(role.permissions.map(({ id }) => id), permissions);
  },
  "organizationRoles.updateOrganizationRole": async (clerk, names) => {
    const { id } = await newRole(clerk);
    const permissions = [names["the permission to read invoices"]];
    const asked = { organizationRoleId: id, name: "Seller", key: "org:seller", description: "Sells", permissions };
    same((await clerk.organizationRoles.updateOrganizationRole(asked)).key, "org:seller");
  },
  "organizationRoles.deleteOrganizationRole": async (clerk) => {
    const { id } = await newRole(clerk);
    await deleted(clerk.organizationRoles.deleteOrganizationRole(id), id);
  },
  "organizationRoles.assignPermissionToOrganizationRole": async (clerk, names) => {
    const { id } = await newRole(clerk);
    const asked = { organizationRoleId: id, permissionId: names["the permission to read invoices"] };
    equal((await clerk.organizationRoles.assignPermissionToOrganizationRole(asked)).permissions.length, 1);
  },
  "organizationRoles.removePermissionFromOrganizationRole": async (clerk, names) => {
    const permissionId = names["the permission to read invoices"];
    const { id } = await newRole(clerk, { permissions: [permissionId] });
    const asked = { organizationRoleId: id, permissionId };
    equal((await clerk.organizationRoles.removePermissionFromOrganizationRole(asked)).permissions.length, 0);
  },

  "phoneNumbers.getPhoneNumber": async (clerk, names) =>
    equal((await clerk.phoneNumbers.getPhoneNumber(names["a phone number"])).id, names["a phone number"]),
  "phoneNumbers.createPhoneNumber": async (clerk, names) => {
    equal((await clerk.phoneNumbers.createPhoneNumber({ userId: names.chloe, phoneNumber: "+12015550176" })).verification, null);
    const asked = { userId: names.chloe, phoneNumber: "+12015550177", verified: true, primary: true, reservedForSecondFactor: true };
    equal((await clerk.phoneNumbers.createPhoneNumber(asked)).reservedForSecondFactor, true);
  },
  "phoneNumbers.updatePhoneNumber": async (clerk, names) => {
    equal((await clerk.phoneNumbers.updatePhoneNumber(names["a phone number"])).id, names["a phone number"]);
    const asked = { verified: true, primary: true, reservedForSecondFactor: true };
    equal((await clerk.phoneNumbers.updatePhoneNumber(names["a phone number"], asked)).reservedForSecondFactor, true);
  },
  "phoneNumbers.deletePhoneNumber": async (clerk, names) =>
    deleted(clerk.phoneNumbers.deletePhoneNumber(names["another phone number"]), names["another phone number"]),

  "proxyChecks.verify": async (clerk, names) => {
    const asked = { domainId: names["the primary domain"], proxyUrl: "https://app.fernhill.example/__clerk" };
    equal((await clerk.proxyChecks.verify(asked)).domainId, names["the primary domain"]);
  },

  "redirectUrls.getRedirectUrlList": async (clerk) => page(await clerk.redirectUrls.getRedirectUrlList()),
  "redirectUrls.getRedirectUrl": async (clerk, names) =>
    equal((await clerk.redirectUrls.getRedirectUrl(names["a redirect URL"])).id, names["a redirect URL"]),
  "redirectUrls.createRedirectUrl": async (clerk) =>
    equal((await clerk.redirectUrls.createRedirectUrl({ url: "fernhill-labels://callback" })).url, "fernhill-labels://callback"),
  "redirectUrls.deleteRedirectUrl": async (clerk, names) =>
    deleted(clerk.redirectUrls.deleteRedirectUrl(names["a redirect URL"]), names["a redirect URL"]),

  "roleSets.getRoleSetList": async (clerk) => {
    page(await clerk.roleSets.getRoleSetList());
    page(await clerk.roleSets.getRoleSetList({ query: "role_set", orderBy: "-name", limit: 1, offset: 0 }));
  },
  "roleSets.getRoleSet": async (clerk, names) => {
    equal((await clerk.roleSets.getRoleSet("role_set:default")).key, "role_set:default");
    ok((await clerk.roleSets.getRoleSet(names["the partners' role set"])).roles.length);
  },
  "roleSets.createRoleSet": async (clerk) => {
    equal((await newRoleSet(clerk)).name, "Suppliers");
    const roleSet = await newRoleSet(clerk, { name: "Dealers", key: "role_set:dealers", description: "Who sells", type: "custom" });
    same([roleSet.key, roleSet.description], ["role_set:dealers", "Who sells"]);
  },
  "roleSets.updateRoleSet": async (clerk) => {
    const { id } = await newRoleSet(clerk);
    const roleSet = await clerk.roleSets.updateRoleSet({
      roleSetKeyOrId: id,
      name: "Dealers",
      key: "role_set:dealers",
      description: "Who sells",
      type: "initial",
      defaultRoleKey: "org:admin",
      creatorRoleKey: "org:admin",
    });
    same([roleSet.key, roleSet.defaultRole.key], ["role_set:dealers", "org:admin"]);
  },
  "roleSets.addRolesToRoleSet": async (clerk) => {
    const { id } = await newRoleSet(clerk);
    const asked = { roleSetKeyOrId: id, roleKeys: ["org:auditor"], defaultRoleKey: "org:auditor" };
    equal((await clerk.roleSets.addRolesToRoleSet(asked)).roles.length, 3);
  },
  "roleSets.replaceRoleInRoleSet": async (clerk) => {
    const asked = { roleSetKeyOrId: "role_set:default", roleKey: "org:auditor", toRoleKey: "org:member" };
    ok((await clerk.roleSets.replaceRoleInRoleSet(asked)).roles.every((role) => role.key !== "org:auditor"));
  },
  "roleSets.replaceRoleSet": async (clerk, names) => {
    const id = names["the partners' role set"];
    const reassignmentMappings = { "org:auditor": "org:member" };
    await deleted(clerk.roleSets.replaceRoleSet({ roleSetKeyOrId: id, destRoleSetKey: "role_set:default", reassignmentMappings }), id);
  },

  "samlConnections.getSamlConnectionList": async (clerk, names) => {
    page(await clerk.samlConnections.getSamlConnectionList());
    page(await clerk.samlConnections.getSamlConnectionList({ query: "a", orderBy: "-created_at", limit: 5, offset: 0 }));
    page(await clerk.samlConnections.getSamlConnectionList({ organizationId: [names.Fernhill] }), 0);
  },
  "samlConnections.createSamlConnection": async (clerk, names) => {
    const plain = { name: "Rowan", provider: "saml_google", domain: "rowan.example" };
    equal((await clerk.samlConnections.createSamlConnection(plain)).domain, "rowan.example");
    const connection = await clerk.samlConnections.createSamlConnection({
      name: "Reed",
      provider: "saml_okta",
      domain: "reed.example",
      organizationId: names["Thistle Studio"],
      idpEntityId: "https://idp.reed.example/",
      idpSsoUrl: "https://idp.reed.example/sso",
      idpCertificate: CERTIFICATE,
      attributeMapping: { emailAddress: "mail", firstName: "givenName", lastName: "sn", userId: "uid" },
    });
    same([connection.organizationId, connection.attributeMapping.emailAddress], [names["Thistle Studio"], "mail"]);
  },
  "samlConnections.getSamlConnection": async (clerk, names) =>
    equal((await clerk.samlConnections.getSamlConnection(names["a SAML connection"])).id, names["a SAML connection"]),
  "samlConnections.updateSamlConnection": async (clerk, names) => {
    const id = names["a SAML connection in preparation"];
    equal((await clerk.samlConnections.updateSamlConnection(id)).id, id);
    const connection = await clerk.samlConnections.updateSamlConnection(id, {
      name: "Reed",
      idpEntityId: "https://idp.reed.example/",
      idpSsoUrl: "https://idp.reed.example/sso",
      idpCertificate: CERTIFICATE,
      attributeMapping: { emailAddress: "mail" },
      active: true,
      syncUserAttributes: false,
      allowSubdomains: true,
      allowIdpInitiated: true,
    });
    same([connection.name, connection.active], ["Reed", true]);
  },
  "samlConnections.deleteSamlConnection": async (clerk, names) =>
    deleted(clerk.samlConnections.deleteSamlConnection(names["a SAML connection"]), names["a SAML connection"]),

  "sessions.getSessionList": async (clerk, names) => {
    page(await clerk.sessions.getSessionList());
    page(await clerk.sessions.getSessionList({ userId: names.nadia, status: "active", limit: 1, offset: 0 }));
    page(await clerk.sessions.getSessionList({ clientId: names["a client"] }));
  },
  "sessions.getSession": async (clerk, names) => equal((await clerk.sessions.getSession(names["a session"])).id, names["a session"]),
  "sessions.createSession": async (clerk, names) =>
    equal((await clerk.sessions.createSession({ userId: names.carlos })).userId, names.carlos),
  "sessions.revokeSession": async (clerk, names) =>
    equal((await clerk.sessions.revokeSession(names["a session"])).status, "revoked"),
  "sessions.verifySession": async (clerk, names) =>
    equal((await clerk.sessions.verifySession(names["a session"], await sessionToken(clerk, names))).id, names["a session"]),
  "sessions.getToken": async (clerk, names) => {
    ok((await clerk.sessions.getToken(names["a session"])).jwt);
    ok((await clerk.sessions.getToken(names["a session"], "greenhouse-api")).jwt);
    ok((await clerk.sessions.getToken(names["a session"], undefined, 120)).jwt);
    ok((await clerk.sessions.getToken(names["a session"], "greenhouse-api", 120)).jwt);
  },
  "sessions.refreshSession": async (clerk, names) => {
    const asked = {
      expired_token: await sessionToken(clerk, names),
      refresh_token: names["a refresh token"],
      request_origin: "https://app.fernhill.example",
    };
    ok((await clerk.sessions.refreshSession(names["a session"], { ...asked, format: "token" })).jwt);
    const more = { request_originating_ip: "192.0.2.7", request_headers: { "user-agent": ["a test"] }, suffixed_cookies: true };
    ok((await clerk.sessions.refreshSession(names["a session"], { ...asked, ...more, format: "cookie" })).cookies.length);
  },

  "signInTokens.createSignInToken": async (clerk, names) => {
    const token = await clerk.signInTokens.createSignInToken({ userId: names.helen, expiresInSeconds: 600 });
    same([token.userId, token.status], [names.helen, "pending"]);
  },
  "signInTokens.revokeSignInToken": async (clerk, names) =>
    equal((await clerk.signInTokens.revokeSignInToken(names["a sign-in token"])).status, "revoked"),

  "signUps.get": async (clerk, names) => equal((await clerk.signUps.get(names["a sign-up"])).id, names["a sign-up"]),
  "signUps.update": async (clerk, names) => {
    const asked = { signUpAttemptId: names["a sign-up"], externalId: "lead-77", customAction: true };
    equal((await clerk.signUps.update(asked)).externalId, "lead-77");
  },

  "testingTokens.createTestingToken": async (clerk) => ok((await clerk.testingTokens.createTestingToken()).token),

  "users.getUserList": async (clerk, names) => {
    equal((await clerk.users.getUserList()).totalCount, 25);
    equal(page(await clerk.users.getUserList({ limit: 100, orderBy: "-last_sign_in_at" })).length, 25);
    const nadia = await clerk.users.getUser(names.nadia);
    const found = [
      { emailAddress: [nadia.primaryEmailAddress.emailAddress] },
      { username: ["nadia"] },
      { query: "nadia" },
      { userId: [names.nadia] },
      { organizationId: [names.Fernhill] },
      { createdAtAfter: 1, createdAtBefore: Date.now() + 1000 },
      { lastActiveAtAfter: 1, lastActiveAtBefore: Date.now() + 1000 },
      { lastSignInAtAfter: 1, lastSignInAtBefore: Date.now() + 1000 },
      { last_active_at_since: 86_400_000 },
    ];
    for (const filter of found)
      ok(page(await clerk.users.getUserList({ ...filter, limit: 100 })).some(({ id }) => id === names.nadia), JSON.stringify(filter));
    for (const name of ["phoneNumber", "web3Wallet", "externalId"])
      equal(page(await clerk.users.getUserList({ [name]: ["nobody"] }), 0).length, 0);
  },
  "users.getUser": async (clerk, names) => equal((await clerk.users.getUser(names.nadia)).fullName, "Nadia Brandt"),
  "users.createUser": async (clerk) => {
    equal((await newUser(clerk)).passwordEnabled, true);
    const user = await clerk.users.createUser({
      externalId: "crm-9",
      emailAddress: ["elif+clerk_test@new.example", "elif2+clerk_test@new.example"],
      emailAddressIdentificationStatus: ["verified", "reserved"],
      phoneNumber: ["+12015550178"],
      phoneNumberIdentificationStatus: ["verified"],
      username: "elif",
      firstName: "Elif",
      lastName: "Demir",
      locale: "tr-TR",
      timezone: "Europe/Istanbul",
      skipPasswordChecks: true,
      skipPasswordRequirement: true,
      skipLegalChecks: true,
      legalAcceptedAt: new Date(1_700_000_000_000),
      totpSecret: "JBSWY3DPEHPK3PXP",
      backupCodes: ["k3v9q2mx"],
      createdAt: new Date(1_700_000_000_000),
      banned: true,
      locked: true,
      unsafeMetadata: { seen: true },
      ...METADATA,
    });
    same([user.externalId, user.username, user.locale, user.createdAt], ["crm-9", "elif", "tr-TR", 1_700_000_000_000]);
    same([user.banned, user.locked, user.totpEnabled, user.backupCodeEnabled], [true, true, true, true]);
    const digest = { passwordDigest: "5f4dcc3b5aa765d61d8327deb882cf99", passwordHasher: "md5" };
    equal((await clerk.users.createUser({ emailAddress: ["md5+clerk_test@new.example"], ...digest })).passwordEnabled, true);
  },
  "users.updateUser": async (clerk, names) => {
    equal((await clerk.users.updateUser(names.carlos)).id, names.carlos);
    const { primaryEmailAddressId } = await clerk.users.getUser(names.carlos);
    const user = await clerk.users.updateUser(names.carlos, {
      firstName: "Carlos",
      lastName: "M",
      username: "carlos_m",
      password: PASSWORD,
      skipPasswordChecks: true,
      signOutOfOtherSessions: true,
      primaryEmailAddressID: primaryEmailAddressId,
      notifyPrimaryEmailAddressChanged: false,
      totpSecret: "JBSWY3DPEHPK3PXP",
      backupCodes: ["k3v9q2mx"],
      externalId: "crm-10",
      createdAt: new Date(1_700_000_000_000),
      skipLegalChecks: true,
      legalAcceptedAt: new Date(1_700_000_000_000),
      locale: "es-ES",
      timezone: "Europe/Madrid",
      deleteSelfEnabled: false,
      createOrganizationEnabled: true,
      createOrganizationsLimit: 2,
    });
    same([user.username, user.locale, user.deleteSelfEnabled, user.createOrganizationsLimit], ["carlos_m", "es-ES", false, 2]);
    const metadata = { ...METADATA, unsafeMetadata: { seen: true } };
    same((await clerk.users.updateUser(names.carlos, { firstName: "C", ...metadata })).unsafeMetadata, { seen: true });
  },
  "users.replaceUserEmailAddress": async (clerk, names) => {
    const emailAddress = "marcus2+clerk_test@example.com";
    const { id } = await clerk.users.replaceUserEmailAddress(names.marcus, { emailAddress });
    same((await clerk.users.getUser(names.marcus)).emailAddresses.map((address) => address.id), [id]);
  },
  "users.replaceUserPhoneNumber": async (clerk, names) => {
    const { id } = await clerk.users.replaceUserPhoneNumber(names.kwame, { phoneNumber: "+12015550199" });
    same((await clerk.users.getUser(names.kwame)).phoneNumbers.map((number) => number.id), [id]);
  },
  "users.updateUserProfileImage": async (clerk, names) =>
    equal((await clerk.users.updateUserProfileImage(names.carlos, { file: png(names) })).hasImage, true),
  "users.updateUserMetadata": async (clerk, names) => {
    const user = await clerk.users.updateUserMetadata(names.ravi, { ...METADATA, unsafeMetadata: { seen: true } });
    same([user.publicMetadata.plan, user.privateMetadata.score, user.unsafeMetadata.seen], ["pro", 3, true]);
  },
  "users.replaceUserMetadata": async (clerk, names) =>
    same((await clerk.users.replaceUserMetadata(names.yuki, { ...METADATA, unsafeMetadata: {} })).publicMetadata, { plan: "pro" }),
  "users.deleteUser": async (clerk, names) => deleted(clerk.users.deleteUser(names.hassan), names.hassan),
  "users.getCount": async (clerk, names) => {
    equal(await clerk.users.getCount(), 25);
    equal(await clerk.users.getCount({ username: ["nadia"], query: "nadia", userId: [names.nadia] }), 1);
    const nobody = { emailAddress: ["no@one.example"], phoneNumber: ["+12015550100"], web3Wallet: ["0x0"], externalId: ["nobody"] };
    equal(await clerk.users.getCount(nobody), 0);
  },
  "users.getUserOauthAccessToken": async (clerk, names) => {
    ok(page(await clerk.users.getUserOauthAccessToken(names.ingrid, "google"))[0].token);
    ok(page(await clerk.users.getUserOauthAccessToken(names.ingrid, "oauth_google"))[0].token);
  },
  "users.disableUserMFA": async (clerk, names) => {
    equal((await clerk.users.disableUserMFA(names.tomas)).user_id, names.tomas);
    equal((await clerk.users.getUser(names.tomas)).twoFactorEnabled, false);
  },
  "users.getOrganizationMembershipList": async (clerk, names) => {
    page(await clerk.users.getOrganizationMembershipList({ userId: names.nadia }));
    page(await clerk.users.getOrganizationMembershipList({ userId: names.nadia, limit: 1, offset: 0 }));
  },
  "users.getOrganizationInvitationList": async (clerk, names) => {
    page(await clerk.users.getOrganizationInvitationList({ userId: names.priya }));
    page(await clerk.users.getOrganizationInvitationList({ userId: names.priya, status: "pending", limit: 1, offset: 0 }));
  },
  "users.removePassword": async (clerk, names) => {
    equal((await clerk.users.removePassword(names.zofia)).passwordEnabled, false);
    const { id } = await newUser(clerk);
    equal((await clerk.users.removePassword(id, { signOutOfOtherSessions: true })).passwordEnabled, false);
  },
  "users.verifyPassword": async (clerk, names) => {
    same(await clerk.users.verifyPassword({ userId: names.nadia, password: names["the password"] }), { verified: true });
    await refused(clerk.users.verifyPassword({ userId: names.nadia, password: "wrong" }), 422);
  },
  "users.verifyTOTP": async (clerk, names) => {
    const { verified } = await clerk.users.verifyTOTP({ userId: names.tomas, code: names["a backup code"] });
    equal(verified, true);
  },
  "users.banUser": async (clerk, names) => equal((await clerk.users.banUser(names.dmitri)).banned, true),
  "users.unbanUser": async (clerk, names) => {
    await clerk.users.banUser(names.dmitri);
    equal((await clerk.users.unbanUser(names.dmitri)).banned, false);
  },
  "users.lockUser": async (clerk, names) => equal((await clerk.users.lockUser(names.greta)).locked, true),
  "users.unlockUser": async (clerk, names) => {
    await clerk.users.lockUser(names.greta);
    equal((await clerk.users.unlockUser(names.greta)).locked, false);
  },
  "users.deleteUserProfileImage": async (clerk, names) => {
    await clerk.users.updateUserProfileImage(names.carlos, { file: png(names) });
    equal((await clerk.users.deleteUserProfileImage(names.carlos)).hasImage, false);
  },
  "users.deleteUserPasskey": async (clerk, names) => {
    const passkeyIdentificationId = names["a passkey"];
    await deleted(clerk.users.deleteUserPasskey({ userId: names.kwame, passkeyIdentificationId }), passkeyIdentificationId);
  },
  "users.deleteUserWeb3Wallet": async (clerk, names) => {
    const web3WalletIdentificationId = names["a wallet"];
    await deleted(clerk.users.deleteUserWeb3Wallet({ userId: names.carlos, web3WalletIdentificationId }), web3WalletIdentificationId);
  },
  "users.deleteUserExternalAccount": async (clerk, names) => {
    const externalAccountId = names["an external account"];
    await deleted(clerk.users.deleteUserExternalAccount({ userId: names.ingrid, externalAccountId }), externalAccountId);
  },
  "users.deleteUserBackupCodes": async (clerk, names) => {
    equal((await clerk.users.deleteUserBackupCodes(names.tomas)).user_id, names.tomas);
    equal((await clerk.users.getUser(names.tomas)).backupCodeEnabled, false);
  },
  "users.deleteUserTOTP": async (clerk, names) => {
    equal((await clerk.users.deleteUserTOTP(names.tomas)).user_id, names.tomas);
    equal((await clerk.users.getUser(names.tomas)).totpEnabled, false);
  },
  "users.setPasswordCompromised": async (clerk, names) => {
    equal((await clerk.users.setPasswordCompromised(names.samuel)).id, names.samuel);
    equal((await clerk.users.setPasswordCompromised(names.nadia, { revokeAllSessions: true })).id, names.nadia);
  },
  "users.unsetPasswordCompromised": async (clerk, names) => {
    await clerk.users.setPasswordCompromised(names.samuel);
    equal((await clerk.users.unsetPasswordCompromised(names.samuel)).id, names.samuel);
  },

  "waitlistEntries.list": async (clerk) => {
    await clerk.waitlistEntries.create({ emailAddress: "w1+clerk_test@new.example" });
    page(await clerk.waitlistEntries.list());
    page(await clerk.waitlistEntries.list({ query: "w1", status: "pending", orderBy: "-created_at", limit: 1, offset: 0 }));
  },
  "waitlistEntries.create": async (clerk) => {
    equal((await clerk.waitlistEntries.create({ emailAddress: "w1+clerk_test@new.example" })).status, "pending");
    equal((await clerk.waitlistEntries.create({ emailAddress: "w2+clerk_test@new.example", notify: false })).status, "pending");
  },
  "waitlistEntries.createBulk": async (clerk) => {
    const entries = [{ emailAddress: "w1+clerk_test@new.example" }, { emailAddress: "w2+clerk_test@new.example", notify: false }];
    equal((await clerk.waitlistEntries.createBulk(entries)).length, 2);
  },
  "waitlistEntries.invite": async (clerk) => {
    const { id } = await clerk.waitlistEntries.create({ emailAddress: "w1+clerk_test@new.example" });
    ok((await clerk.waitlistEntries.invite(id)).invitation);
    const other = await clerk.waitlistEntries.create({ emailAddress: "w2+clerk_test@new.example" });
    equal((await clerk.waitlistEntries.invite(other.id, { ignoreExisting: true })).status, "invited");
  },
  "waitlistEntries.reject": async (clerk) => {
    const { id } = await clerk.waitlistEntries.create({ emailAddress: "w1+clerk_test@new.example" });
    equal((await clerk.waitlistEntries.reject(id)).status, "rejected");
  },
  "waitlistEntries.delete": async (clerk) => {
    const { id } = await clerk.waitlistEntries.create({ emailAddress: "w1+clerk_test@new.example" });
    await deleted(clerk.waitlistEntries.delete(id), id);
  },

  "webhooks.createSvixApp": async (clerk) => {
    await clerk.webhooks.deleteSvixApp();
    ok((await clerk.webhooks.createSvixApp()).svix_url);
  },
  "webhooks.generateSvixAuthURL": async (clerk) => ok((await clerk.webhooks.generateSvixAuthURL()).svix_url),
  "webhooks.deleteSvixApp": async (clerk) => equal(await clerk.webhooks.deleteSvixApp(), undefined),

  // Paths that no document of Clerk's has: see NO_DOCUMENT in test_clerk_node_sdk.py.
  "emails.create": async (clerk) =>
    ok((await clerk.emails.create({ to: { address: "a@new.example" }, from: { address: "b@fernhill.example" }, subject: "Hi", text: "Hi" })).id),
  "emails.createBatch": async (clerk) => {
    const message = { to: { address: "a@new.example" }, from: { address: "b@fernhill.example" }, subject: "Hi", text: "Hi" };
    equal((await clerk.emails.createBatch([message])).length, 1);
  },
  "emails.get": async (clerk) => ok((await clerk.emails.get("ema_nothing")).id),
  "__experimental_accountlessApplications.createAccountlessApplication": async (clerk) =>
    ok((await clerk.__experimental_accountlessApplications.createAccountlessApplication()).claimUrl),
  "__experimental_accountlessApplications.completeAccountlessApplicationOnboarding": async (clerk) =>
    ok((await clerk.__experimental_accountlessApplications.completeAccountlessApplicationOnboarding()).claimUrl),
};
